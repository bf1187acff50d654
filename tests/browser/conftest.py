"""A real browser over the real application; what is missing fails with the remedy."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from alerting.web import assets
from tests.browser.page_server import Served, served
from tests.browser.scenes import SCENES

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
DESK = {"width": 1366, "height": 768}
PATIENCE_MS = 60_000  # only a broken page waits so long
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")  # not longer: Playwright keeps an event loop running in this thread meanwhile
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.fail("chromium was not found: run `sh deploy/test.sh`, or install the package chromium")
    if not assets.are_present():
        pytest.fail("the web assets are missing: run `python -m alerting.web.assets`")
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@dataclass(frozen=True, slots=True)
class Tab:
    """A page and everything that it complained about."""

    page: Page
    complaints: list[str] = field(default_factory=list)


@pytest.fixture
def open_tab(chromium: Browser) -> Iterator[Callable[..., Tab]]:
    """``open_tab(url, viewport=..., **context)``; complaints are console errors, exceptions and failed requests."""
    contexts = []

    def open_one(url: str, *, viewport: Any = DESK, **settings: Any) -> Tab:
        context = chromium.new_context(viewport=viewport, **settings)
        contexts.append(context)
        tab = Tab(context.new_page())
        tab.page.set_default_timeout(PATIENCE_MS)
        tab.page.on(
            "console", lambda said: tab.complaints.append(said.text) if said.type in ("error", "warning") else None
        )
        tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
        tab.page.goto(url)
        return tab

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture
def awas(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path, SCENES["awas"]) as page:
        yield page


@pytest.fixture
def calm(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path, SCENES["calm"]) as page:
        yield page
