"""A notice from the water to the phones: who decides, who gets it, and who gets its end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from alerting import cap_words
from alerting.audit import Entry as AuditEntry
from alerting.audit import first_broken
from deploy.notices.slices import CAPPED
from tests.bare_core import SetClock
from tests.notice_post import BLANDONGAN, KARANGKETUG, MINUTE, RANDUSARI, NoticePost

ALERT = f"{KARANGKETUG}.area.1"
OTHER = f"{RANDUSARI}.area.1"
RINI = {"by": "Rini", "note": "air di gang"}


@pytest.fixture
def post(tmp_path: Path) -> Iterator[NoticePost]:
    made = NoticePost(tmp_path)
    yield made
    made.close()


def test_one_text_for_several_kelurahan_goes_out_when_somebody_approves(post: NoticePost) -> None:
    """Two areas of one river are one notice; each resident gets it once, in the order of his area, officers before."""
    far = post.person([RANDUSARI])
    near, head = post.person([KARANGKETUG]), post.person([f"{KARANGKETUG}/RW01/RT02"], kind="head")
    elsewhere = post.person([BLANDONGAN])
    everywhere = post.person([KARANGKETUG, RANDUSARI], kind="institution")
    post.level(4.6)
    post.deliver()
    assert ["Petugas jaga"] == post.reached("welang.level.1", 1)
    assert [] == post.reached(ALERT, 1)
    shown = post.ask("notice-show", notice=post.notice()["notice"])
    assert ("waiting", "SIAGA", ["Karangketug", "Randusari"]) == (shown["state"], shown["level"], shown["areas"])
    assert (4, {"head": 1, "institution": 1, "resident": 2}) == (shown["audience"], shown["by_kind"])
    assert ({"Karangketug": 3, "Randusari": 1}, 1) == (shown["by_area"], shown["parts"])
    post.ask("notice-approve", notice=shown["notice"], by="Rini 👩\u200d🚒")
    post.deliver()
    assert [head, everywhere, near] == post.reached(ALERT, 1)
    assert [far] == post.reached(OTHER, 1)
    assert elsewhere not in str(post.sent)
    bodies = {body for (body,) in post.rows("SELECT body FROM outbox WHERE public")}
    assert {shown["texts"]["id"]} == bodies
    done = post.ask("notice-show", notice=shown["notice"])
    assert ("sent", "Rini 👩🚒", {"accepted": 4}) == (done["state"], done["decided_by"], done["messages"])
    assert first_broken([AuditEntry(*row) for row in post.rows("SELECT * FROM audit ORDER BY id")]) is None


def test_the_end_goes_to_exactly_those_who_got_it(post: NoticePost) -> None:
    """Also to who has moved meanwhile; not to who came later, nor to who has left."""
    stays, moves, leaves = (post.person([KARANGKETUG]) for _ in range(3))
    post.level(4.6)
    post.ask("notice-approve", notice=post.notice()["notice"], by="Rini")
    post.deliver()
    later = post.person([KARANGKETUG])
    post.ask("recipient-change", who=moves, set={"areas": [BLANDONGAN]}, reason="pindah")
    post.ask("recipient-consent", who=leaves, consent="left", how="BERHENTI")
    post.level(3.0, minutes=6)
    post.deliver()
    last = post.notice()
    assert ("ended", "sent", "kebijakan") == (last["kind"], last["state"], last["decided_by"])
    version = int(last["alerts"][0].partition("@")[2])
    assert sorted([stays, moves]) == sorted(post.reached(ALERT, version))
    assert "AMAN" in last["texts"]["id"]
    assert later not in post.told(ALERT, version)
    assert [] == post.ask("notice-list", waiting=True)


def test_what_was_not_approved_is_not_followed(post: NoticePost) -> None:
    """Nobody was warned, so nobody is told that it is over; the notice is replaced and can go out no more."""
    post.person([KARANGKETUG])
    post.level(4.6)
    waiting = post.notice()["notice"]
    post.level(3.0, minutes=6)
    assert ["replaced"] == [each["state"] for each in post.ask("notice-list")]
    assert "was replaced" in post.refused("notice-approve", notice=waiting, by="Rini")
    assert [] == post.rows("SELECT 1 FROM outbox WHERE public")


def test_higher_replaces_what_waits_and_stops_what_is_on_its_way_once_approved(post: NoticePost) -> None:
    """SIAGA goes on while AWAS waits; with the approval of AWAS nothing older leaves any more."""
    people = [post.person([KARANGKETUG]) for _ in range(9)]
    post.level(4.6)
    post.ask("notice-approve", notice=post.notice()["notice"], by="Rini")
    first = len(post.waiting)
    assert 0 < first < len(people)
    post.ask("alert-raise", scope=KARANGKETUG, level="AWAS", by="Joko", note="tanggul jebol")
    awas = post.notice()
    assert ("AWAS", True, "waiting") == (awas["level"], awas["manual"], awas["state"])
    for by in ("Rini", "Joko"):
        post.ask("notice-approve", notice=awas["notice"], by=by)
    version = int(awas["alerts"][0].partition("@")[2])
    post.deliver()
    assert people == post.reached(ALERT, version)
    assert first >= len(post.reached(ALERT, 1))
    states = dict(post.rows("SELECT state, count(*) FROM outbox WHERE alert = ? AND version = 1 GROUP BY state", ALERT))
    assert {"expired": len(people) - len(post.reached(ALERT, 1)), "accepted": len(post.reached(ALERT, 1))} == states


def test_an_area_that_rises_alone_leaves_the_others_their_notice(post: NoticePost) -> None:
    """The text that named three kelurahan is replaced by two texts, and each waits for its own decision."""
    post.level(4.6)
    both = post.notice()["notice"]
    post.ask("alert-raise", scope="Randusari", level="AWAS", **RINI)
    waiting = {each["level"]: each["areas"] for each in post.ask("notice-list", waiting=True)}
    assert {"AWAS": ["Randusari"], "SIAGA": ["Karangketug"]} == waiting
    assert "was replaced" in post.refused("notice-approve", notice=both, by="Rini")


def test_a_manual_notice_takes_two_people(post: NoticePost) -> None:
    """The same person twice is refused, however the name is written; the second person lets it go."""
    post.person([KARANGKETUG])
    post.ask("alert-raise", scope="Karangketug", level="AWAS", **RINI)
    notice = post.notice()["notice"]
    first = post.ask("notice-approve", notice=notice, by="Rini")
    assert ("waiting", SetClock.time + 300_000) == (first["state"], first["due_at"])
    for name in ("Rini", " rini ", "RINI 🌊", "R\u200bini"):
        assert "takes a second person" in post.refused("notice-approve", notice=notice, by=name)
    assert "has no letter in it" in post.refused("notice-approve", notice=notice, by="🌊🌊")
    assert "sent" == _after(post, post.ask("notice-approve", notice=notice, by="Joko")["notice"])
    assert "was approved by Rini, Joko already" in post.refused("notice-approve", notice=notice, by="Budi")


def test_one_person_and_a_time_out_are_enough_for_a_manual_notice(post: NoticePost) -> None:
    """Unless somebody vetoes it before; a veto may be taken back by approving again, which starts anew."""
    person = post.person([KARANGKETUG])
    post.ask("alert-raise", scope="Karangketug", level="AWAS", **RINI)
    notice = post.notice()["notice"]
    post.ask("notice-approve", notice=notice, by="Rini")
    post.ask("notice-veto", notice=notice, by="Joko", reason="belum pasti")
    post.wait(301, turns=2)
    assert "vetoed" == post.notice()["state"]
    post.ask("notice-approve", notice=notice, by="Rini")
    post.wait(299)
    assert "waiting" == post.notice()["state"]
    post.wait(2, turns=2)
    post.deliver()
    assert "Rini (sendiri, setelah tenggang)" == post.notice()["decided_by"]
    assert [person] == post.reached(ALERT, 1)


def test_a_pre_authorised_awas_goes_out_unless_vetoed(post: NoticePost) -> None:
    """Off until a paper is named; then after the veto window, and never when somebody vetoed."""
    person = post.person([KARANGKETUG])
    assert "needs the paper" in post.refused(
        "policy-set", changes={"pre_authorised": ["AWAS"]}, by="Kepala", reason="musim hujan"
    )
    changes = {"pre_authorised": ["AWAS"], "document": "SK 12/2026"}
    post.ask("policy-set", changes=changes, by="Kepala", reason="musim hujan")
    _awas(post)
    window = post.notice("veto")
    assert SetClock.time - window["made_at"] < 60_000
    post.wait(60, turns=3)
    post.deliver()
    assert "kebijakan: SK 12/2026" == post.notice()["decided_by"]
    assert person in post.sent[-1]


def test_a_veto_in_the_window_stops_it(post: NoticePost) -> None:
    """Nothing goes out, and the board shows who stopped it."""
    post.person([KARANGKETUG])
    post.ask("policy-set", changes={"pre_authorised": ["AWAS"], "document": "SK 1"}, by="Kepala", reason="hujan")
    _awas(post)
    post.ask("notice-veto", notice=post.notice("veto")["notice"], by="Rini", reason="alat rusak")
    post.wait(120, turns=3)
    assert [] == post.rows("SELECT 1 FROM outbox WHERE public")
    assert "Rini" == post.notice("vetoed")["decided_by"]


def test_waspada_waits_for_the_morning_and_siaga_does_not(post: NoticePost) -> None:
    """What was approved in a quiet night goes out when it ends, if it is still so."""
    person = post.person([KARANGKETUG])
    post.level(3.0, minutes=2)
    SetClock.time += 4 * 60 * MINUTE  # 22:08 WIB
    post.level(3.6)
    waspada = post.notice()
    assert ("WASPADA", "waiting") == (waspada["level"], waspada["state"])
    approved = post.ask("notice-approve", notice=waspada["notice"], by="Rini")
    assert "approved" == approved["state"]
    post.deliver()
    assert [] == post.reached(ALERT, 1)
    post.wait((approved["due_at"] - SetClock.time) / 1000 + 1, turns=2)
    post.deliver()
    assert [person] == post.reached(ALERT, 1)
    assert 22 * 3600_000 == (approved["due_at"] - 0) % 86_400_000  # 05:00 WIB is 22:00 UTC


def test_other_systems_read_where_to_go_too(post: NoticePost) -> None:
    """What an officer added to the text stands in the CAP message of each area."""
    post.person([KARANGKETUG])
    post.level(4.6)
    number = post.notice()["notice"]
    post.ask("notice-edit", notice=number, refuge="Balai RW 3", refuge_by="19:30", by="Sari")
    post.ask("notice-approve", notice=number, by="Rini")
    drafts = post.core.cap.drafts(9)
    assert {("Balai RW 3", "19:30")} == {(each.public.refuge, each.public.refuge_by) for each in drafts}
    assert "Tempat aman: Balai RW 3, sebelum jam 19:30." in cap_words.instruction(drafts[0].public)


def test_what_waited_for_the_morning_says_how_it_is_in_the_morning(post: NoticePost) -> None:
    """The text that was approved named the level of the evening; people read the one of five o'clock."""
    post.person([KARANGKETUG])
    SetClock.time += 4 * 60 * MINUTE  # 22:05 WIB
    post.level(3.6)
    approved = post.ask("notice-approve", notice=post.notice()["notice"], by="Rini")
    for minute in range(7 * 60):
        post.level(3.6 + 0.0005 * minute, minutes=1)
    post.deliver()
    ((body,),) = post.rows("SELECT body FROM outbox WHERE public")
    assert ["22:08. Air 3,6 m" in approved["texts"]["id"], "05:00. Air 3,8 m" in body] == [True, True], (approved, body)
    assert 1 == len(post.rows("SELECT 1 FROM audit WHERE action = 'notice reworded'"))


