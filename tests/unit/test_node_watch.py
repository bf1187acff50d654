"""A core that watches its nodes: alarms on the board, in the audit log and after a restart."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.arrival import Arrival
from deploy.live.shown import problems, station_of
from deploy.nodes.watch import KEY, ROUND_MS
from tests.bare_core import SetClock
from tests.notice_post import MINUTE, NoticePost

NODE = "wl-01"


@pytest.fixture
def post(tmp_path: Path) -> Iterator[NoticePost]:
    made = NoticePost(tmp_path)
    yield made
    made.close()


def hear(post: NoticePost, kind: str, body: dict[str, Any]) -> None:
    topic = f"ews/v1/{NODE}/{kind}".encode()
    post.core.turn([Arrival(topic, json.dumps(body).encode(), 1, 1, retain=False, generation=1)])


def measure(post: NoticePost, **values: float | None) -> None:
    SetClock.time += MINUTE
    post.seq += 1
    hear(post, "obs", {"v": 1, "boot": 7, "seq": post.seq, "t": SetClock.time, "s": values})


def standing(post: NoticePost) -> list[str]:
    return sorted(alarm.kind for alarm in station_of(post.core, "welang").health.get(NODE, []))


def audited(post: NoticePost) -> list[tuple[str, str]]:
    rows = post.core.journal.connection.execute(
        "SELECT action, detail FROM audit WHERE actor = 'health' AND subject = ? ORDER BY id", (NODE,)
    )
    return [(action, json.loads(detail)["kind"]) for action, detail in rows]


def test_a_theft_is_on_the_board_at_once_and_after_a_restart(post: NoticePost) -> None:
    """The last gasp of a cut battery, then the last will: named with its place, its signs and what to do."""
    measure(post, distance_mm=4000.0, batt_mv=3900.0)
    hear(post, "status", {"online": True, "boot": 7})
    measure(post, batt_mv=0.0)
    hear(post, "status", {"online": False})
    (sentence,) = [each for each in problems(post.core) if "dicuri" in each]
    assert f"Simpul {NODE} di Welang Kraton" in sentence
    assert "baterai lepas, hilang dari jaringan" in sentence
    assert sentence.endswith(f"kentongan node revoke {NODE}")
    assert ["theft"] == standing(post)
    post.crash()
    assert ["theft"] == standing(post)
    assert [("node alarm raised", "theft")] == audited(post)


def test_alarms_are_raised_and_ended_by_time_alone(post: NoticePost) -> None:
    """A low battery after five minutes of it, a silent one after its station's patience; a restart ends neither."""
    for _ in range(8):
        measure(post, distance_mm=4000.0, batt_mv=3300.0)
    post.wait(ROUND_MS / 1000, turns=1)
    post.wait(2, turns=1)
    assert ["battery"] == standing(post)
    for _ in range(8):
        post.wait(2 * ROUND_MS / 1000)
    assert ["battery", "silent"] == standing(post)
    post.crash()
    for _ in range(8):
        post.wait(ROUND_MS / 1000)
    assert ["battery", "silent"] == standing(post)
    assert [("node alarm raised", "battery"), ("node alarm raised", "silent")] == audited(post)


def test_a_status_tells_vitals_and_what_is_not_said_is_not_known(post: NoticePost) -> None:
    """To the technician's page; a node of an older firmware has none."""
    hear(post, "status", {"online": True, "boot": 7, "firmware": "0.3.0"})
    assert {None} == set(post.core.node_watch.vitals(NODE).values())
    hear(post, "status", {"online": True, "boot": 7, "rssi_dbm": -71, "free_bytes": 50_000, "reset": "power"})
    found = post.ask("node-state", node=NODE)
    assert (-71, 50_000, "power", None) == tuple(found[k] for k in ("rssi_dbm", "free_bytes", "reset", "chip_c"))


def test_health_is_kept_each_hour_and_forgotten_with_its_node(post: NoticePost) -> None:
    """A battery's days outlive core; a retired node leaves nothing behind."""
    measure(post, distance_mm=4000.0, batt_mv=3900.0)
    for _ in range(70):
        post.wait(ROUND_MS / 1000, turns=2)
    kept = json.loads(post.core.journal.value(KEY + NODE) or "{}")
    assert [3900.0] == [day["low_mv"] for day in kept["battery"]["days"].values()]
    post.ask("node-retire", node=NODE, reason="uji")
    post.core.turn()
    assert json.loads(post.core.journal.value(KEY + NODE) or "")["battery"] is None
    assert [] == post.core.node_watch.alarms(NODE)


def test_an_unknown_nodes_status_is_no_ones_health(post: NoticePost) -> None:
    """A status of somebody who serves no station raises nothing and keeps nothing."""
    topic = b"ews/v1/stranger/status"
    payload = b'{"online":true,"boot":1,"rssi_dbm":-99}'
    for _ in range(20):
        post.wait(300)
        post.core.turn([Arrival(topic, payload, 1, 1, retain=False, generation=1)])
    assert [] == post.core.node_watch.alarms("stranger")
