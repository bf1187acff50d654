"""kentongan subscription: whether people may join by themselves, and the switch that ends it at once."""

import argparse
from typing import Any

from deploy.commands.common import add_settings, ask


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    show = verbs.add_parser("show", help="whether it is open, and how much of the day's budget is used")
    on = verbs.add_parser("on", help="open it again, in one's own name")
    off = verbs.add_parser("off", help="close it at once: no more codes, no more answers to strangers; leaving goes on")
    for each in (on, off):
        each.add_argument("--by", required=True, metavar="NAME", help="who decides it")
        each.add_argument("--reason", required=True, metavar="TEXT", help="why; it is kept")
    for each in (show, on, off):
        add_settings(each)


def run(args: argparse.Namespace) -> int:
    if args.verb == "show":
        state = ask(args, "subscription-state", {})
    else:
        told = {"on": args.verb == "on", "by": args.by, "reason": args.reason}
        state = ask(args, "subscription-switch", told)
    print(stands(state))
    return 0


def stands(state: dict[str, Any]) -> str:
    """Open or closed, by what, and the day's budget."""
    used = f"{state['messages_today']} of {state['messages_a_day']} messages in the last 24 hours"
    if state["open"]:
        return f"open: people may join by the page and by SMS; {used}"
    if not state["enabled"]:
        return f"closed by the settings: subscription.enabled is false; {used}"
    return f"switched off; open it with kentongan subscription on --by NAME --reason TEXT; {used}"
