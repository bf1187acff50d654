"""Screenshots of each page in each state, for people to look at: ``python -m tests.browser.shots --out DIR``."""

import argparse
import contextlib
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as BrowserError

from alerting.web.access import Visitor
from tests.browser.alert_scenes import ALL_SCENES
from tests.browser.conftest import DESK, FLAGS, PHONE, Tab
from tests.browser.day_house import House, house
from tests.browser.page_server import served
from tests.browser.pages import HOUSE_PAGES, PAGES
from tests.browser.scenes import Scene, notice
from tests.notice_post import NoticePost

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


def _silence(post: NoticePost) -> None:
    """All gauges are silent for the most part of an hour."""
    for _ in range(40):
        post.wait(60)


# One after the other, in one house.
HOUSE_STATES: Final[dict[str, Callable[[NoticePost], None]]] = {
    "siaga": lambda _: None,
    "awas": lambda post: post.level(5.7, minutes=5),
    "diam": _silence,
    "calm": lambda post: post.level(2.0, minutes=30),
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
            if state in STATES:
                _shoot_state(browser, state, args)
        _shoot_house(browser, args)
        browser.close()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.shots", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--page", action="append", choices=[*PAGES, *HOUSE_PAGES], help="only this page; more than once for several"
    )
    parser.add_argument("--state", action="append", choices=[*STATES, *HOUSE_STATES], help="only in this state")
    parser.add_argument("--device", action="append", choices=DEVICES, help="only on this screen")
    parser.add_argument("--whole", action="store_true", help="the page down to its end, not only what a screen shows")
    return parser.parse_args()


def _shoot_state(browser: Browser, state: str, args: argparse.Namespace) -> None:
    for name in [each for each in args.page or PAGES if each in PAGES]:
        path, role = PAGES[name]
        visitor = None if role is None else Visitor(name="Sari", role=role, csrf="x")
        with tempfile.TemporaryDirectory() as folder, served(Path(folder), STATES[state], open_as=visitor) as page:
            for device in args.device or DEVICES:
                context = browser.new_context(**DEVICES[device])
                file = args.out / f"{name}.{state}.{device}.png"
                _shoot(context.new_page(), f"{page.url}{path}", file, is_whole=args.whole or device == "phone")
                context.close()


def _shoot_house(browser: Browser, args: argparse.Namespace) -> None:
    wanted = [each for each in args.page or HOUSE_PAGES if each in HOUSE_PAGES]
    if not wanted or not any(state in (args.state or HOUSE_STATES) for state in HOUSE_STATES):
        return
    with tempfile.TemporaryDirectory() as folder, house(Path(folder)) as opened:
        devices = args.device or DEVICES
        places = {device: opened(partial(_tab, browser, DEVICES[device])) for device in devices}
        tabs = {(device, who): _entered(place, who) for device, place in places.items() for who in _people(wanted)}
        for state, become in HOUSE_STATES.items():
            next(iter(places.values())).do(become)
            if state in (args.state or HOUSE_STATES):
                for device, place in places.items():
                    mine = {who: tabs[device, who] for who in _people(wanted)}
                    _shoot_rooms(place, mine, wanted, args.out, f"{state}.{device}")


def _people(wanted: list[str]) -> set[str]:
    return {HOUSE_PAGES[name][1] for name in wanted}


def _entered(place: House, who: str) -> Page:
    return place.come_in(who).page if who else place.open_tab(place.url).page


def _shoot_rooms(place: House, tabs: dict[str, Page], wanted: list[str], out: Path, ending: str) -> None:
    for name in wanted:
        path, who = HOUSE_PAGES[name]
        tabs[who].goto(place.url + path.format(notice=place.notice))
        file = out / f"{name}.{ending}.png"
        tabs[who].screenshot(path=file, full_page=True)
        print(file)


def _tab(browser: Browser, device: dict[str, Any], url: str, **_: Any) -> Tab:
    tab = Tab(browser.new_context(**device).new_page())
    tab.page.goto(url)
    return tab


def _shoot(page: Page, url: str, file: Path, *, is_whole: bool) -> None:
    page.goto(url)
    with contextlib.suppress(BrowserError):  # a page with a stream is never idle, and some have neither
        page.wait_for_selector("#stream:text-is('langsung')", timeout=QUIET_MS)
        page.wait_for_selector(".leaflet-marker-icon", timeout=QUIET_MS)
    page.screenshot(path=file, full_page=is_whole)
    print(file)


if __name__ == "__main__":
    sys.exit(main())
