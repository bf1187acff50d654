"""Air and tide, worked out beside core, taken into it: judged, stored and shown like what nodes send."""

from typing import TYPE_CHECKING, Final

from alerting.events import AirIndexed, TideWindow
from broker.quality_flags import Flag
from deploy.live.condition_views import air_view
from deploy.weather.air_index import AirOutcome
from deploy.weather.tide_forecast import TideForecast
from ingest.ispu import CATEGORIES, breakpoints
from ingest.readings import Reading
from ingest.tide_table import next_window_above

if TYPE_CHECKING:
    from deploy.core import Core

HOUR_MS: Final = 3_600_000
AIR_NODE: Final = "ispu"  # stands for a node in rows that were worked out


def air_stations(core: "Core") -> list[str]:
    return [name for name, station in core.registry.stations.items() if station.hazard == "air"]


def take_air(core: "Core", outcome: AirOutcome) -> None:
    """Store, judge and show what was worked out for a station; a turn of its own."""
    if outcome.station not in core.memory.states:
        return
    now = core.clock.now()
    core.memory.air[outcome.station] = air_view(outcome)
    count = 0 if outcome.index is None else 1 + len(outcome.index.sub_indices)
    core.group.readings += air_readings(outcome, first_id=core.journal.take_ids(count))
    core.judgement.scopes.step(outcome.station, air_event(outcome, now), now)
    core.station_revs[outcome.station] = core.journal.take_ids()
    core.hub.mark_station(outcome.station)
    core.turn()


def air_event(outcome: AirOutcome, now: int) -> AirIndexed:
    index, hour = outcome.index, outcome.hour
    rank = None if hour is None else sum(hour.mean_ugm3 > bound for bound in breakpoints[hour.parameter][:-1])
    return AirIndexed(
        now,
        None if index is None else index.value,
        None if index is None else CATEGORIES.index(index.category),
        None if index is None else index.critical,
        0.0 if index is None else index.complete,
        None if hour is None else hour.mean_ugm3,
        rank,
    )


def air_readings(outcome: AirOutcome, *, first_id: int) -> list[Reading]:
    """The index and its sub-indices as rows of the log: history has what was published. Ids from ``first_id``."""
    index = outcome.index
    if index is None:
        return []
    hours = {name: mean.mean.hours for name, mean in outcome.means.items()}
    values = {"ispu": (index.value, f"{index.critical}, {hours[index.critical]} of 24 h")}
    values |= {f"ispu_{name}": (value, f"{hours[name]} of 24 h") for name, value in index.sub_indices.items()}
    return [
        Reading(
            first_id + offset,
            AIR_NODE,
            0,
            outcome.until // HOUR_MS,
            quantity,
            0,
            outcome.station,
            quantity,
            outcome.until,
            None,
            outcome.computed_at,
            None,
            float(value),
            int(Flag.GOOD),
            f"ispu: {reason}",
            1,
        )
        for offset, (quantity, (value, reason)) in enumerate(values.items())
    ]


class TideFeed:
    """Keeps core's table of the tide, and tells stations of water when the next high water comes."""

    def __init__(self, core: "Core", forecast: TideForecast, *, above_m: float | None) -> None:
        self._core, self._forecast, self._above_m = core, forecast, above_m

    async def run(self) -> None:
        await self._forecast.run()
        core, table = self._core, self._forecast.table
        core.tide_problem = self._forecast.problem
        if table is None:
            return
        core.memory.tide = table
        now = core.clock.now()
        window = None if self._above_m is None else next_window_above(table, self._above_m, now)
        span = None
        if window is not None:
            start = table.start_ms if window.start is None else window.start
            span = (start, table.end_ms if window.end is None else window.end)
        for name, station in core.registry.stations.items():
            if station.measures_water:
                core.judgement.scopes.step(name, TideWindow(now, span), now)
                core.hub.mark_station(name)
