"""The page's first sentence: the state as it would be read over the radio."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from alerting.web import words
from alerting.web.alert_list import AlertList
from alerting.web.blindness import Blindness
from alerting.web.catalogue import tr
from alerting.web.station_card import headline, outlook, trend_words
from alerting.web.station_state import MAINTENANCE, held_level, held_words, standing
from alerting.web.words import mark_of
from broker.levels import State
from broker.live import AlertView, StationView

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


def headline_of(
    stations: Iterable[StationView],
    *,
    alerts: AlertList,
    blindness: Blindness | None,
    site: str,
    now: int,
    waiting: int = 0,
) -> Headline:
    """Stations by their state, with active alerts of rain, air and areas, which are no state of a station.

    ``waiting`` is how many decisions somebody has to take.
    """
    said = _state(list(stations), alerts=alerts, blindness=blindness, site=site, now=now)
    if not waiting:
        return said
    return replace(said, text=f"{said.text} {tr('Menunggu {n} keputusan.', n=waiting)}".lstrip())


def _state(
    known: list[StationView], *, alerts: AlertList, blindness: Blindness | None, site: str, now: int
) -> Headline:
    if not known:
        text = tr("Belum ada stasiun. Tambah dengan perintah kentongan station import.")
        return Headline(counts="", text=text, mark="notset", title=f"Kentongan {site}")
    standings = {station.id: standing(station, alerts.weather.get(station.id, ())) for station in known}
    if blindness is not None:
        return _blind(blindness, standings.values(), site, now)
    counted = _counted(known, alerts)
    if not counted:
        return _with_areas(_calm(known, site), alerts, site) if alerts.loose else _calm(known, site)
    worst = _worst([*standings.values(), *(area.level for area in alerts.loose)])
    parts = [*_named(known, alerts, standings, now), *_areas(alerts), *_worked_on(known, now), *_silent(known)]
    return Headline(
        counts=f"{', '.join(counted)}.",
        text=" ".join(parts),
        mark=mark_of(worst),
        title=f"{_title(counted[0], worst)} · Kentongan {site}",
    )


def _title(first: str, worst: str) -> str:
    """The worst state, and a level that silence or maintenance holds before the silence itself."""
    return tr("sedikitnya {level}", level=worst) if words.rank(worst) and not first.endswith(worst) else first


def _with_areas(calm: Headline, alerts: AlertList, site: str) -> Headline:
    worst = alerts.loose[0].level
    text = " ".join([*_areas(alerts)[1:], calm.text])
    return Headline(
        counts=_areas(alerts)[0],
        text=text,
        mark=mark_of(worst),
        title=f"{tr('Wilayah {level}', level=worst)} · Kentongan {site}",
    )


def _blind(blindness: Blindness, standings: Iterable[str], site: str, now: int) -> Headline:
    held = "".join(f" {each}." for each in blindness.held[:MAX_NAMED])
    worst = _worst([State.NO_DATA.value, *standings])
    title = f"{tr('BUTA')} · Kentongan {site}"
    return Headline(counts=f"{tr('BUTA')}:", text=f"{blindness.words(now)}.{held}", mark=mark_of(worst), title=title)


def _counted(stations: list[StationView], alerts: AlertList) -> list[str]:
    """How many stations are in each state worth counting; an alert of rain or air counts when it is the worse."""
    by_state = Counter(_said(station, alerts.weather.get(station.id, ())) for station in stations)
    return [f"{by_state[state.value]} {tr(state.value)}" for state in COUNTED if by_state[state.value]]


def _said(station: StationView, weather: Sequence[AlertView]) -> str:
    return max([station.state, *(alert.level for alert in weather)], key=words.rank)


def _worst(standings: Iterable[str]) -> str:
    known = set(standings)
    return next((str(state.value) for state in COUNTED if state.value in known), State.NORMAL.value)


def _calm(stations: list[StationView], site: str) -> Headline:
    by_state = Counter(station.state for station in stations)
    normal, unset = by_state[State.NORMAL.value], by_state[State.NOT_SET.value]
    if not normal:
        text = tr("Belum ada ambang: {n} stasiun mengukur, tidak ada yang dapat diperingatkan.", n=unset)
        return Headline(counts="", text=text, mark="notset", title=f"Kentongan {site}")
    text = tr("{n} stasiun NORMAL.", n=normal) if unset else tr("Semua {n} stasiun NORMAL.", n=normal)
    text += f" {tr('{n} stasiun BELUM DITETAPKAN.', n=unset)}" if unset else ""
    text += "".join(f" {sentence}" for sentence in _doubted(stations))
    return Headline(counts="", text=text, mark="normal", title=f"NORMAL · Kentongan {site}")


def _named(stations: list[StationView], alerts: AlertList, standings: dict[str, str], now: int) -> list[str]:
    """The worst stations with value, trend and outlook; the rest stay in the counts."""
    up = [station for station in stations if words.rank(standings[station.id])]
    up.sort(key=lambda station: -words.rank(standings[station.id]))
    return [_station_words(station, alerts.weather.get(station.id, ()), now) for station in up[:MAX_NAMED]]


def _station_words(station: StationView, weather: Sequence[AlertView], now: int) -> str:
    own = held_level(station) or station.state
    if weather and words.rank(weather[0].level) > words.rank(own):
        return f"{station.name}: {tr(words.SUBJECTS[weather[0].hazard])} {weather[0].level}."
    held = held_words(station)
    if held is not None:
        return f"{station.name} {tr('dalam pemeliharaan') if station.maintenance else tr('tanpa data')}, {held}."
    head = headline(station)
    if head is None or head.value is None:
        return f"{station.name} {tr(station.state)}, {tr('bacaan terakhir tidak dapat dipakai')}."
    said = " ".join(part for part in (station.name, head.shown, head.unit, trend_words(station.trend)) if part)
    expected = outlook(station.trend, now)
    parts = [said, expected, tr("belum terverifikasi") if station.unverified else None]
    return f"{', '.join(part for part in parts if part)}."


def _areas(alerts: AlertList) -> list[str]:
    """Areas without a station's alert, one sentence a level, the worst first."""
    names: dict[str, list[str]] = {}
    for area in alerts.loose:
        names.setdefault(area.level, []).append(area.station_name)
    return [f"{tr('Wilayah {level}', level=level)}: {_first(members)}." for level, members in names.items()]


