"""The registry in a running core, on an injected clock: changes are live, and a restart changes nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alerting.audit import Entry as AuditEntry
from alerting.audit import first_broken
from broker.control import CommandFailed, Request
from deploy.arrival import Arrival
from deploy.assembly import core_of, credentials_of
from deploy.core_commands.commands import Commands
from deploy.settings import load
from deploy.state_folder import StateFolder
from tests.bare_core import SetClock, Wire
from tests.rule_looks import looked_at

T0 = 1_795_000_000_000
MINUTE = 60_000
DAY = 86_400_000
LIMITS = {"waspada": 3.5, "siaga": 4.5, "awas": 5.5, "author": "BPBD", "reason": "survei", "hold_down_minutes": 1}
WELANG = {"id": "welang", "name": "Welang", "datum_m": 6.5, "kelurahan": ["Karangketug"], "thresholds": LIMITS}


class Field:
    """One core, its commands, and a node's side of the wire contract."""

    def __init__(self, folder: Path) -> None:
        (folder / "k.toml").write_text('[site]\nname = "Uji"\n')
        self.settings = load(folder / "k.toml")
        self.state = StateFolder(folder / "s")
        self.state.prepare()
        self.state.broker.mkdir()
        self.credentials = credentials_of(self.state)
        SetClock.time = T0
        self.seq = 0
        self.open()

    def open(self) -> None:
        self.core = core_of(self.settings, self.state, SetClock(), channels={})
        self.core.link, self.core.sender = Wire(), Wire()
        self.commands = Commands(self.core, self.credentials, lambda: True)

    def crash(self) -> None:
        self.core.journal.close()
        self.open()

    def ask(self, command: str, /, **arguments: Any) -> Any:
        return self.commands.run(Request(name=command, args=arguments, actor="cli:uji"))

    def put(self, *tables: dict[str, Any], mode: str = "import", **more: Any) -> Any:
        looked_at(self.ask, *tables)
        answer = self.ask("station-put", stations=list(tables), mode=mode, reason="uji", **more)
        assert [] == answer["faults"]
        return answer["steps"]

    def send(self, node: str = "wl-01", *, at: int | None = None, **series: float) -> None:
        """One observation, at the clock's time unless it is an old one."""
        body = {"v": 1, "boot": 7, "seq": self.seq, "t": SetClock.time if at is None else at, "s": series}
        self.seq += 1
        topic = f"ews/v1/{node}/obs".encode()
        self.core.turn([Arrival(topic, json.dumps(body).encode(), 1, 1, retain=False, generation=1)])

    def level(self, metres: float, *, minutes: int = 3) -> None:
        """The water stands there for some minutes, a sample each."""
        for _ in range(minutes):
            SetClock.time += MINUTE
            self.send(distance_mm=round((6.5 - metres) * 1000))

    def state_of(self, station: str = "welang") -> str:
        return str(self.ask("station-show", id=station)["state"])

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.core.journal.connection.execute(query).fetchall()


@pytest.fixture
def field(tmp_path: Path) -> Iterator[Field]:
    made = Field(tmp_path)
    yield made
    made.core.journal.close()


@pytest.fixture
def welang(field: Field) -> Field:
    field.put(WELANG)
    field.ask("node-new", node="wl-01", station="welang")
    return field


def test_a_station_is_live_as_soon_as_it_is_added(welang: Field) -> None:
    """Its readings are taken and its thresholds count; who added it, and why, is in the audit."""
    welang.level(3.0)
    assert "NORMAL" == welang.state_of()
    welang.level(3.6)
    assert "WASPADA" == welang.state_of()
    actions = [action for _, action in welang.rows("SELECT id, action FROM audit ORDER BY id")]
    assert ["station added", "rules changed"] == actions[:2]
    rows = [AuditEntry(*row) for row in welang.rows("SELECT * FROM audit ORDER BY id")]
    assert first_broken(rows) is None


def test_without_thresholds_a_station_is_never_normal(welang: Field) -> None:
    """BELUM DITETAPKAN as soon as they are taken away, and again after a restart."""
    welang.level(3.0)
    welang.put({"id": "welang", "thresholds": None}, mode="change")
    assert "BELUM DITETAPKAN" == welang.state_of()
    welang.crash()
    welang.level(3.0)
    assert "BELUM DITETAPKAN" == welang.state_of()


