"""What is wrong with a CAP message, in sentences: the rules of CAP 1.2 that a reader would stumble over. Pure.

It is no substitute for the schema of OASIS, against which our own messages are held in the tests; it also says what the
schema cannot: times out of order, references that are none, polygons that are not closed.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from lxml import etree

from alerting.cap import NAMESPACE, is_legal
from alerting.cap_in import BadDocument, read_xml

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d\Z")
_NUMBER: Final = r"-?\d+(?:\.\d+)?"
_CIRCLE: Final = re.compile(rf"{_NUMBER},{_NUMBER} \d+(?:\.\d+)?\Z")
_RING: Final = re.compile(rf"{_NUMBER},{_NUMBER}(?: {_NUMBER},{_NUMBER})+\Z")
_ALERT: Final = {
    "status": ("Actual", "Exercise", "System", "Test", "Draft"),
    "msgType": ("Alert", "Update", "Cancel", "Ack", "Error"),
    "scope": ("Public", "Restricted", "Private"),
}
_INFO: Final = {
    "category": (
        *("Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env"),
        *("Transport", "Infra", "CBRNE", "Other"),
    ),
    "urgency": ("Immediate", "Expected", "Future", "Past", "Unknown"),
    "severity": ("Extreme", "Severe", "Moderate", "Minor", "Unknown"),
    "certainty": ("Observed", "Likely", "Possible", "Unlikely", "Unknown"),
}


def faults(document: bytes) -> list[str]:
    """Every fault, in the order of the document; an empty list when there is none."""
    try:
        root = read_xml(document)
    except BadDocument as error:
        return [str(error)]
    if root.tag != f"{{{NAMESPACE}}}alert":
        return [f"the document is {root.tag}; alert of CAP 1.2 ({NAMESPACE}) is due"]
    infos = root.findall(_name("info"))
    return [*_of_alert(root), *(fault for info in infos for fault in _of_info(info))]


def _of_alert(root: etree._Element) -> Iterator[str]:
    for name in ("identifier", "sender"):
        value = _text(root, name)
        if value is None or not is_legal(value):
            yield f"{name} is {value!r}; it must be there, without space, comma, < or &"
    yield from _times(root, "sent", needed=True)
    yield from _words(root, _ALERT)
    references = (_text(root, "references") or "").split()
    if _text(root, "msgType") in ("Update", "Cancel") and not references:
        yield "references is missing; an Update or a Cancel names the messages that it follows"
    for reference in references:
        parts = reference.split(",")
        if len(parts) != 3 or not all(parts) or not _MOMENT.match(parts[2]):
            yield f"references has {reference!r}; sender,identifier,sent is due"
    if _text(root, "msgType") in ("Alert", "Update") and root.find(_name("info")) is None:
        yield "info is missing"


def _of_info(info: etree._Element) -> Iterator[str]:
    if not _text(info, "event"):
        yield "event is missing"
    yield from _words(info, _INFO)
    for name in ("effective", "onset", "expires"):
        yield from _times(info, name, needed=False)
    begins, ends = _text(info, "effective"), _text(info, "expires")
    if begins and ends and _MOMENT.match(begins) and _MOMENT.match(ends) and _moment(ends) <= _moment(begins):
        yield f"expires ({ends}) is not after effective ({begins})"
    for area in info.iterfind(_name("area")):
        yield from _of_area(area)


def _of_area(area: etree._Element) -> Iterator[str]:
    if not _text(area, "areaDesc"):
        yield "areaDesc is missing"
    for polygon in area.iterfind(_name("polygon")):
        positions = (polygon.text or "").split()
        if not _RING.match(" ".join(positions)) or len(positions) < 4 or positions[0] != positions[-1]:
            yield "a polygon is not closed, or not of latitude,longitude pairs"
        elif any(abs(float(each.split(",")[0])) > 90 for each in positions):
            yield "a polygon has a latitude beyond 90 degrees: latitude comes first"
    for circle in area.iterfind(_name("circle")):
        if not _CIRCLE.match((circle.text or "").strip()):
            yield f"circle is {circle.text!r}; latitude,longitude radius_km is due"


def _words(parent: etree._Element, allowed: dict[str, tuple[str, ...]]) -> Iterator[str]:
    for name, words in allowed.items():
        found = [each.text for each in parent.iterfind(_name(name))]
        if not found:
            yield f"{name} is missing; one of {', '.join(words)} is due"
        for word in found:
            if word not in words:
                yield f"{name} is {word!r}; one of {', '.join(words)} is due"


def _times(parent: etree._Element, name: str, *, needed: bool) -> Iterator[str]:
    text = _text(parent, name)
    if (text is None and needed) or (text is not None and not _MOMENT.match(text)):
        yield f"{name} is {text!r}; a time like 2026-11-22T18:40:00+07:00 is due, never with Z"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _text(parent: etree._Element, name: str) -> str | None:
    return parent.findtext(_name(name))


def _name(local: str) -> str:
    return f"{{{NAMESPACE}}}{local}"
