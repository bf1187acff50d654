"""Many people at the pace that a provider allows: how long it takes, and what happens when the provider fails.

A real core, a real journal, and the provider's emulator, which answers 429 to what comes faster than its rate. Every
run is audited before a figure is printed: everybody was told, and nobody twice but where the outbox says that it could
not know.
"""

import argparse
import contextlib
import sys
import tempfile
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from deploy.core_commands.recipients import SLICE
from tests.bench.audit import AuditFailed
from tests.bench.table import Row, machine, table
from tests.emulators.twilio_account import Behaviour
from tests.emulators.twilio_process import Post, TwilioProcess
from tests.installation import Installation, eventually

AREA: Final = "35.75.01.1001"
PLACE: Final = "Karangketug"
GOAL_S: Final = 780.0  # 95 % accepted, at N / 780 messages a second
FAILOVER_S: Final = 30.0
HANG_S: Final = 20.0
BUSY_S: Final = 20.0
OFFICERS: Final = 2
SELDOM_S: Final = 0.5
PARALLEL: Final = 32  # at 100 a second a slow answer must not be the limit


class AudienceField:
    """Core, a provider that takes ``rate`` messages a second, and ``people`` residents of one kelurahan.

    ``demo``: the file that stands for a second channel is there too.
    """

    def __init__(self, people: int, rate: float, *, demo: bool = False) -> None:
        self.people, self.rate, self._demo = people, rate, demo
        self._stack = contextlib.ExitStack()
        self.provider: TwilioProcess
        self.installation: Installation
        self.approved_ns = 0

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ktb-")))
            healthy = Behaviour(rate=self.rate, step_s=None)
            self.provider = stack.enter_context(TwilioProcess(folder / "posts.jsonl", behaviour=healthy))
            self.installation = stack.enter_context(Installation(channels=self._channels(folder), officers=OFFICERS))
            self.installation.start()
            self._invite()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._stack.close()

    def _channels(self, folder: Path) -> str:
        token = folder / "token"
        token.touch(mode=0o600)
        token.write_text(self.provider.auth_token)
        demo = "[channels]\ndemo = true\n" if self._demo else ""
        return (
            f'{demo}[channels.twilio]\naccount_sid = "{self.provider.account_sid}"\ntoken_file = "{token}"\n'
            f'sender = "{self.provider.from_number}"\napi_base = "{self.provider.base_url}"\n'
            f"messages_per_s = {self.rate}\nmax_parallel = {PARALLEL}\n"
        )

    def _invite(self) -> None:
        entries = [
            {"kind": "resident", "name": f"Warga {n}", "contacts": {"phone": f"+62812{n:08d}"}, "areas": [AREA]}
            for n in range(10_000_000, 10_000_000 + self.people)
        ]
        for first in range(0, self.people, SLICE):
            part = entries[first : first + SLICE]
            answer = self.installation.ask("recipient-put", entries=part, consent_how="bench", source="bench")
            if answer["faults"]:
                raise AuditFailed(f"people are refused: {answer['faults'][:3]}")

    def approve(self) -> None:
        """Two people let a warning for the whole kelurahan go."""
        ask = self.installation.ask
        ask("alert-raise", scope=PLACE, level="AWAS", by="Rini", note="tanggul jebol")
        notice = ask("notice-list", waiting=True)[0]["notice"]
        ask("notice-approve", notice=notice, by="Rini")
        self.approved_ns = time.time_ns()
        ask("notice-approve", notice=notice, by="Joko")

    def settle(self, within_s: float) -> None:
        """Wait until no message of the public is open."""
        query = "SELECT count(*) FROM outbox WHERE public AND settled_at IS NOT NULL AND moved_to IS NULL"
        eventually(lambda: self._one(query) >= self.people and not self._open(), "the last message", within_s)

    def wait_for(self, count: int) -> None:
        """Wait until the provider has had so many requests; seldom looked at, which costs the CPU that core needs."""

        def has_had() -> bool:
            time.sleep(SELDOM_S)
            return self.provider.log.read_bytes().count(b"\n") > count

        eventually(has_had, f"{count} messages", 60 + 2 * count / self.rate)

    def _open(self) -> int:
        return int(self.installation.status()["open_messages"])

    def _one(self, query: str) -> int:
        time.sleep(SELDOM_S)
        return int(self.installation.rows(query)[0][0])

    def taken(self) -> list[Post]:
        """What the provider accepted for the public, oldest first."""
        return [post for post in self.provider.posts() if post.sid is not None and post.to.startswith("+628121")]

    def busy(self) -> int:
        return sum(post.status == 429 for post in self.provider.posts())


