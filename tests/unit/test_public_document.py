"""An answer that is kept ready: whole or packed, known or new, the same page for everybody."""

import asyncio
import gzip
from typing import Any

import pytest

from alerting.web.public.document import document
from alerting.web.security import HEADERS

BODY = b"<p>Kentongan</p>" * 100
READY = document(BODY, media_type="text/html; charset=utf-8", cache="public, max-age=15")
TAG = READY.tag.decode()


def _ask(method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(READY.answer({"type": "http", "method": method, "headers": named}, send))
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, sent[1]["body"]


@pytest.mark.parametrize("accepts", ["gzip", "br, gzip;q=0.8", "gzip, deflate"])
def test_who_takes_gzip_gets_the_same_page_packed(accepts: str) -> None:
    """With its own length, the same tag, and a word to caches that it depends on who asks."""
    status, headers, body = _ask(accept_encoding=accepts)
    assert (200, BODY) == (status, gzip.decompress(body))
    assert ("gzip", str(len(body)), TAG, "Accept-Encoding") == (
        headers["content-encoding"],
        headers["content-length"],
        headers["etag"],
        headers["vary"],
    )


@pytest.mark.parametrize("accepts", ["", "br", "gzip;q=0", "identity"])
def test_who_does_not_gets_it_plain(accepts: str) -> None:
    """Nobody is sent what he cannot read."""
    status, headers, body = _ask(accept_encoding=accepts)
    assert (200, BODY, None) == (status, body, headers.get("content-encoding"))


@pytest.mark.parametrize("known", [TAG, TAG.removeprefix("W/"), f'"x", {TAG}', "*"])
def test_who_has_it_is_told_so_in_no_bytes(known: str) -> None:
    """Weak or strong, alone or in a list; the answer says how long it may be kept."""
    status, headers, body = _ask(if_none_match=known, accept_encoding="gzip")
    assert (304, b"", "public, max-age=15", TAG) == (status, body, headers["cache-control"], headers["etag"])


def test_who_has_another_gets_this_one() -> None:
    """A tag of another page is none of this one."""
    assert 200 == _ask(if_none_match='W/"0123456789abcdef01234567"')[0]


def test_a_head_has_every_header_and_no_body() -> None:
    """The safety headers of the application among them, which the door comes before."""
    status, headers, body = _ask("HEAD")
    assert (200, str(len(BODY)), b"") == (status, headers["content-length"], body)
    assert {name.lower(): value for name, value in HEADERS.items()}.items() <= headers.items()
