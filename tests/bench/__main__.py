"""The benchmark: ``python -m tests.bench --help``.

It starts everything that it needs on loopback, audits every run, and prints one table and one plot at the end. A run
whose audit fails prints no figure and ends with 1.
"""

import argparse
import sys
from collections.abc import Callable, Iterator

from firmware_sim.fleet_plan import LoadRefused
from tests.bench import floor, history, latency, reads, stations, sustained, watchers
from tests.bench.audit import AuditFailed
from tests.bench.field import BenchField
from tests.bench.inside import in_process
from tests.bench.run import GeneratorFailed
from tests.bench.table import Row, load_average, machine, plot, table

Section = Callable[[argparse.Namespace], Iterator[Row]]


def _latency(args: argparse.Namespace) -> Iterator[Row]:
    chosen = [case for case in latency.cases(args.seconds) if args.only is None or args.only in case.name]
    return latency.rows(chosen)


def _profile(_: argparse.Namespace) -> Iterator[Row]:
    with BenchField(1000) as field:
        found = in_process(field.installation.root, rounds=24, profile=True)
    print(found["profile"])
    figure = f"{found['us_per_reading']:.1f} us"
    yield Row(section="profile", what="CPU a reading, profiled", figure=figure, note="the profile is printed above")


SECTIONS: dict[str, Section] = {
    "latency": _latency,
    "sustained": lambda args: sustained.rows(rate=args.rate, minutes=args.minutes),
    "stations": lambda _: stations.rows(),
    "influx": lambda _: history.rows(),
    "reads": lambda _: reads.rows(),
    "watchers": lambda _: watchers.rows(),
    "profile": _profile,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measures and audits Kentongan.")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}; none: all of them")
    parser.add_argument("--short", action="store_true", help="under a minute: two loads with every audit")
    parser.add_argument("--seconds", type=float, default=30, help="length of each latency run (30)")
    parser.add_argument("--only", metavar="TEXT", help="only latency runs whose name contains TEXT")
    parser.add_argument("--minutes", type=float, default=10, help="length of the sustained run (10)")
    parser.add_argument("--rate", type=float, default=10_000, help="observations a second of the sustained run (10000)")
    return parser


def main() -> int:
    args = _parser().parse_args()
    unknown = set(args.sections) - SECTIONS.keys()
    if unknown:
        print(f"no section {min(unknown)!r}; there is {', '.join(SECTIONS)}", file=sys.stderr)
        return 2
    heading = machine()
    rows: list[Row] = []
    try:
        rows += floor.rows()
        if args.short:
            rows += latency.rows(latency.short())
        else:
            for name in args.sections or SECTIONS:
                rows += SECTIONS[name](args)
    except AuditFailed as error:
        print(f"AUDIT FAILED, so there are no figures:\n{error}")
        return 1
    except (GeneratorFailed, LoadRefused) as error:
        print(f"the benchmark could not be run: {error}")
        return 2
    print("\n".join([*heading, f"          {load_average()} when it ended", "", table(rows), "", plot(rows)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
