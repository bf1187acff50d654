"""The operators' room at work, in Chromium: decisions, acknowledging by keyboard, sound, map, themes, a wall."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from alerting.web.access import Visitor
from broker.clock import Clock
from broker.control import Request
from tests.browser.alert_scenes import ALL_SCENES, area
from tests.browser.axe import violations
from tests.browser.conftest import Tab
from tests.browser.page_server import Served, served
from tests.browser.scenes import MINUTE, Scene, alert, notice, river
from tests.browser.shots import STATES, deciding

pytestmark = pytest.mark.timeout(300)
OpenTab = Callable[..., Tab]
LIVE = "#stream:text-is('langsung')"
APPROVER = Visitor(name="Budi", role="approver", csrf="token-of-budi")
VIEWER = Visitor(name="Wati", role="viewer", csrf="y")
MOST_BYTES = 300_000
CARD = "[id='alert-welang.level.1']"


def reached(tab: Tab) -> Page:
    tab.page.wait_for_selector(LIVE)
    return tab.page


def with_map(tab: Tab) -> Page:
    page = reached(tab)
    page.wait_for_selector(".leaflet-marker-icon .pin")
    return page


def acknowledged(request: Request) -> Any:
    return {"by": request.args.get("by"), "acknowledged": ["welang.level.1"]}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Served]:
    """AWAS, and two texts that wait for a decision."""
    with served(tmp_path, deciding, open_as=APPROVER, answers={"alert-acknowledge": acknowledged}) as page:
        yield page


@pytest.mark.parametrize("scene", [*ALL_SCENES, "awas-deciding", "drill"])
def test_no_state_shuts_anybody_out(scene: str, tmp_path: Path, open_tab: OpenTab) -> None:
    """axe-core finds nothing, in light and in dark, with what is folded away open."""
    told = STATES["drill"] if scene == "drill" else deciding if scene == "awas-deciding" else ALL_SCENES[scene]
    with served(tmp_path, told, open_as=APPROVER) as page:
        tab = reached(open_tab(page.url))
        tab.wait_for_selector(".map.leaflet-container")
        tab.evaluate("document.querySelectorAll('#areas, article details').forEach((one) => { one.open = true; })")
        light = violations(tab)
        tab.emulate_media(color_scheme="dark")
        assert ([], []) == (light, violations(tab))


def test_the_dim_theme_and_the_wall_shut_nobody_out(room: Served, open_tab: OpenTab) -> None:
    """The darkest theme keeps its contrast, and so does the wall."""
    page = with_map(open_tab(room.url))
    for word in ("terang", "gelap", "redup"):
        page.locator("#theme").click()
        expect(page.locator("#theme")).to_have_text(f"Tema: {word}")
    dim = violations(page)
    page.goto(f"{room.url}/?layar=penuh")
    page.wait_for_selector(LIVE)
    expect(page.locator("html")).to_have_attribute("data-theme", "dim")
    assert ([], []) == (dim, violations(page))


def test_what_waits_for_a_decision_is_on_top_with_its_clock(room: Served, open_tab: OpenTab) -> None:
    """The worst first, with a clock that runs down, its audience and the ways to decide; the sentence counts them."""
    page = reached(open_tab(room.url))
    cards = page.locator("#notices article")
    expect(cards).to_have_count(2)
    expect(cards.first).to_contain_text("AWAS")
    expect(cards.first).to_contain_text("ke 1240 orang")
    clock = cards.first.locator("[data-until]")
    expect(clock).to_have_text(re.compile(r"0[67]:\d\d lagi"))
    before = clock.inner_text()
    expect(clock).not_to_have_text(before)
    expect(page.locator("#sentence")).to_contain_text("Menunggu 2 keputusan.")
    ways = cards.first.locator(".actions a")
    assert ["/pemberitahuan/n41#tahan", "/pemberitahuan/n41#kirim", "/pemberitahuan/n41"] == [
        way.get_attribute("href") for way in ways.all()
    ]
    room.core.put(notice(room.core.clock.now(), state="sent", active=False))
    expect(cards).to_have_count(1)
    expect(page.locator("#sentence")).to_contain_text("Menunggu 1 keputusan.")


def test_acknowledging_takes_one_key(room: Served, open_tab: OpenTab) -> None:
    """`t` leads to what nobody has taken on, with a focus that is seen, and takes it on without leaving the page."""
    page = reached(open_tab(room.url))
    expect(page.locator("#untaken")).to_have_text("3 belum ditangani")
    page.keyboard.press("t")
    button = page.locator(f"{CARD} form button")
    expect(button).to_be_focused()
    assert "solid" == button.evaluate("(one) => getComputedStyle(one).outlineStyle")
    page.keyboard.press("t")
    expect(page.locator(f"{CARD} form [role=status]")).to_have_text("Tercatat.")
    asked = [each for each in room.core.asked if each.name == "alert-acknowledge"]
    assert [("Budi", "web:Budi")] == [(each.args["by"], each.actor) for each in asked]
    now = room.core.clock.now()
    room.core.put(alert(now, acknowledged_by="Budi", acknowledged_at=now))
    expect(page.locator(f"{CARD} .taken")).to_contain_text("Ditangani Budi sejak")
    expect(page.locator("#untaken")).to_have_text("2 belum ditangani")


def test_who_may_not_act_is_offered_nothing(tmp_path: Path, open_tab: OpenTab) -> None:
    """A viewer sees the queue and the alerts without the ways to decide and to take on."""
    with served(tmp_path, deciding, open_as=VIEWER) as page:
        tab = reached(open_tab(page.url))
        expect(tab.locator("#notices article").first).to_be_visible()
        shown = [one.inner_text() for one in tab.locator("#notices .actions a, .alert form").all() if one.is_visible()]
        assert {"Lihat"} == {one.partition(" ")[0].partition("\n")[0] for one in shown}


def test_a_tone_until_somebody_deals_with_it(tmp_path: Path, open_tab: OpenTab) -> None:
    """Before the first touch the page says that it is silent; then it sounds, until all is taken on or it is muted."""
    with served(tmp_path, ALL_SCENES["calm"]) as served_page:
        page = reached(open_tab(served_page.url))
        said = page.locator("#sound-state")
        expect(said).to_have_text("suara diblokir: klik layar")
        page.locator("h1").click()
        expect(said).to_have_text("suara hidup")
        now = served_page.core.clock.now()
        served_page.core.put(alert(now))
        expect(page.locator("body")).to_have_attribute("data-toned", "1")
        served_page.core.put(alert(now, acknowledged_by="Sari", acknowledged_at=now))
        expect(page.locator("[data-sound]")).to_have_count(0)
        page.locator("#sound").click()
        expect(said).to_have_text("suara mati")
        page.reload()
        expect(said).to_have_text("suara mati")
        expect(page.locator("#sound")).to_have_text("Hidupkan suara")


def test_the_map_shows_stations_by_shape_and_areas_by_name(tmp_path: Path, open_tab: OpenTab) -> None:
    """It follows what is told, and says which stations it cannot show; the list beside it names the same areas."""
    with served(tmp_path, ALL_SCENES["calm"]) as served_page:
        page = with_map(open_tab(served_page.url))
        expect(page.locator(".pin")).to_have_count(3)
        expect(page.locator(".pin", has_text="Welang Kraton").locator("use")).to_have_attribute("href", "#i-normal")
        expect(page.locator(".area-label", has_text="Karangketug")).to_have_count(1)
        expect(page.locator("#map-note")).to_have_text("1 stasiun tanpa koordinat tidak ada di peta.")
        now = served_page.core.clock.now()
        served_page.core.put(
            river("Welang", now, 5.8, state="AWAS", level="AWAS"), area("Karangketug", 1001, now, "SIAGA")
        )
        expect(page.locator(".pin", has_text="Welang Kraton").locator("use")).to_have_attribute("href", "#i-awas")
        expect(page.locator(".area-label .s-siaga")).to_have_text("Karangketug")
        page.locator("#areas summary").click()
        expect(page.locator("#areas li")).to_have_text("SIAGA Karangketug")


def test_without_leaflet_the_map_says_so(room: Served, open_tab: OpenTab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of the room is as ever."""
    monkeypatch.setattr("alerting.web.assets.MAP", ("not-there.js",))
    page = reached(open_tab(room.url))
    expect(page.locator("#map-note")).to_contain_text("Peta belum terpasang di server ini.")
    expect(page.locator("#map")).to_be_hidden()


