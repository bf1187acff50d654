"""How far beats came, and what a watch tells of it: timetables over the pure parts."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pytest

from alerting import gsm7
from deploy.watch import words
from deploy.watch.heard import Answer, Finding, Heard
from deploy.watch.settings import Watch
from deploy.watch.standing import Pace, Standing, decide, decide_own

MINUTE_MS = 60_000
PACE = Pace(repeat_ms=15 * MINUTE_MS, patience_ms=60_000)
NOW = 1_795_000_000_000
NEW = Standing()
WAYS: dict[str, str | None] = {"twilio": None, "modem": None}


def heard(*, connected: bool = True) -> Heard:
    return Heard(started_at=0.0, patience_s=60.0, is_connected=connected)


def beats(
    found: Heard,
    until: float,
    *,
    acked: bool = True,
    ways: dict[str, str | None] | None = WAYS,
    names: Sequence[str] = ("twilio", "modem"),
    start: float = 0.0,
) -> None:
    """A beat every 20 s from ``start`` on; ``ways`` None: no answer."""
    at = start
    while at <= until:
        number = int(at)
        found.sent(number, at)
        if acked:
            found.acknowledged(number, number)
        if ways is not None:
            found.answered(Answer(number=number, names=tuple(names), ways=ways))
        at += 20.0


def test_beats_that_come_back_from_every_channel_are_well() -> None:
    """And nothing is known before the first of them."""
    found = heard()
    assert "unknown" == found.judge(10.0).kind
    beats(found, 100.0)
    assert Finding(kind="well", working=("twilio", "modem")) == found.judge(101.0)


@pytest.mark.parametrize(
    ("connected", "acked", "kind"),
    [(False, False, "broker"), (True, False, "core"), (True, True, "sender")],
)
def test_how_far_a_beat_came_tells_what_is_broken(connected: bool, acked: bool, kind: str) -> None:
    """After a minute without an answer, not before; a watch that just started waits as long."""
    found = heard(connected=connected)
    beats(found, 100.0)
    beats(found, 200.0, start=120.0, acked=acked, ways=None)
    assert "well" == found.judge(159.0).kind
    assert kind == found.judge(160.0).kind
    assert found.judge(160.0).is_broken
    new = heard(connected=connected)
    beats(new, 60.0, acked=acked, ways=None)
    assert "unknown" == new.judge(59.0).kind
    assert kind == new.judge(61.0).kind


def test_a_channel_that_fails_is_named_and_the_others_work() -> None:
    """With what its probe says; when none is left, nobody is warned."""
    found = heard()
    beats(found, 100.0)
    beats(found, 200.0, start=120.0, ways={"twilio": "Akun tidak aktif.", "modem": None})
    late = found.judge(201.0)
    assert Finding(kind="channel", ways={"twilio": "Akun tidak aktif."}, working=("modem",)) == late
    assert not late.is_broken
    beats(found, 300.0, start=220.0, ways={"twilio": "Akun tidak aktif."})
    assert {"twilio": "Akun tidak aktif.", "modem": "tidak menjawab"} == found.judge(301.0).ways
    assert found.judge(301.0).is_broken


def test_an_installation_without_channels_is_not_well() -> None:
    """Its answers come, and reach nobody."""
    found = heard()
    beats(found, 100.0, ways={}, names=())
    assert "no_channel" == found.judge(101.0).kind


def test_late_and_foreign_answers_prove_nothing() -> None:
    """An answer counts from when its beat was sent; one to a beat of another process not at all."""
    found = heard()
    beats(found, 100.0)
    for number in range(120, 240, 20):
        found.sent(number, float(number))
    found.answered(Answer(number=100, names=("twilio", "modem"), ways=WAYS))
    found.answered(Answer(number=999, names=("twilio", "modem"), ways=WAYS))
    assert "core" == found.judge(300.0).kind


def test_a_daily_message_that_failed_is_told_while_the_chain_works() -> None:
    """What became of it stands in every answer."""
    found = heard()
    found.sent(1, 1.0)
    found.answered(Answer(number=1, names=("twilio",), ways={"twilio": None}, day=20261122, daily="ditolak"))
    assert Finding(kind="daily", working=("twilio",), detail="ditolak") == found.judge(2.0)


# -- what is told ----------------------------------------------------------------------------------------------------


def told(steps: Sequence[tuple[float, Finding]], standing: Standing = NEW) -> list[tuple[float, str]]:
    """When what was said, in minutes; between two steps the finding holds and is looked at every half minute."""
    said: list[tuple[float, str]] = []
    well_at = None
    for (minute, finding), (end, _) in zip(steps, [*steps[1:], (steps[-1][0] + 0.5, steps[-1][1])], strict=True):
        at = minute
        while at < end:
            well_at = None if finding.kind != "well" else at if well_at is None else well_at
            well_ms = 0 if well_at is None else int((at - well_at) * MINUTE_MS)
            standing, say = decide(standing, finding, NOW + int(at * MINUTE_MS), well_ms=well_ms, pace=PACE)
            if say is not None:
                said.append((at, say))
            at += 0.5
    return said


WELL, CORE = Finding(kind="well"), Finding(kind="core")
PART = Finding(kind="channel", ways={"twilio": "x"}, working=("modem",))


def test_a_fault_is_told_at_once_repeated_and_ended() -> None:
    """Every quarter of an hour while it lasts; its end after a minute without a break."""
    assert [(1.0, "alarm"), (16.0, "again"), (31.0, "again"), (41.0, "well")] == told(
        [(0, WELL), (1, CORE), (40, WELL), (60, WELL)]
    )


def test_a_fault_that_comes_and_goes_is_one() -> None:
    """Well for half a minute is not well."""
    steps = [(0, WELL), *[(minute, each) for n in range(1, 8) for minute, each in ((n, CORE), (n + 0.5, WELL))]]
    assert [(1.0, "alarm"), (8.5, "well")] == told([*steps, (20, WELL)])


def test_a_fault_that_gets_worse_is_told_at_once() -> None:
    """From one channel to all; back to one it waits for its turn."""
    assert [(1.0, "alarm"), (3.0, "alarm"), (18.0, "again")] == told(
        [(0, WELL), (1, PART), (3, CORE), (5, PART), (20, PART)]
    )


def test_a_restart_neither_repeats_nor_ends_what_it_does_not_know() -> None:
    """What was told stands on disk; "unknown" says nothing."""
    before = Standing(kind="core", is_broken=True, since=NOW, told_at=NOW, numbered=3)
    unknown = Finding(kind="unknown")
    assert [] == told([(0, unknown), (1, CORE), (10, CORE)], before)
    assert [(15.0, "again")] == told([(0, unknown), (1, CORE), (20, CORE)], before)
    assert [(3.0, "well")] == told([(0, unknown), (2, WELL), (10, WELL)], before)


def test_a_clock_that_was_set_back_does_not_silence_it() -> None:
    """A time in the future counts as now."""
    before = Standing(kind="core", is_broken=True, since=NOW + 10**9, told_at=NOW + 10**9)
    assert [(15.0, "again")] == told([(0, CORE), (20, CORE)], before)


def test_own_channels_are_told_when_they_change_and_not_more_often() -> None:
    """That one fails, once; that it works again, after the pace."""
    standing, is_told = decide_own(Standing(), ("email",), NOW, pace=PACE)
    assert is_told
    assert (standing, False) == decide_own(standing, ("email",), NOW + 10 * PACE.repeat_ms, pace=PACE)
    assert (standing, False) == decide_own(standing, (), NOW + 1000, pace=PACE)
    assert decide_own(standing, (), NOW + PACE.repeat_ms, pace=PACE)[1]
    assert not decide_own(Standing(), (), NOW, pace=PACE)[1]


@pytest.mark.parametrize("realm", ["ews", "latihan"])
def test_every_text_is_one_part_of_an_sms(realm: str) -> None:
    """Long reasons are cut, what to do never; a drill says that it is one."""
    watch = Watch(id="pengawas-di-kantor-lain-0123456", site="Kabupaten Pasuruan dan Kota", host="h", realm=realm)  # type: ignore[arg-type]
    zone = watch.timezone
    findings = [
        *(Finding(kind=kind, detail="broker menolak: " + "x" * 80) for kind in ("broker", "core", "sender", "daily")),
        Finding(kind="no_channel"),
        Finding(kind="channel", ways={"twilio": "Akun \u2013 tidak aktif: " + "y" * 200}),
        Finding(kind="channel", ways={"twilio": "z" * 200}, working=("modem", "email", "telegram")),
    ]
    texts = [
        words.alarm(watch, each, since=NOW, zone=ZoneInfo(zone), is_again=again)
        for each in findings
        for again in (False, True)
    ]
    texts += [words.well(watch, since=NOW, now=NOW + MINUTE_MS, zone=ZoneInfo(zone)), words.own(watch, ("email",))]
    texts += [words.own(watch, ()), words.trial_message(watch, "a@b.c", now=NOW, zone=ZoneInfo(zone)).body]
    assert [] == [text for text in texts if gsm7.septets(text) > words.PART]
    assert all(text.startswith("LATIHAN. ") == (realm == "latihan") for text in texts)
    assert all("TIDAK diberi tahu" in text for text in texts if "TERPUTUS" in text)
