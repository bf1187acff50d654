"""A day of each role in a real browser, from the login on: what it may do it does, over the real core."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Tab
from tests.browser.day_house import House, house, last_number, press_until
from tests.browser.page_server import wait_for

OpenTab = Callable[..., Tab]
ALERT = "/peringatan/welang.level.1"
FILE = b"nama,rw,kelurahan,nomor\nBu Siti,3,Karangketug,0812 3000 0001\nPak Joko,4,Karangketug,0812 3000 0002\n"


@pytest.fixture(scope="module")
def of_the_day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[OpenTab], House]]:
    with house(tmp_path_factory.mktemp("day")) as made:
        yield made


@pytest.fixture
def place(of_the_day: Callable[[OpenTab], House], open_tab: OpenTab) -> House:
    return of_the_day(open_tab)


def test_a_viewer_sees_everything_and_no_button_that_acts(place: House) -> None:
    """On a phone, and no page scrolls sideways; no key acts; what is not his says so in a sentence."""
    tab = place.come_in("Tamu")
    page = tab.page
    expect(page.get_by_text("4,60 m").first).to_be_visible()
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    notice = f"/pemberitahuan/{place.notice}"
    for path in ("/", "/stasiun", "/stasiun/welang", "/peringatan", ALERT, "/keputusan", notice, "/laporan"):
        page.goto(f"{place.url}{path}")
        expect(page.locator("h1")).to_have_count(1)
        expect(page.locator("form[method=post] button:visible")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.goto(f"{place.url}{ALERT}")
    page.keyboard.press("t")
    assert [] == tab.complaints
    page.goto(f"{place.url}/kelola/pengguna")
    expect(page.get_by_role("main")).to_contain_text("admin")
    assert [] == place.audited("web:Tamu")


def test_an_operator_takes_the_alert_reads_the_gauge_and_hands_over(place: House) -> None:
    """One key, a reading of the staff gauge, a comment; all of it stands in the report of the shift."""
    tab = place.come_in("Sari")
    page = tab.page
    page.goto(f"{place.url}{ALERT}")
    page.locator("h1").click()
    page.keyboard.press("t")
    expect(page.locator(".done")).to_have_text("Tercatat: Anda menangani peringatan ini.")
    page.get_by_label("Tulis catatan").fill("lurah sudah di balai")
    page.get_by_role("button", name="Simpan catatan").click()
    expect(page.get_by_text("“lurah sudah di balai”")).to_be_visible()
    page.goto(f"{place.url}/stasiun/welang")
    page.get_by_text("Baca papan duga", exact=True).click()
    page.get_by_label("Tinggi muka air di papan").fill("4,58")
    page.get_by_role("button", name="Simpan bacaan papan").click()
    expect(page.locator(".done")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("4,58")
    page.get_by_role("link", name="Laporan").first.click()
    for told in ("Welang Kraton", "Sari", "4,58", "lurah sudah di balai"):
        expect(page.get_by_role("main")).to_contain_text(told)
    assert ["alert acknowledged", "alert comment", "staff gauge read"] == place.audited("web:Sari")
    assert [] == tab.complaints


def test_an_approver_decides_by_keyboard_and_the_other_window_is_told(place: House) -> None:
    """Queue, preview, tick, send, no mouse; who had the same page open sends nothing and reads who was first."""
    other = place.come_in("Joko")
    other.page.goto(f"{place.url}/pemberitahuan/{place.notice}")
    other.page.locator("#kirim input[name=dibaca]").check()
    tab = place.come_in("Rini")
    page = tab.page
    press_until(page, "nav a[href='/keputusan']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/keputusan")
    press_until(page, "a[href$='#kirim']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/pemberitahuan/**")
    assert place.notice == last_number(page)
    shown = page.locator("blockquote").first.inner_text()
    press_until(page, "#kirim input[name=dibaca]")
    page.keyboard.press("Space")
    expect(page.locator("#kirim input[name=dibaca]")).to_be_checked()
    press_until(page, "#kirim button")
    assert [] == place.public_texts()
    page.keyboard.press("Enter")
    expect(page.locator(".done")).to_contain_text("dikirim ke warga")
    # The page may be there before core's next turn, in which the messages leave.
    wait_for(lambda: len(place.public_texts()) >= 3, "a message to each resident")  # others may have joined by now
    texts = place.public_texts()
    assert {shown} == set(texts)
    assert [(len(texts),)] == place.do(
        lambda post: post.rows("SELECT count(DISTINCT recipient) FROM outbox WHERE public")
    )
    assert [] == tab.complaints + other.complaints
    other.page.locator("#kirim button").click()
    expect(other.page.locator(".wrong")).to_have_text(
        f"{place.notice} sudah disetujui oleh Rini. Tidak ada yang dikirim dua kali."
    )
    assert texts == place.public_texts()
    assert ([["notice approved"], []]) == [place.audited(f"web:{name}") for name in ("Rini", "Joko")]


def test_a_technician_finds_the_fault_maintains_and_sees_it_heal(place: House) -> None:
    """On a phone: the node that was never heard stands first; the reading comes without a reload."""
    tab = place.come_in("Budi", viewport=PHONE)
    page = tab.page
    page.goto(f"{place.url}/teknisi")
    page.locator(".nodes a").first.click()
    page.wait_for_url("**/teknisi/pt-01")
    page.get_by_label("Apa yang dikerjakan").fill("ganti baterai")
    page.get_by_role("button", name="Mulai pemeliharaan").click()
    expect(page.get_by_role("status")).to_contain_text("Pemeliharaan dimulai")
    expect(page.locator(".work")).to_contain_text("Budi")
    place.do(lambda post: post.level(1.0, minutes=1, at="pt-01"))
    page.reload()
    level = page.locator('[data-quantity="level_m"]')
    expect(level).to_contain_text("1,00 m")
    place.do(lambda post: post.level(1.1, minutes=1, at="pt-01"))
    expect(level).to_contain_text("1,10 m")
    page.get_by_role("button", name="Nyatakan pemeliharaan selesai").click()
    expect(page.get_by_role("status")).to_contain_text("Pemeliharaan selesai")
    assert ["maintenance begun", "maintenance ended"] == place.audited("web:Budi")
    assert [] == tab.complaints


def test_an_admin_adds_a_user_and_recipients_and_the_chain_holds(place: House) -> None:
    """A file is looked at first and changes nothing; the log names what was done, and is whole."""
    tab = place.come_in("Kepala")
    page = tab.page
    page.goto(f"{place.url}/kelola/pengguna")
    page.get_by_text("Tambah pengguna", exact=True).click()
    page.get_by_label("Nama").fill("Dewi")
    page.get_by_label("Peran", exact=True).select_option("operator")
    page.get_by_role("button", name="Buat pengguna").click()
    expect(page.get_by_text("Hanya tampil sekali ini")).to_be_visible()
    page.goto(f"{place.url}/kelola/penerima/impor")
    page.get_by_label("Berkas CSV").set_input_files({"name": "warga.csv", "mimeType": "text/csv", "buffer": FILE})
    page.get_by_label("Jenis").select_option("resident")
    page.get_by_label("Cara persetujuan diberikan").fill("formulir 12 Nov")
    page.get_by_role("button", name="Periksa berkas").click()
    expect(page.get_by_text("Semua baris benar. Belum ada yang diubah.")).to_be_visible()
    assert ["user added"] == place.audited("web:Kepala")
    page.get_by_role("button", name="Impor tepat berkas ini").click()
    expect(page.get_by_text("Berkas sudah diimpor seluruhnya.")).to_be_visible()
    page.goto(f"{place.url}/kelola/audit?actor=web:Kepala")
    for told in ("user added", "Dewi", "recipients put"):
        expect(page.get_by_role("main")).to_contain_text(told)
    page.get_by_text("Periksa rantai, unduh CSV").click()
    page.get_by_role("button", name="Periksa rantai").click()
    expect(page.get_by_text("Rantai utuh")).to_be_visible()
    assert ["user added", "recipients put"] == place.audited("web:Kepala")
    assert [] == tab.complaints
