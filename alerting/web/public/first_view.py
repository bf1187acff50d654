"""The files that a resident's first view loads beside the page: read once, named by their contents, kept for long."""

import hashlib
import mimetypes
from functools import cache
from pathlib import Path
from typing import Final

from alerting.web.public.document import Document, document

STATIC: Final = Path(__file__).parent.parent / "static"
FILES: Final = ("public.css", "public.js", "manifest.webmanifest", "public-icon.svg")
WORKER: Final = "sw.js"
KEPT: Final = "public, max-age=604800"  # another version has another address
ALWAYS_ASKED: Final = "no-cache"  # a new worker must be seen at once
TYPES: Final = {".webmanifest": "application/manifest+json", ".js": "text/javascript; charset=utf-8"}


@cache
def links() -> dict[str, str]:
    """Address of each file, by its name."""
    return {name: f"{_path(name)}?v={hashlib.sha256(_body(name)).hexdigest()[:10]}" for name in FILES}


@cache
def files() -> dict[str, Document]:
    """Each file by its path."""
    return {_path(name): document(_body(name), media_type=_type(name), cache=KEPT) for name in FILES}


@cache
def worker() -> Document:
    """The service worker, served from the top, so that it may look after ``/publik``."""
    return document(_body(WORKER), media_type=_type(WORKER), cache=ALWAYS_ASKED)


def _path(name: str) -> str:
    return f"/static/{name}"


def _body(name: str) -> bytes:
    return (STATIC / name).read_bytes()


def _type(name: str) -> str:
    return TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
