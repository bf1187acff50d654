"""Whether a station makes sense: alone, and among the others. Every fault says the key and the remedy."""

from collections.abc import Callable, Container, Iterator
from typing import Final

import msgspec

from alerting.rules import BadRules
from broker.station import LEVEL_SERIES, RAIN_SERIES, Epoch, RainLimit, Station
from broker.topics import is_id
from deploy.registry.channels import limits_of
from deploy.registry.file_form import Fault
from deploy.registry.rules import CATEGORY_NAMES, NEVER, PLACES, WINDOWS, air_rule, level_rule, support_rule
from ingest.quality_limits import BadLimit

MAX_DATUM_M: Final = 100.0
MAX_TRAVEL_MINUTES: Final = 3 * 1440
MAX_NAME: Final = 60
TIP_MM: Final = (0.05, 2.0)
MAX_RAIN_MM: Final = 2000.0
MAX_INTERVAL_S: Final = 86_400.0
AHEAD_MS: Final = 5 * 60_000
LEVELS: Final = ("WASPADA", "SIAGA", "AWAS")

Faults = Iterator[Fault]


def faults_of(station: Station, before: Station | None, *, known: Container[str], now: int) -> list[Fault]:
    """Everything that is wrong; ``known`` are the ids of all stations, those of the same file among them."""
    if not is_id(station.id):
        return [Fault("id", f"{station.id[:40]!r} is not 3 to 32 of a-z, 0-9 and hyphen")]
    found = [fault for check in CHECKS for fault in check(station)]
    found += _neighbours(station, known)
    found += _epochs(station, before, now)
    return found


def _name(station: Station) -> Faults:
    if not station.name.strip() or len(station.name) > MAX_NAME or not station.name.isprintable():
        yield Fault("name", f"write a name of 1 to {MAX_NAME} printable characters")


def _place(station: Station) -> Faults:
    latitude, longitude = station.latitude, station.longitude
    if (latitude is None) != (longitude is None):
        yield Fault("latitude", "latitude and longitude are given together")
    elif latitude is not None and longitude is not None:
        if abs(latitude) > 90 and abs(longitude) <= 90:
            yield Fault("latitude", f"{latitude:g} is no latitude: latitude and longitude seem to be exchanged")
        elif abs(latitude) > 90 or abs(longitude) > 180:
            yield Fault("latitude", f"{latitude:g}, {longitude:g} is no place: write degrees, as -7.645, 112.905")


def _datum(station: Station) -> Faults:
    datum_m, (nearest_mm, farthest_mm) = station.datum_m, station.sensor_mm or (0.0, MAX_DATUM_M * 1000)
    if not 0 <= nearest_mm < farthest_mm:
        yield Fault("sensor_mm", "write the least and the greatest distance, rising, as [30, 4500]")
    elif farthest_mm < 100:
        yield Fault("sensor_mm", f"{farthest_mm:g}: write millimetres, not metres or centimetres")
    if station.measures_water and datum_m is None:
        yield Fault("datum_m", "datum_m is missing: the sensor's height above the gauge's zero, in metres")
    elif datum_m is not None and not 0 < datum_m <= MAX_DATUM_M:
        yield Fault("datum_m", f"{datum_m:g} m is not between 0 and {MAX_DATUM_M:g} m: write metres, not centimetres")
    elif datum_m is not None and datum_m <= nearest_mm / 1000:
        yield Fault(
            "datum_m",
            f"{datum_m:g} m is below the sensor's nearest {nearest_mm / 1000:g} m: every level would be under the "
            "gauge's zero; datum_m is the sensor's height above that zero",
        )


def _spans(station: Station) -> Faults:
    if station.site_m is not None and not station.site_m[0] < station.site_m[1]:
        yield Fault("site_m", "write the least and the greatest plausible level, rising, as [0.0, 6.5]")
    if station.high_m is not None and not station.low_m < station.high_m:
        yield Fault("high_m", f"{station.high_m:g} is not above low_m {station.low_m:g}")
    if not 0 < station.silence_minutes <= 100_000:
        yield Fault("silence_minutes", "write minutes, more than 0")
    for level in station.impact:
        if level not in LEVELS:
            yield Fault("impact", f"{level!r} is no level; write WASPADA, SIAGA or AWAS")


