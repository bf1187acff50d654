"""What can fail at a simulated node, by name: what it is called, and what it does to the truth that the sensor meets.

A fault of the device (a silent line, a broken checksum) is played by the fake hardware. All others change what is true
in front of the sensor, so that every driver meets them. After the failures that makers and operators describe.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from firmware_sim.rain import Series

FaultKind = Literal[
    "no_return", "checksum", "silent", "stuck", "spike", "no_wifi", "obstructed", "foam", "drift", "moved", "torn_away",
    "hot_air", "clogged", "double_tips", "stuck_reed", "pm_zero", "condensed", "self_heating", "stolen", "lid_open",
    "tilted", "battery_dying", "weak_signal",
]  # fmt: skip

BEYOND_MM: Final = 9000.0  # where no ultrasonic sensor reaches: nothing comes back
_OBSTRUCTED_MM: Final = 300.0  # a MaxBotix says 300 for whatever is nearer
_PER_DEGREE: Final = 0.00166  # an ultrasonic distance without temperature correction

# ``at`` is minutes since the fault's beginning, ``length`` how long it lasts, ``value`` the story's number.
Change = Callable[[Series, Series, float, float], Series]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """``sentence`` is Indonesian, with {series}, {place} and {value}. ``columns`` are the beginnings of those changed.

    ``lasts``: it is not over when its time is. ``with_device`` are further faults of the device that go with it.
    """

    sentence: str
    columns: tuple[str, ...] = ()
    change: Change | None = None
    lasts: bool = False
    with_device: tuple[tuple[str, str], ...] = ()  # (kind, series)


def _constant(number: float) -> Change:
    return lambda truth, _at, _length, _value: np.full_like(truth, number)


def _added(truth: Series, _at: Series, _length: float, value: float) -> Series:
    return np.asarray(truth + value)


def _crept(truth: Series, at: Series, length: float, value: float) -> Series:
    """To ``value`` more over the fault's time, and there it stays."""
    return np.asarray(truth + value * np.clip(at / length, 0, 1))


def _foamed(truth: Series, at: Series, _length: float, value: float) -> Series:
    """Echoes from up to ``value`` mm above the water, the same each time that the story is played."""
    share = np.abs(np.sin(at * 12.9898) * 43758.5453) % 1
    return np.asarray(truth - value * share)


def _warmed(truth: Series, _at: Series, _length: float, value: float) -> Series:
    return np.asarray(truth * (1 - _PER_DEGREE * value))


def _scaled(share: float) -> Change:
    """Of what falls meanwhile only a share is counted; ``value`` over 0 is another share."""

    def change(truth: Series, _at: Series, _length: float, value: float) -> Series:
        return np.asarray(truth[0] + (truth - truth[0]) * (value if value > 0 else share))

    return change


def _dying(truth: Series, at: Series, length: float, _value: float) -> Series:
    """A lithium cell's end: slowly, then at once."""
    return np.asarray(truth - 900 * np.clip(at / length, 0, 1) ** 3)


