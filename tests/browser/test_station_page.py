"""Stations in a real browser: drawn, moved by keys, kept alive, readable without a script, well for everybody."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from playwright.sync_api import expect

from alerting.web.past import Tier
from alerting.web.readings import ReadingsUnavailable
from alerting.web.station.dossier import (
    Calibration,
    Comparison,
    Dossier,
    Episode,
    Limits,
    NearStation,
    RecordsUnavailable,
    Rule,
    ServingNode,
    Sighting,
)
from broker.clock import REAL
from broker.live import MaintenanceView, TrendView
from tests.browser import axe
from tests.browser.alert_scenes import ALL_SCENES
from tests.browser.conftest import PHONE, Tab
from tests.browser.page_server import Served, served, wait_for
from tests.browser.scenes import HOUR, MINUTE, PastMean, PastOfScenes, PastPoint, Scene, river, series

DAY = 24 * HOUR


class Records:
    """A station with something of everything."""

    def __init__(self, now: int) -> None:
        self.now = now

    def dossier(self, station: str) -> Dossier | None:
        limits = {"WASPADA": 3.0, "SIAGA": 4.0, "AWAS": 5.0}
        return Dossier(
            name=station,
            limits=[Limits(since=self.now - 90 * DAY, metres=limits, author="BPBD", reason="survei")],
            calibrations=[
                Calibration(
                    number=1,
                    series="distance_mm",
                    since=None,
                    datum_m=6.5,
                    mm_per_tip=None,
                    author="Budi",
                    reason="pemasangan",
                )
            ],
            comparisons=[Comparison(time=self.now - HOUR, level_m=1.58, sensor_m=1.62, by="Sari", note="air tenang")],
            near=[NearStation(station="petung", is_upstream=True, minutes=95)],
            nodes=[
                ServingNode(
                    node=f"node-{station}", hardware="esp32", firmware="", gateway="", last_heard=self.now, note=""
                )
            ],
            sightings=[Sighting(id=7, time=self.now - HOUR, by="Sari", note="air di bawah jembatan", photo="")],
            rule=Rule(version=3, hysteresis_m=0.1, hold_up_samples=2, hold_down_minutes=15.0),
        )

    def episodes(self, station: str, start: int, end: int) -> list[Episode]:
        return [Episode(alert=f"{station}.level.1", hazard="level", level="SIAGA", start=self.now - HOUR, end=None)]


class NoRecords(Records):
    def dossier(self, station: str) -> Dossier | None:
        raise RecordsUnavailable("Catatan stasiun tidak dapat dibaca dari jurnal (uji).")


class NoHistory(PastOfScenes):
    """History that is away until somebody brings it back."""

    def __init__(self) -> None:
        pass

    def range(self, station: str, quantity: str, start: int, end: int, limit: int) -> list[PastPoint]:
        raise ReadingsUnavailable("Riwayat belum dapat dibaca: uji.")

    def aggregates(  # noqa: PLR0917  as the port has it
        self, station: str, quantity: str, start: int, end: int, tier: Tier, limit: int
    ) -> list[PastMean]:
        raise ReadingsUnavailable("Riwayat belum dapat dibaca: uji.")


def every_state(now: int) -> Scene:
    """AWAS, SIAGA, silence while rising, maintenance, no thresholds, doubt, and one that rises towards a level."""
    told = ALL_SCENES["awas"](now)
    trend = TrendView(rate_m_per_h=0.45, next_level="SIAGA", eta_from=now + 35 * MINUTE, eta_to=now + 70 * MINUTE)
    others = [
        river("Rising", now, 3.62, state="WASPADA", level="WASPADA", trend=trend, since=now - 20 * MINUTE),
        river("Calm", now),
        *(
            each
            for each in ALL_SCENES["quality"](now).entities
            if getattr(each, "id", "") in ("rejoso", "kedunglarangan")
        ),
    ]
    work = MaintenanceView(since=now - HOUR, until=now + HOUR, by="Sari", reason="mengganti sensor")
    others.append(river("Dhompo", now, 5.8, state="PEMELIHARAAN", level="AWAS", maintenance=work))
    doubtful = series("level_m", 3.9, now - 30_000, 3, "rate_of_change: 102 over 6 m/h")
    others.append(river("Doubt", now, series=[doubtful], unverified=True))
    return Scene(health=told.health, entities=[*told.entities, *others])


SHOWN = ("welang", "petung", "dhompo", "kedunglarangan")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("s"), every_state) as served_page:
        yield served_page


@contextmanager
def serving(folder: Path, scene: Callable[[int], Scene] = every_state, **more: Any) -> Iterator[Served]:
    answers = {"why": lambda asked: {"about": asked.args["about"], "sentences": ["Pukul 18:40 muka air 5,80 m."]}}
    with served(folder, scene, answers=answers, **{"records": Records(REAL.now()), **more}) as page:
        yield page


def _look(tab: Tab, url: str) -> None:
    """Everything opened: no complaint of axe-core, none of the browser, and no wider than the screen."""
    tab.page.goto(url)
    if "/stasiun/" in url:
        expect(tab.page.locator("#plot canvas")).to_have_count(1)
    tab.page.eval_on_selector_all("details", "all => all.forEach((each) => { each.open = true; })")
    assert [] == axe.violations(tab.page)
    assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [] == tab.complaints


def test_nothing_is_wrong_for_anybody_in_any_state(page: Served, open_tab: Callable[..., Tab]) -> None:
    """On a phone, whatever the river does; at 200 %; and the list."""
    tab = open_tab(f"{page.url}/stasiun", viewport=PHONE)
    for station in SHOWN:
        _look(tab, f"{page.url}/stasiun/{station}?rentang=6-jam")
    _look(tab, f"{page.url}/stasiun")
    tab.page.set_viewport_size({"width": 683, "height": 384})  # 1366 x 768 at 200 %
    _look(tab, f"{page.url}/stasiun/welang?rentang=1-tahun")


def test_the_first_sentence_can_be_read_over_the_radio(page: Served, open_tab: Callable[..., Tab]) -> None:
    """The state first, then why in place, from core."""
    tab = open_tab(f"{page.url}/stasiun/welang").page
    expect(tab.locator(".said")).to_contain_text("Welang Kraton: AWAS sejak")
    expect(tab.locator(".said")).to_contain_text("Muka air 5,80 m naik 45 cm/jam, data")
    tab.locator(".first details").first.locator("summary").click()
    expect(tab.locator(".first details p").first).to_have_text("Pukul 18:40 muka air 5,80 m.")


def test_the_axis_is_moved_by_keys_and_its_address_keeps_it(page: Served, open_tab: Callable[..., Tab]) -> None:
    """Arrows, plus and minus, Home; loaded again, the page shows the same stretch; the table follows."""
    tab = open_tab(f"{page.url}/stasiun/welang?rentang=6-jam").page
    plot = tab.locator("#plot")
    expect(plot.locator("canvas")).to_have_count(1)
    plot.focus()
    before = tab.locator("#rentang-kata").inner_text()
    tab.keyboard.press("ArrowLeft")
    expect(tab).to_have_url(re.compile(r"dari=.*Z&sampai=.*Z&besaran=level_m"))
    expect(tab.locator("#rentang-kata")).not_to_have_text(before)
    expect(tab.locator("[data-span][aria-current]")).to_have_count(0)
    moved = tab.locator("#rentang-kata").inner_text()
    table = tab.locator("details.listing summary").inner_text()
    tab.keyboard.press("+")
    expect(tab.locator("#rentang-kata")).not_to_have_text(moved)
    expect(tab.locator("details.listing summary")).not_to_have_text(table)
    closer = tab.locator("#rentang-kata").inner_text()
    tab.reload()
    expect(tab.locator("#rentang-kata")).to_have_text(closer)
    expect(plot.locator("canvas")).to_have_count(1)
    plot.focus()
    tab.keyboard.press("Home")
    expect(tab).to_have_url(re.compile("rentang=24-jam"))


def test_the_axis_is_dragged(page: Served, open_tab: Callable[..., Tab]) -> None:
    """Pulled to the right, the past comes in; the reading under the mouse is said in words."""
    tab = open_tab(f"{page.url}/stasiun/welang?rentang=6-jam").page
    plot = tab.locator("#plot canvas")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + 100
    tab.mouse.move(x, y)
    expect(tab.locator("#bacaan")).to_contain_text("WIB: muka air")
    before = tab.locator("#rentang-kata").inner_text()
    tab.mouse.down()
    tab.mouse.move(x + 200, y, steps=4)
    tab.mouse.up()
    expect(tab.locator("#rentang-kata")).not_to_have_text(before)


def test_without_a_script_all_of_it_is_there(page: Served, open_tab: Callable[..., Tab]) -> None:
    """A drawing with words for who cannot see it, the stretches as links, and the table with its CSV."""
    tab = open_tab(f"{page.url}/stasiun/welang", java_script_enabled=False).page
    drawing = tab.locator("#plot svg.drawing")
    assert "Angkanya ada di tabel di bawah." in str(drawing.get_attribute("aria-label"))
    assert drawing.locator("polyline").count() >= 1
    assert ["WASPADA", "SIAGA", "AWAS"] == drawing.locator("text[class*='l-']").all_text_contents()
    assert drawing.locator("rect.w-siaga").count() == 1
    tab.get_by_role("link", name="7 hari").click()
    expect(tab.locator("[data-span='7-hari']")).to_have_attribute("aria-current", "true")
    tab.locator("details.listing summary").click()
    assert 200 == tab.locator("details.listing tbody tr").count()


def test_a_year_is_drawn_from_its_days(page: Served, open_tab: Callable[..., Tab]) -> None:
    """Fewer than four hundred points, their spread, and a table of days."""
    tab = open_tab(f"{page.url}/stasiun/welang?rentang=1-tahun").page
    expect(tab.locator("#plot canvas")).to_have_count(1)
    expect(tab.locator(".keys")).to_contain_text("terendah sampai tertinggi tiap 1 hari")
    told = httpx.get(f"{page.url}/stasiun/welang/garis?rentang=1-tahun", timeout=60).json()
    assert 86_400_000 == told["step"]
    assert 360 <= len(told["times"]) <= 366


def test_the_page_follows_the_station(tmp_path: Path, open_tab: Callable[..., Tab]) -> None:
    """A new state is said within seconds; when the server is gone the page says so, and what it shows looks old."""
    with serving(tmp_path, ALL_SCENES["calm"]) as page:
        tab = open_tab(f"{page.url}/stasiun/welang").page
        tab.clock.install()
        tab.reload()
        expect(tab.locator(".said")).to_contain_text("NORMAL")
        now = page.live.clock.now()
        page.core.put(river("Welang", now, 4.2, state="SIAGA", level="SIAGA", since=now - MINUTE))
        wait_for(lambda: page.live.replica.stations["welang"].state == "SIAGA", "the server heard of it")
        tab.clock.run_for(4000)
        expect(tab.locator(".said")).to_contain_text("SIAGA sejak")
        tab.route("**/keadaan", lambda route: route.abort())
        tab.clock.run_for(8000)
        expect(tab.locator("#putus")).to_contain_text("DATA TERPUTUS")
        expect(tab.locator("body")).to_have_attribute("data-stream", "lost")


def test_history_that_is_away_is_a_sentence_in_its_place(tmp_path: Path, open_tab: Callable[..., Tab]) -> None:
    """The rest of the page stays; the line's own address says the same with 503."""
    with serving(tmp_path, history=NoHistory()) as page:
        tab = open_tab(f"{page.url}/stasiun/welang").page
        expect(tab.locator("#garis .wrong")).to_contain_text("Riwayat belum dapat dibaca: uji.")
        expect(tab.locator(".said")).to_contain_text("AWAS")
        expect(tab.locator(".rungs li")).to_have_count(3)
        answer = httpx.get(f"{page.url}/stasiun/welang/garis", timeout=60)
        assert (503, "Riwayat belum dapat dibaca: uji.") == (answer.status_code, answer.json()["detail"])
        assert 503 == httpx.get(f"{page.url}/stasiun/welang/tabel.csv", timeout=60).status_code


