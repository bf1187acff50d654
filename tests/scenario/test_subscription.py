"""Residents join, are warned, answer, and leave: by the page's codes and by SMS."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from alerting.audit import Entry as AuditEntry
from alerting.audit import first_broken
from deploy.recipients.subscription_retention import keep_askings
from tests.bare_core import SetClock
from tests.notice_post import KARANGKETUG, MINUTE
from tests.subscription_post import JOKO, OFFICER_NUMBER, SITI, SubscriptionPost

HOUR = 60 * MINUTE


@pytest.fixture
def post(tmp_path: Path) -> Iterator[SubscriptionPost]:
    made = SubscriptionPost(tmp_path)
    yield made
    made.close()


# -- by code -----------------------------------------------------------------------------------------------------------


def test_a_resident_joins_is_warned_hears_the_all_clear_and_leaves(post: SubscriptionPost) -> None:
    """All of it by the page: the code from the SMS, the warning, its end, and the code that ends it."""
    ticket = post.page("join", "0812-3456-7801", rw="3", rt="2")["ticket"]
    assert "pending" == post.consent(JOKO)
    assert {"done": "join"} == post.confirm(ticket, post.code(JOKO))
    assert ("given", (f"{KARANGKETUG}/RW03/RT02",)) == (post.consent(JOKO), post.areas(JOKO))
    post.level(4.6)
    post.ask("notice-approve", notice=post.notice()["notice"], by="Rini")
    post.level(3.0, minutes=6)
    post.deliver()
    code, warning, clear = post.phone(JOKO)
    assert code.startswith("BPBD KOTA PASURUAN: kode Anda ")
    assert warning.startswith("BPBD KOTA PASURUAN: SIAGA BANJIR S. Welang")
    assert "AMAN. Peringatan banjir S. Welang" in clear
    ticket = post.page("leave", JOKO)["ticket"]
    assert {"done": "leave"} == post.confirm(ticket, post.code(JOKO))
    assert "left" == post.consent(JOKO)
    assert [] == post.core.directory.audience([KARANGKETUG])
    assert first_broken([AuditEntry(*row) for row in post.rows("SELECT * FROM audit ORDER BY id")]) is None


def test_the_answer_is_the_same_whether_a_number_is_known_or_not(post: SubscriptionPost) -> None:
    """Joining twice, leaving without ever having joined: a ticket, and nothing else, each time."""
    post.sms(JOKO, "DAFTAR KARANGKETUG")
    answers = [post.page(action, number) for action in ("join", "leave") for number in (JOKO, SITI)]
    assert [["ticket"]] * 4 == [list(answer) for answer in answers]
    assert [32] * 4 == [len(answer["ticket"]) for answer in answers]
    assert {"done": None} == post.confirm(answers[3]["ticket"], "123456")
    assert {"done": None} == post.confirm("f" * 32, "123456")


def test_leaving_without_having_joined_sends_nothing(post: SubscriptionPost) -> None:
    """Nobody is written to because a stranger typed a number, and nobody is remembered."""
    post.page("leave", SITI)
    assert (None, []) == (post.consent(SITI), post.rows("SELECT 1 FROM outbox"))


def test_a_code_is_good_for_ten_minutes_five_tries_and_one_use(post: SubscriptionPost) -> None:
    """Later, after too many wrong ones, or a second time, it fits nothing."""
    ticket = post.page("join", JOKO)["ticket"]
    good = post.code(JOKO)
    wrong = f"{(int(good) + 1) % 1_000_000:06d}"
    assert [None] * 5 == [post.confirm(ticket, wrong)["done"] for _ in range(5)]
    assert {"done": None} == post.confirm(ticket, good)
    ticket = post.page("join", JOKO)["ticket"]
    SetClock.time += 10 * MINUTE + 1
    assert {"done": None} == post.confirm(ticket, post.code(JOKO))
    ticket = post.page("join", JOKO)["ticket"]
    assert {"done": "join"} == post.confirm(ticket, post.code(JOKO))
    assert {"done": None} == post.confirm(ticket, post.code(JOKO))


def test_a_crash_between_code_and_confirmation_costs_nothing(post: SubscriptionPost) -> None:
    """The request is in the journal, and so are the tries."""
    ticket = post.page("join", JOKO)["ticket"]
    code = post.code(JOKO)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(4):
        post.confirm(ticket, wrong)
    post.crash()
    assert {"done": None} == post.confirm(ticket, wrong)
    assert {"done": None} == post.confirm(ticket, code)
    ticket = post.page("join", JOKO)["ticket"]
    post.crash()
    assert {"done": "join"} == post.confirm(ticket, post.code(JOKO))


def test_no_code_and_no_number_is_in_the_journals_requests(post: SubscriptionPost) -> None:
    """Digests only; the message's own text goes when the code has long expired."""
    ticket = post.page("join", JOKO, address="203.0.113.9")["ticket"]
    code = post.code(JOKO)
    kept = str(post.rows("SELECT * FROM subscription_askings")) + str(post.rows("SELECT * FROM audit"))
    assert not [each for each in (code, ticket, JOKO, JOKO[3:], "203.0.113.9") if each in kept]


