"""Stations in files: TOML and CSV in and out, GeoJSON out. Reading keeps the line on which each thing stands."""

import csv
import io
import json
import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Final

from deploy.registry.file_form import Table
from deploy.registry.toml_text import array_of_tables

LIST_MARK: Final = "|"  # between the items of one CSV cell
COLUMNS: Final = (
    *("id", "name", "hazard", "river", "datum", "latitude", "longitude", "kelurahan", "neighbours", "owner", "photo"),
    *("example", "low_m", "high_m", "sensor", "sensor_mm", "site_m", "silence_minutes"),
    *("datum_m", "sound_reference_c", "mm_per_tip", "epoch_from"),
    *("thresholds.waspada", "thresholds.siaga", "thresholds.awas", "thresholds.hysteresis_m"),
    *("thresholds.hold_up_samples", "thresholds.hold_down_minutes", "thresholds.early_siaga_minutes"),
    *("thresholds.effective_from", "thresholds.author", "thresholds.reason"),
    *("impact.WASPADA", "impact.SIAGA", "impact.AWAS"),
    *("interval_seconds", "high_tide.waspada", "high_tide.siaga", "high_tide.awas", "rain_limits"),
    *("air_limits.waspada", "air_limits.siaga", "air_limits.awas", "air_limits.indicative"),
    *("air_limits.worsening_ugm3", "support.samples", "support.rain_mm", "support.second_m", "support.step_m"),
    "support.fresh_minutes",
)
WORDS: Final = frozenset(
    {"id", "name", "hazard", "river", "datum", "owner", "photo", "sensor", "epoch_from"}
    | {"thresholds.effective_from", "thresholds.author", "thresholds.reason"}
    | {"impact.WASPADA", "impact.SIAGA", "impact.AWAS"}
    | {"air_limits.waspada", "air_limits.siaga", "air_limits.awas", "air_limits.indicative"}
)


class BadFile(Exception):
    """A file that cannot be read as what it should be; the text names file, line and remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TablesFile:
    """Tables of a file; ``lines`` are those of the text, ``starts`` the line (from 1) on which each table begins."""

    path: Path
    tables: list[Table]
    starts: list[int]
    lines: list[str]
    what: str  # stations | nodes

    def where(self, number: int, name: str, key: str) -> str:
        """``stations.toml:14: stations[1] (welang): thresholds.awas``, with the key's own line when it has one."""
        line = self.starts[number] if self.path.suffix == ".csv" else self._line_of(number, key)
        return f"{self.path}:{line}: {self.what}[{number}] ({name or 'no id'}): {key}"

    def _line_of(self, number: int, key: str) -> int:
        first = self.starts[number]
        end = self.starts[number + 1] - 1 if number + 1 < len(self.starts) else len(self.lines)
        table, _, name = re.sub(r"\[\d+\]", "", key.split(" ", maxsplit=1)[0]).rpartition(".")
        section = ""
        for line in range(first + 1, end + 1):
            text = self.lines[line - 1]
            if heading := re.match(rf"\s*\[+\s*{self.what}\.?([\w.]*)\s*\]", text):
                section = heading[1]
                if section == key:
                    return line
            elif section == table and re.match(rf"\s*\"?{re.escape(name)}\"?\s*=", text):
                return line
        return first


