"""The live page as a person sees it, in Chromium."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from alerting.web import assets, words
from alerting.web.readings import Point, ReadingsUnavailable
from broker.clock import Clock
from tests.browser.alert_scenes import ALL_SCENES
from tests.browser.conftest import DESK, PHONE, Tab
from tests.browser.page_server import Served, served, wait_for
from tests.browser.scenes import MINUTE, SCENES, alert, message, river

pytestmark = pytest.mark.timeout(300)
OpenTab = Callable[..., Tab]
ZOOMED = {"width": DESK["width"] // 2, "height": DESK["height"] // 2}
LIVE = "#stream:text-is('langsung')"
GREEN = "rgb(11, 107, 58)"


def reached(tab: Tab) -> Tab:
    """Wait until the page is on the stream."""
    tab.page.wait_for_selector(LIVE)
    return tab


@pytest.mark.parametrize("scene", list(ALL_SCENES))
@pytest.mark.parametrize("viewport", [DESK, PHONE, ZOOMED], ids=["desk", "phone", "zoomed"])
def test_every_scene_fits_and_complains_of_nothing(
    scene: str, viewport: dict[str, int], tmp_path: Path, open_tab: OpenTab
) -> None:
    """No error, no breach of the policy, and nothing to scroll sideways, also on a phone and at 200 %."""
    with served(tmp_path, ALL_SCENES[scene]) as page:
        tab = reached(open_tab(page.url, viewport=viewport))
        tab.page.wait_for_load_state("load")
        wider = tab.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        outside = tab.page.evaluate(
            "[...document.querySelectorAll('article, .banner, .sentence')].filter((one) =>"
            " one.getBoundingClientRect().right > innerWidth + 1 || one.scrollWidth > one.clientWidth + 1)"
            ".map((one) => one.id || one.className)"
        )
        assert (0, [], []) == (wider, outside, tab.complaints)


def test_the_state_is_there_without_a_script(awas: Served, open_tab: OpenTab) -> None:
    """The first paint tells the state, and that it does not refresh by itself."""
    tab = open_tab(awas.url, java_script_enabled=False)
    expect(tab.page.locator("#sentence")).to_contain_text("1 AWAS, 1 SIAGA, 1 TIDAK ADA DATA.")
    expect(tab.page.locator("#station-petung")).to_contain_text("34 menit lalu")
    expect(tab.page.locator("#stream")).to_have_text("belum langsung")
    told = tab.page.locator("noscript").first
    expect(told).to_be_visible()
    assert "Tanpa JavaScript halaman ini tidak menyegarkan diri" in told.inner_html()


def test_a_rise_is_seen_without_reloading(calm: Served, open_tab: OpenTab) -> None:
    """Card, sentence, title, alert and message change in place."""
    page = reached(open_tab(calm.url)).page
    expect(page.locator("#station-welang .badge")).to_have_css("color", GREEN)
    page.evaluate("window.loadedOnce = true")
    now = calm.core.clock.now()
    calm.core.put(
        river("Welang", now, 5.8, state="AWAS", level="AWAS", rate=0.45), alert(now), message(1, now, state="queued")
    )
    expect(page.locator("#station-welang .value")).to_contain_text("5,80 m")
    expect(page.locator("#station-welang .badge")).to_have_text("AWAS")
    expect(page.locator("#sentence")).to_contain_text("1 AWAS. Welang Kraton 5,80 m naik 45 cm/jam.")
    expect(page.locator("#alerts article")).to_have_count(1)
    expect(page.locator("#message-1 .fate")).to_have_text("antri")
    calm.core.put(message(1, now))
    expect(page.locator("#message-1 .fate")).to_have_text("ditulis ke berkas contoh")
    expect(page.locator("#announcer")).to_contain_text("AWAS, Welang Kraton")
    expect(page).to_have_title("1 AWAS · Kentongan Kota Pasuruan")
    assert page.evaluate("window.loadedOnce") is True


def test_what_is_open_stays_open_and_keeps_the_focus(awas: Served, open_tab: OpenTab) -> None:
    """An open "Kenapa?" is not closed under the reader's eyes by the next reading."""
    page = reached(open_tab(awas.url)).page
    summary = page.locator("[id='alert-welang.level.1'] summary")
    summary.click()
    now = awas.core.clock.now()
    awas.core.put(alert(now, why="Alasan yang baru."), river("Welang", now, 5.91, state="AWAS", level="AWAS"))
    expect(page.get_by_text("Alasan yang baru.")).to_be_visible()
    expect(summary).to_be_focused()


