"""One flood is one card, one blindness one banner, and maintenance has a name, as a person sees it in Chromium."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.alert_scenes import ALL_SCENES, KELURAHAN, area
from tests.browser.conftest import PHONE, Tab
from tests.browser.page_server import served
from tests.browser.scenes import HOUR, alert, river

pytestmark = pytest.mark.timeout(300)
OpenTab = Callable[..., Tab]
LIVE = "#stream:text-is('langsung')"
NARROW = [PHONE, {"width": 1101, "height": 700}]


def reached(tab: Tab) -> Page:
    tab.page.wait_for_selector(LIVE)
    return tab.page


def test_one_flood_is_one_card_of_the_water(tmp_path: Path, open_tab: OpenTab) -> None:
    """Five areas are one line in it, the worst first; they are not counted, not in the title and not announced."""
    with served(tmp_path, ALL_SCENES["flood"]) as page:
        tab = reached(open_tab(page.url))
        expect(tab.locator("#alerts article")).to_have_count(2)
        expect(tab.locator("#count")).to_have_text("2 peringatan aktif")
        line = tab.locator("[id='alert-welang.level.1'] .areas")
        expect(line).to_have_text(
            "Wilayah: AWAS Krapyakrejo; SIAGA Karangketug, Randusari; WASPADA Bakalan; dibatalkan Sekargadung"
        )
        expect(tab.locator("[id='alert-dhompo.level.1'] .areas")).to_have_count(0)
        expect(tab).to_have_title("1 AWAS · Kentongan Kota Pasuruan")
        now = page.core.clock.now()
        page.core.put(area("Bakalan", 1005, now, "AWAS", version=2, kind="raised_higher", changed_at=now))
        expect(line).to_contain_text("AWAS Bakalan, Krapyakrejo")
        expect(tab.locator("#announcer")).to_be_empty()


def test_areas_without_their_station_become_one_card(tmp_path: Path, open_tab: OpenTab) -> None:
    """The river fell while the reader looked on; the next flood takes them back."""
    with served(tmp_path, ALL_SCENES["flood"]) as page:
        tab = reached(open_tab(page.url))
        now = page.core.clock.now()
        over = {"kind": "ended", "active": False, "level": "NORMAL", "version": 4, "changed_at": now}
        page.core.put(
            alert(now, **over),
            alert(now, id="dhompo.level.1", station="dhompo", station_name="Dhompo", **over),
            river("Welang", now, 2.1, kelurahan=KELURAHAN),
            river("Dhompo", now, 2.0),
        )
        loose = tab.locator("#alert-wilayah")
        expect(loose.locator(".areas")).to_have_text(
            "Wilayah: AWAS Krapyakrejo; SIAGA Karangketug, Randusari; WASPADA Bakalan"
        )
        expect(tab.locator("#count")).to_have_text("1 peringatan aktif")
        expect(tab.locator("#sentence")).to_contain_text("Wilayah AWAS: Krapyakrejo.")
        expect(tab.locator("#alerts article.active")).to_have_count(1)
        page.core.put(alert(now, id="welang.level.2", version=1, kind="raised"))
        expect(loose).to_have_count(0)
        expect(tab.locator("[id='alert-welang.level.2'] .areas")).to_contain_text("AWAS Krapyakrejo")


def test_blindness_is_said_once_and_loudly(tmp_path: Path, open_tab: OpenTab) -> None:
    """One banner, one alert; every station keeps its own state, and no card says that it fell silent."""
    with served(tmp_path, ALL_SCENES["blind"]) as page:
        tab = reached(open_tab(page.url))
        expect(tab.locator(".banner.loud", has_text="BUTA")).to_have_count(1)
        banner = tab.locator(".banner.loud", has_text="BUTA")
        expect(banner).to_contain_text("BUTA: tidak ada data dari satu stasiun pun sejak")
        expect(banner).to_contain_text("Welang Kraton sedikitnya AWAS, naik.")
        expect(tab.locator("#alerts article")).to_have_count(2)
        expect(tab.locator("#alerts .badge").first).to_have_text("BUTA")
        expect(tab.locator("#stations .badge", has_text="TIDAK ADA DATA")).to_have_count(3)
        expect(tab).to_have_title("BUTA · Kentongan Kota Pasuruan")
        now = page.core.clock.now()
        buta = {"id": "semua.data.1", "station": "semua", "station_name": "Semua stasiun", "hazard": "data"}
        page.core.put(
            alert(now, **buta, kind="ended", active=False, level="NORMAL", version=2, changed_at=now),
            river("Welang", now, 5.9, state="AWAS", level="AWAS"),
        )
        expect(tab.locator(".banner.loud", has_text="BUTA: tidak ada data dari satu stasiun pun")).to_have_count(0)
        expect(tab.locator("#alerts .ended .badge")).to_have_text("DATA KEMBALI")


def test_maintenance_says_until_when_by_whom_and_why(tmp_path: Path, open_tab: OpenTab) -> None:
    """Neutral where the sensor alone speaks; a level that stood before the work keeps its colour."""
    with served(tmp_path, ALL_SCENES["maintenance"]) as page:
        tab = reached(open_tab(page.url))
        work = tab.locator("#station-welang .work")
        expect(work).to_contain_text("Pemeliharaan sampai")
        expect(work).to_contain_text("oleh Sari (teknisi): mengganti sensor jarak")
        expect(tab.locator("#station-welang .badge")).to_have_text(["PEMELIHARAAN", "alat menunjuk AWAS"])
        expect(tab.locator("#station-welang .s-awas")).to_have_count(0)
        expect(tab.locator("#station-gembong .badge")).to_have_text(["PEMELIHARAAN", "tetap SIAGA"])
        expect(tab.locator("#alerts .badge")).to_have_text(["AWAS", "PEMELIHARAAN ALAT"])
        now = page.core.clock.now()
        page.core.put(river("Welang", now, 1.1, since=now - HOUR))
        expect(work).to_have_count(0)
        expect(tab.locator("#alerts .badge")).to_have_text(["AWAS"])


def test_rain_and_air_speak_in_their_own_words(tmp_path: Path, open_tab: OpenTab) -> None:
    """Alert, station and sentence agree; what was cancelled is called so; a missing trend is said."""
    with served(tmp_path, ALL_SCENES["weather"]) as page:
        tab = reached(open_tab(page.url))
        rain = tab.locator("[id='alert-hujan-hulu.rain.2']")
        expect(rain).to_contain_text("hujan lebat")
        expect(rain).to_contain_text("1 jam 14,6 mm")
        expect(tab.locator("[id='alert-udara.air.1']")).to_contain_text("ISPU 141 Tidak Sehat")
        expect(tab.locator("#station-hujan-hulu .badge")).to_have_text("SIAGA hujan lebat")
        expect(tab.locator("#station-udara .badge")).to_have_text("WASPADA mutu udara")
        expect(tab.locator("#sentence")).to_contain_text("1 SIAGA, 1 WASPADA. Hujan Hulu Welang: hujan lebat SIAGA.")
        expect(tab.locator("#alerts .ended .badge")).to_have_text("DIBATALKAN")
        expect(tab.locator("#station-welang .value")).to_contain_text("tren: belum cukup data")


@pytest.mark.parametrize("viewport", NARROW, ids=["phone", "narrow-desk"])
@pytest.mark.parametrize("scene", ["flood", "maintenance"])
def test_long_badges_stay_inside_their_card(
    scene: str, viewport: dict[str, int], tmp_path: Path, open_tab: OpenTab
) -> None:
    """Also in the narrowest column of three."""
    with served(tmp_path, ALL_SCENES[scene]) as page:
        tab = reached(open_tab(page.url, viewport=viewport))
        outside = tab.evaluate(
            "[...document.querySelectorAll('article .badge')].filter((one) => one.getBoundingClientRect().right"
            " > one.closest('article').getBoundingClientRect().right).map((one) => one.textContent)"
        )
        assert [] == outside


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("scene", ["flood", "maintenance", "weather"])
def test_new_words_can_be_read(scene: str, scheme: str, tmp_path: Path, open_tab: OpenTab) -> None:
    """Contrast of at least 4.5 between badges, area lines and the surface beneath them."""
    with served(tmp_path, ALL_SCENES[scene]) as page:
        tab = reached(open_tab(page.url, color_scheme=scheme))
        weak = tab.evaluate(
            """() => { const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
            const light = (rgb) => { const [r, g, b] = rgb.match(/[\\d.]+/g).map(Number).map(channel);
              return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
            const surface = (one) => { for (let at = one; at; at = at.parentElement) {
              const colour = getComputedStyle(at).backgroundColor;
              if (!colour.startsWith('rgba(0, 0, 0, 0')) return colour; } };
            return [...document.querySelectorAll('.badge, .areas, .work, #count')].map((one) => {
              const [a, b] = [light(getComputedStyle(one).color), light(surface(one))].sort((x, y) => y - x);
              return [one.textContent.trim().slice(0, 30), (a + 0.05) / (b + 0.05)]; })
              .filter(([, ratio]) => ratio < 4.5); }"""
        )
        assert [] == weak
