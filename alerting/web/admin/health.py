"""The health of every part, with a word, since when, and what to do; and the front page of administration."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from alerting.web.admin.desk import Desk
from alerting.web.admin.office import ATTENTION, BROKEN, GOOD, Part, Word
from alerting.web.catalogue import tr
from broker.control import CommandFailed

RANK: Final = {BROKEN: 0, ATTENTION: 1, GOOD: 2}


class Since:
    """From when each part is as it is: as it tells itself, otherwise when it was first seen so."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[Word, int]] = {}
        self._lock = threading.Lock()

    def told(self, parts: Sequence[Part], now: int) -> list[Part]:
        with self._lock:
            return [self._with(part, now) for part in parts]

    def _with(self, part: Part, now: int) -> Part:
        word, since = self._seen.get(part.key, (part.word, now))
        if word != part.word:
            since = now
        self._seen[part.key] = (part.word, since)
        return part if part.since is not None else replace(part, since=since)


def add(app: FastAPI, desk: Desk) -> None:
    since = Since()

    @app.get("/kelola", response_class=HTMLResponse)
    async def front(request: Request) -> Response:
        parts = await _look(desk, request, since)
        return desk.page(
            request, "admin_front.html", title=tr("Kelola"), troubles=_worst(parts), count=len(parts), said=_said(parts)
        )

    @app.get("/kelola/kesehatan", response_class=HTMLResponse)
    async def health(request: Request) -> Response:
        parts = await _look(desk, request, since)
        return desk.page(request, "admin_health.html", title=tr("Kesehatan sistem"), system=parts, said=_said(parts))


async def _look(desk: Desk, request: Request, since: Since) -> list[Part]:
    core = await _core(desk, request)
    found = await desk.in_thread(lambda: desk.office.parts.look(core))
    return since.told(found, desk.now)


async def _core(desk: Desk, request: Request) -> dict[str, Any] | None:
    """None when core is silent, or does not know the question."""
    try:
        told: Mapping[str, Any] = await desk.ask(request, "core-health")
    except (HTTPException, CommandFailed):
        return None
    return dict(told)


def _worst(parts: Sequence[Part]) -> list[Part]:
    return sorted((part for part in parts if part.word != GOOD), key=lambda part: RANK[part.word])


def _said(parts: Sequence[Part]) -> str:
    """The state in one sentence."""
    broken = [part.name for part in parts if part.word == BROKEN]
    watched = [part.name for part in parts if part.word == ATTENTION]
    if broken:
        return tr("{n} bagian rusak: {names}.", n=len(broken), names=", ".join(broken))
    if watched:
        return tr("Tidak ada yang rusak; {n} perlu perhatian: {names}.", n=len(watched), names=", ".join(watched))
    return tr("Semua {n} bagian baik.", n=len(parts))
