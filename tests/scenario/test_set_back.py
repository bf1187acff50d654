"""The server's clock is set back by an hour while nodes are right: a rise is told, and a crash changes nothing."""

import json
from pathlib import Path

from deploy.arrival import Arrival
from tests.bare_core import SetClock
from tests.notice_post import MINUTE, NoticePost

BEAT_MS = 6_000
HOUR = 60 * MINUTE


def _hear(post: NoticePost, metres: float, *, ahead_ms: int) -> None:
    """An observation of a node whose clock is that much ahead of core's."""
    SetClock.time += BEAT_MS
    body = {"v": 1, "boot": 7, "seq": post.seq, "t": SetClock.time + ahead_ms}
    post.seq += 1
    payload = json.dumps(body | {"s": {"distance_mm": (6.5 - metres) * 1000}}).encode()
    post.core.turn([Arrival(b"ews/v1/wl-01/obs", payload, 1, 1, retain=False, generation=1)])


def test_a_rise_behind_a_clock_that_was_set_back_is_told(tmp_path: Path) -> None:
    """Heard until now in an hour that lies ahead; the same level before a crash of core and after it."""
    post = NoticePost(tmp_path)
    for _ in range(3):
        _hear(post, 3.0, ahead_ms=0)
    SetClock.time -= HOUR
    for _ in range(4):
        _hear(post, 4.6, ahead_ms=HOUR)
    levels = post.rows("SELECT alert, level FROM alerts WHERE station = 'welang' ORDER BY id")
    assert [("welang.level.1", 2)] == levels
    before = post.core.memory.states["welang"]
    post.crash()
    assert before == post.core.memory.states["welang"]
    post.close()
