"""What each step of an installation asks before it counts as done; a refusal says in Indonesian what is missing."""

import re
from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import msgspec

from broker.control import CommandFailed, Request
from deploy.core_commands import orders, station_page, stations
from deploy.core_commands.arguments import number, optional_int, optional_text, text
from deploy.core_commands.givers import person
from deploy.core_commands.installation_hold import hold, release
from deploy.core_commands.installation_view import (
    LINKED,
    RECENT_MS,
    known_watch,
    measured_link,
    quantity_of,
    station_of,
)
from deploy.core_commands.nodes import node_change
from deploy.nodes.installation import (
    READINGS,
    SAME_M,
    SPREAD_M,
    UNSKIPPABLE,
    WORDS,
    GaugeReading,
    Installation,
    Step,
    StepName,
    compared,
)
from deploy.nodes.installation_watch import LINK_MS

if TYPE_CHECKING:
    from broker.station import Station
    from deploy.core_commands.commands import Commands

LIVE_LEAST: Final = 3  # readings that arrived as they were measured
LOW_MV: Final = 3500  # below it a node measures every five minutes only
MOST_READINGS: Final = 9
OLDEST_S: Final = 1500  # of a gauge's reading that was typed without network
LEVELS_M: Final = (-10.0, 100.0)
REFUSED: Final = "refused"  # how a node's answer to an order begins that it does not obey
MAINTENANCE_S: Final = 1800  # the node's own: its horn stays still whatever its rule says
HAZARDS: Final = ("level", "tide", "rain", "air")
_replace: Final = msgspec.structs.replace


def skipped(found: Installation, name: str, reason: str, now: int, by: str) -> Installation:
    """Left out with a reason, which the record shows; some steps cannot be."""
    if name in UNSKIPPABLE:
        raise CommandFailed(f"Langkah {WORDS[name]} tidak dapat dilewati.")  # type: ignore[index]  # of STEPS
    return found.with_step(name, Step(at=now, by=by, skipped=reason))  # type: ignore[arg-type]  # of STEPS


def choose_station(commands: "Commands", request: Request, found: Installation) -> Installation:
    """An existing station (``station``) or a new one (``new``, a table), with the phone's position if given."""
    before, table = station_of(commands, found.node), request.args.get("new")
    if isinstance(table, dict):
        name = _made(commands, request, found, table)
    else:
        name = stations.known_station(commands, text(request, "station")).id
        if "latitude" in request.args:
            _moved(commands, request, found, name)
    if before and before != name:
        release(commands, request, before, found.node, f"node {found.node} pindah ke {name}")
    said = {"node": found.node, "station": name, "reason": f"pemasangan oleh {person(request)}"}
    node_change(commands, Request(name="node-change", args=said, actor=request.actor))
    hold(commands, request, name, found.node)
    if before != name:  # what was measured elsewhere says nothing of this place
        found = _replace(found.without_steps("live", "gauge", "link", "thresholds"), gauge=(), link_from=None)
    return _done(commands, request, found, "station", {"station": name, "is_new": isinstance(table, dict)})


def see_live(commands: "Commands", request: Request, found: Installation) -> Installation:
    """``ask``: have the node measure each second; otherwise what it sends is taken down."""
    if request.args.get("ask"):
        _order(commands, request, found.node, "live", 600)
        return found
    watch, name = known_watch(commands, found), quantity_of(commands, found)
    heard = watch.count(commands.core.clock.now() - 60_000)
    if name is None or heard < LIVE_LEAST:
        raise CommandFailed(
            f"Baru {heard} bacaan terdengar dalam satu menit; perlu {LIVE_LEAST}. Periksa daya, sinyal dan sandi node, "
            "atau minta bacaan tiap detik."
        )
    value = watch.latest[name]
    return _done(commands, request, found, "live", {"heard": heard, "quantity": name, "value": value.value})


def compare_gauge(commands: "Commands", request: Request, found: Installation) -> Installation:
    """A reading of the staff gauge (``level_m``), one taken back (``remove``), or the datum in force (``apply``)."""
    station = _station(commands, found)
    if not station.measures_water:
        raise CommandFailed(f"{station.name} tidak mengukur muka air; lewati langkah papan duga dengan alasan.")
    if (place := optional_int(request, "remove")) is not None:
        rest = tuple(each for index, each in enumerate(found.gauge) if index != place)
        return _replace(found, gauge=rest)
    if request.args.get("apply"):
        return _apply(commands, request, found, station)
    level_m, (low, high) = number(request, "level_m"), LEVELS_M
    if not low <= level_m <= high:
        raise CommandFailed(f"{level_m:g} m tidak mungkin di papan duga; tulis dalam meter, bukan sentimeter.")
    if len(found.gauge) >= MOST_READINGS:
        raise CommandFailed(f"Sudah {MOST_READINGS} bacaan papan; hapus yang keliru dahulu.")
    at = commands.core.clock.now() - _age_ms(request)
    distance_m = _distance_m(commands, found, station, at)
    read = GaugeReading(at=at, by=person(request), gauge_m=level_m, distance_m=distance_m)
    return _replace(found.without_steps("gauge"), gauge=(*found.gauge, read))