def test_nothing_moves_under_a_hand(room: Served, open_tab: OpenTab) -> None:
    """While somebody moves in the list a new alert is announced but takes its place only when the hand rests."""
    page = reached(open_tab(room.url))
    page.evaluate(  # a moment that lasts: no time passes for the page after the hand moved
        "const at = performance.now(); performance.now = () => at;"
        "document.getElementById('alerts').dispatchEvent(new PointerEvent('pointermove'))"
    )
    first = page.locator("#alerts article").first
    before = first.get_attribute("id")
    now = room.core.clock.now()
    fresh: dict[str, Any] = {"id": "rejoso.level.1", "station": "rejoso", "station_name": "Rejoso", "version": 1}
    room.core.put(alert(now, **fresh, kind="raised", raised_at=now - 9 * 60 * MINUTE))
    expect(page.locator("#announcer")).to_contain_text("Rejoso")
    assert before == first.get_attribute("id")
    page.evaluate("delete performance.now")
    expect(first).to_have_attribute("id", "alert-rejoso.level.1")


def test_the_first_view_is_small(room: Served, open_tab: OpenTab) -> None:
    """Everything that the room loads, map and lines included, is at most 300 kB on the wire."""
    page = with_map(open_tab(room.url))
    page.wait_for_selector(".area-label span")
    size = page.evaluate(
        "performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource'))"
        ".filter((one) => !one.name.includes('/events')).reduce((sum, one) => sum + one.transferSize, 0)"
    )
    assert 50_000 < size <= MOST_BYTES


