"""Decisions in a real browser: by keyboard alone, raced from two windows, read by axe, printed on A4."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import PHONE, Tab
from tests.decision_room import DecisionRoom, decision_room
from tests.notice_post import KARANGKETUG, RANDUSARI, NoticePost

OpenTab = Callable[..., Tab]
PAGES = (
    "/peringatan",
    "/peringatan/welang.level.1",
    "/peringatan/welang.level.1/laporan",
    f"/peringatan/{KARANGKETUG}.area.1",
    "/keputusan",
    f"/keputusan/baru?wilayah={KARANGKETUG}&tingkat=NORMAL&alasan=surut",
    "/pemberitahuan/{waiting}",
    "/pemberitahuan/{gone}",
    "/pemberitahuan/{gone}/aman",
    "/pemberitahuan/{gone}/batalkan",
    "/laporan",
)


@pytest.fixture
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DecisionRoom]:
    with decision_room(tmp_path_factory.mktemp("room")) as made:
        yield made


def rising(post: NoticePost) -> str:
    for _ in range(3):
        post.person([KARANGKETUG])
    post.level(4.6)
    post.deliver()
    return str(post.notice()["notice"])


def flood(post: NoticePost) -> dict[str, str]:
    """One notice went out, one waits; somebody deals with the alert and wrote something down."""
    gone = rising(post)
    post.person([RANDUSARI])
    post.ask("notice-approve", notice=gone, by="Rini")
    post.deliver()
    post.ask("alert-comment", alert="welang.level.1", by="Sari", text="lurah sudah di balai")
    post.ask("alert-raise", scope=KARANGKETUG, level="AWAS", by="Sari", note="tanggul jebol")
    return {"gone": gone, "waiting": str(post.notice("waiting")["notice"])}


def press_until(page: Page, selector: str) -> None:
    """Tab until ``selector`` has the focus, as somebody without a mouse does."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement?.matches(wanted) ?? false", selector):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


def public_texts(room: DecisionRoom) -> list[str]:
    def bodies(post: NoticePost) -> list[str]:
        post.deliver()
        return [str(body) for (body,) in post.rows("SELECT body FROM outbox WHERE public ORDER BY id")]

    return room.do(bodies)


def test_a_notice_is_approved_and_taken_back_by_keyboard_alone(room: DecisionRoom, open_tab: OpenTab) -> None:
    """From the queue to the phones and back: Tab, Space, Enter; the tick is asked for by the browser too."""
    room.do(rising)
    tab = open_tab(f"{room.window('Rini')}/keputusan")
    page = tab.page
    press_until(page, "a[href$='#kirim']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/pemberitahuan/**")
    shown = page.locator("blockquote").first.inner_text()
    press_until(page, "#kirim button")
    page.keyboard.press("Enter")
    expect(page.locator("#kirim input[name=dibaca]")).to_be_focused()  # it is required, and nothing was sent
    assert [] == public_texts(room)
    page.keyboard.press("Space")
    press_until(page, "#kirim button")
    page.keyboard.press("Enter")
    expect(page.locator(".done")).to_contain_text("dikirim ke warga")
    assert [shown] * 3 == public_texts(room)
    page.reload()
    press_until(page, "a[href$='/batalkan']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/batalkan")
    press_until(page, "#alasan")
    page.keyboard.type("salah baca")
    press_until(page, "input[name=dibaca]")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Pembatalan")
    sent = public_texts(room)
    assert (6, [True] * 3) == (len(sent), ["BATAL." in body for body in sent[3:]])
    assert [] == tab.complaints


