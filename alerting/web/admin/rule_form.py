"""What is typed of a station's limits, by what it measures: heights of water, sums of rain, categories of air."""

from itertools import pairwise
from typing import Any, Final

from alerting import explain
from alerting.web.admin.fields import Form
from alerting.web.catalogue import tr

HEIGHTS: Final = ("waspada", "siaga", "awas")
HOLDS: Final = {"hysteresis_m": 0.1, "hold_up_samples": 2, "hold_down_minutes": 15.0, "early_siaga_minutes": 45.0}
LEVELS: Final = ("WASPADA", "SIAGA", "AWAS")
WINDOWS: Final = {"10min": "10 menit", "1h": "1 jam", "3h": "3 jam", "6h": "6 jam", "24h": "24 jam"}
PLACES: Final = {"here": "Di alat ini", "upstream": "Rata-rata alat di hulu"}
CATEGORIES: Final = explain.CATEGORIES[1:]  # official names, not translated; the first of all warns of nothing
NEVER: Final = "never"
USUAL_AIR: Final = dict(zip(HEIGHTS, CATEGORIES[1:], strict=True)) | {
    "indicative": "Sangat Tidak Sehat",
    "worsening_ugm3": 0,
}

Limits = dict[str, Any]


def windows() -> list[tuple[str, str]]:
    return [(window, tr(word)) for window, word in WINDOWS.items()]


def places() -> list[tuple[str, str]]:
    return [(where, tr(word)) for where, word in PLACES.items()]


def shown(station: dict[str, Any]) -> dict[str, Any]:
    """The limits in force as fields of the form."""
    hazard = station.get("hazard", "level")
    if hazard == "rain":
        return {_field(each): _comma(each["mm"]) for each in station.get("rain_limits", ())}
    if hazard == "air":
        return {name: _comma(value) for name, value in (USUAL_AIR | (station.get("air_limits") or {})).items()}
    known = station.get("thresholds") or {}
    said = {name: _comma(known.get(name)) for name in HEIGHTS}
    return said | {name: _comma(known.get(name, usual)) for name, usual in HOLDS.items()}


def typed(form: Form, hazard: str) -> Limits:
    """What the station's table would say; of use only while the form is good."""
    if hazard == "rain":
        return {"rain_limits": _sums(form)}
    if hazard == "air":
        return {"air_limits": _categories(form)}
    return {"thresholds": _heights(form)}


def _heights(form: Form) -> Limits:
    found: Limits = {name: form.number(name, due=True) for name in HEIGHTS}
    for lower, higher in pairwise(HEIGHTS):
        if None not in (found[lower], found[higher]) and found[higher] <= found[lower]:
            form.refuse(tr("Harus lebih tinggi dari {lower}.", lower=lower.upper()), higher)
    holds = {
        name: form.whole(name, due=True) if name == "hold_up_samples" else form.number(name, due=True) for name in HOLDS
    }
    return found | holds


def _sums(form: Form) -> list[Limits]:
    found: list[Limits] = []
    for where in PLACES:
        for window in WINDOWS:
            before: float | None = None
            for level in LEVELS:
                limit = {"window": window, "level": level, "where": where}
                mm = form.number(_field(limit))
                if mm is not None and mm <= (before or 0):
                    form.refuse(tr("Tulis milimeter, lebih banyak dari tingkat di bawahnya."), _field(limit))
                if mm is not None:
                    found.append({**limit, "mm": mm})
                    before = mm
    return found


def _categories(form: Form) -> Limits:
    found: Limits = {name: form.chosen(name, CATEGORIES) for name in HEIGHTS}
    for lower, higher in pairwise(HEIGHTS):
        if form.is_good and CATEGORIES.index(found[higher]) <= CATEGORIES.index(found[lower]):
            form.refuse(tr("Harus lebih buruk dari {lower}.", lower=lower.upper()), higher)
    found["indicative"] = form.chosen("indicative", (*CATEGORIES, NEVER))
    found["worsening_ugm3"] = form.number("worsening_ugm3", due=True)
    return found


def _field(limit: Limits) -> str:
    return f"mm.{limit.get('where', 'here')}.{limit['window']}.{limit['level']}"


def _comma(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:g}".replace(".", ",") if isinstance(value, int | float) else str(value)