@pytest.mark.parametrize(
    ("records", "said"), [(None, "tidak tersedia di server ini"), (NoRecords(0), "tidak dapat dibaca dari jurnal")]
)
def test_records_that_are_away_are_a_sentence(tmp_path: Path, records: Records | None, said: str) -> None:
    """The state, the drawing and the forms stay."""
    with serving(tmp_path, records=records) as page:
        html = httpx.get(f"{page.url}/stasiun/welang", timeout=60).text
        assert said in html
        assert "<polyline" in html
        assert "Simpan bacaan papan" in html


def test_core_that_does_not_answer_leaves_the_page_whole(tmp_path: Path) -> None:
    """The reason is missing and says so; nothing else is."""
    with serving(tmp_path) as page:
        page.core.answers.pop("why")
        html = httpx.get(f"{page.url}/stasiun/welang", timeout=60).text
        assert "Inti tidak menjawab, jadi alasannya" in html
        assert "<polyline" in html


def test_the_csv_has_exact_numbers_with_unit_flag_and_both_times(page: Served) -> None:
    """Every reading of the stretch, oldest first; means of a long one when they are asked for."""
    address = f"{page.url}/stasiun/welang/tabel.csv"
    span = {"dari": "2026-01-01T00:00:00Z", "sampai": "2026-01-01T06:00:00Z"}
    answer = httpx.get(address, params=span, timeout=60)
    heading, first, *rest = answer.text.splitlines()
    assert "time_utc,time_wib,value [m],raw,flag [QARTOD],quality,reason,node,epoch" == heading
    assert first.startswith("2026-01-01T00:00:00.000+00:00,2026-01-01T07:00:00.000+07:00,")
    assert 361 == len(rest) + 1
    assert 'attachment; filename="welang-level_m-2026-01-01.csv"' == answer.headers["content-disposition"]
    means = httpx.get(address, params={"rentang": "1-tahun", "isi": "rata-rata"}, timeout=60).text.splitlines()
    assert "start_utc,start_wib,mean [m],min [m],max [m],count,good" == means[0]


