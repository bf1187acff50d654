"""kentongan report: what residents who were warned answer from where they are."""

import argparse
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from deploy.commands.common import Asking, Refused, add_settings, open_settings

EMPTY = "no reports: residents who were warned may answer 1 (water in the house) or 2 (safe) by SMS"


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listed = verbs.add_parser("list", help="the last answer of each person to each warning, the newest first")
    listed.add_argument(
        "--alert", default="", metavar="ID", help="only answers to this alert, or from this area's code"
    )
    listed.add_argument("--hours", type=float, default=24.0, metavar="N", help="of the last N hours (24)")
    listed.add_argument("--all", action="store_true", help="every answer, also those that a later one takes back")
    add_settings(listed)


def run(args: argparse.Namespace) -> int:
    if not args.hours > 0:
        raise Refused(f"--hours {args.hours:g}: write a number above 0")
    settings, state, _ = open_settings(args)
    since = datetime.now(UTC) - timedelta(hours=min(args.hours, 24.0 * 3660))
    asked = {"alert": args.alert, "since": int(since.timestamp() * 1000), "all": args.all}
    with Asking(settings, state) as core:
        print(listed(core("report-list", asked), ZoneInfo(settings.site.timezone)))
    return 0


def listed(reports: list[dict[str, Any]], zone: ZoneInfo) -> str:
    """A count by answer and area, then a line for each."""
    if not reports:
        return EMPTY
    counts: dict[tuple[str, str], int] = {}
    for report in reports:
        counts[report["place"], report["said"]] = counts.get((report["place"], report["said"]), 0) + 1
    summary = "; ".join(f"{place}: {count} {said}" for (place, said), count in sorted(counts.items()))
    return "\n".join([summary, *(_line(report, zone) for report in reports)])


def _line(report: dict[str, Any], zone: ZoneInfo) -> str:
    time = datetime.fromtimestamp(report["received_at"] / 1000, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M")
    note = f': "{report["note"]}"' if report["note"] else ""
    return f"{time}  {report['said']:<12}  {report['who']}  ({report['alert']}){note}"
