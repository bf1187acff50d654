"""Decisions over HTTP: real pages in several windows, the real core behind its socket, a provider with a ledger."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path

import httpx
import pytest

from alerting.web.notices.refusals import REFUSALS, in_words
from broker.control import CommandFailed
from tests.decision_room import DecisionRoom, decision_room
from tests.notice_post import BLANDONGAN, KARANGKETUG, RANDUSARI, NoticePost

ALERT = f"{KARANGKETUG}.area.1"
FORBIDDEN = (401, 403)  # log in as somebody who may, or never
UNREAD = "Centang dulu “Saya sudah membaca”. Belum ada yang dikirim."


@pytest.fixture
def room(tmp_path: Path) -> Iterator[DecisionRoom]:
    with decision_room(tmp_path) as made:
        yield made


def rising(post: NoticePost) -> str:
    """Four people in two areas, and water at SIAGA; the notice that waits."""
    for _ in range(3):
        post.person([KARANGKETUG])
    post.person([RANDUSARI])
    post.level(4.6)
    post.deliver()
    return str(post.notice()["notice"])


def sent(room: DecisionRoom) -> list[str]:
    """The texts of everything that went to the public."""

    def bodies(post: NoticePost) -> list[str]:
        post.deliver()
        return [str(body) for (body,) in post.rows("SELECT body FROM outbox WHERE public ORDER BY id")]

    return room.do(bodies)


def wrong(answer: httpx.Response) -> str:
    found = re.search(r'<p class="wrong" role="alert">([^<]*)</p>', answer.text)
    return unescape(found[1]) if found else ""


def mark(answer: httpx.Response) -> str:
    """The fingerprint of the text on the page."""
    found = re.search(r'name="sidik" value="(\w+)"', answer.text)
    assert found, answer.text
    return found[1]


def texts(answer: httpx.Response) -> list[str]:
    return [unescape(each) for each in re.findall(r"<blockquote[^>]*>([^<]*)</blockquote>", answer.text)]


def test_what_is_shown_is_what_goes_out_and_reading_is_a_gesture_of_its_own(room: DecisionRoom) -> None:
    """Without the tick nothing leaves; with it, everybody of the areas gets exactly the text on the page."""
    path = f"/pemberitahuan/{room.do(rising)}"
    page = room.look("Rini", path)
    for shown in ("Perlu satu persetujuan.", "4 orang", "Karangketug 3 orang, Randusari 1 orang", "/160, 1 SMS"):
        assert shown in page.text
    unread = room.say("Rini", f"{path}/kirim", sidik=mark(page))
    assert (422, UNREAD, []) == (unread.status_code, wrong(unread), sent(room))
    read = room.say("Rini", f"{path}/kirim", sidik=mark(page), dibaca="ya")
    assert (303, f"{path}?sudah=kirim") == (read.status_code, read.headers["location"])
    assert [texts(page)[0]] * 4 == sent(room)
    after = room.look("Rini", read.headers["location"])
    assert "Sudah dikirim ke warga." in after.text
    assert "terkirim oleh Rini" in after.text


def test_raced_from_two_windows_one_approves_and_the_other_is_told_so(room: DecisionRoom) -> None:
    """Both read, both press at once: one approval, nobody is told twice."""
    path = f"/pemberitahuan/{room.do(rising)}"
    marks = {name: mark(room.look(name, path)) for name in ("Rini", "Joko")}
    with ThreadPoolExecutor(2) as both:
        answers = list(
            both.map(lambda name: room.say(name, f"{path}/kirim", sidik=marks[name], dibaca="ya"), ("Rini", "Joko"))
        )
    assert [303, 409] == sorted(each.status_code for each in answers)
    lost = next(each for each in answers if each.status_code == 409)
    assert re.fullmatch(r"n\d+ sudah disetujui oleh (Rini|Joko)\. Tidak ada yang dikirim dua kali\.", wrong(lost))
    assert 4 == len(sent(room))


def test_a_form_that_is_sent_twice_is_done_once_and_other_words_are_another_decision(room: DecisionRoom) -> None:
    """A double click answers alike; "back" and other words under the same key are not swallowed."""
    path = f"/pemberitahuan/{room.do(rising)}"
    key = "web-" + "a1" * 12
    first, again = (room.say("Sari", f"{path}/teks", tempat="Balai RW 3", key=key) for _ in range(2))
    assert (303, first.headers["location"]) == (again.status_code, again.headers["location"])
    assert 303 == room.say("Sari", f"{path}/teks", tempat="Masjid Agung", key=key).status_code
    edits = room.do(lambda post: post.rows("SELECT count(*) FROM audit WHERE action = 'notice edited'"))
    assert [(2,)] == edits
    assert "Tempat aman: Masjid Agung." in texts(room.look("Sari", path))[0]


def test_a_text_that_was_changed_meanwhile_must_be_read_again(room: DecisionRoom) -> None:
    """The window that shows the old text sends nothing; the new text goes out with where to go, in one SMS."""
    path = f"/pemberitahuan/{room.do(rising)}"
    old = mark(room.look("Rini", path))
    edited = room.say("Sari", f"{path}/teks", role="operator", tempat="Balai RW 3", jam="19:30")
    assert "persetujuan sebelumnya gugur" in room.look("Sari", edited.headers["location"]).text
    stale = room.say("Rini", f"{path}/kirim", sidik=old, dibaca="ya")
    assert 409 == stale.status_code
    assert "diubah sesudah Anda membacanya" in wrong(stale)
    fresh = mark(room.look("Rini", path))
    assert 303 == room.say("Rini", f"{path}/kirim", sidik=fresh, dibaca="ya").status_code
    bodies = set(sent(room))
    assert all("Tempat aman: Balai RW 3, sebelum jam 19:30." in body and len(body) <= 160 for body in bodies)


def test_an_old_text_is_sent_only_by_who_read_its_age_and_is_renewed_by_a_button(room: DecisionRoom) -> None:
    """A window that has been open for long sends nothing; renewed, the text has the level of now, to be read again."""
    path = f"/pemberitahuan/{room.do(rising)}"
    young = room.look("Rini", path)
    assert "menit lalu" not in young.text

    def higher(post: NoticePost) -> None:
        for step in range(20):
            post.level(4.6 + 0.01 * step, minutes=1)

    room.do(higher)
    late = room.say("Rini", f"{path}/kirim", sidik=mark(young), dibaca="ya")
    assert (409, []) == (late.status_code, sent(room))
    assert re.match(r"Teks ini dibuat \d\d menit lalu;.*kirim apa adanya\.", wrong(late))
    assert 'name="usia"' in late.text
    assert 303 == room.say("Sari", f"{path}/teks", role="operator").status_code
    fresh = room.look("Rini", path)
    assert "menit lalu" not in fresh.text
    assert texts(young) != texts(fresh), texts(fresh)
    assert 303 == room.say("Rini", f"{path}/kirim", sidik=mark(fresh), dibaca="ya").status_code
    assert {texts(fresh)[0]} == set(sent(room))


def test_an_area_is_raised_by_hand_and_goes_out_on_the_word_of_two(room: DecisionRoom) -> None:
    """The preview changes nothing; who raised it sends nothing; the same person twice is refused in words."""
    room.do(lambda post: [post.person([BLANDONGAN]) for _ in range(2)])
    query = f"/keputusan/baru?wilayah={BLANDONGAN}&tingkat=AWAS&alasan=tanggul+jebol"
    preview = room.look("Sari", query, role="operator")
    assert "Warga menerima pesan ini sesudah dua orang menyetujui." in preview.text
    assert "Naikkan Blandongan ke AWAS" in preview.text
    assert "2 orang" in preview.text
    assert [] == room.ask("notice-list")
    typed = {"wilayah": BLANDONGAN, "tingkat": "AWAS", "alasan": "tanggul jebol", "sampai": ""}
    assert UNREAD == wrong(room.say("Sari", "/keputusan/baru", **typed))
    raised = room.say("Sari", "/keputusan/baru", dibaca="ya", **typed)
    path = raised.headers["location"].partition("?")[0]
    assert texts(preview)[0] == texts(room.look("Sari", path))[0]
    for name, status in (("Rini", 303), ("Rini", 409), ("Joko", 303)):
        answer = room.say(
            name, f"{path}/kirim", sidik=mark(room.look(name, path)) if status == 303 else "", dibaca="ya"
        )
        assert status == answer.status_code
        if status == 409:
            assert "Perlu orang kedua." in wrong(answer) or "Baca lagi" in wrong(answer)
    assert 2 == len(sent(room))


@pytest.mark.parametrize(("way", "word"), [("aman", "AMAN."), ("batalkan", "BATAL.")])
def test_an_end_reaches_exactly_those_who_were_warned(room: DecisionRoom, way: str, word: str) -> None:
    """The preview has the text and the count; who came later is not told."""
    path = f"/pemberitahuan/{room.do(rising)}"
    room.say("Rini", f"{path}/kirim", sidik=mark(room.look("Rini", path)), dibaca="ya")
    assert 4 == len(sent(room))
    room.do(lambda post: post.person([KARANGKETUG]))
    preview = room.look("Rini", f"{path}/{way}")
    assert "kirim ke 4 orang" in preview.text
    assert 4 == len(sent(room))
    unread = room.say("Rini", f"{path}/{way}", alasan="surut")
    assert (422, UNREAD) == (unread.status_code, wrong(unread))
    assert 'value="surut"' in unread.text
    ended = room.say("Rini", f"{path}/{way}", alasan="surut", dibaca="ya")
    assert 303 == ended.status_code
    last = sent(room)[4:]
    assert [texts(preview)[0]] * 4 == last
    assert word in last[0]
    over = room.say("Rini", f"{path}/{way}", alasan="surut", dibaca="ya")
    assert "sudah berakhir. Tidak ada yang perlu dibatalkan." in wrong(over)


def test_the_all_clear_says_when_a_gauge_speaks_against_it(room: DecisionRoom) -> None:
    """Nobody is to call an area safe whose water still stands high without having been told."""
    path = f"/pemberitahuan/{room.do(rising)}"
    room.say("Rini", f"{path}/kirim", sidik=mark(room.look("Rini", path)), dibaca="ya")
    assert "alat belum menyatakan aman: Welang Kraton SIAGA 4,60 m" in room.look("Rini", f"{path}/aman").text


def test_going_down_by_hand_is_an_approvers(room: DecisionRoom) -> None:
    """An operator sees what it would do and cannot; an approver lowers, then clears."""
    path = f"/pemberitahuan/{room.do(rising)}"
    room.say("Rini", f"{path}/kirim", sidik=mark(room.look("Rini", path)), dibaca="ya")
    sent(room)
    lower = {"wilayah": KARANGKETUG, "tingkat": "WASPADA", "alasan": "mulai surut", "sampai": "", "dibaca": "ya"}
    shown = room.look("Sari", f"/keputusan/baru?wilayah={KARANGKETUG}&tingkat=WASPADA&alasan=x", role="operator")
    assert "Panggil petugas yang menyetujui." in shown.text
    assert room.say("Sari", "/keputusan/turunkan", **lower).status_code in FORBIDDEN
    assert 303 == room.say("Rini", "/keputusan/turunkan", **lower).status_code
    assert 303 == room.say("Rini", "/keputusan/turunkan", **(lower | {"tingkat": "NORMAL"})).status_code
    bodies = sent(room)[4:]
    assert [True] * 3 + [False] * 3 == ["TURUN KE WASPADA" in body for body in bodies]
    assert all("AMAN." in body for body in bodies[3:])
    assert "Keadaannya berubah" in wrong(room.say("Rini", "/keputusan/turunkan", **(lower | {"tingkat": "AWAS"})))


def test_a_veto_keeps_what_was_typed_when_it_is_refused(room: DecisionRoom) -> None:
    """With a reason it holds; a second one is told who was first."""
    path = f"/pemberitahuan/{room.do(rising)}"
    assert "Tulis alasannya" in wrong(room.say("Sari", f"{path}/tahan", role="operator", alasan=""))
    assert 303 == room.say("Sari", f"{path}/tahan", alasan="belum pasti").status_code
    second = room.say("Rini", f"{path}/tahan", alasan="juga ragu")
    assert "sudah ditahan oleh Sari." in wrong(second)
    assert "Ditahan Sari: belum pasti. Masih dapat disetujui." in second.text
    assert [] == sent(room)


def test_a_form_from_elsewhere_or_without_the_role_changes_nothing(room: DecisionRoom) -> None:
    """Another token, another site, a viewer: refused; the notice still waits."""
    path = f"/pemberitahuan/{room.do(rising)}"
    room.window("Rini")
    client = room.clients["Rini"]
    assert 403 == client.post(f"{path}/kirim", data={"csrf": "wrong", "dibaca": "ya"}).status_code
    elsewhere = {"sec-fetch-site": "cross-site"}
    assert 403 == client.post(f"{path}/tahan", data={"csrf": "csrf-Rini", "alasan": "x"}, headers=elsewhere).status_code
    for name, role in (("Sari", "operator"), ("Tamu", "viewer")):
        assert room.say(name, f"{path}/kirim", role=role, dibaca="ya").status_code in FORBIDDEN
    assert "waiting" == room.ask("notice-list")[0]["state"]


def test_an_alert_is_taken_and_commented_upon_in_ones_own_name(room: DecisionRoom) -> None:
    """The room's form leads back to the room; the second window is told who was first; comments stay."""
    room.do(rising)
    path = "/peringatan/welang.level.1"
    assert "/" == room.say("Sari", f"{path}/tangani", role="operator", back="/").headers["location"]
    assert "sudah ditangani oleh Sari." in wrong(room.say("Rini", f"{path}/tangani"))
    noted = room.say("Rini", f"{path}/catatan", catatan="Sudah telepon <lurah>.")
    page = room.look("Rini", noted.headers["location"].partition("#")[0])
    assert "“Sudah telepon &lt;lurah&gt;.”" in page.text
    assert "Catatan disimpan." in page.text
    assert "Tulis catatan 1 sampai 500 huruf" in wrong(room.say("Rini", f"{path}/catatan", catatan=" "))
    assert 'id="tangani"' not in page.text


