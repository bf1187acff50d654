"""The tables of a mapping that say how one logger is read."""

import string
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from broker import private_file, units
from broker.wire import SERIES_PATTERN
from edge.gateway.csv_folder import FolderPlan
from edge.gateway.csv_rows import Column, RowPlan
from edge.gateway.modbus import NumberType, Register, WordOrder
from edge.gateway.modbus_line import LinePlan, Table
from edge.gateway.push import PushPlan
from edge.gateway.toml_table import TomlTable
from edge.gateway.value import ValueRule

MOST_VALUES: Final = 32
SHORTEST_TOKEN: Final = 24
_HUGE: Final = 1e12
_KINDS: Final[tuple[Literal["tcp", "rtu", "rtu_over_tcp"], ...]] = ("tcp", "rtu", "rtu_over_tcp")
_TABLES: Final[tuple[Table, ...]] = ("holding", "input")
_TYPES: Final[tuple[NumberType, ...]] = ("uint16", "int16", "uint32", "int32", "float32", "float64")
_WORDS: Final[tuple[WordOrder, ...]] = ("big", "little")
_PARITIES: Final[tuple[Literal["N", "E", "O"], ...]] = ("N", "E", "O")
_STOP_BITS: Final[tuple[Literal[1, 2], ...]] = (1, 2)
_SINGLE: Final = ("uint16", "int16")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusPlan:
    """A device on a line, and its registers."""

    line: LinePlan
    unit_id: int
    registers: tuple[Register, ...]


def modbus_plan(table: TomlTable, values: list[TomlTable]) -> ModbusPlan:
    kind = table.choice("kind", _KINDS)
    line = _serial_line(table) if kind == "rtu" else _network_line(table, kind)
    unit_id = table.whole("unit_id", "the device's number, as set on it", low=0, high=255)
    table.end()
    registers = tuple(_register(value, rule) for value, rule in _rules(values, counters=True))
    return ModbusPlan(line=line, unit_id=unit_id, registers=registers)


def _network_line(table: TomlTable, kind: Literal["tcp", "rtu", "rtu_over_tcp"]) -> LinePlan:
    remedy = "write HOST:PORT, such as 192.168.1.20:502"
    address = table.text("address", remedy)
    host, _, port = address.rpartition(":")
    if address and not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        table.fault("address", f"{address!r} has no host or port; {remedy}")
    return LinePlan(kind=kind, address=address, timeout_s=_timeout(table))


def _serial_line(table: TomlTable) -> LinePlan:
    return LinePlan(
        kind="rtu",
        address=table.text("address", "write the serial port, such as /dev/ttyUSB0"),
        baud=table.whole("baud", "as set on the device, such as 9600", low=300, high=1_000_000),
        parity=table.choice("parity", _PARITIES),
        stop_bits=table.choice("stop_bits", _STOP_BITS),
        timeout_s=_timeout(table),
    )


def _timeout(table: TomlTable) -> float:
    return table.number("timeout_seconds", "how long to wait for an answer", low=0.1, high=60, default=3)


def _register(value: TomlTable, rule: ValueRule) -> Register:
    number = value.choice("type", _TYPES)
    # Devices differ in which half comes first, and the wrong one gives a number that may look right.
    words = "big" if number in _SINGLE and not value.has("word_order") else value.choice("word_order", _WORDS)
    made = Register(
        rule=rule,
        table=value.choice("table", _TABLES),
        first=value.whole("register", "the protocol address: 0 is the manual's 40001 or 30001", low=0, high=65535),
        number=number,
        words=words,
    )
    value.end()
    return made


def csv_plan(table: TomlTable, values: list[TomlTable], base: Path) -> FolderPlan:
    """``base`` is where relative folders begin."""
    zone = _zone(table)
    rows = RowPlan(
        delimiter=table.choice("delimiter", (",", ";", "\t", "|")),
        decimal=table.choice("decimal", (".", ",")),
        times=table.texts("time_columns", 'write the columns that make the time, such as ["Tanggal", "Jam"]'),
        time_format=_time_format(table),
        zone=zone,
        columns=tuple(_columns(values)),
        before_header=table.whole("lines_before_header", "how many to pass over", low=0, high=100, default=0),
        after_header=table.whole("lines_after_header", "how many to pass over", low=0, high=100, default=0),
    )
    if table.has("time_columns") and not rows.times:
        table.fault("time_columns", "names no column")
    if rows.delimiter == rows.decimal:
        table.fault("decimal", "is the delimiter too; one of them is wrong")
    folder = base / table.text("folder", "write the folder that the logger's files are in")
    if not folder.is_dir():
        table.fault("folder", f"{folder} is no folder that can be read; make it, or mount it")
    plan = FolderPlan(
        folder=folder,
        pattern=table.text("pattern", 'write which files of the folder are the logger\'s, such as "*.csv"'),
        encoding=_encoding(table),
        rows=rows,
        since_ms=_since(table, zone),
    )
    table.end()
    return plan


