"""What a received SMS asks for: words as people write them, misspelt, in any case, with or without full stops. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from typing import Final, Literal

PlaceKind = Literal["kelurahan", "kecamatan"]

MOST_READ: Final = 320  # letters; what is longer is no command
LEAVE: Final = ("BERHENTI", "STOP", "UNREG", "UNSUBSCRIBE")
LEAVE_ALONE: Final = ("KELUAR", "HENTIKAN", "UNSUB")  # "keluar rumah" is no wish to leave
JOIN: Final = ("DAFTAR", "REG", "IKUT", "REGISTER")
INFO: Final = ("INFO", "STATUS", "CEK", "INFORMASI")
ACKNOWLEDGE: Final = ("OK", "OKE", "SAYA", "SIAP")
# "2 orang terjebak" is no word of safety: only what is known may stand beside the number.
REPORTS: Final = {"1": {"AIR", "MASUK", "BANJIR", "DI", "RUMAH", "SAYA"}, "2": {"AMAN", "SAYA", "KAMI"}}
BEFORE: Final = ("SAYA", "MAU", "INGIN", "TOLONG", "MOHON", "MINTA", "PAK", "BU", "MIN", "ADMIN")
BESIDE: Final = ("DI", "SAYA", "WARGA", "ALAMAT", "UNTUK", "KOTA", "PASURUAN")
_KINDS: Final[dict[str, PlaceKind]] = {
    "KEL": "kelurahan",
    "KELURAHAN": "kelurahan",
    "KLURAHAN": "kelurahan",
    "DESA": "kelurahan",
    "KEC": "kecamatan",
    "KECAMATAN": "kecamatan",
}
_NEAR_WORD: Final = 0.8
_NEAR_LEAVE: Final = 0.85  # "berhati-hati" is not near enough
_NEAR_NAME: Final = 0.75
_BEGINNING: Final = (4, 0.95)  # letters of a name's beginning that are enough, and how much like the name they are
_AS_NEAR: Final = 0.06  # names whose likeness differs by less are both meant: Petahunan, Petamanan
_MOST_CHOICES: Final = 3
_RT: Final = re.compile(r"\bRT[\s.:]*0*(\d{1,2})\b")
_RW: Final = re.compile(r"\bRW[\s.:]*0*(\d{1,2})\b")
_RT_RW: Final = re.compile(r"\b(?:RT\s*/\s*RW[\s.:]*)?0*(\d{1,2})\s*/\s*0*(\d{1,2})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceSaid:
    """A place as somebody wrote it; ``below`` is ``/RW03/RT02``, ``/RW03`` or empty."""

    name: str
    kind: PlaceKind | None = None
    below: str = ""


@dataclass(frozen=True, slots=True)
class Join:
    place: PlaceSaid


@dataclass(frozen=True, slots=True)
class Leave:
    pass


@dataclass(frozen=True, slots=True)
class AskState:
    """INFO; a place without a name is the sender's own."""

    place: PlaceSaid


@dataclass(frozen=True, slots=True)
class Report:
    answer: Literal["water", "safe"]


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """An officer has it in hand."""


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    pass


Asked = Join | Leave | AskState | Report | Acknowledge | NotUnderstood


def asked(text: str) -> Asked:
    """What ``text`` asks for. Leaving is understood most easily, and never from the middle of a sentence."""
    words = _words(text)
    if not words:
        return NotUnderstood()
    if words[0] in REPORTS and set(words[1:]) <= REPORTS[words[0]]:
        return Report("water" if words[0] == "1" else "safe")
    started = _started(words)
    if started and (_is(started[0], LEAVE, _NEAR_LEAVE) or (len(started) == 1 and started[0] in LEAVE_ALONE)):
        return Leave()
    if started and _is(started[0], JOIN):
        return Join(place_said(" ".join(started[1:])))
    if started and _is(started[0], INFO):
        return AskState(place_said(" ".join(started[1:])))
    return Acknowledge() if words[0] in ACKNOWLEDGE else NotUnderstood()


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text[:MOST_READ]).upper()
    return re.findall(r"[A-Z0-9'/]+", plain.replace("\u2019", "'"))


def _started(words: list[str]) -> list[str]:
    """Without what is polite: ``saya mau berhenti``."""
    count = next((n for n, word in enumerate(words) if word not in BEFORE), len(words))
    return words[count:]


def _is(word: str, known: tuple[str, ...], near: float = _NEAR_WORD) -> bool:
    """Whether a word is one of ``known``, or the first of them misspelt."""
    return word in known or bool(get_close_matches(word, [known[0]], n=1, cutoff=near))


def place_said(text: str) -> PlaceSaid:
    """``karangketug RT 03/RW 02``, ``kel. gadingrejo 3/2`` (RT first, as people write it)."""
    rest = text.upper()
    pair = _RT_RW.search(rest)
    rt, rw = (pair[1], pair[2]) if pair else (_number(_RT, rest), _number(_RW, rest))
    for pattern in (_RT_RW, _RT, _RW):
        rest = pattern.sub(" ", rest)
    kind: PlaceKind | None = None
    names = []
    for word in re.findall(r"[A-Z']+", rest):
        if word in _KINDS:
            kind = _KINDS[word]
        elif word not in BESIDE:
            names.append(word)
    return PlaceSaid(name=" ".join(names), kind=kind, below=below(rw or "", rt or ""))


def _number(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found[1] if found else None


def below(rw: str, rt: str) -> str:
    """The end of an area's code: ``/RW03/RT02``; without an RW there is none, whatever the RT."""
    numbers = [int(each) if each.isascii() and each.isdigit() else 0 for each in (rw, rt)]
    if not 0 < numbers[0] < 100:
        return ""
    return f"/RW{numbers[0]:02d}" + (f"/RT{numbers[1]:02d}" if 0 < numbers[1] < 100 else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A kelurahan or a kecamatan that one can choose; ``printed`` tells twins apart: ``Kel. Gadingrejo``."""

    code: str
    name: str
    kind: PlaceKind
    printed: str


def places_meant(said: PlaceSaid, places: Sequence[Place]) -> list[Place]:
    """The place that is meant; several when the sender has to choose; none when nothing is near enough.

    RT and RW lie in a kelurahan, so with them no kecamatan is meant.
    """
    key, kind = _letters(said.name), "kelurahan" if said.below else said.kind
    near: list[tuple[float, Place]] = []
    for place in places:
        likeness = _likeness(key, _letters(place.name))
        if likeness >= _NEAR_NAME and kind in (None, place.kind):
            near.append((likeness, place))
    best = max((likeness for likeness, _ in near), default=0.0)
    least = 1.0 if best == 1.0 else best - _AS_NEAR
    return [place for likeness, place in sorted(near, key=_by_likeness) if likeness >= least][:_MOST_CHOICES]


def _likeness(key: str, name: str) -> float:
    if not key or key == name:
        return float(bool(key))
    least, as_much = _BEGINNING
    beginning = as_much if len(key) >= least and name.startswith(key) else 0.0
    return max(beginning, SequenceMatcher(None, key, name).ratio())


def _by_likeness(found: tuple[float, Place]) -> tuple[float, str]:
    return -found[0], found[1].code


def _letters(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())
