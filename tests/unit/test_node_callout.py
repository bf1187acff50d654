"""When technicians are called: what waits, what is told at night, and that a storm is one call."""

import msgspec

from deploy.nodes.alarms import HOUR_MS, MINUTE_MS
from deploy.nodes.callout import MOST_KEPT, Callouts, Waiting

T0 = 1_795_000_000_000


def free(_alarm: Waiting) -> bool:
    return False


def busy(_alarm: Waiting) -> bool:
    return True


class Night:
    """Time that passes minute by minute, and the calls that were made in it."""

    def __init__(self) -> None:
        self.found, self.minute, self.is_night = Callouts(), 0, False
        self.calls: list[tuple[int, list[str]]] = []

    @property
    def now(self) -> int:
        return T0 + self.minute * MINUTE_MS

    def raised(self, node: str, kind: str) -> None:
        self.found.raised(node, kind, kind, self.now)

    def until(self, minute: int, *, is_held: bool = False) -> None:
        while self.minute < minute:
            self.minute += 1
            due = self.found.due(self.now, is_night=self.is_night, is_held=busy if is_held else free)
            if due:
                self.found.called(due, self.now)
                self.calls.append((self.minute, [alarm.key for alarm in due]))


def test_a_storm_is_one_call() -> None:
    """Forty nodes fall silent over a minute and a half: nobody has forty messages."""
    night = Night()
    for number in range(20):
        night.raised(f"a-{number}", "silent")
    night.until(1)
    for number in range(20):
        night.raised(f"b-{number}", "silent")
    night.until(60)
    ((minute, told),) = night.calls
    assert (2, 40) == (minute, len(told))


def test_at_night_only_what_blinds_and_theft_the_rest_in_the_morning() -> None:
    """A weak battery is no reason to wake somebody; in the morning all of it comes together."""
    night = Night()
    night.is_night = True
    night.raised("w", "battery")
    night.raised("w", "charging")
    night.raised("p", "sensor")
    night.until(300)
    assert [(2, ["p/sensor"])] == night.calls
    night.is_night = False
    night.until(301)
    assert (301, ["w/battery", "w/charging"]) == night.calls[-1]


def test_a_theft_is_told_at_once_and_soon_after_another_call() -> None:
    """Whoever takes a station is not waited for until a quarter of an hour is over."""
    night = Night()
    night.raised("w", "silent")
    night.until(3)
    night.raised("p", "theft")
    night.until(30)
    assert [(2, ["w/silent"]), (7, ["p/theft"])] == night.calls


def test_never_more_than_three_an_hour_and_five_with_thefts() -> None:
    """However much goes wrong: what waited comes with the next call."""
    night = Night()
    for minute in range(120):
        night.until(minute)
        night.raised(f"n-{minute}", "silent")
    starts = [minute for minute, _ in night.calls]
    assert 3 == max(sum(at - 60 < other <= at for other in starts) for at in starts)
    night.until(180)
    assert 120 == sum(len(told) for _, told in night.calls)
    thief = Night()
    for minute in range(120):
        thief.until(minute)
        thief.raised(f"n-{minute}", "theft")
    starts = [minute for minute, _ in thief.calls]
    assert 5 == max(sum(at - 60 < other <= at for other in starts) for at in starts)


def test_what_ended_before_it_was_told_is_told_to_nobody() -> None:
    """And what comes back within the hour waits for the hour's end, by which it may be over again."""
    night = Night()
    night.raised("w", "silent")
    night.found.ended("w", "silent")
    night.until(10)
    assert [] == night.calls
    night.raised("w", "silent")
    night.until(12)
    night.raised("w", "silent")
    night.until(40)
    assert [(12, ["w/silent"])] == night.calls
    night.until(75)
    assert [12, 72] == [minute for minute, _ in night.calls]


def test_nothing_of_a_station_on_which_somebody_works() -> None:
    """What still stands when he has gone is told then, after the same patience."""
    night = Night()
    night.raised("w", "sensor")
    night.until(50, is_held=True)
    assert [] == night.calls
    night.until(60)
    assert [(52, ["w/sensor"])] == night.calls


def test_what_is_kept_over_a_restart_is_bounded() -> None:
    """Beyond five hundred by name only their number; a theft always has its place."""
    found = Callouts()
    for number in range(MOST_KEPT + 7):
        found.raised(f"n-{number}", "silent", "silent", T0)
    found.raised("w", "theft", "theft", T0)
    again = msgspec.json.decode(msgspec.json.encode(found), type=Callouts)
    assert found == again
    due = again.due(T0 + HOUR_MS, is_night=True, is_held=free)
    assert (MOST_KEPT + 1, 7) == (len(due), again.beyond)
    again.called(due, T0 + HOUR_MS)
    assert ({}, 0) == (again.waiting, again.beyond)


def test_a_node_that_is_gone_is_forgotten() -> None:
    """Its namesakes stay."""
    found = Callouts()
    found.raised("w", "lid", "lid", T0)
    found.raised("w2", "lid", "lid", T0)
    found.forget("w")
    assert ["w2/lid"] == list(found.waiting)


def test_a_clock_that_is_set_back_keeps_nobody_waiting() -> None:
    """What was dated a day ahead is told after its usual patience."""
    night = Night()
    night.found.raised("w", "silent", "silent", night.now + 24 * HOUR_MS)
    night.found.called([], night.now + 24 * HOUR_MS)
    night.until(5)
    assert [(3, ["w/silent"])] == night.calls
