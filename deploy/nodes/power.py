"""What a node takes from its battery: mAh a day in each of its modes, and how many days that lasts without sun.

Currents are those of makers' data sheets, at the part; what runs at another voltage than the battery is converted with
the loss of a usual converter. The chip does not sleep between samples: it listens, so that a command arrives within
seconds. Nothing here was measured on hardware: it is for choosing battery and panel, not for accepting them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from deploy.commands.common import Refused

BATTERY_V: Final = 3.7  # the nominal voltage of one lithium-ion cell
CONVERTER: Final = 0.85
USABLE: Final = 0.8  # of a battery's capacity: age, and the voltage at which a node goes dark
DAY_S: Final = 86_400
# One reading sent over TLS and acknowledged, with what the radio sends and hears around it.
MESSAGE_S: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """One part: mA at ``volts``, all the time and, besides, for ``busy_s`` of each sample."""

    name: str
    idle_ma: float
    source: str
    volts: float = BATTERY_V  # a linear regulator takes as many mA as it gives
    busy_ma: float = 0.0
    busy_s: float = 0.0

    def battery_ma(self, sample_s: float) -> float:
        """The mean current from the battery with a sample every ``sample_s``."""
        mean = self.idle_ma + self.busy_ma * min(1.0, self.busy_s / sample_s)
        return mean if self.volts <= BATTERY_V else mean * self.volts / (BATTERY_V * CONVERTER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    name: str
    sample_s: float
    when: str


_NOT_READ_AGAIN: Final = "as makers give it, not checked: measure yours"
_CHIP: Final = (
    # 44 mA is the greatest of 27-44 mA at 160 MHz; a beacon every 102.4 ms costs 3 ms of listening at 100 mA.
    Draw(name="ESP32, radio between beacons", idle_ma=44 + 100 * 3 / 102.4, source="ESP32 data sheet: modem sleep, Rx"),
    Draw(name="radio, a reading sent", idle_ma=0, busy_ma=240, busy_s=MESSAGE_S, source="ESP32 data sheet: Tx 802.11b"),
)
DRAWS: Final[dict[str, Draw]] = {
    "a02yyuw": Draw(name="A02YYUW", idle_ma=8, source=f"below 8 mA, {_NOT_READ_AGAIN}"),
    "jsn_sr04t": Draw(
        name="JSN-SR04T", idle_ma=5, busy_ma=25, busy_s=0.7, volts=5, source="module's page: 5 and 30 mA"
    ),
    "maxbotix": Draw(name="MaxBotix HRXL", idle_ma=3.1, volts=5, source=_NOT_READ_AGAIN),
    "ads1115": Draw(name="4-20 mA loop at 24 V", idle_ma=20, volts=24, source="NAMUR NE 43: 20 mA at full scale"),
    "tipping_bucket": Draw(name="tipping bucket", idle_ma=0, source="an open contact"),
    "pms5003": Draw(name="PMS5003, its fan on", idle_ma=100, volts=5, source=f"at most 100 mA, {_NOT_READ_AGAIN}"),
    "bme280": Draw(name="BME280", idle_ma=0.0001, busy_ma=0.7, busy_s=0.012, source="BME280 data sheet: asleep"),
    "battery": Draw(name="battery divider", idle_ma=BATTERY_V / 200, source="200 kiloohms"),
    "solar": Draw(name="panel's divider", idle_ma=0, source="fed by the panel"),
    "switch": Draw(name="switch, at rest closed", idle_ma=3.3 / 45, source="ESP32 data sheet: pull-up of 45 kiloohms"),
}
MODES: Final = (
    Mode(name="biasa", sample_s=60, when="as a rule"),
    Mode(name="cepat", sample_s=10, when="while the water rises, or somebody watches"),
    Mode(name="hemat", sample_s=300, when="below 3.5 V"),
)
USUAL_SENSORS: Final = ("a02yyuw", "tipping_bucket", "battery", "switch")


def parts(sensors: Sequence[str]) -> tuple[Draw, ...]:
    """Chip, radio and sensors; raises Refused for a sensor that there is no figure for."""
    unknown = [name for name in sensors if name not in DRAWS]
    if unknown:
        raise Refused(f"--sensors {','.join(unknown)}: there is no such driver; there is {', '.join(DRAWS)}")
    return (*_CHIP, *(DRAWS[name] for name in sensors))


def mah_a_day(draws: Sequence[Draw], mode: Mode) -> float:
    return 24 * sum(draw.battery_ma(mode.sample_s) for draw in draws)


def days(battery_mah: float, mah: float) -> float:
    """How long the usable part of a full battery lasts."""
    return USABLE * battery_mah / mah


def table(sensors: Sequence[str], battery_mah: float) -> Iterator[str]:
    """Lines: each part's share in each mode, the sums, and the days without sun."""
    if battery_mah <= 0:
        raise Refused(f"--battery-mah {battery_mah:g}: give the battery's capacity in mAh, as 10000")
    draws = parts(sensors)
    yield f"{'mAh a day, from the battery':<30}" + "".join(f"{f'{m.name} {m.sample_s:g} s':>14}" for m in MODES)
    for draw in draws:
        row = "".join(f"{mah_a_day([draw], mode):>14.1f}" for mode in MODES)
        yield f"{draw.name:<30}{row}  {draw.source}"
    sums = [mah_a_day(draws, mode) for mode in MODES]
    yield f"{'together':<30}" + "".join(f"{mah:>14.0f}" for mah in sums)
    yield f"{'days without sun':<30}" + "".join(f"{days(battery_mah, mah):>14.1f}" for mah in sums)
    yield ""
    yield from (f"{mode.name}: a sample every {mode.sample_s:g} s, {mode.when}" for mode in MODES)
    yield (
        f"battery: {battery_mah:g} mAh at {BATTERY_V:g} V, {USABLE:.0%} of it usable; 5 V and 24 V with "
        f"{CONVERTER:.0%} efficiency. Siren and lamp are not in it. Computed from data sheets, not measured."
    )
