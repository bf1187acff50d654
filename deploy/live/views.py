"""Entities as those who watch see them, made from core's state. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from alerting.engine import Decision, StationState, forecast, trend_of
from alerting.outbox import Entry
from alerting.policy import alert_id
from alerting.rules import StationRules
from broker.levels import STATE_OF_LEVEL, Level, State
from broker.live import (
    AirView,
    AlertView,
    MaintenanceView,
    MessageView,
    NodeAlarm,
    RainView,
    SeriesView,
    StationView,
    TideView,
    TrendView,
)
from broker.quality_flags import Flag, explain_flag
from broker.station import Station
from deploy.registry.drift import Drift
from ingest.readings import Reading


class Weather(msgspec.Struct, frozen=True, kw_only=True):
    """What goes with a station's own readings; None where there is nothing to say."""

    air: AirView | None = None
    rain: RainView | None = None
    tide: TideView | None = None


NO_WEATHER: Final = Weather()
NO_CLOCKS: Final[Mapping[str, int]] = {}
NO_ALARMS: Final[Mapping[str, list[NodeAlarm]]] = {}


def station_view(
    station: Station,
    state: StationState,
    rules: StationRules,
    latest: Iterable[Reading],
    *,
    nodes: list[str],
    behind_ms: Mapping[str, int] = NO_CLOCKS,
    health: Mapping[str, list[NodeAlarm]] = NO_ALARMS,
    kelurahan: Sequence[str] = (),
    drift: Drift | None = None,
    weather: Weather = NO_WEATHER,
    rev: int,
) -> StationView:
    trend = trend_of(state) if rules.level is not None or station.measures_water else None
    expected = forecast(state, rules, trend)
    says = state_of(state, rules, weather.air)
    rule = rules.level
    limits = {} if rule is None else {level.name: rule.thresholds.of(level) for level in Level if level}
    return StationView(
        id=station.id,
        rev=rev,
        name=station.name,
        hazard=station.hazard,
        state=says.value,
        level=Level(state.level).name if rule is not None else None,
        since=state.silent_since if says is State.NO_DATA else state.level_since,
        at_least=state.at_least or (says is State.NO_DATA and state.level > Level.NORMAL),
        silent=state.silent_since is not None,
        series=_series(latest, state, rules),
        trend=None
        if trend is None
        else TrendView(
            rate_m_per_h=trend.rate,
            next_level=expected[0].name if expected else None,
            eta_from=expected[1].earliest if expected else None,
            eta_to=expected[1].latest if expected else None,
        ),
        thresholds=limits,
        low_m=station.low_m if station.measures_water else None,
        high_m=station.high_m if station.high_m is not None else station.datum_m,
        example=station.example,
        nodes=nodes,
        behind_ms=dict(behind_ms),
        health=dict(health),
        last_seen=state.last_seen,
        river=station.river,
        kelurahan=list(kelurahan),
        areas=list(station.kelurahan),
        latitude=station.latitude,
        longitude=station.longitude,
        datum=station.datum,
        datum_m=station.datum_m,
        owner=station.owner,
        impact=station.impact,
        drift_m=None if drift is None else drift.drift_m,
        drift_since=None if drift is None else drift.since,
        air=weather.air,
        rain=weather.rain,
        tide=weather.tide,
        unverified=state.verified_level < state.level or state.doubt is not None,
        maintenance=_maintenance(state),
    )


def _maintenance(state: StationState) -> MaintenanceView | None:
    work = state.maintenance
    return None if work is None else MaintenanceView(since=work.since, until=work.until, by=work.by, reason=work.reason)


def _series(latest: Iterable[Reading], state: StationState, rules: StationRules) -> list[SeriesView]:
    views = [_series_view(reading, state, rules) for reading in latest]
    if state.last_seen is not None and not any(view.quantity == rules.quantity for view in views):
        # After a restart the engine still knows the last good value.
        views.append(
            SeriesView(
                quantity=rules.quantity,
                value=state.last_value,
                raw=None,
                time=state.last_time,
                received_at=state.last_seen,
                flag=int(Flag.GOOD),
            )
        )
    return views


def _series_view(reading: Reading, state: StationState, rules: StationRules) -> SeriesView:
    """A missing value shows the last good one with its own time, under the flag and reason of what is missing."""
    value, time, received_at = reading.value, reading.time, reading.received_at
    if value is None and reading.quantity == rules.quantity and state.last_seen is not None:
        value, time, received_at = state.last_value, state.last_time, state.last_seen
    return SeriesView(
        quantity=reading.quantity,
        value=value,
        raw=reading.raw,
        time=time,
        received_at=received_at,
        flag=reading.flag,
        reason=reading.reason,
        why=explain_flag(reading.flag, reading.reason) if reading.flag != Flag.GOOD else None,
        node=reading.node,
        epoch=reading.epoch,
    )


def state_of(state: StationState, rules: StationRules, air: AirView | None = None) -> State:
    """What the station says: maintenance, then silence, before everything; with nothing to judge by it is never NORMAL.

    ``air`` is what is known of its index: a place whose ISPU could not be worked out is not said to be well.
    """
    if state.maintenance is not None:
        return State.MAINTENANCE
    if state.last_seen is None or state.silent_since is not None:
        return State.NO_DATA
    episodes = [episode.level for episode in (state.rain, state.air) if episode is not None]
    level = max([state.level, *episodes])
    has_index = rules.air is not None and air is not None and air.index is not None
    if level == Level.NORMAL and rules.level is None and rules.rain is None and not has_index:
        return State.NOT_SET
    return STATE_OF_LEVEL[Level(level)]


def alert_view(
    decision: Decision,
    *,
    rev: int,
    why: str,
    decided_at: int,
    raised_at: int,
    station: tuple[str, bool],
    latency_ms: float | None = None,
) -> AlertView:
    """One version of an alert; ``station`` is its name and whether it is an example."""
    return AlertView(
        id=alert_id(decision),
        rev=rev,
        station=decision.station,
        station_name=station[0],
        hazard=decision.hazard,
        version=decision.version,
        kind=decision.kind,
        level=Level(decision.level).name,
        raised_at=raised_at,
        changed_at=decided_at,
        active=decision.kind not in ("ended", "cancelled"),
        why=why,
        value=decision.value,
        observed_at=decision.at if decision.why != "silence" else None,
        received_at=decision.received_at,
        latency_ms=latency_ms,
        example=station[1],
        verified=decision.verified,
        inhibited_by=decision.inhibited_by,
        stations=list(decision.stations),
    )


def message_view(entry: Entry, *, recipient: str) -> MessageView:
    """``recipient`` is what screens call him."""
    return MessageView(
        id=entry.id,
        rev=entry.rev,
        alert=entry.alert,
        version=entry.version,
        recipient=recipient,
        address=entry.address,
        channel=entry.channel,
        state=entry.state,
        text=entry.body,
        created_at=entry.created_at,
        changed_at=entry.changed_at,
        settled_at=entry.settled_at,
        reason=entry.reason,
        latency_ms=entry.latency_ms,
    )
