"""Officers: the ranks of an escalation, and what is gathered when there is too much."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from alerting.gsm7 import septets
from tests.bare_core import SetClock
from tests.notice_post import BLANDONGAN, KARANGKETUG, MINUTE, NoticePost

RINI = {"by": "Rini", "note": "lihat sendiri"}


@pytest.fixture
def post(tmp_path: Path) -> Iterator[NoticePost]:
    made = NoticePost(tmp_path)
    yield made
    made.close()


def lower_and_lift(post: NoticePost, times: int) -> None:
    """What goes up and down, at once each."""
    for _ in range(times):
        post.ask("alert-raise", scope="welang", level="SIAGA", **RINI)
        post.ask("alert-lower", scope="welang", level="WASPADA", **RINI)
        post.deliver()


def digests(post: NoticePost) -> list[str]:
    return [body for (body,) in post.rows("SELECT body FROM outbox WHERE alert = 'ringkasan' ORDER BY id")]


def test_what_goes_up_is_never_gathered_and_the_rest_comes_in_one_digest(post: NoticePost) -> None:
    """From the sixth item of the hour on; the digest tells the last word of each alert, and survives a restart."""
    lower_and_lift(post, 4)
    told = dict(post.rows("SELECT version, count(*) FROM outbox WHERE alert = 'welang.level.1' GROUP BY version"))
    assert [1, 2, 3, 4, 5, 7] == sorted(told)
    assert [] == digests(post)
    post.crash()
    post.wait(59 * 60, turns=2)
    assert [] == digests(post)
    post.wait(61, turns=2)
    (text,) = digests(post)
    assert "RINGKASAN 1 kabar. Welang Kraton turun ke WASPADA pukul 18:06." in text
    assert septets(text) <= 160
    post.wait(3600, turns=3)
    assert 1 == len(digests(post))


def test_a_false_alarm_is_called_off_at_once(post: NoticePost) -> None:
    """However much the officer had; what waited of the alert is out of date with it."""
    lower_and_lift(post, 4)
    post.ask("alert-cancel", scope="welang", **RINI)
    post.deliver()
    assert ["Petugas jaga"] == post.reached("welang.level.1", 9)
    post.wait(2 * 3600, turns=3)
    assert [] == digests(post)


def test_the_ranks_of_the_directory_escalate_to_everybody(post: NoticePost) -> None:
    """Each three minutes the next rank, until somebody takes it; what rises meanwhile waits for nobody."""
    second, third = (post.person([], kind="officer", rank=rank) for rank in (2, 3))
    post.level(4.6, minutes=2)
    post.deliver()
    began = SetClock.time
    post.wait(180, turns=2)
    post.deliver()
    assert ["Petugas jaga", second] == post.reached("welang.level.1", 1)
    post.ask("alert-raise", scope="welang", level="AWAS", **RINI)
    post.deliver()
    assert ["Petugas jaga", second] == post.reached("welang.level.1", 2)
    post.wait(180, turns=2)
    post.deliver()
    assert (360_000, ["Petugas jaga", second, third]) == (SetClock.time - began, post.reached("welang.level.1", 2))
    actions = post.rows("SELECT subject, detail FROM audit WHERE action = 'alert escalated'")
    assert [("welang.level.1", f'{{"told":["{who}"]}}') for who in (second, third)] == actions


def test_an_alert_is_acknowledged_where_it_stands(post: NoticePost) -> None:
    """By the place's name; by its id; and not twice."""
    post.level(4.6, minutes=2)
    answer = post.ask("alert-acknowledge", alert="Welang Kraton", by="Rini 🌊")
    assert [{"alert": "welang.level.1", "version": 1, "level": "SIAGA"}] == answer["acknowledged"]
    assert "acknowledged by Rini 🌊 already" in post.refused("alert-acknowledge", alert="welang.level.1", by="Joko")
    assert "does not wait" in post.refused("alert-acknowledge", alert="petung.level.1", by="Joko")
    assert "nothing at petung waits" in post.refused("alert-acknowledge", alert="petung", by="Joko")


def test_an_officer_of_a_part_of_the_city_hears_of_that_part(post: NoticePost) -> None:
    """And of the rest when nobody else has taken it."""
    east = post.person([BLANDONGAN], kind="officer")
    post.level(4.6, minutes=2)
    post.level(4.6, minutes=2, at="pt-01")
    post.deliver()
    assert ["Petugas jaga"] == post.reached("welang.level.1", 1)
    assert ["Petugas jaga", east] == post.reached("petung.level.1", 1)
    post.wait(180, turns=2)
    post.deliver()
    assert ["Petugas jaga", east] == post.reached("welang.level.1", 1)


def test_everything_of_a_drill_says_latihan(tmp_path: Path) -> None:
    """The digest too."""
    post = NoticePost(tmp_path, realm="latihan")
    post.person([KARANGKETUG])
    lower_and_lift(post, 4)
    post.wait(61 * 60, turns=2)
    post.wait(MINUTE, turns=2)
    assert 1 == len(digests(post))
    assert [] == [body for (body,) in post.rows("SELECT body FROM outbox") if "LATIHAN" not in body]
    post.close()
