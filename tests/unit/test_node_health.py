"""A node's health over simulated days: each alarm comes when it should, ends when it should, and never flaps."""

import random
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from broker import wire
from broker.live import NodeAlarm
from deploy.nodes.alarms import HOLDS_MS, HOUR_MS, MINUTE_MS, Alarms, Kind
from deploy.nodes.battery_days import DAY_MS, BatteryDays
from deploy.nodes.health import TOGETHER, Circumstances, NodeHealth
from ingest.readings import Reading

T0 = 1_795_000_000_000 // DAY_MS * DAY_MS - 7 * HOUR_MS  # midnight in Pasuruan
Settled = tuple[int, str, str]  # minute, kind, what became of it


class Field:
    """One node and its core's clock. ``settled`` is what became of its alarms, with the minute."""

    def __init__(self) -> None:
        self.health = NodeHealth()
        self.minute = 0
        self.seq = 0
        self.boot = 1
        self.about = Circumstances(now=T0, silent_ms=10 * MINUTE_MS)
        self.is_maintained = False
        self.settled: list[Settled] = []

    def pass_minutes(self, count: int = 1, **changes: Any) -> None:
        for _ in range(count):
            self.minute += 1
            now = T0 + self.minute * MINUTE_MS
            self.about = msgspec.structs.replace(self.about, now=now, **changes)
            self.settled += [(self.minute, kind, became) for _, kind, became in self.health.judge(self.about)]

    def measure(self, flag: int = 1, **values: float | None) -> None:
        """A reading arrives now."""
        now = self.about.now
        seen = wire.Observation(v=1, boot=self.boot, seq=self.seq, s=dict(values), t=now)
        rows = [_reading(quantity, value, now, flag) for quantity, value in values.items()]
        self.about = msgspec.structs.replace(self.about, last_arrival=now)
        self.take(seen, rows)
        self.seq += 1

    def take(self, seen: wire.Observation, rows: list[Reading]) -> None:
        """As core does: the rest of an observation that tells nothing is passed over."""
        self.health.count(seen.boot, seen.seq, self.about.now, has_time=seen.t is not None)
        if self.health.tells(rows):
            self.health.take(rows, self.about.offset_ms, is_maintained=self.is_maintained)

    def say(self, **told: Any) -> None:
        status = wire.Status(online=True, **({"boot": self.boot} | told))
        self.health.hear(status, self.about.now, is_maintained=self.is_maintained)

    def vanish(self) -> None:
        self.health.hear(wire.Status(online=False), self.about.now, is_maintained=self.is_maintained)

    @property
    def standing(self) -> list[str]:
        return sorted(self.health.standing)

    def alarm(self, name: str) -> NodeAlarm:
        return self.health.standing[name]


def _reading(quantity: str, value: float | None, now: int, flag: int = 1) -> Reading:
    return Reading(
        0, "wl-01", 1, 0, quantity, 0, "welang", quantity, now, now, now, value, value, 9 if value is None else flag,
        None, 1,
    )  # fmt: skip


@pytest.fixture
def field() -> Field:
    return Field()


