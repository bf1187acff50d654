"""The parameters of the API, each declared once."""

from typing import Any, Final

from alerting.web.api.asking import Parameter

MAX_READINGS: Final = 10_000
MAX_ENTITIES: Final = 1000
READINGS: Final = 1000
ENTITIES: Final = 100
HAZARDS: Final = ("level", "rain", "air", "tide")
TIERS: Final = ("minute", "hour", "day")

_INSTANT: Final[dict[str, Any]] = {"type": "string", "format": "date-time"}
_NAME: Final[dict[str, Any]] = {"type": "string", "maxLength": 64}


def _limit(most: int, default: int) -> Parameter:
    return Parameter(
        name="limit",
        description=f"rows a page, at most {most}",
        schema={"type": "integer", "minimum": 1, "maximum": most, "default": default},
        example=2,
    )


STATION: Final = Parameter(
    name="station", description="id of a station", schema=_NAME, example="welang-kraton", required=True
)
QUANTITY: Final = Parameter(
    name="quantity",
    description="what was measured; its unit is in its name. `/stations` lists what a station has",
    schema=_NAME,
    example="level_m",
    required=True,
)
ONE_STATION: Final = Parameter(name="station", description="only this station", schema=_NAME, example="welang-kraton")
ONE_QUANTITY: Final = Parameter(name="quantity", description="only this quantity", schema=_NAME, example="level_m")
HAZARD: Final = Parameter(
    name="hazard",
    description="only stations for this hazard",
    schema={"type": "string", "enum": list(HAZARDS)},
    example="level",
)
AFTER: Final = Parameter(
    name="after",
    description="begin after this key; as `next` gives it",
    schema={"type": "string", "maxLength": 200},
    example="a",
)
AFTER_NUMBER: Final = Parameter(
    name="after", description="begin after this message's id", schema={"type": "integer", "minimum": 1}, example=1
)
START: Final = Parameter(
    name="start",
    description="first moment; ISO 8601 with an offset, the plus sign written %2B. Default: a day before `end` "
    "(a week for hours, a year for days)",
    schema=_INSTANT,
    example="2026-11-22T00:00:00+07:00",
)
END: Final = Parameter(
    name="end",
    description="moment before which it ends. Default: now",
    schema=_INSTANT,
    example="2026-11-22T12:00:00+07:00",
)
TIER: Final = Parameter(
    name="tier",
    description="how long a bucket is; days are days of the site, minutes exist where readings are denser than that",
    schema={"type": "string", "enum": list(TIERS)},
    example="hour",
    required=True,
)
ENTITY_LIMIT: Final = _limit(MAX_ENTITIES, ENTITIES)
READINGS_LIMIT: Final = _limit(MAX_READINGS, READINGS)