def test_rows_keep_their_place_when_things_arrive(awas: Served, open_tab: OpenTab) -> None:
    """A station under the reader's eyes does not move when a message comes."""
    page = reached(open_tab(awas.url)).page
    place = page.locator("#station-gembong").bounding_box()
    awas.core.put(message(99, awas.core.clock.now(), version=4))
    expect(page.locator("#message-99")).to_be_attached()
    assert place == page.locator("#station-gembong").bounding_box()


def test_core_killed_is_loud_and_its_return_leaves_no_gap(awas: Served, open_tab: OpenTab) -> None:
    """The banner says since when, the numbers look old, and what changed meanwhile is there afterwards."""
    page = reached(open_tab(awas.url)).page
    awas.core.stop()
    expect(page.locator("#banners")).to_contain_text("DATA TERPUTUS sejak")
    expect(page.locator("body")).to_have_attribute("data-core", "lost")
    expect(page.get_by_text("Terakhir diketahui:")).to_be_visible()
    expect(page).to_have_title("DATA TERPUTUS · Kentongan")
    now = awas.core.clock.now()
    awas.core.put(river("Welang", now, 5.21, state="AWAS", level="AWAS"), river("Gembong", now, 4.44))
    awas.core.start()
    expect(page.locator("#banners")).not_to_contain_text("DATA TERPUTUS")
    expect(page.locator("#station-welang .value")).to_contain_text("5,21")
    expect(page.locator("#station-gembong .value")).to_contain_text("4,44")
    expect(page.locator("body")).to_have_attribute("data-core", "ok")


def test_server_killed_is_loud_and_its_return_leaves_no_gap(tmp_path: Path, open_tab: OpenTab) -> None:
    """The browser notices by itself, keeps the last state on the screen, and resumes by the last id."""
    with served(tmp_path, SCENES["calm"]) as first:
        page = reached(open_tab(first.url)).page
        port = first.port
    expect(page.locator("#cut")).to_be_visible()
    expect(page.locator("#cut")).to_contain_text("DATA TERPUTUS sejak")
    expect(page.get_by_text("Terakhir diketahui:")).to_be_visible()
    expect(page.locator("#station-welang .badge")).not_to_have_css("color", GREEN)
    expect(page.locator("#station-welang .value")).to_contain_text("1,62")
    with served(tmp_path, SCENES["rising"], port=port):
        expect(page.locator("#station-welang .value")).to_contain_text("3,62")
        expect(page.locator("#cut")).to_be_hidden()
        expect(page.locator("#stream")).to_have_text("langsung")


NOW = "import('/static/clock.js').then(({ now }) => now())"
PACE = """async () => { const { now } = await import('/static/clock.js');
  const [page, real] = [now(), performance.now()];
  await new Promise((done) => setTimeout(done, 200));
  return (now() - page) / (performance.now() - real); }"""


def test_ages_pass_as_fast_as_the_clock(tmp_path: Path, open_tab: OpenTab) -> None:
    """In a demonstration at speed 120 a minute of the story takes half a second."""
    clock = Clock(speed=120, anchor_ms=Clock().now())
    with served(tmp_path, SCENES["calm"], clock=clock) as page:
        tab = reached(open_tab(page.url)).page
        # By itself, and not only whenever core says what time it is.
        wait_for(lambda: 100 < tab.evaluate(PACE) < 140, "the page's own clock ran at speed 120")
        age = tab.locator("#station-welang [data-age]")
        until = _minutes(age.text_content()) + 10
        wait_for(lambda: _minutes(age.text_content()) >= until, "the age grew by 10 minutes")
        before, shown, after = clock.now(), tab.evaluate(NOW), clock.now()
        # Two seconds on the way from core, at most; a rounding, at most, ahead of it.
        assert before - 4 * MINUTE < shown < after + MINUTE


def _minutes(age: str | None) -> int:
    """Of an age in words: "40 detik lalu" is none, "1 jam 5 menit lalu" is 65."""
    words_of_age = (age or "").split()
    worth = {"menit": 1, "jam": 60}
    return sum(int(count) * worth.get(unit, 0) for count, unit in pairwise(words_of_age) if count.isdecimal())


