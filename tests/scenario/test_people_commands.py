"""What officers and technicians do to a running core: raise, lower, cancel, observe, maintain; and ask why."""

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

T0 = 1_795_000_000_000  # 18:06:40 WIB
MINUTE = 60_000
LIMITS = {"waspada": 3.5, "siaga": 4.5, "awas": 5.5, "author": "BPBD", "reason": "survei", "hold_down_minutes": 1}
WELANG = {
    "id": "welang",
    "name": "Welang Kraton",
    "river": "Welang",
    "datum_m": 6.5,
    "kelurahan": ["Karangketug"],
    "thresholds": LIMITS,
    "quality": {"noise": 10.0, "spike_suspect": 20.0, "spike_fail": 20.0},
}
OFFICER = '[[officers]]\nname = "Petugas jaga"\nphone = "+6281200000001"\n'
RINI = {"by": "Rini", "note": "air di gang"}


class Post:
    """One core with a station of water and one of air, an officer, and a node's side of the wire contract."""

    def __init__(self, folder: Path) -> None:
        (folder / "k.toml").write_text(f'[site]\nname = "Uji"\n[channels]\ndemo = true\n{OFFICER}')
        self.settings = load(folder / "k.toml")
        self.state = StateFolder(folder / "s")
        self.state.prepare()
        self.state.broker.mkdir()
        SetClock.time = T0
        self.seq = 0
        self.open()
        udara = {"id": "udara", "name": "Udara Kota", "hazard": "air"}
        answer = self.ask("station-put", stations=[WELANG, udara], mode="import", reason="uji")
        assert [] == answer["faults"]
        self.ask("node-new", node="wl-01", station="welang")

    def open(self) -> None:
        self.core = core_of(self.settings, self.state, SetClock(), channels={})
        self.core.link, self.core.sender = Wire(), Wire()
        self.commands = Commands(self.core, credentials_of(self.state), lambda: True)

    def crash(self) -> None:
        self.core.journal.close()
        self.open()

    def ask(self, command: str, /, *, key: str | None = None, **arguments: Any) -> Any:
        return self.commands.run(Request(name=command, args=arguments, actor="cli:uji", key=key))

    def refused(self, command: str, /, **arguments: Any) -> str:
        with pytest.raises(CommandFailed) as error:
            self.ask(command, **arguments)
        return str(error.value)

    def why(self, about: str) -> str:
        return "\n".join(self.ask("why", about=about)["sentences"])

    def level(self, metres: float, *, minutes: int = 3) -> None:
        """The water stands there for some minutes, a sample each."""
        for _ in range(minutes):
            SetClock.time += MINUTE
            body = {"v": 1, "boot": 7, "seq": self.seq, "t": SetClock.time, "s": {"distance_mm": (6.5 - metres) * 1000}}
            self.seq += 1
            self.core.turn([Arrival(b"ews/v1/wl-01/obs", json.dumps(body).encode(), 1, 1, retain=False, generation=1)])

    def wait(self, minutes: float) -> None:
        SetClock.time += round(minutes * MINUTE)
        self.core.turn()

    def texts(self) -> list[str]:
        return [body for (body,) in self.rows("SELECT body FROM outbox ORDER BY id")]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.core.journal.connection.execute(query).fetchall()


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    made = Post(tmp_path)
    yield made
    made.core.journal.close()


