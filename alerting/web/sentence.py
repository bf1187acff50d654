"""The page's first sentence: the state as it would be read over the radio."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from alerting.web.station_card import headline, held_level, held_words, outlook, trend_words
from alerting.web.words import mark_of
from broker.levels import State
from broker.live import StationView

# What is counted in the sentence, worst first. BELUM DITETAPKAN is a state of calm that nobody may call normal.
COUNTED: Final = (State.AWAS, State.SIAGA, State.WASPADA, State.NO_DATA, State.MAINTENANCE)
LEVELS: Final = (State.AWAS, State.SIAGA, State.WASPADA)
MAX_NAMED: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """``counts`` and ``text`` make the sentence, ``mark`` the worst state's mark, ``title`` the browser's tab."""

    counts: str
    text: str
    mark: str
    title: str


def headline_of(stations: Iterable[StationView], *, site: str, now: int) -> Headline:
    known = list(stations)
    if not known:
        text = "Belum ada stasiun. Tambah dengan perintah kentongan station import."
        return Headline(counts="", text=text, mark="notset", title=f"Kentongan {site}")
    by_state = Counter(station.state for station in known)
    counted = [f"{by_state[state.value]} {state.value}" for state in COUNTED if by_state[state.value]]
    if not counted:
        return _calm(known, by_state, site)
    worst = _worst(known)
    text = " ".join([*_named(known, now), *_silent(known)])
    counts = ", ".join(counted) + "."
    return Headline(counts=counts, text=text, mark=mark_of(worst), title=f"{counted[0]} · Kentongan {site}")


def _standing(station: StationView) -> str:
    """What a station counts for when the worst is named: its state, or the level that its silence holds."""
    return held_level(station) or station.state


def _worst(stations: list[StationView]) -> str:
    standing = {_standing(station) for station in stations}
    return next(str(state.value) for state in COUNTED if state.value in standing)


def _calm(stations: list[StationView], by_state: Counter[str], site: str) -> Headline:
    normal, unset = by_state[State.NORMAL.value], by_state[State.NOT_SET.value]
    if not normal:
        text = f"Belum ada ambang: {unset} stasiun mengukur, tidak ada yang dapat diperingatkan."
        return Headline(counts="", text=text, mark="notset", title=f"Kentongan {site}")
    text = f"{normal} stasiun NORMAL." if unset else f"Semua {normal} stasiun NORMAL."
    text += f" {unset} stasiun BELUM DITETAPKAN." if unset else ""
    text += "".join(f" {sentence}" for sentence in _doubted(stations))
    return Headline(counts="", text=text, mark="normal", title=f"NORMAL · Kentongan {site}")


def _named(stations: list[StationView], now: int) -> list[str]:
    """The worst stations with value, trend and outlook; the rest stay in the counts."""
    ranked = [station for state in LEVELS for station in stations if _standing(station) == state.value]
    return [_station_words(station, now) for station in ranked[:MAX_NAMED]]


def _station_words(station: StationView, now: int) -> str:
    held = held_words(station)
    if held is not None:
        return f"{station.name} tanpa data, {held}."
    head = headline(station)
    if head is None or head.value is None:
        return f"{station.name} {station.state}, bacaan terakhir tidak dapat dipakai."
    said = " ".join(part for part in (station.name, head.shown, head.unit, trend_words(station.trend)) if part)
    expected = outlook(station.trend, now)
    return f"{said}, {expected}." if expected else f"{said}."


def _silent(stations: list[StationView]) -> list[str]:
    unheard = [station for station in stations if station.state == State.NO_DATA.value and not held_level(station)]
    names = [station.name for station in unheard]
    return [f"Tanpa data: {', '.join(names[:3])}{' dan lainnya' if len(names) > 3 else ''}."] if names else []


def _doubted(stations: list[StationView]) -> list[str]:
    heads = [(station.name, headline(station)) for station in stations]
    names = [name for name, head in heads if head is not None and head.doubt is not None]
    return [f"Perlu diperiksa: {', '.join(names[:3])}."] if names else []
