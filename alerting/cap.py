"""CAP 1.2: a message as data, and as XML. Pure.

After OASIS "Common Alerting Protocol Version 1.2", 1 July 2010. What this module makes is valid against its schema.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, Final, Literal

import msgspec
from lxml import etree

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
MEDIA_TYPE: Final = "application/cap+xml"

Status = Literal["Actual", "Exercise", "System", "Test", "Draft"]
MessageType = Literal["Alert", "Update", "Cancel"]
Urgency = Literal["Immediate", "Expected", "Future", "Past", "Unknown"]
Severity = Literal["Extreme", "Severe", "Moderate", "Minor", "Unknown"]
Certainty = Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"]
Category = Literal["Met", "Env", "Health"]
Response = Literal["Shelter", "Evacuate", "Prepare", "Avoid", "Monitor", "AllClear"]

Position = tuple[float, float]  # latitude, longitude: the order of CAP, not that of GeoJSON

_UNPREFIXED: Final[Any] = {None: NAMESPACE}
_LEGAL: Final = re.compile(r"[^\s,<&]+\Z")
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class BadCap(ValueError):
    """A message that CAP does not allow; the text names the element and the remedy."""


class Circle(msgspec.Struct, frozen=True, kw_only=True):
    """Degrees, WGS 84; the radius in km."""

    latitude: float
    longitude: float
    radius_km: float


class CapArea(msgspec.Struct, frozen=True, kw_only=True):
    """``polygons`` are closed rings; ``geocodes`` are (name of the system, code)."""

    description: str
    polygons: tuple[tuple[Position, ...], ...] = ()
    circles: tuple[Circle, ...] = ()
    geocodes: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for ring in self.polygons:
            if len(ring) < 4 or ring[0] != ring[-1]:
                raise BadCap(f"area {self.description}: a polygon needs 4 positions or more, the last like the first")


class CapInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What is said in one language. Times are ms UTC."""

    language: str  # id-ID, en
    categories: tuple[Category, ...]
    event: str
    responses: tuple[Response, ...]
    urgency: Urgency
    severity: Severity
    certainty: Certainty
    effective: int
    expires: int
    headline: str
    description: str
    instruction: str
    sender_name: str
    areas: tuple[CapArea, ...]
    onset: int | None = None
    web: str = ""
    contact: str = ""


class CapMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message. ``sent`` is ms UTC and printed in whole seconds; ``references`` are earlier messages, as
    :func:`reference` prints them, the oldest first.
    """

    identifier: str
    sender: str
    sent: int
    status: Status
    type: MessageType
    infos: tuple[CapInfo, ...]
    references: tuple[str, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        for name, value in (("identifier", self.identifier), ("sender", self.sender)):
            if not is_legal(value):
                raise BadCap(f"{name} is {value!r}: CAP allows no space, comma, < or & in it")
        if self.type != "Alert" and not self.references:
            raise BadCap(f"{self.identifier} is an {self.type} without references; name the messages that it follows")


def is_legal(name: str) -> bool:
    """Whether CAP allows this as an identifier or a sender."""
    return _LEGAL.match(name) is not None and plain(name) == name


def reference(sender: str, identifier: str, sent: int, zone: tzinfo) -> str:
    """How a later message names this one."""
    return f"{sender},{identifier},{moment(sent, zone)}"


def moment(at: int, zone: tzinfo) -> str:
    """``2026-11-22T18:40:00+07:00``: local time in whole seconds with a numeric offset; CAP forbids Z."""
    return _moment(at // 1000, zone)


@lru_cache(maxsize=256)  # what is sent in one turn is sent in one second
def _moment(second: int, zone: tzinfo) -> str:
    local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)).astimezone(zone)
    text = local.isoformat(timespec="seconds")
    return f"{text[:-6]}-00:00" if text.endswith("+00:00") else text


def plain(text: str) -> str:
    """``text`` without what XML cannot hold, and in single spaces."""
    return " ".join(_NOT_XML.sub(" ", text).split())


def cap_xml(message: CapMessage, zone: tzinfo) -> bytes:
    """The document, UTF-8, with times in ``zone``."""
    alert = etree.Element(_name("alert"), nsmap=_UNPREFIXED)
    _add(alert, "identifier", message.identifier)
    _add(alert, "sender", message.sender)
    _add(alert, "sent", moment(message.sent, zone))
    _add(alert, "status", message.status)
    _add(alert, "msgType", message.type)
    _add(alert, "scope", "Public")
    _add(alert, "note", message.note)
    _add(alert, "references", " ".join(message.references))
    for info in message.infos:
        _add_info(alert, info, zone)
    etree.indent(alert)
    return etree.tostring(alert, xml_declaration=True, encoding="UTF-8") + b"\n"


def _add_info(alert: etree._Element, info: CapInfo, zone: tzinfo) -> None:
    element = etree.SubElement(alert, _name("info"))
    _add(element, "language", info.language)
    _add_each(element, "category", info.categories)
    _add(element, "event", info.event)
    _add_each(element, "responseType", info.responses)
    _add(element, "urgency", info.urgency)
    _add(element, "severity", info.severity)
    _add(element, "certainty", info.certainty)
    _add(element, "effective", moment(info.effective, zone))
    _add(element, "onset", "" if info.onset is None else moment(info.onset, zone))
    _add(element, "expires", moment(info.expires, zone))
    _add(element, "senderName", info.sender_name)
    _add(element, "headline", info.headline)
    _add(element, "description", info.description)
    _add(element, "instruction", info.instruction)
    _add(element, "web", info.web)
    _add(element, "contact", info.contact)
    for area in info.areas:
        _add_area(element, area)


def _add_area(info: etree._Element, area: CapArea) -> None:
    element = etree.SubElement(info, _name("area"))
    _add(element, "areaDesc", area.description)
    _add_each(element, "polygon", (" ".join(f"{lat:.5f},{lon:.5f}" for lat, lon in ring) for ring in area.polygons))
    _add_each(element, "circle", (f"{c.latitude:.5f},{c.longitude:.5f} {c.radius_km:g}" for c in area.circles))
    for name, value in area.geocodes:
        geocode = etree.SubElement(element, _name("geocode"))
        _add(geocode, "valueName", name)
        _add(geocode, "value", value)


def _add_each(parent: etree._Element, name: str, texts: Iterable[str]) -> None:
    for text in texts:
        _add(parent, name, text)


def _add(parent: etree._Element, name: str, text: str) -> None:
    """An element with this text; none where there is nothing to say."""
    said = plain(text)
    if said:
        etree.SubElement(parent, _name(name)).text = said


def _name(local: str) -> str:
    return f"{{{NAMESPACE}}}{local}"
