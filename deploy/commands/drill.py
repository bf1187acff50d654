"""kentongan drill: an alert of the realm latihan to a small group, the whole way; what became of each."""

import argparse
import json
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from deploy.commands.common import Refused, add_settings, open_settings
from deploy.drill import results
from deploy.drill.isolation import ground_of
from deploy.drill.rehearsal import rehearse
from deploy.drill.results import Result, ResultsUnreadable


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    run_ = verbs.add_parser("run", help="hold a drill now; exit code 1 when it did not pass")
    add_settings(run_)
    run_.add_argument("--group", default="", metavar="NAME", help="of [[drill.groups]], instead of drill.group")
    run_.add_argument("--by", required=True, metavar="NAME", help="who holds it")
    list_ = verbs.add_parser("list", help="what became of each drill, newest first")
    add_settings(list_)
    list_.add_argument("--limit", type=int, default=20, help="how many (20)")
    list_.add_argument("--json", action="store_true", help="for other programs")


def run(args: argparse.Namespace) -> int:
    return _run(args) if args.verb == "run" else _list(args)


def _run(args: argparse.Namespace) -> int:
    settings, real_state, base = open_settings(args)
    ground = ground_of(settings, real_state, base, group=args.group)
    ground.state.prepare()
    result = rehearse(ground, by=args.by, say=print)
    results.add(ground.state, result)
    print("\n".join(_lines(result, ZoneInfo(settings.site.timezone))))
    return 0 if result.passed else 1


def _list(args: argparse.Namespace) -> int:
    settings, real_state, base = open_settings(args)
    try:
        found = results.read(ground_of(settings, real_state, base).state)
    except ResultsUnreadable as error:
        raise Refused(str(error)) from None
    newest = found[::-1][: args.limit]
    if args.json:
        print(json.dumps([msgspec.to_builtins(result) for result in newest]))
        return 0
    for result in newest:
        print("\n".join(_lines(result, ZoneInfo(settings.site.timezone))))
    if not newest:
        print("no drill yet: kentongan drill run --by NAME")
    return 0


def _lines(result: Result, zone: ZoneInfo) -> list[str]:
    verdict = "passed" if result.passed else "NOT PASSED"
    counts = f"{result.count('accepted')} accepted, {result.count('delivered')} delivered"
    failed = len(result.told) - result.count("accepted", "delivered")
    moment = datetime.fromtimestamp(result.at / 1000, zone).isoformat(sep=" ", timespec="minutes")
    lines = [f"{moment}  {verdict}  group {result.group}, by {result.by}: {result.why}"]
    lines.append(f"  messages: {counts}, {failed} failed")
    if result.steps:
        lines.append("  " + ", ".join(f"{step.name} {step.seconds:.2f} s" for step in result.steps))
    lines += [f"  {message.person} by {message.channel}: {message.state} {message.reason}" for message in result.told]
    return lines