def test_an_officer_raises_and_cancels(post: Post) -> None:
    """Officers are told each time who said so; the sentence is stored; the area goes with its station."""
    post.level(3.0)
    raised = post.ask("alert-raise", scope="welang", level="siaga", **RINI)
    assert [("welang.level.1", "raised", "SIAGA"), ("35.75.01.1001.area.1", "raised", "SIAGA")] == [
        (each["alert"], each["kind"], each["level"]) for each in raised["decided"]
    ]
    assert ("SIAGA", 1) == (raised["level"], raised["messages"])
    assert 'Rini menetapkan SIAGA: "air di gang"' in post.why("welang.level.1")
    cancelled = post.ask("alert-cancel", scope="welang.level.1", by="Joko", note="salah lihat")
    assert "cancelled" == cancelled["decided"][0]["kind"]
    assert 'Joko membatalkan peringatan: "salah lihat"' in post.why("welang.level.1@2")
    assert [
        (
            "BPBD KOTA PASURUAN: SIAGA BANJIR S. Welang Kraton, 18:09 WIB, ditetapkan Rini. Air 3,00 m. "
            "Karangketug: siapkan pengungsian. Info 112"
        ),
        (
            "BPBD KOTA PASURUAN: BATAL. Peringatan banjir S. Welang Kraton dibatalkan 18:09 WIB oleh Joko. "
            "Air 3,00 m. Tetap pantau. Info 112"
        ),
    ] == post.texts()
    actions = [row[0] for row in post.rows("SELECT action FROM audit WHERE actor = 'cli:uji' ORDER BY id")]
    assert ["alert raised", "alert cancelled"] == actions[-2:]
    assert first_broken([AuditEntry(*row) for row in post.rows("SELECT * FROM audit ORDER BY id")]) is None


def test_an_area_is_raised_by_name_and_officers_hear_that_it_waits(post: Post) -> None:
    """Its alert is the public's, its sentence names it as people do, and somebody else must approve it."""
    raised = post.ask("alert-raise", scope="karangketug", level="AWAS", **RINI)
    assert ("35.75.01.1001", 1) == (raised["scope"], raised["messages"])
    assert (
        "BPBD KOTA PASURUAN: AWAS BANJIR Karangketug, 18:06 WIB, ditetapkan Rini. Pesan untuk warga menunggu "
        "persetujuan orang kedua. Info 112"
    ) == post.texts()[-1]
    assert 'Rini menetapkan AWAS di wilayah Kel. Karangketug: "air di gang".' in post.why("35.75.01.1001.area.1")
    assert "Kel. Karangketug: AWAS, menurut Welang Kraton." in post.why("Karangketug")
    assert "Petugas menetapkan AWAS di sini; berlaku sampai ada yang menurunkannya." in post.why("Karangketug")
    post.ask("alert-lower", scope="Karangketug", level="waspada", **RINI)
    assert ["WASPADA"] == [alert["level"] for alert in post.ask("alert-list", active=True)]
    post.ask("alert-cancel", scope="Karangketug", **RINI)
    assert [] == post.ask("alert-list", active=True)


def test_a_level_that_was_raised_survives_a_crash_and_ends_when_it_was_said_to(post: Post) -> None:
    """A killed core has forgotten nothing; after the end of the hold, fresh good data bring it down."""
    post.level(3.0)
    post.ask("alert-raise", scope="Welang Kraton", level="SIAGA", until="18:20", **RINI)
    post.crash()
    assert "Rini menetapkan SIAGA pukul 18:09; berlaku sampai 18:20." in post.why("welang")
    post.level(3.0, minutes=8)
    assert "SIAGA" == post.ask("alert-list", active=True)[-1]["level"]
    post.level(3.0, minutes=6)
    assert [] == post.ask("alert-list", active=True)


def test_the_same_key_raises_once(post: Post) -> None:
    """An answer that was lost may be asked for again."""
    first = post.ask("alert-raise", key="k1", scope="welang", level="SIAGA", **RINI)
    assert first == post.ask("alert-raise", key="k1", scope="welang", level="SIAGA", **RINI)
    assert [(1,)] == post.rows("SELECT count(*) FROM alerts WHERE hazard = 'level'")


def test_raising_to_where_it_stands_holds_it(post: Post) -> None:
    """Nothing is decided and nobody is told again; the hold is kept, also over a crash."""
    post.level(4.6)
    assert ["SIAGA"] == [alert["level"] for alert in post.ask("alert-list", active=True) if alert["hazard"] == "level"]
    held = post.ask("alert-raise", scope="welang", level="SIAGA", **RINI)
    assert ("SIAGA", [], 0) == (held["level"], held["decided"], held["messages"])
    post.crash()
    post.level(3.0, minutes=30)
    assert "SIAGA" == post.ask("alert-raise", scope="welang", level="SIAGA", **RINI)["level"]