def _thresholds(station: Station) -> Faults:
    limits, datum_m = station.thresholds, station.datum_m
    if limits is None:
        return
    if not station.measures_water:
        yield Fault("thresholds", f"they are metres of water; a station of hazard {station.hazard} has none")
        return
    try:
        level_rule(msgspec.structs.replace(station, high_tide=None))
    except BadRules as error:
        yield Fault("thresholds", str(error))
        return
    if not limits.author:
        yield Fault("thresholds.author", "author is missing: who set them")
    if not limits.reason:
        yield Fault("thresholds.reason", "reason is missing: why these values")
    if datum_m is not None and limits.awas >= datum_m:
        yield Fault(
            "thresholds.awas",
            f"{limits.awas:g} m is not below the sensor at datum_m {datum_m:g} m; metres above the gauge's zero are "
            "due in both (not centimetres)",
        )
        return
    nearest_mm, farthest_mm = station.sensor_mm or (0.0, 0.0)
    if datum_m is not None and nearest_mm < farthest_mm and limits.awas > datum_m - nearest_mm / 1000:
        yield Fault("thresholds.awas", f"{limits.awas:g} m lies where the sensor is blind: hang it higher")
    site = station.site_m
    if site is not None and site[0] < site[1] and not site[0] <= limits.awas <= site[1]:
        yield Fault("thresholds.awas", f"{limits.awas:g} m is outside site_m, where every reading would be suspect")


def _high_tide(station: Station) -> Faults:
    tide, limits = station.high_tide, station.thresholds
    if tide is None:
        return
    if limits is None:
        yield Fault("high_tide", "it lowers thresholds, and there are none: give thresholds too, or leave it out")
        return
    if not tide.waspada < tide.siaga < tide.awas:
        yield Fault("high_tide", f"must rise: waspada {tide.waspada:g} < siaga {tide.siaga:g} < awas {tide.awas:g}")
    for name in ("waspada", "siaga", "awas"):
        low, usual = getattr(tide, name), getattr(limits, name)
        if low > usual:
            yield Fault(f"high_tide.{name}", f"{low:g} is above the usual {usual:g}; high tide may only lower it")


def _rain_limits(station: Station) -> Faults:
    if station.rain_limits and station.hazard == "air":
        yield Fault("rain_limits", "a station of hazard air warns of no rain; give them to a station of water or rain")
    for number, limit in enumerate(station.rain_limits):
        where = f"rain_limits[{number}]"
        if limit.window not in WINDOWS:
            yield Fault(f"{where}.window", f"{limit.window!r}: write {', '.join(WINDOWS)}")
        if not 0 < limit.mm <= MAX_RAIN_MM:
            yield Fault(f"{where}.mm", f"{limit.mm:g}: write millimetres, more than 0 and at most {MAX_RAIN_MM:g}")
        if limit.level not in LEVELS:
            yield Fault(f"{where}.level", f"{limit.level!r} is no level; write WASPADA, SIAGA or AWAS")
        if limit.where not in PLACES:
            yield Fault(f"{where}.where", f"{limit.where!r}: write here or upstream")
        for other in station.rain_limits[:number]:
            if (other.window, other.where) == (limit.window, limit.where) and not _rises(other, limit):
                yield Fault(
                    where,
                    f"{limit.window} {limit.where}: {other.level} at {other.mm:g} mm and {limit.level} at {limit.mm:g} "
                    "mm do not rise together",
                )


def _rises(one: RainLimit, other: RainLimit) -> bool:
    """Whether the higher level of two has the greater sum; also when a word is wrong, which is said elsewhere."""
    if one.level not in LEVELS or other.level not in LEVELS:
        return True
    return (LEVELS.index(one.level) - LEVELS.index(other.level)) * (one.mm - other.mm) > 0


