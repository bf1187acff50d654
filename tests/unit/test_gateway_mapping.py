"""The mapping of existing loggers: whatever is wrong is said at once, each with its key and the remedy."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from broker import certificates
from edge.gateway import mapping
from edge.gateway.csv_folder import FolderPlan
from edge.gateway.mapping import BadMapping
from edge.gateway.mapping_sources import ModbusPlan
from edge.gateway.push import PushPlan

RIGHT = """
state = "rings"
[push]
port = 8090
[[loggers]]
node = "lg-01"
every_seconds = 60
[loggers.modbus]
kind = "rtu"
address = "/dev/ttyUSB0"
baud = 19200
parity = "E"
stop_bits = 1
unit_id = 3
[[loggers.values]]
series = "level_m"
unit = "cm"
table = "holding"
register = 4
type = "uint16"
[[loggers.values]]
series = "level_m.2"
unit = "m"
table = "input"
register = 6
type = "float32"
word_order = "little"
[[loggers]]
node = "lg-02"
every_seconds = 30
[loggers.csv]
folder = "ftp"
pattern = "*.csv"
delimiter = ";"
decimal = ","
time_columns = ["Tanggal"]
time_format = "%d/%m/%Y %H:%M"
timezone = "Asia/Jakarta"
since = 2026-11-22
[[loggers.values]]
column = "Hujan"
series = "rain_mm"
unit = "mm"
[[loggers]]
node = "lg-03"
[loggers.push]
token_file = "token"
[[loggers.values]]
name = "pm"
series = "pm25_ugm3"
unit = "mg/m3"
"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return certificates.ensure_authority(tmp_path_factory.mktemp("ca"), now=datetime.now(UTC)).der


@pytest.fixture
def file(tmp_path: Path, authority: bytes) -> Path:
    """A right mapping, and what it names beside it."""
    for node in ("lg-01", "lg-02", "lg-03"):
        (tmp_path / node).mkdir()
        document = {"node": node, "realm": "ews", "host": "h", "port": 8883, "server_name": "k", "password": "p" * 32}
        path = tmp_path / node / "node.json"
        path.touch(mode=0o600)
        path.write_bytes(msgspec.json.encode(document))
        (tmp_path / node / "ca.der").write_bytes(authority)
    (tmp_path / "ftp").mkdir()
    (tmp_path / "token").touch(mode=0o600)
    (tmp_path / "token").write_text("t" * 24 + "\n")
    path = tmp_path / "gateway.toml"
    path.write_text(RIGHT.replace("since = 2026-11-22", 'since = "2026-11-22"'))
    return path


def faults(file: Path, *changes: tuple[str, str]) -> list[str]:
    """What is said of the mapping with these changes, without the file's name."""
    text = file.read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    file.write_text(text)
    with pytest.raises(BadMapping) as refused:
        mapping.read(file)
    assert all(fault.startswith(f"{file}: ") for fault in refused.value.faults)
    return [fault.removeprefix(f"{file}: ") for fault in refused.value.faults]


def test_a_right_mapping_is_read(file: Path) -> None:
    """Each source with what was given, and relative folders from where the file is."""
    found = mapping.read(file)
    modbus, table, push = (logger.source for logger in found.loggers)
    assert isinstance(modbus, ModbusPlan)
    assert isinstance(table, FolderPlan)
    assert isinstance(push, PushPlan)
    assert ("rtu", 19200, "E", 3) == (modbus.line.kind, modbus.line.baud, modbus.line.parity, modbus.unit_id)
    assert [("holding", 4, "big"), ("input", 6, "little")] == [(r.table, r.first, r.words) for r in modbus.registers]
    assert (file.parent / "ftp", 1_795_280_400_000) == (table.folder, table.since_ms)
    assert (1234.0, "") == push.rules["pm"].read(1.234)
    assert ["lg-01", "lg-02", "lg-03"] == [logger.identity.node for logger in found.loggers]
    assert "p" * 32 not in repr(found)
    assert "t" * 24 not in repr(found)


