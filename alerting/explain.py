"""Why: one Indonesian sentence made from a stored decision, never by running its rule again."""

from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from typing import Final

import msgspec

from alerting.blind import EVERYTHING, GATEWAY
from alerting.engine_move import APART_MS
from alerting.episodes import Decision, PublicWhy, Support
from alerting.motion import Trend
from alerting.trend import STEADY_M_PER_H
from broker.levels import Level

CATEGORIES: Final = ("Baik", "Sedang", "Tidak Sehat", "Sangat Tidak Sehat", "Berbahaya")
WINDOWS: Final = {"10min": "10 menit", "1h": "1 jam", "3h": "3 jam", "6h": "6 jam", "24h": "24 jam"}
_SUPPORT: Final[dict[Support, str]] = {
    "rain": "hujan",
    "neighbour": "stasiun tetangga",
    "second": "sensor kedua",
    "operator": "petugas",
    "stations": "stasiun lain",
}
_NOT_PUBLIC: Final[dict[PublicWhy, str]] = {
    "too_short": "belum ke publik: pembacaan AWAS belum cukup lama",
    "no_support": "belum ke publik: tidak didukung hujan, tetangga, atau sensor kedua, menunggu keputusan petugas",
    "step": "belum ke publik: lonjakan mendadak tanpa dukungan, mungkin sensor terhalang",
    "unverified": "belum ke publik: data belum terverifikasi",
    "at_least": "belum ke publik: stasiun diam, perlu dukungan dan air yang sudah hampir sampai",
    "maintenance": "tidak ke publik: stasiun dalam pemeliharaan",
}


def why(decision: Decision, zone: tzinfo, named: Callable[[str], str] = str) -> str:
    """The cause of ``decision`` as an officer would say it; times in ``zone``, decimal commas.

    ``named`` gives the name of an area or a station for its id.
    """
    if decision.hazard == "area":
        stations = tuple(named(station) for station in decision.stations)
        decision = msgspec.structs.replace(decision, station=named(decision.station), stations=stations)
    return "; ".join([_CAUSES[decision.why](decision, zone), *_circumstances(decision, zone)]) + "."


def _circumstances(decision: Decision, zone: tzinfo) -> Iterator[str]:
    """What else bore on the decision."""
    if decision.tide is not None:
        start, end = (clock_time(at, zone) for at in decision.tide)
        yield f"ambang pasang tinggi berlaku {start}-{end}"
    if decision.rules_changed_at is not None:
        yield f"aturan diganti pukul {clock_time(decision.rules_changed_at, zone)} saat peringatan berjalan"
    others = [_SUPPORT[each] for each in decision.support if (each, decision.why) != ("operator", "operator")]
    if others:
        yield f"didukung {', '.join(others)}"
    if decision.maintenance is not None:
        work = decision.maintenance
        yield f"pemeliharaan oleh {work.by} sampai {clock_time(work.until, zone)} ({work.reason})"
    if decision.inhibited_by is not None:
        yield f"tidak diberitakan sendiri karena {_group(decision.inhibited_by)} putus"
    if not decision.public_ok and decision.public_why in _NOT_PUBLIC:
        yield _NOT_PUBLIC[decision.public_why]


def _threshold(decision: Decision, zone: tzinfo) -> str:
    kind = f"{decision.samples or 'beberapa'} pembacaan{'' if decision.verified else ' belum terverifikasi'}"
    run = "" if decision.samples == 1 else f", {kind} berturut-turut"
    return (
        f"Pukul {clock_time(decision.at, zone)} muka air {metres(decision.value)}{run} pada atau di atas ambang "
        f"{Level(decision.level).name} ({metres(decision.limit)}, {_rules(decision)}){_one(decision)}"
    )


def _one(decision: Decision) -> str:
    """What made one sample enough."""
    trend = decision.trend
    if decision.samples != 1 or trend is None or trend.spacing_ms < APART_MS:
        return ""
    often = minutes(trend.spacing_ms)
    return f", naik {speed(trend)}; satu pembacaan cukup karena stasiun ini hanya mengukur tiap {often}"


