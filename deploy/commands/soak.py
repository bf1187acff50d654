"""kentongan soak: simulated days of the real core, faults injected, every promise checked."""

import argparse
import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from deploy.commands.common import Refused
from deploy.replay.progress import Bar
from deploy.soak.day import DayResult
from deploy.soak.plan import KINDS
from deploy.soak.report import failure, plan_lines, summary_lines
from deploy.soak.runner import Summary, play_all, replay

MOST_SHOWN: Final = 20


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seeds", type=int, default=100, metavar="N", help="how many seeds (100)")
    parser.add_argument("--first", type=int, default=1, metavar="SEED", help="the first of them (1)")
    parser.add_argument("--days", type=int, default=1, metavar="D", help="days of each seed (1)")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, metavar="J", help="processes (one a processor)"
    )
    parser.add_argument("--seconds", type=float, metavar="S", help="stop after so long and say how many days it were")
    parser.add_argument(
        "--fault", action="append", default=[], choices=KINDS, metavar="KIND", help=f"only these: {', '.join(KINDS)}"
    )
    parser.add_argument("--replay", type=int, metavar="SEED", help="play one seed again")
    parser.add_argument("--trace", action="store_true", help="with --replay: print everything that happens")


def run(args: argparse.Namespace) -> int:
    _check(args)
    if args.replay is not None:
        return _replay(args.replay, args.days, tuple(args.fault), is_whole=args.trace)
    summary = Summary()
    seeds = range(args.first, args.first + args.seeds)
    bar = Bar(args.seeds * args.days, "soak")
    with suppress(KeyboardInterrupt):
        for results in play_all(seeds, args.days, args.jobs, kinds=tuple(args.fault), seconds=args.seconds):
            for result in results:
                summary.add(result)
                _tell(result, bar, len(summary.failed))
            bar(summary.days)
    bar.close()
    for line in summary_lines(summary, asked=args.seeds * args.days):
        print(line)
    return 1 if summary.failed else 0


def _check(args: argparse.Namespace) -> None:
    for name in ("seeds", "days", "jobs"):
        if getattr(args, name) < 1:
            raise Refused(f"--{name} {getattr(args, name)} must be 1 or more")
    if args.trace and args.replay is None:
        raise Refused("--trace shows one seed: give it with --replay SEED")


def _tell(result: DayResult, bar: Bar, failed: int) -> None:
    if result.breaches and failed <= MOST_SHOWN:
        bar.close()
        _print(failure(result))


def _replay(seed: int, days: int, kinds: tuple[str, ...], *, is_whole: bool) -> int:
    status = 0
    for result in replay(seed, days, kinds):
        _print(plan_lines(result.plan))
        _print(result.lines if is_whole else ())
        _print(failure(result) if result.breaches else [f"seed {seed}: every promise kept"])
        print(f"trace {result.digest}")
        status = status or int(bool(result.breaches))
    return status


def _print(lines: Sequence[str]) -> None:
    for line in lines:
        print(line, flush=True)
