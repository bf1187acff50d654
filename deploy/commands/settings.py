"""kentongan settings: the commented sample, to start a settings file from."""

import argparse

from deploy.commands.common import Refused
from deploy.sample_settings import filled


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="with this value in its place, as web.port=8081; may be given again",
    )


def run(args: argparse.Namespace) -> int:
    pairs = [each.partition("=") for each in args.set]
    if wrong := [key for key, sign, _ in pairs if not sign]:
        raise Refused(f"--set {wrong[0]}: write KEY=VALUE, as web.port=8081")
    print(filled({key.strip(): value.strip() for key, _, value in pairs}), end="")
    return 0
