"""kentongan notice: what waits to be told to the public; approve it, veto it, or take back what went out."""

import argparse
from typing import Any

from deploy.commands import notice_text
from deploy.commands.common import Asking, add_settings, open_settings


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listed = verbs.add_parser("list", help="list notices, the newest first")
    listed.add_argument("--waiting", action="store_true", help="only those that somebody has to decide")
    listed.add_argument("--limit", type=int, default=20, metavar="N", help="at most so many (20)")
    show = verbs.add_parser(
        "show", help="print exactly what goes out, to how many, how long it takes, and what came of it"
    )
    approve = verbs.add_parser(
        "approve", help="let a notice go out; a manual one takes two people, or one and a time-out"
    )
    veto = verbs.add_parser("veto", help="stop a notice that has not gone out")
    cancel = verbs.add_parser("cancel", help="take back what a notice said: all whom it reached are told so")
    for each in (show, approve, veto, cancel):
        each.add_argument("notice", metavar="ID", help="as kentongan notice list prints it: n123")
    for each in (approve, veto, cancel):
        each.add_argument("--by", required=True, metavar="NAME", help="who decides it")
    for each in (veto, cancel):
        each.add_argument("--reason", required=True, metavar="TEXT", help="why; it is kept and shown")
    for each in (listed, show, approve, veto, cancel):
        add_settings(each)


def run(args: argparse.Namespace) -> int:
    settings, state, _ = open_settings(args)
    zone = settings.site.timezone
    with Asking(settings, state) as core:
        match args.verb:
            case "list":
                answer = core("notice-list", {"waiting": args.waiting, "limit": args.limit})
                told = notice_text.listed(answer, zone)
            case "show":
                told = notice_text.shown(core("notice-show", {"notice": args.notice}), zone)
            case "cancel":
                told = notice_text.cancelled(core("notice-cancel", _said(args)))
            case verb:
                told = notice_text.decided(core(f"notice-{verb}", _said(args)), zone)
    print(told)
    return 0


def _said(args: argparse.Namespace) -> dict[str, Any]:
    return {name: getattr(args, name) for name in ("notice", "by", "reason") if getattr(args, name, None) is not None}