def test_a_number_gets_three_codes_a_day_and_the_page_does_not_say_so(post: SubscriptionPost) -> None:
    """The fourth request has the same answer and sends nothing; tomorrow it works again, also after a crash."""
    for _ in range(4):
        answer = post.page("join", JOKO)
        assert ["ticket"] == list(answer)
        post.crash()
    assert 3 == len(post.phone(JOKO))
    SetClock.time += 24 * HOUR
    post.page("join", JOKO)
    assert 4 == len(post.phone(JOKO))


def test_an_address_may_ask_only_so_often(post: SubscriptionPost) -> None:
    """Twenty requests a day, whatever the numbers; others are not held up by it."""
    answers = [post.page("join", f"+62812345679{n:02d}") for n in range(21)]
    assert [False] * 20 + [True] == ["wrong" in answer for answer in answers]
    assert "Terlalu banyak permintaan dari sambungan ini. Coba lagi nanti." == answers[-1]["id"]
    assert "ticket" in post.page("join", JOKO, address="10.2.2.2")


def test_an_address_may_try_only_so_many_codes(post: SubscriptionPost) -> None:
    """Guessing over many tickets ends soon."""
    ticket = post.page("join", JOKO)["ticket"]
    answers = [post.confirm("0" * 32, "000000", address="10.9.9.9") for _ in range(31)]
    assert [True] * 30 + [False] == ["done" in answer for answer in answers]
    assert {"done": "join"} == post.confirm(ticket, post.code(JOKO))


def test_the_days_budget_ends_codes_and_not_leaving(tmp_path: Path) -> None:
    """After two messages nobody gets a code; whoever writes BERHENTI is answered."""
    post = SubscriptionPost(tmp_path, messages=2)
    try:
        post.page("join", JOKO)
        post.page("join", SITI, address="10.2.2.2")
        assert "budget" == post.page("join", "+6281234567803", address="10.3.3.3")["wrong"]
        assert "left" == post.sms(SITI, "berhenti")
        assert "tidak menerima peringatan lagi" in post.phone(SITI)[-1]
    finally:
        post.close()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("0343 421234", "telepon rumah"),
        ("+65 9123 4567", "luar negeri"),
        ("0809 1 123456", "nomor layanan"),
        ("81", "Tulis semua angkanya"),
        ("", "belum diisi"),
        ("62812 3456 7801", ""),
    ],
)
def test_only_indonesian_mobile_numbers_get_a_code(post: SubscriptionPost, number: str, words: str) -> None:
    """What is wrong with it is said in two languages, without repeating it."""
    answer = post.page("join", number)
    if not words:
        assert "ticket" in answer
        return
    assert ("number", True) == (answer["wrong"], words in answer["id"])
    assert [] == post.rows("SELECT 1 FROM outbox")


def test_the_switch_closes_joining_at_once_and_over_a_restart(post: SubscriptionPost) -> None:
    """In somebody's name, with a reason; leaving goes on."""
    post.sms(JOKO, "daftar karangketug")
    assert "who decides it is missing" in post.refused("subscription-switch", on=False, reason="biaya")
    assert not post.ask("subscription-switch", on=False, by="Rini 👩\u200d🚒", reason="serangan")["open"]
    post.crash()
    assert "closed" == post.page("join", SITI)["wrong"]
    assert ("closed", None) == (post.sms(SITI, "DAFTAR KARANGKETUG"), post.consent(SITI))
    assert "left" == post.sms(JOKO, "STOP")
    assert "left" == post.consent(JOKO)
    assert post.ask("subscription-switch", on=True, by="Rini", reason="aman lagi")["open"]
    actions = [action for (action,) in post.rows("SELECT action FROM audit WHERE subject = 'subscription'")]
    assert ["subscription closed", "subscription opened"] == actions


