"""Many areas at once: notices come in parts, officers are told first, and a crash in between loses none."""

from pathlib import Path

from deploy.notices.notices import MOST_A_TURN
from deploy.registry.kelurahan import KELURAHAN
from tests.bare_core import SetClock
from tests.notice_post import T0, NoticePost, station

AREAS = sorted(KELURAHAN)[:24]


def rivers(post: NoticePost) -> None:
    """As many rivers, one kelurahan each."""
    found = [station(f"kali-{n:02d}", f"Kali {n}", [code]) for n, code in enumerate(AREAS)]
    assert [] == post.ask("station-put", stations=found, mode="import", reason="uji")["faults"]


def rise_everywhere(post: NoticePost) -> None:
    """Within one turn."""
    turn, post.core.turn = post.core.turn, lambda *_: None  # type: ignore[method-assign]
    for n in range(len(AREAS)):
        post.ask("station-observe", id=f"kali-{n:02d}", level_m=4.6, by="Rini")
    post.core.turn = turn  # type: ignore[method-assign]
    post.core.turn()


def waiting(post: NoticePost) -> list[str]:
    return sorted(area for each in post.ask("notice-list", waiting=True, limit=100) for area in each["areas"])


def names(post: NoticePost) -> list[str]:
    return sorted(post.core.registry.areas.names(AREAS))


def test_officers_are_told_in_the_first_turn_and_notices_follow_in_parts(tmp_path: Path) -> None:
    """What a turn may cost has a bound, whatever happens at once."""
    post = NoticePost(tmp_path, room=100)
    rivers(post)
    rise_everywhere(post)
    told = {attempt.entry.recipient for attempt in post.waiting}
    assert ({"Petugas jaga"}, len(AREAS)) == (told, len(post.waiting))
    assert MOST_A_TURN == len(post.core.telling.notices.book.open)
    post.wait(1, turns=len(AREAS) // MOST_A_TURN)
    assert names(post) == waiting(post)
    post.close()


def test_a_crash_before_all_notices_are_made_loses_none(tmp_path: Path) -> None:
    """The areas stand, so their notices are made after the restart, each once."""
    post = NoticePost(tmp_path)
    rivers(post)
    rise_everywhere(post)
    post.crash()
    post.wait(1, turns=len(AREAS))
    assert names(post) == waiting(post)
    post.crash()
    post.wait(1, turns=len(AREAS))
    assert names(post) == waiting(post)
    post.close()


def test_what_fell_again_before_its_notice_was_made_gets_none(tmp_path: Path) -> None:
    """Only what is still so is worth a decision."""
    post = NoticePost(tmp_path)
    rivers(post)
    rise_everywhere(post)
    made = {area.area for notice in post.core.telling.notices.book.open.values() for area in notice.areas}
    late = next(code for code in AREAS if code not in made)
    post.core.telling.notices.turn, turn = lambda *_: None, post.core.telling.notices.turn  # type: ignore[method-assign]
    post.ask("alert-cancel", scope=late, by="Rini", note="salah")
    post.core.telling.notices.turn = turn  # type: ignore[method-assign]
    post.wait(1, turns=len(AREAS))
    assert sorted(set(names(post)) - set(post.core.registry.areas.names([late]))) == waiting(post)
    assert SetClock.time > T0
    post.close()