def test_nobody_gets_more_than_the_day_allows_but_for_awas_and_the_end(post: NoticePost) -> None:
    """A capped message is in the outbox, dead, with its reason."""
    person = post.person([KARANGKETUG, BLANDONGAN])
    post.ask("policy-set", changes={"most_a_day": 1}, by="Kepala", reason="uji")
    post.level(3.6)
    _approve(post)
    post.crash()
    post.level(3.6, at="pt-01")
    _approve(post)
    other = f"{BLANDONGAN}.area.1"
    assert [("dead", CAPPED)] == post.rows("SELECT state, reason FROM outbox WHERE alert = ?", other)
    post.ask("alert-raise", scope="Karangketug", level="AWAS", **RINI)
    for by in ("Rini", "Joko"):
        post.ask("notice-approve", notice=post.notice("waiting")["notice"], by=by)
    post.deliver()
    assert [person] == post.reached(ALERT, 2)
    post.ask("alert-cancel", scope="Karangketug", **RINI)
    post.deliver()
    assert [person] == post.reached(ALERT, 3)


def test_cancel_reaches_whom_the_warning_reached_before_everything_else(post: NoticePost) -> None:
    """With the queue full of the warning: what has not left expires, and the cancellation goes first."""
    people = [post.person([KARANGKETUG]) for _ in range(30)]
    post.level(4.6)
    post.deliver()
    notice = post.notice()["notice"]
    post.ask("notice-approve", notice=notice, by="Rini")
    attempts, post.waiting = post.waiting, []
    left = len(attempts)
    assert 0 < left < len(people)
    answer = post.ask("notice-cancel", notice=notice, by="Joko", reason="alat rusak")
    post.waiting = attempts + post.waiting
    post.deliver()
    reached, version = post.reached(ALERT, 1), int(answer["notices"][0]["alerts"][0].partition("@")[2])
    assert left == len(reached)
    assert sorted(reached) == sorted(post.reached(ALERT, version))
    assert {"accepted": left, "expired": len(people) - left} == dict(
        post.rows("SELECT state, count(*) FROM outbox WHERE alert = ? AND version = 1 GROUP BY state", ALERT)
    )
    assert "BATAL" in answer["notices"][0]["texts"]["id"]


def test_a_drill_says_so_in_every_text(tmp_path: Path) -> None:
    """LATIHAN in front of everything that leaves the realm."""
    post = NoticePost(tmp_path, realm="latihan")
    post.person([KARANGKETUG])
    post.person([KARANGKETUG], language="en")
    post.level(4.6)
    _approve(post)
    post.ask("alert-cancel", scope="Karangketug", **RINI)
    post.deliver()
    bodies = [body for (body,) in post.rows("SELECT body FROM outbox")]
    assert 5 <= len(bodies)
    assert [] == [body for body in bodies if "LATIHAN" not in body and "DRILL" not in body]
    post.close()


def _approve(post: NoticePost) -> None:
    post.ask("notice-approve", notice=post.notice("waiting")["notice"], by="Rini")
    post.deliver()


def _after(post: NoticePost, notice: str) -> str:
    post.deliver()
    return str(post.ask("notice-show", notice=notice)["state"])


def _awas(post: NoticePost) -> None:
    """AWAS that no officer decided: somebody read it off the staff gauge."""
    post.level(4.6)
    post.ask("station-observe", id="welang", level_m=5.7, by="Rini")
