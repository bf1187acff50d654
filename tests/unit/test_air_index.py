"""The scheduled air index: when it is due, what it is made of, and what it says when it cannot be made."""

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from broker.live import AirView
from deploy.live.condition_views import air_view
from deploy.weather.air_index import AirIndexJob, AirOutcome, Slot, due
from ingest.history import Bucket, HistoryUnavailable, Point, SeriesExtent, Tier
from ingest.humidity import VERSION

WIB = ZoneInfo("Asia/Jakarta")
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


NINE = ms("2026-11-22T09:00+07:00")


class Hours:
    """A history of hourly means in memory; ``broken`` says why it cannot be read."""

    def __init__(self) -> None:
        self.buckets: dict[tuple[str, str], dict[int, Bucket]] = {}
        self.broken: str | None = None
        self.is_open = False

    def put(self, quantity: str, value: float, *, hours: range, until: int = NINE, good: int = 60) -> None:
        """Means of the hours that end so many hours before ``until``."""
        series = self.buckets.setdefault(("udara", quantity), {})
        for ago in hours:
            start = until - (ago + 1) * HOUR_MS
            series[start] = Bucket(start=start, count=60, good=good, min=value, max=value, mean=value)

    def open(self) -> "Hours":
        if self.broken:
            raise HistoryUnavailable(self.broken)
        self.is_open = True
        return self

    def aggregates(  # noqa: PLR0917  (the port's own)
        self, station: str, quantity: str, start: int, end: int, tier: Tier, limit: int
    ) -> list[Bucket]:
        if self.broken:
            raise HistoryUnavailable(self.broken)
        assert "hour" == tier
        series = self.buckets.get((station, quantity), {})
        return [series[at] for at in sorted(series) if start <= at < end][:limit]

    def range(self, station: str, quantity: str, start: int, end: int, limit: int) -> list[Point]:
        raise NotImplementedError

    def latest(self, station: str, quantity: str) -> Point | None:
        raise NotImplementedError

    def series(self) -> list[SeriesExtent]:
        raise NotImplementedError

    def close(self) -> None:
        self.is_open = False


class Watch:
    """Core's clock, set by hand, and what was published."""

    def __init__(self, hours: Hours, now: int) -> None:
        self.now, self.seen, self.stations = now, list[AirOutcome](), ["udara"]
        self.job = AirIndexJob(
            stations=lambda: self.stations,
            open_reader=hours.open,
            publish=self.seen.append,
            now=lambda: self.now,
            zone=WIB,
        )

    def run_at(self, now: int) -> AirOutcome | None:
        """What is published when core's clock says ``now``."""
        self.now, before = now, len(self.seen)
        asyncio.run(self.job.run())
        return self.seen[-1] if len(self.seen) > before else None


@pytest.fixture
def hours() -> Hours:
    return Hours()


@pytest.fixture
def watch(hours: Hours) -> Watch:
    return Watch(hours, NINE)


def published(found: AirOutcome | None) -> AirView:
    """As the page gets it, through the bytes that carry it there."""
    assert found is not None
    return msgspec.json.decode(msgspec.json.encode(air_view(found)), type=AirView)


def test_the_index_of_nine(hours: Hours, watch: Watch) -> None:
    """Every parameter over 24 hours; PM2.5 corrected for humidity; the last hour apart from the index."""
    hours.put("pm25_cf1_ugm3", 180.0, hours=range(24))
    hours.put("pm25_ugm3", 130.0, hours=range(24))
    hours.put("humidity_pct", 75.0, hours=range(24))
    hours.put("pm10_ugm3", 60.0, hours=range(20))
    view = published(watch.run_at(NINE + 3 * 60_000))
    corrected = 0.524 * 180 - 0.0862 * 75 + 5.75
    assert (141, "Tidak Sehat", "kuning", "PM2,5", 1.0, NINE) == (
        view.index,
        view.category,
        view.colour,
        view.critical,
        view.complete,
        view.until,
    )
    assert [("PM10", 20, 56), ("PM2,5", 24, 141)] == [(p.label, p.hours, p.index) for p in view.parameters]
    assert (NINE, VERSION, 180.0, 75.0, 0) == (
        view.hour_until,
        view.correction,
        view.hour_raw_ugm3,
        view.hour_humidity_pct,
        view.uncorrected_hours,
    )
    assert corrected == pytest.approx(view.hour_mean_ugm3)
    assert ("tinggi", None) == (view.hour_word, view.reason)


