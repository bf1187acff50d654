"""What a card says beside its reading: rain sums, ISPU, tide, the staff gauge; plainly absent when unknown."""

from dataclasses import dataclass
from typing import Final

from alerting.web import words
from alerting.web.catalogue import tr
from broker.live import AirView, RainSumView, RainView, StationView, TideView, UpstreamRainView

COMPLETE: Final = 0.95  # share of a window under which its sum is said to have holes
SHORT: Final = (60, 180)  # minutes: the sums that say what an alert of rain is like now
STEADY_M: Final = 0.005
ISPU_MARKS: Final = {"hijau": "good", "biru": "fair", "kuning": "poor", "merah": "bad", "hitam": "worst"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line: what it is, and what is known of it; ``is_known`` is False for what is plainly absent."""

    label: str
    text: str
    is_known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AirIndex:
    """ISPU with its own scale, and apart from it the last hour, which is no ISPU."""

    title: str  # ISPU 84 Sedang
    mark: str | None  # of ISPU's own five colours
    basis: str
    advice: str | None
    hour: str | None
    hour_note: str | None


def facts_of(station: StationView, *, now: int) -> tuple[Fact, ...]:
    match station.hazard:
        case "level":
            upstream = _upstream(station.rain) if station.rain else []
            return (*_impact(station), *upstream, _tide(station.tide, now), _drift(station, now))
        case "tide":
            return (*_impact(station), _tide(station.tide, now))
        case "rain":
            return tuple(_rain(station.rain)) if station.rain else (absent(tr("jumlah hujan")),)
    return ()


def absent(label: str, text: str | None = None) -> Fact:
    return Fact(label=label, text=text or tr("belum ada data"), is_known=False)


def _impact(station: StationView) -> list[Fact]:
    """What the level that it stands at means on the ground."""
    statement = station.impact.get(station.level or station.state)
    return [Fact(label=tr("dampak"), text=statement)] if statement else []


def _drift(station: StationView, now: int) -> Fact:
    if station.drift_m is None:
        return absent(tr("papan duga"), tr("belum dibandingkan"))
    cm = round(abs(station.drift_m) * 100)
    since = f" {tr('sejak')} {words.minute(station.drift_since, now)}" if station.drift_since is not None else ""
    if abs(station.drift_m) < STEADY_M:
        return Fact(label=tr("papan duga"), text=f"{tr('sama dengan alat')}{since}")
    said = (
        tr("alat membaca {cm} cm lebih tinggi", cm=cm)
        if station.drift_m > 0
        else tr("alat membaca {cm} cm lebih rendah", cm=cm)
    )
    return Fact(label=tr("papan duga"), text=f"{said}{since}")


def _tide(tide: TideView | None, now: int) -> Fact:
    if tide is None:
        return absent(tr("pasang surut"))
    parts = [f"{tr('kini')} {_metres(tide.height_m)} {tr('naik') if tide.rising else tr('turun')}"]
    if tide.high_at is not None and tide.high_m is not None:
        parts.append(tr("pasang berikut {m} pukul {at}", m=_metres(tide.high_m), at=_when(tide.high_at, now)))
    if tide.above_m is not None and tide.above_from is not None:
        parts.append(_above(tide.above_m, tide.above_from, tide.above_until, now))
    text = tr("{facts}; dari {datum}", facts=", ".join(parts), datum=tide.datum)
    return Fact(label=tr("pasang surut (prakiraan)"), text=text)


def _above(height_m: float, start: int, end: int | None, now: int) -> str:
    until = f" {tr('sampai {at}', at=_when(end, now))}" if end is not None else ""
    if start <= now:
        return f"{tr('sudah di atas {m}', m=_metres(height_m))}{until}"
    return f"{tr('di atas {m} mulai {at}', m=_metres(height_m), at=_when(start, now))}{until}"


def _when(ms: int, now: int) -> str:
    return words.minute(ms, now).removesuffix(" WIB")


def _metres(value: float) -> str:
    return f"{words.number(value, 2)} m"


def _rain(rain: RainView) -> list[Fact]:
    sums = [Fact(label=_window(each.minutes), text=_sum(each), is_known=each.mm is not None) for each in rain.sums]
    if rain.hour_class:
        sums.append(Fact(label=tr("kelas 1 jam"), text=tr(rain.hour_class)))
    if rain.day_mm is not None:
        kind = f", {tr(rain.day_class)}" if rain.day_class else ""
        sums.append(Fact(label=tr("sejak pukul 07:00"), text=f"{words.number(rain.day_mm, 1)} mm{kind}"))
    return [*sums, *_upstream(rain)]


def _window(minutes: int) -> str:
    return tr("{n} menit", n=minutes) if minutes < 60 else tr("{n} jam", n=minutes // 60)


def _sum(of: RainSumView) -> str:
    if of.mm is None:
        return tr("tidak ada data")
    holes = f" ({tr('teramati {share}', share=_share(of.complete))})" if of.complete < COMPLETE else ""
    return f"{words.number(of.mm, 1)} mm{holes}"


def _upstream(rain: RainView) -> list[Fact]:
    return [_area(each) for each in rain.upstream]


def _area(of: UpstreamRainView) -> Fact:
    label = tr("hujan hulu {time}", time=_window(of.minutes))
    if of.mean_mm is None:
        return absent(label, tr("tidak ada data"))
    most = f", {tr('terbesar {mm} mm', mm=words.number(of.max_mm, 1))}" if of.max_mm is not None else ""
    mean = tr("rata-rata {mm} mm", mm=words.number(of.mean_mm, 1))
    gauges = tr("{spoke} dari {gauges} penakar", spoke=of.spoke, gauges=of.gauges)
    return Fact(label=label, text=f"{mean}{most} ({gauges})")


def weather_now(station: StationView, hazard: str) -> str | None:
    """What the rain or the air of an alert is like now, in one line; None for other hazards and while not known."""
    if hazard == "rain" and station.rain is not None:
        rain = station.rain
        here = [(each.minutes, "", each.mm) for each in rain.sums if each.minutes in SHORT]
        above = [(each.minutes, f"{tr('hulu')} ", each.mean_mm) for each in rain.upstream if each.minutes in SHORT]
        known = [f"{where}{_window(of)} {words.number(mm, 1)} mm" for of, where, mm in here + above if mm is not None]
        return " · ".join(known) or None
    if hazard == "air" and station.air is not None and station.air.index is not None:
        return _index_title(station.air)
    return None


def _index_title(air: AirView) -> str:
    return f"ISPU {air.index} {air.category or ''}".rstrip()


def air_index(air: AirView | None, now: int) -> AirIndex:
    if air is None:
        basis = tr("belum dihitung: ISPU memerlukan rata-rata 24 jam")
        return AirIndex(title="ISPU", mark=None, basis=basis, advice=None, hour=None, hour_note=None)
    hour, note = _hour(air, now)
    if air.index is None:
        basis = (air.reason or tr("belum dapat dihitung")).removeprefix("ISPU ")  # the title has the word
        return AirIndex(title="ISPU", mark=None, basis=basis, advice=None, hour=hour, hour_note=note)
    return AirIndex(
        title=_index_title(air),
        mark=ISPU_MARKS.get(air.colour or ""),
        basis=_basis(air, now),
        advice=air.advice,
        hour=hour,
        hour_note=note,
    )


def _basis(air: AirView, now: int) -> str:
    parts = [tr("{name} paling menentukan", name=air.critical) if air.critical else ""]
    parts.append(tr("24 jam sampai {at}", at=_when(air.until, now)) if air.until is not None else "")
    parts.append(tr("data {share}", share=_share(air.complete)) if air.complete is not None else "")
    return " · ".join(part for part in parts if part)


def _share(of: float) -> str:
    return f"{of:.0%}".replace("%", " %")


def _hour(air: AirView, now: int) -> tuple[str | None, str | None]:
    """The last hour in words, and how its value was made."""
    if air.hour_mean_ugm3 is None:
        return None, None
    until = f" {tr('sampai {at}', at=_when(air.hour_until, now))}" if air.hour_until is not None else ""
    word = f", {tr(air.hour_word)}" if air.hour_word else ""
    value = f"{words.number(air.hour_mean_ugm3, 1)} µg/m³"
    said = f"{air.hour_parameter or tr('partikel')} {value}{word}, {tr('satu jam')}{until}"
    if air.correction is None:
        return said, tr("belum dikoreksi kelembapan")
    raw = f" {tr('dari {value}', value=words.number(air.hour_raw_ugm3, 1))}" if air.hour_raw_ugm3 is not None else ""
    humidity = air.hour_humidity_pct
    humid = f", {tr('kelembapan')} {words.number(humidity, 0)} %" if humidity is not None else ""
    return said, f"{tr('dikoreksi')}{raw}{humid} ({air.correction})"
