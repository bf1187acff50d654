"""Quality control of a series as a timetable: a value each minute, and what became of each."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from broker.quality_flags import Flag
from ingest.quality_limits import HOUR_MS, SeriesLimits, Span, default_limits
from ingest.quality_series import Sample, SeriesState, assess
from ingest.quality_state import decode, encode

T0 = 1_795_000_000_000
MINUTE = 60_000
LEVEL = default_limits("level_m", "a02yyuw")
CALM = [1.0, 1.01, 1.0, 1.02, 1.01]


@dataclass
class Around:
    """Fixed surroundings, and how often they were asked."""

    rain: float | None = None
    rise: float | None = None
    near: float | None = None
    asked: int = field(default=0)

    def rain_mm(self, minutes: int) -> float | None:
        self.asked += 1
        return self.rain

    def neighbours_rise_m_per_h(self) -> float | None:
        self.asked += 1
        return self.rise

    def neighbours_rain_mm(self, minutes: int) -> float | None:
        self.asked += 1
        return self.near


@dataclass
class Watched:
    """One series: its state and the last flag and reason of each sample."""

    limits: SeriesLimits = LEVEL
    around: Around = field(default_factory=Around)
    state: SeriesState = field(default_factory=SeriesState)
    flags: dict[int, int] = field(default_factory=dict)
    reasons: dict[int, str | None] = field(default_factory=dict)
    first: dict[int, int] = field(default_factory=dict)

    def take(
        self,
        minute: float,
        value: float | None,
        *,
        raw: float | None = None,
        flag: int = Flag.GOOD,
        reason: str | None = None,
    ) -> int:
        number = len(self.flags) + 1
        raw = value if raw is None else raw
        sample = Sample(number, T0 + round(minute * MINUTE), value, raw, int(flag), reason)
        found = assess(self.state, sample, self.limits, self.around)
        self.state = found.state
        self.flags[number] = self.first[number] = found.flag
        self.reasons[number] = found.reason
        for revision in found.revisions:
            self.flags[revision.id], self.reasons[revision.id] = revision.flag, revision.reason
        return number

    def play(self, values: Sequence[float], *, every: float = 1, begin: float = 0) -> "Watched":
        for at, value in enumerate(values):
            self.take(begin + at * every, value)
        return self

    @property
    def final(self) -> list[int]:
        return list(self.flags.values())

    def test_of(self, number: int) -> str:
        return str(self.reasons[number]).partition(":")[0]


def test_calm_water_is_good_and_asks_nobody() -> None:
    """Surroundings cost a look at other stations: only a test that would trip asks for them."""
    watched = Watched().play([1 + 0.01 * (at % 4) for at in range(200)])
    assert [1] * 200 == watched.final
    assert 0 == watched.around.asked


def test_a_spike_is_provisional_and_failed_by_the_next_sample() -> None:
    """Suspect while it may still be water, failed when the water is back."""
    watched = Watched().play([*CALM, 4.0])
    assert Flag.SUSPECT == watched.flags[6]
    watched.take(6, 1.01)
    assert ([1, 1, 1, 1, 1, 4, 1], "spike") == (watched.final, watched.test_of(6))


def test_a_small_blip_stays_suspect() -> None:
    """Under spike_fail nobody can say that it was not a wave."""
    watched = Watched().play([*CALM, 1.3, 1.01])
    assert [1, 1, 1, 1, 1, 3, 1] == watched.final


def test_a_slow_logger_s_spike_is_found_too() -> None:
    """In half an hour the rate allows a lot; the sample after it settles the spike."""
    watched = Watched().play([1.67, 1.65, 1.63, 0.75, 1.57, 1.59], every=30)
    assert ([1, 1, 1, 4, 1, 1], "spike") == (watched.final, watched.test_of(4))


def test_a_flash_flood_is_at_worst_suspect_and_confirmed_by_three_samples() -> None:
    """The step is doubted, the third sample that goes on rising makes all of them good."""
    watched = Watched().play([*CALM, 1.5, 1.9])
    assert [Flag.SUSPECT] * 2 == watched.final[-2:]
    watched.take(7, 2.4)
    assert [Flag.GOOD] * 8 == watched.final
    watched.play([2.9, 3.5, 4.0, 4.2], begin=8)
    assert [Flag.GOOD] * 12 == list(watched.first.values())[:5] + watched.final[5:]
    assert [Flag.GOOD] * 4 == list(watched.first.values())[-4:]  # a confirmed rate is not doubted again


def test_rain_confirms_a_rise_at_once() -> None:
    """Upstream rain explains it."""
    watched = Watched(around=Around(rain=32.0)).play([*CALM, 1.4])
    assert Flag.GOOD == watched.flags[6]
    assert "rain 32 mm in 180 min" in str(watched.reasons[6])


def test_a_rising_neighbour_confirms_a_rise_at_once() -> None:
    """So does the next station on the river."""
    watched = Watched(around=Around(rain=0.0, rise=0.8)).play([*CALM, 1.4])
    assert (Flag.GOOD, True) == (watched.flags[6], "neighbour rises 0.8 m/h" in str(watched.reasons[6]))


def test_rain_does_not_make_a_spike_good() -> None:
    """A step too great to be believed at once needs a second sample even in rain."""
    watched = Watched(around=Around(rain=32.0)).play([*CALM, 4.0, 1.01])
    assert [1, 1, 1, 1, 1, 4, 1] == watched.final
    watched = Watched(around=Around(rain=32.0)).play([*CALM, 3.0, 3.25])
    assert [Flag.GOOD] * 7 == watched.final


def test_a_parked_car_never_becomes_water() -> None:
    """A step without rain or neighbour, then constant: suspect for hours, and good again when the car leaves."""
    watched = Watched(around=Around(rain=0.0, rise=0.0)).play(CALM)
    watched.play([2.5 + 0.004 * (at % 5) for at in range(600)], begin=5)
    watched.play([1.1, 1.1, 1.11], begin=605)
    assert [1] * 5 + [3] * 600 + [1] * 3 == watched.final
    assert "box" == watched.test_of(50)


def test_a_plateau_that_begins_to_move_like_water_is_water() -> None:
    """Nobody supports it, but an echo does not climb by 20 cm."""
    watched = Watched().play([*CALM, *[1.6] * 10])
    assert Flag.SUSPECT == watched.flags[15]
    watched.play([1.6 + 0.01 * at for at in range(1, 30)], begin=15)
    assert Flag.GOOD == watched.final[-1]


def test_false_echoes_that_agree_by_chance_are_not_water() -> None:
    """Three in a row near each other, then the true level again."""
    watched = Watched().play([*CALM, 2.8, 2.78, 2.86, 1.01, 1.0])
    assert [1] * 5 + [3] * 3 + [1] * 2 == watched.final


def test_a_failed_sample_interrupts_what_agrees() -> None:
    """Samples agree in a row or not at all."""
    watched = Watched().play([*CALM, 1.5, 1.9])
    watched.take(7, -1.0, flag=Flag.FAIL, reason="gross_range: raw 9 outside sensor 30..4500")
    watched.take(8, 2.4)
    assert [3, 3, 4, 3] == watched.final[-4:]


def test_what_was_believed_wrongly_ends_by_going_back() -> None:
    """A rising neighbour made a parked car's plateau good; when it leaves, two samples at the old level are enough."""
    watched = Watched(around=Around(rise=0.5)).play([*CALM, *[2.6] * 30, 1.02, 1.01, 1.02])
    assert [3, 1, 1] == list(watched.first.values())[-3:]
    assert [1, 1, 1] == watched.final[-3:]