def test_lowering_holds_the_level_back_for_a_while(post: Post) -> None:
    """Data raise it again after half an hour, not before."""
    post.level(4.6)
    post.ask("alert-lower", scope="welang", level="WASPADA", **RINI)
    post.level(4.6, minutes=20)
    assert "WASPADA" in post.why("welang").splitlines()[0]
    assert "Rini menurunkan SIAGA pukul 18:09; level itu ditahan sampai 18:39." in post.why("welang")
    post.level(4.6, minutes=15)
    assert "SIAGA" in post.why("welang").splitlines()[0]


def test_a_staff_gauge_reading_is_an_observation(post: Post) -> None:
    """It raises what it reaches, in the observer's name, and speaks for the sensor; an old one warns nobody."""
    post.level(3.0)
    seen = post.ask("station-observe", id="welang", level_m=5.6, by="Slamet", note="deras")
    assert ["raised", "AWAS", True] == [seen["decided"][0][key] for key in ("kind", "level", "public_ok")]
    assert "ditetapkan" not in post.texts()[0]
    assert "AWAS BANJIR S. Welang Kraton, 18:09 WIB, dilihat Slamet. Air 5,60 m" in post.texts()[0]
    post.ask("alert-cancel", scope="welang", **RINI)
    old = post.ask("station-observe", id="welang", level_m=5.6, at=SetClock.time - 40 * MINUTE, by="Slamet")
    assert ([], 0) == (old["decided"], old["messages"])


def test_maintenance_is_said_and_ends_by_itself(post: Post) -> None:
    """Officers read that somebody works there; nothing is public; its end is in the audit log."""
    post.level(3.0)
    begun = post.ask("station-maintain", id="welang", minutes=30, reason="ganti sensor", by="Joko")
    assert SetClock.time + 30 * MINUTE == begun["until"]
    post.crash()
    post.level(5.8, minutes=15)  # a sensor that is worked on is not believed at once
    assert "PEMELIHARAAN" in post.why("welang").splitlines()[0]
    assert "Pemeliharaan oleh Joko dari 18:09 sampai 18:39 (ganti sensor)" in post.why("welang")
    assert "AWAS BANJIR (PEMELIHARAAN) S. Welang Kraton" in post.texts()[-1]
    assert "Alat sedang dikerjakan, pastikan di lokasi." in post.texts()[-1]
    assert [] == [alert for alert in post.ask("alert-list", active=True) if alert["hazard"] == "area"]
    post.wait(31)
    assert "PEMELIHARAAN" not in post.why("welang")
    assert [("engine", "maintenance ended", "welang")] == post.rows(
        "SELECT actor, action, subject FROM audit WHERE action LIKE 'maintenance ended'"
    )


def test_maintenance_of_a_station_that_never_spoke_ends_too(post: Post) -> None:
    """A new sensor that is being mounted has sent nothing yet."""
    post.ask("station-maintain", id="udara", minutes=10, reason="pasang", by="Joko")
    assert "PEMELIHARAAN" in post.why("udara")
    post.wait(11)
    assert "PEMELIHARAAN" not in post.why("udara")


def test_maintenance_can_be_ended_by_a_person(post: Post) -> None:
    """Once; and its length can be said anew."""
    post.ask("station-maintain", id="welang", minutes=30, reason="ganti sensor", by="Joko")
    post.ask("station-maintain", id="welang", minutes=60, reason="ganti kabel", by="Joko")
    assert "(ganti kabel)" in post.why("welang")
    post.ask("station-maintain", id="welang", end=True, by="Joko")
    assert "welang is not under maintenance" == post.refused("station-maintain", id="welang", end=True, by="Joko")
    actions = [row[0] for row in post.rows("SELECT action FROM audit WHERE subject = 'welang' ORDER BY id")]
    assert ["maintenance begun", "maintenance changed", "maintenance ended"] == actions[-3:]


def test_an_alert_is_shown_with_its_messages(post: Post) -> None:
    """Every version, who was told, in which state; numbers masked."""
    post.level(4.6)
    post.level(5.6)
    shown = post.ask("alert-show", alert="welang.level.1")
    assert [(1, "raised"), (2, "raised_higher")] == [(each["version"], each["kind"]) for each in shown["versions"]]
    assert {("Petugas jaga", "+62********001", "demo")} == {
        (each["recipient"], each["address"], each["channel"]) for each in shown["messages"]
    }
    assert [2] == [each["version"] for each in post.ask("alert-show", alert="welang.level.1@2")["versions"]]


