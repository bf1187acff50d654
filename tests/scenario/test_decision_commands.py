"""Core's commands beside a decision: a preview is what comes, an edited text, the all-clear, a comment, a shift."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bare_core import SetClock
from tests.notice_post import KARANGKETUG, MINUTE, RANDUSARI, T0, NoticePost

ALERT = f"{KARANGKETUG}.area.1"
PAPER = {"pre_authorised": ["AWAS"], "document": "SK 12/2026"}
HOUR = 60 * MINUTE


@pytest.fixture
def post(tmp_path: Path) -> Iterator[NoticePost]:
    made = NoticePost(tmp_path)
    yield made
    made.close()


def test_a_preview_changes_nothing_and_is_what_comes(post: NoticePost) -> None:
    """Text, audience and kind of a raise by hand, word for word; journal ids and the audit log stay as they were."""
    for language in ("id", "en"):
        post.person([KARANGKETUG], language=language)
    before = (post.core.journal.last_id, post.rows("SELECT count(*) FROM audit"))
    preview = post.ask("notice-preview", scope="Karangketug", level="AWAS", by="Sari")
    assert before == (post.core.journal.last_id, post.rows("SELECT count(*) FROM audit"))
    assert ("NORMAL", "AWAS", "raised", 2) == tuple(preview[name] for name in ("stands", "level", "kind", "audience"))
    post.ask("alert-raise", scope=KARANGKETUG, level="AWAS", by="Sari", note="tanggul jebol")
    made = post.ask("notice-show", notice=post.notice()["notice"])
    for name in ("texts", "septets", "parts", "audience", "by_area", "by_kind", "by_channel"):
        assert preview[name] == made[name]


def test_the_all_clear_ends_what_a_cancellation_takes_back(post: NoticePost) -> None:
    """AMAN and not BATAL, to who was warned; the alert has ended, and the sentence says who said so and why."""
    told = post.person([KARANGKETUG])
    post.level(4.6)
    notice = post.notice()["notice"]
    post.ask("notice-approve", notice=notice, by="Rini")
    post.deliver()
    preview = post.ask("notice-preview", notice=notice, by="Rini", is_over=True)
    answer = post.ask("notice-clear", notice=notice, by="Rini", reason="air surut")
    post.deliver()
    assert (1, preview["texts"]) == (answer["told"], answer["notices"][0]["texts"])
    assert "AMAN. Peringatan banjir" in preview["texts"]["id"]
    assert [told] == post.reached(ALERT, 2)
    last = post.ask("alert-show", alert=ALERT)["versions"][-1]
    assert ("ended", 'Pukul 18:09 Rini menyatakan aman di wilayah Kel. Karangketug: "air surut".') == (
        last["kind"],
        last["why"],
    )
    assert "there is nothing to take back" in post.refused("notice-clear", notice=notice, by="Rini", reason="lagi")


def test_an_edited_text_is_approved_anew_and_outlives_a_crash(post: NoticePost) -> None:
    """The first approval of two falls away with the text that it was given for."""
    post.person([RANDUSARI])
    post.ask("alert-raise", scope=RANDUSARI, level="AWAS", by="Sari", note="x")
    notice = post.notice()["notice"]
    post.ask("notice-approve", notice=notice, by="Rini")
    edited = post.ask("notice-edit", notice=notice, by="Sari", refuge="Balai RW 3", refuge_by="19:30")
    assert ([], None, "waiting") == (edited["approvals"], edited["due_at"], edited["state"])
    post.crash()
    kept = post.ask("notice-show", notice=notice)
    assert (edited["texts"], "Balai RW 3", "19:30") == (kept["texts"], kept["refuge"], kept["refuge_by"])
    assert "before 19:30" in kept["texts"]["en"]
    plain = post.ask("notice-edit", notice=notice, by="Sari")
    assert "Tempat aman" not in plain["texts"]["id"]


def test_what_is_left_of_a_notice_says_where_to_go_as_it_did(post: NoticePost) -> None:
    """Another area rises by itself; who stays behind keeps the place that somebody wrote."""
    post.level(4.6)
    post.ask("notice-edit", notice=post.notice()["notice"], by="Sari", refuge="Balai RW 3")
    post.ask("alert-raise", scope=RANDUSARI, level="AWAS", by="Sari", note="tanggul jebol")
    left = {each["level"]: each for each in post.ask("notice-list", waiting=True)}
    assert (["Karangketug"], "Balai RW 3", "") == (
        left["SIAGA"]["areas"],
        left["SIAGA"]["refuge"],
        left["AWAS"]["refuge"],
    )
    assert "Tempat aman: Balai RW 3." in left["SIAGA"]["texts"]["id"]


def test_a_running_window_goes_on_with_the_new_text(post: NoticePost) -> None:
    """Who says where to go does not hold up what a paper has authorised."""
    post.person([KARANGKETUG])
    post.ask("policy-set", by="Kepala", reason="hujan", changes=PAPER)
    post.level(4.6)
    post.ask("station-observe", id="welang", level_m=5.7, by="Rini")
    notice = post.notice("veto")
    edited = post.ask("notice-edit", notice=notice["notice"], by="Sari", refuge="Balai")
    assert ("veto", notice["due_at"]) == (edited["state"], edited["due_at"])
    post.wait(61, turns=2)
    post.deliver()
    assert [(edited["texts"]["id"],)] == post.rows("SELECT DISTINCT body FROM outbox WHERE public")
    assert "was approved by" in post.refused("notice-edit", notice=notice["notice"], by="Sari", refuge="Lain")


def test_an_approval_of_what_was_not_read_is_refused(post: NoticePost) -> None:
    """The fingerprint is that of the texts; without one nothing is asked, as on the command line."""
    post.level(4.6)
    notice = post.notice()
    assert "was changed after it was read" in post.refused(
        "notice-approve", notice=notice["notice"], by="Rini", read="0" * 16
    )
    read = post.ask("notice-show", notice=notice["notice"])["fingerprint"]
    assert post.ask("notice-approve", notice=notice["notice"], by="Rini", read=read)["state"] in ("approved", "sent")


def test_a_comment_is_in_the_audit_log(post: NoticePost) -> None:
    """With its author, on one line."""
    post.level(4.6)
    post.ask("alert-comment", alert="welang.level.1@1", by="Sari", text="  sudah \n telepon lurah ")
    found = post.rows("SELECT subject, detail FROM audit WHERE action = 'alert comment'")
    assert [("welang.level.1", '{"by":"Sari","text":"sudah telepon lurah"}')] == found


def test_a_shift_without_a_roster_is_half_a_day(post: NoticePost) -> None:
    """07.00 to 19.00 and 19.00 to 07.00; everybody is told, because nobody is on a roster."""
    morning = T0 - (T0 + 7 * HOUR) % (24 * HOUR) + 7 * HOUR
    for now, start in ((T0, morning), (morning - 1, morning - 12 * HOUR), (morning + 12 * HOUR, morning + 12 * HOUR)):
        SetClock.time = now
        shown = post.ask("shift-show")
        assert (start, start + 12 * HOUR) == (shown["start"], shown["end"])
    assert ([], ["Petugas jaga"]) == (shown["stretches"], shown["everybody"])
    assert "at most 7 days" in post.refused("shift-show", start=0, end=8 * 24 * HOUR)
    assert "give start and end" in post.refused("shift-show", start=0)
