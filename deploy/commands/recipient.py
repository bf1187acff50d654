"""kentongan recipient: who can be told - import, list, show, add, change, export and erase people and institutions."""

import argparse
import sys
from typing import Any, Final, get_args

from alerting.recipients import Kind
from broker import private_file
from deploy.commands import recipient_text
from deploy.commands.common import Asking, Refused, ask, open_settings
from deploy.commands.moments import milliseconds
from deploy.commands.recipient_options import add
from deploy.recipients.access import accesses
from deploy.recipients.csv_entries import CONTACTS
from deploy.recipients.csv_file import BadCsv, write
from deploy.recipients.entry import normal_contact
from deploy.recipients.importing import NotImported, Wish, areas_of, import_file
from deploy.registry.areas import UnknownArea
from deploy.settings import channel_names

__all__ = ["add", "run"]

OF_DUTY: Final = "by duty"  # officers, heads and institutions are told because of what they do
FILTERS: Final = ("kind", "group", "area", "consent")


def run(args: argparse.Namespace) -> int:
    verbs = {
        "import": _import,
        "add": _add,
        "change": _change,
        "show": _show,
        "consent": _consent,
        "erase": _erase,
        "list": _list,
        "export": _export,
        "access": _access,
    }
    args.who = said_or_typed(getattr(args, "who", None), "who")
    return verbs[args.verb](args)


def _import(args: argparse.Namespace) -> int:
    settings, state, _ = open_settings(args)
    wish = Wish(
        path=args.file,
        kind=_kind(args.kind),
        consent_how=_consent_how(args),
        groups=[group.casefold() for group in args.group],
        channels=channel_names(settings),
        reason=args.reason,
        realm_word=args.realm_word,
        is_dry=args.dry_run,
    )
    with Asking(settings, state) as core:
        try:
            done = import_file(core, wish)
        except (BadCsv, NotImported) as error:
            raise Refused(str(error)) from None
    print(recipient_text.imported(done, is_dry=args.dry_run))
    return 0


def _kind(text: str) -> Kind:
    return next(kind for kind in get_args(Kind) if kind == text)


def _consent_how(args: argparse.Namespace) -> str:
    """Residents must have agreed, and it must be known how (UU 27/2022); others are told because of their duty."""
    if args.kind == "resident" and not args.consent:
        raise Refused(
            "residents are told only when they agreed: say how with --consent, e.g. --consent 'form of 12 Nov'"
        )
    return args.consent or OF_DUTY


def _add(args: argparse.Namespace) -> int:
    how = _consent_how(args)
    settings, state, _ = open_settings(args)
    with Asking(settings, state) as core:
        entry = {"kind": args.kind, **_values(core, args)}
        answer = core(
            "recipient-put",
            {"entries": [entry], "consent_how": how, "reason": args.reason, "realm_word": args.realm_word},
        )
    if answer["faults"]:
        raise Refused("; ".join(f"{fault['key']}: {fault['text']}" for fault in answer["faults"]))
    step = answer["steps"][0]
    print(f"{step['id']} {step['kind']}")
    return 0


def _change(args: argparse.Namespace) -> int:
    settings, state, _ = open_settings(args)
    with Asking(settings, state) as core:
        values = _values(core, args)
        if not values:
            raise Refused("say what changes, e.g. --number or --area; see kentongan recipient change --help")
        made = core("recipient-change", {"who": args.who, "set": values, "reason": args.reason})
    print(f"{made['id']} {'changed' if made['changed'] else 'was so already'}")
    return 0


def _values(core: Asking, args: argparse.Namespace) -> dict[str, Any]:
    """What was given, in the form in which it is kept."""
    found: dict[str, Any] = {key: getattr(args, key) for key in ("name", "language", "rank") if getattr(args, key)}
    contacts: dict[str, str] = {}
    for option, kind in CONTACTS.items():
        said = said_or_typed(getattr(args, option), option)
        if said is not None:
            try:
                contacts[kind] = normal_contact(kind, said) if said else ""
            except ValueError as error:
                raise Refused(f"--{option}: {error}") from None
    if contacts:
        found["contacts"] = contacts
    if args.area:
        found["areas"] = [_code(core, each) for each in args.area]
    if args.group is not None:
        found["groups"] = [each.casefold() for each in args.group if each]
    if args.channel is not None:
        found["channels"] = [each for each in args.channel if each]
    return found


def said_or_typed(value: str | None, what: str) -> str | None:
    """The value; for ``-`` a line of standard input, so that a number stands in no list of processes."""
    if value != "-":
        return value
    if sys.stdin.isatty():
        print(f"{what}: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def _code(core: Asking, place: str) -> str:
    known, _, below = place.partition("/")
    try:
        code = areas_of(core).code_of(known)
    except UnknownArea as error:
        raise Refused(f"--area: {error}") from None
    return f"{code}/{below}" if below else code


def _show(args: argparse.Namespace) -> int:
    shown = ask(args, "recipient-show", {"who": args.who, "reveal": args.reveal, "reason": args.reason})
    settings, _, _ = open_settings(args)
    print(recipient_text.shown(shown, settings.site.timezone))
    return 0


def _consent(args: argparse.Namespace) -> int:
    made = ask(args, "recipient-consent", {"who": args.who, "consent": args.consent, "how": args.how})
    print(f"{made['id']} has {'given consent' if made['consent'] == 'given' else 'left and is told nothing any more'}")
    return 0


def _erase(args: argparse.Namespace) -> int:
    made = ask(args, "recipient-erase", {"who": args.who, "reason": args.reason})
    print(f"{made['id']} is erased; what was sent keeps this id, which leads to nobody any more")
    return 0


def _list(args: argparse.Namespace) -> int:
    settings, state, _ = open_settings(args)
    count = 0
    with Asking(settings, state) as core:
        for page in _pages(core, args, "recipient-list", {}):
            for each in page:
                print(recipient_text.listed(each))
            count += len(page)
    if not count:
        print("nobody; see kentongan recipient import --help")
    return 0


def _export(args: argparse.Namespace) -> int:
    settings, state, _ = open_settings(args)
    more = {"reason": args.reason} | ({"who": args.who} if args.who else {})
    with Asking(settings, state) as core:
        names = {each["code"]: each["name"] for each in core("area-list", {})}
        people = [each for page in _pages(core, args, "recipient-export", more) for each in page]
    try:
        private_file.replace(args.file, write(people, names).encode())
    except OSError as error:
        raise Refused(f"{args.file}: {error.strerror}") from None
    print(f"wrote {len(people)} to {args.file}; it holds personal data: delete it when it has served")
    return 0


def _pages(core: Asking, args: argparse.Namespace, command: str, more: dict[str, Any]) -> Any:
    chosen = {key: getattr(args, key) for key in FILTERS if getattr(args, key)}
    if args.area:
        chosen["area"] = _code(core, args.area)
    after = None
    while True:
        answer = core(command, {**chosen, **more, "after": after})
        yield answer["recipients"]
        after = answer["next"]
        if after is None:
            return


def _access(args: argparse.Namespace) -> int:
    settings, state, _ = open_settings(args)
    zone = settings.site.timezone
    since = milliseconds(args.since, zone, "--since") if args.since else 0
    if not state.journal.exists():
        raise Refused(f"{state.journal}: there is no journal yet")
    count = 0
    for each in accesses(state.journal, recipient=args.who, since=since):
        print(recipient_text.access(each, zone))
        count += 1
    if not count:
        print("nobody has looked at, exported, changed or erased anything")
    return 0
