"""Why: one Indonesian sentence made from a stored decision, never by running its rule again."""

from datetime import UTC, datetime, tzinfo

from alerting.engine import Decision
from alerting.trend import STEADY_M_PER_H, Trend
from broker.levels import Level


def why(decision: Decision, zone: tzinfo) -> str:
    """The cause of ``decision`` as an officer would say it; times in ``zone``, decimal commas."""
    at = clock_time(decision.at, zone)
    value = metres(decision.value)
    rules = f"aturan v{decision.rules_version}"
    match decision.why:
        case "threshold":
            return (
                f"Pukul {at} muka air {value}, {decision.samples} pembacaan berturut-turut pada atau di atas ambang "
                f"{Level(decision.level).name} {metres(decision.limit)} ({rules})."
            )
        case "trend":
            return (
                f"Pukul {at} muka air {value} naik {speed(decision.trend)}; ambang AWAS {metres(decision.limit)} "
                f"diperkirakan tercapai {expected(decision, zone)}, maka SIAGA lebih awal ({rules})."
            )
        case "fell":
            return (
                f"Pukul {at} muka air {value}, cukup lama di bawah ambang {metres(decision.limit)}; "
                f"turun menjadi {Level(decision.level).name} ({rules})."
            )
        case "silence":
            return (
                f"Tidak ada data baik selama {minutes(decision.silent_for_ms)} sampai pukul {at}; "
                f"terakhir {value}{_was(decision)} ({rules})."
            )
        case "heard":
            return f"Pukul {at} data masuk lagi setelah {minutes(decision.silent_for_ms)}; muka air {value}."


def clock_time(at: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).strftime("%H:%M")


def metres(value: float | None) -> str:
    return "tidak diketahui" if value is None else f"{value:.2f} m".replace(".", ",")


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


def _was(decision: Decision) -> str:
    if decision.trend is None:
        return ""
    if decision.trend.rate > STEADY_M_PER_H:
        return f", sedang naik {speed(decision.trend)}"
    return ", sedang turun" if decision.trend.rate < -STEADY_M_PER_H else ", tetap"