_DISTANCE: Final = ("distance_mm",)
_BATTERY: Final = ("batt_mv",)
KINDS: Final[Mapping[FaultKind, Kind]] = {
    "no_return": Kind(sentence="Sensor {series} di {place} bisu: tidak ada pantulan"),
    "checksum": Kind(sentence="Sensor {series} di {place} mengirim data rusak"),
    "silent": Kind(sentence="Sensor {series} di {place} tidak menjawab"),
    "stuck": Kind(sentence="Sensor {series} di {place} macet pada satu nilai"),
    "spike": Kind(sentence="Sensor {series} di {place} memberi nilai palsu {value:.0f}"),
    "no_wifi": Kind(sentence="Simpul {place} kehilangan jaringan"),
    "weak_signal": Kind(sentence="Sinyal Wi-Fi simpul {place} lemah, {value:.0f} dBm"),
    "obstructed": Kind(
        sentence="Sensor {series} di {place} terhalang sarang atau ranting",
        columns=_DISTANCE,
        change=_constant(_OBSTRUCTED_MM),
    ),
    "foam": Kind(
        sentence="Busa dan sampah di bawah sensor {place}: pantulan sampai {value:.0f} mm di atas air",
        columns=_DISTANCE,
        change=_foamed,
    ),
    "drift": Kind(
        sentence="Bacaan {series} di {place} bergeser perlahan, sampai {value:.0f}",
        columns=("distance_mm", "temperature_c", "humidity_pct", "pressure_hpa", "pm25_ugm3", "pm10_ugm3"),
        change=_crept,
        lasts=True,
    ),
    "moved": Kind(
        sentence="Sensor {place} digeser {value:.0f} mm tanpa catatan", columns=_DISTANCE, change=_added, lasts=True
    ),
    "torn_away": Kind(
        sentence="Tiang sensor {place} hanyut terbawa arus",
        columns=_DISTANCE,
        change=_constant(BEYOND_MM),
        lasts=True,
        with_device=(("no_wifi", "wifi"),),
    ),
    "hot_air": Kind(
        sentence="Udara panas di sensor {place}: jarak terbaca meleset karena {value:.0f} derajat",
        columns=_DISTANCE,
        change=_warmed,
    ),
    "clogged": Kind(
        sentence="Penakar hujan {place} tersumbat", columns=("rain_mm",), change=_scaled(0.2)
    ),
    "double_tips": Kind(
        sentence="Penakar hujan {place} menghitung ganda", columns=("rain_mm",), change=_scaled(2.0)
    ),
    "stuck_reed": Kind(
        sentence="Saklar penakar hujan {place} macet", columns=("rain_mm",), change=_scaled(1e-9)
    ),
    "pm_zero": Kind(
        sentence="Sensor debu {place} macet pada nol", columns=("pm25_ugm3", "pm10_ugm3"), change=_constant(0.0)
    ),
    "condensed": Kind(
        sentence="Embun di sensor kelembapan {place}: 100 persen terus", columns=("humidity_pct",),
        change=_constant(100.0),
    ),
    "self_heating": Kind(
        sentence="Kotak sensor {place} panas: suhu terbaca {value:.0f} derajat lebih", columns=("temperature_c",),
        change=_added,
    ),
    "stolen": Kind(
        sentence="Aki {place} dicuri",
        columns=_BATTERY,
        change=_constant(0.0),
        lasts=True,
        with_device=(("no_wifi", "wifi"),),
    ),
    "battery_dying": Kind(sentence="Aki {place} melemah dan tidak terisi", columns=_BATTERY, change=_dying, lasts=True),
    "lid_open": Kind(sentence="Tutup kotak {place} terbuka", columns=("lid_open",), change=_constant(1.0)),
    "tilted": Kind(sentence="Tiang {place} miring", columns=("tilted",), change=_constant(1.0)),
}  # fmt: skip


def is_of_device(kind: FaultKind) -> bool:
    """Whether the fake hardware plays it."""
    return KINDS[kind].change is None


def spoil(column: str, truth: Series, kind: FaultKind, *, from_min: float, for_min: float, value: float) -> Series:
    """``truth``, a value a minute, as the sensor meets it under the fault; unchanged where that is of another."""
    made = KINDS[kind]
    if made.change is None or not column.startswith(made.columns):
        return truth
    at = np.arange(len(truth), dtype=float) - from_min
    first = int(np.searchsorted(at, 0))
    last = len(truth) if made.lasts else int(np.searchsorted(at, for_min))
    if first >= last:
        return truth
    changed = made.change(truth[first:last], at[first:last], for_min, value)
    if column == "rain_mm":
        # Tips are counted: what follows goes on from what was counted, not from what fell.
        return np.concatenate((truth[:first], changed, truth[last:] - (truth[last - 1] - changed[-1])))
    return np.concatenate((truth[:first], changed, truth[last:]))
