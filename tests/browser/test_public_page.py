"""The residents' pages in a real browser: read without script, kept without network, and light enough for a crowd."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import httpx
import pytest
from playwright.sync_api import expect

from alerting.web.app import create_app
from broker.clock import REAL
from tests.browser import public_scenes
from tests.browser.axe import violations
from tests.browser.conftest import PHONE, Tab
from tests.browser.page_server import Served, running, served, wait_for
from tests.browser.public_scenes import BLANDONGAN, KARANGKETUG, WIROGUNAN, public_state
from tests.browser.scenes import PastOfScenes, Scene, past

FIRST_VIEW_BYTES = 60_000
PAGE = f"/publik/{KARANGKETUG}"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@contextmanager
def _serving(scene: Callable[[int], Scene], realm: str = "ews") -> Iterator[Served]:
    with (
        TemporaryDirectory(prefix="ktp-") as name,
        served(Path(name), scene, open_as=None, answers=public_state(realm)) as page,
    ):
        yield page


@pytest.fixture(scope="module")
def warned() -> Iterator[Served]:
    with _serving(public_scenes.warned) as page:
        yield page


@pytest.fixture(scope="module")
def calm() -> Iterator[Served]:
    with _serving(public_scenes.calm) as page:
        yield page


def test_a_resident_reads_it_on_a_phone_without_script(warned: Served, open_tab: Callable[..., Tab]) -> None:
    """Chooses, sees the level that was told and what to do; the level that waits for approval is nowhere."""
    tab = open_tab(f"{warned.url}/publik", viewport=PHONE, java_script_enabled=False)
    view = tab.page
    view.get_by_role("link", name="Karangketug").click()
    card = view.get_by_role("region", name="Karangketug")
    expect(card.locator(".state")).to_contain_text("SIAGA")
    expect(card.get_by_text("Siap mengungsi, bawa obat dan surat penting.")).to_be_visible()
    expect(card.get_by_text("Jalan Kraton tergenang setinggi lutut.")).to_be_visible()
    expect(view.get_by_text("naik 45 cm/jam")).to_be_visible()
    expect(view.get_by_text("ISPU 141 Tidak Sehat")).to_be_visible()
    expect(view.get_by_text("TERAKHIR DIKETAHUI").first).to_be_hidden()
    assert "AWAS" not in str(card.text_content())
    view.get_by_role("link", name="English").click()
    expect(card.locator(".state")).to_contain_text("GET READY (SIAGA)")
    expect(card.get_by_text("Be ready to leave, pack medicine and papers.")).to_be_visible()
    for target in view.get_by_role("link").all():
        box = target.bounding_box()
        assert box is None or box["height"] < 2 or 44 <= round(box["height"]), target.text_content()  # or out of sight
    assert [] == tab.complaints


@pytest.fixture(scope="module")
def awas() -> Iterator[Served]:
    with _serving(public_scenes.awas) as page:
        yield page


@pytest.fixture(scope="module")
def repaired() -> Iterator[Served]:
    with _serving(public_scenes.repaired, "latihan") as page:
        yield page


@pytest.mark.parametrize(
    ("scene", "path", "word"),
    [
        ("calm", PAGE, "NORMAL"),
        ("calm", f"/publik/{BLANDONGAN}", "BELUM DITETAPKAN"),
        ("warned", f"/publik/{WIROGUNAN}", "SEDANG DIPERIKSA"),
        ("warned", f"/publik/{BLANDONGAN}", "TIDAK ADA DATA"),
        ("awas", PAGE, "AWAS"),
        ("repaired", PAGE, "PEMELIHARAAN"),
    ],
)
def test_every_state_can_be_read_by_everybody(
    scene: str, path: str, word: str, request: pytest.FixtureRequest, open_tab: Callable[..., Tab]
) -> None:
    """In words, in light and dark, with nothing that axe-core finds, on a page no wider than a phone."""
    page: Served = request.getfixturevalue(scene)
    tab = open_tab(page.url + path, viewport=PHONE)
    expect(tab.page.locator(".state")).to_contain_text(word)
    for scheme in SCHEMES:
        tab.page.emulate_media(color_scheme=scheme)
        assert [] == violations(tab.page)
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert [] == tab.complaints


@pytest.mark.parametrize("path", ["/publik?bahasa=en", "/data"])
def test_the_other_pages_can_be_read_by_everybody(calm: Served, path: str, open_tab: Callable[..., Tab]) -> None:
    """Axe-core finds nothing, the page is no wider than a phone, and nothing complains."""
    tab = open_tab(calm.url + path, viewport=PHONE)
    assert [] == violations(tab.page)
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert [] == tab.complaints


def test_without_network_it_is_the_last_known_state(open_tab: Callable[..., Tab]) -> None:
    """Seen once, it is there when the server is gone: with its time, marked, in the title too, and never as live."""
    with _serving(public_scenes.warned) as page:
        tab = open_tab(page.url + PAGE, viewport=PHONE)
        expect(tab.page.locator("html[data-kept=yes]")).to_have_count(1)
        made = re.findall(r"Dibuat (\d\d:\d\d WIB)", str(tab.page.text_content("main")))
        assert 1 == len(made)
    tab.page.reload()
    banner = tab.page.locator(".banner.last")
    expect(banner).to_be_visible()
    expect(banner).to_contain_text("TERAKHIR DIKETAHUI Halaman ini tidak dapat diperbarui.")
    expect(banner).to_contain_text(f"Isinya keadaan pukul {made[0]}")
    expect(tab.page.locator(".state")).to_contain_text("TERAKHIR DIKETAHUI: SIAGA")
    expect(tab.page).to_have_title(re.compile("^TERAKHIR DIKETAHUI"))
    assert [] == violations(tab.page)


def test_a_page_that_stays_open_says_when_it_cannot_be_renewed(open_tab: Callable[..., Tab]) -> None:
    """The browser says that it is offline, and the page follows at once; back again, it is renewed and live."""
    with _serving(public_scenes.calm) as page:
        tab = open_tab(page.url + PAGE, viewport=PHONE)
        expect(tab.page.locator("html[data-kept=yes]")).to_have_count(1)
        tab.page.context.set_offline(True)
        expect(tab.page.locator(".banner.last")).to_be_visible()
        tab.page.context.set_offline(False)
        expect(tab.page.locator(".banner.last")).to_be_hidden()


def test_when_core_is_gone_the_page_says_since_when(tmp_path: Path) -> None:
    """What was told stands on as the least that may be, and what was normal is no data."""
    with served(tmp_path, public_scenes.warned, open_as=None, answers=public_state()) as page:
        page.core.stop()
        wait_for(lambda: page.live.link.outage() is not None, "the line to core was lost")
        wait_for(lambda: "DATA TERPUTUS" in httpx.get(page.url + PAGE, timeout=60).text, "the page said so")
        told = httpx.get(f"{page.url}{PAGE}.json", timeout=60).json()
        other = httpx.get(f"{page.url}/publik/{WIROGUNAN}.json", timeout=60).json()
    assert ("SIAGA", True, False) == (told["state"], told["at_least"], told["connected"])
    assert told["lost_since"] is not None
    assert "TIDAK ADA DATA" == other["state"]


def test_without_a_first_word_of_core_there_is_a_number_to_call(tmp_path: Path) -> None:
    """No page can be drawn; the answer says so, names 112, and is kept by nobody."""
    app = create_app(
        socket_path=tmp_path / "none.sock",
        clock=REAL,
        read_range=past,
        past=PastOfScenes(),
        demo=False,
        cap=tmp_path / "cap",
    )
    with running(app) as port:
        answer = httpx.get(f"http://127.0.0.1:{port}{PAGE}", timeout=60)
        machine = httpx.get(f"http://127.0.0.1:{port}{PAGE}.json", timeout=60)
    assert (503, "no-store", True, True) == (
        answer.status_code,
        answer.headers["cache-control"],
        "Bukan tanda aman" in answer.text,
        'href="tel:112"' in answer.text,
    )
    assert (503, "*") == (machine.status_code, machine.headers["access-control-allow-origin"])


def test_the_first_view_is_small_and_no_script_holds_it_up(warned: Served) -> None:
    """Page, style, script, icon and manifest together, unpacked; every script is a module, and nothing is inline."""
    page = httpx.get(warned.url + PAGE, headers={"Accept-Encoding": "identity"}, timeout=60)
    files = re.findall(r'(?:<link[^>]+href|<script[^>]+src)="([^"]+)"', page.text)
    sizes = [len(page.content)]
    for each in files:
        answer = httpx.get(warned.url + each, headers={"Accept-Encoding": "identity"}, timeout=60)
        assert (200, True) == (answer.status_code, "max-age=604800" in answer.headers["cache-control"])
        sizes.append(len(answer.content))
    assert 5 == len(sizes)
    assert FIRST_VIEW_BYTES >= sum(sizes)
    scripts = re.findall(r"<script[^>]*>", page.text)
    assert [True] == [' type="module"' in each and " src=" in each for each in scripts]
    assert not re.search(r"<style|\sstyle=|\son\w+=", page.text)


def test_a_crowd_is_answered_from_kept_bytes(warned: Served) -> None:
    """The same bytes and tag for everybody, packed for who takes it, 304 for who has it, and HEAD."""
    url = warned.url + PAGE
    first = httpx.get(url, timeout=60)
    again = httpx.get(url, headers={"If-None-Match": first.headers["etag"]}, timeout=60)
    head = httpx.head(url, timeout=60)
    assert "public, max-age=15, stale-while-revalidate=60, stale-if-error=600" == first.headers["cache-control"]
    assert ("gzip", "Accept-Encoding", 200) == (
        first.headers["content-encoding"],
        first.headers["vary"],
        head.status_code,
    )
    assert "frame-ancestors 'none'" in first.headers["content-security-policy"]
    if again.headers["etag"] == first.headers["etag"]:  # unless a minute has just begun
        assert (304, b"") == (again.status_code, again.content)


def test_a_change_is_seen_with_the_next_look() -> None:
    """What core tells is on the page with the next look, whoever asked before."""
    with _serving(public_scenes.warned) as page:
        url = f"{page.url}/publik/{WIROGUNAN}"
        assert "SEDANG DIPERIKSA" in httpx.get(url, timeout=60).text
        now = page.live.clock.now()
        page.core.put(public_scenes.told(f"{WIROGUNAN}.area.1", now, id="n9", level="WASPADA", areas=["Wirogunan"]))
        wait_for(lambda: 'class="state s-waspada"' in httpx.get(url, timeout=60).text, "the warning that went out")


def test_other_pages_may_embed_the_state(warned: Served) -> None:
    """As JSON, from anywhere, in both languages, with its time; what is not known is 404 in words."""
    answer = httpx.get(f"{warned.url}{PAGE}.json", timeout=60)
    told = answer.json()
    assert ("*", "application/json; charset=utf-8") == (
        answer.headers["access-control-allow-origin"],
        answer.headers["content-type"],
    )
    assert {
        "version": 1,
        "area": {"code": KARANGKETUG, "name": "Karangketug"},
        "drill": False,
        "example": True,
        "state": "SIAGA",
        "at_least": False,
        "connected": True,
        "lost_since": None,
        "emergency": "112",
    }.items() <= told.items()
    assert ("level", False) == (told["warning"]["hazard"], told["warning"]["lowered"])
    assert ("Siap mengungsi, bawa obat dan surat penting.", "Be ready to leave, pack medicine and papers.") == (
        told["advice"]["id"],
        told["advice"]["en"],
    )
    assert [("welang", "level_m", 4.62, "m"), ("hujan-hulu", "rain_mm", 0.4, "mm")] == [
        (each["id"], each["quantity"], each["value"], each["unit"]) for each in told["stations"][:2]
    ]
    unknown = httpx.get(f"{warned.url}/publik/35.75.09.1001.json", timeout=60)
    page = httpx.get(f"{warned.url}/publik/nirwana", timeout=60)
    assert (404, 404, True) == (unknown.status_code, page.status_code, "Kelurahan itu tidak dikenal" in page.text)


def test_open_data_links_lead_somewhere(calm: Served) -> None:
    """Every kind of link answers with JSON, and while no licence is set the page says so."""
    page = httpx.get(f"{calm.url}/data", timeout=60).text
    assert "belum menetapkan lisensi" in page
    links = {each.replace("&amp;", "&") for each in re.findall(r'href="(/api/[^"]+)"', page)}
    shown = [each for each in sorted(links) if "station=welang&quantity=level_m" in each or "?" not in each]
    assert 5 == len(shown)
    for each in shown:
        answer = httpx.get(calm.url + each, timeout=60)
        assert 200 == answer.status_code, each
        json.loads(answer.content)
