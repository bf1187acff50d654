"""Our own and third parties' static files, packed once where the browser can unpack them."""

import asyncio
import gzip
import os
from collections.abc import Mapping
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

PACKED: Final = (".js", ".css", ".svg", ".json", ".webmanifest")
WORTH_BYTES: Final = 1024


class PackedFiles(StaticFiles):
    """Keeps each packed file in memory until the file changes; the folder is small and ours."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._packed: dict[str, tuple[float, bytes]] = {}

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        if answer.status_code in (200, 304) and path.endswith(PACKED):
            answer.headers["Vary"] = "Accept-Encoding"
            full, stat = await asyncio.to_thread(self.lookup_path, path)
            if stat is not None and stat.st_size >= WORTH_BYTES and _unpacks(scope):
                return await self._answer(full, stat, answer.headers, scope)
        return answer

    async def _answer(self, full: str, stat: os.stat_result, headers: Mapping[str, str], scope: Scope) -> Response:
        kept = {name: value for name, value in headers.items() if name not in ("content-length", "etag")}
        kept |= {"ETag": f'"{stat.st_mtime_ns:x}-{stat.st_size:x}-gz"', "Content-Encoding": "gzip"}
        packed = Response(await self._content(full, stat), headers=kept)
        return (
            NotModifiedResponse(packed.headers)
            if self.is_not_modified(packed.headers, Headers(scope=scope))
            else packed
        )

    async def _content(self, full: str, stat: os.stat_result) -> bytes:
        known = self._packed.get(full)
        if known is None or known[0] != stat.st_mtime:
            known = self._packed[full] = (stat.st_mtime, await asyncio.to_thread(_pack, full))
        return known[1]


def _unpacks(scope: Scope) -> bool:
    return "gzip" in Headers(scope=scope).get("accept-encoding", "")


def _pack(full: str) -> bytes:
    with open(full, "rb") as file:  # noqa: PTH123 — the parent class speaks of paths as text
        return gzip.compress(file.read(), 6, mtime=0)
