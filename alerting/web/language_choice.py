"""Which language a visitor reads: what he chose last (``?bahasa=en``), kept in a cookie for a year; else Indonesian."""

from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alerting.web.access import is_for_programs
from alerting.web.catalogue import LANGUAGES, NATIVE, Language, speaking

COOKIE: Final = "kentongan-bahasa"
QUESTION: Final = "bahasa"
YEAR_S: Final = 365 * 24 * 3600
MOST_FIELDS: Final = 100
# They carry their language in their own address, are the same bytes for everybody, and set no cookie.
APART: Final = ("/publik", "/data", "/langganan", "/static/", "/cap")
OF_THE_ROOM: Final = ("/events", "/line/", "/peta/")  # for our own script, which shows what they say


class LanguageChoice:
    """Everything behind it is said in the visitor's language. Plain ASGI, like the headers: streams pass through."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_spoken(scope["path"]):
            await self.app(scope, receive, send)
            return
        asked = _asked(scope["query_string"])

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                cookie = f"{COOKIE}={asked}; Path=/; Max-Age={YEAR_S}; SameSite=Lax"
                MutableHeaders(scope=message).append("Set-Cookie", cookie)
            await send(message)

        with speaking(asked or _kept(scope)):
            await self.app(scope, receive, send if asked is None else send_with_cookie)


def _is_spoken(path: str) -> bool:
    return not path.startswith(APART) and (path.startswith(OF_THE_ROOM) or not is_for_programs(path))


def _known(said: str) -> Language | None:
    return next((each for each in LANGUAGES if each == said), None)


def _asked(query: bytes) -> Language | None:
    """None too for a query that nobody can read: that is for the page to refuse."""
    if QUESTION.encode() not in query:
        return None
    try:
        fields = parse_qs(query.decode("latin-1"), max_num_fields=MOST_FIELDS)
    except ValueError:
        return None
    return _known(fields.get(QUESTION, [""])[-1])


def _kept(scope: Scope) -> Language:
    for name, value in scope["headers"]:
        if name == b"cookie" and COOKIE.encode() in value:
            try:
                cookies = SimpleCookie(value.decode("latin-1"))
            except CookieError:
                return NATIVE
            kept = cookies.get(COOKIE)
            return (_known(kept.value) if kept is not None else None) or NATIVE
    return NATIVE
