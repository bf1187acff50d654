"""The gate before every route: finds out who asks, and refuses what the table of routes does not allow.

Plain ASGI, like the headers: a middleware that wraps the response would hold back a stream.
"""

from functools import lru_cache
from typing import Final, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from alerting.web.access import NOBODY, Visitor
from alerting.web.accounts.accounts import Accounts
from alerting.web.accounts.sessions import Session

PATHS_KEPT: Final = 4096  # which route a path belongs to


class Refusal(Protocol):
    """Answers what is not open to whoever asks."""

    async def __call__(self, request: Request, visitor: Visitor, session: Session | None) -> Response: ...


class DeclaredPaths:
    """Which route answers a request: the same one that the router finds, in the same order."""

    def __init__(self, routes: list[BaseRoute]) -> None:
        self._routes = routes
        self._find = lru_cache(PATHS_KEPT)(self._look)

    def __call__(self, method: str, path: str) -> str | None:
        """The path as it was declared; None: no route, and the answer is 404 or 405."""
        return self._find(method, path)

    def _look(self, method: str, path: str) -> str | None:
        asked = {"type": "http", "method": method, "path": path, "root_path": ""}
        for route in self._routes:
            if route.matches(asked)[0] is Match.FULL and isinstance(route, Route | Mount):
                return route.path
        return None


class Gate:
    """``open_as`` is who everybody is without a login."""

    def __init__(
        self, app: ASGIApp, *, declared: DeclaredPaths, accounts: Accounts, open_as: Visitor | None, refuse: Refusal
    ) -> None:
        self.app, self.declared = app, declared
        self.accounts, self.open_as, self.refuse = accounts, open_as or NOBODY, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        session = self.accounts.session(request)
        visitor = self.open_as if session is None else session.visitor
        scope.setdefault("state", {})["visitor"] = visitor
        declared = self.declared(scope["method"], scope["path"])
        if declared is not None and not visitor.may(scope["method"], declared):
            await (await self.refuse(request, visitor, session))(scope, receive, send)
        elif session is None or scope["method"] != "GET":
            await self.app(scope, receive, send)
        else:
            with session.under_way():
                await self.app(scope, receive, send)