def test_a_station_says_why_it_stands_there(post: Post) -> None:
    """Level, last decision, last reading, silence, and readings that quality control doubts."""
    assert "TIDAK ADA DATA" in post.why("welang")
    assert "Stasiun ini belum pernah mengirim data baik." in post.why("welang")
    post.level(4.6)
    said = post.why("welang").splitlines()
    assert "Welang Kraton: SIAGA sejak 18:08." == said[0]
    assert said[1].startswith("Keputusan terakhir: Pukul 18:08 muka air 4,60 m, 2 pembacaan berturut-turut")
    assert "Pembacaan terakhir baik: 4,60 m pukul 18:09." == said[2]
    post.level(9.0, minutes=1)
    assert "Pembacaan tinggi air" in post.why("welang")
    post.wait(12)
    assert "levelnya tetap sedikitnya SIAGA" in post.why("welang").splitlines()[0]
    assert "\nDiam: Tidak ada data baik selama" in post.why("welang")


def test_rain_beyond_a_stations_own_limit_is_told(post: Post) -> None:
    """A limit from the document warns officers of rain, in the station's name, and why says so."""
    limits = [{"window": "10min", "mm": 5, "level": "WASPADA"}]
    looked_at(post.ask, {"id": "welang", "rain_limits": limits})
    answer = post.ask(
        "station-put", stations=[{"id": "welang", "rain_limits": limits}], mode="change", reason="hujan kota"
    )
    assert [] == answer["faults"]
    for _ in range(8):
        SetClock.time += MINUTE
        body = {"v": 1, "boot": 7, "seq": post.seq, "t": SetClock.time, "s": {"rain_tips": 6}}
        post.seq += 1
        post.core.turn([Arrival(b"ews/v1/wl-01/obs", json.dumps(body).encode(), 1, 1, retain=False, generation=1)])
    assert 1 == len(post.texts())
    assert "WASPADA HUJAN Welang Kraton, 18:11 WIB. Hujan 6 mm dalam 10 menit." in post.texts()[0]
    assert "mencapai batas WASPADA" in post.why("welang.rain.1")
    assert "\nHujan: Pukul 18:11 hujan 6 mm dalam 10 menit (batas 5 mm" in post.why("welang")
    cancelled = post.ask("alert-cancel", scope="welang.rain.1", by="Rini", note="alat dibilas")
    assert [("welang.rain.1", "cancelled", "NORMAL", 1)] == [
        (each["alert"], each["kind"], each["level"], cancelled["messages"]) for each in cancelled["decided"]
    ]
    assert "BATAL. Peringatan hujan Welang Kraton dibatalkan 18:14 WIB oleh Rini." in post.texts()[-1]
    assert 'Rini membatalkan peringatan: "alat dibilas"' in post.why("welang.rain.1")
    assert "is over since its version 2" in post.refused("alert-cancel", scope="welang.rain.1", **RINI)


