"""What a notice costs core: ``python -m tests.bench.notices --people 10000``. In process, with the real journal.

Printed are the CPU time of turns that decide (approval, cancellation) and of turns that send a slice, and how long the
first cancelling message takes from the command to the provider, with the whole warning still queued.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from deploy.registry.kelurahan import KELURAHAN
from tests.bare_core import SetClock
from tests.notice_post import NoticePost, station


def ms(act: Callable[[], object]) -> float:
    """CPU time, because a busy machine says nothing about wall time."""
    began = time.process_time()
    act()
    return (time.process_time() - began) * 1000


def spread(name: str, found: list[float]) -> str:
    found = sorted(found)
    return f"{name}: {len(found)} turns, median {statistics.median(found):.1f} ms, most {found[-1]:.1f} ms"


def measure(folder: Path, people: int, areas: int) -> list[str]:
    post = NoticePost(folder, room=8)
    codes = [f"{code}/RW{n:02d}" for n in range(1, 100) for code in sorted(KELURAHAN)][: max(areas, 1)]
    post.ask("area-put", areas=[{"code": code, "name": code} for code in codes[:1000]], mode="import", reason="bench")
    post.ask("station-put", stations=[station("besar", "Besar", codes)], mode="import", reason="bench")
    post.ask("node-new", node="bs-01", station="besar")
    turn, post.core.turn = post.core.turn, lambda *_: None  # type: ignore[method-assign]
    for n in range(people):
        post.person([codes[n % len(codes)]], number=n)
    post.core.turn = turn  # type: ignore[method-assign]
    lines = [f"{people} people in {len(codes)} areas; their commit {ms(post.core.turn):.0f} ms"]
    made = ms(lambda: post.level(4.6, minutes=2, at="bs-01"))
    post.deliver()
    notice = post.notice()["notice"]
    lines.append(f"two readings, the decision of every area and its notice: {made:.1f} ms")
    approved = ms(lambda: post.ask("notice-approve", notice=notice, by="Rini"))
    slices, book = [], post.core.telling.notices.book
    while book.going:
        SetClock.time += 5
        slices.append(ms(post.core.turn))
    lines += [f"approval, audience and first slice: {approved:.1f} ms", spread("slices", slices)]
    lines.append(f"open messages: {len(post.core.memory.outbox.open)}")
    sent = post.waiting
    post.waiting = []
    for attempt in sent:
        post.core.sending.outcome(attempt.entry.key, None)
    began = time.perf_counter()
    cancelled = ms(lambda: post.ask("notice-cancel", notice=notice, by="Joko", reason="bench"))
    turns = []
    while not any("/2/" in attempt.entry.key for attempt in post.waiting):
        SetClock.time += 5
        turns.append(ms(post.core.turn))
        if len(turns) > 1000:
            break
    first = (time.perf_counter() - began) * 1000
    lines.append(
        f"cancellation: command {cancelled:.1f} ms, first cancelling message at the provider after {first:.0f} ms"
    )
    after = [ms(post.core.turn) for _ in range(50)]
    lines.append(spread("turns while the warning's rest expires", after))
    post.close()
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.notices")
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--areas", type=int, default=1000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ktb-") as folder:
        print("\n".join(measure(Path(folder), args.people, args.areas)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
