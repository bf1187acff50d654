"""kentongan quality score: holds quality control against synthetic faults whose truth is known."""

import argparse
from pathlib import Path
from typing import Final

from deploy.commands.common import Refused
from deploy.quality.plot import plot
from deploy.quality.score import Score, score
from firmware_sim.faults import MAKERS

MOST_SEEDS: Final = 1000
HEADING: Final = ("fault", "samples", "wrong", "flagged", "live", "precision", "recall", "found", "sound failed")


def add(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    summary = "precision and recall for each fault, over synthetic series whose truth is known"
    scoring = actions.add_parser("score", help=summary, description=f"Print {summary}.")
    scoring.add_argument("--seeds", type=int, default=10, metavar="N", help="series of each kind (10)")
    scoring.add_argument("--only", metavar="TEXT", help="only kinds whose name contains TEXT")
    scoring.add_argument("--plot", type=Path, metavar="FILE.png", help="draw the series that was judged worst")


def run(args: argparse.Namespace) -> int:
    if not 1 <= args.seeds <= MOST_SEEDS:
        raise Refused(f"--seeds {args.seeds}: write a number from 1 to {MOST_SEEDS}")
    names = [name for name in MAKERS if args.only is None or args.only in name]
    if not names:
        raise Refused(f"--only {args.only!r} is in no kind of series; there is {', '.join(MAKERS)}")
    if args.plot is not None:
        _check_plot(args.plot)
    scores = [score(name, range(args.seeds)) for name in names]
    print("\n".join(_table(scores)))
    if args.plot is not None:
        worst = max(scores, key=lambda each: each.worst.mistakes / each.samples)
        plot(worst.worst, args.plot)
        print(f"\nworst: {worst.name}, {worst.worst.mistakes} samples judged wrongly; drawn in {args.plot}")
    return 0


def _check_plot(path: Path) -> None:
    if path.suffix.lower() != ".png":
        raise Refused(f"--plot {path}: write a file name that ends with .png")
    if not path.parent.is_dir():
        raise Refused(f"--plot {path}: the folder {path.parent} is not there; make it first")


def _table(scores: list[Score]) -> list[str]:
    rows = [HEADING, *(_row(each) for each in scores)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADING))]
    lines = [
        "  ".join(cell.ljust(width) if at == 0 else cell.rjust(width) for at, (cell, width) in enumerate(pairs))
        for pairs in (tuple(zip(row, widths, strict=True)) for row in rows)
    ]
    return [
        *lines,
        "",
        "flagged: in the end; live: as the samples came. precision: wrong of flagged; recall: flagged of wrong;",
        "found: stretches of wrong samples with a flag. A lasting fault is flagged only after the time its test needs.",
    ]


def _row(each: Score) -> tuple[str, ...]:
    return (
        each.name,
        str(each.samples),
        str(each.wrong) if each.wrong else "none",
        str(each.flagged),
        str(each.flagged_live),
        _share(each.precision),
        _share(each.recall),
        f"{each.found}/{each.episodes}" if each.episodes else "-",
        str(each.failed_sound),
    )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
