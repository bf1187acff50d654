"""Which changes of rules somebody has looked at on past data: none comes into force at a known station unseen.

A new station has no past and no rule yet; with it there is nothing to compare.
"""

import hashlib
from typing import Any, Final, Literal

import msgspec

from alerting.rules import StationRules
from broker.station import AirLimits, Station

FRESH_MS: Final = 86_400_000  # a look counts for a day
MOST: Final = 1000  # looks that are remembered, until core stops

Part = Literal["level", "rain", "air"]
KEYS: Final[dict[Part, str]] = {"level": "thresholds", "rain": "rain_limits", "air": "air_limits"}


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a station's rules as core sees it: in force, proposed, and the fingerprint of the two."""

    id: str
    fingerprint: str
    parts: tuple[Part, ...]
    active: StationRules
    candidate: StationRules
    station: Station


class Looks:
    """Fingerprints of changes (:func:`fingerprint_of`) that were looked at, with when."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def keep(self, fingerprint: str, now: int) -> None:
        """``fingerprint`` was looked at; of too many the oldest is forgotten."""
        self._seen.pop(fingerprint, None)
        self._seen[fingerprint] = now
        if len(self._seen) > MOST:
            del self._seen[next(iter(self._seen))]

    def is_fresh(self, fingerprint: str, now: int) -> bool:
        return now - self._seen.get(fingerprint, now - 2 * FRESH_MS) <= FRESH_MS


def changed_parts(before: Station | None, after: Station) -> tuple[Part, ...]:
    """The rules of a known station that a change touches: their figures, not who set them or from when on."""
    if before is None:
        return ()
    was, will = _figures(before), _figures(after)
    return tuple(part for part in KEYS if was[part] != will[part])


def fingerprint_of(before: Station | None, after: Station) -> str:
    """Names one change of a station's rules: another figure, before it or after it, is another change."""
    told = [after.id, None if before is None else _figures(before), _figures(after)]
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()


def _figures(station: Station) -> dict[Part, Any]:
    limits = station.thresholds
    level = None if limits is None else msgspec.structs.replace(limits, effective_from=0, author="", reason="")
    air = (station.air_limits or AirLimits()) if station.hazard == "air" else None
    return {"level": (level, station.high_tide), "rain": station.rain_limits, "air": air}