def _worked_on(stations: list[StationView], now: int) -> list[str]:
    """Who is in maintenance, and that the others are normal when they are: their silence would be a question."""
    worked = [station for station in stations if station.state == MAINTENANCE]
    if not worked:
        return []
    said = [_until(station, now) for station in worked if held_level(station) is None]
    states = Counter(station.state for station in stations)
    normal = states[State.NORMAL.value]
    is_calm = normal and not any(states[state.value] for state in COUNTED if state is not State.MAINTENANCE)
    return said[:MAX_NAMED] + ([tr("{n} stasiun lain NORMAL.", n=normal)] if is_calm else [])


def _until(station: StationView, now: int) -> str:
    if station.maintenance is None:
        return tr("{name} dikerjakan.", name=station.name)
    until = words.minute(station.maintenance.until, now)
    return tr("{name} dikerjakan sampai {until}.", name=station.name, until=until)


def _silent(stations: list[StationView]) -> list[str]:
    unheard = [station for station in stations if station.state == State.NO_DATA.value and not held_level(station)]
    names = [station.name for station in unheard]
    return [f"{tr('Tanpa data')}: {_first(names)}."] if names else []


def _first(names: list[str]) -> str:
    return f"{', '.join(names[:3])}{tr(' dan lainnya') if len(names) > 3 else ''}"


def _doubted(stations: list[StationView]) -> list[str]:
    heads = [(station.name, headline(station)) for station in stations]
    names = [name for name, head in heads if head is not None and head.doubt is not None]
    return [f"{tr('Perlu diperiksa')}: {', '.join(names[:3])}."] if names else []
