"""kentongan broker: Mosquitto with our files, for a service manager or a container; ``up`` does it by itself."""

import argparse
import os
from pathlib import Path

from broker import mosquitto
from deploy.assembly import prepare_broker
from deploy.commands.common import Refused, add_settings, open_settings
from deploy.state_folder import StateFolder


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    prepare = verbs.add_parser(
        "prepare", help="make configuration, access list, passwords and certificates, where they are missing or old"
    )
    prepare.add_argument(
        "--pid-file", type=Path, metavar="FILE", help="where the service manager writes the broker's process number"
    )
    into = verbs.add_parser("run", help="the same, then become the broker; for a container")
    for each in (prepare, into):
        add_settings(each)


def run(args: argparse.Namespace) -> int:
    settings, state, _ = open_settings(args)
    broker = prepare_broker(settings, state)
    if args.verb == "prepare":
        if args.pid_file is not None:
            _look_there(state, args.pid_file)
        print(f"{broker.config}: ready")
        return 0
    return _become(mosquitto.command(mosquitto.find_mosquitto(), broker), state)


def _become(command: list[str], state: StateFolder) -> int:
    state.broker_pid.unlink(missing_ok=True)
    state.broker_pid.write_text(f"{os.getpid()}\n")  # which stays the same
    os.execv(command[0], command)  # noqa: S606  no shell
    return 0  # never reached: this process is the broker now


def _look_there(state: StateFolder, pid_file: Path) -> None:
    """Who has the broker read its passwords again finds its number where it always is."""
    if state.broker_pid.is_symlink() and state.broker_pid.readlink() == pid_file:
        return
    try:
        state.broker_pid.unlink(missing_ok=True)
        state.broker_pid.symlink_to(pid_file)
    except OSError as error:
        raise Refused(f"{state.broker_pid}: cannot be made: {error.strerror}") from None
