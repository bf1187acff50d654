"""The command ``kentongan``."""

import argparse
import errno
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Final

from deploy import __version__, compiled, logs

COMMANDS: Final = {
    "up": "start everything for one machine and keep it running; Ctrl-C ends it",
    "core": "run the core process: ingest, engine, journal, sender",
    "history": "copy readings from the journal into SQLite or InfluxDB",
    "web": "serve the live page on this machine",
    "station": "list, show, add, change, import and export stations, their thresholds and calibration",
    "node": "make credentials for nodes, list and change them",
    "gateway": "read existing loggers (Modbus, CSV files, HTTP push) and send what they measure as nodes do",
    "broker": "Mosquitto with our files, for a service manager or a container",
    "certificates": "until when the broker's certificate and our own authority are good; a new certificate",
    "area": "list, show, add and change kelurahan, RW and RT; import and export their polygons",
    "recipient": "who can be told: import, list, show, add, change, export and erase people and institutions",
    "user": "who may log in to the pages, and as what: the first admin, roles, passwords, second factors",
    "roster": "which officers are on duty when: show, set and import it",
    "alert": "list and show alerts; raise, lower and cancel one in one's own name",
    "notice": "what waits to be told to the public: show it, approve it, veto it, or take it back",
    "policy": "who is told when, and who decides it: show it and set it",
    "subscription": "whether people may join by themselves by page and SMS; close it at once, or open it",
    "report": "what residents who were warned answer by SMS from where they are",
    "cap": "what was published as CAP, the bulletin to read aloud, and BMKG's warnings as they are understood",
    "channel": "the ways out: how each is, whether it would take a message, and one trial message",
    "watch": "the dead-man's switch: alarms by channels of its own when nothing warns any more; make and run one",
    "why": "why an alert was given, or why a station stands where it stands, from what was stored",
    "audit": "check that the log of who did what is whole, and name the first broken row",
    "backup": "take a sealed copy of a running installation, read it back; list and verify copies",
    "restore": "put a backup into an empty folder; nothing of then is sent",
    "drill": "hold a drill: an alert of the realm latihan to a small group, the whole way, and what became of it",
    "check": "examine an installation: what is wrong and what to do; changes nothing",
    "deadletters": "show messages that could not be taken, with topic, reason and bytes",
    "replay": "run a case, a scenario or a gauge's record through the engine and print what it says, and when",
    "rules": "what a rule would have done on past data and on the library, beside the one in force",
    "score": "how good the warnings are over the library of cases: detection, false alarms, lead time",
    "soak": "simulated days of the real core with faults injected; every promise checked, failing seeds replayed",
    "tide": "fit a tide gauge, check it, and print high and low water",
    "quality": "hold quality control against synthetic faults and print how many it finds",
    "simulate": "make a field of many nodes and load an installation with it",
    "settings": "print a commented sample of the settings file",
    "sbom": "what an installation is made of, with versions and licences: CycloneDX JSON, or a page",
}


INTERRUPTED: Final = 130
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def build_parser(only: str | None = None) -> argparse.ArgumentParser:
    """The whole command line; with ``only``, the options of that command alone, whose module alone is loaded."""
    parser = argparse.ArgumentParser(
        prog="kentongan", description="Early warning for floods and air quality, from a node on a bridge to a phone."
    )
    parser.add_argument("--version", action="version", version=f"kentongan {__version__}")
    parser.add_argument("--verbose", action="store_true", help="log more")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        if only in (None, name):
            module = importlib.import_module(f"deploy.commands.{name}")
            module.add(command)
            command.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; what a person can mend is one line on stderr and exit code 2."""
    try:
        compiled.use_or_remove()  # before anything is imported that may be compiled
    except compiled.NotCompiled as error:
        print(f"kentongan: {error}", file=sys.stderr)
        return 2
    words = sys.argv[1:] if argv is None else list(argv)
    try:
        args = build_parser(next((word for word in words if word in COMMANDS), "")).parse_args(words)
        logs.begin(args.command, is_verbose=args.verbose)
        return _run(args)
    except KeyboardInterrupt:
        print("\nkentongan: stopped", file=sys.stderr)
        return INTERRUPTED


def _run(args: argparse.Namespace) -> int:
    try:
        code = int(args.run(args))
        sys.stdout.flush()
    except _refusals() as error:
        print(f"kentongan {args.command}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        _let_go_of_stdout()
        return 1
    except OSError as error:
        if error.errno not in FULL:
            raise
        _let_go_of_stdout()
        where = f"{error.filename}" if error.filename else "what was written"
        print(f"kentongan {args.command}: {where}: {error.strerror}; make room and repeat it", file=sys.stderr)
        return 2
    return code


def _let_go_of_stdout() -> None:
    """So that what could not be written is not tried once more at the end of the process."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refusals() -> tuple[type[Exception], ...]:
    """What a command may raise for the person who gave it."""
    from broker.certificates import AuthorityLost, BadServerName
    from broker.credentials import CredentialRefused
    from broker.mosquitto import BadBrokerSettings, MosquittoMissing
    from broker.mosquitto_check import MosquittoMisconfigured
    from deploy.commands.common import Refused
    from deploy.settings import BadSettings
    from deploy.state_folder import CoreRuns, StateFolderUnusable
    from deploy.supervisor import StartFailed
    from firmware_sim.field import InterpreterMissing, ScenarioError

    return (
        AuthorityLost,
        BadServerName,
        CredentialRefused,
        BadBrokerSettings,
        MosquittoMissing,
        MosquittoMisconfigured,
        Refused,
        BadSettings,
        CoreRuns,
        StateFolderUnusable,
        StartFailed,
        InterpreterMissing,
        ScenarioError,
    )


if __name__ == "__main__":
    sys.exit(main())