def _age_ms(request: Request) -> int:
    """How long ago the gauge was read: what was typed without network is compared with the sensor of that moment."""
    age_s = optional_int(request, "age_s") or 0
    if not 0 <= age_s <= OLDEST_S:
        raise CommandFailed("Bacaan papan itu sudah lebih dari 25 menit; baca papan lagi.")
    return age_s * 1000


def _distance_m(commands: "Commands", found: Installation, station: "Station", at: int) -> float:
    """Of the sensor over the water, corrected as its level is: the median of some seconds; raises CommandFailed."""
    values = known_watch(commands, found).around(at - RECENT_MS, at + RECENT_MS)
    datum_m = station.datum_m or 0.0
    levels = [datum_m - each.value for each in values if each.quantity == "level_m" and each.value is not None]
    raw = [each.raw / 1000 for each in values if each.quantity in ("level_m", "distance_mm") and each.raw is not None]
    used = levels or raw
    if not used:
        raise CommandFailed(
            "Sensor tidak mengukur saat papan dibaca; minta bacaan tiap detik, lalu baca papan lagi. Yang Anda ketik "
            "belum dicatat."
        )
    return round(median(used), 3)


def _apply(commands: "Commands", request: Request, found: Installation, station: "Station") -> Installation:
    come_to = compared(found.gauge)
    if come_to is None or come_to.count < READINGS:
        raise CommandFailed(f"Perlu {READINGS} bacaan papan; baru {0 if come_to is None else come_to.count}.")
    if not come_to.agrees:
        raise CommandFailed(
            f"Bacaan papan tidak sejalan: berselisih {come_to.spread_m * 100:.0f} cm, paling banyak "
            f"{SPREAD_M * 100:.0f} cm. Hapus yang keliru dan baca lagi; datum tidak diubah."
        )
    before = station.datum_m
    facts: dict[str, Any] = {"datum_m": come_to.datum_m, "spread_m": come_to.spread_m, "before_m": before}
    if before is None or abs(come_to.datum_m - before) > SAME_M:
        reason = f"pemasangan {found.node}: {come_to.count} bacaan papan duga oleh {person(request)}"
        _put(commands, request, {"id": station.id, "datum_m": come_to.datum_m}, "change", reason)
        facts["is_new"] = True
    return _done(commands, request, found, "gauge", facts)


def stand_upright(commands: "Commands", request: Request, found: Installation) -> Installation:
    """By the node's own switches where it has them, and by the technician's level (``checked``) in any case."""
    latest = known_watch(commands, found).latest
    known = ("tilted", "lid_open", "distance_spread_mm")
    said: dict[str, Any] = {name: latest[name].value for name in known if name in latest}
    if said.get("tilted"):
        raise CommandFailed("Node melapor MIRING. Luruskan tiang atau kotaknya; sesudah itu baca papan duga lagi.")
    if said.get("lid_open"):
        raise CommandFailed("Tutup kotak masih terbuka menurut node. Tutup dan kunci dahulu.")
    if not request.args.get("checked"):
        raise CommandFailed("Periksa dengan waterpas dan centang bahwa sensor tegak lurus ke air.")
    return _done(commands, request, found, "upright", said)


def measure_link(commands: "Commands", request: Request, found: Installation) -> Installation:
    """``start``: two minutes begin; otherwise what they came to is taken down."""
    now = commands.core.clock.now()
    if request.args.get("start"):
        if commands.core.link.is_connected:
            _order(commands, request, found.node, "live", 300)
        return _replace(found.without_steps("link"), link_from=now)
    if found.link_from is None or now < found.link_from + LINK_MS:
        raise CommandFailed("Pengukuran dua menit belum selesai; tunggu hitungan mundurnya.")
    link = measured_link(commands, found)
    if link is None:
        raise CommandFailed("Node hampir tidak terdengar dalam dua menit itu. Pindahkan antena atau node, lalu ulangi.")
    if link.restarted:
        raise CommandFailed("Node mulai ulang di tengah pengukuran. Periksa dayanya, lalu ulangi dua menit itu.")
    if link.missing > LINKED * link.expected:
        raise CommandFailed(
            f"{link.missing} dari {link.expected} bacaan hilang. Pindahkan antena atau node, lalu ulangi; atau lewati "
            "dengan alasan."
        )
    report = commands.core.reports.nodes.get(found.node)
    rssi = None if report is None or report.status is None else report.status.rssi_dbm
    facts = {"heard": link.heard, "expected": link.expected, "missing": link.missing, "rssi_dbm": rssi}
    return _done(commands, request, found, "link", facts)


def check_power(commands: "Commands", request: Request, found: Installation) -> Installation:
    latest = known_watch(commands, found).latest
    battery = next((latest[name].value for name in ("batt_mv", "battery_mv") if name in latest), None)
    if battery is None:
        raise CommandFailed(
            "Node ini tidak mengirim tegangan baterai. Ukur sendiri, atau lewati dengan alasan, misalnya: listrik PLN."
        )
    if battery < LOW_MV:
        raise CommandFailed(f"Baterai {battery / 1000:.2f} V, perlu {LOW_MV / 1000:.1f} V. Ganti atau isi dahulu.")
    solar = latest["solar_mv"].value if "solar_mv" in latest else None
    return _done(commands, request, found, "power", {"batt_mv": battery, "solar_mv": solar})


