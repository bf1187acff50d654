"""One observation to qualified readings: time, calibration, quality flags. Pure."""

from collections.abc import Iterable
from typing import Final

from broker.quality_flags import Flag, worst
from broker.wire import Observation
from ingest.calibrate import TEMPERATURE_SERIES, air_temperature, calibrated
from ingest.calibration import Calibration
from ingest.node_clock import RIGHT, NodeClock
from ingest.quality import AHEAD_MS, Verdict, gross_range, hardware_code, is_possible_date, sensor_fault
from ingest.quality_limits import SeriesLimits, default_limits
from ingest.readings import Reading
from ingest.stations import Channel, Station

SUSPECT: Final = int(Flag.SUSPECT)  # a member of an IntEnum costs ten times a name in the path of every reading

IMPOSSIBLE_DATE: Final = "impossible_date"
CLOCK_BEHIND: Final = "clock_behind"
SINGLE: Final = ("missing", "fault", "no_clock", CLOCK_BEHIND, IMPOSSIBLE_DATE)


def filing_time(
    observation: Observation, received_at: int, last_filed: int, behind_ms: int = 0
) -> tuple[int, str | None]:
    """The time under which an observation is filed, and why it is not the node's own.

    A node without a clock, or with an impossible one, is filed by arrival, one millisecond apart at least; one whose
    clock is known to be ``behind_ms`` behind (:mod:`ingest.clock_behind`) by its own time and that.
    """
    if observation.t is not None and is_possible_date(observation.t, received_at):
        if not behind_ms:
            return observation.t, None
        return observation.t + behind_ms, f"{CLOCK_BEHIND}: {behind_ms / 60_000:.0f} min; filed at arrival"
    time = max(received_at, of_the_past(last_filed, received_at) + 1)
    if observation.t is None:
        return time, "no_clock: filed at arrival"
    return time, f"{IMPOSSIBLE_DATE}: node says {observation.t}; filed at arrival"


def of_the_past(time: int, received_at: int) -> int:
    """``time``, or 0 when it is so far ahead that core's clock must have been set back since."""
    return time if time <= received_at + AHEAD_MS else 0


def has_own_time(observed_at: int | None, received_at: int) -> bool:
    """Whether an observation is filed by the node's clock, put right or not, rather than by its arrival."""
    return observed_at is not None and is_possible_date(observed_at, received_at)


def clock_of(node: str, latest: Iterable[Reading]) -> NodeClock:
    """What the newest readings of a station say of the clock of ``node``, for a core that has only just begun."""
    for reading in latest:
        if reading.node == node and has_own_time(reading.observed_at, reading.received_at):
            return NodeClock(behind_ms=max(reading.time - (reading.observed_at or 0), 0))
    return RIGHT


def value_flag(reading: Reading) -> int:
    """The flag of the value alone: an impossible date makes a reading suspect and says nothing about the water."""
    flag = reading.flag
    if flag == SUSPECT and reading.reason is not None and reading.reason.startswith(IMPOSSIBLE_DATE):
        return Flag.GOOD
    return flag


def qualify(
    observation: Observation,
    *,
    node: str,
    station: Station,
    time: tuple[int, str | None],
    received_at: int,
    first_id: int,
    last_air: tuple[int, float] | None = None,
) -> list[Reading]:
    """The readings of one observation, filed under ``time`` (:func:`filing_time`), journal ids from ``first_id``.

    Flags are those of the tests of a single sample. ``last_air`` is the station's last good temperature (time, degrees
    Celsius), for an ultrasonic distance that came without one.
    """
    readings = []
    filed_at, time_reason = time
    for offset, (series, raw) in enumerate(observation.s.items()):
        channel = channel_of(station, series)
        calibration = channel.calibration
        if calibration.since > filed_at:
            calibration = calibration.at(filed_at)
        air_c = None
        if calibration.sound_reference_c is not None:
            air_c = air_temperature(_own_air(observation), last_air, filed_at)
        value, (flag, reason) = _measure(raw, observation.fault.get(series), channel.limits, calibration, air_c)
        if time_reason is not None and flag == Flag.GOOD:
            reason = time_reason
            flag = worst((flag, Flag.SUSPECT)) if time_reason.startswith(IMPOSSIBLE_DATE) else flag
        readings.append(
            Reading(
                first_id + offset,
                node,
                observation.boot,
                observation.seq,
                series,
                0,
                station.id,
                calibration.quantity,
                filed_at,
                observation.t,
                received_at,
                raw,
                value,
                int(flag),
                reason,
                calibration.epoch,
            )
        )
    return readings


def single_verdict(reading: Reading, limits: SeriesLimits) -> tuple[int, str | None]:
    """What the tests of a single sample said of a reading, whatever the tests over time made of it since."""
    reason = reading.reason
    if reading.raw is None or reading.value is None or (reason is not None and reason.startswith(SINGLE)):
        return reading.flag, reason
    found = hardware_code(reading.raw, limits) if limits.codes else None
    flag, reason = found or gross_range(reading.raw, reading.value, limits)
    return int(flag), reason


def channel_of(station: Station, series: str) -> Channel:
    """What a series of a node means at ``station``."""
    return station.channels.get(series) or _usual_channel(series)


def _measure(
    raw: float | None, fault: str | None, limits: SeriesLimits, calibration: Calibration, air_c: float | None
) -> tuple[float | None, Verdict]:
    """The calibrated value, and the worst of the tests that need this sample alone."""
    found = sensor_fault(raw, fault)
    if raw is None:
        return None, found or (Flag.MISSING, None)
    value = calibrated(raw, calibration, air_c)
    return value, (hardware_code(raw, limits) if limits.codes else None) or found or gross_range(raw, value, limits)


def _own_air(observation: Observation) -> float | None:
    """The temperature that came with an observation, unless its sensor has a fault."""
    raw = observation.s.get(TEMPERATURE_SERIES)
    limits = _usual_channel(TEMPERATURE_SERIES).limits
    found = sensor_fault(raw, observation.fault.get(TEMPERATURE_SERIES))
    return raw if raw is not None and (found or hardware_code(raw, limits)) is None else None


_usual: Final[dict[str, Channel]] = {}
MOST_USUAL: Final = 1000


def _usual_channel(series: str) -> Channel:
    """A series that its station does not declare keeps its name, and has the limits of the sensors that send it."""
    channel = _usual.get(series)
    if channel is None:
        limits = default_limits(series.partition(".")[0], "logger")
        channel = Channel(calibration=Calibration(quantity=series), limits=limits)
        if len(_usual) < MOST_USUAL:
            _usual[series] = channel
    return channel
