"""CAP from elsewhere, and RSS that lists it: read with suspicion. Pure.

A document has at most 2 MB of UTF-8 and no DOCTYPE, so that nothing in it can be expanded or fetched. What cannot be
used is refused whole with one sentence: half a warning is not kept.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from lxml import etree

from alerting.cap import NAMESPACE, CapArea, Circle, Position, plain
from alerting.cap_areas import Box, Shape, may_touch

MOST_BYTES: Final = 2_000_000
MOST_ITEMS: Final = 500
MOST_POSITIONS: Final = 100_000  # of all polygons of a message
_ENCODING: Final = re.compile(r"\A\s*<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']+)[\"']")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z")


class BadDocument(ValueError):
    """A document that cannot be used; the text says what is wrong with it."""


class FeedItem(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an RSS feed: where the CAP message is, and what the feed says of its age."""

    link: str
    title: str = ""
    published: str = ""


class Nowcast(msgspec.Struct, frozen=True, kw_only=True):
    """A warning from elsewhere. Times are ms UTC; it speaks of ``onset`` to ``expires``."""

    identifier: str
    sender: str
    sent: int
    status: str
    type: str
    references: tuple[str, ...]  # identifiers
    sender_name: str
    event: str
    headline: str
    severity: str
    certainty: str
    onset: int
    expires: int
    areas: tuple[CapArea, ...]

    @property
    def is_rain(self) -> bool:
        """Whether it speaks of rain: its event or headline says so."""
        return re.search(r"\b(hujan|rain)", f"{self.event} {self.headline}", re.IGNORECASE) is not None


def feed_items(document: bytes) -> tuple[FeedItem, ...]:
    """What an RSS 2.0 feed lists; raises BadDocument."""
    root = read_xml(document)
    if root.tag != "rss":
        raise BadDocument(f"the document is {_short(root.tag)}; an RSS feed (rss) is due")
    items = []
    for item in root.iterfind("channel/item"):
        link = _said(item, "link")
        if link:
            items.append(FeedItem(link=link, title=_said(item, "title"), published=_said(item, "pubDate")))
    if len(items) > MOST_ITEMS:
        raise BadDocument(f"the feed lists {len(items)} warnings; at most {MOST_ITEMS} are taken")
    return tuple(items)


def nowcast(document: bytes, *, language: str = "id", around: Box | None = None) -> Nowcast:
    """The warning of a CAP 1.2 message, in ``language`` where it has it; raises BadDocument.

    With ``around``, outlines that cannot reach into it are checked and then forgotten: a country's are many.
    """
    root = read_xml(document)
    if root.tag != f"{{{NAMESPACE}}}alert":
        raise BadDocument(f"the document is {_short(root.tag)}; alert of CAP 1.2 ({NAMESPACE}) is due")
    type_ = _needed(root, "msgType")
    info = _info(root, language)
    if info is None:
        if type_ != "Cancel":
            raise BadDocument("the message has no info")
        info = etree.Element("info")
    sent = _moment(root, "sent", None)
    onset = _moment(info, "onset", _moment(info, "effective", sent))
    return Nowcast(
        identifier=_needed(root, "identifier"),
        sender=_needed(root, "sender"),
        sent=sent,
        status=_needed(root, "status"),
        type=type_,
        references=tuple(_identifiers(_said(root, "references", cap=True))),
        sender_name=_said(info, "senderName", cap=True),
        event=_said(info, "event", cap=True),
        headline=_said(info, "headline", cap=True),
        severity=_said(info, "severity", cap=True),
        certainty=_said(info, "certainty", cap=True),
        onset=onset,
        expires=_moment(info, "expires", onset if type_ == "Cancel" else None),
        areas=_areas(info, around),
    )


def standing(found: Iterable[Nowcast], now: int) -> tuple[Nowcast, ...]:
    """Those that count now: real, not run out, not followed by an Update or a Cancel; the earliest first."""
    known = [each for each in found if each.status == "Actual"]
    followed = {identifier for each in known for identifier in each.references}
    kept = {each.identifier: each for each in sorted(known, key=lambda each: each.sent)}
    live = (
        each
        for each in kept.values()
        if each.type in ("Alert", "Update") and each.expires > now and each.identifier not in followed
    )
    return tuple(sorted(live, key=lambda each: (each.onset, each.identifier)))