def test_thresholds_of_tomorrow_wait_until_tomorrow(welang: Field) -> None:
    """Core switches by itself, in the turn that follows the moment; the alert names the version that fired."""
    welang.level(3.0)
    limits = {"waspada": 2.5, "effective_from": "2026-11-19T00:00:00+00:00"}
    moment = 1_795_046_400_000
    welang.put({"id": "welang", "thresholds": limits}, mode="change")
    SetClock.time = moment - 10 * MINUTE
    welang.level(3.0)
    assert "NORMAL" == welang.state_of()
    assert 1 == welang.core.memory.rules["welang"].version
    SetClock.time = moment - 3 * MINUTE
    welang.level(3.0, minutes=5)
    assert "WASPADA" == welang.state_of()
    versions = welang.rows("SELECT json_extract(cause, '$.rules_version') FROM alerts WHERE alert = 'welang.level.1'")
    assert [(2,)] == versions


def test_a_stop_over_the_moment_changes_nothing(welang: Field) -> None:
    """Thresholds that came into force while core was stopped are in force when it starts; others still wait."""
    welang.put({"id": "welang", "thresholds": {"waspada": 2.5, "effective_from": "2026-11-19T00:00:00+00:00"}})
    welang.crash()
    assert 1 == welang.core.memory.rules["welang"].version
    assert 1_795_046_400_000 == welang.core.registry.next_switch
    SetClock.time = 1_795_046_400_000 + MINUTE
    welang.crash()
    rules = welang.core.memory.rules["welang"]
    assert rules.level is not None
    assert (2, 2.5) == (rules.version, rules.level.thresholds.waspada)


def test_new_thresholds_in_the_middle_of_readings_survive_a_crash(welang: Field) -> None:
    """What came under the old ones is not judged again under the new ones."""
    welang.level(3.6)
    told = welang.rows("SELECT alert, version, kind FROM alerts ORDER BY id")
    welang.put({"id": "welang", "thresholds": {"waspada": 4.0}}, mode="change")
    state = welang.core.memory.states["welang"]
    welang.crash()
    assert state == welang.core.memory.states["welang"]
    assert told == welang.rows("SELECT alert, version, kind FROM alerts ORDER BY id")


def test_a_moved_sensor_changes_no_earlier_reading(welang: Field) -> None:
    """A backlog from before the move is computed with the old datum, what comes after it with the new one."""
    welang.level(3.0, minutes=1)
    SetClock.time += 60 * MINUTE
    moved_at = SetClock.time
    welang.put({"id": "welang", "datum_m": 6.6}, mode="change")
    SetClock.time += MINUTE
    welang.send(distance_mm=3500)
    welang.send(distance_mm=3500, at=moved_at - 30 * MINUTE)
    found = welang.rows("SELECT time < ?, value, epoch FROM readings ORDER BY id".replace("?", str(moved_at)))
    assert [(1, 3.0, 1), (0, 3.1, 2), (1, 3.0, 1)] == found


def test_distance_is_corrected_by_the_node_s_own_temperature(field: Field) -> None:
    """At once, and with the station's last one when an observation has none; raw is kept."""
    field.put({**WELANG, "sound_reference_c": 20})
    field.ask("node-new", node="wl-01", station="welang")
    field.send(distance_mm=3000, temperature_c=30.0)
    SetClock.time += MINUTE
    field.send(distance_mm=3000)
    SetClock.time += 31 * MINUTE
    field.send(distance_mm=3000)
    found = field.rows("SELECT raw, value FROM readings WHERE quantity = 'level_m' ORDER BY id")
    assert [(3000.0, 3.4493), (3000.0, 3.4493), (3000.0, 3.5)] == found


def test_a_dry_run_changes_nothing(welang: Field) -> None:
    """It says what would change, and a fault anywhere stops all of it."""
    steps = welang.put({"id": "welang", "name": "Lain"}, {"id": "hulu", "name": "Hulu", "datum_m": 5}, dry_run=True)
    assert ["changed", "added"] == [step["kind"] for step in steps]
    wrong = [{"id": "hulu", "name": "Hulu", "datum_m": 5}, {"id": "hilir", "name": "Hilir", "datum_m": 500}]
    assert 1 == len(welang.ask("station-put", stations=wrong)["faults"])
    assert ["welang"] == list(welang.core.registry.stations)
    assert "Welang" == welang.core.registry.stations["welang"].name


