"""Questions to the archive, from a page: in a thread, and with a sentence when it cannot answer."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from fastapi import HTTPException

from alerting.web.alerts.archive import Archive, ArchiveUnavailable
from alerting.web.catalogue import tr

T = TypeVar("T")
NONE: Final = "Catatan keputusan tidak tersedia di sini."


async def read(archive: Archive | None, work: Callable[[Archive], T]) -> T:
    """What ``work`` finds; raises HTTPException 503."""
    if archive is None:
        raise HTTPException(503, tr(NONE))
    try:
        return await asyncio.to_thread(work, archive)
    except ArchiveUnavailable as error:
        raise HTTPException(503, str(error)) from None