def read_xml(document: bytes) -> etree._Element:
    """The root of a document from outside; raises BadDocument."""
    if len(document) > MOST_BYTES:
        raise BadDocument(f"the document has {len(document)} bytes; at most {MOST_BYTES} are read")
    try:
        text = document.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadDocument(f"the document is not UTF-8 at byte {error.start}") from None
    declared = _ENCODING.match(text)
    if declared is not None and declared[1].upper() not in ("UTF-8", "UTF8", "US-ASCII"):
        raise BadDocument(f"the document declares the encoding {_short(declared[1])}; UTF-8 is due")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise BadDocument("the document has a DOCTYPE or an ENTITY; neither has a place in CAP or RSS")
    # Belt and braces: even with a DOCTYPE nothing would be expanded, loaded or fetched.
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise BadDocument(f"the document is no XML: {error.msg}") from None


def _info(root: etree._Element, language: str) -> etree._Element | None:
    """The part in the language that is wanted; else the first. CAP's language is en-US when it is left out."""
    infos = root.findall(f"{{{NAMESPACE}}}info")
    wanted = (each for each in infos if (_said(each, "language", cap=True) or "en-US").lower().startswith(language))
    return next(wanted, infos[0] if infos else None)


def _said(parent: etree._Element, name: str, *, cap: bool = False) -> str:
    found = parent.findtext(f"{{{NAMESPACE}}}{name}" if cap else name)
    return plain(found or "")


def _needed(parent: etree._Element, name: str) -> str:
    text = _said(parent, name, cap=True)
    if not text:
        raise BadDocument(f"the message has no {name}")
    return text


def _moment(parent: etree._Element, name: str, otherwise: int | None) -> int:
    """ms UTC; ``otherwise`` when the element is not there and need not be."""
    text = _said(parent, name, cap=True)
    if not text and otherwise is not None:
        return otherwise
    found = _MOMENT.match(text)
    try:
        local = datetime.fromisoformat(text) if found is not None else None
    except ValueError:
        local = None
    if local is None:
        raise BadDocument(f"{name} is {_short(text)!r}; a time like 2026-11-22T18:40:00+07:00 is due")
    return (local - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _identifiers(references: str) -> Iterable[str]:
    """Of ``sender,identifier,sent sender,identifier,sent``."""
    for reference in references.split():
        parts = reference.split(",")
        if len(parts) != 3:
            raise BadDocument(f"references has {_short(reference)!r}; sender,identifier,sent is due")
        yield parts[1]


def _areas(info: etree._Element, around: Box | None) -> tuple[CapArea, ...]:
    areas, positions = [], 0
    for area in info.iterfind(f"{{{NAMESPACE}}}area"):
        shapes: list[Shape] = [_ring(each.text or "") for each in area.iterfind(f"{{{NAMESPACE}}}polygon")]
        shapes += [_circle(plain(each.text or "")) for each in area.iterfind(f"{{{NAMESPACE}}}circle")]
        positions += sum(len(shape) for shape in shapes if isinstance(shape, tuple))
        if positions > MOST_POSITIONS:
            raise BadDocument(f"the polygons have more than {MOST_POSITIONS} positions")
        near = [shape for shape in shapes if around is None or may_touch(shape, around)]
        if near:
            areas.append(
                CapArea(
                    description=_said(area, "areaDesc", cap=True),
                    polygons=tuple(shape for shape in near if isinstance(shape, tuple)),
                    circles=tuple(shape for shape in near if isinstance(shape, Circle)),
                )
            )
    return tuple(areas)


def _ring(text: str) -> tuple[Position, ...]:
    """``lat,lon lat,lon ...``, closed here when it is not."""
    ring = [_position(each) for each in text.split()]
    if ring and ring[0] != ring[-1]:
        ring.append(ring[0])
    if len(ring) < 4:
        raise BadDocument(f"polygon {_short(text)!r} has no three positions")
    return tuple(ring)


def _circle(text: str) -> Circle:
    place, _, radius = text.partition(" ")
    latitude, longitude = _position(place)
    if not re.fullmatch(r"\d{1,5}(\.\d*)?", radius):
        raise BadDocument(f"circle {_short(text)!r} has no radius in km")
    return Circle(latitude=latitude, longitude=longitude, radius_km=float(radius))


def _position(text: str) -> Position:
    latitude, _, longitude = text.partition(",")
    try:
        found = float(latitude), float(longitude)
    except ValueError:
        found = 91.0, 0.0
    if -90 <= found[0] <= 90 and -180 <= found[1] <= 180:  # not so of NaN
        return found
    raise BadDocument(f"{_short(text)!r} is no place: latitude,longitude in degrees is due")


def _short(text: object) -> str:
    shown = str(text)
    return shown if len(shown) <= 60 else f"{shown[:60]}..."
