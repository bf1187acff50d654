"""What the wizard says: each step's title and what it came to, and the sentences that change while one looks. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import msgspec

from alerting.web import words
from alerting.web.catalogue import tr
from broker.quality_flags import Flag

View = Mapping[str, Any]
# Core's name of a step to its place in the address, in the order in which somebody on a bridge goes through them.
PLACES: Final = {
    "station": "stasiun",
    "live": "langsung",
    "gauge": "papan-duga",
    "upright": "tegak",
    "link": "sinyal",
    "power": "daya",
    "photo": "foto",
    "siren": "sirene",
    "thresholds": "ambang",
}
TITLES: Final = {
    "station": "Pilih stasiun",
    "live": "Bacaan langsung",
    "gauge": "Papan duga",
    "upright": "Tegak lurus",
    "link": "Sinyal",
    "power": "Baterai dan surya",
    "photo": "Foto",
    "siren": "Lampu sirene",
    "thresholds": "Ambang",
}
NOT_SENT: Final = "belum dikirim node ini"
OLD_MS: Final = 15_000
# What a page hears that is open while its installation was ended: it loads itself anew.
ENDED: Final[dict[str, Any]] = {"version": "", "texts": {}, "lines": [], "ready": {}}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """``came_to`` is empty while the step is open; ``is_now`` is the one to go on with."""

    name: str
    place: str
    title: str
    came_to: str
    is_skipped: bool
    is_now: bool


def step_lines(view: View, at: str = "") -> list[StepLine]:
    """In order. One goes on at the place ``at`` while its step is open, otherwise with the first open one."""
    here = [name for name in view["open"] if PLACES[name] == at]
    now = next(iter([*here, *view["open"]]), "")
    return [
        StepLine(
            name=name,
            place=PLACES[name],
            title=tr(TITLES[name]),
            came_to=_came_to(name, view["steps"][name]) if name in view["steps"] else "",
            is_skipped=bool(view["steps"].get(name, {}).get("skipped")),
            is_now=name == now,
        )
        for name in PLACES
    ]


def _came_to(name: str, step: View) -> str:
    if step.get("skipped"):
        return tr("DILEWATI: {reason}", reason=step["skipped"])
    return _CAME_TO.get(name, _plain)(step.get("facts", {}))


def _plain(_: View) -> str:
    return tr("selesai")


def _chosen(facts: View) -> str:
    return tr("stasiun baru dibuat") if facts.get("is_new") else tr("dipilih")


def _heard(facts: View) -> str:
    return tr("{n} bacaan dalam satu menit", n=facts["heard"])


def _datum(facts: View) -> str:
    spread = words.number(facts["spread_m"] * 100, 1)
    said = tr("datum {datum} m, selisih {spread} cm", datum=words.number(facts["datum_m"], 3), spread=spread)
    return said if facts.get("is_new") else f"{said}, {tr('tidak berubah')}"


def _loss(facts: View) -> str:
    share = words.number(100 * facts["missing"] / max(1, facts["expected"]), 1)
    return tr("{missing} dari {expected} bacaan hilang ({share} %)", share=share, **_numbers(facts))


def _numbers(facts: View) -> dict[str, int]:
    return {name: facts[name] for name in ("missing", "expected")}


def signal(rssi_dbm: int | None) -> str:
    """Of the node's radio as it said it itself."""
    return tr("sinyal {dbm} dBm", dbm=rssi_dbm) if rssi_dbm is not None else tr("sinyal belum dikirim node ini")


def _power(battery: float | None, solar: float | None) -> str:
    said = (
        tr("baterai {volts} V", volts=words.number(battery / 1000, 2))
        if battery is not None
        else tr("baterai tidak dikirim")
    )
    panel = (
        tr("panel {volts} V", volts=words.number(solar / 1000, 2)) if solar is not None else tr("panel tidak dikirim")
    )
    return f"{said}, {panel}"


def limits(found: View | None) -> str:
    if not found:
        return ""
    levels = (("WASPADA", "waspada"), ("SIAGA", "siaga"), ("AWAS", "awas"))
    return ", ".join(f"{word} {words.number(found[name], 2)} m" for word, name in levels)


_CAME_TO: Final[dict[str, Callable[[View], str]]] = {
    "station": _chosen,
    "live": _heard,
    "gauge": _datum,
    "link": lambda facts: f"{_loss(facts)}, {signal(facts['rssi_dbm'])}",
    "power": lambda facts: _power(facts["batt_mv"], facts["solar_mv"]),
    "thresholds": lambda facts: limits(facts) or tr("BELUM DITETAPKAN"),
}


