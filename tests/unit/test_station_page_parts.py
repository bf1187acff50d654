"""What a station's page is made of: stretches of time, curves with their holes, the picture, its drawing, its table."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest

from alerting.web.past import Tier
from alerting.web.station import typed, view
from alerting.web.station.curve import fold, of_buckets, of_readings
from alerting.web.station.dossier import Dossier, Episode, Limits
from alerting.web.station.drawing import HEIGHT, TOP, draw
from alerting.web.station.picture import Picture, columns, picture_of
from alerting.web.station.reading import MOST_RAW, Drawn, RainBars, read_curve, read_rain
from alerting.web.station.roll import Wanted, roll
from alerting.web.station.span import BadSpan, Span, said, span_of
from alerting.web.station.table import MOST_ROWS, listing
from alerting.web.station.typed import Mistyped
from alerting.web.station_card import station_card
from broker.live import StationView, TrendView
from tests.browser.alert_scenes import maintenance
from tests.browser.scenes import HOUR, MINUTE, PastMean, PastPoint, river, series, tide
from tests.browser.scenes import quality as quality_scene
from tests.browser.scenes import rain as rain_station

NOW = 1_764_000_000_000  # 24 Nov 2025, 23:00:00 WIB
DAY = 24 * HOUR


def point(time: int, value: float | None = 1.0, flag: int = 1) -> PastPoint:
    return PastPoint(time=time, value=value, raw=value, flag=flag, reason=None, received_at=time + 400)


def bucket(start: int, mean: float | None = 1.0, *, good: int = 60) -> PastMean:
    low, high = (None, None) if mean is None else (mean - 0.1, mean + 0.2)
    return PastMean(start=start, count=60, good=good, min=low, max=high, mean=mean)


def span(length: int, *, live: bool = True) -> Span:
    return Span(start=NOW - length, end=NOW, preset=None, is_live=live)


def pictured(station: StationView, points: list[PastPoint], *, length: int = 6 * HOUR, **more: Any) -> Picture:
    asked = span(length)
    facts: dict[str, Any] = {"rain": None, "limits": [], "episodes": [], "now": NOW, **more}
    return picture_of(station, "level_m", asked, curve=of_readings(points, (asked.start, asked.end)), **facts)


def minutely(start: int, end: int, value: float = 1.0) -> list[PastPoint]:
    return [point(time, value) for time in range(start, end, MINUTE)]


class TestSpan:
    def test_without_a_word_it_is_the_last_day(self) -> None:
        """And it follows the clock."""
        assert Span(start=NOW - DAY, end=NOW, preset="24-jam", is_live=True) == span_of({}, now=NOW)

    @pytest.mark.parametrize("query", [{"rentang": "6-jam"}, {"rentang": "7-hari", "sampai": "2025-11-20T00:00:00Z"}])
    def test_an_address_finds_it_again(self, query: dict[str, str]) -> None:
        """What a span says of itself leads back to it."""
        asked = span_of(query, now=NOW)
        again = dict(pair.split("=") for pair in asked.query.replace("%3A", ":").split("&"))
        assert asked == span_of(again, now=NOW)

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ({"rentang": "2-jam"}, "1-jam, 6-jam"),
            ({"dari": "kemarin"}, "dari: bukan waktu ISO 8601"),
            ({"dari": "2025-11-20T00:00:00Z", "sampai": "2025-11-20T00:01:00Z"}, "5 menit sampai 3 tahun"),
            ({"dari": "2025-11-20T00:00:00"}, "tanpa offset"),
        ],
    )
    def test_what_is_no_span_is_one_sentence(self, query: dict[str, str], names: str) -> None:
        """With the parameter and the remedy."""
        with pytest.raises(BadSpan, match=names):
            span_of(query, now=NOW)

    def test_later_ends_at_now(self) -> None:
        """A preset that reaches now follows the clock again."""
        old = span_of({"rentang": "6-jam", "sampai": "2025-11-24T15:00:00Z"}, now=NOW)
        assert span_of({"rentang": "6-jam"}, now=NOW) == old.moved(3 * HOUR, NOW)
        assert "24 Nov 17:00 sampai 24 Nov 23:00 WIB" == said(old.moved(3 * HOUR, NOW), NOW)


class TestCurve:
    def test_a_hole_is_a_hole(self) -> None:
        """The line breaks, the hole has its ends, and so have those before the first and after the last point."""
        start = NOW - 6 * HOUR
        points = minutely(start + HOUR, start + 2 * HOUR) + minutely(start + 3 * HOUR, start + 4 * HOUR)
        curve = of_readings(points, (start, NOW))
        last = [start + 2 * HOUR - MINUTE, start + 4 * HOUR - MINUTE]
        assert [(start, start + HOUR), (last[0], start + 3 * HOUR), (last[1], NOW)] == curve.gaps
        assert 1 == curve.values.count(None)
        assert all(before < after for before, after in pairwise(curve.times))

    def test_a_slow_station_has_no_holes_between_its_readings(self) -> None:
        """What is a hole depends on how often it measures."""
        points = [point(time) for time in range(NOW - DAY, NOW, 30 * MINUTE)]
        assert [] == of_readings(points, (NOW - DAY, NOW)).gaps

    def test_doubtful_points_are_marked_and_failed_ones_are_no_value(self) -> None:
        """A value that failed moves neither the line nor the scale."""
        points = minutely(NOW - HOUR, NOW)
        points[10], points[20], points[30] = (
            point(points[10].time, 1.3, 3),
            point(points[20].time, 65.0, 4),
            point(points[30].time, None, 9),
        )
        curve = of_readings(points, (NOW - HOUR, NOW))
        assert [(points[10].time, 1.3)] == curve.doubtful
        assert [points[20].time, points[30].time] == curve.failed
        assert (1.0, 1.3) == curve.extent
        assert [] == curve.gaps

    def test_buckets_stand_in_their_middle_with_their_spread(self) -> None:
        """One with doubtful readings is marked; a missing one breaks the line."""
        start = NOW // DAY * DAY - 10 * DAY
        days = [bucket(start + day * DAY, good=50 if day == 3 else 60) for day in range(10) if day not in (5, 6)]
        curve = of_buckets(days, DAY, (start, start + 10 * DAY))
        assert (start + DAY // 2, 1.0, 0.9, 1.2) == (curve.times[0], curve.values[0], curve.lows[0], curve.highs[0])
        assert [(start + 3 * DAY + DAY // 2, 1.0)] == curve.doubtful
        assert [(start + 5 * DAY, start + 7 * DAY)] == curve.gaps

    def test_folded_minutes_keep_their_sums(self) -> None:
        """Means are weighted by what was good; nothing good is no mean."""
        minutes = [bucket(NOW // MINUTE * MINUTE - 600_000 * 2, 1.0, good=10), bucket(NOW - 600_000 * 2, 4.0, good=20)]
        (one,) = fold(minutes, 30 * 600_000)
        assert (120, 30, 3.0, 0.9, 4.2) == (one.count, one.good, one.mean, one.min, one.max)
        (none,) = fold([bucket(0, None, good=0)], HOUR)
        assert (None, 0) == (none.mean, none.good)


class PastOf:
    """A history that remembers what it was asked for."""

    def __init__(self, *, per_minute: int = 1) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.step = MINUTE // per_minute

    def range(self, station: str, quantity: str, start: int, end: int, limit: int) -> list[PastPoint]:
        self.asked.append(("range", limit))
        return [point(time) for time in range(start, end, self.step)][:limit]

    def aggregates(  # noqa: PLR0917  as the port has it
        self, station: str, quantity: str, start: int, end: int, tier: Tier, limit: int
    ) -> list[PastMean]:
        self.asked.append((station, tier))
        length = {"minute": MINUTE, "hour": HOUR, "day": DAY}[tier]
        return [bucket(each, 0.5) for each in range(-(-start // length) * length, end, length)][:limit]

    def series(self) -> list[tuple[str, str]]:
        return []


class TestReading:
    @pytest.mark.parametrize(
        ("length", "tier", "most"),
        [
            (HOUR, "range", 61),
            (DAY, "range", 1441),
            (7 * DAY, "minute", 1008),
            (30 * DAY, "hour", 720),
            (366 * DAY, "day", 366),
        ],
    )
    def test_the_longer_the_coarser(self, length: int, tier: str, most: int) -> None:
        """A year is read from its days, and never more than a screen can show."""
        past = PastOf()
        drawn = read_curve(past, "welang", "level_m", span(length))
        assert tier in past.asked[-1]
        assert most == len(drawn.curve.times)

    def test_a_fast_sensor_is_drawn_from_its_minutes(self) -> None:
        """A reading every two seconds is more than a day's plot can tell apart."""
        past = PastOf(per_minute=30)
        drawn = read_curve(past, "welang", "level_m", span(DAY))
        assert [("range", MOST_RAW + 1), ("welang", "minute")] == past.asked
        assert MINUTE == drawn.curve.step_ms

    def test_rain_is_summed_and_averaged_over_gauges(self) -> None:
        """Sixty times half a millimetre, at each of two gauges alike."""
        bars = read_rain(PastOf(), [("a", "Hulu A"), ("b", "Hulu B")], span(DAY))
        assert bars is not None
        assert ({30.0}, HOUR, ["Hulu A", "Hulu B"]) == (set(bars.mm[1:-1]), bars.step_ms, bars.names)
        assert None is read_rain(PastOf(), [], span(DAY))

    def test_a_gauge_of_rain_is_drawn_by_what_fell(self) -> None:
        """Sums from nothing up, with their readings, or of a long stretch the sums themselves, in the table."""
        drawn = read_curve(PastOf(), "hujan", "rain_mm", span(DAY))
        assert (HOUR, 30.0, 0.0, 30.0) == (
            drawn.curve.step_ms,
            drawn.curve.values[1],
            drawn.curve.lows[1],
            drawn.curve.highs[1],
        )
        assert listing(drawn, "rain_mm").is_raw
        month = listing(read_curve(PastOf(), "hujan", "rain_mm", span(30 * DAY)), "rain_mm")
        assert (("jumlah (mm)", "bacaan", "baik"), "180,0") == (month.headings, month.rows[1].cells[0])


