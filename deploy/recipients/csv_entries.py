"""From the lines of a CSV file to entries: each value in the form in which it is kept, or what to write instead."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from alerting.contacts import ContactKind
from alerting.recipients import Kind, Language
from deploy.recipients.csv_file import Line, Sheet
from deploy.recipients.entry import RANKS, Entry, faults, normal_contact
from deploy.registry.areas import Areas, UnknownArea, plain

NEEDED: Final[dict[Kind, tuple[str, ...]]] = {
    "head": ("name", "rw", "kelurahan", "number"),
    "resident": ("kelurahan", "number"),
    "institution": ("name", "kelurahan"),
    "officer": ("name",),
}
CONTACTS: Final[dict[str, ContactKind]] = {"number": "phone", "email": "email", "telegram": "telegram", "url": "url"}
EVERYWHERE: Final = ("semua", "seluruhkota", "kotapasuruan", "all")
AGREED: Final = ("", "given", "ya", "setuju")
NOT_AGREED: Final = ("left", "pending", "tidak", "berhenti")
LANGUAGES: Final[dict[str, Language]] = {"id": "id", "indonesia": "id", "en": "en", "inggris": "en"}


class BadCell(ValueError):
    """What to write in a column instead: the text does not repeat the cell."""

    def __init__(self, column: str, text: str) -> None:
        super().__init__(text)
        self.column = column


class BadCells(ValueError):
    """All that is wrong in one line: (column, text)."""

    def __init__(self, cells: list[tuple[str, str]]) -> None:
        super().__init__(str(cells))
        self.cells = cells


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """``heading`` is the file's own word for the column."""

    line: int
    heading: str
    text: str


