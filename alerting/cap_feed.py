"""The feed: an Atom index of the messages that stand, every message as a file, and the bulletin's facts beside them.

Files are put in place whole: a reader sees the old one or the new one. A message's file stays for good; what is over
leaves the index.
"""

import os
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final

from lxml import etree

from alerting.cap import MEDIA_TYPE, moment, plain

ATOM: Final = "http://www.w3.org/2005/Atom"
FEED_MEDIA_TYPE: Final = "application/atom+xml"
FEED: Final = "feed.xml"
BULLETIN: Final = "bulletin.json"
CERTIFICATE: Final = "certificate.pem"  # by which signatures are checked
IDENTIFIER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,180}\Z")
_UNPREFIXED: Final[Any] = {None: ATOM}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """A message that stands. ``began`` is when the first one of its alert was sent; ms UTC."""

    identifier: str
    title: str
    summary: str
    sent: int
    began: int


def atom_feed(
    entries: Iterable[FeedEntry], *, title: str, sender: str, author: str, web: str, updated: int, zone: tzinfo
) -> bytes:
    """The index, newest first. ``web`` is the address that ``/cap/`` lies under; empty: links are relative."""
    feed = etree.Element(_name("feed"), nsmap=_UNPREFIXED)
    _add(feed, "id", _urn(sender))
    _add(feed, "title", title)
    _add(feed, "updated", moment(updated, zone))
    _add(etree.SubElement(feed, _name("author")), "name", author)
    etree.SubElement(feed, _name("link"), rel="self", type=FEED_MEDIA_TYPE, href=_address(web, FEED))
    for entry in sorted(entries, key=lambda each: (each.sent, each.identifier), reverse=True):
        _add_entry(feed, entry, sender=sender, web=web, zone=zone)
    etree.indent(feed)
    return etree.tostring(feed, xml_declaration=True, encoding="UTF-8") + b"\n"


def _add_entry(feed: etree._Element, entry: FeedEntry, *, sender: str, web: str, zone: tzinfo) -> None:
    element = etree.SubElement(feed, _name("entry"))
    _add(element, "id", _urn(f"{sender},{entry.identifier}"))
    _add(element, "title", entry.title)
    _add(element, "updated", moment(entry.sent, zone))
    _add(element, "published", moment(entry.began, zone))
    address = _address(web, file_name(entry.identifier))
    etree.SubElement(element, _name("link"), rel="alternate", type=MEDIA_TYPE, href=address)
    _add(element, "summary", entry.summary)


def _urn(name: str) -> str:
    """An id that stays when the address of the pages changes."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"urn:kentongan:{name}").urn


def _address(web: str, name: str) -> str:
    return f"{web.rstrip('/')}/cap/{name}" if web else name


def _add(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, _name(name)).text = plain(text)


def _name(local: str) -> str:
    return f"{{{ATOM}}}{local}"


def file_name(identifier: str) -> str:
    return f"{identifier}.xml"


class CapFolder:
    """The files of the feed. One process writes them, any may read."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def missing(self, identifiers: Iterable[str]) -> list[str]:
        """Those whose file is not there."""
        there = {path.name for path in self.root.glob("*.xml")}
        return [identifier for identifier in identifiers if file_name(identifier) not in there]

    def put(self, name: str, content: bytes) -> None:
        """Write a file whole, on disk when this returns; raises OSError."""
        self.root.mkdir(parents=True, exist_ok=True)
        draft = self.root / f".{name}.draft"
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.root / name)

    def put_message(self, identifier: str, document: bytes) -> None:
        self.put(file_name(identifier), document)

    def message(self, identifier: str) -> bytes | None:
        """A message's document; None when there is none, or when this can be no identifier."""
        return self.get(file_name(identifier)) if IDENTIFIER.match(identifier) else None

    def get(self, name: str) -> bytes | None:
        try:
            return (self.root / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