def told_of(view: View) -> dict[str, Any]:
    """For the browser, each second: sentences by place, what may be pressed, and whether the page is still the same."""
    link, good = view["link"], view["good"]
    return {
        "version": version_of(view),
        "texts": {
            "terdengar": heard(view),
            "utama": main_value(view),
            "tegak": upright(view),
            "sinyal": linked(view),
            "daya": _powered(view),
            "sirene": _answered(view),
            "selesai": ending(view),
        },
        "lines": value_lines(view),
        "ready": {
            "sinyal": link is not None and not link["left_ms"],
            "selesai": not good["left_ms"] and not view["open"],
        },
    }


def version_of(view: View) -> str:
    """Changes with everything that a step has changed."""
    parts = [view["steps"], view["gauge"]["readings"], view["station"], view["link"] and view["link"]["from"]]
    return sha256(msgspec.json.encode([*parts, view["siren_order"], view["place"]], order="sorted")).hexdigest()[:12]


def heard(view: View) -> str:
    if view["heard_at"] is None:
        return tr("Node belum terdengar.")
    said = tr("Terdengar {age}.", age=words.age(view["now"] - view["heard_at"]))
    return said if view["now"] - view["heard_at"] < OLD_MS else f"{said} {tr('Menunggu bacaan berikutnya.')}"


def _latest(view: View) -> dict[str, View]:
    return {each["quantity"]: each for each in view["latest"]}


def main_value(view: View) -> str:
    """What the station is there to measure, as it is now; words where it is old or bad."""
    found = _latest(view).get(view["main"] or "")
    return tr("belum ada bacaan") if found is None else _line(found, view["now"])


def value_lines(view: View) -> list[str]:
    return [_line(each, view["now"]) for each in view["latest"]]


def _line(found: View, now: int) -> str:
    kind = words.quantity_of(found["quantity"])
    said = f"{kind.name} {words.measured(found['quantity'], found['value'])} {kind.unit}".strip()
    quality = "" if found["flag"] == Flag.GOOD else f" · {words.quality(found['flag'])}"
    return f"{said}{quality} · {words.age(now - found['time'])}"


def upright(view: View) -> str:
    """By the node's own switches; what it has none for is said."""
    known = _latest(view)
    tilted, lid, spread = (known.get(name) for name in ("tilted", "lid_open", "distance_spread_mm"))
    said = [
        tr(
            "Kemiringan: {word}.",
            word=tr(NOT_SENT) if tilted is None else tr("MIRING") if tilted["value"] else tr("tegak"),
        ),
        tr(
            "Tutup kotak: {word}.",
            word=tr(NOT_SENT) if lid is None else tr("TERBUKA") if lid["value"] else tr("tertutup"),
        ),
    ]
    if spread is not None and spread["value"] is not None:
        said.append(tr("Sebaran bacaan {mm} mm.", mm=words.number(spread["value"], 0)))
    return " ".join(said)


def linked(view: View) -> str:
    found, strength = view["link"], signal(view["status"]["rssi_dbm"])
    if found is None:
        return tr("Belum diukur; {signal}.", signal=strength)
    if found["left_ms"]:
        left = words.countdown(found["left_ms"])
        return tr("Mengukur, {left}: {n} terdengar; {signal}.", left=left, n=found["heard"], signal=strength)
    if not found["expected"]:
        return tr("Node hampir tidak terdengar dalam dua menit itu.")
    return f"{_loss(found)}; {strength}."


def _powered(view: View) -> str:
    known = _latest(view)
    battery = next((known[name]["value"] for name in ("batt_mv", "battery_mv") if name in known), None)
    return _power(battery, known["solar_mv"]["value"] if "solar_mv" in known else None)


def _answered(view: View) -> str:
    order = view["status"]["order"]
    if view["siren_order"] is None:
        return tr("Belum diuji.")
    if order is None or order[0] != view["siren_order"]:
        return tr("Perintah dikirim; node belum menjawab.")
    return tr("Node menjawab: {answer}.", answer=order[1])


def ending(view: View) -> str:
    """Why it waits, and how long."""
    good = view["good"]
    if good["left_ms"] and good["since"] is not None:
        minutes = good["needed_ms"] // words.MINUTE_MS
        left = words.countdown(good["left_ms"])
        return tr("Selesai {left}: data harus baik {minutes} menit tanpa putus.", left=left, minutes=minutes)
    if good["left_ms"]:
        return tr("Menunggu data baik: {why}", why=good["why"])
    if view["open"]:
        return tr("Data sudah baik; langkah yang tersisa: {left}.", left=", ".join(view["left"]))
    return tr("Data baik {minutes} menit. Siap diselesaikan.", minutes=good["needed_ms"] // words.MINUTE_MS)