def _trend(decision: Decision, zone: tzinfo) -> str:
    return (
        f"Pukul {clock_time(decision.at, zone)} muka air {metres(decision.value)} naik {speed(decision.trend)}; "
        f"ambang AWAS ({metres(decision.limit)}) diperkirakan tercapai {expected(decision, zone)}, "
        f"maka SIAGA lebih awal ({_rules(decision)})"
    )


def _silent_rising(decision: Decision, zone: tzinfo) -> str:
    limit = "" if decision.interval_ms is None else f" (biasanya paling lama {minutes(decision.interval_ms)})"
    return (
        f"Pukul {clock_time(decision.at, zone)} stasiun diam {minutes(decision.silent_for_ms)}{limit} saat air naik "
        f"{speed(decision.trend)}; terakhir {metres(decision.value)} pukul {_time(decision.value_at, zone)}, "
        f"maka sedikitnya {Level(decision.level).name}, naik ({_rules(decision)})"
    )


def _observed(decision: Decision, zone: tzinfo) -> str:
    return (
        f"Pukul {clock_time(decision.at, zone)} {_by(decision)} melihat muka air {metres(decision.value)}, pada atau "
        f"di atas ambang {Level(decision.level).name} ({metres(decision.limit)}){_note(decision)} ({_rules(decision)})"
    )


def _operator(decision: Decision, zone: tzinfo) -> str:
    verbs = {"cancelled": "membatalkan peringatan", "ended": "menyatakan aman", "lowered": "menurunkan menjadi"}
    verb = verbs.get(decision.kind, "menetapkan")
    level = f" {Level(decision.level).name}" if decision.level else ""
    where = f" di wilayah {decision.station}" if decision.hazard == "area" else ""
    return f"Pukul {clock_time(decision.at, zone)} {_by(decision)} {verb}{level}{where}{_note(decision)}"


def _by_rules(decision: Decision, zone: tzinfo) -> str:
    return (
        f"Pukul {clock_time(decision.at, zone)} {_by(decision)} menghapus ambang stasiun ini, "
        f"maka peringatan dibatalkan{_note(decision)} ({_rules(decision)})"
    )


def _fell(decision: Decision, zone: tzinfo) -> str:
    since = "" if decision.below_since is None else f" sejak {clock_time(decision.below_since, zone)}"
    return (
        f"Pukul {clock_time(decision.at, zone)} muka air {metres(decision.value)}, cukup lama di bawah ambang "
        f"{metres(decision.limit)}{since}; turun menjadi {Level(decision.level).name} ({_rules(decision)})"
    )


def _silence(decision: Decision, zone: tzinfo) -> str:
    return (
        f"Tidak ada data baik selama {minutes(decision.silent_for_ms)} sampai pukul {clock_time(decision.at, zone)}; "
        f"terakhir {metres(decision.value)}{_was(decision)}{_often(decision)} ({_rules(decision)})"
    )


def _doubtful(decision: Decision, zone: tzinfo) -> str:
    now = metres(decision.values[-1]) if decision.values else "tidak diketahui"
    return (
        f"Data meragukan: selama {minutes(decision.silent_for_ms)} sampai pukul {clock_time(decision.at, zone)} semua "
        f"pembacaan belum terverifikasi, terakhir {now}; pembacaan baik terakhir {metres(decision.value)} pukul "
        f"{_time(decision.value_at, zone)}{_often(decision)}; periksa alat ({_rules(decision)})"
    )


def _often(decision: Decision) -> str:
    if decision.lasting_ms is None:
        return ""
    return f"; stasiun ini sering putus, maka dicabut setelah data masuk {minutes(decision.lasting_ms)} tanpa putus"


