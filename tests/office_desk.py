"""The pages of administration over the real core and its office, as a browser without a screen sees them."""

import html
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from alerting.web.access import Role, Visitor
from alerting.web.admin.office import Wanted
from alerting.web.app import create_app
from broker.clock import REAL
from deploy.commands.web import HistoryOfWeb
from deploy.office.assembly import office_of
from deploy.office.ways import OfficeWays
from tests.browser.page_server import running, wait_for
from tests.core_thread import CoreThread

PATIENCE_S = 120.0
CSRF = "csrf-of-rini"
SETTINGS = """
[site]
name = "Uji"
state_dir = "s"
[channels]
demo = true
"""
STATION = {
    "id": "welang",
    "name": "Welang Kraton",
    "river": "Welang",
    "kelurahan": ["Karangketug"],
    "datum_m": 6.5,
    "thresholds": {"waspada": 3.5, "siaga": 4.5, "awas": 5.5, "author": "uji", "reason": "uji"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """``path`` is where it led; ``text`` what a person reads, without marks, spaces in one."""

    status: int
    path: str
    html: str

    @property
    def text(self) -> str:
        bare = re.sub(r"<(script|style|svg)\b.*?</\1>|<[^>]+>", " ", self.html, flags=re.DOTALL)
        return " ".join(html.unescape(bare).split())


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeDesk:
    core: CoreThread
    client: httpx.Client
    url: str

    def look(self, path: str) -> Answer:
        return _answer(self.client.get(path))

    def say(self, path: str, *, file: Any = None, **fields: Any) -> Answer:
        """Send a form and go where it leads; a long work is waited for.

        ``file`` is a name and bytes; names of fields with a dot have two underscores.
        """
        said = {name.replace("__", "."): value for name, value in fields.items()}
        files = {"file": (file[0], file[1], "application/octet-stream")} if file else None
        answer = _answer(self.client.post(path, data={"csrf": CSRF, **said}, files=files))
        deadline = time.monotonic() + PATIENCE_S
        while answer.path.startswith("/kelola/pekerjaan/") and 'data-state="running"' in answer.html:
            assert time.monotonic() < deadline, f"waited {PATIENCE_S} s for the work: {answer.text}"
            time.sleep(0.05)
            answer = self.look(answer.path)
        return answer

    def audited(self) -> list[tuple[str, str, str]]:
        """Actor, action and subject of every row, in order, as the page of the log reads them."""
        reader = office_of(self.core.settings, self.core.state, REAL, file=self.core.path).audit
        return [(row.actor, row.action, row.subject) for row in reader.every(Wanted())][::-1]


def _answer(response: httpx.Response) -> Answer:
    path = response.url.raw_path.decode()
    return Answer(status=response.status_code, path=path, html=response.text)


@contextmanager
def office_desk(folder: Path, *, role: Role = "admin", settings: str = SETTINGS) -> Iterator[OfficeDesk]:
    """Core with one station, and the pages as Rini sees them; both are stopped at the end."""
    core = CoreThread(folder, settings=settings)
    core.start()
    try:
        core.ask("station-put", stations=[STATION], mode="add", reason="uji")
        history = HistoryOfWeb(core.settings, core.state, folder)
        app = create_app(
            socket_path=core.state.socket,
            clock=REAL,
            read_range=history.line,
            past=history,
            demo=True,
            cap=core.state.cap,
            office=replace(
                office_of(core.settings, core.state, REAL, file=core.path),
                ways=OfficeWays(core.settings, core.state, folder, REAL, wait_s=0),
            ),
            open_as=Visitor(name="Rini", role=role, csrf=CSRF),
        )
        with running(app) as port:
            wait_for(app.state.live.link.ready.is_set, "the pages followed the core")
            url = f"http://127.0.0.1:{port}"
            with httpx.Client(base_url=url, timeout=PATIENCE_S, follow_redirects=True) as client:
                yield OfficeDesk(core=core, client=client, url=url)
    finally:
        core.stop()
