"""The fault suite: ``python -m tests.faults --help``.

Every fault that the system is to survive, brought about over real processes on loopback, and judged by an oracle that
is kept outside of them. Prints a table; ``--report DIR`` keeps it with a plot and as JSON. ``python -m tests.faults
soak`` goes on for hours with faults at random. Ends with 0 when everything held, with 1 when something was violated or
could not be brought about.
"""

import argparse
import random
import sys
import time
from pathlib import Path

from tests.faults import report, soak
from tests.faults.case import Case
from tests.faults.catalogue import CASES
from tests.faults.suite import QUICK_SHARE, Suite


def say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {line}", flush=True)


def chosen(names: list[str], *, is_quick: bool, has_tests: bool) -> list[Case]:
    """The cases asked for by name or by part of a name; raises ValueError naming what is unknown.

    Without tests, those that only tests show are left out.
    """
    cases = [case for case in CASES if case.is_quick or not is_quick]
    if not names:
        return [case for case in cases if has_tests or case.play is not None]
    for name in names:
        if not any(name in case.name for case in CASES):
            raise ValueError(f"no fault is called {name!r}; --list names them all")
    return [case for case in CASES if any(name in case.name for name in names)]


def _list() -> int:
    width = max(len(case.name) for case in CASES)
    for case in CASES:
        quick = "quick" if case.is_quick else "     "
        print(f"{case.name.ljust(width)}  {quick}  {case.fault} [{' '.join(case.invariants)}]")
        for test in case.tests:
            print(f"{' ' * width}           tests/{test}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults", description="Brings every fault about, and judges. `soak --help`: for hours."
    )
    parser.add_argument("names", nargs="*", metavar="FAULT", help="only faults whose name contains one of these")
    parser.add_argument("--list", action="store_true", help="name all faults, and the tests that show them too")
    parser.add_argument("--quick", action="store_true", help="what runs with every commit: some faults, small")
    parser.add_argument("--share", type=float, help="scale every fault, such as 0.1; 1 is the whole (1, quick 0.01)")
    parser.add_argument("--seed", type=int, help="the same seed makes the same choices")
    parser.add_argument("--without-tests", action="store_true", help="leave the tests out that show the faults too")
    parser.add_argument("--report", type=Path, metavar="DIR", help="keep table, plot and JSON there")
    return parser


def main(words: list[str]) -> int:
    if words[:1] == ["soak"]:
        return soak.main(words[1:])
    args = _parser().parse_args(words)
    if args.list:
        return _list()
    share = args.share or (QUICK_SHARE if args.quick else 1.0)
    if not 0 < share <= 1:
        print(f"--share {share:g} is not above 0 and up to 1", file=sys.stderr)
        return 2
    has_tests = not (args.quick or args.without_tests)
    try:
        cases = chosen(args.names, is_quick=args.quick, has_tests=has_tests)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    seed = random.randrange(2**32) if args.seed is None else args.seed
    say(f"{len(cases)} faults, share {share:g}, seed {seed}; Ctrl-C ends with what was found so far")
    suite = Suite(seed=seed, share=share, say=say, has_tests=has_tests)
    suite.play(cases)
    print("\n".join(["", report.table(suite.outcomes), "", *report.summary(suite.outcomes)]))
    if args.report is not None:
        for path in report.write(args.report, suite.outcomes, seed=seed, share=share):
            print(f"written: {path}")
    return 0 if suite.has_held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