def test_a_swapped_node_keeps_the_station_s_history(welang: Field) -> None:
    """The new one serves, the old one is heard no more, and its id is never used again."""
    welang.level(3.0, minutes=1)
    SetClock.time += MINUTE
    welang.ask("node-new", node="wl-02", station="welang", hardware="ESP32")
    SetClock.time += MINUTE
    welang.ask("node-retire", node="wl-01", reason="rusak")
    welang.send("wl-02", distance_mm=3400)
    welang.send("wl-01", distance_mm=3400)
    assert [("wl-01",), ("wl-02",)] == welang.rows("SELECT node FROM readings ORDER BY id")
    served = welang.ask("station-show", id="welang")["nodes"]
    assert [("wl-01", False), ("wl-02", True)] == [(each["node"], each["until"] is None) for each in served]
    for _ in range(2):
        with pytest.raises(CommandFailed, match="never used again"):
            welang.ask("node-new", node="wl-01", station="welang")
        welang.crash()
    assert ["wl-02"] == list(welang.core.memory.nodes)
    assert "wl-01" not in welang.credentials.nodes()


def test_a_node_can_be_moved_to_another_station(welang: Field) -> None:
    """From then on its readings are that station's; each version says who changed what."""
    welang.put({"id": "hulu", "name": "Hulu", "datum_m": 5})
    welang.level(3.0, minutes=1)
    welang.ask("node-change", node="wl-01", station="hulu", reason="dipindah")
    welang.send(distance_mm=2000)
    assert [("welang", 3.0), ("hulu", 3.0)] == welang.rows("SELECT station, value FROM readings ORDER BY id")
    history = welang.ask("node-show", node="wl-01")["history"]
    assert [("welang", "credential"), ("hulu", "dipindah")] == [(each["station"], each["reason"]) for each in history]


def test_nodes_of_a_file_are_changed_all_or_none(welang: Field) -> None:
    """An unknown node or station stops the import; the dry run says each key."""
    good = {"id": "wl-01", "hardware": "ESP32", "note": None}
    bad = [good, {"id": "wl-09", "wifi": "x", "station": "nirgends"}, good]
    faults = welang.ask("node-put", nodes=bad, reason="uji")["faults"]
    assert [(1, "wifi"), (1, "id"), (1, "station"), (2, "id")] == [(fault["number"], fault["key"]) for fault in faults]
    steps = welang.ask("node-put", nodes=[good], reason="uji", dry_run=True)["steps"]
    assert [["hardware", "", "ESP32"]] == json.loads(json.dumps(steps[0]["fields"]))
    assert "" == welang.ask("node-show", node="wl-01")["hardware"]
    welang.ask("node-put", nodes=[good], reason="uji")
    assert "ESP32" == welang.ask("node-show", node="wl-01")["hardware"]


def test_a_staff_gauge_shows_the_drift(welang: Field) -> None:
    """A reading like any other, compared with the sensor's of that minute; a restart remembers it."""
    for level in (3.0, 3.1, 3.2):
        welang.level(level, minutes=1)
        welang.ask("station-observe", id="welang", level_m=round(level - 0.04, 2), by="Slamet")
    drift = welang.ask("station-show", id="welang")["drift"]
    assert (0.04, T0 + MINUTE, 3) == (drift["drift_m"], drift["since"], drift["compared"])
    rows = welang.rows("SELECT node, quantity, value, flag, revision FROM readings WHERE series = 'staff_gauge_m'")
    assert ("petugas", "staff_gauge_m", 2.96, 1, 0) == rows[0]
    welang.crash()
    assert drift == welang.ask("station-show", id="welang")["drift"]
    view = welang.core.hub.station_source("welang")
    assert (0.04, T0 + MINUTE) == (view.drift_m, view.drift_since)
    assert 2.96 != next(series.value for series in view.series if series.quantity == "level_m")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"level_m": 342}, "not centimetres"),
        ({"level_m": 60}, "not centimetres"),
        ({"level_m": "3"}, "must be a number"),
        ({"level_m": 3, "at": T0 + DAY}, "in the future"),
        ({"level_m": 3, "id": "lain"}, "no station 'lain'"),
    ],
)
def test_a_gauge_that_cannot_be_is_refused(welang: Field, arguments: dict[str, Any], said: str) -> None:
    """Nothing is stored."""
    with pytest.raises(CommandFailed, match=said):
        welang.ask("station-observe", **{"id": "welang", **arguments})
    assert [] == welang.rows("SELECT id FROM staff_gauge")


def test_a_new_epoch_begins_a_new_comparison(welang: Field) -> None:
    """The drift of a sensor that was moved says nothing of the one that hangs there now."""
    welang.level(3.0, minutes=1)
    welang.ask("station-observe", id="welang", level_m=2.9)
    welang.put({"id": "welang", "datum_m": 6.4}, mode="change")
    welang.level(3.0, minutes=1)
    welang.ask("station-observe", id="welang", level_m=2.9)
    drift = welang.ask("station-show", id="welang")["drift"]
    assert (0.0, 1) == (drift["drift_m"], drift["compared"])


