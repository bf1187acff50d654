"""Technicians are told of their nodes: who, when, what, and who is not."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerting.gsm7 import septets
from deploy.arrival import Arrival
from deploy.nodes.calling import ALERT, GROUP
from deploy.nodes.watch import ROUND_MS
from deploy.recipients import changes
from tests.bare_core import SetClock
from tests.notice_post import BLANDONGAN, KARANGKETUG, MINUTE, NoticePost

NODE, OTHER = "wl-01", "pt-01"
DUTY = "Petugas jaga"


@pytest.fixture
def post(tmp_path: Path) -> Iterator[NoticePost]:
    made = NoticePost(tmp_path)
    yield made
    made.close()


def technician(post: NoticePost, areas: list[str] | None = None) -> str:
    name = post.person(areas or [], kind="officer", rank=3)
    known = post.core.directory.get(name)
    assert known is not None
    changes.put(post.core, msgspec.structs.replace(known, groups=(GROUP,)))
    post.core.turn()
    return name


def hear(post: NoticePost, node: str, kind: str, body: dict[str, Any]) -> None:
    topic = f"{post.realm}/v1/{node}/{kind}".encode()
    post.core.turn([Arrival(topic, json.dumps(body).encode(), 1, 1, retain=False, generation=1)])


def measure(post: NoticePost, node: str, **values: float | None) -> None:
    SetClock.time += MINUTE
    post.seq += 1
    hear(post, node, "obs", {"v": 1, "boot": 7, "seq": post.seq, "t": SetClock.time, "s": values})


def steal(post: NoticePost, node: str) -> None:
    """The lid, then the battery."""
    measure(post, node, distance_mm=4000.0, batt_mv=3900.0, lid_open=0.0)
    measure(post, node, lid_open=1.0)
    measure(post, node, batt_mv=0.0)


def pass_minutes(post: NoticePost, minutes: int, *nodes: str) -> None:
    """Rounds of a minute, in each of which these nodes measure."""
    for _ in range(minutes):
        for node in nodes:
            measure(post, node, distance_mm=4000.0)
        if not nodes:
            post.wait(MINUTE / 1000)


def calls(post: NoticePost) -> list[tuple[str, str]]:
    """To whom, and what."""
    rows = post.rows("SELECT recipient, body FROM outbox WHERE alert = ? ORDER BY id", ALERT)
    return [(who, text) for who, text in rows]


def test_a_theft_is_told_to_the_technicians_and_to_nobody_else(post: NoticePost) -> None:
    """At once; the message names place and node, the signs, and how to go there. No resident, no head."""
    who = technician(post)
    post.person([KARANGKETUG])
    post.person([f"{KARANGKETUG}/1"], kind="head")
    steal(post, NODE)
    post.wait(2)
    ((to, text),) = calls(post)
    assert who == to
    assert "TEKNISI. " in text
    assert f"Welang Kraton ({NODE}): mungkin dicuri (baterai lepas, tutup terbuka). Pergi berdua" in text
    assert septets(text) <= 320
    post.deliver()
    ((number,),) = post.rows("SELECT version FROM outbox WHERE alert = ?", ALERT)
    assert [f"{ALERT}/{number}/{who}/demo"] == [key for key in post.sent if key.startswith(f"{ALERT}/")]


def test_a_restart_repeats_nothing_and_forgets_nothing(post: NoticePost) -> None:
    """What waited is told after it, what was told is not."""
    technician(post)
    pass_minutes(post, 1, NODE, OTHER)
    for _ in range(3):
        measure(post, NODE, distance_mm=None)
    assert [] == calls(post)
    post.crash()
    for _ in range(3):
        post.wait(MINUTE / 1000)
    assert 1 == len(calls(post))
    assert "sensor muka air tidak memberi nilai. Bawa sensor pengganti" in calls(post)[0][1]
    post.crash()
    for _ in range(20):
        post.wait(ROUND_MS / 1000)
    assert 1 == sum("tidak memberi nilai" in text for _, text in calls(post))


def test_who_has_the_message_of_the_stations_silence_is_not_told_twice(post: NoticePost) -> None:
    """The officer on duty knows of the silence; the technician hears what to bring."""
    who = technician(post)
    pass_minutes(post, 3, NODE, OTHER)
    for _ in range(40):
        measure(post, OTHER, distance_mm=4000.0)
    post.deliver()
    silent = post.rows("SELECT recipient FROM outbox WHERE alert LIKE 'welang.data.%' AND version = 1")
    assert [(DUTY,)] == silent[:1]
    told = [to for to, text in calls(post) if "diam" in text]
    assert [who] == [each for each in told if each not in {to for (to,) in silent}]
    assert DUTY not in told


def test_without_technicians_the_officers_on_duty_are_told(post: NoticePost) -> None:
    """Of the first rank; and of a silence that they have a message of they are not told again."""
    post.person([], kind="officer", rank=2)
    steal(post, NODE)
    post.wait(2)
    assert [DUTY] == [to for to, _ in calls(post)]


def test_each_technician_hears_of_his_part_of_the_city(post: NoticePost) -> None:
    """What happens in nobody's part is everybody's."""
    west, east = technician(post, [KARANGKETUG]), technician(post, [BLANDONGAN])
    steal(post, NODE)
    post.wait(2)
    assert [west] == [to for to, _ in calls(post)]
    pass_minutes(post, 6)
    steal(post, OTHER)
    post.wait(2)
    assert [west, east] == [to for to, text in calls(post) if "dicuri" in text]


def test_nothing_while_somebody_works_there(post: NoticePost) -> None:
    """Maintenance holds it back; what still stands afterwards is told."""
    technician(post)
    pass_minutes(post, 1, NODE, OTHER)
    post.ask("station-maintain", id="welang", by="Rini", reason="ganti sensor", minutes=120)
    for _ in range(20):
        measure(post, NODE, distance_mm=None)
        measure(post, OTHER, distance_mm=4000.0)
    assert [] == calls(post)
    assert 0 == post.ask("core-health")["node_alarms"]["sensor"]
    post.ask("station-maintain", id="welang", by="Rini", reason="pulang", end=True)
    for _ in range(5):
        measure(post, NODE, distance_mm=None)
        measure(post, OTHER, distance_mm=4000.0)
    assert 1 == sum("tidak memberi nilai" in text for _, text in calls(post))
    assert 1 == post.ask("core-health")["node_alarms"]["sensor"]


def test_at_night_what_does_not_blind_waits_for_the_morning(post: NoticePost) -> None:
    """By the policy's quiet time, 21:00 to 05:00; a sensor that gives no value is told in the night."""
    technician(post)
    post.wait(4 * 3600)  # 22:06 WIB
    measure(post, NODE, distance_mm=4000.0, lid_open=0.0)
    measure(post, NODE, distance_mm=4000.0, lid_open=1.0)
    for _ in range(6):
        measure(post, NODE, distance_mm=None)
    assert [True] == ["tidak memberi nilai" in text for _, text in calls(post)]
    post.wait(6 * 3600, turns=3)
    assert [] == [text for _, text in calls(post) if "tutup kotak" in text]
    for _ in range(60):
        post.wait(MINUTE / 1000)
    assert 1 == sum("tutup kotak terbuka. Bawa kunci kotak" in text for _, text in calls(post))