def _air_limits(station: Station) -> Faults:
    limits = station.air_limits
    if limits is None:
        return
    if station.hazard != "air":
        yield Fault("air_limits", f"they are for a station of hazard air; this one is {station.hazard}")
        return
    names = {key: getattr(limits, key) for key in ("waspada", "siaga", "awas", "indicative")}
    wrong = [key for key, name in names.items() if name not in CATEGORY_NAMES and (key, name) != ("indicative", NEVER)]
    for key in wrong:
        yield Fault(f"air_limits.{key}", f"{names[key]!r} is no category; write {', '.join(CATEGORY_NAMES)}")
    if wrong:
        return
    try:
        air_rule(station)
    except BadRules as error:
        yield Fault("air_limits", f"{error} ({', '.join(CATEGORY_NAMES)} are 0 to 4)")


def _support(station: Station) -> Faults:
    try:
        support_rule(station.support)
    except BadRules as error:
        yield Fault("support", str(error))
    seconds = station.interval_seconds
    if not 0 <= seconds <= MAX_INTERVAL_S:
        yield Fault("interval_seconds", f"{seconds:g}: write seconds, at most a day; 0 learns it from the samples")
    elif 0 < station.silence_minutes * 60 <= seconds:
        yield Fault(
            "interval_seconds",
            f"{seconds:g} s is not less than silence_minutes {station.silence_minutes:g}: it would always be silent",
        )


def _quality(station: Station) -> Faults:
    try:
        for quantity in ("level_m", "rain_mm", "pm25_ugm3"):
            limits_of(station, quantity)
    except BadLimit as error:
        yield Fault("quality", str(error))


def _neighbours(station: Station, known: Container[str]) -> Faults:
    seen: set[str] = set()
    for neighbour in station.neighbours:
        if neighbour.station == station.id:
            yield Fault("neighbours", "a station is not its own neighbour")
        elif neighbour.station not in known:
            yield Fault("neighbours", f"no station {neighbour.station!r} is known; add it first or in the same file")
        elif neighbour.station in seen:
            yield Fault("neighbours", f"{neighbour.station} is named twice")
        seen.add(neighbour.station)
        if not 0 <= neighbour.travel_minutes <= MAX_TRAVEL_MINUTES:
            yield Fault("neighbours", f"travel_minutes {neighbour.travel_minutes:g}: write minutes, at most three days")


def _epochs(station: Station, before: Station | None, now: int) -> Faults:
    kept = () if before is None else before.epochs
    for epoch in kept:
        if epoch not in station.epochs:
            yield Fault(
                f"epochs (number {epoch.number} of {epoch.series})",
                "readings were computed with it, so it stays as it is; add an epoch with the next number, and "
                "recompute what it changes: kentongan station recompute",
            )
    numbers: dict[str, int] = {}
    for epoch in station.epochs:
        if epoch.number != numbers.get(epoch.series, 0) + 1:
            yield Fault("epochs", f"numbers of {epoch.series} must rise by one from 1; {epoch.number} does not")
        numbers[epoch.series] = epoch.number
        if epoch not in kept:
            yield from _new_epoch(epoch, now)


def _new_epoch(epoch: Epoch, now: int) -> Faults:
    where = f"epochs (number {epoch.number} of {epoch.series})"
    if epoch.effective_from > now + AHEAD_MS:
        yield Fault(where, "it begins in the future; enter it when the sensor has been moved")
    if epoch.number > 1 and not (epoch.author and epoch.reason):
        yield Fault(where, "author and reason are missing: who moved or measured what")
    series = epoch.series.partition(".")[0]
    if series == LEVEL_SERIES:
        if epoch.datum_m is None:
            yield Fault(where, "datum_m is missing")
        if epoch.sound_reference_c is not None and not -10 <= epoch.sound_reference_c <= 50:
            yield Fault("sound_reference_c", f"{epoch.sound_reference_c:g}: write degrees Celsius, as 20")
    elif series == RAIN_SERIES:
        if epoch.mm_per_tip is None or not TIP_MM[0] <= epoch.mm_per_tip <= TIP_MM[1]:
            yield Fault("mm_per_tip", f"write millimetres a tip, {TIP_MM[0]} to {TIP_MM[1]}")
    else:
        yield Fault(where, f"series {epoch.series!r} is not calibrated; there are {LEVEL_SERIES} and {RAIN_SERIES}")


CHECKS: Final[tuple[Callable[[Station], Faults], ...]] = (
    *(_name, _place, _datum, _spans, _thresholds, _high_tide, _rain_limits, _air_limits, _support, _quality),
)