def keep_photo(commands: "Commands", request: Request, found: Installation) -> Installation:
    """``photo`` is the hash of a picture that is stored already; the station's page shows it, too."""
    photo, station = text(request, "photo"), _station(commands, found)
    note = f"pemasangan {found.node}"
    said = {"id": station.id, "by": person(request), "note": note, "photo": photo}
    made = station_page.sighting_add(commands, Request(name="sighting-add", args=said, actor=request.actor))
    return _done(commands, request, found, "photo", {"photo": photo, "sighting": made["id"]})


def test_siren(commands: "Commands", request: Request, found: Installation) -> Installation:
    """``start``: the lamp burns for five seconds, the horn is held still; otherwise what was ``seen`` of it."""
    if request.args.get("start"):
        _order(commands, request, found.node, "maintenance", MAINTENANCE_S)
        made = _order(commands, request, found.node, "siren-test", None)
        return _replace(found.without_steps("siren"), siren_order=made["n"])
    if found.siren_order is None:
        raise CommandFailed("Uji lampunya dahulu.")
    report = commands.core.reports.nodes.get(found.node)
    said = None if report is None or report.status is None else report.status.order
    answer = said[1] if said is not None and said[0] == found.siren_order else ""
    if answer.startswith(REFUSED):
        raise CommandFailed(f"Node menolak uji itu ({answer}). Lewati dengan alasan, atau isi sirene di node.json.")
    if optional_text(request, "seen") != "yes":
        raise CommandFailed("Lampu tidak menyala: periksa kabel dan relai, lalu uji lagi; atau lewati dengan alasan.")
    return _done(commands, request, found, "siren", {"answer": answer})


def see_thresholds(commands: "Commands", request: Request, found: Installation) -> Installation:
    """They are there, or the technician has ``read`` in large letters that the station warns nobody yet."""
    limits = _station(commands, found).thresholds
    if not request.args.get("read"):
        raise CommandFailed("Centang bahwa ambang stasiun ini sudah Anda baca.")
    facts = {} if limits is None else {name: getattr(limits, name) for name in ("waspada", "siaga", "awas")}
    return _done(commands, request, found, "thresholds", facts)


def _station(commands: "Commands", found: Installation) -> "Station":
    name = station_of(commands, found.node)
    if not name:
        raise CommandFailed("Pilih stasiunnya dahulu.")
    return commands.core.registry.stations[name]


def _made(commands: "Commands", request: Request, found: Installation, table: dict[str, Any]) -> str:
    """A new station from what the phone knows; its id is made of its name."""
    name = " ".join(str(table.get("name", "")).split())
    if len(name) < 3:
        raise CommandFailed("Nama stasiun: tulis paling sedikit tiga huruf, misalnya: Welang Kraton.")
    if table.get("hazard") not in HAZARDS:
        raise CommandFailed("Pilih apa yang diukur stasiun ini.")
    known = {key: table[key] for key in ("hazard", "river", "latitude", "longitude", "datum_m") if table.get(key)}
    made = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:32].strip("-")
    reason = f"pemasangan {found.node} oleh {person(request)}"
    _put(commands, request, {"id": made, "name": name, **known}, "add", reason)
    return made


def _moved(commands: "Commands", request: Request, found: Installation, name: str) -> None:
    place = {"latitude": number(request, "latitude"), "longitude": number(request, "longitude")}
    reason = f"posisi dari ponsel {person(request)}, pemasangan {found.node}"
    _put(commands, request, {"id": name, **place}, "change", reason)


def _put(commands: "Commands", request: Request, table: dict[str, Any], mode: str, reason: str) -> None:
    """Core's own command on stations; its first fault is the refusal."""
    said = {"stations": [table], "mode": mode, "reason": reason[:200]}
    answer = stations.station_put(commands, Request(name="station-put", args=said, actor=request.actor))
    if answer["faults"]:
        fault = answer["faults"][0]
        raise CommandFailed(f"Stasiun tidak diubah: {fault['key']}: {fault['text']}")


def _order(commands: "Commands", request: Request, node: str, do: str, for_s: int | None) -> dict[str, Any]:
    said = {"node": node, "do": do} if for_s is None else {"node": node, "do": do, "for_s": for_s}
    return orders.node_command(commands, Request(name="node-command", args=said, actor=request.actor))


def _done(
    commands: "Commands", request: Request, found: Installation, name: StepName, facts: dict[str, Any]
) -> Installation:
    return found.with_step(name, Step(at=commands.core.clock.now(), by=person(request), facts=facts))


Do = Callable[["Commands", Request, Installation], Installation]
DO: Final[dict[str, Do]] = {
    "station": choose_station,
    "live": see_live,
    "gauge": compare_gauge,
    "upright": stand_upright,
    "link": measure_link,
    "power": check_power,
    "photo": keep_photo,
    "siren": test_siren,
    "thresholds": see_thresholds,
}
