"""Core killed while officers and the public are told: nobody twice, nobody missed, nothing decided is forgotten."""

import itertools
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from deploy.notices.slices import SLICE
from deploy.recipients import changes
from tests.bare_core import SetClock
from tests.installation import eventually
from tests.notice_post import KARANGKETUG, RANDUSARI, NoticePost

if TYPE_CHECKING:
    from deploy.journal import Group

ALERT = f"{KARANGKETUG}.area.1"
LEAST_COMMITS = 6  # from the approval of a notice for five to the end of its cancellation


class Killed(BaseException):
    """Core's process ends here."""


def crowd(post: NoticePost, count: int) -> list[str]:
    return [post.person([KARANGKETUG]) for _ in range(count)]


def kill_at(post: NoticePost, n: int, *, before: bool) -> None:
    """Core dies at its n-th commit from now, before it is on disk or right after it."""
    write, counter = post.core.journal.write, itertools.count(1)

    def dying(group: "Group") -> None:
        is_last = next(counter) == n
        if is_last and before:
            raise Killed
        write(group)
        if is_last:
            raise Killed

    post.core.journal.__dict__["write"] = dying


def over(post: NoticePost, act: Callable[[], Any]) -> bool:
    """Do something; whether core died at it. It comes back."""
    try:
        act()
    except Killed:
        post.crash()
        return True
    return False


def test_a_kill_in_any_slice_tells_nobody_twice_and_misses_nobody(tmp_path: Path) -> None:
    """The slices go on where the last commit left them."""
    post = NoticePost(tmp_path, room=1000)
    people = _many(post, 2 * SLICE + 50)
    post.level(4.6)
    post.deliver()
    post.ask("notice-approve", notice=post.notice()["notice"], by="Rini")
    for n in itertools.count(1):
        kill_at(post, 1, before=bool(n % 2))
        if not over(post, lambda: post.wait(0.25, turns=3)) or n > 12:
            break
    post.core.journal.__dict__.pop("write", None)
    post.wait(4, turns=6)
    post.deliver()
    assert sorted(people) == sorted(post.reached(ALERT, 1))
    assert [("sent", len(people) + 1)] == [(each["state"], each["made"]) for each in post.ask("notice-list")]
    post.close()


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("n", range(1, 8))
def test_a_kill_at_any_commit_of_a_notices_life(tmp_path: Path, n: int, before: bool) -> None:
    """From the approval to the cancellation: each of five gets the warning and its cancellation once."""
    post = NoticePost(tmp_path)
    people = crowd(post, 5)
    post.level(4.6)
    post.deliver()
    notice = post.notice()["notice"]

    def approve() -> None:
        if post.ask("notice-show", notice=notice)["state"] == "waiting":
            post.ask("notice-approve", notice=notice, by="Rini")

    def cancel() -> None:
        if post.ask("alert-list", active=True, limit=1)[0]["hazard"] == "area":
            post.ask("notice-cancel", notice=notice, by="Joko", reason="alat rusak")

    kill_at(post, n, before=before)
    was_killed = False
    for act in (approve, post.deliver, lambda: post.wait(4, turns=3), post.deliver, cancel, post.deliver):
        if over(post, act):
            was_killed = True
            act()
    assert was_killed or n > LEAST_COMMITS
    post.core.journal.__dict__.pop("write", None)
    post.wait(4, turns=3)
    post.deliver()
    post.wait(4, turns=3)
    post.deliver()
    versions = Counter(post.sent)
    assert {1} == set(versions.values())
    last = max(version for (version,) in post.rows("SELECT version FROM alerts WHERE alert = ?", ALERT))
    assert sorted(people) == sorted(post.reached(ALERT, 1))
    assert sorted(people) == sorted(post.reached(ALERT, last))
    post.close()


def test_an_escalation_survives_a_restart(tmp_path: Path) -> None:
    """The next rank is told in time, once; those who were told are not told again."""
    post = NoticePost(tmp_path)
    second, third = (post.person([], kind="officer", rank=rank) for rank in (2, 3))
    post.level(4.6, minutes=2)
    post.deliver()
    assert ["Petugas jaga"] == post.reached("welang.level.1", 1)
    post.crash()
    post.wait(179, turns=2)
    post.deliver()
    assert ["Petugas jaga"] == post.reached("welang.level.1", 1)
    post.crash()
    post.wait(2, turns=3)
    post.deliver()
    post.crash()
    post.wait(180, turns=3)
    post.deliver()
    post.crash()
    post.wait(1000, turns=3)
    post.deliver()
    assert ["Petugas jaga", second, third] == post.reached("welang.level.1", 1)
    post.close()


def test_an_acknowledgement_survives_a_restart_and_stops_the_escalation(tmp_path: Path) -> None:
    """By command, by name of the place, or as the answer of somebody who was told."""
    post = NoticePost(tmp_path)
    second = post.person([], kind="officer", rank=2)
    post.level(4.6, minutes=2)
    post.deliver()
    assert "waits to be acknowledged" in post.refused("alert-acknowledge", recipient=second, by="x")
    answer = post.ask("alert-acknowledge", recipient="Petugas jaga", by="Petugas jaga")
    assert ["welang.level.1"] == [each["alert"] for each in answer["acknowledged"]]
    post.crash()
    assert "acknowledged by Petugas jaga already" in post.refused("alert-acknowledge", alert="welang.level.1", by="x")
    post.wait(1000, turns=3)
    post.deliver()
    assert ["Petugas jaga"] == post.reached("welang.level.1", 1)
    post.close()


