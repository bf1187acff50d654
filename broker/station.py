"""What is known of a station: a place that is measured. One document, kept whole in every version.

Hardware is not in it: nodes come and go, the place and its history stay. Nothing here changes by itself; thresholds
and calibration say from when they hold.
"""

from typing import Final, Literal

import msgspec

Hazard = Literal["level", "rain", "air", "tide"]
Side = Literal["upstream", "downstream"]

LEVEL_SERIES: Final = "distance_mm"
RAIN_SERIES: Final = "rain_tips"
MM_PER_TIP: Final = 0.2  # of a gauge of which nothing else is said


class Neighbour(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another station of the same water, and how long the water takes from the upper to the lower one."""

    station: str
    side: Side
    travel_minutes: float


class Thresholds(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Metres above the gauge's zero at which a level begins, who set them and why.

    They are in force from ``effective_from`` (ms UTC); until then those before them are.
    """

    waspada: float
    siaga: float
    awas: float
    hysteresis_m: float = 0.1
    hold_up_samples: int = 2
    hold_down_minutes: float = 15.0
    early_siaga_minutes: float = 45.0
    effective_from: int
    author: str
    reason: str


class HighTide(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """Thresholds inside the predicted high-water window, in place of the usual ones; none of them is higher."""

    waspada: float
    siaga: float
    awas: float


class RainLimit(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """``mm`` or more within ``window`` is ``level``: at the station's own gauge, or as the mean of those upstream."""

    window: str  # 10min | 1h | 3h | 6h | 24h
    mm: float
    level: str  # WASPADA | SIAGA | AWAS
    where: str = "here"  # here | upstream


class AirLimits(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """ISPU categories by their names at which a level begins.

    An hour at ``indicative``, and a worsening by ``worsening_ugm3`` from one hour to the next, are WASPADA at most;
    "never" and 0 switch them off.
    """

    waspada: str = "Tidak Sehat"
    siaga: str = "Sangat Tidak Sehat"
    awas: str = "Berbahaya"
    indicative: str = "Sangat Tidak Sehat"
    worsening_ugm3: float = 0.0


class Support(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """What must speak for this station before its AWAS is public without an operator."""

    samples: int = 3
    rain_mm: float = 10.0  # in 3 h, here or upstream
    second_m: float = 0.2  # how near a second sensor is
    step_m: float = 0.5  # a jump of so much between two samples is suspect
    fresh_minutes: float = 60.0


class Epoch(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """How one series is calibrated from ``effective_from`` (ms UTC) on, by the observation's own time.

    ``datum_m``: the sensor's height above the gauge's zero. ``sound_reference_c``: the air temperature that an
    ultrasonic sensor assumes; None when it corrects for itself or nothing is corrected. An epoch with a greater number
    takes the place of those before it from its own beginning on; none is ever changed.
    """

    number: int
    series: str
    effective_from: int
    datum_m: float | None = None
    mm_per_tip: float | None = None
    sound_reference_c: float | None = None
    author: str = ""
    reason: str = ""


class Station(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """``kelurahan`` are area codes, in the order in which messages name them.

    ``low_m`` and ``high_m`` are the ends of the drawn ladder, ``sensor_mm`` what the sensor can measure, ``site_m``
    what is plausible at the place. Without ``thresholds`` the station is BELUM DITETAPKAN. ``interval_seconds`` is how
    often it reports; 0: learned from its samples. Air without ``air_limits`` has the regulation's categories in order.
    """

    id: str
    name: str
    hazard: Hazard = "level"
    river: str | None = None
    datum: str | None = None  # what the gauge's zero is: "peil lokal", "mdpl"
    latitude: float | None = None
    longitude: float | None = None
    kelurahan: tuple[str, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    thresholds: Thresholds | None = None
    impact: dict[str, str] = {}  # level -> what it means there
    owner: str | None = None
    photo: str | None = None
    example: bool = False
    low_m: float = 0.0
    high_m: float | None = None
    sensor: str | None = None  # a02yyuw, jsn-sr04t, maxbotix, radar, pms5003, tipping_bucket ...
    sensor_mm: tuple[float, float] | None = None  # None: as its type has it
    site_m: tuple[float, float] | None = None
    silence_minutes: float = 10.0
    interval_seconds: float = 0.0
    high_tide: HighTide | None = None
    rain_limits: tuple[RainLimit, ...] = ()
    air_limits: AirLimits | None = None
    support: Support | None = None
    quality: dict[str, float] = {}  # limits of quality control that are this station's own
    epochs: tuple[Epoch, ...] = ()
    retired_at: int | None = None  # ms UTC: it is measured no more, and its id is never used again

    @property
    def measures_water(self) -> bool:
        """Whether its value is a level in metres."""
        return self.hazard in ("level", "tide")

    def epoch_at(self, series: str, time: int) -> Epoch | None:
        """The epoch of ``series`` that counts at ``time``; the first one also counts before its own beginning."""
        found = first = None
        for epoch in self.epochs:
            if epoch.series != series:
                continue
            if first is None or epoch.number < first.number:
                first = epoch
            if epoch.effective_from <= time and (found is None or epoch.number > found.number):
                found = epoch
        return found or first

    def last_epoch(self, series: str) -> Epoch | None:
        """The epoch with the greatest number: the one that counts now, because none begins in the future."""
        found = None
        for epoch in self.epochs:
            if epoch.series == series and (found is None or epoch.number > found.number):
                found = epoch
        return found

    @property
    def datum_m(self) -> float | None:
        """Of the level sensor, now; None where no water level is measured."""
        epoch = self.last_epoch(LEVEL_SERIES)
        return None if epoch is None else epoch.datum_m

    @property
    def mm_per_tip(self) -> float:
        epoch = self.last_epoch(RAIN_SERIES)
        return MM_PER_TIP if epoch is None or epoch.mm_per_tip is None else epoch.mm_per_tip
