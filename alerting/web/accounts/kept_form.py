"""A form that was sent without a session: what was typed is carried through the login and offered to be sent then."""

import asyncio
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import msgspec
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from alerting.web.access import OWN_PAGES

MOST_BYTES: Final = 64 * 1024  # of what was typed
MOST_FIELDS: Final = 200
MOST_SENT: Final = 8 << 20  # with photos, which are not kept
NEVER_KEPT: Final = frozenset(("csrf",))
NOT_SHOWN: Final = frozenset(("key", "back"))  # of machines, not of people
LONGEST_PATH: Final = 500


class KeptForm(msgspec.Struct, frozen=True, kw_only=True):
    """``path`` is where it was sent to; ``had_files`` says that files have to be chosen again."""

    path: str
    fields: tuple[tuple[str, str], ...]
    had_files: bool = False

    @property
    def shown(self) -> Sequence[tuple[str, str]]:
        return [(name, value) for name, value in self.fields if value and name not in NOT_SHOWN]

    @property
    def carried(self) -> str:
        """As a hidden field of the login form holds it."""
        return msgspec.json.encode(self).decode()


async def of_request(request: Request, room: asyncio.Semaphore) -> KeptForm | None:
    """What a form of our own pages held, read when there is ``room``.

    None when it came from elsewhere, is too large, or holds secrets.
    """
    path = local_path(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
    length = request.headers.get("content-length", "")
    is_ours = request.headers.get("sec-fetch-site") == "same-origin"
    if not is_ours or path == "/" or path.startswith(OWN_PAGES) or not length.isdecimal() or int(length) > MOST_SENT:
        return None
    async with room:
        try:
            sent = await request.form(max_files=8, max_fields=MOST_FIELDS, max_part_size=MOST_BYTES)
        except HTTPException:
            return None
        pairs = [(name, value) for name, value in sent.multi_items() if name not in NEVER_KEPT]
        await sent.close()
    fields = tuple((name, value) for name, value in pairs if isinstance(value, str))
    had_files = any(isinstance(value, UploadFile) and value.filename for _, value in pairs)
    kept = KeptForm(path=path, fields=fields, had_files=had_files)
    return kept if len(kept.carried) <= 2 * MOST_BYTES else None


def of_field(carried: object) -> KeptForm | None:
    """The other way, from the login form's field; None when there is none, or nothing that we wrote."""
    if not isinstance(carried, str) or not 0 < len(carried) <= 2 * MOST_BYTES:
        return None
    try:
        kept = msgspec.json.decode(carried, type=KeptForm)
    except msgspec.DecodeError:
        return None
    return kept if local_path(kept.path) == kept.path and len(kept.fields) <= MOST_FIELDS else None


def local_path(said: object) -> str:
    """A path of ours, with its query; ``/`` for whatever would lead elsewhere."""
    if not isinstance(said, str) or len(said) > LONGEST_PATH or not said.isprintable() or "\\" in said:
        return "/"
    if not said.startswith("/") or said.startswith("//") or urlsplit(said).netloc:
        return "/"
    return said
