"""What somebody wants to say of a recipient, from a file, a command or a page, and whether it can be true."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from alerting import phone_numbers
from alerting.contacts import ContactKind
from alerting.phone_numbers import BadNumber
from alerting.recipients import Kind, Language
from deploy.registry.areas import CODE, Areas

NAME: Final = 60  # letters
MOST_GROUPS: Final = 10
MOST_AREAS: Final = 50
URL: Final = 500  # letters
GROUP: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,30}\Z")
EMAIL: Final = re.compile(r"[^@\s<>()\[\],;:\"\\]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,}\Z")
TELEGRAM: Final = re.compile(r"-?[0-9]{3,16}\Z")
RANKS: Final = range(1, 100)
Fault = tuple[str, str]  # key, what to write instead


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Contacts are normalised; areas are codes. None: as it was, or as usual. ``line`` is of the file it comes from."""

    kind: Kind
    name: str = ""
    contacts: dict[ContactKind, str] = {}
    areas: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    language: Language | None = None
    rank: int | None = None
    consent_how: str = ""
    line: int = 0


def normal_contact(kind: ContactKind, text: str) -> str:
    """A contact in the form in which it is kept and found again; raises ValueError with a sentence without it."""
    plain = text.strip()
    match kind:
        case "phone":
            return phone_numbers.normalise(plain)
        case "email":
            if not EMAIL.match(plain):
                raise ValueError("this is no e-mail address; write one like nama@contoh.go.id")
            name, _, host = plain.rpartition("@")
            return f"{name}@{host.lower()}"
        case "telegram":
            if not TELEGRAM.match(plain):
                raise ValueError("this is no Telegram chat id; write its digits (a group's begins with a minus)")
            return plain
        case "url":
            return _url(plain)


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and text.isprintable() and " " not in text
        is_good = is_good and len(text) <= URL
    except ValueError:
        is_good = False
    if not is_good:
        raise ValueError("this is no address of a webhook; write one that begins with https://")
    return text


def faults(entry: Entry, areas: Areas, channels: list[str]) -> Iterator[Fault]:
    """What cannot be true of an entry, with what to write instead; nothing of it repeats a contact."""
    yield from _of_name(entry)
    yield from _of_contacts(entry)
    yield from _of_areas(entry, areas)
    for group in entry.groups:
        if not GROUP.match(group):
            yield "groups", f"{group[:40]!r} is no group; write 2 to 31 of a-z, 0-9 and hyphen"
    if len(entry.groups) > MOST_GROUPS:
        yield "groups", f"{len(entry.groups)} groups are more than {MOST_GROUPS}"
    for channel in entry.channels:
        if channel not in channels:
            yield "channels", f"channel {channel[:40]!r} is not configured; there is {', '.join(channels) or 'none'}"
    if entry.rank is not None and entry.rank not in RANKS:
        yield "rank", f"{entry.rank} is no rank; write 1 (told first) to {RANKS[-1]}"


def _of_name(entry: Entry) -> Iterator[Fault]:
    name = entry.name
    if not name and entry.kind != "resident":
        yield "name", "is missing"
    if len(name) > NAME:
        yield "name", f"has {len(name)} letters; write at most {NAME}"
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp") for letter in _joined(name)):
        yield "name", "holds letters that cannot be seen; type it again"


def _joined(name: str) -> str:
    """Without what joins the parts of an emoji, which is harmless."""
    return name.replace("\u200d", "").replace("\ufe0f", "")


def _of_contacts(entry: Entry) -> Iterator[Fault]:
    if not entry.contacts:
        yield "number", "is missing; without a contact nobody can be told"
    if entry.kind in ("head", "resident") and entry.contacts and set(entry.contacts) != {"phone"}:
        yield "number", "heads and residents are told by their mobile number only; leave other contacts out"
    for kind, text in entry.contacts.items():
        try:
            is_normal = normal_contact(kind, text) == text if kind != "phone" else phone_numbers.is_normal(text)
        except ValueError as error:
            yield _key(kind), str(error)
            continue
        if not is_normal:
            yield _key(kind), _why_not(kind, text)


def _why_not(kind: ContactKind, text: str) -> str:
    try:
        normal_contact(kind, text)
    except BadNumber as error:
        return str(error)
    return "is not in the form in which it is kept; a number is due as +628..."


def _key(kind: ContactKind) -> str:
    return "number" if kind == "phone" else kind


def _of_areas(entry: Entry, areas: Areas) -> Iterator[Fault]:
    if not entry.areas and entry.kind != "officer":
        yield "kelurahan", "is missing; write its name, or semua for the whole city"
    if len(entry.areas) > MOST_AREAS:
        yield "kelurahan", f"{len(entry.areas)} areas are more than {MOST_AREAS}; write a kecamatan, or semua"
    for code in entry.areas[:MOST_AREAS]:
        if not CODE.match(code) or areas.get(code.partition("/")[0]) is None:
            yield "kelurahan", f"{code[:40]!r} is no area that is known; see kentongan area list"
    if entry.kind == "head" and not any("/" in code for code in entry.areas):
        yield "rw", "is missing; write the RW's number, and the RT's for an RT head"


def entry_of(said: Any) -> Entry:
    """An entry of plain JSON; raises ValueError with a sentence that repeats no value."""
    try:
        return msgspec.convert(said, Entry)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        raise ValueError(f"{where.rstrip('`').lstrip('.') or 'entry'}: {what}") from None