@dataclass(slots=True, kw_only=True)
class Parsed:
    """What a sheet holds; how many lines were left out because they are of another kind, or did not agree."""

    entries: list[Entry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    other_kinds: int = 0
    without_consent: int = 0


def missing_columns(sheet: Sheet, kind: Kind) -> list[str]:
    """Columns that a file of this kind needs and does not have; ``areas`` stands for places."""
    placed = ("kelurahan", "rw") if "areas" in sheet.headings else ()
    due = [word for word in NEEDED[kind] if word not in sheet.headings and word not in placed]
    has_contact = any(word in sheet.headings for word in CONTACTS)
    return due if has_contact or "number" in due else [*due, "number"]


def entries_of(sheet: Sheet, kind: Kind, areas: Areas, *, groups: Sequence[str] = (), channels: list[str]) -> Parsed:
    """Every line as an entry, and every fault in the file: also a contact that stands in it twice."""
    parsed = Parsed()
    first: dict[tuple[str, str], int] = {}
    for line in sheet.lines:
        if line.values.get("kind", "").casefold() not in ("", kind):
            parsed.other_kinds += 1
            continue
        try:
            if not _agreed(line.values):
                parsed.without_consent += 1
                continue
            entry = _entry(line, kind, areas, groups)
        except BadCells as error:
            told = error.cells
        except BadCell as error:
            told = [(error.column, str(error))]
        else:
            told = [(_column(key), text) for key, text in faults(entry, areas, channels)]
            told += _twice(entry, first)
            parsed.entries.append(entry)
        headings = sheet.headings
        parsed.faults += [Fault(line=line.number, heading=headings.get(word, word), text=text) for word, text in told]
    return parsed


def _agreed(values: dict[str, str]) -> bool:
    """Whether a line's person may be told; an export says so of each. Raises BadCell."""
    said = plain(values.get("consent", ""))
    if said in NOT_AGREED:
        return False
    if said in AGREED:
        return True
    raise BadCell("consent", "is no consent; write given or left (ya or tidak)")


def _entry(line: Line, kind: Kind, areas: Areas, groups: Sequence[str]) -> Entry:
    values, bad = line.values, []

    def part(make: Any, otherwise: Any) -> Any:
        try:
            return make(values)
        except BadCell as error:
            bad.append((error.column, str(error)))
            return otherwise

    places = part(lambda cells: _areas(cells, kind, areas), ())
    contacts = part(_contacts, {})
    language, rank = part(_language, None), part(_rank, None)
    if not values.get("name") and "name" in NEEDED[kind]:
        bad.insert(0, ("name", "is missing"))
    if bad:
        raise BadCells(bad)
    return Entry(
        kind=kind,
        name=values.get("name", "").removeprefix("'"),
        contacts=contacts,
        areas=places,
        groups=tuple(dict.fromkeys((*_words(values, "groups"), *groups))),
        channels=_words(values, "channels"),
        language=language,
        rank=rank,
        consent_how=values.get("consent_how", "").removeprefix("'"),
        line=line.number,
    )


def _words(values: dict[str, str], key: str) -> tuple[str, ...]:
    return tuple(re.split(r"[\s;|]+", values[key].casefold())) if values.get(key) else ()


def _contacts(values: dict[str, str]) -> dict[ContactKind, str]:
    found: dict[ContactKind, str] = {}
    for column, kind in CONTACTS.items():
        if values.get(column):
            try:
                found[kind] = normal_contact(kind, values[column].removeprefix("'"))
            except ValueError as error:
                raise BadCell(column, str(error)) from None
    if not found:
        raise BadCell("number", "the number is missing; write it like 0812 3456 7890")
    return found


def _areas(values: dict[str, str], kind: Kind, areas: Areas) -> tuple[str, ...]:
    """Codes from the column of codes, or of kelurahan, RW and RT."""
    if values.get("areas"):
        return tuple(re.split(r"[\s;|]+", values["areas"].upper()))
    said = values.get("kelurahan", "")
    if not said:
        if kind == "officer":
            return ()
        raise BadCell("kelurahan", "is missing; write the kelurahan's name, or semua for the whole city")
    if plain(said) in EVERYWHERE:
        if kind in ("head", "resident"):
            raise BadCell("kelurahan", "one kelurahan is due; only an institution or an officer may have all")
        return tuple(area.code for area in areas.all() if area.kind == "kecamatan")
    codes = tuple(_code(each.strip(), areas) for each in said.split(";") if each.strip())
    below = _below(values)
    if below and len(codes) > 1:
        raise BadCell("kelurahan", "one kelurahan is due beside an RW")
    return tuple(f"{code}{below}" for code in codes)


def _code(said: str, areas: Areas) -> str:
    kecamatan = [
        area.code for area in areas.all() if area.kind == "kecamatan" and plain(f"kec{area.name}") == plain(said)
    ]
    if kecamatan:
        return kecamatan[0]
    try:
        return areas.code_of(said)
    except UnknownArea as error:
        raise BadCell("kelurahan", str(error)) from None


def _below(values: dict[str, str]) -> str:
    rw, rt = _two_digits(values, "rw"), _two_digits(values, "rt")
    if rt and not rw:
        raise BadCell("rw", "is missing beside the RT; write the RW's number")
    return (f"/RW{rw}" if rw else "") + (f"/RT{rt}" if rt else "")


def _two_digits(values: dict[str, str], key: str) -> str:
    """03 of 3, 03, 003 or RT 03; nothing of an empty cell or a dash."""
    said = values.get(key, "")
    if not said.strip("-'"):
        return ""
    match = re.fullmatch(rf"'?(?:{key})?[\s.:]*0*([1-9][0-9]?)(?:[.,]0)?", said, re.IGNORECASE)
    if match is None:
        raise BadCell(key, f"{said[:20]!r} is no number of an {key.upper()}; write 1 to 99")
    return f"{int(match[1]):02d}"


def _language(values: dict[str, str]) -> Language | None:
    said = values.get("language", "")
    if not said:
        return None
    found = LANGUAGES.get(plain(said))
    if found is None:
        raise BadCell("language", f"{said[:20]!r} is no language that is spoken here; write id or en")
    return found


def _rank(values: dict[str, str]) -> int | None:
    said = values.get("rank", "")
    if not said:
        return None
    if not re.fullmatch(r"[0-9]{1,2}", said) or int(said) not in RANKS:
        raise BadCell("rank", f"{said[:20]!r} is no rank; write 1 (told first) to {RANKS[-1]}")
    return int(said)


def _twice(entry: Entry, first: dict[tuple[str, str], int]) -> list[tuple[str, str]]:
    bad = []
    for kind, text in entry.contacts.items():
        line = first.setdefault((kind, text), entry.line)
        if line != entry.line:
            bad.append((_column(kind), f"the same stands in line {line}, perhaps spelt otherwise; leave one line out"))
    return bad


def _column(key: str) -> str:
    return "number" if key == "phone" else key