class TestPicture:
    def test_thresholds_are_lines_for_as_long_as_they_counted(self) -> None:
        """The old ones until the new ones took effect."""
        limits = [
            Limits(since=NOW - HOUR, metres={"WASPADA": 3.0, "SIAGA": 4.0, "AWAS": 5.0}, author="B", reason="r"),
            Limits(since=NOW - 9 * DAY, metres={"WASPADA": 2.5, "SIAGA": 4.0, "AWAS": 5.5}, author="B", reason="r"),
        ]
        drawn = pictured(river("Welang", NOW), minutely(NOW - 6 * HOUR, NOW), limits=limits)
        waspada = [(each.value, each.start, each.end) for each in drawn.limits if each.level == "WASPADA"]
        assert [(2.5, NOW - 6 * HOUR, NOW - HOUR), (3.0, NOW - HOUR, drawn.end)] == waspada
        assert drawn.high > 5.5

    def test_the_forecast_is_the_area_between_the_earliest_and_the_latest(self) -> None:
        """From the water now to the threshold, on an axis that goes on beyond now."""
        trend = TrendView(rate_m_per_h=0.4, next_level="SIAGA", eta_from=NOW + 40 * MINUTE, eta_to=NOW + 80 * MINUTE)
        drawn = pictured(river("Welang", NOW, trend=trend), minutely(NOW - 6 * HOUR, NOW, 3.6))
        assert NOW + 90 * MINUTE == drawn.end
        assert [(NOW, 3.6), (NOW + 40 * MINUTE, 4.0), (NOW + 80 * MINUTE, 4.0)] == drawn.forecast

    def test_a_forecast_beyond_the_axis_is_cut_off_on_its_way(self) -> None:
        """And one that may never come stays open at the water's height."""
        far = TrendView(rate_m_per_h=0.4, next_level="SIAGA", eta_from=NOW + 180 * MINUTE, eta_to=None)
        drawn = pictured(river("Welang", NOW, trend=far), minutely(NOW - 6 * HOUR, NOW, 3.0))
        end = NOW + 90 * MINUTE
        assert [(NOW, 3.0), (end, 3.5), (end, 3.5), (end, 3.0)] == drawn.forecast

    def test_a_silent_station_has_no_forecast(self) -> None:
        """Nobody knows what the water does."""
        trend = TrendView(rate_m_per_h=0.4, next_level="SIAGA", eta_from=NOW + 40 * MINUTE, eta_to=None)
        silent = river("Welang", NOW, trend=trend, silent=True)
        assert [] == pictured(silent, minutely(NOW - 6 * HOUR, NOW, 3.6)).forecast

    def test_the_browser_gets_the_same_picture(self) -> None:
        """Seconds, rounded values, everything by name; it can be written as JSON."""
        episodes = [Episode(alert="welang.level.1", hazard="level", level="SIAGA", start=NOW - HOUR, end=None)]
        drawn = pictured(river("Welang", NOW, tide=tide(NOW)), minutely(NOW - HOUR, NOW), episodes=episodes, length=DAY)
        told = msgspec.json.decode(msgspec.json.encode(columns(drawn)))
        assert [["siaga", "SIAGA", (NOW - HOUR) / 1000, NOW / 1000]] == told["warned"]
        assert [drawn.start, drawn.end] == told["axis"]
        assert (60, 60) == (len(told["times"]), len(told["values"]))
        assert [(NOW + 3 * HOUR) / 1000, (NOW + 5 * HOUR) / 1000] == told["tide"]


