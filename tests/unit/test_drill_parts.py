"""Drills: what keeps them apart from the real installation, when one is due, and what is said of the last."""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from deploy.drill import results, verdict
from deploy.drill.isolation import Ground, ground_of
from deploy.drill.results import Result, ResultsUnreadable, Told
from deploy.drill.schedule import is_due
from deploy.settings import BadSettings, Drill, load
from deploy.state_folder import StateFolder

ZONE = ZoneInfo("Asia/Jakarta")
REAL = """
[site]
name = "Kota"
state_dir = "state"
[drill]
settings = "latihan.toml"
group = "posko"
[[drill.groups]]
name = "posko"
people = ["Sari"]
[channels.twilio]
account_sid = "AC1"
token_file = "real.token"
sender = "+62811"
"""
DRILL = """
[site]
name = "Latihan"
realm = "latihan"
state_dir = "l"
[broker]
tls_port = 18883
loopback_port = 11883
[channels.twilio]
account_sid = "AC2"
token_file = "latihan.token"
sender = "+62812"
[[officers]]
name = "Sari"
phone = "+6281200000091"
[[officers]]
name = "Budi"
phone = "+6281200000092"
"""


def ground(folder: Path, *, real: str = REAL, drill: str = DRILL, token: str = "theirs", group: str = "") -> Ground:
    (folder / "real.token").write_text("ours")
    (folder / "latihan.token").write_text(token)
    (folder / "kentongan.toml").write_text(real)
    (folder / "latihan.toml").write_text(drill)
    settings = load(folder / "kentongan.toml")
    return ground_of(settings, StateFolder(folder / "state"), folder, group=group)


def test_a_drill_tells_its_group_alone(tmp_path: Path) -> None:
    """Officers of the drill's file who are not in the group are not in its core's settings either."""
    found = ground(tmp_path)
    assert ["Sari"] == [person.name for person in found.people]
    assert tmp_path / "l" == found.state.root
    assert tmp_path / "state" / "journal.db" == found.real_journal


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"drill": DRILL.replace('realm = "latihan"', "")}, "a realm of its own"),
        ({"drill": DRILL.replace('"l"', '"state"')}, "is not apart from"),
        ({"drill": DRILL.replace('"l"', '"state/l"')}, "is not apart from"),
        ({"drill": DRILL.replace("18883", "8883")}, "broker.tls_port: 8883 is the real broker.tls_port"),
        ({"drill": DRILL.replace("11883", "8080")}, "broker.loopback_port: 8080 is the real web.port"),
        ({"drill": DRILL.replace("AC2", "AC1")}, "channels.twilio.account_sid: it is that of the real"),
        ({"drill": DRILL.replace("latihan.token", "real.token")}, "channels.twilio.token_file: it is that of the real"),
        ({"token": "ours"}, "channels.twilio.token_file: it is that of the real"),
        ({"drill": DRILL[: DRILL.index("[channels")] + DRILL[DRILL.index("[[off") :]}, "tells nobody"),
        ({"group": "semua"}, "no group 'semua'; there is posko"),
        ({"real": REAL.replace('["Sari"]', '["Tono"]')}, "Tono of group posko is not there"),
        ({"real": REAL.replace('["Sari"]', "[]")}, "nobody is in it"),
        ({"real": REAL.replace('settings = "latihan.toml"', "")}, "drill.settings: no drill is set up"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_apart_is_refused(tmp_path: Path, change: dict[str, str], told: str) -> None:
    """One sentence each, before anything starts: realm, folder, ports, accounts, secrets, people."""
    with pytest.raises(BadSettings) as refused:
        ground(tmp_path, **change)
    assert told in str(refused.value)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


@pytest.mark.parametrize(
    ("now", "last", "expected"),
    [
        ("2026-12-05 09:59", None, False),
        ("2026-12-05 10:00", None, True),
        ("2026-12-05 10:00", "2026-11-05 10:00", True),
        ("2026-12-05 21:59", "2026-11-05 10:00", True),  # the machine was off at ten
        ("2026-12-05 22:00", "2026-11-05 10:00", False),  # nobody is woken by a drill
        ("2026-12-06 10:00", "2026-11-05 10:00", False),
        ("2026-12-05 10:05", "2026-12-05 10:01", False),  # it was held
        ("2026-12-05 10:05", "2026-12-05 08:00", True),  # one by hand in the morning does not stand for it
    ],
)
def test_a_drill_is_due_once_a_month(now: str, last: str | None, expected: bool) -> None:
    """On its day, from its hour on, in the site's own time."""
    drill = Drill(enabled=True, settings="latihan.toml", day=5, hour=10)
    assert expected == is_due(drill, at(last) if last else None, at(now), ZONE)
    assert not is_due(msgspec.structs.replace(drill, enabled=False), at(last) if last else None, at(now), ZONE)


def result(moment: str, *, passed: bool = True, why: str = "2 orang menerima pesan.") -> Result:
    return Result(at=at(moment), by="jadwal", group="posko", people=2, passed=passed, why=why)


def test_the_board_says_what_the_last_drill_came_to() -> None:
    """In one line, in the site's own time; nothing before the first."""
    assert "" == results.line([], ZONE)
    assert "latihan 1 Des 2026 10.02: lulus" == results.line([result("2026-12-01 10:02")], ZONE)
    failed = [result("2026-12-01 10:02"), result("2027-01-01 10:02", passed=False, why="Tidak sampai ke Sari.")]
    assert "latihan 1 Jan 2027 10.02: TIDAK LULUS" == results.line(failed, ZONE)
    assert "Latihan 1 Jan 2027 10.02 tidak lulus: Tidak sampai ke Sari." == results.problem(
        failed, ZONE, at("2027-01-02 00:00"), since=0
    )


def test_a_month_without_a_drill_is_a_problem() -> None:
    """After 35 days, counted from the last one or from when this installation began to look."""
    held = [result("2026-12-01 10:02")]
    assert results.problem(held, ZONE, at("2027-01-05 10:00"), since=0) is None
    said = results.problem(held, ZONE, at("2027-01-05 10:03"), since=0)
    assert "Latihan bulanan tidak berjalan (yang terakhir 1 Des 2026 10.02). Jalankan: kentongan drill run." == said
    assert results.problem([], ZONE, at("2027-01-05 10:03"), since=at("2026-12-24 00:00")) is None
    assert results.problem([], ZONE, at("2027-01-05 10:03"), since=None) is None  # nobody asked for drills
    never = results.problem([], ZONE, at("2027-01-05 10:03"), since=at("2026-12-01 00:00"))
    assert never is not None
    assert "belum pernah ada" in never


def test_results_are_kept_in_order_and_a_broken_line_is_named(tmp_path: Path) -> None:
    """A file that somebody has edited is not read as if nothing had been held."""
    state = StateFolder(tmp_path)
    held = [result("2026-12-01 10:02"), result("2027-01-01 10:02", passed=False)]
    for each in held:
        results.add(state, each)
    assert held == results.read(state)
    with (tmp_path / results.FILE).open("a") as file:
        file.write("{}\n")
    with pytest.raises(ResultsUnreadable, match=r"drills\.jsonl, line 3: not a drill's result"):
        results.read(state)


def journal(folder: Path, *, body: str = "LATIHAN AWAS", station: str = "welang") -> Path:
    """A ledger with one reading, one alert and one message."""
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / "journal.db")) as connection, connection:
        connection.execute("CREATE TABLE alerts (station)")
        connection.execute("CREATE TABLE readings (node)")
        connection.execute("CREATE TABLE outbox (alert, body)")
        connection.execute("INSERT INTO alerts VALUES (?)", (station,))
        connection.execute("INSERT INTO outbox VALUES ('pos-latihan.level.1', ?)", (body,))
    return folder / "journal.db"