# -- hysteresis ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(HOLDS_MS))
def test_no_alarm_flaps_whatever_its_condition_does(kind: Kind) -> None:
    """Two ends of an alarm are at least as far apart as its holding times, over a week of a condition at random."""
    draw, alarms, changes = random.Random(kind), Alarms(), []
    for minute in range(0, 7 * 1440, 2):
        holds = draw.choice([True, False, None])
        became = alarms.settle(kind, holds, minute * MINUTE_MS)
        if became is not None:
            changes.append((minute * MINUTE_MS, became))
    on_ms, off_ms = HOLDS_MS[kind]
    for (before, _), (after, became) in pairwise(changes):
        assert after - before >= (on_ms if became == "raised" else off_ms)
    assert ["raised", "ended"] * (len(changes) // 2) == [became for _, became in changes][: len(changes) // 2 * 2]


def test_a_value_about_its_limit_raises_one_alarm(field: Field) -> None:
    """A battery that wanders by 30 mV about 3.50 V for a day is low once, and not 700 times."""
    draw = random.Random(1)
    for _ in range(1440):
        field.measure(batt_mv=3500 + draw.uniform(-30, 30))
        field.pass_minutes()
    assert [("battery", "raised")] == [each[1:] for each in field.settled]
    for _ in range(60):
        field.measure(batt_mv=3700.0)
        field.pass_minutes()
    assert [("battery", "raised"), ("battery", "ended")] == [each[1:] for each in field.settled]


@pytest.mark.parametrize(
    ("kind", "told", "values"),
    [
        ("signal", "rssi_dbm", (-88, -78, -70)),
        ("memory", "free_bytes", (6_000, 10_000, 40_000)),
        ("storage", "flash_free_bytes", (30_000, 80_000, 400_000)),
        ("temperature", "chip_c", (85, 76, 50)),
    ],
)
def test_what_the_status_says_is_judged_with_two_limits(
    field: Field, kind: str, told: str, values: tuple[int, int, int]
) -> None:
    """Bad long enough raises it, between the limits nothing changes, good long enough ends it; unknown is no fault."""
    bad, between, good = values

    def hours(value: int | None, count: int) -> None:
        for _ in range(12 * count):
            field.say(**{told: value})
            field.pass_minutes(5, last_arrival=field.about.now)

    hours(None, 1)
    hours(between, 1)
    assert [] == field.settled
    hours(bad, 1)
    assert [kind] == field.standing
    hours(between, 3)
    assert [kind] == field.standing
    hours(good, 3)
    assert [(kind, "raised"), (kind, "ended")] == [each[1:] for each in field.settled]


# -- battery and panel -----------------------------------------------------------------------------------------------


def days(
    field: Field, count: int, battery: Callable[[int, float], float], solar: Callable[[int, float], float]
) -> None:
    """A reading every half hour; ``battery`` and ``solar`` by day and hour."""
    for day in range(count):
        for half in range(48):
            field.measure(batt_mv=battery(day, half / 2), solar_mv=solar(day, half / 2))
            field.pass_minutes(30, silent_ms=0)


def sun(_day: int, hour: float) -> float:
    return 5200.0 if 6 <= hour < 18 else 0.0


def test_a_battery_that_falls_day_by_day_is_told_with_the_days_that_are_left(field: Field) -> None:
    """40 mV lower each night, though the sun lifts it by day: from 3.80 V some five days are left."""
    days(field, 8, lambda day, hour: 4080 - 40 * day + (120 if 9 <= hour < 17 else 0), sun)
    assert ["draining"] == field.standing
    assert (4080 - 40 * 7 - 3500) / 40 == pytest.approx(field.alarm("draining").value)
    first = next(minute for minute, kind, _ in field.settled if kind == "draining")
    assert 4 * 1440 <= first < 5 * 1440 + 60


@pytest.mark.parametrize("change", [0, 2, -3])
def test_a_sound_battery_of_two_weeks_drains_not(field: Field, change: int) -> None:
    """Clouds move single days by 60 mV; a slope of some mV a day is a battery's age, and one odd day is not a slope."""
    draw = random.Random(change)
    cloud = [draw.uniform(-60, 0) for _ in range(14)]
    days(field, 14, lambda day, hour: 4000 + change * day + cloud[day] + (120 if 9 <= hour < 17 else 0), sun)
    assert [] == field.settled


def test_a_panel_that_charges_on_no_day_is_told_once_and_ends_with_sun(field: Field) -> None:
    """Not at the first dark day, nor at every cloud: after the light of the second one; over when it charges."""
    dark = (2, 3, 4)
    days(
        field,
        7,
        lambda _day, _hour: 3900.0,
        lambda day, hour: 3000.0 if day in dark and 6 <= hour < 18 else sun(day, hour),
    )
    (raised, ended) = field.settled
    assert ("charging", "raised", "charging", "ended") == (*raised[1:], *ended[1:])
    assert 3 * 1440 + 15 * 60 == pytest.approx(raised[0], abs=31)
    assert 5 * 1440 + 9 * 60 <= ended[0] < 5 * 1440 + 13 * 60


def test_days_are_kept_for_two_weeks_and_no_longer() -> None:
    """A backlog of an older day neither grows the record nor bends the trend."""
    battery = BatteryDays()
    for day in (*range(20), 2, 3):
        battery.take(day * DAY_MS, 0, 4000.0 - day, None)
    assert list(range(6, 20)) == sorted(battery.days)
    assert battery.trend(20 * DAY_MS, 0) is None  # one reading a day is not a day
    assert battery.dark_days(20 * DAY_MS, 0) is None


# -- what comes and does not come ------------------------------------------------------------------------------------


def _minutes(field: Field, count: int, lost: Iterable[int] = ()) -> None:
    missing = set(lost)
    for number in range(count):
        if number in missing:
            field.seq += 1
        else:
            field.measure(level_m=1.5)
        field.pass_minutes()


def test_readings_that_never_come_are_told_after_hours(field: Field) -> None:
    """Every tenth of a day lost is told; every hundredth is not; and it ends when a day is whole again."""
    _minutes(field, 1440, lost=range(50, 1440, 100))
    assert [] == field.settled
    _minutes(field, 1440, lost=range(5, 1440, 10))
    assert ["gaps"] == field.standing
    assert 0.1 == pytest.approx(field.alarm("gaps").value, abs=0.01)
    _minutes(field, 2000)
    assert [("gaps", "raised"), ("gaps", "ended")] == [each[1:] for each in field.settled]


def test_a_backlog_on_its_way_is_no_loss(field: Field) -> None:
    """After half a day without network the newest come first: what is still in the ring is not lost."""
    _minutes(field, 600)
    field.seq += 720
    field.pass_minutes(720, silent_ms=0)
    field.say(stored=700)
    _minutes(field, 300)
    field.seq -= 1020
    for _ in range(720):
        field.measure(level_m=1.4)
    field.seq += 300
    field.say(stored=0)
    _minutes(field, 300)
    assert [] == field.settled


def test_silence_of_one_node_and_its_end(field: Field) -> None:
    """After its station's patience, not while the broker is away; who only comes up for a moment stays silent."""
    _minutes(field, 5)
    field.pass_minutes(30, is_linked=False)
    assert [] == field.settled
    field.pass_minutes(1, is_linked=True)
    assert ["silent"] == field.standing
    field.measure(level_m=1.5)
    field.pass_minutes(3)
    assert ["silent"] == field.standing
    _minutes(field, 10)
    assert [] == field.standing


def test_a_sensor_is_lost_after_three_readings_and_back_after_three(field: Field) -> None:
    """One echo that went astray is nothing; a doubtful one is told apart."""
    for _ in range(20):
        field.measure(level_m=1.5)
        field.measure(level_m=None)
        field.pass_minutes()
    assert [] == field.settled
    for expected in ([], ["sensor:level_m"]):
        field.measure(level_m=None)
        field.pass_minutes()
        assert expected == field.standing
    for _ in range(TOGETHER):
        field.measure(level_m=1.5, flag=3)
    field.pass_minutes()
    assert ["doubtful:level_m"] == field.standing


# -- starts, clock, theft --------------------------------------------------------------------------------------------


def test_starts_again_and_again(field: Field) -> None:
    """Four in six hours with their reason; the first that core hears of and those of a technician do not count."""
    field.say()
    for _ in range(3):
        field.boot += 1
        field.say(reset="watchdog")
        field.pass_minutes(20, silent_ms=0)
    field.say(reset="watchdog")
    assert [] == field.standing
    field.is_maintained = True
    for _ in range(5):
        field.boot += 1
        field.say()
    field.is_maintained = False
    field.pass_minutes()
    assert [] == field.standing
    field.boot += 1
    field.say(reset="watchdog")
    field.pass_minutes()
    assert (4.0, "watchdog") == (field.alarm("reboots").value, field.alarm("reboots").note)
    field.pass_minutes(7 * 60)
    assert [] == field.standing


def test_a_clock_that_is_wrong_or_unknown(field: Field) -> None:
    """Behind for ten minutes is told; no time at all after an hour."""
    field.pass_minutes(9, behind_ms=2 * HOUR_MS)
    assert [] == field.standing
    field.pass_minutes(3, behind_ms=2 * HOUR_MS)
    assert 2.0 * HOUR_MS == field.alarm("clock").value
    other = Field()
    for minute in range(90):
        seen = wire.Observation(v=1, boot=1, seq=minute, s={"level_m": 1.0}, t=None)
        other.take(seen, [])
        other.pass_minutes(1, silent_ms=0)
    assert 0.0 == other.alarm("clock").value


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        (["lid"], ["lid"]),
        (["tilt"], ["tilted"]),
        (["gone"], []),
        (["lid", "gone"], ["lid", "theft"]),
        (["tilt", "lid"], ["lid", "theft", "tilted"]),
        (["battery", "gone"], ["theft"]),
    ],
)
def test_two_signs_together_look_like_theft(field: Field, signs: list[str], expected: list[str]) -> None:
    """One alone is an open lid or a bad network; the last gasp of a cut battery and then nothing is a theft."""
    field.measure(batt_mv=3900.0, lid_open=0.0, tilted=0.0)
    field.say()
    for sign in signs:
        field.pass_minutes(2)
        if sign == "gone":
            field.vanish()
        else:
            field.measure(
                batt_mv=0.0 if sign == "battery" else 3900.0,
                lid_open=float("lid" in signs),
                tilted=float(sign == "tilt" or ("tilt" in signs and sign == "lid")),
            )
    field.pass_minutes()
    assert expected == [each for each in field.standing if each != "battery"]