def test_the_alert_page_tells_the_whole_way_of_a_warning(room: DecisionRoom) -> None:
    """Reading, decision, approval, first message and 95 %, each with its distance from the reading."""
    path = f"/pemberitahuan/{room.do(rising)}"
    room.do(lambda post: post.wait(20))
    room.say("Rini", f"{path}/kirim", sidik=mark(room.look("Rini", path)), dibaca="ya")
    sent(room)
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", room.look("Rini", "/peringatan/welang.level.1").text))
    for step in (
        "Bacaan sensor 18:08:40,0 WIB",
        "Keputusan dibuat 18:08:40,0 WIB +0,0 ms",
        "disetujui oleh Rini 18:10:00,0 WIB +1 menit",
        "Pesan warga pertama diterima penyedia 18:10:00,0 WIB",
        "95 % pesan warga dari 4 pesan",
        "Karangketug sekarang SIAGA",
    ):
        assert step in page
    area = room.look("Rini", f"/peringatan/{ALERT}").text
    assert area.count("+62") == 3 == area.count("********")  # masked, one row a person
    assert "tidak ada" in room.look("Rini", "/peringatan/welang.level.9").text
    assert 404 == room.look("Rini", "/peringatan/welang.level.1?versi=7").status_code


def test_the_list_is_filtered_and_paged(room: DecisionRoom) -> None:
    """Active or over, acknowledged or not, by hazard and day; a page ends where the next one begins."""
    room.do(rising)
    room.ask("alert-acknowledge", alert="welang.level.1", by="Sari")

    def names(query: str) -> set[str]:
        return set(re.findall(r'<td><a href="/peringatan/([^"]+)">', room.look("Rini", f"/peringatan?{query}").text))

    areas = {ALERT, f"{RANDUSARI}.area.1"}
    assert {"welang.level.1"} == names("bahaya=level&aktif=ya")
    assert {"welang.level.1"} == names("ditangani=ya")
    assert areas == names("ditangani=tidak")
    assert set() == names("aktif=tidak")
    assert areas | {"welang.level.1"} == names("dari=2026-11-18&sampai=2026-11-18")
    assert set() == names("dari=2026-11-19")
    assert set() == names("sebelum=1")
    assert 3 == len(names("dari=kemarin&bahaya=apa"))  # what is no choice of ours is none


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [
        ("notice-show", {"notice": "n999999"}, "Pemberitahuan n999999 tidak ada."),
        ("notice-veto", {"notice": "*", "by": "Rini"}, "Tulis alasannya"),
        ("notice-cancel", {"notice": "n1", "by": "Rini", "reason": "x"}, "Pemberitahuan n1 tidak ada."),
        ("notice-edit", {"notice": "*", "by": "R", "refuge": "x" * 41}, "Tempat itu 41 huruf; paling banyak 40."),
        (
            "notice-edit",
            {"notice": "*", "by": "R", "refuge": "lihat x.id"},
            "SMS tidak memuat huruf itu. Tulis: lihat x id",
        ),
        ("notice-edit", {"notice": "*", "by": "R", "refuge": "Balai", "refuge_by": "25:00"}, "Tulis jam seperti 18:30"),
        ("notice-edit", {"notice": "*", "by": "R", "refuge_by": "18:00"}, "Tulis jam seperti 18:30"),
        ("notice-preview", {"scope": "Atlantis", "level": "AWAS", "by": "R"}, "Wilayah Atlantis tidak dikenal."),
        ("notice-preview", {"scope": "welang", "level": "AWAS", "by": "R"}, "welang adalah stasiun. Pilih wilayah."),
        ("notice-preview", {"scope": BLANDONGAN, "level": "AWAS", "by": "R", "until": "99:00"}, "Sampai jam 99:00"),
        ("area-clear", {"scope": BLANDONGAN, "by": "R", "reason": "x"}, "Tidak ada peringatan di wilayah itu."),
        ("alert-raise", {"scope": KARANGKETUG, "level": "WASPADA", "by": "R", "note": "x"}, "Wilayah itu sudah SIAGA."),
        ("alert-lower", {"scope": KARANGKETUG, "level": "AWAS", "by": "R", "note": "x"}, "Wilayah itu sekarang SIAGA"),
        ("alert-comment", {"alert": "x.level.1", "by": "R", "text": "x"}, "Peringatan x.level.1 tidak ada."),
        ("alert-comment", {"alert": "welang.level.1", "by": "R", "text": ""}, "Tulis catatan 1 sampai 500 huruf"),
        ("alert-acknowledge", {"alert": "welang.level.9", "by": "R"}, "Peringatan ini tidak menunggu"),
    ],
)
def test_every_refusal_of_core_has_words_of_the_room(
    shared: DecisionRoom, command: str, arguments: dict[str, str], words: str
) -> None:
    """What core itself says is matched, so that a changed sentence is noticed here."""
    notice = str(shared.ask("notice-list")[0]["notice"])
    given = {name: notice if value == "*" else value for name, value in arguments.items()}
    with pytest.raises(CommandFailed) as refused:
        shared.ask(command, **given)
    assert words in in_words(str(refused.value))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DecisionRoom]:
    """A room in which nothing is decided."""
    with decision_room(tmp_path_factory.mktemp("shared")) as made:
        made.do(rising)
        yield made


def test_a_refusal_without_words_is_said_as_core_said_it() -> None:
    """Nothing is hidden behind "something went wrong"."""
    assert "Inti menolak: no such thing" == in_words("no such thing")
    assert all(re.compile(pattern) for pattern, _ in REFUSALS)
