"""Administration in a real browser: nothing that axe-core objects to, nothing that breaks, on a desk and on a phone."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.browser.axe import violations
from tests.browser.conftest import Tab
from tests.office_desk import OfficeDesk, office_desk

PATHS = (
    "/kelola",
    "/kelola/kesehatan",
    "/kelola/penerima",
    "/kelola/penerima/baru",
    "/kelola/penerima/impor",
    "/kelola/wilayah",
    "/kelola/wilayah/impor",
    "/kelola/jadwal",
    "/kelola/stasiun",
    "/kelola/stasiun/welang",
    "/kelola/stasiun/welang/ubah",
    "/kelola/stasiun/welang/aturan",
    "/kelola/node",
    "/kelola/kebijakan",
    "/kelola/saluran",
    "/kelola/latihan",
    "/kelola/pengguna",
    "/kelola/audit",
)
DESK, PHONE = ViewportSize(width=1366, height=768), ViewportSize(width=390, height=844)
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfficeDesk]:
    """With an officer in the rota and a user, so that lists are not empty."""
    with office_desk(tmp_path_factory.mktemp("kantor")) as found:
        found.say("/kelola/penerima/baru", kind="officer", name="Joko", number="0812 3000 0009", language="id")
        who = found.core.ask("recipient-list")["recipients"][-1]["id"]
        found.say("/kelola/jadwal/giliran", version="0", weekday="0", officer=who, starts="06:00", ends="18:00")
        found.say("/kelola/pengguna/baru", name="Budi", role="operator")
        yield found


@pytest.mark.parametrize("paths", [PATHS[:6], PATHS[6:12], PATHS[12:]])
def test_every_page_is_well_on_a_desk_and_fits_a_phone(
    paths: tuple[str, ...], desk: OfficeDesk, open_tab: Callable[..., Tab]
) -> None:
    """No rule of axe-core is broken, nothing complains, and no page is wider than the phone."""
    tab = open_tab(f"{desk.url}/kelola")
    found: dict[str, object] = {}
    for path in paths:
        tab.page.goto(f"{desk.url}{path}")
        if broken := violations(tab.page):
            found[path] = broken
        tab.page.set_viewport_size(PHONE)
        if (more := tab.page.evaluate(WIDER)) > 0:
            found[f"{path} on a phone"] = f"{more} px too wide"
        tab.page.set_viewport_size(DESK)
    assert {} == found
    assert [] == tab.complaints


def test_a_file_is_imported_by_keyboard_and_its_page_follows_the_work(
    desk: OfficeDesk, open_tab: Callable[..., Tab], tmp_path: Path
) -> None:
    """Two different presses, the second of which is only there after the file was found right."""
    file = tmp_path / "warga.csv"
    file.write_text("nama,kelurahan,nomor\nSiti,Karangketug,0812 3000 0021\n")
    page = open_tab(f"{desk.url}/kelola/penerima/impor").page
    page.get_by_label("Berkas CSV").set_input_files(file)
    page.get_by_label("Jenis").select_option("resident")
    page.get_by_label("Cara persetujuan diberikan").fill("formulir")
    page.get_by_label("Cara persetujuan diberikan").press("Enter")
    take = page.get_by_role("button", name="Impor tepat berkas ini")
    expect(take).to_be_visible()
    assert [] == violations(page)
    take.press("Enter")
    expect(page.get_by_text("Berkas sudah diimpor seluruhnya.")).to_be_visible()


def test_a_form_that_is_refused_is_readable_for_everybody(desk: OfficeDesk, open_tab: Callable[..., Tab]) -> None:
    """The field that is wrong says so itself, and what was typed is still there."""
    page = open_tab(f"{desk.url}/kelola/penerima/baru").page
    page.get_by_label("Nama", exact=True).fill("Siti")
    page.get_by_label("Nomor seluler").fill("12")
    page.get_by_label("Cara persetujuan diberikan").fill("formulir")
    page.get_by_role("button", name="Simpan penerima").press("Enter")
    wrong = page.get_by_label("Nomor seluler")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Nama", exact=True)).to_have_value("Siti")
    assert [] == violations(page)