def test_recomputed_readings_warn_nobody_and_survive_a_restart(welang: Field) -> None:
    """They stand in the log for history; the engine has never seen them."""
    welang.level(3.0)
    rows = [[T0 + MINUTE, "wl-01", 1, 3500.0, 5.9, 1, None, 2]]
    welang.ask("station-recompute", id="welang", series="distance_mm", quantity="level_m", readings=rows)
    state = welang.core.memory.states["welang"]
    welang.crash()
    assert state == welang.core.memory.states["welang"]
    assert [] == welang.rows("SELECT alert FROM alerts")
    last = welang.rows("SELECT boot, seq, revision, value, epoch FROM readings ORDER BY id DESC LIMIT 1")
    assert [(0, 0, 1, 5.9, 2)] == last


def test_areas_are_added_and_imported(field: Field) -> None:
    """RT and RW below a kelurahan; a polygon whose place cannot be true stops the whole file."""
    square = [[112.87, -7.64], [112.89, -7.64], [112.89, -7.62], [112.87, -7.62], [112.87, -7.64]]
    here = {"code": "35.75.01.1001", "name": "Karangketug", "geometry": {"type": "Polygon", "coordinates": [square]}}
    there = {**here, "code": "35.75.02.1003", "name": "Tembokrejo"}
    answer = field.ask("area-put", areas=[here, there])
    assert [("35.75.02.1003", "geometry")] == [(fault["code"], fault["key"]) for fault in answer["faults"]]
    assert not any(area["has_polygon"] for area in field.ask("area-list"))
    field.ask("area-put", areas=[here])
    with pytest.raises(CommandFailed, match="add it first"):
        field.ask("area-add", code="35.75.01.1001/RW03/RT02", name="RT 02")
    field.ask("area-add", code="35.75.01.1001/RW03", name="RW 03")
    field.put({**WELANG, "kelurahan": ["35.75.01.1001/RW03", "Karangketug"]})
    field.crash()
    assert ("Karangketug RW03", "Karangketug") == field.core.registry.kelurahan("welang")
    assert ["welang"] == field.ask("area-show", code="35.75.01.1001")["stations"]
    assert "unchanged" == field.ask("area-put", areas=[here])["steps"][0]["kind"]


def test_core_takes_no_flood_of_stations_while_it_warns(field: Field) -> None:
    """Seconds of work would hold up a warning."""
    many = [{"id": f"pos-{n:05d}", "name": "P", "datum_m": 6.5} for n in range(1001)]
    with pytest.raises(CommandFailed, match="stop it first"):
        field.ask("station-put", stations=many)


def test_a_known_station_s_rule_is_changed_only_after_somebody_looked_at_it(welang: Field) -> None:
    """At the same change, within a day; names, nodes and who set it need no look, and a new station has no past."""
    wish = {"id": "welang", "thresholds": {"awas": 5.8}}
    (fault,) = welang.ask("station-put", stations=[wish], mode="change", reason="uji")["faults"]
    assert ("thresholds", True) == (fault["key"], "nobody has looked at this rule" in fault["text"])
    (look,) = welang.ask("rules-look", stations=[wish])["looks"]
    told = (
        look["parts"],
        look["active"]["level"]["thresholds"]["awas"],
        look["candidate"]["level"]["thresholds"]["awas"],
    )
    assert (("level",), 5.5, 5.8) == told
    looked_at(welang.ask, wish)
    other = {"id": "welang", "thresholds": {"awas": 5.9}}
    assert 1 == len(welang.ask("station-put", stations=[other], mode="change", reason="uji")["faults"])
    SetClock.time += DAY + 1
    assert 1 == len(welang.ask("station-put", stations=[wish], mode="change", reason="uji")["faults"])
    looked_at(welang.ask, wish)
    assert [] == welang.ask("station-put", stations=[wish], mode="change", reason="uji")["faults"]
    assert [] == welang.ask("rules-look", stations=[{"id": "welang", "name": "Lain"}])["looks"]
    renamed = [{"id": "welang", "name": "Welang Hilir", "thresholds": {"author": "Kepala"}}]
    assert [] == welang.ask("station-put", stations=renamed, mode="change", reason="uji")["faults"]
    assert [] == welang.ask("rules-look", stations=[WELANG | {"id": "hulu"}])["looks"]
    assert 5.8 == welang.core.registry.stations["welang"].thresholds.awas  # type: ignore[union-attr]
