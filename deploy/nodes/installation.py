"""How a node is put up, step by step, as a document: what was done, by whom, and what is still to be done. Pure."""

from statistics import median
from typing import Any, Final, Literal

import msgspec

StepName = Literal["station", "live", "gauge", "upright", "link", "power", "photo", "siren", "thresholds"]
STEPS: Final[tuple[StepName, ...]] = (
    "station",
    "live",
    "gauge",
    "upright",
    "link",
    "power",
    "photo",
    "siren",
    "thresholds",
)
WORDS: Final[dict[StepName, str]] = {
    "station": "stasiun",
    "live": "bacaan langsung",
    "gauge": "papan duga",
    "upright": "tegak dan tutup kotak",
    "link": "sinyal dan kehilangan",
    "power": "baterai dan surya",
    "photo": "foto",
    "siren": "uji lampu sirene",
    "thresholds": "ambang",
}
UNSKIPPABLE: Final = frozenset({"station", "live", "thresholds"})
READINGS: Final = 3  # of the staff gauge, before a datum is made of them
SPREAD_M: Final = 0.05  # how far they may lie apart: waves and a gauge painted in centimetres, not a slip of the pen
SAME_M: Final = 0.005  # a datum nearer than this to the one in force begins no epoch
_replace: Final = msgspec.structs.replace


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step as it was done, or left out: ``skipped`` is then the reason. ``at`` is ms UTC."""

    at: int
    by: str
    facts: dict[str, Any] = {}
    skipped: str = ""


class GaugeReading(msgspec.Struct, frozen=True, kw_only=True):
    """The staff gauge by a person's eye beside the sensor's distance to the water at that moment, both in metres."""

    at: int
    by: str
    gauge_m: float
    distance_m: float

    @property
    def datum_m(self) -> float:
        """The sensor's height over the gauge's zero that this reading speaks for."""
        return self.gauge_m + self.distance_m


class Installation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A node being put up, and afterwards the record of it. ``link_from``: since when loss is measured (ms UTC)."""

    id: int
    node: str
    begun_at: int
    begun_by: str
    state: Literal["open", "done", "dropped"] = "open"
    steps: dict[str, Step] = {}
    gauge: tuple[GaugeReading, ...] = ()
    link_from: int | None = None
    siren_order: int | None = None  # number of the last test of the siren
    ended_at: int | None = None
    ended_by: str = ""
    why: str = ""  # it was dropped
    result: dict[str, Any] = {}  # what the record says of station and readings, as they were at the end

    @property
    def row(self) -> tuple[Any, ...]:
        """In the order of the table's columns."""
        return (self.id, self.node, self.state, self.begun_at, self.ended_at, msgspec.json.encode(self).decode())

    @property
    def open_steps(self) -> tuple[StepName, ...]:
        """What is neither done nor left out, in order."""
        return tuple(name for name in STEPS if name not in self.steps)

    def with_step(self, name: StepName, step: Step) -> "Installation":
        return _replace(self, steps={**self.steps, name: step})

    def without_steps(self, *names: StepName) -> "Installation":
        """Steps that are to be done anew, because what they rested on has changed."""
        return _replace(self, steps={name: step for name, step in self.steps.items() if name not in names})


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What the readings of the staff gauge come to. ``agrees``: there are enough, and they lie together."""

    datum_m: float
    spread_m: float
    count: int

    @property
    def agrees(self) -> bool:
        return self.count >= READINGS and self.spread_m <= SPREAD_M


def compared(readings: tuple[GaugeReading, ...]) -> Comparison | None:
    """The median datum and how far the readings lie apart; None without any. Millimetres are as fine as it goes."""
    if not readings:
        return None
    data = [each.datum_m for each in readings]
    spread = round(max(data) - min(data), 3)
    return Comparison(datum_m=round(median(data), 3), spread_m=spread, count=len(data))


def installation_of(document: str) -> Installation:
    return msgspec.json.decode(document, type=Installation)
