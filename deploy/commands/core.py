"""kentongan core: ingest, engine, journal, sender and scheduler."""

import argparse

from broker.clock import Clock
from deploy import run_core
from deploy.commands.common import add_clock, add_settings, open_settings


def add(parser: argparse.ArgumentParser) -> None:
    add_settings(parser)
    add_clock(parser)


def run(args: argparse.Namespace) -> int:
    settings, state, base = open_settings(args)
    run_core.run(settings, state, Clock.parse(args.clock), base=base, file=args.settings.absolute())
    return 0