def test_pm25_is_new_each_hour_and_the_rest_at_nine_and_three(hours: Hours, watch: Watch) -> None:
    """At ten PM10 is still that of nine; at three it is of three."""
    for quantity in ("pm25_ugm3", "pm10_ugm3"):
        hours.put(quantity, 40.0, hours=range(24))
    watch.run_at(NINE + 3 * 60_000)
    at_until = {}
    for hour in range(1, 7):
        for quantity in ("pm25_ugm3", "pm10_ugm3"):
            hours.put(quantity, 40.0, hours=range(1), until=NINE + hour * HOUR_MS)
        view = published(watch.run_at(NINE + hour * HOUR_MS + 3 * 60_000))
        at_until[hour] = {p.label: (p.until - NINE) // HOUR_MS for p in view.parameters}
    assert {"PM10": 0, "PM2,5": 1} == at_until[1]
    assert {"PM10": 0, "PM2,5": 5} == at_until[5]
    assert {"PM10": 6, "PM2,5": 6} == at_until[6]


def test_an_hour_is_worked_out_once_and_two_minutes_after_its_end(hours: Hours, watch: Watch) -> None:
    """Its last readings need a moment to get into history."""
    hours.put("pm25_ugm3", 40.0, hours=range(25))
    first = watch.run_at(NINE + 60_000)
    assert first is not None
    assert NINE - HOUR_MS == first.until
    second = watch.run_at(NINE + 2 * 60_000)
    assert second is not None
    assert NINE == second.until
    assert watch.run_at(NINE + 30 * 60_000) is None


def test_too_few_hours_say_how_many(hours: Hours, watch: Watch) -> None:
    """17 of 24 are no index; the hour's own value is there all the same, and the mean is shown with its hours."""
    hours.put("pm25_ugm3", 40.0, hours=range(17))
    view = published(watch.run_at(NINE + 3 * 60_000))
    assert (None, None) == (view.index, view.category)
    assert "ISPU belum dapat dihitung: data PM2,5 baru 17 dari 24 jam, perlu 18 jam." == view.reason
    assert [(17, None)] == [(p.hours, p.index) for p in view.parameters]
    assert (40.0, "agak tinggi") == (view.hour_mean_ugm3, view.hour_word)


def test_hours_with_few_good_readings_do_not_count(hours: Hours, watch: Watch) -> None:
    """Under 9 of the 12 that the slowest node sends, an hour was not observed."""
    hours.put("pm25_ugm3", 40.0, hours=range(18))
    hours.put("pm25_ugm3", 40.0, hours=range(3), good=8)
    view = published(watch.run_at(NINE + 3 * 60_000))
    assert (None, [15], None) == (view.index, [p.hours for p in view.parameters], view.hour_word)


def test_no_data_at_all_is_said(watch: Watch) -> None:
    """Nothing is not 0."""
    view = published(watch.run_at(NINE + 3 * 60_000))
    assert "ISPU belum dapat dihitung: tidak ada data mutu udara dalam 24 jam terakhir." == view.reason
    assert (None, [], None) == (view.index, view.parameters, view.hour_mean_ugm3)


def test_without_humidity_the_value_says_that_it_is_uncorrected(hours: Hours, watch: Watch) -> None:
    """Six hours without humidity are counted; the last of them is uncorrected and has its raw value."""
    hours.put("pm25_cf1_ugm3", 60.0, hours=range(24))
    hours.put("pm25_ugm3", 45.0, hours=range(24))
    hours.put("humidity_pct", 80.0, hours=range(6, 24))
    view = published(watch.run_at(NINE + 3 * 60_000))
    assert (6, None, 45.0, 45.0) == (
        view.uncorrected_hours,
        view.correction,
        view.hour_raw_ugm3,
        view.hour_mean_ugm3,
    )


def test_history_that_is_down_is_said_once_and_the_hour_stays_due(hours: Hours, watch: Watch) -> None:
    """When it is back, the same hour is worked out, from a reader that was opened anew."""
    hours.put("pm25_ugm3", 40.0, hours=range(24))
    hours.broken = "InfluxDB tidak menjawab"
    view = published(watch.run_at(NINE + 3 * 60_000))
    assert "ISPU belum dapat dihitung: riwayat tidak dapat dibaca (InfluxDB tidak menjawab)." == view.reason
    assert view.index is None
    assert watch.run_at(NINE + 4 * 60_000) is None
    hours.broken = None
    back = published(watch.run_at(NINE + 5 * 60_000))
    assert (81, NINE) == (back.index, back.until)
    hours.broken = "putus"
    assert watch.run_at(NINE + HOUR_MS + 3 * 60_000) is not None
    assert not hours.is_open


def test_hours_that_were_missed_are_counted(hours: Hours, watch: Watch) -> None:
    """A machine that slept from nine to one: noon and the two before it were never worked out."""
    hours.put("pm25_ugm3", 40.0, hours=range(24))
    watch.run_at(NINE + 3 * 60_000)
    watch.run_at(NINE + 4 * HOUR_MS + 3 * 60_000)
    assert 3 == watch.job.missed


def test_the_first_station_to_come_begins_at_once(hours: Hours, watch: Watch) -> None:
    """Without a station nothing is read, late or missed; the hour is there for whoever comes."""
    hours.put("pm25_ugm3", 40.0, hours=range(24))
    hours.broken = "belum ada"
    watch.stations = []
    for hour in (0, 5):
        assert watch.run_at(NINE + hour * HOUR_MS + 3 * 60_000) is None
    hours.broken, watch.stations = None, ["udara"]
    assert watch.run_at(NINE + 5 * HOUR_MS + 4 * 60_000) is not None
    assert 0 == watch.job.missed


@pytest.mark.parametrize(
    ("last", "now", "expected"),
    [
        (None, "2026-11-22T11:20+07:00", ("2026-11-22T11:00+07:00", True, 0)),
        ("2026-11-22T11:00+07:00", "2026-11-22T12:01:59+07:00", None),
        ("2026-11-22T11:00+07:00", "2026-11-22T12:02+07:00", ("2026-11-22T12:00+07:00", False, 0)),
        ("2026-11-22T14:00+07:00", "2026-11-22T15:02+07:00", ("2026-11-22T15:00+07:00", True, 0)),
        ("2026-11-22T08:00+07:00", "2026-11-22T12:02+07:00", ("2026-11-22T12:00+07:00", True, 3)),
        ("2026-11-22T15:00+07:00", "2026-11-23T08:02+07:00", ("2026-11-23T08:00+07:00", False, 16)),
        ("2026-11-22T09:00+07:00", "2026-11-24T08:02+07:00", ("2026-11-24T08:00+07:00", True, 46)),
        ("2026-11-22T11:00+07:00", "2026-11-22T10:30+07:00", None),
        ("2026-11-22T11:00+07:00", "2026-11-22T08:30+07:00", ("2026-11-22T08:00+07:00", True, 0)),
    ],
)
def test_when_an_index_is_due(last: str | None, now: str, expected: tuple[str, bool, int] | None) -> None:
    """Each full hour, whole at nine and three of the site, and anew when the clock was put back."""
    found = due(None if last is None else ms(last), ms(now), WIB)
    assert (None if expected is None else Slot(until=ms(expected[0]), is_full=expected[1], missed=expected[2])) == found


def test_nine_is_nine_on_the_wall_in_every_zone() -> None:
    """Makassar is an hour ahead of Jakarta; in Kathmandu the first whole hour of UTC after nine is 09:45."""

    def full(zone: str) -> list[str]:
        start = ms("2026-11-22T00:00+00:00")
        moments = range(start, start + DAY_MS, HOUR_MS)
        slots = [due(at - HOUR_MS, at + 2 * 60_000, ZoneInfo(zone)) for at in moments]
        untils = [slot.until / 1000 for slot in slots if slot is not None and slot.is_full]
        return sorted(f"{datetime.fromtimestamp(until, ZoneInfo(zone)):%H:%M}" for until in untils)

    assert ["09:00", "15:00"] == full("Asia/Jakarta") == full("Asia/Makassar") == full("Europe/Berlin")
    assert ["09:45", "15:45"] == full("Asia/Kathmandu")
