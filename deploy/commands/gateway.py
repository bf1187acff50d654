"""kentongan gateway: existing loggers, read by Modbus or from CSV files, or pushing, as nodes of this installation."""

import argparse
import signal
import time
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Final

from deploy.commands.common import Refused
from deploy.service.notify import Notifier
from edge.gateway import gateway, mapping
from edge.gateway.csv_folder import FolderPlan
from edge.gateway.mapping import BadMapping, LoggerPlan, Mapping
from edge.gateway.mapping_sources import ModbusPlan
from edge.gateway.push import PushPlan
from edge.gateway.sample import RESTARTED, Sample, SourceUnusable

FAULTY: Final = 1  # with --online: a logger gave something else than good values
_LOOK_S: Final = 2.0


class _NoMarks:
    """What is read to be shown begins anew and leaves no mark."""

    def marks(self, prefix: str) -> dict[str, bytes]:  # noqa: ARG002  the protocol's own name
        return {}


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    check = verbs.add_parser("check", help="read a mapping and say everything that is wrong with it")
    check.add_argument(
        "--online", action="store_true", help="read each logger once and print its values; nothing is stored or sent"
    )
    into = verbs.add_parser("run", help="read the loggers of a mapping and send what they measure; Ctrl-C ends it")
    for parts in (check, into):
        parts.add_argument("file", type=Path, help="the mapping, TOML: docs/gateway.md")


def run(args: argparse.Namespace) -> int:
    try:
        found = mapping.read(args.file)
    except BadMapping as error:
        raise Refused(f"{len(error.faults)} to mend\n{error}") from None
    return _check(found, online=args.online) if args.verb == "check" else _run(found)


def _check(found: Mapping, *, online: bool) -> int:
    code = 0
    for plan in found.loggers:
        print(f"{plan.identity.node:<24}  {_how(plan)}  to {plan.identity.host}:{plan.identity.port}")
        if online:
            code |= _show(plan)
    print(f"the mapping is right: {len(found.loggers)} loggers")
    return code


def _how(plan: LoggerPlan) -> str:
    source = plan.source
    if isinstance(source, ModbusPlan):
        return f"modbus {source.line.kind} {source.line.address} device {source.unit_id}, every {plan.every_s:g} s"
    if isinstance(source, FolderPlan):
        return f"csv {source.folder / source.pattern}, every {plan.every_s:g} s"
    return f"push, {len(source.rules)} values"


def _show(plan: LoggerPlan) -> int:
    """Print what the logger gives now; FAULTY when it is not all good."""
    if isinstance(plan.source, PushPlan):
        print("  it sends by itself: nothing can be asked")
        return 0
    source = gateway.open_source(plan.source, gateway.Lines(), _NoMarks())
    last: Sample | None = None
    count = 0
    try:
        while True:
            taking = source.take(time.time_ns() // 1_000_000)
            count += len(taking.samples)
            last = max([*([last] if last else []), *taking.samples], key=lambda each: each.time_ms, default=None)
            if not taking.has_more:
                break
    except SourceUnusable as error:
        print(f"  {error}")
        return FAULTY
    finally:
        source.close()
    if source.said:
        print(f"  {source.said}")
    if last is None:
        print("  there is no sample")
        return FAULTY
    moment = datetime.fromtimestamp(last.time_ms / 1000, UTC).isoformat(timespec="seconds")
    print(f"  {moment}" + (f", the last of {count}" if count > 1 else ""))
    for series, value in last.values.items():
        print(f"  {series:<22}  {'-' if value is None else f'{value:g}':>12}  {_fault(last, series)}".rstrip())
    return FAULTY if source.said or set(last.faults.values()) - {RESTARTED} else 0


def _fault(sample: Sample, series: str) -> str:
    word = sample.faults.get(series, "")
    return "a running total: its growth is known from the second look on" if word == RESTARTED else word


def _run(found: Mapping) -> int:
    def ask_to_end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, ask_to_end)
    # A shell starts background commands with SIGINT ignored, and Python would leave it so.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    notifier = Notifier()
    try:
        with gateway.running(found) as workers:
            print(f"the gateway runs: {len(workers)} loggers; Ctrl-C ends it", flush=True)
            notifier.ready(f"{len(workers)} loggers")
            while all(worker.is_alive for worker in workers):
                notifier.alive()
                time.sleep(_LOOK_S)
    except gateway.GatewayRefused as error:
        raise Refused(str(error)) from None
    except KeyboardInterrupt:
        notifier.stopping()
        return 0
    raise Refused("a logger's thread has ended; whoever supervises the gateway starts it again")