def _columns(values: list[TomlTable]) -> Iterator[Column]:
    for value, rule in _rules(values):
        name = value.text("column", "write the column's name as it stands in the header")
        words = value.texts("missing_words", 'write texts that mean no value, such as ["NAN", "---"]', ())
        value.end()
        yield Column(name=name, rule=rule, words=frozenset(words))


def _zone(table: TomlTable) -> ZoneInfo:
    remedy = "write the zone of the logger's own clock, such as Asia/Jakarta or UTC"
    name = table.text("timezone", remedy)
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        table.fault("timezone", f"{name!r} is not known; {remedy}")
        return ZoneInfo("UTC")


def _time_format(table: TomlTable) -> str:
    remedy = 'write it with %d %m %Y %H %M %S, such as "%d/%m/%Y %H:%M"'
    wanted = table.text("time_format", remedy)
    if wanted:
        names = {name for name in string.ascii_letters if f"%{name}" in wanted}
        if not (names & set("Yy") and names & set("mBb") and "d" in names and names & set("HI")) and "c" not in names:
            table.fault("time_format", f"{wanted!r} lacks year, month, day or hour; {remedy}")
    return wanted


def _encoding(table: TomlTable) -> str:
    name = table.text("encoding", "such as utf-8 or latin-1", "utf-8")
    try:
        if "\n".encode(name) != b"\n":
            table.fault("encoding", f"{name!r} has more than a byte for a line's end; have the logger write utf-8")
    except LookupError:
        table.fault("encoding", f"{name!r} is not known; write utf-8, or latin-1")
    return name


def _since(table: TomlTable, zone: ZoneInfo) -> int | None:
    if not table.has("since"):
        return None
    remedy = "write a day or a moment in the logger's zone, such as 2026-11-22 or 2026-11-22T06:00"
    try:
        found = datetime.fromisoformat(table.text("since", remedy))
    except ValueError:
        table.fault("since", f"is no day or moment; {remedy}")
        return None
    local = found if found.tzinfo is not None else found.replace(tzinfo=zone)
    return round(local.timestamp() * 1000)


def push_plan(table: TomlTable, values: list[TomlTable], base: Path) -> PushPlan:
    rules = {}
    for value, rule in _rules(values):
        name = value.text("name", "write the name under which the logger sends it")
        value.end()
        if name in rules:
            value.fault("name", f"{name!r} stands twice")
        rules[name] = rule
    token = _token(table, base / table.text("token_file", "write the file that holds the token, and nothing else"))
    table.end()
    return PushPlan(token=token, rules=rules)


def _token(table: TomlTable, path: Path) -> str:
    remedy = f"make one: (umask 077; openssl rand -hex 24 > {path})"
    if not table.has("token_file"):
        return ""
    try:
        is_private, token = private_file.is_private(path), path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        table.fault("token_file", f"{path} cannot be read: {error}; {remedy}")
        return ""
    if not is_private:
        table.fault("token_file", f"{path} can be read by others; chmod 600 it")
    if len(token) < SHORTEST_TOKEN or len(token.split()) != 1:
        table.fault("token_file", f"{path} holds no token of {SHORTEST_TOKEN} letters or more; {remedy}")
    return token


def _rules(values: list[TomlTable], *, counters: bool = False) -> Iterator[tuple[TomlTable, ValueRule]]:
    seen: set[str] = set()
    for value in values:
        rule = _rule(value, counters=counters)
        if rule.series in seen:
            value.fault("series", f"{rule.series!r} stands twice; a second sensor of a kind is {rule.series}.2")
        seen.add(rule.series)
        yield value, rule
    if len(values) > MOST_VALUES:
        values[MOST_VALUES].faults.add(values[MOST_VALUES].where, f"a logger has at most {MOST_VALUES} values")


def _rule(value: TomlTable, *, counters: bool) -> ValueRule:
    series = value.text("series", "write what it is on our side, such as level_m, distance_mm, rain_mm")
    unit = value.text("unit", f"write the unit after scale and offset: one of {', '.join(units.UNITS)}")
    if series and SERIES_PATTERN.match(series) is None:
        value.fault("series", f"{series[:40]!r} is not like level_m or distance_mm.2")
    elif series and unit:
        try:
            units.ratio(unit, series)
        except units.BadUnit as error:
            value.fault("unit", str(error))
    rule = ValueRule(
        series=series,
        unit=unit,
        scale=value.number("scale", "what to multiply with", low=-_HUGE, high=_HUGE, default=1),
        offset=value.number("offset", "what to add after scaling", low=-_HUGE, high=_HUGE, default=0),
        low=_limit(value, "min"),
        high=_limit(value, "max"),
        missing=value.numbers("missing", "write raw numbers that mean no value, such as [65535]"),
        counter=counters and value.yes("counter", "true for a running total", default=False),
    )
    if rule.scale == 0:
        value.fault("scale", "is 0, which leaves nothing of the value; write what to multiply with")
    if rule.low is not None and rule.high is not None and rule.low >= rule.high:
        value.fault("max", "is not above min; both are in the value's unit")
    return rule


def _limit(value: TomlTable, key: str) -> float | None:
    return value.number(key, "in the value's unit", low=-_HUGE, high=_HUGE) if value.has(key) else None