def test_a_car_that_parks_in_the_rain_is_a_car() -> None:
    """Rain explains a rise that goes on, and a small step; a large one that stays put needs a neighbour."""
    parked = Watched(around=Around(rain=30.0)).play([*CALM, *[2.6, 2.61] * 15])
    assert [3] * 30 == parked.final[5:]
    assert "box" == parked.test_of(35)
    rising = Watched(around=Around(rain=30.0)).play([*CALM, 2.6, 2.8])
    assert [1, 1] == rising.final[5:]


def test_what_jumps_and_only_sinks_is_a_bent_mast() -> None:
    """Everything reads 2 m higher while the river falls, for hours; a plateau that wanders up is water."""
    bent = Watched().play([*CALM, *[3.0 - 0.004 * n for n in range(170)]])
    assert {3} == set(bent.final[5:])
    water = Watched().play([*CALM, *[3.0 + 0.004 * n for n in range(170)]])
    assert 1 == water.final[-1]


def test_no_water_moves_by_metres_a_minute() -> None:
    """Three false echoes that happen to climb are not a flash flood; half a metre a minute may be one."""
    echoes = Watched().play([*CALM, 2.2, 4.6, 5.2])
    assert [3] * 3 == echoes.final[5:]
    assert [1] * 3 == Watched().play([*CALM, 1.5, 2.0, 2.5]).final[5:]


