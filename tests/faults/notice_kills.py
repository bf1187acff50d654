"""Core killed at every write of one notice: approved by two people, sent to five, and taken back.

By hand: ``python -m tests.faults.notice_kills``. As in :mod:`tests.faults.write_kills`, the provider's log of POSTs is
its own. Each round is in another kelurahan, so that every text is another one.
"""

import argparse
import contextlib
import itertools
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

from broker.control import CommandFailed, CoreUnreachable
from deploy.registry.kelurahan import KELURAHAN
from tests.emulators.twilio_account import Behaviour
from tests.emulators.twilio_process import TwilioProcess
from tests.faults import oracle
from tests.faults.injection import Thread, killed_at
from tests.faults.write_kills import CALLS, CALM, MOST, Point, Sweep
from tests.installation import Installation, eventually

AREAS: Final = tuple(sorted(KELURAHAN))
PEOPLE: Final = {f"+6281300000{n:03d}": n for n in range(5)}
STATION: Final = """
[[stations]]
id = "welang"
name = "Welang Kraton"
river = "Welang"
datum_m = 6.5
silence_minutes = 600
kelurahan = [{areas}]
"""


class NoticeField:
    """Broker, core, a provider, five residents of the whole city; core is started again whenever it is found dead."""

    def __init__(self, folder: Path) -> None:
        self.provider = TwilioProcess(folder / "posts.jsonl", behaviour=Behaviour(step_s=None))
        self._folder = folder
        self._stack = contextlib.ExitStack()
        self.installation: Installation
        self.numbers: dict[str, str] = {}
        self.rounds = self.restarts = 0

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.provider)
            areas = ", ".join(f'"{code}"' for code in AREAS)
            self.installation = Installation(channels=self._channel(), stations=STATION.format(areas=areas))
            stack.enter_context(self.installation)
            self.installation.start()
            oracle.gather_late(self.installation)
            self.ask("policy-set", changes={"one_person_after_s": 0}, by="test", reason="test")
            self._people()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def ask(self, name: str, **arguments: Any) -> Any:
        """Have core do something, started again if it is dead.

        What it refuses then was done just before it died; refused the first time, it is a fault of core.
        """
        tries = itertools.count()

        def answered() -> Any:
            is_first = next(tries) == 0
            try:
                return [self.installation.ask(name, **arguments)]
            except CommandFailed:
                if is_first:
                    raise
                return [None]
            except (CoreUnreachable, ConnectionError, EOFError):
                self.mend()
                return None

        return eventually(answered, f"an answer to {name}")[0]

    def play(self) -> None:
        """One notice from the raise to its cancellation, all its messages settled."""
        area = AREAS[self.rounds % len(AREAS)]
        self.rounds += 1
        self.ask("alert-raise", scope=area, level="AWAS", by="Rini", note="tanggul jebol")
        notice = self.ask("notice-list", limit=1)[0]["notice"]
        for name in ("Rini", "Joko"):
            self.ask("notice-approve", notice=notice, by=name)
        self.settle()
        self.ask("notice-cancel", notice=notice, by="Joko", reason="salah lihat")
        self.settle()

    def settle(self) -> None:
        """Wait until every notice is out and no message is open."""

        def is_settled() -> bool:
            self.mend()
            is_going = 'SELECT 1 FROM notices WHERE is_open = 1 AND notice LIKE \'%"state":"approved"%\''
            return self.installation.status().get("open_messages") == 0 and not self.installation.rows(is_going)

        eventually(is_settled, "the notice's messages")

    def mend(self) -> None:
        """Start core again if it is dead."""
        core = self.installation.core
        if core is None or core.poll() is not None:
            self.restarts += 1
            self.installation.start_core()

    def faults(self) -> list[str]:
        """Everybody in the city got every warning and its cancellation, once."""
        sent = oracle.sent_by_twilio(self.installation, self.provider.posts(), numbers=self.numbers)
        found = self.installation.rows("SELECT alert, version, kind FROM alerts WHERE hazard = 'area' ORDER BY id")
        expected = {f"{alert}/{version}/{who}/twilio" for alert, version, _ in found for who in self.numbers}
        kinds = Counter(kind for *_, kind in found)
        faults = oracle.journal_faults(self.installation)
        if dict(kinds) != {"raised": self.rounds, "cancelled": self.rounds}:
            faults.append(f"{self.rounds} rounds made {dict(kinds)}")
        public = {key: count for key, count in sent.items() if ".area." in key and key.split("/")[2] in self.numbers}
        faults += [f"{key} was never sent" for key in sorted(expected - public.keys())]
        faults += [f"{key} was sent, and nobody should have it" for key in sorted(public.keys() - expected)]
        return faults + [f"{key} was sent {count} times" for key, count in sorted(public.items()) if count > 1]

    def _people(self) -> None:
        kecamatan = sorted({code.rpartition(".")[0] for code in AREAS})
        entries = [
            {"kind": "resident", "name": f"Orang {n}", "contacts": {"phone": phone}, "areas": kecamatan}
            for phone, n in PEOPLE.items()
        ]
        assert self.ask("recipient-put", entries=entries, consent_how="formulir")["faults"] == []
        ids = self.installation.rows("SELECT id FROM recipients ORDER BY id")
        self.numbers = {f"p{number}": phone for (number,), phone in zip(ids, PEOPLE, strict=True)}

    def _channel(self) -> str:
        token = self._folder / "token"
        token.touch(mode=0o600)
        token.write_text(self.provider.auth_token)
        return (
            f'[channels.twilio]\naccount_sid = "{self.provider.account_sid}"\ntoken_file = "{token}"\n'
            f'sender = "{self.provider.from_number}"\napi_base = "{self.provider.base_url}"\nmax_parallel = 1\n'
        )


def take(field: NoticeField, thread: Thread, call: str, n: int, done: Sweep) -> bool:
    """Play a notice over one point and judge it; whether core was killed there."""
    before, known = field.restarts, len(done.faults)
    with killed_at(field.installation.core, thread, call, n):
        field.play()
    was_killed = field.restarts > before
    if was_killed:
        done.killed[f"{thread}:{call}"] += 1
    point = Point(thread=thread, call=call, n=n)
    found = [fault for fault in field.faults() if all(not each.startswith(fault) for each in done.faults[:known])]
    done.faults += [f"{fault}, first seen after {point}" for fault in found]
    return was_killed


def sweep(folder: Path, say: Callable[[str], None], *, every: int = 1) -> Sweep:
    """Every ``every``-th point of each call, until there are no more."""
    done, began = Sweep(), time.monotonic()
    with NoticeField(folder) as field:
        field.play()
        for thread, call in CALLS[1:]:  # without connect: the connection to the provider stands already
            calm = 0
            for n in range(1, MOST, every):
                calm = 0 if take(field, thread, call, n, done) else calm + 1
                say(f"{thread}:{call}:{n}: {done.killed.total()} points, {len(done.faults)} faults")
                if calm == CALM:
                    break
    done.seconds = time.monotonic() - began
    return done


def main() -> int:
    """The whole sweep, or every n-th point of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.notice_kills")
    parser.add_argument("--every", type=int, default=1, help="only every n-th point of each system call (1)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ktn-") as folder:
        done = sweep(Path(folder), lambda line: print(line, flush=True), every=args.every)
    print("\n".join(done.lines()))
    return int(bool(done.faults))


if __name__ == "__main__":
    sys.exit(main())