@pytest.mark.parametrize(
    ("command", "arguments", "sentence"),
    [
        (
            "alert-raise",
            {"scope": "welan", "level": "SIAGA"},
            "no station or area 'welan' is known; did you mean welang",
        ),
        ("alert-raise", {"scope": "Karangketuk", "level": "SIAGA"}, "did you mean Karangketug"),
        ("alert-raise", {"scope": "welang", "level": "Siaga 1"}, "write WASPADA, SIAGA or AWAS"),
        ("alert-raise", {"scope": "welang", "level": "siaga-III"}, "worst level in one city"),
        ("alert-raise", {"scope": "welang", "level": "merah"}, "'merah' is no level"),
        ("alert-raise", {"scope": "welang", "level": "normal"}, "kentongan alert cancel"),
        ("alert-raise", {"scope": "udara", "level": "AWAS"}, "measures no water (hazard air)"),
        ("alert-raise", {"scope": "welang", "level": "AWAS", "by": " "}, "give a name: --by NAME"),
        ("alert-raise", {"scope": "welang", "level": "AWAS", "note": ""}, "--note: write why"),
        ("alert-raise", {"scope": "welang", "level": "AWAS", "until": "25:00"}, "no such time of day"),
        ("alert-raise", {"scope": "welang", "level": "AWAS", "until": "besok"}, "write 06:00, or a moment"),
        ("alert-raise", {"scope": "welang", "level": "AWAS", "until": "2020-01-01T00:00:00+07:00"}, "must lie ahead"),
        ("alert-lower", {"scope": "welang", "level": "WASPADA"}, "stands at NORMAL, so WASPADA is not lower"),
        ("alert-cancel", {"scope": "welang"}, "no alert of water, rain or air stands at welang"),
        ("alert-cancel", {"scope": "welang.level.9"}, "no station or area 'welang.level.9' is known"),
        ("alert-show", {"alert": "welang.level.9"}, "no alert 'welang.level.9' is known"),
        ("alert-show", {"alert": "welang.level.1@x"}, "after @ comes the number of a version"),
        ("why", {"about": "welnag"}, "did you mean welang"),
        ("station-maintain", {"id": "welang", "minutes": 0, "reason": "x"}, "at least 1 minute"),
        ("station-maintain", {"id": "welang", "minutes": 20_000, "reason": "x"}, "at most 7 days"),
        ("station-maintain", {"id": "welang", "minutes": 20, "reason": ""}, "--reason: write why"),
        ("station-maintain", {"id": "wlang", "minutes": 20, "reason": "x"}, "did you mean welang"),
        ("station-observe", {"id": "welamg", "level_m": 3.0}, "did you mean welang"),
    ],
)
def test_wrong_input_is_one_sentence(post: Post, command: str, arguments: dict[str, Any], sentence: str) -> None:
    """It names the thing and the remedy, and nothing is half-done."""
    said = post.refused(command, **(RINI | arguments))
    assert sentence in said
    assert "\n" not in said
    assert ([], []) == (post.rows("SELECT id FROM alerts"), post.rows("SELECT id FROM outbox"))


def test_what_stands_cannot_be_raised_to_less(post: Post) -> None:
    """To go down is another word."""
    post.level(5.6)
    assert "bring it down: kentongan alert lower" in post.refused("alert-raise", scope="welang", level="SIAGA", **RINI)


def test_a_silence_is_not_cancelled_by_a_person(post: Post) -> None:
    """It ends with data, and says so; the nearest of mistyped alerts is named."""
    post.level(3.0)
    post.wait(12)
    assert "ends by itself, with good data" in post.refused("alert-cancel", scope="welang.data.1", **RINI)
    assert "did you mean welang.data.1" in post.refused("alert-show", alert="welang.dat.1")


def test_who_goes_to_a_silent_station_closes_its_alert(post: Post) -> None:
    """The remedy that the refusal names: officers read that somebody works there, and that it is no all-clear."""
    post.level(4.6)
    post.wait(12)
    assert "kentongan station maintain welang" in post.refused("alert-cancel", scope="welang.data.1", **RINI)
    begun = post.ask("station-maintain", id="welang", minutes=60, reason="ganti baterai", by="Joko")
    assert [("welang.data.1", "cancelled")] == [(each["alert"], each["kind"]) for each in begun["decided"]]
    assert "SEDANG DIPERBAIKI, BELUM ADA DATA S. Welang Kraton, 18:21 WIB oleh Joko." in post.texts()[-1]
    assert "Bukan tanda aman, pantau langsung. Info 112" in post.texts()[-1]
    assert ["SIAGA"] == [each["level"] for each in post.ask("alert-list", active=True) if each["hazard"] == "level"]
    post.wait(72)
    assert "welang.data.2" in [each["alert"] for each in post.ask("alert-list", active=True)]


def test_streets_without_a_station_are_raised_by_hand(post: Post) -> None:
    """Bangilan has no gauge: its alert is held over a crash until the time that was said, and ends in its name."""
    raised = post.ask(
        "alert-raise", scope="bangilan", level="siaga", until="18:30", by="Rini", note="air 40 cm di jalan"
    )
    assert [("raised", "SIAGA", True)] == [(d["kind"], d["level"], d["public_ok"]) for d in raised["decided"]]
    area = raised["scope"]
    assert "hanya petugas yang menetapkan" in post.why("Bangilan")
    post.crash()
    post.wait(5)
    assert ["SIAGA"] == [each["level"] for each in post.ask("alert-list", active=True) if each["scope"] == area]
    post.wait(20)
    assert [] == [each for each in post.ask("alert-list", active=True) if each["scope"] == area]
    assert "turun menjadi NORMAL: waktu yang ditetapkan Rini sudah lewat." in post.why("Bangilan")


