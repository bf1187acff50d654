"""All loggers of a mapping, running: a worker each, the lines that they share, and the door for those that push."""

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from broker import wire
from edge.gateway.csv_folder import CsvFolder, FolderPlan
from edge.gateway.mapping import LoggerPlan, Mapping
from edge.gateway.mapping_sources import ModbusPlan
from edge.gateway.modbus import ModbusLogger
from edge.gateway.modbus_line import LinePlan, ModbusLine
from edge.gateway.push import PushPlan, PushServer
from edge.gateway.ring import Ring
from edge.gateway.sample import Marks, Source
from edge.gateway.worker import Worker

_JOIN_S: Final = 15.0


class GatewayRefused(Exception):
    """It cannot start; the text says why and what to do."""


class Lines:
    """Modbus lines by their plan: loggers on one wire share it."""

    def __init__(self) -> None:
        self._lines: dict[LinePlan, ModbusLine] = {}

    def of(self, plan: LinePlan) -> ModbusLine:
        return self._lines.setdefault(plan, ModbusLine(plan))


def open_source(plan: ModbusPlan | FolderPlan, lines: Lines, marks: Marks) -> Source:
    """The source of a logger that is asked."""
    if isinstance(plan, ModbusPlan):
        return ModbusLogger(lines.of(plan.line), plan.unit_id, plan.registers, marks)
    return CsvFolder(plan, marks)


@contextmanager
def running(mapping: Mapping) -> Iterator[list[Worker]]:
    """Run every logger until the block ends; then all are stopped and what was taken is in the rings.

    Raises :class:`GatewayRefused` before anything runs: another gateway has these rings, or the port is taken.
    """
    with _claimed(mapping.state):
        lines = Lines()
        workers = [_worker(plan, mapping.state, lines) for plan in mapping.loggers]
        door = _door(mapping, workers)
        for worker in workers:
            worker.start()
        if door is not None:
            door.start()
        try:
            yield workers
        finally:
            if door is not None:
                door.stop()
            for worker in workers:
                worker.stop()
            for worker in workers:
                worker.join(_JOIN_S)


def _worker(plan: LoggerPlan, state: Path, lines: Lines) -> Worker:
    path = state / f"{plan.identity.node}.ring"
    source = plan.source
    opens: Callable[[Ring], Source] | None = None
    if not isinstance(source, PushPlan):
        opens = partial(open_source, source, lines)
    return Worker(plan.identity, lambda: Ring(path, boot=secrets.randbelow(wire.BOOT_MAX)), opens, every_s=plan.every_s)


def _door(mapping: Mapping, workers: list[Worker]) -> PushServer | None:
    if mapping.listener is None:
        return None
    plans = {plan.identity.node: plan.source for plan in mapping.loggers if isinstance(plan.source, PushPlan)}
    deliver = {worker.identity.node: worker.push for worker in workers}
    try:
        return PushServer(mapping.listener, plans, deliver)
    except OSError as error:
        where = f"{mapping.listener.host}:{mapping.listener.port}"
        raise GatewayRefused(
            f"push: it cannot listen on {where}: {error}; choose another port or certificate"
        ) from None


@contextmanager
def _claimed(state: Path) -> Iterator[None]:
    """Two gateways over the same rings would take everything twice."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise GatewayRefused(f"{state}: {error.strerror}; choose another folder with state = ...") from None
    try:
        _claim(descriptor, state)
        yield
    finally:
        os.close(descriptor)


def _claim(descriptor: int, state: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise GatewayRefused(f"a gateway runs on {state} already; stop it first") from None
