"""Screenshots of each page in each state, for people to look at: ``python -m tests.browser.shots --out DIR``."""

import argparse
import contextlib
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import msgspec
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as BrowserError

from alerting.web.access import Visitor
from tests.browser.alert_scenes import ALL_SCENES
from tests.browser.conftest import DESK, FLAGS, PHONE
from tests.browser.page_server import served
from tests.browser.pages import PAGES
from tests.browser.scenes import Scene, notice

QUIET_MS: Final = 4000
DEVICES: Final[dict[str, dict[str, Any]]] = {
    "desk": {"viewport": DESK, "color_scheme": "light"},
    "phone": {"viewport": PHONE, "color_scheme": "light"},
    "dark": {"viewport": DESK, "color_scheme": "dark"},
}


def deciding(now: int) -> Scene:
    """AWAS while two texts wait for somebody."""
    scene = ALL_SCENES["awas"](now)
    second = notice(now, id="n40", state="waiting", level="SIAGA", due_at=None, areas=["Kebonagung"], audience=310)
    return Scene(health=scene.health, entities=[*scene.entities, notice(now), second])


def drill(now: int) -> Scene:
    scene = deciding(now)
    return Scene(health=msgspec.structs.replace(scene.health, realm="latihan"), entities=scene.entities)


STATES: Final = {
    **{name: ALL_SCENES[name] for name in ("calm", "rising", "blind", "empty", "flood", "maintenance", "no_channel")},
    "awas": deciding,
    "drill": drill,
}


def main() -> int:
    args = _arguments()
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        print("chromium was not found: install the package chromium", file=sys.stderr)
        return 1
    args.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        for state in args.state or STATES:
            _shoot_state(browser, state, args)
        browser.close()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.shots", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--page", action="append", choices=PAGES, help="only this page; more than once for several")
    parser.add_argument("--state", action="append", choices=STATES, help="only in this state")
    parser.add_argument("--device", action="append", choices=DEVICES, help="only on this screen")
    parser.add_argument("--whole", action="store_true", help="the page down to its end, not only what a screen shows")
    return parser.parse_args()


def _shoot_state(browser: Browser, state: str, args: argparse.Namespace) -> None:
    for name in args.page or PAGES:
        path, role = PAGES[name]
        visitor = None if role is None else Visitor(name="Sari", role=role, csrf="x")
        with tempfile.TemporaryDirectory() as folder, served(Path(folder), STATES[state], open_as=visitor) as page:
            for device in args.device or DEVICES:
                context = browser.new_context(**DEVICES[device])
                file = args.out / f"{name}.{state}.{device}.png"
                _shoot(context.new_page(), f"{page.url}{path}", file, is_whole=args.whole or device == "phone")
                context.close()


def _shoot(page: Page, url: str, file: Path, *, is_whole: bool) -> None:
    page.goto(url)
    with contextlib.suppress(BrowserError):  # a page with a stream is never idle, and some have neither
        page.wait_for_selector("#stream:text-is('langsung')", timeout=QUIET_MS)
        page.wait_for_selector(".leaflet-marker-icon", timeout=QUIET_MS)
    page.screenshot(path=file, full_page=is_whole)
    print(file)


if __name__ == "__main__":
    sys.exit(main())