def _heard(decision: Decision, zone: tzinfo) -> str:
    if decision.lasting_ms is not None:
        return (
            f"Pukul {clock_time(decision.at, zone)} data sudah masuk {minutes(decision.lasting_ms)} tanpa putus; "
            f"muka air {metres(decision.value)}"
        )
    return (
        f"Pukul {clock_time(decision.at, zone)} data masuk lagi setelah {minutes(decision.silent_for_ms)}; "
        f"muka air {metres(decision.value)}"
    )


def _rain(decision: Decision, zone: tzinfo) -> str:
    at = clock_time(decision.at, zone)
    return f"Pukul {at} hujan {_sum(decision)} mencapai batas {Level(decision.level).name} ({_rules(decision)})"


def _rain_fell(decision: Decision, zone: tzinfo) -> str:
    return (
        f"Pukul {clock_time(decision.at, zone)} hujan {_sum(decision)}, cukup lama di bawah batas; "
        f"turun menjadi {Level(decision.level).name} ({_rules(decision)})"
    )


def _sum(decision: Decision) -> str:
    rain = decision.rain
    if rain is None:
        return "tidak diketahui"
    where = "di hulu " if rain.where == "upstream" else ""
    part = "" if rain.complete >= 0.995 else f", data {rain.complete * 100:.0f} %"
    return f"{where}{number(rain.mm)} mm dalam {WINDOWS[rain.window]} (batas {number(rain.limit)} mm{part})"


def _air(decision: Decision, zone: tzinfo) -> str:
    air = decision.air
    if air is None or air.category is None:
        return f"Pukul {clock_time(decision.at, zone)} ISPU menjadi {Level(decision.level).name}"
    critical = f", parameter kritis {air.critical}" if air.critical else ""
    return (
        f"Pukul {clock_time(decision.at, zone)} ISPU {air.index} {CATEGORIES[air.category]}{critical}, "
        f"data {air.complete * 100:.0f} %, maka {Level(decision.level).name} ({_rules(decision)})"
    )


def _air_hour(decision: Decision, zone: tzinfo) -> str:
    air = decision.air
    category = "" if air is None or air.hour_category is None else f" setara {CATEGORIES[air.hour_category]}"
    return (
        f"Pukul {clock_time(decision.at, zone)} nilai satu jam {_particles(air.hour_ugm3 if air else None)}{category}, "
        f"indikatif dan bukan ISPU, maka {Level(decision.level).name} ({_rules(decision)})"
    )


def _air_worse(decision: Decision, zone: tzinfo) -> str:
    before, after = (None, None) if decision.air is None else (decision.air.before_ugm3, decision.air.hour_ugm3)
    return (
        f"Pukul {clock_time(decision.at, zone)} udara memburuk cepat, dari {_particles(before)} ke "
        f"{_particles(after)} dalam satu jam, maka {Level(decision.level).name} ({_rules(decision)})"
    )


def _air_fell(decision: Decision, zone: tzinfo) -> str:
    air = decision.air
    now = "" if air is None or air.category is None else f"ISPU {air.index} {CATEGORIES[air.category]}, "
    level = Level(decision.level).name
    return f"Pukul {clock_time(decision.at, zone)} udara membaik, {now}turun menjadi {level} ({_rules(decision)})"


def _stations(decision: Decision, zone: tzinfo) -> str:
    verb = "turun menjadi" if decision.kind in ("lowered", "ended") else "menjadi"
    names = f" menurut {', '.join(decision.stations)}" if decision.stations else ", semua stasiunnya sudah turun"
    at = clock_time(decision.at, zone)
    return f"Pukul {at} wilayah {decision.station} {verb} {Level(decision.level).name}{names} ({_rules(decision)})"


def _over(decision: Decision, zone: tzinfo) -> str:
    return (
        f"Pukul {clock_time(decision.at, zone)} wilayah {decision.station} turun menjadi {Level(decision.level).name}: "
        f"waktu yang ditetapkan {_by(decision)} sudah lewat"
    )


