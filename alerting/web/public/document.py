"""An answer that is kept ready: its bytes, the same bytes packed, and every header, for many readers at once."""

import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from starlette.types import Scope, Send

from alerting.web.security import HEADERS

GZIP_LEVEL: Final = 6
SAFETY: Final = tuple((name.lower().encode(), value.encode()) for name, value in HEADERS.items())
Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """``tag`` is weak: packed or not, it is the same page."""

    tag: bytes
    plain: bytes
    packed: bytes
    plain_headers: Headers
    packed_headers: Headers
    same_headers: Headers  # of 304

    async def answer(self, scope: Scope, send: Send) -> None:
        """200 with the form that the reader takes, or 304 when he has it; without a body for HEAD."""
        known, accepts = b"", b""
        for name, value in scope["headers"]:
            if name == b"if-none-match":
                known = value
            elif name == b"accept-encoding":
                accepts = value
        if known and self._is_known(known):
            await send({"type": "http.response.start", "status": 304, "headers": self.same_headers})
            await send({"type": "http.response.body", "body": b""})
            return
        body, headers = (self.packed, self.packed_headers) if _takes_gzip(accepts) else (self.plain, self.plain_headers)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body if scope["method"] == "GET" else b""})

    def _is_known(self, known: bytes) -> bool:
        bare = self.tag.removeprefix(b"W/")
        return any(each.strip().removeprefix(b"W/") in (bare, b"*") for each in known.split(b","))


def document(body: bytes, *, media_type: str, cache: str, more: Iterable[tuple[str, str]] = ()) -> Document:
    """``cache`` is its Cache-Control; ``more`` are further headers."""
    packed = gzip.compress(body, GZIP_LEVEL, mtime=0)
    tag = f'W/"{hashlib.sha256(body).hexdigest()[:24]}"'.encode()
    same: Headers = (
        (b"etag", tag),
        (b"cache-control", cache.encode()),
        (b"vary", b"Accept-Encoding"),
        *((name.lower().encode(), value.encode()) for name, value in more),
        *SAFETY,
    )
    full: Headers = ((b"content-type", media_type.encode()), *same)
    return Document(
        tag=tag,
        plain=body,
        packed=packed,
        plain_headers=((b"content-length", str(len(body)).encode()), *full),
        packed_headers=((b"content-length", str(len(packed)).encode()), (b"content-encoding", b"gzip"), *full),
        same_headers=same,
    )


def _takes_gzip(accepts: bytes) -> bool:
    for each in accepts.split(b","):
        name, _, quality = each.partition(b";")
        if name.strip() == b"gzip":
            return quality.strip().replace(b" ", b"") not in (b"q=0", b"q=0.0")
    return False
