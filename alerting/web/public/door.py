"""The residents' door: answers what a crowd asks for from kept bytes, before anything else of the application runs.

It decides nothing: what it does not have goes on to the routes. Every page behind it is open to everybody.
"""

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from alerting.web.public.document import Document

Find = Callable[[str, bytes], Document | None]
"""Path and query of a request; None: not here."""


class PublicDoor:
    """Plain ASGI, and the outermost: neither sessions nor tables of routes cost a resident time."""

    def __init__(self, app: ASGIApp, *, find: Find) -> None:
        self.app = app
        self._find = find

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            found = self._find(scope["path"], scope["query_string"])
            if found is not None:
                await found.answer(scope, send)
                return
        await self.app(scope, receive, send)
