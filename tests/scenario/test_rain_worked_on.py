"""Water poured through a rain gauge by whoever puts it up or mends it is in no sum and raises no alert."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from broker.quality_flags import Flag
from deploy.arrival import Arrival
from tests.bare_core import SetClock
from tests.notice_post import MINUTE, NoticePost

NODE, STATION, TIP_MM = "hj-01", "hujan", 0.2


@pytest.fixture
def post(tmp_path: Path) -> Iterator[NoticePost]:
    made = NoticePost(tmp_path)
    gauge = {
        "id": STATION,
        "name": "Hujan Purwosari",
        "hazard": "rain",
        "rain_limits": [{"window": "1h", "mm": 20.0, "level": "SIAGA"}],
        "mm_per_tip": TIP_MM,
    }
    answer = made.ask("station-put", stations=[gauge], mode="import", reason="uji")
    assert [] == answer["faults"]
    made.ask("node-new", node=NODE, station=STATION)
    yield made
    made.close()


def tips(post: NoticePost, *counts: float, ago_minutes: int = 0) -> None:
    """What each minute's reading counted; ``ago_minutes``: kept by the node so long, and sent now."""
    for count in counts:
        SetClock.time += 0 if ago_minutes else MINUTE
        post.seq += 1
        at = SetClock.time - ago_minutes * MINUTE
        body = json.dumps({"v": 1, "boot": 7, "seq": post.seq, "t": at, "s": {"rain_tips": count}}).encode()
        post.core.turn([Arrival(f"ews/v1/{NODE}/obs".encode(), body, 1, 1, retain=False, generation=1)])


def hour_mm(post: NoticePost) -> float | None:
    return post.core.memory.rain[STATION].sums(SetClock.time).mm_1h


def rain(post: NoticePost) -> list[tuple[float, int, bool]]:
    """Value, flag, and whether a reason names the work, of every reading with rain in it."""
    rows = post.rows("SELECT value, flag, reason FROM readings WHERE station = ? AND value > 0 ORDER BY id", STATION)
    return [(value, flag, (reason or "").startswith("maintenance: ")) for value, flag, reason in rows]


def work(post: NoticePost, **said: Any) -> None:
    post.ask("station-maintain", id=STATION, by="Budi", reason="uji ember", **said)


def test_what_is_poured_during_maintenance_is_in_no_sum(post: NoticePost) -> None:
    """It is kept and marked; the rain before and after it counts, and a restart changes nothing."""
    tips(post, 0, 5, 0)
    assert 1.0 == hour_mm(post)
    work(post, minutes=60)
    tips(post, 0, 150, 150, 0)
    assert 1.0 == hour_mm(post)
    post.wait(20)
    work(post, end=True)
    tips(post, 10)  # poured in the last minute, told in the first afterwards
    tips(post, 3)
    assert 1.6 == hour_mm(post)
    assert [] == post.rows("SELECT * FROM alerts")
    expected = [(1.0, Flag.GOOD, False), (30.0, Flag.SUSPECT, True), (30.0, Flag.SUSPECT, True)]
    assert [*expected, (2.0, Flag.SUSPECT, True), (0.6, Flag.GOOD, False)] == rain(post)
    post.crash()
    assert 1.6 == hour_mm(post)
    assert [] == post.core.node_watch.alarms(NODE)


def test_rain_that_fell_before_the_work_counts_when_it_comes_late(post: NoticePost) -> None:
    """A node that kept readings while it had no network sends them when somebody has been there."""
    tips(post, 0)
    post.wait(30 * 60)
    work(post, minutes=60)
    tips(post, 0, 50)
    work(post, end=True)
    tips(post, 5, ago_minutes=20)
    assert 1.0 == hour_mm(post)


def test_an_installation_pours_for_nobody(post: NoticePost) -> None:
    """The wizard holds its station under maintenance; its data are good all the while."""
    tips(post, 0)
    post.ask("installation-begin", node=NODE, by="Budi")
    post.ask("installation-step", node=NODE, by="Budi", step="station", station=STATION)
    tips(post, 0, 120, 0, 0, 0)
    assert 0 == hour_mm(post)
    good = post.ask("installation-show", node=NODE)["good"]
    assert good["since"] is not None
    post.wait(20)
    post.ask("installation-drop", node=NODE, by="Budi", reason="uji")
    tips(post, 4)
    tips(post, 4)
    assert 0.8 == hour_mm(post)
    assert [] == post.rows("SELECT * FROM alerts")


def test_the_same_rain_without_the_work_raises_an_alert(post: NoticePost) -> None:
    """So that the others cannot pass for want of a rule."""
    tips(post, 0, 30, 30, 30, 30)
    assert [("raised",)] == post.rows("SELECT kind FROM alerts WHERE hazard = 'rain'")
