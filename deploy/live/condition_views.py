"""Air, rain and tide as those who watch a station see them. Pure."""

from collections.abc import Collection

from broker.live import AirParameterView, AirView, RainSumView, RainView, TideView, UpstreamRainView
from deploy.weather.air_index import AirOutcome
from ingest.ispu import LABELS, PARAMETERS, sub_index
from ingest.rain import WINDOWS_MIN, RainSums
from ingest.rain_area import area_rain
from ingest.rain_class import class_of_day, class_of_hour
from ingest.tide_table import TideTable, next_turn, next_window_above

MINUTE_MS = 60_000


def air_view(outcome: AirOutcome) -> AirView:
    """Index and hour apart: an hour's value has neither an index nor a category."""
    index, hour, fine = outcome.index, outcome.hour, outcome.fine
    return AirView(
        index=index.value if index else None,
        category=index.category.name if index else None,
        colour=index.category.colour if index else None,
        critical=LABELS[index.critical] if index else None,
        advice=index.category.advice if index else None,
        complete=index.complete if index else None,
        until=outcome.means[index.critical].until if index else None,
        computed_at=outcome.computed_at,
        parameters=_parameters(outcome),
        reason=outcome.reason,
        hour_parameter=LABELS[hour.parameter] if hour else None,
        hour_mean_ugm3=hour.mean_ugm3 if hour else None,
        hour_word=hour.word if hour else None,
        hour_until=outcome.until if hour else None,
        hour_raw_ugm3=fine.raw_ugm3 if fine else None,
        hour_humidity_pct=fine.humidity_pct if fine else None,
        correction=fine.correction if fine else None,
        uncorrected_hours=outcome.uncorrected_hours,
    )


def _parameters(outcome: AirOutcome) -> list[AirParameterView]:
    return [
        AirParameterView(
            parameter=name,
            label=LABELS[name],
            mean_ugm3=found.mean.mean_ugm3,
            hours=found.mean.hours,
            index=sub_index(name, found.mean.mean_ugm3) if found.mean.is_complete else None,
            until=found.until,
        )
        for name in PARAMETERS
        if (found := outcome.means.get(name)) is not None
    ]


def rain_view(
    sums: RainSums, *, day: tuple[float | None, float] = (None, 0.0), upstream: Collection[RainSums] = ()
) -> RainView:
    """``day`` is the sum since 07:00 local and the share of it that was observed; ``upstream`` the gauges there.

    A class is given to what was measured; the missing part of a window can only make it higher.
    """
    day_mm, _ = day
    return RainView(
        sums=[RainSumView(minutes=each, mm=sums.of(each)[0], complete=sums.of(each)[1]) for each in WINDOWS_MIN],
        hour_class=None if sums.mm_1h is None else class_of_hour(sums.mm_1h),
        day_mm=day_mm,
        day_class=None if day_mm is None else class_of_day(day_mm),
        upstream=[
            UpstreamRainView(
                minutes=area.minutes, mean_mm=area.mean_mm, max_mm=area.max_mm, spoke=area.spoke, gauges=area.gauges
            )
            for area in (area_rain(upstream) if upstream else ())
        ],
    )


def tide_view(table: TideTable | None, now: int, *, above_m: float | None = None) -> TideView | None:
    """The tide at ``now`` and what comes next; None when there is nothing to predict from, or no longer."""
    height = table.height(now) if table else None
    if table is None or height is None:
        return None
    high, low = next_turn(table, now, high=True), next_turn(table, now, high=False)
    later = table.height(now + MINUTE_MS)
    window = None if above_m is None else next_window_above(table, above_m, now)
    return TideView(
        height_m=round(height, 3),
        rising=later is not None and later > height,
        high_at=high.time if high else None,
        high_m=high.height_m if high else None,
        low_at=low.time if low else None,
        low_m=low.height_m if low else None,
        above_m=above_m,
        above_from=window.start if window else None,
        above_until=window.end if window else None,
        datum=table.datum,
        rms_m=table.rms_m,
    )