def test_it_is_closed_until_the_settings_open_it(tmp_path: Path) -> None:
    """Nothing is sent to strangers by default, and a person's BERHENTI is obeyed all the same."""
    post = SubscriptionPost(tmp_path, more="")
    try:
        assert "closed" == post.page("join", JOKO)["wrong"]
        assert ["closed", "closed", "not understood"] == [
            post.sms(JOKO, text) for text in ("DAFTAR SEBANI", "INFO", "halo")
        ]
        assert [] == post.rows("SELECT 1 FROM recipients")
        assert "left" == post.sms(JOKO, "Berhenti!")
        assert "subscription.enabled is false" in post.refused("subscription-switch", on=True, by="R", reason="x")
    finally:
        post.close()


def test_codes_requests_and_notes_go_when_their_time_is_over(post: SubscriptionPost) -> None:
    """The code leaves the message after two hours, the request the journal after two days, a note with its writer."""
    post.page("join", JOKO)
    post.sms(SITI, "DAFTAR KARANGKETUG")
    code = post.code(JOKO)
    post.level(4.6)
    post.ask("notice-approve", notice=post.notice()["notice"], by="Rini")
    post.deliver()
    post.sms(SITI, "anak saya hilang")
    SetClock.time += HOUR
    keep_askings(post.core)
    assert code in str(post.rows("SELECT body FROM outbox"))
    SetClock.time += HOUR
    keep_askings(post.core)
    assert code not in str(post.rows("SELECT body FROM outbox"))
    assert "anak saya hilang" in str(post.ask("report-list"))
    post.ask("recipient-erase", who=SITI, reason="diminta")
    assert [("menulis", "")] == [(each["said"], each["note"]) for each in post.ask("report-list")]
    keep_askings(post.core)
    assert [(b"",)] == post.rows("SELECT note FROM field_reports")
    assert 0 < len(post.rows("SELECT 1 FROM subscription_askings"))
    SetClock.time += 47 * HOUR
    keep_askings(post.core)
    assert [] == post.rows("SELECT 1 FROM subscription_askings")


def test_codes_wait_behind_every_warning(post: SubscriptionPost) -> None:
    """Whoever joins in the middle of a flood gets his code after those who must be told."""
    for _ in range(9):
        post.person([KARANGKETUG])
    post.level(4.6)
    post.ask("notice-approve", notice=post.notice()["notice"], by="Rini")
    post.page("join", JOKO)
    post.deliver()
    is_code = [key.startswith("subscription.") for key in post.sent]
    assert (1, True) == (sum(is_code), is_code[-1])


def test_joining_takes_nothing_from_heads_and_officers(post: SubscriptionPost) -> None:
    """A head keeps his RT and adds the place; an officer gets a code like anybody, and stays an officer."""
    entry = {"kind": "head", "name": "Budi", "contacts": {"phone": JOKO}, "areas": ["35.75.03.1001/RW01/RT01"]}
    post.ask("recipient-put", entries=[entry], consent_how="daftar RT")
    post.confirm(post.page("join", JOKO)["ticket"], post.code(JOKO))
    assert ("35.75.03.1001/RW01/RT01", KARANGKETUG) == post.areas(JOKO)
    officer = post.core.directory.find("phone", OFFICER_NUMBER)
    ticket = post.page("join", OFFICER_NUMBER)["ticket"]
    assert {"done": "join"} == post.confirm(ticket, post.code(OFFICER_NUMBER))
    assert officer == post.core.directory.find("phone", OFFICER_NUMBER)
    post.page("leave", OFFICER_NUMBER)
    assert 1 == len(post.phone(OFFICER_NUMBER))


# -- by SMS ------------------------------------------------------------------------------------------------------------


def test_joining_by_sms_is_confirmed_with_the_way_out(post: SubscriptionPost) -> None:
    """A misspelt name, RT and RW as people write them; the same SMS again does nothing."""
    assert "joined" == post.sms("0812 3456 7801", "Dafta karangketuk rt 02/rw 03", key="sms-1")
    assert "joined" == post.sms("0812 3456 7801", "Dafta karangketuk rt 02/rw 03", key="sms-1")
    (reply,) = post.phone(JOKO)
    assert (
        "BPBD KOTA PASURUAN: Anda terdaftar untuk peringatan Karangketug RW03 RT02. Keluar: balas BERHENTI. "
        "Keadaan: balas INFO. Darurat 112"
    ) == reply
    assert ("given", "SMS DAFTAR") == post.rows("SELECT consent, consent_how FROM recipients")[0]


