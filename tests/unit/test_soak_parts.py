"""The simulator's own parts: plans, water, the field's nodes, the provider, and the oracle's questions."""

import dataclasses
import hashlib
import itertools
import json
import random

import pytest

from alerting.audit import GENESIS, audit_entry
from alerting.channels.port import Accepted, RetryLater, Unknown
from alerting.outbox import Attempt, Entry
from deploy.soak.breach import Breaches
from deploy.soak.clock import DAY, HOUR, MINUTE, T0, ManualClock, Moment
from deploy.soak.field import FieldNode
from deploy.soak.load import load_of
from deploy.soak.oracle_audit import verify
from deploy.soak.oracle_story import Alarm
from deploy.soak.plan import FAULTS_A_DAY, KINDS, PEOPLE, Fault, plan_of
from deploy.soak.provider import Provider
from deploy.soak.stations import PLACES
from deploy.soak.water import Flood, level

FLOOD = Flood(begins=T0 + 2 * HOUR, rise_ms=2 * HOUR, fall_ms=6 * HOUR, height_m=3.0)
HULU = next(place for place in PLACES if place.station == "hulu")


def node() -> FieldNode:
    return FieldNode(HULU, FLOOD, random.Random(1))


def entry(key: str) -> Entry:
    return Entry(1, 1, key, "a", 1, "r", "n", "demo", "text", 9, "sending", 1, 0, None, 1, 0)


def test_a_seed_is_a_plan() -> None:
    """The same seed gives the same plan; days of a seed follow each other; faults end before the day does."""
    assert plan_of(5) == plan_of(5)
    assert plan_of(5) != plan_of(6)
    assert T0 + 3 * DAY == plan_of(5, 3).begins
    for seed in range(200):
        plan = plan_of(seed)
        assert FAULTS_A_DAY == len({fault.kind for fault in plan.faults if fault.kind not in PEOPLE})
        assert all(plan.begins <= f.begins <= f.ends <= plan.begins + 22 * HOUR for f in plan.faults)
    drawn = {fault.kind for seed in range(200) for fault in plan_of(seed).faults}
    assert set(KINDS) == drawn


def test_the_flood_is_as_fast_as_rivers_are() -> None:
    """Half a cosine up and down, an hour later at the lower station."""
    assert pytest.approx(1.6) == level("hulu", FLOOD, FLOOD.begins)
    assert pytest.approx(4.6) == level("hulu", FLOOD, FLOOD.crest)
    assert pytest.approx(0.8 + 0.7 * 3.0) == level("hilir", FLOOD, FLOOD.crest + HOUR)
    steps = [level("hulu", FLOOD, T0 + n * MINUTE) for n in range(600)]
    assert max(b - a for a, b in itertools.pairwise(steps)) < 0.1


def test_a_ring_frees_only_what_was_acknowledged() -> None:
    """The newest sample goes at once; what is not acknowledged comes again, in batches, later and later."""
    field = node()
    first = field.measure(T0)
    sent = [len(message.keys) for message in field.messages(T0)]
    assert [1] == sent
    field.measure(T0 + MINUTE)
    assert 2 == sum(len(message.keys) for message in field.messages(T0 + MINUTE))
    field.acknowledged(first.key[1], first.key[2], first.key[2])
    assert [first.key[2] + 1] == [key[2] for key in field.ring]
    assert first.stated == T0
    assert json.loads(first.payload)["s"]["distance_mm"] == round((8.0 - first.value) * 1000)


@pytest.mark.parametrize(
    ("clock", "stated"),
    [("none", None), ("1970", T0), ("2000", 946_684_800_000 + T0), ("ahead", T0 + HOUR), ("behind", T0 - 40 * MINUTE)],
)
def test_clocks_are_wrong_as_told(clock: str, stated: int | None) -> None:
    """A node that booted at 0 says so in its own way."""
    field = node()
    field.clock = clock
    assert stated == field.measure(T0).stated


def test_a_faulty_sensor_is_not_called_clean() -> None:
    """During its fault and for an hour after it."""
    field = node()
    fault = Fault(kind="sensor steps", begins=T0, ends=T0 + HOUR, node="node-hulu", size=1.0)
    field.begin(fault)
    samples = {minute: field.measure(T0 + minute * MINUTE) for minute in (0, 61, 119, 121)}
    assert [False, False, False, True] == [sample.is_clean for sample in samples.values()]
    assert 0.9 < samples[0].value - samples[0].truth < 1.1
    assert abs(samples[61].value - samples[61].truth) < 0.1


def test_the_provider_knows_what_it_took() -> None:
    """Refused is certainly not taken; what hangs may have been, and cannot be looked up meanwhile."""
    provider = Provider(random.Random(1))
    provider.mode = "refuses"
    assert isinstance(provider.take(Attempt(entry("a"), is_lookup=False))[0], RetryLater)
    provider.mode = "hangs"
    for n in range(50):
        assert isinstance(provider.take(Attempt(entry(f"h{n}"), is_lookup=False))[0], Unknown)
    assert 0 < len(provider.accepted) < 50
    assert isinstance(provider.take(Attempt(entry("h1"), is_lookup=True))[0], Unknown)
    provider.mode = "healthy"
    found = [provider.take(Attempt(entry(f"h{n}"), is_lookup=True))[0] for n in range(50)]
    assert len(provider.accepted) == sum(isinstance(outcome, Accepted) for outcome in found)
    assert {None} == {outcome for outcome in found if not isinstance(outcome, Accepted)}


def test_core_clock_may_be_wrong() -> None:
    """It shows what core's machine shows; waits go by the world's time."""
    moment = Moment(T0)
    clock = ManualClock(moment=moment)
    moment.offset = -5000
    assert T0 - 5000 == clock.now()
    assert T0 / 1000 == moment.monotonic()


def test_the_audit_log_is_verified_by_its_description() -> None:
    """The oracle computes the chain itself: it agrees with the real one, and sees one changed word."""
    rows = []
    previous = GENESIS
    for number in range(1, 4):
        row = audit_entry(previous, entry_id=number, at=number, actor="é", action="a", subject="s", detail={"b": "\n"})
        previous = row.hash
        rows.append((row.id, row.at, row.actor, row.action, row.subject, row.detail, row.hash))
    breaches = Breaches()
    verify(rows, breaches)
    assert [] == breaches.found
    rows[1] = (*rows[1][:4], "t", *rows[1][5:])
    verify(rows, breaches)
    assert ["I9"] == [breach.invariant for breach in breaches.found]
    assert hashlib.sha256(b"").digest() != rows[0][6]


def test_an_officers_load_counts_what_rose() -> None:
    """Two in ten minutes, three in the hour, two standing at once; what went down is no alarm."""
    alarms = [
        Alarm(T0, "a", "raised"),
        Alarm(T0 + 5 * MINUTE, "a", "raised_higher"),
        Alarm(T0 + 40 * MINUTE, "b", "raised"),
        Alarm(T0 + 50 * MINUTE, "a", "ended"),
    ]
    load = load_of(alarms)
    assert (3, 3, 2, 2) == dataclasses.astuple(load)
    assert load.is_bearable