def test_the_browser_says_ages_and_moments_as_the_server_does(calm: Served, open_tab: OpenTab) -> None:
    """Two writings of the same words: they must not drift apart."""
    page = reached(open_tab(calm.url)).page
    now = 1_764_000_000_000
    spans = [-5000, 0, 999, 1000, 59_999, 60_000, 3_599_999, 3_600_000, 7_500_000, 86_399_999, 86_400_000, 10**9]
    said = page.evaluate(
        "async ([spans, now]) => {"
        " const { age, countdown, duration, minute, moment } = await import('/static/clock.js');"
        " return spans.map((span) => [age(span), duration(span), countdown(span),"
        " minute(now - span, now), moment(now - span, now)]); }",
        [spans, now],
    )
    assert [
        [
            words.age(span),
            words.duration(span),
            words.countdown(span),
            words.minute(now - span, now),
            words.moment(now - span, now),
        ]
        for span in spans
    ] == said


def test_the_line_is_drawn_and_grows(calm: Served, open_tab: OpenTab) -> None:
    """History first, then the reading that has just come."""
    page = reached(open_tab(calm.url)).page
    expect(page.locator("#station-welang canvas")).to_be_visible()
    before = _inked(page)
    calm.core.put(river("Welang", calm.core.clock.now(), 6.2, age=0))
    expect(page.locator("#station-welang .value")).to_contain_text("6,20")
    wait_for(lambda: _inked(page) != before, "the line was drawn again")


INKED = """(() => { const canvas = document.querySelector('#station-welang canvas');
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let sum = 0; for (let i = 0; i < pixels.length; i += 4) sum += (i % 9973) * pixels[i + 3]; return sum; })()"""


def _inked(page: Page) -> int:
    found: int = page.evaluate(INKED)
    assert found > 0
    return found


def test_without_the_drawing_library_the_page_says_so(
    calm: Served, open_tab: OpenTab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing asset costs the line and nothing else, and nothing is asked for that is not there."""
    monkeypatch.setattr(assets, "VENDOR", tmp_path)
    tab = reached(open_tab(calm.url))
    expect(tab.page.locator("#station-welang .chart")).to_contain_text("Garis enam jam belum terpasang")
    expect(tab.page.locator("#station-welang .value")).to_contain_text("1,62")
    assert [] == tab.complaints


def test_history_away_costs_the_line_only(tmp_path: Path, open_tab: OpenTab) -> None:
    """The place of the line says that it will be tried again."""

    def away(station: str, quantity: str, start_ms: int, end_ms: int, limit: int) -> list[Point]:
        raise ReadingsUnavailable("Riwayat tidak menjawab.")

    with served(tmp_path, SCENES["awas"], read_range=away) as page:
        tab = reached(open_tab(page.url)).page
        expect(tab.locator("#station-welang .chart")).to_contain_text("tidak dapat dimuat")
        expect(tab.locator("#station-welang .value")).to_contain_text("5,80")


def test_what_can_be_pressed_is_large_enough(awas: Served, open_tab: OpenTab) -> None:
    """A wet thumb at night: 44 px."""
    page = reached(open_tab(awas.url, viewport=PHONE)).page
    heights = page.evaluate("[...document.querySelectorAll('summary, main a')].map((one) => one.offsetHeight)")
    assert heights
    assert min(heights) >= 44


def test_the_keyboard_reaches_the_stations_and_every_why(awas: Served, open_tab: OpenTab) -> None:
    """Works without a mouse."""
    page = reached(open_tab(awas.url)).page
    page.keyboard.press("Tab")
    expect(page.get_by_text("Langsung ke stasiun")).to_be_focused()
    summary = page.locator("#alerts summary").first
    for _ in range(20):
        page.keyboard.press("Tab")
        if summary.evaluate("(one) => one === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("#alerts details").first).to_have_attribute("open", "")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_can_be_read(scheme: str, awas: Served, open_tab: OpenTab) -> None:
    """Contrast of at least 4.5 between the words of every badge and the surface beneath them."""
    page = reached(open_tab(awas.url, color_scheme=scheme)).page
    weak = page.evaluate(
        """() => { const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
        const light = (rgb) => { const [r, g, b] = rgb.match(/[\\d.]+/g).map(Number).map(channel);
          return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
        const surface = (one) => { for (let at = one; at; at = at.parentElement) {
          const css = getComputedStyle(at);
          const stripe = css.backgroundImage.match(/rgb\\([^)]*\\)/);
          if (stripe) return stripe[0];
          if (!css.backgroundColor.startsWith('rgba(0, 0, 0, 0')) return css.backgroundColor; } };
        return [...document.querySelectorAll('.badge, .meta, .banner, .fate, .sentence')].map((one) => {
          const [a, b] = [light(getComputedStyle(one).color), light(surface(one))].sort((x, y) => y - x);
          return [one.textContent.trim().slice(0, 30), (a + 0.05) / (b + 0.05)]; })
          .filter(([, ratio]) => ratio < 4.5); }"""
    )
    assert [] == weak