def test_twins_and_look_alikes_are_asked_back(post: SubscriptionPost) -> None:
    """Gadingrejo is a kelurahan and a kecamatan; Petanahan may be two. Nothing is guessed."""
    assert "asked back" == post.sms(JOKO, "DAFTAR GADINGREJO")
    assert post.phone(JOKO)[-1].endswith("mana yang dimaksud? Balas DAFTAR KEC GADINGREJO atau DAFTAR KEL GADINGREJO")
    assert "asked back" == post.sms(JOKO, "DAFTAR PETANAHAN")
    assert post.phone(JOKO)[-1].endswith("Balas DAFTAR PETAHUNAN atau DAFTAR PETAMANAN")
    assert "asked back" == post.sms(JOKO, "DAFTAR ATLANTIS")
    assert "tidak dikenal" in post.phone(JOKO)[-1]
    assert "pending" == post.consent(JOKO)
    assert "joined" == post.sms(JOKO, "daftar kel gadingrejo")
    assert ("35.75.01.1009",) == post.areas(JOKO)


def test_leaving_works_for_a_number_that_was_never_known_and_lasts(post: SubscriptionPost) -> None:
    """The same words as for anybody; a list that is imported later does not bring it back."""
    assert "left" == post.sms(SITI, "UNREG")
    post.sms(JOKO, "DAFTAR KARANGKETUG")
    assert "left" == post.sms(JOKO, "saya mau berhenti")
    assert post.phone(SITI)[-1] == post.phone(JOKO)[-1]
    entry = {"kind": "resident", "contacts": {"phone": SITI}, "areas": [KARANGKETUG]}
    post.ask("recipient-put", entries=[entry], consent_how="daftar RT")
    assert "left" == post.consent(SITI)


def test_what_waits_for_somebody_who_has_left_does_not_leave(post: SubscriptionPost) -> None:
    """BERHENTI counts at once, also for a warning that is queued."""
    post.sms(JOKO, "DAFTAR KARANGKETUG")
    post.deliver()
    people = [post.person([KARANGKETUG], kind="head") for _ in range(8)]
    post.level(4.6)
    post.ask("notice-approve", notice=post.notice()["notice"], by="Rini")
    joko = post.core.directory.find("phone", JOKO)
    assert joko is not None
    assert [("queued",)] == post.rows("SELECT state FROM outbox WHERE recipient = ? AND priority < 900", joko.id)
    post.sms(JOKO, "BERHENTI")
    post.deliver()
    assert len(people) == sum("area" in key for key in post.sent)
    assert [("dead",)] == post.rows("SELECT state FROM outbox WHERE recipient = ? AND priority < 900", joko.id)


def test_info_tells_the_state_of_the_senders_place_a_few_times_a_day(post: SubscriptionPost) -> None:
    """What was told, value, trend and their time; of another place by its name; then no more until tomorrow."""
    post.sms(JOKO, "DAFTAR KARANGKETUG")
    post.level(3.0, minutes=6)
    post.sms(JOKO, "INFO")
    assert (
        "BPBD KOTA PASURUAN: Karangketug: tidak ada peringatan banjir. S. Welang di Kraton: Air 3,0 m tetap (18:12). "
        "Info 112"
    ) == post.phone(JOKO)[-1]
    post.ask("alert-raise", scope=KARANGKETUG, level="SIAGA", by="Rini", note="tanggul")
    post.sms(JOKO, "info karangketug")
    assert "Karangketug: sedang diperiksa petugas, belum ada peringatan. S. Welang" in post.phone(JOKO)[-1]
    for name in ("Budi", "Sari"):
        post.ask("notice-approve", notice=post.notice()["notice"], by=name)
    post.sms(JOKO, "info karangketug")
    assert "Karangketug: SIAGA banjir sejak 18:12. S. Welang di Kraton: Air 3,0 m" in post.phone(JOKO)[-1]
    post.sms(JOKO, "INFO bangilan")
    assert "Bangilan: belum ada alat pantau air di sini" in post.phone(JOKO)[-1]
    before = len(post.phone(JOKO))
    for _ in range(9):
        post.sms(JOKO, "INFO")
    assert 2 == len(post.phone(JOKO)) - before