def _worked(decision: Decision, zone: tzinfo) -> str:
    return f"Pukul {clock_time(decision.at, zone)} {_by(decision)} mulai bekerja di stasiun yang diam{_note(decision)}"


def _group(scope: str) -> str:
    """``Gateway kraton``, ``semua``."""
    return scope if scope == EVERYTHING else f"Gateway {scope.removeprefix(GATEWAY)}"


def _retired(decision: Decision, zone: tzinfo) -> str:
    what = f"melepas {_group(decision.station)}" if decision.station.startswith(GATEWAY) else "menghentikan stasiun ini"
    return f"Pukul {clock_time(decision.at, zone)} {_by(decision)} {what}{_note(decision)}"


def _all_silent(decision: Decision, zone: tzinfo) -> str:
    blind = f"{_group(decision.station)} putus: tidak ada data"
    if decision.station == EVERYTHING:
        blind = "BUTA: tidak ada data dari satu stasiun pun"
    return (
        f"{blind} selama {minutes(decision.silent_for_ms)} sampai pukul {clock_time(decision.at, zone)}; "
        f"periksa jaringan dan listrik ({_rules(decision)})"
    )


def _all_heard(decision: Decision, zone: tzinfo) -> str:
    at = clock_time(decision.at, zone)
    whom = "stasiun" if decision.station == EVERYTHING else _group(decision.station)
    return f"Pukul {at} data dari {whom} masuk lagi setelah {minutes(decision.silent_for_ms)}"


_CAUSES: Final[dict[str, Callable[[Decision, tzinfo], str]]] = {
    "threshold": _threshold,
    "trend": _trend,
    "silent_rising": _silent_rising,
    "observed": _observed,
    "operator": _operator,
    "rules": _by_rules,
    "fell": _fell,
    "silence": _silence,
    "doubtful": _doubtful,
    "heard": _heard,
    "worked": _worked,
    "retired": _retired,
    "rain": _rain,
    "rain_fell": _rain_fell,
    "air": _air,
    "air_hour": _air_hour,
    "air_worse": _air_worse,
    "air_fell": _air_fell,
    "stations": _stations,
    "over": _over,
    "all_silent": _all_silent,
    "all_heard": _all_heard,
}


def clock_time(at: int, zone: tzinfo) -> str:
    local = datetime.fromtimestamp(at / 1000, zone)
    return f"{local.hour:02d}:{local.minute:02d}"


def metres(value: float | None) -> str:
    return "tidak diketahui" if value is None else f"{value:z.2f} m".replace(".", ",")


def number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0").replace(".", ",")


def speed(trend: Trend | None) -> str:
    return "dengan laju tidak diketahui" if trend is None else f"{abs(trend.rate) * 100:.0f} cm/jam"


def minutes(duration_ms: int | None) -> str:
    return "waktu tidak diketahui" if duration_ms is None else f"{duration_ms / 60_000:.0f} menit"


def expected(decision: Decision, zone: tzinfo) -> str:
    if decision.eta is None:
        return "segera"
    if decision.eta.latest is None:
        return f"paling cepat {clock_time(decision.eta.earliest, zone)}"
    return f"{clock_time(decision.eta.earliest, zone)}-{clock_time(decision.eta.latest, zone)}"


def _particles(value: float | None) -> str:
    return "tidak diketahui" if value is None else f"{number(value)} ug/m3"


def _time(at: int | None, zone: tzinfo) -> str:
    return "tidak diketahui" if at is None else clock_time(at, zone)


def _rules(decision: Decision) -> str:
    return f"aturan v{decision.rules_version}"


def _by(decision: Decision) -> str:
    return decision.by or "petugas"


def _note(decision: Decision) -> str:
    return f': "{decision.note}"' if decision.note else ""


def _was(decision: Decision) -> str:
    if decision.trend is None:
        return ""
    if decision.trend.rate > STEADY_M_PER_H:
        return f", sedang naik {speed(decision.trend)}"
    return ", sedang turun" if decision.trend.rate < -STEADY_M_PER_H else ", tetap"
