"""From a case to what its nodes send: sampling, noise, faults, and the way to core. Same case, same bytes."""

from collections.abc import Iterator
from heapq import merge
from operator import attrgetter
from typing import Final
from zlib import crc32

import numpy as np

from broker.wire import Observation
from deploy.replay.case import Case, CaseError, Place
from deploy.replay.faults import Samples, apply
from deploy.replay.installation import node_of
from deploy.replay.recording import Delivery, Happening, Recording, TideNote, TrueWater, UpkeepNote
from deploy.replay.truth import spans_above
from deploy.replay.water import grid
from firmware_sim.rain import Series, depth_mm, intensity

MINUTE_MS: Final = 60_000
ON_THE_WAY_MIN: Final = 0.2 / 60  # what a message takes from node to core
MM_PER_TIP: Final = 0.2


def recording_of(case: Case) -> Recording:
    """Everything that the nodes of ``case`` send; raises CaseError when its truth is not what its author says."""
    truth = {place.id: _true_water(case, place) for place in case.stations if place.water is not None}
    has_flood = any(water.above.get(3) for water in truth.values())
    if has_flood != case.truth.flood:
        what = "reaches AWAS at a station" if has_flood else "reaches AWAS nowhere"
        raise CaseError(f"case {case.name}: truth.flood is {str(case.truth.flood).lower()}, yet its water {what}")
    parts = [_happenings(case, place) for place in case.stations]
    happenings = list(merge(*parts, key=attrgetter("received_at")))
    return Recording(
        name=case.name,
        title=case.title,
        timezone="Asia/Jakarta",
        stations=case.stations,
        happenings=happenings,
        count=len(happenings),
        start=case.start_ms,
        end=case.start_ms + round(case.minutes * MINUTE_MS),
        truth=truth,
    )


def _true_water(case: Case, place: Place) -> TrueWater:
    assert place.water is not None  # noqa: S101  asked of places with water only
    minutes = grid(case.minutes)
    level = place.water.level_m(minutes)
    limits = place.thresholds
    heights = {} if limits is None else {1: limits.waspada, 2: limits.siaga, 3: limits.awas}
    return TrueWater(
        times=case.start_ms + minutes * MINUTE_MS,
        level_m=level,
        above={
            number: spans_above(minutes, level, height, start_ms=case.start_ms) for number, height in heights.items()
        },
    )


def _happenings(case: Case, place: Place) -> list[Happening]:
    random = np.random.default_rng(crc32(f"{case.name}/{place.id}".encode()))
    samples = _samples(case, place, random)
    for fault in place.faults:
        apply(samples, fault, random)
    found: list[Happening] = [*_deliveries(case, place, samples, random), *_upkeep(case, place), *_tides(case, place)]
    return sorted(found, key=attrgetter("received_at"))


def _samples(case: Case, place: Place, random: np.random.Generator) -> Samples:
    """What a sound sensor reads: the true distance, its noise, and its resolution of a millimetre."""
    interval = place.interval_s / 60
    minutes = np.arange(random.uniform(0, interval), case.minutes, interval)
    if place.water is None or place.unseen:
        distance = np.full(len(minutes), np.nan)
    else:
        true_mm = (place.datum_m - place.water.level_m(minutes)) * 1000
        distance = np.round(true_mm + random.normal(0, place.noise_m * 1000, len(minutes)))
    return Samples(
        minutes=minutes,
        distance_mm=distance,
        clock_min=minutes.copy(),
        arrival_min=minutes + ON_THE_WAY_MIN,
        copies=np.ones(len(minutes), dtype=np.int_),
        words=[""] * len(minutes),
    )


def _deliveries(case: Case, place: Place, samples: Samples, random: np.random.Generator) -> Iterator[Delivery]:
    boot = int(random.integers(1, 2**32))
    tips = None if place.rain is None else _tips(place.rain, case.minutes, samples.minutes)
    # Copies follow each other at once, as they do from a broker that repeats what was not acknowledged.
    for at in range(len(samples.minutes)):
        observed = samples.clock_min[at]
        values: dict[str, float | None] = {}
        faults: dict[str, str] = {}
        if place.water is not None and not place.unseen:
            distance = float(samples.distance_mm[at])
            values["distance_mm"] = None if np.isnan(distance) else distance
            if samples.words[at]:
                faults["distance_mm"] = samples.words[at]
        if tips is not None:
            values["rain_tips"] = float(tips[at])
        observation = Observation(
            1,
            boot,
            at,
            values,
            None if np.isnan(observed) else case.start_ms + round(float(observed) * MINUTE_MS),
            faults,
        )
        received_at = case.start_ms + round(float(samples.arrival_min[at]) * MINUTE_MS)
        for _ in range(int(samples.copies[at])):
            yield Delivery(received_at, node_of(place.id), observation)


def _tips(rain: tuple[tuple[float, float, float], ...], length: float, minutes: Series) -> Series:
    """Tips of the bucket since the sample before."""
    fallen = depth_mm(intensity(rain, int(np.ceil(length)) + 1))
    whole = np.floor(np.interp(minutes, np.arange(len(fallen)), fallen) / MM_PER_TIP)
    return np.diff(whole, prepend=0.0)


def _upkeep(case: Case, place: Place) -> Iterator[UpkeepNote]:
    for upkeep in place.upkeep:
        begins = case.start_ms + round(upkeep.from_min * MINUTE_MS)
        ends = begins + round(upkeep.for_min * MINUTE_MS)
        yield UpkeepNote(begins, place.id, ends, upkeep.author, upkeep.reason)
        yield UpkeepNote(ends, place.id, None, upkeep.author, upkeep.reason)


def _tides(case: Case, place: Place) -> Iterator[TideNote]:
    """Each window is known from the end of the one before it."""
    known_from = case.start_ms
    for begins, ends in place.high_tide.windows if place.high_tide is not None else ():
        window = (case.start_ms + round(begins * MINUTE_MS), case.start_ms + round(ends * MINUTE_MS))
        yield TideNote(known_from, place.id, window)
        known_from = window[1]