class TestDrawing:
    def test_rain_hangs_from_the_top_and_holes_are_boxes(self) -> None:
        """The heaviest takes its share of the height; an empty stretch is one box and no line."""
        bars = RainBars(step_ms=HOUR, names=["Hulu"], starts=[NOW - 3 * HOUR, NOW - 2 * HOUR], mm=[20.0, 10.0])
        drawn = draw(pictured(river("Welang", NOW), [], rain=bars))
        assert [TOP, TOP] == [bar.top for bar in drawn.rain]
        assert [0.4 * HEIGHT, 0.2 * HEIGHT] == [bar.height for bar in drawn.rain]
        assert ([], 1) == (drawn.lines, len(drawn.gaps))

    def test_a_line_for_each_unbroken_piece(self) -> None:
        """Two pieces around a hole; the level's height in pixels falls with the level."""
        start = NOW - 6 * HOUR
        points = minutely(start, start + HOUR, 1.0) + minutely(start + 3 * HOUR, NOW, 4.0)
        drawn = draw(pictured(river("Welang", NOW), points))
        assert 2 == len(drawn.lines)
        first, last = (float(line.split()[0].split(",")[1]) for line in drawn.lines)
        assert 0 <= last < first <= HEIGHT

    @pytest.mark.parametrize(
        ("length", "words"),
        [(6 * HOUR, "18:00"), (DAY, "24 Nov"), (7 * DAY, "20 Nov"), (366 * DAY, "Mei 2025")],
    )
    def test_ticks_are_whole_hours_days_or_months_of_local_time(self, length: int, words: str) -> None:
        """Few enough to be read on a phone."""
        drawn = draw(pictured(river("Welang", NOW), [], length=length))
        assert words in [tick.text for tick in drawn.across]
        assert len(drawn.across) <= 8


