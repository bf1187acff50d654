"""Recipients in CSV files, as offices make them: read with whatever mark and heading they have, written for them."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

Columns = Mapping[str, tuple[str, ...]]

MARKS: Final = (",", ";", "\t")
EXAMPLE: Final = "name,rt,rw,kelurahan,number"
MOST_BYTES: Final = 50_000_000
# Our word for a column, and the words that offices use for it. Letters and digits only: "No. HP" is nohp.
COLUMNS: Final[Columns] = {
    "name": ("name", "nama", "namalengkap", "namaketua"),
    "rt": ("rt",),
    "rw": ("rw",),
    "kelurahan": ("kelurahan", "kel", "desa", "desakelurahan", "keldesa"),
    "number": (
        "number",
        "nomor",
        "nohp",
        "nomorhp",
        "hp",
        "telepon",
        "notelepon",
        "notelp",
        "telp",
        "phone",
        "nowa",
        "wa",
    ),
    "email": ("email", "surel"),
    "telegram": ("telegram", "idtelegram"),
    "url": ("url", "webhook"),
    "areas": ("areas", "kode", "kodewilayah"),
    "groups": ("groups", "group", "kelompok", "grup"),
    "channels": ("channels", "saluran"),
    "language": ("language", "bahasa"),
    "rank": ("rank", "urutan"),
    "kind": ("kind", "jenis"),
    "consent": ("consent", "persetujuan"),
    "consent_how": ("consenthow", "carapersetujuan"),
}
EXPORTED: Final = (
    "id", "kind", "name", "rt", "rw", "kelurahan", "number", "email", "telegram", "url", "areas", "groups", "channels",
    "language", "rank", "consent", "consent_at", "consent_how",
)  # fmt: skip
FORMULA: Final = re.compile(r"[=+\-@\t\r]")  # what makes a spreadsheet run a cell (OWASP, CSV injection)
PLACE: Final = re.compile(r"(\d\d(?:\.\d\d){2}\.\d{4})(?:/RW(\d\d))?(?:/RT(\d\d))?\Z")


class BadCsv(Exception):
    """The file cannot be read as a table; the text names it and says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line below the heading: values by our word for the column, without spaces around them."""

    number: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """``headings`` are the file's own words by ours; ``ignored`` those that mean nothing here."""

    lines: list[Line]
    headings: dict[str, str]
    ignored: list[str]


def read(path: Path, columns: Columns = COLUMNS, *, example: str = EXAMPLE) -> Sheet:
    """The lines of a CSV file, empty ones aside; raises BadCsv. ``example`` is a good heading."""
    text = _text(path)
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first:
        raise BadCsv(f"{path}: is empty; a heading is due: {example}")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(MARKS, key=first.count), strict=True)
    lines: list[Line] = []
    headings: list[str] | None = None
    places: dict[str, int] = {}
    try:
        for cells in reader:
            values = [cell.strip() for cell in cells]
            if not any(values):
                continue
            if headings is None:
                headings, places = values, _places(path, values, columns, example)
                continue
            if len(values) > len(headings) and any(values[len(headings) :]):
                raise BadCsv(
                    f"{path}:{reader.line_num}: {len(values)} values under {len(headings)} headings; put a value that "
                    'holds the mark between values into "..."'
                )
            named = {word: values[place] for word, place in places.items() if place < len(values)}
            lines.append(Line(number=reader.line_num, values=named))
    except csv.Error as error:
        raise BadCsv(f"{path}:{reader.line_num}: not a line of CSV: {error}; quotes come in pairs") from None
    if not lines:
        raise BadCsv(f"{path}: has a heading and nothing below it")
    return Sheet(
        lines=lines,
        headings={word: (headings or [])[place] for word, place in places.items()},
        ignored=[name for place, name in enumerate(headings or []) if name and place not in places.values()],
    )


def _places(path: Path, headings: Sequence[str], columns: Columns, example: str) -> dict[str, int]:
    """Which column holds what; raises BadCsv when none is known, or two mean the same."""
    found: dict[str, int] = {}
    for place, heading in enumerate(headings):
        bare = re.sub(r"[^a-z0-9]", "", heading.casefold())
        word = next((word for word, names in columns.items() if bare in names), None)
        if word in found:
            raise BadCsv(
                f"{path}: the columns {headings[found[word]]!r} and {heading!r} both mean {word}; leave one out"
            )
        if word is not None:
            found[word] = place
    if not found:
        raise BadCsv(f"{path}: no column is known in its first line; write a heading: {example}")
    return found


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadCsv(f"{path}: is over {MOST_BYTES // 1_000_000} MB; split it")
        data = path.read_bytes()
    except OSError as error:
        raise BadCsv(f"{path}: {error.strerror}") from None
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadCsv(f"{path}:{line}: not UTF-8; save it as CSV UTF-8") from None
    if "\0" in text:
        raise BadCsv(f"{path}: is no text; save the sheet as CSV UTF-8")
    return text


def write(people: Iterable[dict[str, Any]], area_name: dict[str, str]) -> str:
    """The CSV text of recipients in clear, one a line; the import of this version reads it back."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, EXPORTED, lineterminator="\n")
    writer.writeheader()
    for person in people:
        writer.writerow({key: _safe(str(value)) for key, value in _row(person, area_name).items()})
    return out.getvalue()


def _row(person: dict[str, Any], area_name: dict[str, str]) -> dict[str, Any]:
    contacts = {each["kind"]: each["text"] for each in person["contacts"]}
    place = PLACE.match(person["areas"][0]) if person["areas"] else None
    return {
        **{key: person[key] for key in ("id", "kind", "name", "language", "rank", "consent", "consent_how")},
        **{key: contacts.get(key, "") for key in ("email", "telegram", "url")},
        **{key: " ".join(person[key]) for key in ("areas", "groups", "channels")},
        "number": contacts.get("phone", ""),
        "rt": (place and place[3]) or "",
        "rw": (place and place[2]) or "",
        "kelurahan": area_name.get(place[1], "") if place else "",
        "consent_at": _moment(person["consent_at"]),
    }


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at // 1000, UTC).isoformat() if at else ""


def _safe(text: str) -> str:
    """A cell that no spreadsheet runs; the import takes the apostrophe away again."""
    return f"'{text}" if FORMULA.match(text) else text
