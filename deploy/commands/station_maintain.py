"""kentongan station maintain: somebody works on a station, with an end; meanwhile it warns nobody in public."""

import argparse
import re
from typing import Any, Final

from deploy.commands import alert_text
from deploy.commands.common import Asking, Refused, add_settings, open_settings

SUMMARY: Final = "begin, change or end maintenance: the station warns nobody in public, and says so everywhere"
MINUTES: Final = {"d": 1440, "h": 60, "m": 1}


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", help="the station's id or name")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--for", dest="length", metavar="TIME", help="how long from now: 30m, 2h, 1h30m, 1d")
    what.add_argument("--end", action="store_true", help="it is over")
    parser.add_argument("--reason", default="", metavar="TEXT", help="what is done; due with --for")
    parser.add_argument("--by", required=True, metavar="NAME", help="who works there")
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    arguments: dict[str, Any] = {"id": args.id, "by": args.by, "reason": args.reason, "end": args.end}
    if args.length is not None:
        arguments["minutes"] = minutes(args.length)
    settings, state, _ = open_settings(args)
    with Asking(settings, state) as core:
        answer = core("station-maintain", arguments)
    if answer["until"] is None:
        print(f"{answer['name']}: maintenance is over")
    else:
        until = alert_text.moment(answer["until"], settings.site.timezone)
        print(f"{answer['name']}: under maintenance until {until}; the public is not warned by it")
    for alert in answer["decided"]:
        print(f"    {alert['why']}")
    return 0


def minutes(said: str) -> int:
    """``1h30m`` in minutes; raises Refused."""
    found = re.fullmatch(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?", said.strip().lower())
    if found is None or not any(found.groups()):
        raise Refused(f"--for {said!r}: write how long, as 30m, 2h, 1h30m or 1d")
    return sum(int(count or 0) * MINUTES[unit] for count, unit in zip(found.groups(), "dhm", strict=True))