def test_a_technician_at_work_is_no_thief_and_a_theft_ends_when_all_is_well_again(field: Field) -> None:
    """Open, tilted and dark under maintenance is work; the alarm of a theft stays until an hour after its end."""
    field.is_maintained = True
    field.measure(batt_mv=3900.0, lid_open=1.0, tilted=1.0)
    field.vanish()
    field.pass_minutes(5)
    assert "theft" not in field.standing
    field.is_maintained = False
    field.pass_minutes(60, silent_ms=0)
    field.measure(batt_mv=3900.0, lid_open=0.0, tilted=0.0)
    field.say()
    field.pass_minutes(1)
    field.measure(lid_open=1.0, tilted=1.0)
    field.pass_minutes(30)
    assert "theft" in field.standing
    field.measure(lid_open=0.0, tilted=0.0, batt_mv=3900.0)
    field.pass_minutes(59)
    assert ["theft"] == field.standing
    field.pass_minutes(3)
    assert [] == field.standing


def test_a_sign_long_after_another_is_not_one_theft(field: Field) -> None:
    """A lid that was left open in the morning, and a network that is lost in the evening."""
    field.measure(lid_open=1.0)
    field.say()
    field.pass_minutes(180, silent_ms=0)
    field.vanish()
    field.pass_minutes(5)
    assert ["lid"] == field.standing


def test_health_outlives_its_core(field: Field) -> None:
    """What is kept is read again as it was."""
    days(field, 6, lambda day, hour: 4080 - 40 * day + hour, sun)
    field.say(rssi_dbm=-90, order=(4, "live"))
    field.measure(level_m=None)
    kept = msgspec.json.decode(msgspec.json.encode(field.health), type=NodeHealth)
    assert field.health == kept
    assert len(msgspec.json.encode(kept)) < 4000
