"""kentongan certificates: how long the broker's certificate and our own authority last; a new certificate."""

import argparse
from datetime import UTC, datetime

from broker import certificates
from deploy.assembly import broker_settings, certificate_names, prepare_broker, reload_broker
from deploy.commands.common import add_settings, open_settings
from deploy.health.certificate_watch import dates, sentence


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    add_settings(verbs.add_parser("show", help="until when the broker's certificate and our authority are good"))
    add_settings(verbs.add_parser("renew", help="make the broker a new certificate now; nodes notice nothing"))


def run(args: argparse.Namespace) -> int:
    return {"show": _show, "renew": _renew}[args.verb](args)


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


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