def test_a_wrong_address_is_one_sentence(page: Served) -> None:
    """The usual stretch is shown with it; machines get a status."""
    answer = httpx.get(f"{page.url}/stasiun/welang?rentang=2-jam", timeout=60)
    assert (200, True) == (answer.status_code, "tidak dikenal; pilih 1-jam" in answer.text)
    assert 422 == httpx.get(f"{page.url}/stasiun/welang/garis?dari=kemarin", timeout=60).status_code
    assert 422 == httpx.get(f"{page.url}/stasiun/welang/tabel.csv?dari=kemarin", timeout=60).status_code
    assert 404 == httpx.get(f"{page.url}/stasiun/bukan", timeout=60).status_code
    assert 404 == httpx.get(f"{page.url}/foto/../../core.sock", timeout=60).status_code


def test_what_people_typed_is_text(tmp_path: Path) -> None:
    """Names and notes with markup in them stay words."""
    with serving(tmp_path) as page:
        now = page.live.clock.now()
        bad = msgspec.structs.replace(river("Welang", now), name='<b onclick="x">W</b>', impact={"AWAS": "<script>"})
        page.core.put(bad)
        answer = httpx.get(f"{page.url}/stasiun?cari=<i>&keadaan=<u>", timeout=60).text
        assert "<i>" not in answer
        assert "<b onclick" not in httpx.get(f"{page.url}/stasiun/welang", timeout=60).text
