"""The options of kentongan recipient."""

import argparse
from pathlib import Path
from typing import Final

from alerting.recipients import KINDS
from deploy.commands.common import add_settings

CONSENTS: Final = ("given", "pending", "left")
REASON_HELP: Final = "why; it is audited"


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    _putting(
        verbs.add_parser("import", help="add and change the people of a CSV file, all of them or none"),
        verbs.add_parser("add", help="add one person or institution"),
        verbs.add_parser("change", help="change one; what is not named stays, an empty contact goes"),
    )
    _of_one(
        verbs.add_parser("show", help="print one, masked; with --reveal in clear, which is audited"),
        verbs.add_parser("consent", help="write down that somebody agreed, or asked to be left alone"),
        verbs.add_parser("erase", help="take away everything that says who somebody is"),
    )
    _of_many(
        verbs.add_parser("list", help="list them, masked"),
        verbs.add_parser("export", help="write them in clear into a CSV file that only you can read; audited"),
    )
    access = verbs.add_parser("access", help="who saw, exported, changed or erased personal data, when and why")
    access.add_argument("who", nargs="?", help="p12: only what concerned this one")
    access.add_argument("--since", metavar="TIME", help="as 2026-01-31T07:00:00+07:00")
    for verb in verbs.choices.values():
        add_settings(verb)


def _putting(into: argparse.ArgumentParser, new: argparse.ArgumentParser, change: argparse.ArgumentParser) -> None:
    into.add_argument(
        "file", type=Path, help="columns: name, rt, rw, kelurahan, number (nama, nomor, kel are known too)"
    )
    into.add_argument(
        "--group", action="append", default=[], metavar="NAME", help="put all of them into this group too"
    )
    into.add_argument("--dry-run", action="store_true", help="only say what would change")
    for verb in (into, new):
        verb.add_argument("--kind", choices=KINDS, required=True)
        verb.add_argument(
            "--consent", metavar="TEXT", help="how residents gave it, e.g. 'form of 12 Nov'; due for them"
        )
        verb.add_argument("--realm-word", default="", metavar="WORD", help="LATIHAN, in an installation for drills")
    _who(change)
    for verb in (new, change):
        _values(verb)
    for verb in (into, new, change):
        verb.add_argument("--reason", default="", metavar="TEXT", help=REASON_HELP)


def _values(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--name")
    verb.add_argument("--number", help="an Indonesian mobile number, in any spelling; - reads it")
    verb.add_argument("--email")
    verb.add_argument("--telegram", metavar="CHAT_ID")
    verb.add_argument("--url", help="of a webhook")
    verb.add_argument("--area", action="append", metavar="PLACE", help="a kelurahan's name or an area's code; again")
    verb.add_argument("--group", action="append", metavar="NAME", help="again for more; on change all of them anew")
    verb.add_argument("--channel", action="append", metavar="NAME", help="only these; without: whichever can carry it")
    verb.add_argument("--language", choices=("id", "en"))
    verb.add_argument("--rank", type=int, help="of an officer: 1 is told first")


def _of_one(show: argparse.ArgumentParser, consent: argparse.ArgumentParser, erase: argparse.ArgumentParser) -> None:
    for verb in (show, consent, erase):
        _who(verb)
    show.add_argument("--reveal", action="store_true", help="name and contacts in clear")
    show.add_argument("--reason", default="", metavar="TEXT", help=REASON_HELP)
    consent.add_argument("consent", choices=("given", "left"))
    consent.add_argument("--how", required=True, metavar="TEXT", help="by what way, e.g. 'phone call to the post'")
    erase.add_argument("--reason", required=True, metavar="TEXT", help=REASON_HELP)


def _who(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("who", help="p12, the number, or the name of an officer or institution; - reads it")


def _of_many(listed: argparse.ArgumentParser, out: argparse.ArgumentParser) -> None:
    out.add_argument("file", type=Path)
    out.add_argument("--who", help="one person only: what he may ask for")
    out.add_argument("--reason", required=True, metavar="TEXT", help=REASON_HELP)
    for verb in (listed, out):
        verb.add_argument("--kind", choices=KINDS)
        verb.add_argument("--group", metavar="NAME")
        verb.add_argument("--area", metavar="PLACE", help="a kelurahan's name or an area's code")
        verb.add_argument("--consent", choices=CONSENTS)
