"""The page's copy of core's entities, and the last hour of levels."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.web import replica as module
from alerting.web.readings import LastHour, Tail
from alerting.web.replica import Replica
from broker.live import AlertView, Event, MessageView
from tests.browser.scenes import HOUR, MINUTE, alert, message, river

NOW = 1_764_000_000_000
STATES = st.sampled_from(["queued", "sending", "accepted", "delivered", "dead", "unknown"])


def event(number: int, kind: str, entity: AlertView | MessageView) -> Event:
    return Event(id=number, kind=kind, data=msgspec.Raw(msgspec.json.encode(entity)))  # type: ignore[arg-type]


@settings(deadline=None)  # a busy machine is not a slow function
@given(st.lists(st.tuples(st.integers(1, 40), STATES), max_size=80))
def test_the_tally_is_always_what_counting_would_give(changes: list[tuple[int, str]]) -> None:
    """Counts follow each change, also when the oldest messages are forgotten."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MAX_MESSAGES", 20)
        copy = Replica()
        for number, (identity, state) in enumerate(changes):
            copy.apply(event(number, "message", message(identity, NOW, state=state)))
        counted = Counter((one.channel, one.state) for one in copy.messages.values())
        grouped = {one.id for group in copy.groups.values() for one in group.values()}
        assert (counted, set(copy.messages)) == (+copy.tally, grouped)
        assert len(copy.messages) <= 20


def test_only_ended_alerts_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """An active alert stays whatever the cap says."""
    monkeypatch.setattr(module, "MAX_ALERTS", 2)
    copy = Replica()
    for number, active in enumerate((True, False, True, True)):
        copy.apply(event(number, "alert", alert(NOW, id=f"w.level.{number}", active=active)))
    assert (["w.level.0", "w.level.2", "w.level.3"], 1) == (list(copy.alerts), copy.forgotten)


def test_a_retired_station_leaves_the_page() -> None:
    """It came as any other, and is gone with its last word; whoever never knew it does not mind."""
    copy, station = Replica(), river("Welang", NOW, 3.0, age=0)
    last = msgspec.structs.replace(station, retired=True)
    copy.apply(Event(id=1, kind="station", data=msgspec.Raw(msgspec.json.encode(station))))
    assert [station.id] == list(copy.stations)
    for number in (2, 3):
        change = copy.apply(Event(id=number, kind="station", data=msgspec.Raw(msgspec.json.encode(last))))
        assert ({}, station.id) == (copy.stations, change.id)


def test_an_entity_outside_the_contract_is_refused() -> None:
    """Text where a number is due changes nothing."""
    copy = Replica()
    with pytest.raises(msgspec.DecodeError):
        copy.apply(Event(id=1, kind="station", data=msgspec.Raw(b'{"id":"w","rev":"x"}')))
    assert {} == copy.stations


def test_the_last_hour_ends_with_the_newest_level() -> None:
    """Older levels leave, history goes before what came live, and a repeated time is taken once."""
    hour = LastHour()
    hour.note(river("Welang", NOW, 3.0, age=0))
    hour.note(river("Welang", NOW, 3.0, age=0))
    hour.seed("welang", [(NOW - 2 * HOUR, 9.0, 1), (NOW - 30 * MINUTE, 2.0, 1), (NOW - MINUTE, 8.0, 4), (NOW, 7.0, 1)])
    assert Tail(first=2.0, low=2.0, high=3.0) == hour.tail("welang")


def test_one_level_has_no_tail() -> None:
    """A single value does not say where the water came from."""
    hour = LastHour()
    hour.note(river("Welang", NOW, 3.0))
    assert hour.tail("welang") is None
