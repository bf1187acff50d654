"""kentongan deadletters: what came and could not be taken."""

import argparse
from datetime import UTC, datetime

from deploy.commands.common import add_settings, ask


def add(parser: argparse.ArgumentParser) -> None:
    add_settings(parser)
    parser.add_argument("--limit", type=int, default=20, help="how many, newest first (20)")


def run(args: argparse.Namespace) -> int:
    letters = ask(args, "deadletters", {"limit": args.limit})
    for letter in letters:
        at = datetime.fromtimestamp(letter["received_at"] / 1000, UTC).isoformat(timespec="seconds")
        print(f"{at}  {letter['topic']}\n  {letter['reason']}\n  {letter['payload'][:200]}")
    if not letters:
        print("no dead letters")
    return 0