def test_two_windows_approve_once(room: DecisionRoom, open_tab: OpenTab) -> None:
    """Both have the page open with the tick set; the second one reads who was first."""
    notice = room.do(rising)
    windows = [open_tab(f"{room.window(name)}/pemberitahuan/{notice}").page for name in ("Rini", "Joko")]
    for page in windows:
        page.locator("#kirim input[name=dibaca]").check()
    for page in windows:
        page.locator("#kirim button").click()
    expect(windows[0].locator(".done")).to_contain_text("dikirim ke warga")
    expect(windows[1].locator(".wrong")).to_have_text(
        f"{notice} sudah disetujui oleh Rini. Tidak ada yang dikirim dua kali."
    )
    assert 3 == len(public_texts(room))


def test_a_page_says_that_something_was_decided_elsewhere(room: DecisionRoom, open_tab: OpenTab) -> None:
    """The queue of one officer and the notice of another tell of it; nothing jumps."""
    notice = room.do(rising)
    queue = open_tab(f"{room.window('Sari', 'operator')}/keputusan").page
    other = open_tab(f"{room.window('Rini')}/pemberitahuan/{notice}").page
    expect(queue.locator("#berubah")).to_be_hidden()
    room.ask("notice-veto", notice=notice, by="Joko", reason="belum pasti")
    for page in (queue, other):
        expect(page.locator("#berubah")).to_contain_text("Ada keputusan yang berubah.")
    expect(queue.locator("h2.name")).to_have_text("Karangketug, Randusari")
    queue.locator("#berubah a").click()
    expect(queue.locator(".lead")).to_have_text("Tidak ada yang menunggu keputusan.")


def test_one_key_takes_an_alert_and_typing_does_not(room: DecisionRoom, open_tab: OpenTab) -> None:
    """A t in a comment is a letter."""
    room.do(rising)
    page = open_tab(f"{room.window('Sari', 'operator')}/peringatan/welang.level.1").page
    page.locator("#tulis").focus()
    page.keyboard.type("tt")
    expect(page.locator("#tulis")).to_have_value("tt")
    page.locator("h1").click()
    page.keyboard.press("t")
    expect(page.locator(".done")).to_have_text("Tercatat: Anda menangani peringatan ini.")
    acknowledged = room.do(lambda post: post.rows("SELECT detail FROM audit WHERE action = 'alert acknowledged'"))
    assert [('{"by":"Sari"}',)] == acknowledged


def test_axe_finds_nothing_and_a_phone_scrolls_one_way(room: DecisionRoom, open_tab: OpenTab) -> None:
    """Every page, while one notice waits and one went out."""
    known = room.do(flood)
    page = open_tab(room.window("Joko"), viewport=PHONE).page
    found: dict[str, list[str]] = {}
    for path in PAGES:
        where = path.format_map(known) if "{" in path else path
        page.goto(room.window("Joko") + where)
        faults = violations(page)
        if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
            faults.append("wider than the phone")
        if faults:
            found[path] = faults
    assert {} == found


def test_reports_print_on_a4_and_the_shift_is_copied(room: DecisionRoom, open_tab: OpenTab) -> None:
    """A PDF of some sheets, without forms and navigation; the text for a chat is in the clipboard."""
    room.do(flood)
    tab = open_tab(f"{room.window('Joko')}/laporan", permissions=["clipboard-read", "clipboard-write"])
    page = tab.page
    page.locator("#salin").click()
    expect(page.locator("#tersalin")).to_have_text("Tersalin.")
    assert page.locator("#pesan-jaga").input_value() == page.evaluate("navigator.clipboard.readText()")
    for path, most in (("/laporan", 1), ("/peringatan/welang.level.1/laporan", 2)):
        page.goto(room.window("Joko") + path)
        printed = page.pdf(format="A4", prefer_css_page_size=True)
        assert printed.startswith(b"%PDF")
        assert 1 <= printed.count(b"/Type /Page\n") <= most
        page.emulate_media(media="print")
        expect(page.locator("nav.sections")).to_be_hidden()
        expect(page.locator("h1")).to_be_visible()
        page.emulate_media(media="null")  # a PDF is drawn as what is set here
    assert [] == tab.complaints
