"""kentongan certificates: how long the broker's certificate and our own authority last; a new certificate."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from broker import certificates
from deploy.assembly import broker_settings, certificate_names, prepare_broker, reload_broker
from deploy.commands.common import Refused, add_settings, open_settings
from deploy.health.certificate_watch import dates, sentence


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    add_settings(verbs.add_parser("show", help="until when the broker's certificate and our authority are good"))
    add_settings(verbs.add_parser("renew", help="make the broker a new certificate now; nodes notice nothing"))
    pages = verbs.add_parser(
        "pages",
        help="key and certificate for the server in front of the pages, for who has none from a public authority",
        description="From an authority of the pages' own, which no node believes. Browsers need FILE.ca.pem.",
    )
    pages.add_argument(
        "--name", action="append", required=True, help="name or address of the pages; may be given again"
    )
    pages.add_argument("--out", type=Path, required=True, metavar="FILE", help="key and certificate in one PEM file")
    add_settings(pages)


def run(args: argparse.Namespace) -> int:
    return {"show": _show, "renew": _renew, "pages": _pages}[args.verb](args)


def _show(args: argparse.Namespace) -> int:
    settings, state, _ = open_settings(args)
    prepare_broker(settings, state)
    now = datetime.now(UTC)
    found = dates(state)
    print(f"the broker's certificate is good until {_day(found.server)}, {(found.server - now).days} days from now")
    print(f"our own authority, which every node believes, until {_day(found.authority)}")
    problem = sentence(found, now)
    if problem is not None:
        print(problem)
    return int(problem is not None)


def _renew(args: argparse.Namespace) -> int:
    settings, state, _ = open_settings(args)
    prepare_broker(settings, state)
    now = datetime.now(UTC)
    authority = certificates.ensure_authority(state.authority, now=now)
    path = broker_settings(settings, state).certificate
    certificates.renew_server_certificate(path, authority, names=certificate_names(settings), now=now)
    told = "the broker uses it from now on" if reload_broker(state) else "the broker will use it when it starts"
    print(f"a new certificate, good until {_day(dates(state).server)}; {told}")
    return 0


def _pages(args: argparse.Namespace) -> int:
    """Whoever has this key can be the pages; the broker he cannot be, whose authority is another."""
    _, state, _ = open_settings(args)
    now, folder = datetime.now(UTC), state.root / "pages-authority"
    folder.mkdir(mode=0o700, exist_ok=True)
    authority = certificates.ensure_authority(folder, now=now)
    try:
        made = certificates.ensure_server_certificate(args.out, authority, names=args.name, now=now)
        beside = args.out.with_name(f"{args.out.name}.ca.pem")
        beside.write_bytes((folder / "ca.pem").read_bytes())
    except OSError as error:
        raise Refused(f"{args.out}: cannot be written: {error.strerror}") from None
    print(f"{args.out}: {'made' if made else 'as it was'}, good until {_day(certificates.good_until(args.out))}")
    print(f"browsers are to be given {beside}")
    return 0


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
