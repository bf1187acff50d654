"""How good each number is, as a person sees it in Chromium, and "Kenapa?" without a mouse."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Tab
from tests.browser.page_server import Served, served
from tests.browser.scenes import DOUBT, SCENES, river, series

OpenTab = Callable[..., Tab]
LIVE = "#stream:text-is('langsung')"
CONTRAST = """(selector) => { const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = (rgb) => { const [r, g, b] = rgb.match(/[\\d.]+/g).map(Number).map(channel);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const surface = (one) => { for (let at = one; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if (!colour.startsWith('rgba(0, 0, 0, 0')) return colour; } };
  return [...document.querySelectorAll(selector)].map((one) => {
    const [a, b] = [light(getComputedStyle(one).color), light(surface(one))].sort((x, y) => y - x);
    return [one.textContent.trim().slice(0, 30), (a + 0.05) / (b + 0.05)]; }).filter(([, ratio]) => ratio < 4.5); }"""


@pytest.fixture
def quality(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path, SCENES["quality"]) as page:
        yield page


def reached(tab: Tab) -> Page:
    tab.page.wait_for_selector(LIVE)
    return tab.page


def test_why_opens_by_keyboard_and_says_one_sentence(quality: Served, open_tab: OpenTab) -> None:
    """Tab to it, Enter opens the sentence, Enter closes it; a screen reader hears which number is meant."""
    page = reached(open_tab(quality.url))
    why = page.locator("#station-welang .why").first
    summary = why.locator("summary")
    expect(summary).to_have_text("Kenapa? muka air Welang Kraton belum terverifikasi")
    expect(why.locator("p")).to_be_hidden()
    for _ in range(20):
        page.keyboard.press("Tab")
        if summary.evaluate("(one) => one === document.activeElement"):
            break
    expect(summary).to_be_focused()
    page.keyboard.press("Enter")
    expect(why.locator("p")).to_be_visible()
    expect(why.locator("p")).to_have_text(DOUBT)
    page.keyboard.press("Enter")
    expect(why.locator("p")).to_be_hidden()


def test_an_open_why_stays_open_and_follows_the_reading(quality: Served, open_tab: OpenTab) -> None:
    """The next reading brings another reason, under the reader's eyes; when it is good, there is nothing to ask."""
    page = reached(open_tab(quality.url))
    summary = page.locator("#station-gembong .why summary")
    summary.click()
    expect(page.locator("#station-gembong .why p")).to_contain_text("gross_range: 65 outside site 0..8")
    now = quality.core.clock.now()
    quality.core.put(
        river("Gembong", now, series=[series("level_m", 66.0, now, 4, "gross_range: 66 outside site 0..8")])
    )
    expect(page.locator("#station-gembong .why p")).to_contain_text("gross_range: 66 outside site 0..8")
    expect(page.locator("#station-gembong .why p")).to_be_visible()
    quality.core.put(river("Gembong", now, 1.0))
    expect(page.locator("#station-gembong .why")).to_have_count(0)


def test_quality_is_never_told_by_colour_alone(quality: Served, open_tab: OpenTab) -> None:
    """A word and a shape for each: underlined, struck, hatched with "terakhir"; a good number has none of them."""
    page = reached(open_tab(quality.url))
    doubtful = page.locator("#station-welang .value")
    expect(doubtful).to_contain_text("belum terverifikasi")
    assert "dashed" in doubtful.locator("b").evaluate("(one) => getComputedStyle(one).textDecorationStyle")
    failed = page.locator("#station-gembong .value")
    expect(failed).to_contain_text("tidak lolos uji")
    expect(failed.locator("s")).to_have_text("65,00")
    assert "line-through" in failed.locator("s").evaluate("(one) => getComputedStyle(one).textDecorationLine")
    missing = page.locator("#station-petung .value")
    expect(missing).to_contain_text("muka air terakhir 1,14 m")
    expect(missing).to_contain_text("bacaan hilang")
    assert "gradient" in missing.evaluate("(one) => getComputedStyle(one).backgroundImage")
    good = page.locator("#station-rejoso .value")
    expect(good.locator(".doubt")).to_have_count(0)
    expect(page.locator("#station-rejoso .badge")).to_have_text("BELUM DITETAPKAN")


def test_rain_air_and_tide_stand_in_their_cards(quality: Served, open_tab: OpenTab) -> None:
    """Known ones with their words, unknown ones plainly absent, the hour apart from ISPU."""
    page = reached(open_tab(quality.url))
    expect(page.locator("#station-welang .facts")).to_contain_text("pasang berikut 1,32 m")
    expect(page.locator("#station-gembong .facts")).to_contain_text("pasang surutbelum ada data")
    expect(page.locator("#station-hujan-hulu .facts")).to_contain_text("teramati 70 %")
    expect(page.locator("#station-udara .ispu")).to_contain_text("ISPU 141 Tidak Sehat")
    expect(page.locator("#station-udara .ispu")).not_to_contain_text("61,4")
    expect(page.locator("#station-udara .hour")).to_contain_text("Bukan ISPU: PM2,5 61,4")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_doubts_and_facts_can_be_read(scheme: str, quality: Served, open_tab: OpenTab) -> None:
    """Contrast of at least 4.5, struck numbers included."""
    page = reached(open_tab(quality.url, color_scheme=scheme))
    assert [] == page.evaluate(CONTRAST, ".doubt, .value s, .facts dt, .facts dd, .ispu, .hour, .why summary")


def test_every_why_is_large_enough_for_a_thumb(quality: Served, open_tab: OpenTab) -> None:
    """44 px, on a phone."""
    page = reached(open_tab(quality.url, viewport=PHONE))
    heights = page.evaluate("[...document.querySelectorAll('.why summary')].map((one) => one.offsetHeight)")
    assert 6 <= len(heights)
    assert min(heights) >= 44
