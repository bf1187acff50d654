"""Everything that is drawn on a station's time axis, for the server's drawing and the browser's alike. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from alerting.web import words
from alerting.web.catalogue import tr
from alerting.web.ladder import LEVELS
from alerting.web.readings import LEVEL
from alerting.web.station.curve import Curve, Stretch
from alerting.web.station.dossier import Episode, Limits
from alerting.web.station.reading import RainBars
from alerting.web.station.span import Span
from alerting.web.words import DAY_MS, HOUR_MS
from broker.live import StationView, TideView

AHEAD: Final = 0.25  # of the stretch, that is shown of what is to come
MOST_AHEAD_MS: Final = 6 * HOUR_MS
LONGEST_WITH_FORECAST_MS: Final = 2 * DAY_MS
TOP_ROOM: Final = 1.06  # over the highest threshold
OVER: Final = 0.05  # of the scale, over the highest value

Place = tuple[int, float]  # ms UTC, value


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One threshold while it counted."""

    level: str
    mark: str
    value: float
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A stretch at one level of one alert; one that still stands ends now."""

    alert: str
    level: str
    mark: str
    subject: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """``start`` to ``end`` is the axis, ``now`` where the future begins on it; ``low`` to ``high`` its other side."""

    station: str
    quantity: str
    name: str
    unit: str
    start: int
    end: int
    now: int
    low: float
    high: float
    curve: Curve
    rain: RainBars | None
    limits: list[Limit]
    warned: list[Warned]
    forecast: list[Place]  # corners of the area that the water may reach; empty without a forecast
    tide: Stretch | None
    tide_words: str
    is_live: bool


def picture_of(
    station: StationView,
    quantity: str,
    span: Span,
    *,
    curve: Curve,
    rain: RainBars | None,
    limits: Sequence[Limits],
    episodes: Sequence[Episode],
    now: int,
) -> Picture:
    """``curve`` and ``rain`` of the span; ``limits`` newest first, empty when the records are away."""
    is_level = quantity == LEVEL
    end = _end(span) if is_level else span.end
    drawn = _limits(station, limits, span.start, end) if is_level else []
    low, high = _scale(station if is_level else None, curve, drawn)
    forecast = _forecast(station, curve, now, end) if is_level and end > span.end else []
    shown = words.quantity_of(quantity)
    return Picture(
        station=station.id,
        quantity=quantity,
        name=shown.name,
        unit=shown.unit,
        start=span.start,
        end=end,
        now=now,
        low=low,
        high=max([high, *(value for _, value in forecast)]),
        curve=curve,
        rain=rain,
        limits=drawn,
        warned=[_warned(each, min(now, end)) for each in episodes],
        forecast=forecast,
        tide=_tide(station.tide, span.start, end) if is_level else None,
        tide_words=_tide_words(station.tide),
        is_live=span.is_live,
    )


def _end(span: Span) -> int:
    """The axis goes on beyond now where there may be a forecast to show."""
    if not span.is_live or span.length > LONGEST_WITH_FORECAST_MS:
        return span.end
    return span.end + min(int(span.length * AHEAD), MOST_AHEAD_MS)


def _limits(station: StationView, limits: Sequence[Limits], start: int, end: int) -> list[Limit]:
    """Each threshold as a line for as long as it counted; without records, as it is now."""
    known = list(reversed(limits)) or [Limits(since=0, metres=station.thresholds, author="", reason="")]
    edges = [each.since for each in known[1:]] + [end]
    return [
        Limit(
            level=level,
            mark=words.mark_of(level),
            value=each.metres[level],
            start=max(each.since, start),
            end=min(until, end),
        )
        for each, until in zip(known, edges, strict=True)
        if max(each.since, start) < min(until, end)
        for level in LEVELS
        if level in each.metres
    ]


def _scale(station: StationView | None, curve: Curve, limits: Sequence[Limit]) -> tuple[float, float]:
    """Of water: from low water to over AWAS, and whatever was measured; of anything else what was measured."""
    extent = curve.extent or (0.0, 1.0)
    if station is None:
        room = max((extent[1] - extent[0]) * 0.1, 0.05)
        return (0.0 if 0 <= extent[0] <= extent[1] else extent[0] - room), extent[1] + room
    low = min(extent[0], station.low_m if station.low_m is not None else extent[0])
    top = max([extent[1] + (extent[1] - low) * OVER, *(limit.value * TOP_ROOM for limit in limits)])
    return low, max(top, low + 0.2)


def _warned(episode: Episode, now: int) -> Warned:
    return Warned(
        alert=episode.alert,
        level=episode.level,
        mark="nodata" if episode.hazard == "data" else words.mark_of(episode.level),
        subject=tr("tidak ada data") if episode.hazard == "data" else tr(words.SUBJECTS.get(episode.hazard, "")),
        start=episode.start,
        end=now if episode.end is None else episode.end,
    )


def _forecast(station: StationView, curve: Curve, now: int, end: int) -> list[Place]:
    """The area between the earliest and the latest way to the next threshold, cut off at the axis's end."""
    trend, last = station.trend, next((value for value in reversed(curve.values) if value is not None), None)
    if station.silent or trend is None or trend.next_level is None or trend.eta_from is None or last is None:
        return []
    limit = station.thresholds.get(trend.next_level)
    if limit is None or limit <= last:
        return []
    soonest = max(trend.eta_from, now + 1)
    corners = [(now, last), _on_the_way(now, last, soonest, limit, end)]
    if trend.eta_to is None:
        return [*corners, (end, limit if soonest < end else corners[1][1]), (end, last)]
    latest = max(trend.eta_to, soonest)
    return [*corners, *([(end, limit)] if latest > end > soonest else []), _on_the_way(now, last, latest, limit, end)]


