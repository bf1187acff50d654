"""kentongan user: who may log in to the pages, and as what. The first admin is made here and nowhere else."""

import argparse
import getpass
import sys
from typing import Any, Final

from alerting import passwords
from alerting.users import ROLES
from deploy.commands.common import Refused, add_settings, ask

TRIES: Final = 3


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    new = verbs.add_parser(
        "add",
        help="a new user; the password is asked for twice, or read from the first line of standard input",
        description="A password is never given on the command line, where others could see it.",
    )
    verbs.add_parser("list", help="everybody who may log in, and who may not any more")
    password = verbs.add_parser("password", help="another password, asked for as by add; ends the user's sessions")
    role = verbs.add_parser("role", help="another role; ends the user's sessions")
    totp = verbs.add_parser("totp", help="forget the second factor of somebody who lost his phone")
    disable = verbs.add_parser("disable", help="shut a user out within seconds; --undo lets him in again")
    for each in (new, password, role, totp, disable):
        each.add_argument("name", help="a person's name, as pages and the audit log show it")
    for each in (new, password):
        each.add_argument(
            "--one-time",
            action="store_true",
            help="draw a password and print it; it must be changed at the first login",
        )
    new.add_argument("--role", required=True, choices=ROLES)
    role.add_argument("--role", required=True, choices=ROLES)
    totp.add_argument("--forget", action="store_true", required=True, help="so that it is set anew at the next login")
    disable.add_argument("--undo", action="store_true")
    for each in verbs.choices.values():
        add_settings(each)


def run(args: argparse.Namespace) -> int:
    print(RUN[args.verb](args))
    return 0


def _add(args: argparse.Namespace) -> str:
    told = ask(args, "user-add", {"name": args.name, "role": args.role, **_password(args)})
    return _made(f"{told['name']} may log in as {args.role}", told["password"])


def _list(args: argparse.Namespace) -> str:
    users = ask(args, "user-list", {})["users"]
    if not users:
        return "nobody may log in yet; make the first admin: kentongan user add NAME --role admin"
    width = max(len(user["name"]) for user in users)
    return "\n".join(f"{user['name']:{width}}  {user['role']:10}  {_state(user)}".rstrip() for user in users)


def _change(args: argparse.Namespace) -> str:
    if args.one_time:
        told = ask(args, "user-reset", {"name": args.name})
        return _made(f"{told['name']} has another password", told["password"])
    ask(args, "user-password", {"name": args.name, **_password(args)})
    return f"{args.name} has another password, and has to log in again"


def _role(args: argparse.Namespace) -> str:
    user = ask(args, "user-role", {"name": args.name, "role": args.role})
    return f"{user['name']} is {user['role']} now, and has to log in again"


def _totp(args: argparse.Namespace) -> str:
    user = ask(args, "user-totp-forget", {"name": args.name})
    return f"the second factor of {user['name']} is forgotten; a new one is set at the next login"


def _disable(args: argparse.Namespace) -> str:
    user = ask(args, "user-disable", {"name": args.name, "disabled": not args.undo})
    return f"{user['name']} is shut out" if user["disabled"] else f"{user['name']} may log in again"


RUN: Final = {"add": _add, "list": _list, "password": _change, "role": _role, "totp": _totp, "disable": _disable}


def _state(user: dict[str, Any]) -> str:
    facts = {
        "shut out": user["disabled"],
        "has a one-time password": user["must_change"],
        "second factor": user["totp"],
    }
    return ", ".join(word for word, holds in facts.items() if holds)


def _made(what: str, drawn: str | None) -> str:
    if drawn is None:
        return what
    return f"{what}\none-time password, shown only now: {drawn}\nit has to be changed at the first login"


def _password(args: argparse.Namespace) -> dict[str, str]:
    """The password's hash, ready to be stored; empty when one is to be drawn. Raises Refused."""
    if args.one_time:
        return {}
    if not sys.stdin.isatty():
        return {"password_hash": _kept(args.name, sys.stdin.readline().rstrip("\r\n"))}
    for _ in range(TRIES):
        chosen = getpass.getpass(f"password of {args.name}: ")
        if chosen == getpass.getpass("the same again: "):
            return {"password_hash": _kept(args.name, chosen)}
        print("these two differ; again", file=sys.stderr)
    raise Refused("no password was chosen; nothing is changed")


def _kept(name: str, chosen: str) -> str:
    try:
        passwords.check(chosen, name=name)
    except passwords.WeakPassword as error:
        raise Refused(str(error)) from None
    return passwords.keep(chosen)
