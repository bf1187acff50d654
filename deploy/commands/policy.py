"""kentongan policy: who is told when and who decides it; every version with its author and reason."""

import argparse
import re
from typing import Any, Final

from deploy.commands.alert_text import moment
from deploy.commands.common import Asking, Refused, add_settings, open_settings
from deploy.commands.moments import milliseconds

NUMBERS: Final = {
    "escalate_after": ("escalate_after_s", "seconds until the next rank is told (180)"),
    "veto": ("veto_s", "seconds in which a pre-authorised AWAS can be vetoed (60)"),
    "one_person_after": (
        "one_person_after_s",
        "seconds after which one approval of a manual notice is enough; 0: never",
    ),
    "most_a_day": ("most_a_day", "warnings a person gets a day, AWAS aside (6)"),
    "most_items_an_hour": ("most_items_an_hour", "items an officer gets an hour before a digest (5)"),
}


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    show = verbs.add_parser("show", help="print the policy in force, and its versions")
    new = verbs.add_parser("set", help="put a new version in force; what is not named stays")
    for name, (_, told) in NUMBERS.items():
        new.add_argument(f"--{name.replace('_', '-')}", type=int, metavar="N", help=told)
    new.add_argument("--quiet", metavar="FROM-UNTIL", help="WASPADA waits for the morning: 21:00-05:00, or off")
    new.add_argument("--price", type=float, metavar="RP", help="of one SMS part, for the cost of a notice")
    paper = new.add_mutually_exclusive_group()
    paper.add_argument(
        "--pre-authorise", choices=("AWAS",), help="AWAS goes to the public by itself unless vetoed; needs --document"
    )
    paper.add_argument("--no-pre-authorise", action="store_true", help="every notice waits for people again")
    new.add_argument("--document", metavar="TEXT", help="the paper that allows it: number and date")
    new.add_argument(
        "--from", dest="begins", metavar="TIME", help="in force from then on, as 2026-12-01T00:00:00+07:00 (now)"
    )
    new.add_argument("--by", required=True, metavar="NAME", help="who decides it")
    new.add_argument("--reason", required=True, metavar="TEXT", help="why; it is kept and shown")
    for each in (show, new):
        add_settings(each)


def run(args: argparse.Namespace) -> int:
    settings, state, _ = open_settings(args)
    zone = settings.site.timezone
    with Asking(settings, state) as core:
        if args.verb == "show":
            print(_shown(core("policy-show", {}), zone))
            return 0
        said: dict[str, Any] = {"changes": _changes(args), "by": args.by, "reason": args.reason}
        if args.begins is not None:
            said["effective_from"] = milliseconds(args.begins, zone, "--from")
        print(f"policy {_version(core('policy-set', said), zone)}")
    return 0


def _changes(args: argparse.Namespace) -> dict[str, Any]:
    changes: dict[str, Any] = {
        key: value for name, (key, _) in NUMBERS.items() if (value := getattr(args, name)) is not None
    }
    if args.quiet is not None:
        changes |= dict(zip(("quiet_from", "quiet_until"), _hours(args.quiet), strict=True))
    if args.price is not None:
        changes["price_per_part"] = args.price
    if args.pre_authorise is not None:
        changes["pre_authorised"] = [args.pre_authorise]
    if args.document is not None:
        changes["document"] = args.document
    if args.no_pre_authorise:
        changes |= {"pre_authorised": [], "document": ""}
    return changes


def _hours(text: str) -> tuple[int, int]:
    """Two times of day as minutes after midnight; ``off``: twice the same."""
    if text == "off":
        return 0, 0
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", text)
    if found is None:
        raise Refused(f"--quiet {text!r}: write 21:00-05:00, or off")
    begins_h, begins_m, ends_h, ends_m = map(int, found.groups())
    return begins_h * 60 + begins_m, ends_h * 60 + ends_m


def _shown(answer: dict[str, Any], zone: str) -> str:
    version = answer["in_force"]
    policy = version["policy"]
    paper = f"goes out unless vetoed within {policy['veto_s']} s ({policy['document']})"
    begins, ends = policy["quiet_from"], policy["quiet_until"]
    quiet = "never quiet" if begins == ends else f"waits from {_clock(begins)} to {_clock(ends)}"
    alone = policy["one_person_after_s"]
    price = policy["price_per_part"]
    lines = [
        f"in force: {_version(version, zone)}",
        f"    not acknowledged: the next rank after {policy['escalate_after_s']} s",
        f"    AWAS: {paper if policy['pre_authorised'] else 'waits for an approval, like every notice'}",
        f"    manual notices: two people{f', or one and {alone} s' if alone else ''}",
        f"    WASPADA: {quiet}",
        f"    warnings a person and day: {policy['most_a_day']} (AWAS and what goes down aside)",
        f"    items an officer and hour: {policy['most_items_an_hour']} (what goes up aside)",
        f"    price of an SMS part: {'not set' if price is None else f'Rp {price:g}'}",
    ]
    lines += [_version(each, zone) for each in answer["versions"]]
    return "\n".join(lines)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _version(version: dict[str, Any], zone: str) -> str:
    if version["version"] == 0:
        return "what the program comes with"
    begins = moment(version["effective_from"], zone)
    return f"v{version['version']} from {begins}, by {version['author']}: {version['reason']}"