def test_every_mistake_is_told_at_once(file: Path) -> None:
    """Nine slips in one file are nine sentences, each with where it is."""
    found = faults(
        file,
        ("every_seconds = 60", "every_second = 60"),
        ('unit = "cm"', 'unit = "kaki"'),
        ("register = 4", "register = 40005"),
        ("register = 6", 'register = "6"'),
        ('word_order = "little"\n', ""),
        ('decimal = ","', 'decimal = "koma"'),
        ('timezone = "Asia/Jakarta"', 'timezone = "WIB"'),
        ('folder = "ftp"', 'folder = "fpt"'),
        ('series = "pm25_ugm3"', 'series = "PM2.5"'),
    )
    expected = [
        "loggers[1] (lg-01).values[1].unit: unit 'kaki' is not known; write one of mm, cm, m,",
        "loggers[1] (lg-01).values[2].word_order: is missing; write one of 'big', 'little'",
        "loggers[1] (lg-01).values[2].register: '6' is not a whole number from 0 to 65535; the protocol address:",
        "loggers[1] (lg-01).every_seconds: is missing; how often to read it",
        "loggers[1] (lg-01).every_second: there is no such key; did you mean every_seconds?",
        "loggers[2] (lg-02).csv.decimal: 'koma' is not known; write one of '.', ','",
        "loggers[2] (lg-02).csv.timezone: 'WIB' is not known; write the zone of the logger's own clock",
        f"loggers[2] (lg-02).csv.folder: {file.parent / 'fpt'} is no folder that can be read; make it, or mount it",
        "loggers[3] (lg-03).values[1].series: 'PM2.5' is not like level_m or distance_mm.2",
    ]
    assert sorted(expected) == sorted(
        next((start for start in expected if fault.startswith(start)), fault) for fault in found
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('series = "rain_mm"', 'series = "rain_x"', "its name must end in one of _m, _mm"),
        ('unit = "mm"', 'unit = "m"\nscale = 0', "scale: is 0"),
        ('unit = "mm"', 'unit = "degC"', "rain_mm is kept in mm, a length; degC is a temperature"),
        ('unit = "mm"', 'unit = "mm"\nmin = 5\nmax = 5', "max: is not above min"),
        (
            'series = "level_m.2"',
            'series = "level_m"',
            "'level_m' stands twice; a second sensor of a kind is level_m.2",
        ),
        ("every_seconds = 30", "every_seconds = 0", "not a number from 0.1 to 3600"),
        ('delimiter = ";"', 'delimiter = ","', "decimal: is the delimiter too"),
        ('time_format = "%d/%m/%Y %H:%M"', 'time_format = "dd/mm/yyyy"', "lacks year, month, day or hour"),
        ('since = "2026-11-22"', 'since = "kemarin"', "since: is no day or moment"),
        ('pattern = "*.csv"', 'pattern = "*.csv"\nencoding = "utf-16"', "more than a byte for a line's end"),
        ('kind = "rtu"', 'kind = "tcp"', "has no host or port; write HOST:PORT"),
        ("[loggers.push]", "[loggers.psh]", "has 0 of [loggers.modbus], [loggers.csv], [loggers.push]; write one"),
        ('node = "lg-02"', 'node = "lg-01"', "node lg-01 stands twice; each logger needs a credential of its own"),
        ('node = "lg-02"', 'node = "lg-09"', "kentongan node new ID --station STATION --out"),
        ("port = 8090", 'port = 8090\nlisten = "0.0.0.0"', "certificate: is missing; tokens must not go to 0.0.0.0"),
        ('state = "rings"', "stat = 1", "stat: there is no such key; did you mean state?"),
    ],
)
def test_a_mistake_names_its_key_and_the_remedy(file: Path, old: str, new: str, expected: str) -> None:
    """One slip at a time, as people make them."""
    assert any(expected in fault for fault in faults(file, (old, new)))


def test_secrets_that_others_can_read_are_refused(file: Path) -> None:
    """A credential and a token are for the gateway alone; a short token is none."""
    (file.parent / "lg-01" / "node.json").chmod(0o644)
    (file.parent / "token").chmod(0o640)
    (file.parent / "token").write_text("short")
    found = "\n".join(faults(file))
    assert "node.json: others can read the password in it: chmod 600 it" in found
    assert "can be read by others; chmod 600 it" in found
    assert "holds no token of 24 letters or more; make one: (umask 077; openssl rand -hex 24 >" in found


def test_the_command_says_all_and_ends_with_2(file: Path) -> None:
    """What a person sees: how many, and each on its own line."""
    text = file.read_text().replace('unit = "cm"', 'unit = "kaki"').replace("every_seconds = 30", "every_seconds = 0")
    argv = [sys.executable, "-m", "deploy.cli", "gateway", "check", str(file)]
    right = subprocess.run(argv, capture_output=True, text=True, check=False)
    file.write_text(text)
    wrong = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (0, "the mapping is right: 3 loggers") == (right.returncode, right.stdout.splitlines()[-1])
    assert (2, "kentongan gateway: 2 to mend") == (wrong.returncode, wrong.stderr.splitlines()[0])
    assert 3 == len(wrong.stderr.splitlines())
