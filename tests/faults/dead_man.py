"""G16: how long it is from a break of the warning chain to the alarm in the keeper's hands.

``python -m tests.faults.dead_man`` runs the real broker, core, sender and watch beside an emulated provider, with the
usual 20 and 60 seconds, breaks one thing after the other, waits for the alarm and for its end, and prints a table. Some
fifteen minutes; ``--only`` takes some breaks, ``--beat`` and ``--patience`` other intervals.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.emulators.twilio_process import TwilioProcess
from tests.emulators.web_receiver import WebReceiver
from tests.installation import Installation
from tests.watch_post import WatchPost

MUST_S = 90.0
WAIT_S = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """``says`` stands in the alarm; "": there must be none."""

    name: str
    do: Callable[[], object]
    mend: Callable[[], object]
    says: str


class Room:
    """The installation, and what can be done to it."""

    def __init__(self, installation: Installation, provider: TwilioProcess, hold: Path) -> None:
        self.installation, self.provider, self.hold = installation, provider, hold
        self.history: subprocess.Popen[bytes] | None = None

    def start_core(self) -> None:
        held = Path(__file__).with_name("held_core.py")
        self.installation.start_core(wrapper=[sys.executable, str(held), str(self.hold)])

    def core(self, number: int) -> None:
        assert self.installation.core is not None
        self.installation.core.send_signal(number)

    def kill_core(self) -> None:
        self.installation.kill("core")

    def start_history(self) -> None:
        argv = [sys.executable, "-m", "deploy.cli", "history", "--settings", str(self.installation.toml)]
        self.history = subprocess.Popen(argv, stderr=subprocess.DEVNULL)

    def kill_history(self) -> None:
        assert self.history is not None
        self.history.kill()
        self.history.wait()

    def breaks(self) -> list[Break]:
        provider, made = self.provider, self.installation
        return [
            Break(
                name="broker stopped",
                do=lambda: made.kill("broker", signal.SIGTERM),
                mend=made.start_broker,
                says="broker atau jaringannya",
            ),
            Break(
                name="core SIGSTOP",
                do=lambda: self.core(signal.SIGSTOP),
                mend=lambda: self.core(signal.SIGCONT),
                says="inti tidak menjawab",
            ),
            Break(name="core kill -9", do=self.kill_core, mend=self.start_core, says="inti tidak menjawab"),
            Break(name="sender hung", do=self.hold.touch, mend=self.hold.unlink, says="pengirim pesan"),
            Break(name="provider cut off", do=provider.kill, mend=provider.start, says="saluran twilio"),
            Break(
                name="provider hangs",
                do=lambda: provider.fail("hang", method="GET"),
                mend=provider.behave,
                says="saluran twilio",
            ),
            Break(name="history killed", do=self.kill_history, mend=self.start_history, says=""),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Seconds; ``alarm_s`` None where none came."""

    name: str
    alarm_s: float | None
    well_s: float | None
    text: str
    is_good: bool


def measure(each: Break, post: WatchPost, *, must_s: float) -> Measured:
    known, began = len(post.bodies()), time.monotonic()
    each.do()
    while len(post.bodies()) == known and time.monotonic() - began < (WAIT_S if each.says else must_s):
        time.sleep(0.05)
    alarm_s, texts = time.monotonic() - began, post.bodies()[known:]
    each.mend()
    if not texts:
        return Measured(name=each.name, alarm_s=None, well_s=None, text="", is_good=not each.says)
    began = time.monotonic()
    while "PULIH" not in post.bodies()[-1] and time.monotonic() - began < WAIT_S:
        time.sleep(0.05)
    is_good = bool(each.says) and each.says in texts[0] and alarm_s <= must_s and len(post.bodies()) == known + 2
    return Measured(name=each.name, alarm_s=alarm_s, well_s=time.monotonic() - began, text=texts[0], is_good=is_good)


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.faults.dead_man", description=__doc__)
    parser.add_argument("--beat", type=float, default=20.0, metavar="S")
    parser.add_argument("--patience", type=float, default=60.0, metavar="S")
    parser.add_argument("--only", default="", metavar="WORDS", help="breaks whose names have one of these, with commas")
    args = parser.parse_args()
    found: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="ktg-") as folder, WebReceiver() as receiver:
        root = Path(folder)
        with TwilioProcess(root / "posts.jsonl") as provider:
            (root / "token").touch(mode=0o600)
            (root / "token").write_text(provider.auth_token)
            channels = (
                f'[channels.twilio]\naccount_sid = "{provider.account_sid}"\ntoken_file = "{root / "token"}"\n'
                f'sender = "{provider.from_number}"\napi_base = "{provider.base_url}"\n'
            )
            with Installation(channels=channels) as installation:
                found = run(args, Room(installation, provider, root / "hold"), receiver)
    for each in found:
        alarm = "none" if each.alarm_s is None else f"{each.alarm_s:.1f} s"
        well = "" if each.well_s is None else f"{each.well_s:.1f} s"
        print(f"{'ok  ' if each.is_good else 'FAIL'}  {each.name:<18}  alarm {alarm:>7}  well {well:>7}  {each.text}")
    worst = max((each.alarm_s or 0.0 for each in found), default=0.0)
    print(f"the longest {worst:.1f} s; must {MUST_S:g} s")
    return 0 if all(each.is_good for each in found) else 1


def run(args: argparse.Namespace, room: Room, receiver: WebReceiver) -> list[Measured]:
    wanted = [word.strip() for word in args.only.split(",") if word.strip()]
    room.installation.start_broker()
    room.start_core()
    room.start_history()
    post = WatchPost(room.installation, receiver, beat_s=args.beat, patience_s=args.patience)
    post.start()
    found = []
    try:
        for each in room.breaks():
            if not wanted or any(word in each.name for word in wanted):
                post.await_well()
                print(f"{each.name} ...", flush=True)
                found.append(measure(each, post, must_s=MUST_S))
    finally:
        post.stop()
        room.kill_history()
    return found


if __name__ == "__main__":
    sys.exit(main())