def read(path: Path, *, what: str, columns: Sequence[str], words: frozenset[str]) -> TablesFile:
    """The ``[[what]]`` tables of a TOML file, or the rows of a CSV file; raises BadFile."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadFile(f"{path}: not UTF-8 at byte {error.start}: save it as UTF-8") from None
    if path.suffix == ".toml":
        return _toml(path, text, what)
    if path.suffix == ".csv":
        return _csv(path, text, what, columns, words)
    raise BadFile(f"{path}: the name must end in .toml or .csv")


def read_stations(path: Path) -> TablesFile:
    """Stations of a TOML or CSV file; raises BadFile."""
    return read(path, what="stations", columns=COLUMNS, words=WORDS)


def _toml(path: Path, text: str, what: str) -> TablesFile:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadFile(f"{path}: not valid TOML: {error}") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets in brackets
        raise BadFile(f"{path}: not valid TOML: brackets too deep, or a number too long") from None
    tables = document.pop(what, [])
    if document:
        raise BadFile(f"{path}: {min(document)!r} is not for this file, which holds [[{what}]] tables alone")
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise BadFile(f"{path}: there is no [[{what}]] table in it")
    lines = text.splitlines()
    heading = re.compile(rf"\s*\[\[\s*{what}\s*\]\]")
    starts = [number for number, line in enumerate(lines, 1) if heading.match(line)]
    if len(starts) != len(tables):
        raise BadFile(f"{path}: write each of the {what} under a [[{what}]] line of its own")
    return TablesFile(path=path, tables=[_plain(table) for table in tables], starts=starts, lines=lines, what=what)


def _plain(value: Any) -> Any:
    """Dates, and numbers that are none, as text: a table travels as JSON."""
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def _csv(path: Path, text: str, what: str, columns: Sequence[str], words: frozenset[str]) -> TablesFile:
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
    tables, starts = [], []
    try:
        names = [name.strip() for name in next(reader, [])]
        _check_columns(path, names, columns)
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(names):
                raise BadFile(
                    f"{path}:{reader.line_num}: {len(row)} cells under {len(names)} columns; a cell that holds the "
                    'delimiter or a line break is due in quotes ("), and each quote is closed'
                )
            tables.append(_row(names, row, words))
            starts.append(reader.line_num)
    except csv.Error as error:
        raise BadFile(f"{path}:{reader.line_num}: not valid CSV: {error}") from None
    if not tables:
        raise BadFile(f"{path}: there is no row under the columns")
    return TablesFile(path=path, tables=tables, starts=starts, lines=text.splitlines(), what=what)


def _check_columns(path: Path, names: list[str], columns: Sequence[str]) -> None:
    for name in names:
        if name not in columns:
            raise BadFile(f"{path}:1: there is no column {name!r}; there are {', '.join(columns)}")
        if names.count(name) > 1:
            raise BadFile(f"{path}:1: column {name} stands twice")
    if "id" not in names:
        raise BadFile(f"{path}:1: the column id is missing")


def _row(names: list[str], row: list[str], words: frozenset[str]) -> Table:
    table: Table = {}
    for name, cell in zip(names, row, strict=True):
        into, _, key = name.rpartition(".")
        place = table.setdefault(into, {}) if into else table
        place[key] = _cell(name, cell.strip(), words)
    return table


def _cell(name: str, cell: str, words: frozenset[str]) -> Any:
    """Numbers and truth where they are due; what is none stays text, and is refused with its key."""
    if not cell:
        return None
    if name in words:
        return cell
    taken = ITEMS.get(name, _number)
    if name in ITEMS or LIST_MARK in cell:
        return [taken(part.strip()) for part in cell.split(LIST_MARK)]
    return {"true": True, "false": False}.get(cell.lower(), _number(cell))


def _neighbour(text: str) -> Table:
    """``welang-atas:upstream:45``."""
    station, _, rest = text.partition(":")
    side, _, minutes = rest.partition(":")
    return {"station": station, "side": side, "travel_minutes": _number(minutes)}


def _rain_limit(text: str) -> Table:
    """``3h:60:SIAGA`` or ``3h:40:SIAGA:upstream``."""
    names = ("window", "mm", "level", "where")
    parts = dict(zip(names, text.split(":"), strict=False))
    return parts | ({"mm": _number(parts["mm"])} if "mm" in parts else {})


def _number(text: str) -> float | int | str:
    try:
        number = float(text)
    except ValueError:
        return text
    if not isfinite(number):
        return text
    return int(number) if number.is_integer() and "." not in text else number


ITEMS: Final[dict[str, Callable[[str], Any]]] = {
    "kelurahan": str,
    "neighbours": _neighbour,
    "rain_limits": _rain_limit,
}  # columns whose cells are lists


def toml_text(tables: Sequence[Table], what: str = "stations") -> str:
    """The tables as :func:`read` takes them; nothing is lost."""
    return "\n".join(array_of_tables(what, table) for table in tables)


def csv_text(tables: Sequence[Table]) -> str:
    """A row a station. Calibration as it is now: earlier epochs, and limits of quality control, are in TOML alone."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    used = [name for name in COLUMNS if name != "epoch_from"]
    writer.writerow(used)
    for table in tables:
        shown = table | _last_epochs(table)
        writer.writerow([_text(_value(shown, name)) for name in used])
    return out.getvalue()


def _last_epochs(table: Table) -> Table:
    found: Table = {}
    for epoch in table.get("epochs", []):
        names = {"distance_mm": ("datum_m", "sound_reference_c"), "rain_tips": ("mm_per_tip",)}
        for name in names.get(epoch["series"], ()):
            found[name] = epoch.get(name)
    return found


def _value(table: Table, name: str) -> Any:
    into, _, key = name.rpartition(".")
    return table.get(into, {}).get(key) if into else table.get(key)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return LIST_MARK.join(_text(each) for each in value)
    if isinstance(value, dict) and "window" in value:
        return ":".join(
            _text(each) for each in (value["window"], value["mm"], value["level"], value.get("where", "here"))
        )
    if isinstance(value, dict):
        return f"{value['station']}:{value['side']}:{value['travel_minutes']:g}"
    return str(value)


def geojson_text(tables: Sequence[Table]) -> str:
    """Stations that have coordinates, as points."""
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [table["longitude"], table["latitude"]]},
            "properties": {k: v for k, v in table.items() if k not in {"latitude", "longitude", "epochs"}},
        }
        for table in tables
        if "latitude" in table
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, indent=1) + "\n"
