"""The readings of one node as somebody before it sees them change. Pure."""

from dataclasses import dataclass
from typing import Any, Final

from alerting.web import words
from alerting.web.catalogue import tr
from alerting.web.station_card import LOOKS
from alerting.web.technician.faults import LID, TILTED, heard_at, series_of
from broker.live import SeriesView, StationView
from broker.quality_flags import Flag

CONTACTS: Final = {LID: ("tutup kotak", "terbuka", "tertutup"), TILTED: ("tiang", "miring", "tegak")}


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLine:
    """``raw`` is what the sensor sent, where that is another number; ``look`` is how good it is."""

    quantity: str
    name: str
    shown: str
    unit: str
    raw: str
    look: str
    quality: str
    time: int


def lines_of(station: StationView, node: str) -> list[LiveLine]:
    return [_line(series) for series in series_of(station, node)]


def told_of(station: StationView, node: str, now: int, *, is_lost: bool) -> dict[str, Any]:
    """For the browser: times are ms UTC, ages are worked out here, where the clock is right."""
    heard = heard_at(station, node)
    return {
        "now": now,
        "lost": is_lost,
        "heard": tr("belum pernah") if heard is None else words.age(now - heard),
        "lines": [
            {
                "quantity": line.quantity,
                "shown": line.shown,
                "raw": line.raw,
                "look": line.look,
                "quality": line.quality,
                "time": line.time,
                "age": words.age(now - line.time),
            }
            for line in lines_of(station, node)
        ],
    }


def _line(series: SeriesView) -> LiveLine:
    kind = words.quantity_of(series.quantity)
    name, shown = kind.name, words.measured(series.quantity, series.value)
    if series.quantity in CONTACTS and series.value is not None:
        name, yes, no = (tr(word) for word in CONTACTS[series.quantity])
        shown = yes if series.value else no
    has_raw = series.raw is not None and series.value is not None and series.raw != series.value
    return LiveLine(
        quantity=series.quantity,
        name=name,
        shown=shown,
        unit="" if series.value is None or series.quantity in CONTACTS else kind.unit,
        raw=words.number(series.raw, 0) if has_raw and series.raw is not None else "",
        look=LOOKS.get(series.flag, "doubtful"),
        quality="" if series.flag == Flag.GOOD else words.quality(series.flag),
        time=series.time,
    )