def test_what_was_superseded_stays_so_over_a_restart(tmp_path: Path) -> None:
    """Messages of the cancelled version that were still queued never leave."""
    post = NoticePost(tmp_path, room=2)
    crowd(post, 12)
    post.level(4.6)
    post.deliver()
    notice = post.notice()["notice"]
    post.ask("notice-approve", notice=notice, by="Rini")
    post.ask("notice-cancel", notice=notice, by="Joko", reason="alat rusak")
    post.crash()
    post.wait(4, turns=3)
    post.deliver()
    assert [] == post.reached(ALERT, 1)
    states = dict(post.rows("SELECT state, count(*) FROM outbox WHERE alert = ? AND version = 1 GROUP BY state", ALERT))
    assert 10 <= states["expired"]
    post.close()


def test_a_veto_window_that_ended_while_core_was_away(tmp_path: Path) -> None:
    """For a short while it goes out as the paper says; after a quarter of an hour people decide."""
    for away, state in ((100, "sent"), (1200, "waiting")):
        folder = tmp_path / state
        folder.mkdir()
        post = NoticePost(folder)
        post.person([KARANGKETUG])
        paper = {"pre_authorised": ["AWAS"], "document": "SK 1"}
        post.ask("policy-set", changes=paper, by="Kepala", reason="hujan")
        post.level(4.6, minutes=2)
        post.ask("station-observe", id="welang", level_m=5.7, by="Rini")
        assert "veto" == post.notice()["state"]
        post.crash()
        post.wait(away, turns=3)
        assert state == post.notice()["state"]
        post.close()


def test_subscribers_change_during_a_send(tmp_path: Path) -> None:
    """Who leaves is not told; who was there and stays is, wherever the slices were cut."""
    post = NoticePost(tmp_path, room=1000)
    people = _many(post, 3 * SLICE)
    post.level(4.6)
    post.deliver()
    post.ask("notice-approve", notice=post.notice()["notice"], by="Rini")
    for place in (0, 1, SLICE + 1, 3 * SLICE - 1):
        found = post.core.directory.get(people[place])
        assert found is not None
        changes.set_consent(post.core, found, "left", how="BERHENTI", now=SetClock.time)
    post.person([KARANGKETUG])
    post.wait(1, turns=5)
    post.deliver()
    reached = set(post.reached(ALERT, 1))
    assert set(people[2 : SLICE + 1] + people[SLICE + 2 : -1]) <= reached
    assert reached <= set(people)
    assert people[-1] not in reached
    post.close()


def _many(post: NoticePost, count: int) -> list[str]:
    """People in two kelurahan; those of the one that is told of first."""
    turn, post.core.turn = post.core.turn, lambda *_: None  # type: ignore[method-assign]
    found = [post.person([KARANGKETUG], number=n) for n in range(count)]
    post.person([RANDUSARI], number=count)
    post.core.turn = turn  # type: ignore[method-assign]
    post.core.turn()
    return found


def test_a_full_disk_stops_no_notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is approved and sent from memory, and stored when there is room again."""
    post = NoticePost(tmp_path)
    people = crowd(post, 5)
    post.level(4.6)
    post.deliver()
    notice = post.notice()["notice"]

    def full(_: "Group") -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as disk:
        disk.setattr(post.core.journal, "write", full)
        post.ask("notice-approve", notice=notice, by="Rini")
        post.deliver()
        assert post.core.failed_write is not None
        assert sorted(people) == sorted(post.reached(ALERT, 1))

    def is_written() -> bool:
        post.core.turn()
        return post.core.failed_write is None

    eventually(is_written, "the journal to be written again")
    post.crash()
    post.wait(10, turns=3)
    post.deliver()
    assert sorted(people) == sorted(post.reached(ALERT, 1))
    assert "sent" == post.notice()["state"]
    post.close()


def test_a_notice_that_breaks_the_program_takes_nothing_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readings are stored and officers told; the notice goes on when what was broken is mended."""
    post = NoticePost(tmp_path)
    people = crowd(post, 3)
    post.level(4.6)
    post.deliver()
    with monkeypatch.context() as broken:
        broken.setattr(post.core.telling.notices.slices, "advance", lambda *_: 1 // 0)
        post.ask("notice-approve", notice=post.notice()["notice"], by="Rini")
        post.level(3.6, at="pt-01")
        post.deliver()
        assert ["Petugas jaga"] == post.reached("petung.level.1", 1)
    post.wait(6, turns=3)
    post.deliver()
    assert sorted(people) == sorted(post.reached(ALERT, 1))
    post.close()


def test_a_warning_that_is_too_old_leaves_no_more(tmp_path: Path) -> None:
    """Core was away in mid-send: after half an hour the rest of a SIAGA expires, slices and all."""
    post = NoticePost(tmp_path, room=8)
    people = _many(post, 2 * SLICE)
    post.level(4.6)
    post.deliver()
    post.ask("notice-approve", notice=post.notice()["notice"], by="Rini")
    before = len(post.waiting)
    post.crash()
    post.wait(31 * 60, turns=20)
    post.deliver()
    assert 0 < before
    assert [] == post.reached(ALERT, 1)
    states = dict(post.rows("SELECT state, count(*) FROM outbox WHERE public GROUP BY state"))
    assert len(people) + 1 == sum(states.values())
    assert set(states) <= {"expired", "unknown", "dead"}
    post.close()
