"""How a kelurahan stands in public: what was told there, else what its gauges let one say. Pure.

Never less than people were told, and never NORMAL on the word of nobody: without a gauge, without thresholds, without
data, and while officers look at something, the page says so instead.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from alerting.web import words
from alerting.web.public.told import Told, is_near
from alerting.web.station_state import held_level
from broker.levels import State
from broker.live import StationView

WATER: Final = ("level", "tide")
CHECKING: Final = "SEDANG DIPERIKSA"  # water above normal, or an alert, of which nothing was told
UNWATCHED: Final = "BELUM ADA ALAT"
NO_DATA: Final = State.NO_DATA.value
NOT_SET: Final = State.NOT_SET.value
MAINTENANCE: Final = State.MAINTENANCE.value
NORMAL: Final = State.NORMAL.value
# Words of the page itself are drawn like the states that they are nearest to: never green.
MARKS: Final = {CHECKING: "notset", UNWATCHED: "notset"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """``state`` is a level, a state of a station, CHECKING or UNWATCHED. ``told`` is the worst that was told here.

    ``at_least``: a gauge fell silent while the level stood. ``is_partial``: NORMAL, but not every gauge was heard.
    """

    state: str
    told: Told | None = None
    at_least: bool = False
    is_partial: bool = False

    @property
    def mark(self) -> str:
        return MARKS.get(self.state) or words.mark_of(self.state)


def stand_of(
    code: str,
    stations: Collection[StationView],
    *,
    told: Collection[Told],
    untold: Collection[str],
    is_lost: bool,
) -> Stand:
    """``stations`` are those that matter to the area, ``told`` and ``untold`` of all areas, the worst first.

    ``is_lost``: nothing comes from core, so that what is known may be over.
    """
    water = [station for station in stations if station.hazard in WATER]
    here = [each for each in told if is_near(code, each.area)]
    if here:
        silent = is_lost or any(_is_silent(station) for station in water)
        return Stand(state=here[0].level.name, told=here[0], at_least=silent)
    if is_lost:
        return Stand(state=NO_DATA)
    if any(is_near(code, area) for area in untold) or any(_stands_above(station) for station in stations):
        return Stand(state=CHECKING)
    return _quiet(water)


def _quiet(water: list[StationView]) -> Stand:
    if not water:
        return Stand(state=UNWATCHED)
    working = [station for station in water if station.maintenance is None]
    if not working:
        return Stand(state=MAINTENANCE)
    heard = [station for station in working if not _is_silent(station)]
    if not heard:
        return Stand(state=NO_DATA)
    if not any(station.state == NORMAL for station in heard):
        return Stand(state=NOT_SET)
    return Stand(state=NORMAL, is_partial=len(heard) < len(water))


def _is_silent(station: StationView) -> bool:
    return station.silent or station.state == NO_DATA


def _stands_above(station: StationView) -> bool:
    """Also a level that it is silent at, or that it held before somebody began to work on it."""
    return words.rank(station.state) > 0 or held_level(station) is not None