def test_a_glitch_in_a_flood_does_not_hide_it() -> None:
    """One sample at the old level in a confirmed flood is a spike; the flood goes on as good."""
    watched = Watched().play([*CALM, 1.5, 1.9, 2.4, 2.9, 3.4, 1.01, 3.6, 3.8])
    assert [4, 1, 1] == watched.final[-3:]


def test_falls_have_a_limit_of_their_own() -> None:
    """A river falls slower than it rises: the same step is good one way and doubted the other."""
    up, down = Watched().play([2.0] * 4 + [2.14]), Watched().play([2.0] * 4 + [1.86])
    assert (Flag.GOOD, Flag.SUSPECT) == (up.flags[5], down.flags[5])


def test_the_real_time_between_samples_counts() -> None:
    """What is too much for a minute is nothing in an hour."""
    quick, slow = Watched().play([2.0, 2.0, 2.0, 2.5]), Watched().play([2.0, 2.0, 2.0, 2.5], every=60)
    assert (Flag.SUSPECT, Flag.GOOD) == (quick.flags[4], slow.flags[4])


def test_the_first_sample_after_a_gap_is_not_compared() -> None:
    """Four hours without data: the river may be anywhere."""
    watched = Watched().play(CALM)
    number = watched.take(5 + 240, 3.9)
    assert Flag.GOOD == watched.flags[number]
    assert watched.reasons[number] == "time_gap: 4.02 h without a sample, limit 3 h; not compared"


def test_an_outlier_after_a_gap_loses_against_what_follows() -> None:
    """One against two: the first one is doubted, the others are good."""
    watched = Watched().play([4.0, 1.0, 1.01, 1.0])
    assert ([3, 1, 1, 1], "spike") == (watched.final, watched.test_of(1))


def test_a_backlog_does_not_touch_the_present_and_is_tested_itself() -> None:
    """Live first, then an hour of older samples with a spike in it, then live again."""
    watched = Watched().play(CALM, begin=100)
    before = watched.state
    watched.play([0.9, 0.91, 0.9, 3.0, 0.9, 0.91], begin=10)
    assert replace(watched.state, late=None) == before
    assert [1, 1, 1, 4, 1, 1] == watched.final[5:]
    assert Flag.GOOD == watched.flags[watched.take(105, 1.02)]


def test_a_sample_out_of_order_is_held_against_both_sides() -> None:
    """It came between two that are known already."""
    watched = Watched().play([*CALM, 1.0])
    watched.take(8, 1.01)
    good, bad = watched.take(6, 1.05), watched.take(7, 2.5)
    assert (Flag.GOOD, Flag.SUSPECT) == (watched.flags[good], watched.flags[bad])


