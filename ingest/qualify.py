"""One observation to qualified readings: time, calibration, quality flags. Pure."""

from typing import Final

from broker.quality_flags import Flag, worst
from broker.wire import Observation
from ingest.calibration import Calibration
from ingest.quality import Limits, Span, Verdict, gross_range, is_possible_date
from ingest.readings import Reading
from ingest.stations import Channel, Station

LIVE_SPACING_MS: Final = 5_000

UNKNOWN_LIMITS: Final = Limits()
IMPOSSIBLE_DATE: Final = "impossible_date"
MISSING: Final = "missing: the node sent null"


def filing_time(observation: Observation, received_at: int, last_filed: int) -> tuple[int, str | None]:
    """The time under which an observation is filed, and why it is not the node's own.

    A node without a clock, or with an impossible one, is filed by arrival, one millisecond apart at least.
    """
    if observation.t is not None and is_possible_date(observation.t, received_at):
        return observation.t, None
    time = max(received_at, last_filed + 1)
    if observation.t is None:
        return time, "no_clock: filed at arrival"
    return time, f"{IMPOSSIBLE_DATE}: node says {observation.t}; filed at arrival"


def is_live(*, has_own_time: bool, received_at: int, last_arrival: int) -> bool:
    """Whether an observation may stand for the present.

    With a time of its own the engine's horizon judges it. Without one, only when it did not come in a burst: a queue
    that drains comes much faster than any node samples.
    """
    return has_own_time or received_at - last_arrival >= LIVE_SPACING_MS


def value_flag(reading: Reading) -> int:
    """The flag of the value alone: an impossible date makes a reading suspect and says nothing about the water."""
    if reading.flag == Flag.SUSPECT and reading.reason is not None and reading.reason.startswith(IMPOSSIBLE_DATE):
        return Flag.GOOD
    return reading.flag


def qualify(
    observation: Observation,
    *,
    node: str,
    station: Station,
    time: tuple[int, str | None],
    received_at: int,
    first_id: int,
) -> list[Reading]:
    """The readings of one observation, filed under ``time`` (:func:`filing_time`), journal ids from ``first_id``."""
    readings = []
    filed_at, time_reason = time
    for offset, (series, raw) in enumerate(observation.s.items()):
        channel = station.channels.get(series) or _usual_channel(series)
        value, (flag, reason) = _measure(raw, observation.fault.get(series), channel)
        if time_reason is not None and flag == Flag.GOOD:
            reason = time_reason
            flag = worst((flag, Flag.SUSPECT)) if time_reason.startswith(IMPOSSIBLE_DATE) else flag
        calibration = channel.calibration
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


def _measure(raw: float | None, fault: str | None, channel: Channel) -> tuple[float | None, Verdict]:
    if raw is None:
        return None, (Flag.MISSING, f"missing: {fault[:64]}" if fault else MISSING)
    value = channel.calibration.value(raw)
    if fault:
        return value, (Flag.SUSPECT, f"fault: {fault[:64]}")
    return value, gross_range(raw, value, channel.limits)


PARTICLES: Final = Span(0, 1000)  # ug/m3, the span of the PMS5003's data sheet
_usual: Final[dict[str, Channel]] = {
    series: Channel(calibration=Calibration(quantity=series), limits=Limits(sensor=span))
    for series, span in (
        ("pm1_ugm3", PARTICLES),
        ("pm25_ugm3", PARTICLES),
        ("pm10_ugm3", PARTICLES),
        ("temperature_c", Span(-40, 85)),  # BME280
        ("humidity_pct", Span(0, 100)),
        ("pressure_hpa", Span(300, 1100)),
        ("batt_mv", Span(0, 30_000)),
    )
}
MOST_USUAL: Final = 1000


def _usual_channel(series: str) -> Channel:
    """A series that its station does not declare keeps its name, and has the limits of the sensors that send it."""
    channel = _usual.get(series)
    if channel is None:
        channel = Channel(calibration=Calibration(quantity=series), limits=UNKNOWN_LIMITS)
        if len(_usual) < MOST_USUAL:
            _usual[series] = channel
    return channel