def paced(people: int, rate: float) -> Iterator[Row]:
    """Everybody of a kelurahan, at the provider's rate, with an officer's message in the middle."""
    with AudienceField(people, rate) as field:
        field.approve()
        field.wait_for(people // 4)
        officer_ms = _officer_ms(field)
        field.settle(120 + 3 * people / rate)
        posts = field.taken()
        refused = field.busy()
    repeated = [to for to, count in Counter(post.to for post in posts).items() if count > 1]
    if len(posts) != people or repeated:
        raise AuditFailed(f"{people} people, {len(posts)} messages taken, {len(repeated)} people told twice")
    at_s = [(post.time_ns - field.approved_ns) / 1e9 for post in posts]
    what = f"{people} people at {rate:g}/s"
    at_95 = at_s[int(0.95 * people) - 1]
    yield Row(
        section="outbox",
        what=f"{what}: 95 % accepted",
        figure=f"{at_95:.1f} s",
        goal=f"{people / rate:.0f} s",
        note=f"{at_95 * rate / people * GOAL_S / 60:.1f} min at a rate of N / 780 s; first after {at_s[0]:.2f} s, "
        f"last after {at_s[-1]:.1f} s",
    )
    efficiency = (people - 1) / (at_s[-1] - at_s[0]) / rate
    burst = max(bisect_left(at_s, at + 1) - n for n, at in enumerate(at_s))
    yield Row(
        section="outbox",
        what=f"{what}: pacing",
        figure=f"{efficiency:.3f}",
        goal="0.95",
        note=f"at most {burst} arrived in a second; {refused} times 429",
    )
    yield Row(
        section="outbox",
        what=f"{what}: an officer's message beside them",
        figure=f"{officer_ms:.1f} ms",
        note="from the command that raises an alert to its arrival at the provider",
    )


def _officer_ms(field: AudienceField) -> float:
    """An alert at a station while the public's queue is on its way."""
    begun = time.time_ns()
    field.installation.ask("alert-raise", scope="welang", level="AWAS", by="Joko", note="terlihat di jembatan")

    def first() -> Post | None:
        time.sleep(SELDOM_S)
        found = (post for post in field.provider.posts() if not post.to.startswith("+628121") and post.time_ns > begun)
        return next(found, None)

    post: Post = eventually(first, "the officer's message")
    return (post.time_ns - begun) / 1e6


def outage(people: int, rate: float) -> Iterator[Row]:
    """The provider hangs in the middle of its queue, then answers 429, then is well again; a file is the other way."""
    with AudienceField(people, rate, demo=True) as field:
        field.approve()
        field.wait_for(people // 4)
        field.provider.fail("hang", accept=True)
        hung_ms = time.time_ns() // 1_000_000
        time.sleep(HANG_S)
        field.provider.fail("error", status=429, code=20429, retry_after="1")
        time.sleep(BUSY_S)
        field.provider.behave(rate=field.rate, step_s=None)
        well_ms = time.time_ns() // 1_000_000
        field.settle(180 + 3 * people / rate)
        told = Counter(post.to for post in field.taken())
        rows = field.installation.rows(
            "SELECT recipient, channel, state, settled_at, doubtful, moved_to FROM outbox WHERE public"
        )
    yield from _outage_rows(people, told, rows, hung_ms=hung_ms, well_ms=well_ms)


def _outage_rows(
    people: int, told: Counter[str], rows: list[tuple[Any, ...]], *, hung_ms: int, well_ms: int
) -> Iterator[Row]:
    """By row: recipient, channel, state, settled_at, doubtful, moved_to."""
    reached = {row[0] for row in rows if row[2] in ("accepted", "delivered")}
    by_file = {row[0]: row[3] for row in rows if row[1] == "demo" and row[2] == "accepted"}
    back = [row[3] for row in rows if row[1] == "twilio" and row[2] == "accepted" and row[3] > well_ms]
    in_doubt = {row[0] for row in rows if row[4] or (row[5] and row[2] in ("accepted", "unknown"))}
    twice = sum(count - 1 for count in told.values()) + len(
        by_file.keys() & {row[0] for row in rows if row[1] == "twilio" and row[2] == "accepted"}
    )
    if len(reached) != people:
        raise AuditFailed(f"{people - len(reached)} of {people} people were told by nobody")
    if twice > len(in_doubt):
        raise AuditFailed(f"{twice} messages too many, and only {len(in_doubt)} were in doubt")
    first_s, last_s = ((pick(by_file.values()) - hung_ms) / 1000 for pick in (min, max))
    yield Row(
        section="outbox",
        what=f"{people} people, provider hangs {HANG_S:g} s, 429 for {BUSY_S:g} s: first by the other channel",
        figure=f"{first_s:.1f} s",
        goal=f"{FAILOVER_S:g} s",
        note=f"{len(by_file)} by the other channel, the last after {last_s:.1f} s; nobody lost, {twice} twice, "
        f"{len(in_doubt)} in counted doubt",
    )
    if back:
        yield Row(
            section="outbox",
            what=f"{people} people: first by the provider again once it is well",
            figure=f"{(min(back) - well_ms) / 1000:.1f} s",
        )


def rows() -> Iterator[Row]:
    """All of them."""
    runs: tuple[Callable[[], Iterator[Row]], ...] = (
        lambda: paced(1000, 25),
        lambda: paced(10_000, 100),
        lambda: outage(2000, 20),
    )
    for run in runs:
        yield from run()


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.outbox", description="One audience at one rate, in real time where it is N / 780."
    )
    parser.add_argument("people", type=int)
    parser.add_argument("rate", type=float, help="messages a second that the provider takes")
    parser.add_argument(
        "--outage", action="store_true", help="the provider hangs, then answers 429, then is well again"
    )
    args = parser.parse_args()
    try:
        found = list((outage if args.outage else paced)(args.people, args.rate))
    except AuditFailed as error:
        print(f"AUDIT FAILED, so there are no figures:\n{error}")
        return 1
    print("\n".join([*machine(), "", table(found)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