def test_silence_is_never_told_as_safety(post: SubscriptionPost) -> None:
    """A gauge that says nothing is TIDAK ADA DATA by SMS too."""
    post.sms(JOKO, "DAFTAR BLANDONGAN")
    post.sms(JOKO, "INFO")
    assert "Blandongan: TIDAK ADA DATA, bukan tanda aman" in post.phone(JOKO)[-1]


def test_answers_of_those_who_were_warned_become_field_reports(post: SubscriptionPost) -> None:
    """1, then 2: the last word counts, and both are kept; what cannot be understood reaches the officer as it is."""
    post.sms(JOKO, "DAFTAR KARANGKETUG")
    assert "not understood" == post.sms(JOKO, "1")
    post.level(4.6)
    post.ask("notice-approve", notice=post.notice()["notice"], by="Rini")
    post.deliver()
    assert ["report"] * 3 == [post.sms(JOKO, text) for text in ("1", "2.", "2 orang terjebak\r\ndi atap 🆘")]
    shown = post.ask("report-list")
    assert [("menulis", "2 orang terjebak di atap 🆘"), ("aman", "")] == [(r["said"], r["note"]) for r in shown]
    assert {("Karangketug", f"{KARANGKETUG}.area.1")} == {(r["place"], r["alert"]) for r in shown}
    assert 3 == len(post.ask("report-list", all=True))
    assert [] == post.ask("report-list", alert="welang.level.1")
    assert "terjebak" not in str(post.rows("SELECT * FROM field_reports"))
    SetClock.time += 25 * HOUR
    assert "not understood" == post.sms(JOKO, "1")


def test_a_stranger_is_told_the_words_once_a_day(post: SubscriptionPost) -> None:
    """And a machine that answers every answer comes to an end."""
    assert ["not understood"] * 5 == [post.sms(SITI, f"halo {n}") for n in range(5)]
    assert 1 == len(post.phone(SITI))
    assert "balas DAFTAR dan nama kelurahan" in post.phone(SITI)[0]
    for n in range(30):
        post.sms(SITI, ("INFO", "DAFTAR X", "BERHENTI", "1")[n % 4])
    assert 10 >= len(post.phone(SITI))


def test_service_numbers_and_names_are_never_answered(post: SubscriptionPost) -> None:
    """An operator's advertisement must not start a conversation, nor be remembered."""
    assert ["ignored"] * 4 == [post.sms(each, "BERHENTI") for each in ("TELKOMSEL", "4444", "+18005550100", "")]
    assert [] == post.rows("SELECT 1 FROM recipients")


def test_an_officers_ok_acknowledges_what_he_was_told_last(post: SubscriptionPost) -> None:
    """Not what he was told after he had written; and he cannot leave by mistake."""
    post.level(4.6)
    post.deliver()
    assert "nothing open" == post.sms(OFFICER_NUMBER, "OK", late_ms=10 * MINUTE)
    assert "acknowledged" == post.sms(OFFICER_NUMBER, "oke, saya tangani")
    assert "tercatat, Anda menangani Welang Kraton." in post.phone(OFFICER_NUMBER)[-1]
    by = post.rows("SELECT actor FROM audit WHERE action = 'alert acknowledged'")
    assert [("sms:Petugas jaga",)] == by
    assert "nothing open" == post.sms(OFFICER_NUMBER, "SAYA")
    assert "officer" == post.sms(OFFICER_NUMBER, "STOP")
    assert "tetap menerima peringatan" in post.phone(OFFICER_NUMBER)[-1]


def test_an_old_sms_is_obeyed_and_not_answered(post: SubscriptionPost) -> None:
    """Core was down for an hour: whoever left has left, and nobody is surprised by an answer."""
    post.sms(JOKO, "DAFTAR KARANGKETUG")
    before = len(post.phone(JOKO))
    assert "left" == post.sms(JOKO, "BERHENTI", late_ms=2 * HOUR)
    assert ("left", before) == (post.consent(JOKO), len(post.phone(JOKO)))


def test_every_answer_of_a_drill_says_so(tmp_path: Path) -> None:
    """LATIHAN stands in front of codes and replies alike."""
    post = SubscriptionPost(tmp_path, realm="latihan")
    try:
        post.page("join", JOKO)
        post.sms(JOKO, "INFO Blandongan")
        assert [True, True] == [text.startswith("LATIHAN BPBD") for text in post.phone(JOKO)]
    finally:
        post.close()
