"""The mapping: which loggers there are, how each is read, and which node each is. One TOML file, checked as a whole."""

import ipaddress
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.gateway import identity
from edge.gateway.csv_folder import FolderPlan
from edge.gateway.identity import BadIdentity, Identity
from edge.gateway.mapping_sources import ModbusPlan, csv_plan, modbus_plan, push_plan
from edge.gateway.push import Listener, PushPlan
from edge.gateway.toml_table import Faults, TomlTable

_SOURCES: Final = ("modbus", "csv", "push")


class BadMapping(ValueError):
    """The mapping cannot be used; ``faults`` are all of its mistakes, a sentence each, with file, key and remedy."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggerPlan:
    """One logger, who it is and how it is read; one that pushes is asked never."""

    identity: Identity
    source: ModbusPlan | FolderPlan | PushPlan
    every_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """``state`` is the folder of the rings; ``listener`` is there when a logger pushes."""

    state: Path
    loggers: tuple[LoggerPlan, ...]
    listener: Listener | None = None


def read(path: Path) -> Mapping:
    """Read and check; the network is not touched. Raises :class:`BadMapping` with everything that is wrong."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise BadMapping([f"{path}: there is no such file; a mapping looks as in docs/gateway.md"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadMapping([f"{path}: cannot be read: {error}"]) from None
    except tomllib.TOMLDecodeError as error:
        raise BadMapping([f"{path}: not valid TOML: {error}"]) from None
    faults = Faults()
    made = _mapping(TomlTable("", content, faults), path.absolute().parent)
    if faults.found:
        raise BadMapping([f"{path}: {fault}" for fault in faults.found])
    return made


def _mapping(table: TomlTable, base: Path) -> Mapping:
    state = base / table.text("state", "write the folder for what was not acknowledged yet", "gateway-state")
    plans = [
        plan
        for logger in table.tables("loggers", "write [[loggers]], one for each")
        if (plan := _logger(logger, base)) is not None
    ]
    _check_identities(table.faults, plans)
    pushes = any(isinstance(plan.source, PushPlan) for plan in plans)
    listener = _listener(table.table("push", "write [push] with port"), base) if pushes or table.has("push") else None
    table.end()
    return Mapping(state=state, loggers=tuple(plans), listener=listener)


def _logger(table: TomlTable, base: Path) -> LoggerPlan | None:
    who = _identity(table, base)
    if who is not None:
        table.where = f"{table.where} ({who.node})"
    kinds = [kind for kind in _SOURCES if table.has(kind)]
    values = table.tables("values", "write [[loggers.values]], one for each number of the logger")
    source: ModbusPlan | FolderPlan | PushPlan | None = None
    if len(kinds) != 1:
        table.faults.add(table.where, f"has {len(kinds)} of [loggers.modbus], [loggers.csv], [loggers.push]; write one")
        return None
    inner = table.table(kinds[0], "write a table")
    match kinds[0]:
        case "modbus":
            source = modbus_plan(inner, values)
        case "csv":
            source = csv_plan(inner, values, base)
        case _:
            source = push_plan(inner, values, base)
    every_s = 60.0
    if kinds[0] != "push":
        every_s = table.number("every_seconds", "how often to read it; a river needs 60", low=0.1, high=3600)
    table.end()
    return None if who is None else LoggerPlan(identity=who, source=source, every_s=every_s)


def _identity(table: TomlTable, base: Path) -> Identity | None:
    folder = table.text("node", "write the folder that kentongan node new ID --station STATION --out FOLDER made")
    if not folder:
        return None
    try:
        return identity.read(base / folder)
    except BadIdentity as error:
        table.fault("node", str(error))
        return None


def _check_identities(faults: Faults, plans: list[LoggerPlan]) -> None:
    nodes = [plan.identity.node for plan in plans]
    for node in sorted({node for node in nodes if nodes.count(node) > 1}):
        faults.add("loggers", f"node {node} stands twice; each logger needs a credential of its own")
    tokens = [plan.source.token for plan in plans if isinstance(plan.source, PushPlan) and plan.source.token]
    if len(set(tokens)) < len(tokens):
        faults.add("loggers", "two loggers have the same token; make one for each")


def _listener(table: TomlTable, base: Path) -> Listener:
    remedy = "an address of this machine, such as 127.0.0.1"
    host = table.text("listen", remedy, "127.0.0.1")
    port = table.whole("port", "the port that loggers send to, such as 8090", low=1, high=65535)
    certificate = (
        base / table.text("certificate", "a PEM file with key and certificate") if table.has("certificate") else None
    )
    table.end()
    try:
        is_local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        table.fault("listen", f"{host!r} is no address; write {remedy}")
        is_local = True
    if not is_local and certificate is None:
        table.fault(
            "certificate",
            f"is missing; tokens must not go to {host} unprotected: write a PEM file, or listen on 127.0.0.1",
        )
    if certificate is not None and not certificate.is_file():
        table.fault("certificate", f"{certificate} is no file; write a PEM file with key and certificate")
    return Listener(host=host, port=port, certificate=certificate)
