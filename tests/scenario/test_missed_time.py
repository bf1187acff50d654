"""An hour that core did not live through makes no station silent; who stays away after it is told."""

import time
from pathlib import Path

from deploy.health.missed_time import MissedTime, since_boot
from tests.bare_core import SetClock
from tests.notice_post import MINUTE, NoticePost


def _silences(post: NoticePost) -> list[str]:
    rows = post.core.journal.connection.execute("SELECT alert FROM alerts WHERE kind = 'raised'").fetchall()
    return [alert for (alert,) in rows if ".level." not in alert]


def test_nobody_is_silent_because_of_a_clock_that_was_set(tmp_path: Path) -> None:
    """Set an hour ahead: no alarm of the hour that never was; minutes later there is: nobody was heard since."""
    post = NoticePost(tmp_path)
    post.level(3.0)
    SetClock.time += 60 * MINUTE
    post.core.missed_time = MissedTime(since_boot(), time.time() - 3600)
    post.core.turn()
    assert [] == _silences(post)
    SetClock.time += 6 * MINUTE
    post.core.turn()
    assert ["semua.data.1"] == _silences(post)
    post.close()


def test_without_it_the_hour_is_a_silence(tmp_path: Path) -> None:
    """Core lived through it and heard nothing."""
    post = NoticePost(tmp_path)
    post.level(3.0)
    SetClock.time += 60 * MINUTE
    post.core.turn()
    assert "semua.data.1" in _silences(post)
    post.close()
