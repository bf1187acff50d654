"""kentongan alert: list and show alerts; acknowledge, raise, lower and cancel one with one's own name."""

import argparse
from typing import Any

from deploy.commands import alert_text
from deploy.commands.common import Asking, add_settings, open_settings


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listed = verbs.add_parser("list", help="list alerts, the newest first: what stands, since when, and why")
    listed.add_argument("--active", action="store_true", help="only those that stand")
    listed.add_argument("--limit", type=int, default=50, metavar="N", help="at most so many (50)")
    show = verbs.add_parser("show", help="print every version of an alert, its messages and their latencies")
    show.add_argument("alert", metavar="ID", help="as kentongan alert list prints it; ID@2 is its second version")
    up = verbs.add_parser("raise", help="raise an alert for a station or an area, as somebody who has seen the water")
    down = verbs.add_parser("lower", help="bring an alert down to a lower level")
    cancel = verbs.add_parser("cancel", help="cancel an alert of water, rain or air: those who were told are told")
    for each in (up, down):
        each.add_argument("scope", metavar="STATION|AREA", help="id, code or name")
        each.add_argument("level", metavar="LEVEL", help="WASPADA, SIAGA or AWAS")
    cancel.add_argument("scope", metavar="STATION|AREA|ALERT", help="id, code or name")
    for each in (up, down, cancel):
        each.add_argument("--note", required=True, metavar="TEXT", help="why; it is kept and shown")
        each.add_argument("--by", required=True, metavar="NAME", help="who decides it")
        each.add_argument("--until", default="", metavar="TIME", help=_UNTIL[each is up])
    ack = verbs.add_parser("ack", help="say that you deal with an alert: nobody else is told of it")
    ack.add_argument("alert", metavar="ALERT|STATION|AREA", help="its id, or where it stands")
    ack.add_argument("--by", required=True, metavar="NAME", help="who deals with it")
    for each in (listed, show, up, down, cancel, ack):
        add_settings(each)


_UNTIL = {
    True: "hold it until then, as 06:00; without it until somebody lowers it",
    False: "until when data do not raise it again, as 06:00 (water: half an hour, rain: 3 h, air: a day)",
}


def run(args: argparse.Namespace) -> int:
    settings, state, _ = open_settings(args)
    zone = settings.site.timezone
    with Asking(settings, state) as core:
        match args.verb:
            case "list":
                told = alert_text.listed(core("alert-list", {"active": args.active, "limit": args.limit}), zone)
            case "show":
                told = alert_text.shown(core("alert-show", {"alert": args.alert}), zone)
            case "ack":
                told = _acknowledged(core("alert-acknowledge", {"alert": args.alert, "by": args.by}))
            case verb:
                told = alert_text.decided(core(f"alert-{verb}", _said(args)))
    print(told)
    return 0


def _acknowledged(answer: dict[str, Any]) -> str:
    alerts = ", ".join(f"{each['alert']}@{each['version']} {each['level']}" for each in answer["acknowledged"])
    return f"{answer['by']} deals with {alerts}"


def _said(args: argparse.Namespace) -> dict[str, Any]:
    names = ("scope", "level", "note", "by", "until")
    return {name: getattr(args, name) for name in names if getattr(args, name, None) is not None}