def told(person: str = "Sari", state: str = "accepted", reason: str = "") -> Told:
    return Told(person=person, channel="twilio", state=state, seconds=0.2, reason=reason)


@pytest.mark.parametrize(
    ("messages", "body", "station", "expected"),
    [
        ([told()], "LATIHAN AWAS", "welang", None),
        ([told(state="dead"), told()], "LATIHAN AWAS", "welang", None),  # another channel reached her
        ([], "LATIHAN AWAS", "welang", "Tidak sampai ke Sari."),
        ([told(state="dead", reason="Nomor salah.")], "LATIHAN AWAS", "welang", "Tidak sampai ke Sari (Nomor salah)."),
        (
            [told(), told("Budi", "dead")],
            "LATIHAN AWAS",
            "welang",
            "Pesan latihan dibuat untuk orang di luar kelompok: Budi.",
        ),
        ([told()], "AWAS", "welang", "Pesan latihan tidak memuat kata LATIHAN."),
        ([told()], "LATIHAN AWAS", "pos-latihan", "Latihan tercatat di jurnal yang asli; periksa pengaturan broker."),
    ],
)
def test_a_drill_passes_when_its_group_alone_was_told_of_a_drill(
    tmp_path: Path, messages: list[Told], body: str, station: str, expected: str | None
) -> None:
    """Everybody reached, nobody else, LATIHAN in each text, and nothing of it in the real journal."""
    found = ground(tmp_path)
    journal(tmp_path / "l", body=body)
    journal(tmp_path / "state", station=station)
    assert expected == verdict.fault(
        found, messages, alert="pos-latihan.level.1", station="pos-latihan", node="node-latihan"
    )