def test_a_flat_line_is_suspect_then_failed() -> None:
    """Exactly the same value for a day, for a week."""
    watched = Watched().play([1.234] * (8 * 24 + 1), every=60)
    assert [1] * 24 + [3] * 144 + [4] * 25 == watched.final
    assert watched.reasons[25] == "flat_line: 1.234 for 24 h, limit 24 h, tolerance 0.0005"


def test_an_attenuated_signal_is_flagged_after_its_window() -> None:
    """A tide gauge that hardly moves within a day hangs in a clogged pipe."""
    limits = replace(LEVEL, attenuated_ms=25 * HOUR_MS, attenuated_suspect=0.2, attenuated_fail=0.05)
    watched = Watched(limits=limits).play([1 + 0.05 * (at % 2) for at in range(60)], every=60)
    assert [1] * 25 + [3] * 35 == watched.final
    assert watched.reasons[30] == "attenuated_signal: range 0.05 in 25 h, limit 0.2"


def test_units_mixed_up_are_named_and_never_confirmed() -> None:
    """640 after 6.4 is centimetres, however long it lasts."""
    watched = Watched(limits=default_limits("level_m", "logger")).play([6.4, 6.41, 6.4, *[640.0] * 10, 6.4])
    assert [1] * 3 + [3] * 10 + [1] == watched.final
    assert "unit_mix_up" == watched.test_of(5)


def test_a_record_flood_leaves_the_site_s_span_step_by_step() -> None:
    """Above the plausible span a jump is suspect; water that came up to it in good samples is good."""
    limits = replace(LEVEL, site=Span(0, 2))
    over = "gross_range: 2.05 outside site 0..2"
    risen = Watched(limits=limits).play([1.7, 1.8, 1.9, 1.98])
    assert Flag.GOOD == risen.flags[risen.take(4, 2.05, flag=Flag.SUSPECT, reason=over)]
    jumped = Watched(limits=limits).play([1.0, 1.0, 1.0, 1.0])
    assert Flag.SUSPECT == jumped.flags[jumped.take(4, 2.05, flag=Flag.SUSPECT, reason=over)]


def test_obstructed_may_be_water_at_the_sensor() -> None:
    """MaxBotix says 300 for everything nearer: with the water just below, that is not a failure."""
    code = "hardware_code: raw 300 = obstructed"

    def flag(watched: Watched, minute: float, raw: float) -> int:
        return watched.flags[watched.take(minute, 4.1, raw=raw, flag=Flag.FAIL, reason=code)]

    high = Watched(limits=default_limits("level_m", "maxbotix")).play([3.9, 3.95, 4.0, 4.05])
    low = Watched(limits=default_limits("level_m", "maxbotix")).play([1.0, 1.0, 1.0, 1.0])
    assert [Flag.SUSPECT, Flag.FAIL] == [flag(watched, 4, 300) for watched in (high, low)]


def test_a_code_never_becomes_a_measurement_by_waiting() -> None:
    """After an hour of codes anything would fit the last value; what lies outside the sensor's span never does."""
    code = "hardware_code: raw 0 = failed"
    watched = Watched(limits=default_limits("level_m", "maxbotix")).play([2.3] * 5)
    taken = [watched.take(minute, 8.0, raw=0, flag=Flag.FAIL, reason=code) for minute in range(5, 200)]
    assert {Flag.FAIL} == {watched.flags[number] for number in taken}
    obstructed = [watched.take(200 + n, 7.7, raw=300, flag=Flag.FAIL, reason=code) for n in range(60)]
    assert {Flag.FAIL} == {watched.flags[number] for number in obstructed}


