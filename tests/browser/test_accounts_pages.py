"""Logging in as people do it: by keyboard, on a phone, and with a form still open when the session ends."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from alerting import passwords, totp
from alerting.web.accounts.accounts import AccountRules
from alerting.web.app import create_app
from broker.clock import REAL
from tests.browser.axe import violations
from tests.browser.conftest import DESK, PHONE, Tab
from tests.browser.page_server import running
from tests.browser.scenes import PastOfScenes, past
from tests.core_thread import CoreThread
from tests.installation import eventually

pytestmark = pytest.mark.timeout(300)
OpenTab = Callable[..., Tab]
PASSWORD = "kuda hijau lari pagi"
KEPT = passwords.keep(PASSWORD)


@pytest.fixture
def url(core: CoreThread, tmp_path: Path) -> Iterator[str]:
    app = create_app(
        socket_path=core.state.socket,
        clock=REAL,
        read_range=past,
        past=PastOfScenes(),
        demo=False,
        cap=tmp_path / "cap",
        accounts=AccountRules(sessions=core.state.sessions),
    )
    with running(app) as port:
        yield f"http://127.0.0.1:{port}"


def code_of(secret: bytes) -> str:
    return totp.code(secret, totp.step_of(REAL.now()))


def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """By keyboard alone, from wherever the login page stands."""
    page.get_by_label("Nama").focus()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_an_approvers_first_day(core: CoreThread, url: str, open_tab: OpenTab, viewport: dict[str, int]) -> None:
    """A one-time password, one's own, the second factor, its codes on paper; then in, out, and in again by a code."""
    drawn = core.ask("user-add", name="Budi", role="approver")["password"]
    tab = open_tab(f"{url}/laporan", viewport=viewport, java_script_enabled=True)
    page = tab.page
    seen = [violations(page)]
    log_in(page, "Budi", drawn)
    expect(page.get_by_role("heading", level=1)).to_have_text("Pilih kata sandi sendiri")
    seen.append(violations(page))
    page.get_by_label("Kata sandi dari admin").fill(drawn)
    page.get_by_label("Kata sandi baru", exact=True).fill("kuda biru lari sore")
    page.get_by_label("Kata sandi baru, sekali lagi").fill("kuda biru lari sore")
    page.get_by_role("button", name="Simpan kata sandi").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Kode kedua")
    seen.append(violations(page))
    secret = totp.secret_of(page.locator(".key").inner_text())
    page.get_by_label("Kode 6 angka").fill("000000")
    page.get_by_role("button", name="Pasang kode kedua").click()
    expect(page.get_by_role("alert")).to_contain_text("Kode itu tidak cocok")
    page.get_by_label("Kode 6 angka").fill(code_of(secret))
    page.get_by_role("button", name="Pasang kode kedua").click()
    expect(page.locator(".codes li")).to_have_count(10)
    seen.append(violations(page))
    recovery = page.locator(".codes li").first.inner_text()
    page.goto(f"{url}/akun")
    expect(page.get_by_text("Kode kedua: terpasang")).to_be_visible()
    seen.append(violations(page))
    page.get_by_role("button", name="Keluar", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Masuk")
    log_in(page, "budi", "kuda biru lari sore")
    expect(page.get_by_label("Kode 6 angka")).to_be_focused()
    seen.append(violations(page))
    page.keyboard.type(recovery)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{url}/")
    assert [[]] * len(seen) == seen
    for narrow in ("/masuk", "/akun", "/akun/totp"):
        page.goto(f"{url}{narrow}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), narrow
    # The refused code and the login page itself answer with a status that the console names.
    assert [] == [said for said in tab.complaints if not re.search(r"status of (401|422)", said)]


def test_a_form_that_is_open_when_the_session_ends_loses_nothing(core: CoreThread, url: str, open_tab: OpenTab) -> None:
    """What was typed comes back after the login, and one more button sends it."""
    core.ask("user-add", name="Sari", role="operator", password_hash=KEPT)
    page = open_tab(f"{url}/keputusan/baru").page
    log_in(page, "Sari")
    expect(page).to_have_url(f"{url}/keputusan/baru")
    typed = 'Warga melapor "deras" <b>sekali</b>'
    page.get_by_label("Wilayah").select_option(index=1)
    page.get_by_label("WASPADA").check()
    page.get_by_label("Alasan").fill(typed)
    page.get_by_role("button", name="Lihat yang akan dikirim").click()
    page.get_by_label("Saya sudah membaca").check()
    core.ask("user-role", name="Sari", role="viewer")
    core.ask("user-role", name="Sari", role="operator")
    while page.request.get(f"{url}/api/v1/alerts").ok:  # until the web has noticed
        page.wait_for_timeout(100)
    page.locator("main form[method=post] button").first.click()
    expect(page.get_by_role("alert")).to_have_text("Sesi Anda sudah berakhir. Masuk lagi; yang Anda isi tidak hilang.")
    log_in(page, "Sari")
    expect(page.get_by_role("heading", level=1)).to_have_text("Kirim yang tadi Anda isi")
    expect(page.get_by_role("cell", name=typed)).to_be_visible()
    assert [] == violations(page)
    page.get_by_role("button", name="Kirim sekarang").click()
    raised = eventually(lambda: core.ask("alert-list"), "the alert that was raised")
    assert typed in raised[0]["why"]
