"""ISPU, the air quality index of Indonesia: Peraturan Menteri LHK P.14/MENLHK/SETJEN/KUM.1/7/2020. Pure.

An ISPU is made of 24-hour means and of nothing shorter. What one hour says has a type of its own, its own words and no
number of an index (:func:`indicative_hour`), so that it cannot be shown as an ISPU.
"""

from collections.abc import Mapping
from math import isfinite
from typing import Final, Literal, get_args

import msgspec

Parameter = Literal["pm10", "pm25", "so2", "co", "o3", "no2", "hc"]
PARAMETERS: Final[tuple[Parameter, ...]] = get_args(Parameter)
LABELS: Final[dict[Parameter, str]] = {
    "pm10": "PM10",
    "pm25": "PM2,5",
    "so2": "SO2",
    "co": "CO",
    "o3": "O3",
    "no2": "NO2",
    "hc": "HC",
}
HOURS: Final = 24
LEAST_HOURS: Final = 18  # 75 % of 24; an assumption, the regulation's text was not at hand

# The regulation's table: the greatest 24-hour mean of each band, ug/m3. The last is taken as that of ISPU 500.
breakpoints: Final[dict[Parameter, tuple[float, float, float, float, float]]] = {
    "pm10": (50, 150, 350, 420, 500),
    "pm25": (15.5, 55.4, 150.4, 250.4, 500),
    "so2": (52, 180, 400, 800, 1200),
    "co": (4000, 8000, 15000, 30000, 45000),
    "o3": (120, 235, 400, 800, 1000),
    "no2": (80, 200, 1130, 2260, 3000),
    "hc": (45, 100, 215, 432, 648),
}
# A band begins one above the band below it: so the ministry's published values come out.
_BANDS: Final = ((0, 50), (51, 100), (101, 200), (201, 300), (301, 500))


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """``name`` and ``colour`` are the regulation's; ``advice`` is ours, not the ministry's text."""

    up_to: int | None  # the greatest ISPU of the category; None: no end
    name: str
    colour: str
    advice: str


CATEGORIES: Final = (
    Category(up_to=50, name="Baik", colour="hijau", advice="Udara baik untuk kegiatan di luar."),
    Category(
        up_to=100,
        name="Sedang",
        colour="biru",
        advice="Boleh berkegiatan di luar. Yang sakit asma atau jantung: kurangi kegiatan berat.",
    ),
    Category(
        up_to=200,
        name="Tidak Sehat",
        colour="kuning",
        advice="Kurangi kegiatan di luar dan pakai masker. Anak, lansia, ibu hamil, dan yang sakit: tetap di dalam.",
    ),
    Category(
        up_to=300,
        name="Sangat Tidak Sehat",
        colour="merah",
        advice="Hindari kegiatan di luar, tutup jendela. Harus keluar: pakai masker. Sesak napas: segera ke puskesmas.",
    ),
    Category(
        up_to=None,
        name="Berbahaya",
        colour="hitam",
        advice="Semua orang tetap di dalam dengan jendela tertutup. Ikuti arahan petugas. Darurat: 112.",
    ),
)


class Mean24(msgspec.Struct, frozen=True, kw_only=True):
    """The mean of the hourly means of 24 hours, ug/m3, and how many of the 24 were observed."""

    mean_ugm3: float
    hours: int

    @property
    def complete(self) -> float:
        return self.hours / HOURS

    @property
    def is_complete(self) -> bool:
        return self.hours >= LEAST_HOURS


class AirIndex(msgspec.Struct, frozen=True, kw_only=True):
    """The ISPU of a place: the highest sub-index, of the parameter ``critical``, and how complete its 24 hours are."""

    value: int
    critical: Parameter
    category: Category
    complete: float
    sub_indices: dict[Parameter, int]


class IndicativeHour(msgspec.Struct, frozen=True, kw_only=True):
    """What one hour was like, in a word of our own. It has no index and no category of the regulation."""

    parameter: Parameter
    mean_ugm3: float
    word: str


def sub_index(parameter: Parameter, mean_ugm3: float) -> int:
    """The ISPU of one parameter's 24-hour mean, linear inside its band and rounded to the nearest whole number.

    Above the table the last band goes on: values are not capped at 500. Raises ValueError for a mean that is not a
    finite number from 0 up.
    """
    if not isfinite(mean_ugm3) or mean_ugm3 < 0:
        raise ValueError(f"{parameter}: a mean of {mean_ugm3} ug/m3 has no index; a finite number from 0 up is due")
    low = 0.0
    for high, (first, last) in zip(breakpoints[parameter], _BANDS, strict=True):
        if mean_ugm3 <= high or last == _BANDS[-1][1]:
            return int(first + (last - first) / (high - low) * (mean_ugm3 - low) + 0.5)
        low = high
    raise AssertionError("the last band has no end")


def category_of(index: int) -> Category:
    """The category of an ISPU."""
    return next(each for each in CATEGORIES if each.up_to is None or index <= each.up_to)


def ispu(means: Mapping[Parameter, Mean24]) -> AirIndex | None:
    """The index of the parameters with at least 18 of 24 hours; None when there is none of them.

    Of two equal sub-indices the one that stands first in the table is critical.
    """
    indices = {
        parameter: sub_index(parameter, means[parameter].mean_ugm3)
        for parameter in PARAMETERS
        if parameter in means and means[parameter].is_complete
    }
    if not indices:
        return None
    critical = max(indices, key=indices.__getitem__)
    return AirIndex(
        value=indices[critical],
        critical=critical,
        category=category_of(indices[critical]),
        complete=means[critical].complete,
        sub_indices=indices,
    )


# Words of ours for one hour, by the same concentrations: none is the name of a category.
_HOUR_WORDS: Final = ("rendah", "agak tinggi", "tinggi", "sangat tinggi", "ekstrem")


def indicative_hour(parameter: Parameter, mean_ugm3: float) -> IndicativeHour:
    """One hour's mean in a word. Raises ValueError for a mean that is not a finite number from 0 up."""
    if not isfinite(mean_ugm3) or mean_ugm3 < 0:
        raise ValueError(f"{parameter}: an hour of {mean_ugm3} ug/m3 has no word; a finite number from 0 up is due")
    bounds = breakpoints[parameter][:-1]
    word = _HOUR_WORDS[sum(mean_ugm3 > bound for bound in bounds)]
    return IndicativeHour(parameter=parameter, mean_ugm3=mean_ugm3, word=word)
