"""The house for a day's work: the real core on a clock that is set, the real pages behind a login, and a flood."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import Page, expect

from alerting import passwords
from alerting.web.access import Role
from alerting.web.accounts.accounts import AccountRules
from alerting.web.app import create_app
from deploy.alerts.archive import AlertArchive
from deploy.nodes.visits import JournalVisits
from deploy.office.assembly import office_of
from deploy.registry.records import JournalRecords
from tests.bare_core import SetClock
from tests.browser.conftest import Tab
from tests.browser.page_server import running, wait_for
from tests.decision_room import PastOfRoom, PostThread
from tests.notice_post import KARANGKETUG, OFFICER, NoticePost

T = TypeVar("T")
PASSWORD = "kuda hijau lari pagi"
PEOPLE: dict[str, Role] = {
    "Tamu": "viewer",
    "Sari": "operator",
    "Rini": "approver",
    "Joko": "approver",
    "Budi": "technician",
    "Kepala": "admin",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """``url`` is where the pages are; ``notice`` waits for somebody's word since the water rose."""

    core: PostThread
    url: str
    notice: str
    open_tab: Callable[..., Tab]

    def come_in(self, name: str, **settings: Any) -> Tab:
        """Log in as a person does, in a browser of one's own."""
        tab = self.open_tab(f"{self.url}/masuk", **settings)
        page = tab.page
        page.get_by_label("Nama").fill(name)
        page.get_by_label("Kata sandi").fill(PASSWORD)
        page.get_by_role("button", name="Masuk").click()
        page.wait_for_url(f"{self.url}/")
        expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()
        return tab

    def do(self, work: Callable[[NoticePost], T]) -> T:
        return self.core.do(work)

    def audited(self, actor: str) -> list[str]:
        """What the log has of somebody's deeds, in order, but for the logging in."""
        rows = self.do(lambda post: post.rows("SELECT action FROM audit WHERE actor = ? ORDER BY id", actor))
        return [action for (action,) in rows if not action.startswith("user logged")]

    def public_texts(self) -> list[str]:
        """What the provider took for residents, in order."""

        def bodies(post: NoticePost) -> list[str]:
            post.deliver()
            return [str(body) for (body,) in post.rows("SELECT body FROM outbox WHERE public ORDER BY id")]

        return self.do(bodies)


def _flood(post: NoticePost) -> str:
    """Six users, three residents, water at SIAGA; the notice that waits for a word."""
    kept = passwords.keep(PASSWORD)
    for name, role in PEOPLE.items():
        post.ask("user-add", name=name, role=role, password_hash=kept)
    for _ in range(3):
        post.person([KARANGKETUG])
    post.level(4.6)
    post.deliver()
    return str(post.notice()["notice"])


@contextmanager
def house(folder: Path) -> Iterator[Callable[[Callable[..., Tab]], House]]:
    """Given a way to open a browser, a house; core and pages are stopped at the end."""
    core = PostThread(folder)
    core.start(OFFICER)
    try:
        notice = core.do(_flood)
        post, clock = core.post, SetClock()
        app = create_app(
            socket_path=core.socket,
            clock=clock,
            read_range=lambda *_: [],
            past=PastOfRoom(),
            demo=True,
            cap=post.state.cap,
            accounts=AccountRules(sessions=post.state.sessions, wants_second_factor=False),
            records=JournalRecords(post.state.journal),
            archive=AlertArchive(post.state.journal),
            visits=JournalVisits(post.state.journal, post.settings.site.realm),
            office=office_of(post.settings, post.state, clock, file=folder / "k.toml"),
        )
        with running(app) as port:
            wait_for(app.state.live.link.ready.is_set, "the pages followed core")
            url = f"http://127.0.0.1:{port}"
            yield lambda open_tab: House(core=core, url=url, notice=notice, open_tab=open_tab)
    finally:
        core.stop()


def press_until(page: Page, selector: str) -> None:
    """Tab until ``selector`` has the focus, as somebody without a mouse does."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement?.matches(wanted) ?? false", selector):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


def last_number(page: Page) -> str:
    """The notice that a page is about, by its address."""
    found = re.search(r"/pemberitahuan/(n\d+)", page.url)
    assert found, page.url
    return found[1]