def test_a_wall_has_no_controls_and_larger_words(room: Served, open_tab: OpenTab) -> None:
    """Nothing to press; the sound's state is still said in words."""
    page = reached(open_tab(f"{room.url}/?layar=penuh"))
    assert [] == [one.inner_text() for one in page.locator("button, summary, nav").all() if one.is_visible()]
    expect(page.locator("#sound-state")).to_contain_text("suara")
    expect(page.locator("#station-welang .value b")).to_have_css("font-size", "44px")


def test_yesterday_is_said_after_midnight(tmp_path: Path, open_tab: OpenTab) -> None:
    """A moment of today gets its day when the day has passed, without a patch that says so."""
    real = time.time_ns() // 1_000_000
    speed = 2000.0
    day, wib = 24 * 60 * MINUTE, 7 * 60 * MINUTE
    evening = (real + wib) // day * day + day - wib - 20 * MINUTE  # 23:40 WIB, soon on the clock of the page
    clock = Clock(speed=speed, anchor_ms=int((real * speed - evening) / (speed - 1)))

    def told(now: int) -> Scene:
        return Scene(health=ALL_SCENES["awas"](now).health, entities=[river("Welang", now), alert(now)])

    with served(tmp_path, told, clock=clock) as page:
        tab = reached(open_tab(page.url))
        expect(tab.locator(f"{CARD} .clocked")).to_contain_text(re.compile(r"sejak \d{1,2} \w{3} \d\d:\d\d WIB"))


def test_a_session_that_ended_leads_to_the_login(room: Served, open_tab: OpenTab) -> None:
    """The page stays with its last state under the banner, and offers the way back."""
    page = reached(open_tab(room.url))
    page.route("**/events*", lambda route: route.fulfill(status=401))
    page.route("**/peta/**", lambda route: route.fulfill(status=401))
    page.reload()
    expect(page.locator("#cut")).to_contain_text("DATA TERPUTUS sejak")
    expect(page.locator("#login")).to_have_attribute("href", "/masuk?lanjut=/")
    expect(page.locator("#login")).to_be_visible()
    expect(page.locator("#station-welang")).to_contain_text("5,80")
