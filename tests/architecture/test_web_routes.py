"""Every route has its line in the table and every line its route; each is tried as each role, as it is served."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.routing import Mount, Route

from alerting.web import callbacks
from alerting.web.access import ROLES, ROUTES, Role
from alerting.web.app import create_app
from broker.clock import REAL
from deploy.channels.settings import CALLBACK
from tests.browser.scenes import PastOfScenes, past

PATIENCE_S = 60
Line = tuple[str, str]


class NoCallback:
    """A provider that nobody is."""

    def read(self, body: bytes, signature: str | None) -> Any:
        raise AssertionError("nothing may reach it here")

    def taken(self, body: bytes) -> None:
        raise AssertionError("nothing may reach it here")


def application(folder: Path) -> FastAPI:
    app = create_app(
        socket_path=folder / "no.sock",
        clock=REAL,
        read_range=past,
        past=PastOfScenes(),
        demo=False,
        cap=folder / "cap",
    )
    callbacks.add_twilio(app, path=CALLBACK, callback=NoCallback(), socket_path=folder / "no.sock")
    return app


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    return application(tmp_path)


@asynccontextmanager
async def living(folder: Path) -> AsyncIterator[FastAPI]:
    """As it is served: without core, so that nothing is changed by any form."""
    app = application(folder)
    async with app.router.lifespan_context(app):
        app.state.live.link.ready.set()  # nobody waits for a core that does not come
        yield app


def declared(app: FastAPI) -> list[Line]:
    """Method and path of every route; HEAD is answered as GET is."""
    lines: list[Line] = []
    for route in app.routes:
        if isinstance(route, Mount):
            lines.append(("GET", route.path))
        elif isinstance(route, Route):
            lines += [(method, route.path) for method in (route.methods or ()) if method != "HEAD"]
        else:
            raise TypeError(f"a route of a kind that the table does not know: {route!r}")
    return lines


def test_every_route_has_its_line_and_every_line_its_route(app: FastAPI) -> None:
    """A route that nobody thought about is open to nobody, and a line without a route is a slip of the pen."""
    found = declared(app)
    assert [] == sorted(set(found) - set(ROUTES)), "these routes have no line in alerting/web/access.py"
    assert [] == sorted(set(ROUTES) - set(found)), "these lines of alerting/web/access.py have no route"
    assert [] == [line for line, count in Counter(found).items() if count > 1], "these are declared twice"


async def status_of(app: FastAPI, line: Line, *, role: Role | None, csrf: bool = True) -> int:
    """The status of the answer, as :func:`begun` has it."""
    return (await begun(app, line, role=role, csrf=csrf))[0]


async def begun(app: FastAPI, line: Line, *, role: Role | None, csrf: bool = True) -> tuple[int, dict[str, str]]:
    """Status and headers of the answer, which need not end; a form is sent with, or without, its session's token."""
    method, path = line
    headers, token = [(b"host", b"127.0.0.1"), (b"sec-fetch-site", b"same-origin")], ""
    if role is not None:
        cookie, session = app.state.accounts.sessions.begin(
            user=f"{role} {path}", name=role.title(), role=role, stamp=1, must="", browser="", now=REAL.now()
        )
        headers.append((b"cookie", f"kentongan={cookie}".encode()))
        token = session.csrf
    body = f"csrf={token}".encode() if csrf else b""
    headers += [(b"content-type", b"application/x-www-form-urlencoded"), (b"content-length", b"%d" % len(body))]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": (at := _filled(path)),
        "raw_path": at.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    first: asyncio.Future[tuple[int, dict[str, str]]] = asyncio.get_running_loop().create_future()
    sent = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if sent:
            return sent.pop()
        await asyncio.Event().wait()
        raise AssertionError("nobody hangs up")

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start" and not first.done():
            headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
            first.set_result((message["status"], headers))

    answer = asyncio.create_task(app(scope, receive, send))
    waited: set[asyncio.Future[Any]] = {answer, first}
    await asyncio.wait(waited, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
    status, said = first.result() if first.done() else (-1, {})
    answer.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await answer
    return status, said


def _filled(path: str) -> str:
    """A path with something in each place; none is known, so that nothing is found there."""
    while "{" in path:
        before, _, rest = path.partition("{")
        path = f"{before}1{rest.partition('}')[2]}"
    return f"{path}/page.css" if path == "/static" else path


REFUSED = (401, 403)
BROKEN = (-1, 500)  # no answer, or a fault of the program


@pytest.mark.timeout(300)
def test_each_role_gets_what_the_table_says_and_nothing_else(tmp_path: Path) -> None:
    """The allowed are not refused; the others are, and nobody is sent to the login, with what he typed."""

    async def tried() -> list[tuple[Line, Role | None, int]]:
        async with living(tmp_path) as app:
            everybody: list[Role | None] = [None, *ROLES]
            wanted = [(line, role) for line in ROUTES for role in everybody]
            return [(line, role, await status_of(app, line, role=role)) for line, role in wanted]

    wrong = []
    for line, role, status in asyncio.run(tried()):
        allowed = ROUTES[line]
        if allowed is None or role in allowed:
            is_right = status not in (*REFUSED, *BROKEN) or line in LOGIN or line[1] == CALLBACK
        else:
            is_right = status in REFUSED or (role is None and line[0] == "GET" and status == 303)
        if not is_right:
            wrong.append((line, role, status))
    assert [] == wrong


LOGIN = {("POST", "/masuk"), ("POST", "/masuk/kode")}  # refuse who shows no password, whoever he is


@pytest.mark.timeout(300)
def test_no_form_is_taken_without_the_token_of_its_session(tmp_path: Path) -> None:
    """Every route that takes forms, as a role that may: 403."""

    async def tried() -> dict[Line, int]:
        async with living(tmp_path) as app:
            return {
                line: await status_of(app, line, role=next(iter(sorted(allowed))), csrf=False)
                for line, allowed in ROUTES.items()
                if allowed is not None and line[0] != "GET"
            }

    found = asyncio.run(tried())
    assert dict.fromkeys(found, 403) == found


@pytest.mark.timeout(120)
def test_who_has_to_choose_a_password_first_reaches_only_his_own_account(tmp_path: Path) -> None:
    """A one-time password opens nothing else, however great the role."""

    async def tried() -> dict[Line, int]:
        async with living(tmp_path) as app:
            begin = app.state.accounts.sessions.begin

            def held(**facts: Any) -> Any:
                return begin(**{**facts, "must": "password"})

            app.state.accounts.sessions.begin = held
            return {
                line: await status_of(app, line, role=next(iter(sorted(allowed))))
                for line, allowed in ROUTES.items()
                if allowed is not None and not line[1].startswith(("/akun", "/keluar"))
            }

    found = asyncio.run(tried())
    assert {303, 403} >= set(found.values())
    assert 303 == found["GET", "/"]


ANSWERED = {"x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer"}


@pytest.mark.timeout(300)
def test_every_answer_forbids_scripts_and_styles_of_others_and_inline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages, lists, downloads, streams, refusals, and what a fault of the program is answered with."""

    async def tried() -> dict[Line, tuple[int, dict[str, str]]]:
        async with living(tmp_path) as app:

            def broken(_: object) -> None:
                raise RuntimeError("a fault of the program")

            lines = [*ROUTES, ("GET", "/there-is-no-such-page")]
            found = {line: await begun(app, line, role="admin") for line in lines}
            monkeypatch.setattr(type(app.state.live.link), "outage", broken)
            found["GET", "/healthz, broken"] = await begun(app, ("GET", "/healthz"), role=None)
            return found

    found = asyncio.run(tried())
    assert 500 == found["GET", "/healthz, broken"][0]
    policies = {line: headers.get("content-security-policy", "none at all") for line, (_, headers) in found.items()}
    assert [] == [line for line, said in policies.items() if "unsafe" in said or "default-src 'self'" not in said]
    assert [] == [line for line, (_, headers) in found.items() if ANSWERED.items() - headers.items()]