def test_of_two_alerts_at_a_station_the_one_is_named(post: Post) -> None:
    """Water and rain: the sentence has the ids to choose from."""
    limits = [{"window": "10min", "mm": 5, "level": "WASPADA"}]
    looked_at(post.ask, {"id": "welang", "rain_limits": limits})
    post.ask("station-put", stations=[{"id": "welang", "rain_limits": limits}], mode="change", reason="hujan kota")
    post.level(4.6)
    for _ in range(8):
        SetClock.time += MINUTE
        body = {"v": 1, "boot": 7, "seq": post.seq, "t": SetClock.time, "s": {"rain_tips": 6}}
        post.seq += 1
        post.core.turn([Arrival(b"ews/v1/wl-01/obs", json.dumps(body).encode(), 1, 1, retain=False, generation=1)])
    said = post.refused("alert-cancel", scope="welang", **RINI)
    assert "alerts of water and of rain stand at welang; name the one: welang.level.1 or welang.rain.1" == said


def test_a_station_is_retired_in_somebodys_name(post: Post) -> None:
    """What stood is cancelled, its node is free, its history and its id stay; also after a crash."""
    hilir = dict(WELANG, id="hilir", name="Hilir", kelurahan=["Randusari"], neighbours=[UPPER])
    assert [] == post.ask("station-put", stations=[hilir], mode="add", reason="uji")["faults"]
    post.level(4.6)
    retired = post.ask("station-retire", id="Welang Kraton", by="Rini", reason="jembatan dibongkar")
    assert ["wl-01"] == retired["nodes"]
    assert [("welang.level.1", "cancelled"), ("35.75.01.1001.area.1", "ended")] == [
        (each["alert"], each["kind"]) for each in retired["decided"]
    ]
    assert 'Rini menghentikan stasiun ini: "jembatan dibongkar".' in post.why("welang.level.1")
    assert "BATAL. Peringatan banjir S. Welang Kraton dibatalkan 18:09 WIB oleh Rini." in post.texts()[-1]
    for _ in range(2):
        assert ["hilir", "udara"] == [each["id"] for each in post.ask("station-list")]
        assert "station welang was retired" in post.refused("station-show", id="Welang Kraton")
        assert "station welang was retired" in post.refused("alert-raise", scope="welang", level="AWAS", **RINI)
        faults = post.ask("station-put", stations=[WELANG], mode="import", reason="uji")["faults"]
        assert ["was retired, and ids are never used again; choose another"] == [each["text"] for each in faults]
        assert "neighbours" not in post.ask("station-document", id="hilir")
        before = post.rows("SELECT count(*) FROM readings")
        post.level(3.0)
        assert before == post.rows("SELECT count(*) FROM readings")
        post.crash()
    assert "welang.level.1" in [each["alert"] for each in post.ask("alert-list")]
    post.wait(60)
    assert [] == post.ask("alert-list", active=True)


def test_a_free_node_serves_another_station_and_nothing_is_taken_twice(post: Post) -> None:
    """What its first station has of it is known at the second, whatever happened in between."""
    post.level(3.0)
    post.ask("station-retire", id="welang", by="Rini", reason="pindah")
    post.crash()
    other = dict(WELANG, id="dhompo", name="Dhompo")
    assert [] == post.ask("station-put", stations=[other], mode="add", reason="uji")["faults"]
    post.ask("node-change", node="wl-01", station="dhompo", reason="pindah")
    post.seq -= 1
    post.level(3.0, minutes=2)
    assert [("dhompo", 1), ("welang", 3)] == post.rows(
        "SELECT station, count(*) FROM readings WHERE quantity = 'level_m' GROUP BY station ORDER BY station"
    )


UPPER = {"station": "welang", "side": "upstream", "travel_minutes": 30}
