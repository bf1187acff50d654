"""kentongan station retire: nothing is measured there any more; its history and its id stay."""

import argparse
from typing import Final

from deploy.commands import alert_text
from deploy.commands.common import add_settings, ask

SUMMARY: Final = "take a station out of service for good: its alerts end, its nodes are free, its history and id stay"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", help="the station's id or name")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why; it is kept and shown")
    parser.add_argument("--by", required=True, metavar="NAME", help="who decides it")
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    answer = ask(args, "station-retire", {"id": args.id, "reason": args.reason, "by": args.by})
    print(f"{answer['name']} is retired; its history stays, and its id is never used again")
    if answer["decided"]:
        print(alert_text.decided(answer))
    for node in answer["nodes"]:
        print(f"node {node} is free: kentongan node change {node} --station ..., or kentongan node retire {node}")
    return 0
