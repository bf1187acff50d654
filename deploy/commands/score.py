"""kentongan score: how good the warnings are over the library of cases, and whether the gate holds."""

import argparse
import json
from pathlib import Path
from typing import Final

from deploy.commands.common import Refused, refuse_folder
from deploy.replay.case import LIBRARY, Case, CaseError, read_library
from deploy.replay.gate import gate
from deploy.replay.progress import counted
from deploy.replay.run import play
from deploy.replay.sampling import recording_of
from deploy.replay.score import CaseScore, score
from deploy.replay.score_table import document, gate_lines, hazard_lines, objections, table
from deploy.replay.unseen import unseen_cases

MOST_SEEDS: Final = 10_000  # a slip of the finger is no work of days


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--library", type=Path, default=LIBRARY, metavar="DIR", help="a folder of cases (the built-in one)"
    )
    parser.add_argument("--seeds", metavar="FIRST-LAST", help="cases made from these seeds, instead of a library")
    parser.add_argument("--list", action="store_true", help="only name the cases")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw detection, lead times, load and forecasts")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    parser.add_argument("--gate", action="store_true", help="exit with 1 when a promise is missed")


def run(args: argparse.Namespace) -> int:
    for option, path in (("--json", args.json), ("--plot", args.plot)):
        if path is not None:
            refuse_folder(option, path)
    try:
        cases = unseen_cases(_seeds(args.seeds)) if args.seeds else read_library(args.library)
        if args.list:
            for case in cases:
                print(f"{case.name:40} {case.kind:15} {case.title}")
            return 0
        scores = score_cases(cases)
    except CaseError as error:
        raise Refused(str(error)) from None
    _print(scores)
    if args.json is not None:
        _write(args.json, scores)
    if args.plot is not None:
        _draw(scores, args.plot)
    return 1 if args.gate and not all(line.holds for line in gate(scores)) else 0


def score_cases(cases: list[Case]) -> list[CaseScore]:
    """Play and score every case; raises CaseError."""
    return [score(case, play(recording_of(case))) for case in counted(cases, "score")]


def _print(scores: list[CaseScore]) -> None:
    for line in table(scores):
        print(line)
    print()
    for line in hazard_lines(scores):
        print(line)
    print()
    for line in objections(scores):
        print(line)
    print()
    for line in gate_lines(scores):
        print(line)


def _seeds(text: str) -> range:
    first, _, last = text.partition("-")
    try:
        seeds = range(int(first), int(last or first) + 1)
    except ValueError:
        raise Refused(f"--seeds {text!r} is not FIRST-LAST, such as 1-50") from None
    if not seeds:
        raise Refused(f"--seeds {text!r} is empty; write FIRST-LAST with LAST not before FIRST")
    if len(seeds) > MOST_SEEDS:
        raise Refused(f"--seeds {text!r} are {len(seeds)} cases; score at most {MOST_SEEDS} at once")
    return seeds


def _write(path: Path, scores: list[CaseScore]) -> None:
    try:
        path.write_text(json.dumps(document(scores), indent=1) + "\n", "utf-8")
    except OSError as error:
        raise Refused(f"--json {path}: cannot be written: {error.strerror or error}") from None


def _draw(scores: list[CaseScore], path: Path) -> None:
    from deploy.replay.score_plot import draw_scores  # noqa: PLC0415  only who wants a picture waits for matplotlib

    try:
        draw_scores(scores, path)
    except (OSError, ValueError) as error:
        raise Refused(f"--plot {path}: cannot be written: {getattr(error, 'strerror', None) or error}") from None
