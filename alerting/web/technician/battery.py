"""The battery of a node as a line over two weeks, from history's hours."""

from dataclasses import dataclass, replace
from typing import Final

from alerting.web import words
from alerting.web.past import Past
from alerting.web.station.curve import Curve
from alerting.web.station.drawing import Drawing, draw
from alerting.web.station.picture import Picture, picture_of
from alerting.web.station.reading import read_curve
from alerting.web.station.span import Span
from broker.live import SeriesView, StationView

SPAN_MS: Final = 14 * words.DAY_MS
LEAST_V, MOST_V = 3.3, 4.2  # of one lithium-ion cell: the line of a sound one lies between


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryLine:
    picture: Picture
    drawing: Drawing


def battery_line(past: Past, station: StationView, battery: SeriesView, now: int) -> BatteryLine | None:
    """None where history has nothing of it. Blocking; raises ReadingsUnavailable."""
    span = Span(start=now - SPAN_MS, end=now, preset=None, is_live=False)
    curve = read_curve(past, station.id, battery.quantity, span).curve
    if curve.extent is None:
        return None
    curve = _in_volts(curve, words.quantity_of(battery.quantity).scale)
    picture = picture_of(station, battery.quantity, span, curve=curve, rain=None, limits=(), episodes=(), now=now)
    low, high = curve.extent or (LEAST_V, MOST_V)
    picture = replace(picture, low=max(0.0, min(LEAST_V, low - 0.1)), high=max(MOST_V, high + 0.1))
    return BatteryLine(picture=picture, drawing=draw(picture))


def _in_volts(curve: Curve, scale: float) -> Curve:
    def scaled(values: list[float | None]) -> list[float | None]:
        return [None if value is None else value * scale for value in values]

    return replace(
        curve,
        values=scaled(curve.values),
        lows=scaled(curve.lows),
        highs=scaled(curve.highs),
        doubtful=[(time, value * scale) for time, value in curve.doubtful],
    )
