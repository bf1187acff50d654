"""The two cookies: of the session, and of the browser that somebody logs in from.

Over https both carry the prefix ``__Host-``, so that no neighbouring host can set them. A browser keeps no such cookie
over plain http, which is served to this machine alone: there they have another name. ``SameSite=Lax``, because the link
in a mail must open for whoever is logged in; nothing is changed by opening a page.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

SESSION: Final = "kentongan"
BROWSER: Final = "kentongan-peramban"
BROWSER_S: Final = 180 * 86_400
LOOPBACK: Final = frozenset(("127.0.0.1", "localhost", "::1"))


def is_safe(request: Request) -> bool:
    """Whether a password may come this way: by https, or from this machine itself."""
    return request.url.scheme == "https" or request.url.hostname in LOOPBACK


def read(request: Request, name: str) -> str:
    """Empty when it is not there."""
    return request.cookies.get(_called(request, name), "")


def put(request: Request, response: Response, name: str, value: str, *, seconds: int) -> None:
    """Have the browser keep it so long."""
    response.set_cookie(
        _called(request, name),
        value,
        max_age=seconds,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


def drop(request: Request, response: Response, name: str) -> None:
    put(request, response, name, "", seconds=0)


def _called(request: Request, name: str) -> str:
    return f"__Host-{name}" if request.url.scheme == "https" else name
