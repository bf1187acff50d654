"""kentongan why: the stored sentence of an alert's version, or why a station or an area stands where it stands."""

import argparse

from deploy.commands.common import add_settings, ask


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "about",
        metavar="ALERT[@VERSION]|STATION|AREA",
        help="an alert's id, its last version unless one is given; a station or an area by id, code or name; or semua",
    )
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    for sentence in ask(args, "why", {"about": args.about})["sentences"]:
        print(sentence)
    return 0