def test_pm_stuck_at_zero() -> None:
    """Air has particles: an hour of zero is suspect, six hours fail."""
    watched = Watched(limits=default_limits("pm25_ugm3")).play([12, 11, 12, *[0.0] * 400])
    assert [1] * 63 + [3] * 300 + [4] * 40 == watched.final
    assert watched.reasons[64] == "flat_line: stuck at 0 for 1 h, limit 1 h"


def test_a_condensed_humidity_sensor() -> None:
    """100 % for longer than a foggy night."""
    watched = Watched(limits=default_limits("humidity_pct")).play([97.0, *[100.0] * 15, 96.0], every=60)
    assert [1] * 13 + [3] * 3 + [1] == watched.final


def test_a_smoke_plume_is_not_a_spike() -> None:
    """Two minutes of smoke are smoke; one minute alone is not."""
    watched = Watched(limits=default_limits("pm25_ugm3")).play([20, 21, 150, 140, 22, 20, 150, 21, 20])
    assert [1, 1, 1, 1, 1, 1, 3, 1, 1] == watched.final


def test_a_clogged_rain_gauge_is_found_by_its_neighbours() -> None:
    """Dry for three hours while 25 mm fall near by; good again with its first tip."""
    watched = Watched(limits=default_limits("rain_mm"), around=Around(near=25.0)).play([0.0] * 241)
    assert [1] * 180 + [3] * 61 == watched.final
    assert watched.around.asked == 5  # once in a quarter of an hour
    assert Flag.GOOD == watched.flags[watched.take(241, 0.2)]


def test_a_dry_day_is_no_clogged_gauge() -> None:
    """Nor when nobody near by speaks."""
    for near in (0.0, None):
        watched = Watched(limits=default_limits("rain_mm"), around=Around(near=near)).play([0.0] * 400)
        assert [1] * 400 == watched.final


def test_rain_beyond_anything_known_is_suspect() -> None:
    """20 mm in a minute; the same in an hour is a heavy shower."""
    rain = default_limits("rain_mm")
    minute, hour = Watched(limits=rain).play([0, 0, 20]), Watched(limits=rain).play([0, 0, 20], every=60)
    assert (Flag.SUSPECT, Flag.GOOD) == (minute.flags[3], hour.flags[3])
    assert minute.reasons[3] == "gross_range: 20 in 60 s, limit 6 (300/h)"


@pytest.mark.parametrize("flag", [Flag.MISSING, Flag.FAIL])
def test_what_was_not_measured_changes_nothing(flag: Flag) -> None:
    """The next good sample is compared with the last good one."""
    watched = Watched().play(CALM)
    before = watched.state
    watched.take(5, None if flag == Flag.MISSING else 9.0, flag=flag, reason="missing: no_return")
    assert (before, flag) == (watched.state, watched.final[-1])


def test_a_fault_s_number_takes_no_part_and_an_impossible_date_s_does() -> None:
    """One says that the sensor is broken, the other says nothing about the water."""
    watched = Watched().play(CALM)
    watched.take(5, 1.02, flag=Flag.SUSPECT, reason="fault: odd")
    assert T0 + 4 * MINUTE == watched.state.time
    watched.take(6, 1.02, flag=Flag.SUSPECT, reason="impossible_date: node says 0; filed at arrival")
    assert (T0 + 6 * MINUTE, Flag.SUSPECT) == (watched.state.time, watched.final[-1])


def test_a_state_is_small_and_survives_encoding() -> None:
    """At its largest: six doubted samples, and a backlog with six more."""
    watched = Watched().play([*CALM, *[2.5] * 8], begin=100).play([*CALM, *[2.5] * 8])
    assert watched.state.doubt is not None
    assert watched.state.late is not None
    assert watched.state.late.doubt is not None
    assert decode(encode(watched.state)) == watched.state
    assert len(encode(watched.state)) <= 600
    assert len(encode(Watched().play([*CALM, *[2.5] * 8]).state)) <= 300
    assert len(encode(Watched().play(CALM).state)) <= 100
