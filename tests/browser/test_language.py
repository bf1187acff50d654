"""English for those who ask for it: the room, its patches, what scripts say, and back again."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from alerting.web import words
from alerting.web.catalogue import speaking
from tests.browser.alert_scenes import ALL_SCENES
from tests.browser.axe import violations
from tests.browser.conftest import Tab
from tests.browser.page_server import served
from tests.browser.scenes import river

pytestmark = pytest.mark.timeout(300)
OpenTab = Callable[..., Tab]
IN_BOTH = """async ([spans, now]) => {
  const { age, countdown, duration, minute, moment } = await import('/static/clock.js');
  return spans.map((ms) => [age(ms), countdown(ms), duration(ms), minute(now - ms, now), moment(now - ms, now)]); }"""


def test_the_room_is_read_in_english_and_stays_so(tmp_path: Path, open_tab: OpenTab) -> None:
    """One click; then the first paint, the patches and the scripts' own words are English, until one clicks back."""
    with served(tmp_path, ALL_SCENES["rising"]) as room:
        tab = open_tab(room.url)
        page = tab.page
        expect(page.locator("#stream")).to_have_text("langsung")
        page.get_by_role("link", name="English").click()
        expect(page.locator("#stream")).to_have_text("live")
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(page.locator("#station-welang .value")).to_contain_text("water level 3.62 m")
        expect(page.locator("#station-welang time[data-age]").first).to_have_text(re.compile(r"^(just now|.+ ago)$"))
        expect(page.locator("#theme")).to_have_text("Theme: system")
        room.core.put(river("Welang", room.live.clock.now(), 3.91))
        expect(page.locator("#station-welang .value")).to_contain_text("water level 3.91 m")
        page.goto(f"{room.url}/stasiun")
        expect(page.get_by_role("heading", level=1)).to_have_text("Stations")
        page.goto(room.url)
        assert [] == violations(page)
        page.get_by_role("link", name="Indonesia").click()
        expect(page.locator("#station-welang .value")).to_contain_text("muka air 3,91 m")
        expect(page.locator("#stream")).to_have_text("langsung")
        assert [] == tab.complaints


def test_the_browser_says_english_ages_as_the_server_does(tmp_path: Path, open_tab: OpenTab) -> None:
    """Two writings of the same words, from one catalogue."""
    now = 1_764_000_000_000
    spans = [0, 999, 59_999, 60_000, 3_599_999, 7_500_000, 86_400_000, 10**10]
    with served(tmp_path, ALL_SCENES["calm"]) as room:
        page = open_tab(f"{room.url}?bahasa=en").page
        expect(page.locator("#stream")).to_have_text("live")
        told = page.evaluate(IN_BOTH, [spans, now])
    with speaking("en"):
        expected = [
            [
                words.age(ms),
                words.countdown(ms),
                words.duration(ms),
                words.minute(now - ms, now),
                words.moment(now - ms, now),
            ]
            for ms in spans
        ]
    assert expected == told