def _on_the_way(start: int, low: float, reach: int, limit: float, end: int) -> Place:
    """Where a straight way to the threshold is when it gets there or leaves the axis."""
    if reach <= end:
        return reach, limit
    return end, low + (limit - low) * (end - start) / (reach - start)


def _tide(tide: TideView | None, start: int, end: int) -> Stretch | None:
    """When the predicted tide is over the height that matters here."""
    if tide is None or tide.above_from is None:
        return None
    first, last = max(tide.above_from, start), min(tide.above_until or end, end)
    return (first, last) if first < last else None


def _tide_words(tide: TideView | None) -> str:
    if tide is None or tide.above_m is None:
        return ""
    return tr("pasang di atas {height} m", height=words.number(tide.above_m, 2))


def columns(picture: Picture) -> dict[str, Any]:
    """The picture as the browser draws it: times in seconds, values as they are."""
    curve, rain = picture.curve, picture.rain
    return {
        "station": picture.station,
        "quantity": picture.quantity,
        "name": picture.name,
        "unit": picture.unit,
        "axis": [picture.start, picture.end],
        "now": picture.now,
        "scale": [picture.low, picture.high],
        "step": curve.step_ms,
        "times": [time / 1000 for time in curve.times],
        "values": _rounded(curve.values),
        "lows": _rounded(curve.lows),
        "highs": _rounded(curve.highs),
        "doubtful": [[time / 1000, value] for time, value in curve.doubtful],
        "failed": [time / 1000 for time in curve.failed],
        "gaps": _seconds(curve.gaps),
        "rain": None
        if rain is None
        else {
            "step": rain.step_ms / 1000,
            "names": rain.names,
            "starts": [time / 1000 for time in rain.starts],
            "mm": rain.mm,
        },
        "limits": [
            [limit.mark, limit.level, limit.value, limit.start / 1000, limit.end / 1000] for limit in picture.limits
        ],
        "warned": [[each.mark, each.level, each.start / 1000, each.end / 1000] for each in picture.warned],
        "forecast": [[time / 1000, value] for time, value in picture.forecast],
        "tide": _seconds([picture.tide])[0] if picture.tide else None,
        "tide_words": picture.tide_words,
        "live": picture.is_live,
    }


def _rounded(values: Sequence[float | None]) -> list[float | None]:
    return [None if value is None else round(value, 4) for value in values]


def _seconds(stretches: Sequence[Stretch]) -> list[list[float]]:
    return [[first / 1000, last / 1000] for first, last in stretches]


def stretches(curve: Curve) -> list[list[int]]:
    """Indexes of the points of each unbroken line."""
    found: list[list[int]] = [[]]
    for index, value in enumerate(curve.values):
        if value is None:
            found.append([])
        else:
            found[-1].append(index)
    return [each for each in found if each]
