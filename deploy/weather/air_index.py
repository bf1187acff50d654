"""ISPU of every air station, from history: PM2.5 each hour, every parameter at 09:00 and 15:00 of the site.

Core's scheduler calls :meth:`AirIndexJob.run` every few seconds; when an hour has ended on core's clock, its figures
are worked out in a thread, where they cannot delay a warning.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

import msgspec

from ingest.history import Bucket, HistoryReader, HistoryUnavailable
from ingest.humidity import FineParticles, corrected
from ingest.ispu import (
    HOURS,
    LABELS,
    LEAST_HOURS,
    PARAMETERS,
    AirIndex,
    IndicativeHour,
    Mean24,
    Parameter,
    indicative_hour,
    ispu,
)

log: Final = logging.getLogger(__name__)

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
DELAY_MS: Final = 2 * 60_000  # by then the hour's last readings are in history
PUBLISHED: Final = (time(9), time(15))  # every parameter; PM2.5 each hour
# 75 % of the hour at the slowest rate that a node may have, five minutes; an assumption.
LEAST_READINGS: Final = 9
CANNOT: Final = "ISPU belum dapat dihitung"


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """An hour to work out: ``until`` ends its 24 hours; ``missed`` hours before it were never worked out."""

    until: int
    is_full: bool
    missed: int


class ParameterMean(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter's 24-hour mean and when those 24 hours ended (ms UTC)."""

    mean: Mean24
    until: int


class AirOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to say of a station's air. ``reason`` is one Indonesian sentence when there is no index.

    ``fine`` is the last hour's PM2.5 with its raw value, humidity and correction; ``uncorrected_hours`` counts the
    hours of the 24 that could not be corrected.
    """

    station: str
    computed_at: int
    until: int
    index: AirIndex | None
    reason: str | None = None
    means: dict[Parameter, ParameterMean] = {}
    hour: IndicativeHour | None = None
    fine: FineParticles | None = None
    uncorrected_hours: int = 0


class AirIndexJob:
    """Works out what is due and hands each station's outcome to ``publish``, on the event loop.

    ``now`` is core's clock; ``stations`` names the air stations of the moment; ``open_reader`` may raise
    HistoryUnavailable. While history is away the hour stays due. ``missed`` counts the hours that went by unseen.
    """

    def __init__(
        self,
        *,
        stations: Callable[[], Sequence[str]],
        open_reader: Callable[[], HistoryReader],
        publish: Callable[[AirOutcome], None],
        now: Callable[[], int],
        zone: tzinfo,
    ) -> None:
        self._stations, self._open_reader, self._publish = stations, open_reader, publish
        self._now, self._zone = now, zone
        self._reader: HistoryReader | None = None
        self._means: dict[str, dict[Parameter, ParameterMean]] = {}
        self._last: int | None = None
        self._failed_at: int | None = None
        self.missed = 0

    async def run(self) -> None:
        """Work out the hour that has ended, if one has."""
        slot = due(self._last, self._now(), self._zone)
        if slot is None:
            return
        stations = list(self._stations())
        if not stations:
            self._last = None  # the first station to come begins at once, and missed nothing
            return
        try:
            outcomes = await asyncio.to_thread(self._work_out, stations, slot)
        except HistoryUnavailable as error:
            self._forget_reader()
            if self._failed_at != slot.until:
                self._failed_at = slot.until
                log.warning("air index of %d stations waits for history: %s", len(stations), error)
                for station in stations:
                    self._publish(self._unavailable(station, slot, str(error)))
            return
        self._last = slot.until
        self._count_missed(slot)
        for outcome in outcomes:
            self._publish(outcome)

    def close(self) -> None:
        self._forget_reader()

    def _count_missed(self, slot: Slot) -> None:
        if slot.missed:
            self.missed += slot.missed
            log.warning("the air index of %d hours before this one was never worked out", slot.missed)

    def _forget_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def _work_out(self, stations: list[str], slot: Slot) -> list[AirOutcome]:
        if self._reader is None:
            self._reader = self._open_reader()
        self._means = {station: self._means.get(station, {}) for station in stations}
        return [self._outcome(self._reader, station, slot) for station in stations]

    def _outcome(self, reader: HistoryReader, station: str, slot: Slot) -> AirOutcome:
        fine = fine_hours(reader, station, slot.until)
        means = self._means[station] = self._means_of(reader, station, slot, fine)
        index = ispu({name: each.mean for name, each in means.items()})
        last_hour = fine.get(slot.until - HOUR_MS)
        return AirOutcome(
            station=station,
            computed_at=self._now(),
            until=slot.until,
            index=index,
            reason=None if index else _too_few(means),
            means=means,
            hour=indicative_hour("pm25", last_hour.value_ugm3) if last_hour else None,
            fine=last_hour,
            uncorrected_hours=sum(hour.correction is None for hour in fine.values()),
        )

    def _means_of(
        self, reader: HistoryReader, station: str, slot: Slot, fine: Mapping[int, FineParticles]
    ) -> dict[Parameter, ParameterMean]:
        """PM2.5 of this hour; the others of this hour too when all are due, otherwise as they were published last."""
        means: dict[Parameter, ParameterMean] = {}
        for name in PARAMETERS:
            if name != "pm25" and not slot.is_full:
                known = self._means[station].get(name)
                if known is not None and known.until > slot.until - DAY_MS:
                    means[name] = known
                continue
            mean = mean_of(_values(fine) if name == "pm25" else _other(reader, station, name, slot))
            if mean is not None:
                means[name] = ParameterMean(mean=mean, until=slot.until)
        return means

    def _unavailable(self, station: str, slot: Slot, why: str) -> AirOutcome:
        reason = f"{CANNOT}: riwayat tidak dapat dibaca ({why})."
        return AirOutcome(station=station, computed_at=self._now(), until=slot.until, index=None, reason=reason)


def due(last: int | None, now: int, zone: tzinfo) -> Slot | None:
    """The hour to work out now, when ``last`` is the end of the one worked out before; None while there is none.

    Full when 09:00 or 15:00 of ``zone`` lies between the two, and at the start. A clock that was put back by more than
    an hour starts anew.
    """
    until = (now - DELAY_MS) // HOUR_MS * HOUR_MS
    if last is None or until < last - HOUR_MS:
        return Slot(until=until, is_full=True, missed=0)
    if until <= last:
        return None
    is_full = any(last < moment <= until for moment in _publications(until, zone))
    return Slot(until=until, is_full=is_full or until - last >= DAY_MS, missed=(until - last) // HOUR_MS - 1)


def _publications(until: int, zone: tzinfo) -> list[int]:
    today = datetime.fromtimestamp(until / 1000, UTC).astimezone(zone).date()
    days = (today - timedelta(days=1), today)
    return [int(datetime.combine(day, at, zone).timestamp() * 1000) for day in days for at in PUBLISHED]


def fine_hours(reader: HistoryReader, station: str, until: int) -> dict[int, FineParticles]:
    """PM2.5 of each of the 24 hours before ``until`` that has readings enough, by the hour's beginning.

    Corrected from the means of the CF=1 value and of humidity: the formula is linear, so the order does not matter.
    """
    cf1 = _hours(reader, station, "pm25_cf1_ugm3", until)
    ambient = _hours(reader, station, "pm25_ugm3", until)
    humidity = _hours(reader, station, "humidity_pct", until)
    found = {
        start: corrected(cf1.get(start), humidity.get(start), ambient.get(start))
        for start in range(until - DAY_MS, until, HOUR_MS)
    }
    return {start: each for start, each in found.items() if each is not None}


def _values(fine: Mapping[int, FineParticles]) -> Iterable[float]:
    return [hour.value_ugm3 for hour in fine.values()]


def _other(reader: HistoryReader, station: str, parameter: Parameter, slot: Slot) -> Iterable[float]:
    return _hours(reader, station, f"{parameter}_ugm3", slot.until).values()


def _hours(reader: HistoryReader, station: str, quantity: str, until: int) -> dict[int, float]:
    buckets = reader.aggregates(station, quantity, until - DAY_MS, until, "hour", HOURS)
    return {bucket.start: mean for bucket in buckets if (mean := hour_mean(bucket)) is not None}


def hour_mean(bucket: Bucket) -> float | None:
    """The mean of an hour that has at least 9 good readings; particles are never below 0."""
    return None if bucket.mean is None or bucket.good < LEAST_READINGS else max(0.0, bucket.mean)


def mean_of(hours: Iterable[float]) -> Mean24 | None:
    """The mean of hourly means, each hour counting the same; None when there is no hour."""
    known = list(hours)
    return Mean24(mean_ugm3=sum(known) / len(known), hours=len(known)) if known else None


def _too_few(means: dict[Parameter, ParameterMean]) -> str:
    if not means:
        return f"{CANNOT}: tidak ada data mutu udara dalam 24 jam terakhir."
    best = max(means, key=lambda name: means[name].mean.hours)
    return f"{CANNOT}: data {LABELS[best]} baru {means[best].mean.hours} dari {HOURS} jam, perlu {LEAST_HOURS} jam."