class TestTable:
    def test_the_newest_stand_on_top_with_their_reason(self) -> None:
        """At most two hundred, with how many there are; doubt is explained in the row."""
        points = [
            *minutely(NOW - 5 * HOUR, NOW),
            PastPoint(time=NOW, value=None, raw=None, flag=9, reason="missing: no_return", received_at=NOW),
        ]
        made = listing(Drawn(curve=of_readings(points, (NOW - 5 * HOUR, NOW)), readings=points), "level_m")
        assert (301, MOST_ROWS) == (made.total, len(made.rows))
        assert ("2025-11-24T16:00:00.000+00:00", "24 Nov 23:00:00") == (made.rows[0].utc, made.rows[0].local)
        assert "Tidak ada nilai: sensor tidak menerima pantulan." == made.rows[0].why
        assert (("1,00", "1"), None) == (made.rows[1].cells, made.rows[1].why)


class TestSaid:
    def told(self, station: StationView) -> str:
        return view.sentence(station, station_card(station, weather=(), tail=None, now=NOW), now=NOW)

    def test_a_calm_river(self) -> None:
        """Nothing but what is."""
        assert "Gembong: NORMAL. Muka air 1,20 m tetap, data 40 detik lalu." == self.told(river("Gembong", NOW))

    def test_a_rising_river_says_when(self) -> None:
        """Since when, how fast, and the range of the next level."""
        trend = TrendView(rate_m_per_h=0.45, next_level="SIAGA", eta_from=NOW + 35 * MINUTE, eta_to=NOW + 50 * MINUTE)
        station = river("Welang", NOW, 3.62, state="WASPADA", level="WASPADA", trend=trend, since=NOW - 20 * MINUTE)
        want = (
            "Welang Kraton: WASPADA sejak 22:40 WIB. Muka air 3,62 m naik 45 cm/jam, data 40 detik lalu. "
            "Diperkirakan mencapai SIAGA pukul 23:35–23:50."  # noqa: RUF001 — a range has an en dash
        )
        assert want == self.told(station)

    def test_a_silent_river_says_what_it_was(self) -> None:
        """The level that it holds, the last value and its age."""
        station = river(
            "Petung",
            NOW,
            2.91,
            age=34 * MINUTE,
            state="TIDAK ADA DATA",
            level="WASPADA",
            silent=True,
            at_least=True,
            since=NOW - 24 * MINUTE,
            rate=0.3,
        )
        want = (
            "Petung: TIDAK ADA DATA sejak 22:36 WIB, sedikitnya WASPADA, naik. Muka air terakhir 2,91 m, 34 menit lalu."
        )
        assert want == self.told(station)

    def test_maintenance_and_missing_thresholds_are_said(self) -> None:
        """Who works there until when; and that a station warns of nothing."""
        told = {
            each.id: self.told(each)
            for scene in (maintenance, quality_scene)
            for each in scene(NOW).entities
            if isinstance(each, StationView) and each.id in ("welang", "rejoso", "kedunglarangan")
        }
        assert "tetapi tidak memperingatkan" in told["rejoso"]
        assert "Belum pernah mengirim bacaan." in told["kedunglarangan"]
        works = next(each for each in maintenance(NOW).entities if isinstance(each, StationView))
        assert "oleh Sari (teknisi): mengganti sensor jarak." in self.told(works)

    def test_each_number_says_how_it_came_about(self) -> None:
        """Its quality, when it was measured and taken, raw value, node and calibration."""
        one = msgspec.structs.replace(series("level_m", 1.2, NOW - 40_000), raw=5300.0, node="node-a", epoch=2)
        (told,) = view.explained(river("Welang", NOW, series=[one]))
        assert (
            "Bacaan ini lolos semua pemeriksaan mutu.",
            "Terukur 22:59:20 WIB, diterima 400 ms kemudian.",
            "Nilai mentah dari sensor: 5300.",
            "Alat node-a.",
            "Dihitung dengan kalibrasi ke-2.",
        ) == told.why

    def test_a_threshold_says_how_far_it_is_and_who_set_it(self) -> None:
        """Reached or not, what happens there, since when and why."""
        limits = Limits(since=NOW - HOUR, metres={}, author="BPBD", reason="survei")
        station = river("Welang", NOW, 3.4, impact={"SIAGA": "Air masuk gang."})
        low, middle, _ = view.rungs(station, Dossier(limits=[limits]), now=NOW)
        assert (True, "terlampaui 0,40 m") == (low.is_reached, low.distance)
        assert ("0,60 m lagi", "Air masuk gang.") == (middle.distance, middle.impact)
        assert "Berlaku sejak 22:00 WIB, ditetapkan BPBD: survei." == low.why


