"""The benchmark: ``python -m tests.bench --help``.

It starts everything that it needs on loopback, audits every run, and prints one table and one plot at the end. A run
whose audit fails prints no figure and ends with 1. ``python -m tests.bench compare A.json B.json`` says how two runs
differ that were kept with ``--save``, and ends with 1 when a figure does by more than 1.3 times.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from firmware_sim.fleet_plan import LoadRefused
from tests.bench import (
    firmware,
    floor,
    history,
    latency,
    outbox,
    profile,
    reads,
    recipients,
    results,
    stations,
    sustained,
    watchers,
)
from tests.bench.audit import AuditFailed
from tests.bench.run import GeneratorFailed
from tests.bench.table import Row, load_average, machine, machine_state, plot, table
from tests.bench.tampering import KINDS

Section = Callable[[argparse.Namespace], Iterator[Row]]


def _latency(args: argparse.Namespace) -> Iterator[Row]:
    chosen = [case for case in latency.cases(args.seconds) if args.only is None or args.only in case.name]
    return latency.rows(chosen)


SECTIONS: dict[str, Section] = {
    "latency": _latency,
    "sustained": lambda args: sustained.rows(rate=args.rate, minutes=args.minutes),
    "stations": lambda args: stations.rows(args.stations or stations.COUNTS),
    "influx": lambda _: history.rows(),
    "reads": lambda _: reads.rows(),
    "watchers": lambda _: watchers.rows(),
    "outbox": lambda _: outbox.rows(),
    "recipients": lambda _: recipients.rows(),
    "firmware": lambda _: firmware.rows(),
    "profile": lambda args: profile.rows(flame_file=args.flame, rate=args.rate, seconds=args.seconds),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="Measures and audits Kentongan; compare A.json B.json says how two runs differ.",
    )
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}; none: all of them")
    parser.add_argument("--short", action="store_true", help="under a minute: two loads with every audit")
    parser.add_argument("--seconds", type=float, default=30, help="length of each latency run (30)")
    parser.add_argument("--only", metavar="TEXT", help="only latency runs whose name contains TEXT")
    parser.add_argument("--tamper", choices=KINDS, help="change one row behind core's back: the short audit must fail")
    parser.add_argument("--save", type=Path, metavar="FILE", help="keep the figures as JSON: compare A.json B.json")
    parser.add_argument("--flame", type=Path, metavar="FILE", help="profile also draws a flame graph, as SVG, there")
    parser.add_argument("--stations", type=int, nargs="+", metavar="N", help="of the stations section (10 1000 100000)")
    parser.add_argument("--minutes", type=float, default=10, help="length of the sustained run (10)")
    parser.add_argument("--rate", type=float, default=10_000, help="readings a second: sustained, flame graph (10000)")
    return parser


def main() -> int:
    if sys.argv[1:2] == ["compare"]:
        return _compare(sys.argv[2:])
    args = _parser().parse_args()
    unknown = set(args.sections) - SECTIONS.keys()
    if unknown:
        print(f"no section {min(unknown)!r}; there is {', '.join(SECTIONS)}", file=sys.stderr)
        return 2
    if args.tamper and not args.short:
        print("--tamper shows that an audit fails; it goes with --short", file=sys.stderr)
        return 2
    heading, before = machine(), machine_state()
    rows: list[Row] = []
    try:
        rows += floor.rows()
        if args.short:
            rows += latency.rows(latency.short(), tamper=args.tamper)
        else:
            for name in args.sections or SECTIONS:
                rows += SECTIONS[name](args)
    except AuditFailed as error:
        print(f"AUDIT FAILED, so there are no figures:\n{error}")
        return 1
    except (GeneratorFailed, LoadRefused) as error:
        print(f"the benchmark could not be run: {error}")
        return 2
    heading.append(f"          {load_average()} when it ended")
    print("\n".join([*heading, "", table(rows), "", plot(rows)]))
    if args.save is not None:
        results.save(args.save, heading, before, rows)
    return 0


def _compare(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench compare", description="Says how two runs differ.")
    parser.add_argument("first", type=Path, metavar="A.json", help="what --save wrote")
    parser.add_argument("second", type=Path, metavar="B.json")
    args = parser.parse_args(words)
    try:
        lines, differing = results.compare(results.load(args.first), results.load(args.second))
    except results.ResultsUnreadable as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(lines))
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