class TestRoll:
    def names(self, **wanted: str) -> list[str]:
        found = [each for each in quality_scene(NOW).entities if isinstance(each, StationView)]
        return [each.id for each in roll(found, Wanted(**wanted), {})]

    def test_a_filter_takes_what_is_asked_for(self) -> None:
        """By name, river or kelurahan; by hazard; by what needs somebody."""
        assert "hujan-hulu" == self.names(hazard="rain")[0]
        assert ["welang"] == self.names(text="karangketug")
        assert ["welang", "gembong", "udara"] == self.names(state="ragu")
        assert ["kedunglarangan"] == self.names(state="perhatian")
        assert 7 == len(self.names())

    def test_rows_keep_their_place(self) -> None:
        """Whatever the states are: water, then rain, then air."""
        assert ["hujan-hulu", "udara"] == self.names()[-2:]
        assert "–" == roll([river("X", NOW, series=[])], Wanted(), {})[0].value  # noqa: RUF001 — a dash is meant
        assert ("0,4 mm", "baik") == next(
            (each.value, each.quality) for each in roll([rain_station(NOW)], Wanted(), {})
        )


class TestTyped:
    @pytest.mark.parametrize(("text", "metres"), [("1,45", 1.45), (" 1.45 m", 1.45), ("-0,2", -0.2), ("3", 3.0)])
    def test_metres_with_a_comma_or_a_point(self, text: str, metres: float) -> None:
        """As people write them."""
        assert metres == typed.metres(text)

    @pytest.mark.parametrize("text", ["", "145", "satu", "1,2,3", "1e3", "٣", "nan"])
    def test_what_is_no_height_is_refused(self, text: str) -> None:
        """A number over 100 is taken for centimetres."""
        with pytest.raises(Mistyped, match="dalam meter"):
            typed.metres(text)

    def test_a_time_of_day_is_the_last_such(self) -> None:
        """Today's when it has been, else yesterday's; a dot will do."""
        assert NOW - HOUR == typed.time_of_day("22.00", now=NOW)
        assert NOW - 23 * HOUR - 30 * MINUTE == typed.time_of_day("23:30", now=NOW)
        assert None is typed.time_of_day(" ", now=NOW)
        with pytest.raises(Mistyped, match="18:40"):
            typed.time_of_day("25:00", now=NOW)
