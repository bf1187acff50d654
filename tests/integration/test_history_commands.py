"""kentongan history export and backfill, as city IT gives them."""

import contextlib
import csv
import gzip
import io
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.station import Station
from deploy import cli
from deploy.journal import Journal
from ingest.history_lock import HistoryInUse, WriterLock
from ingest.history_sqlite import SqliteHistory, SqliteReader
from tests.influxd import free_ports
from tests.installation import eventually
from tests.journal_file import START, JournalFile, as_points, points, reading, series

ROOT = Path(__file__).parents[2]
TOML = '[site]\nname = "Coba"\nstate_dir = "state"\n[channels]\ndemo = true\n'
FROM_TO = ("--from", "2025-11-01", "--to", "2026-11-01")
LOGGER = ("--quantity", "level_m", "--time-column", "waktu", "--value-column", "tma", "--unit", "cm")
WELANG = ("--station", "welang", *LOGGER, "--timezone", "Asia/Jakarta")


class City:
    """An installation without a running process: settings, a journal with one station, and its history."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.toml = root / "kentongan.toml"
        self.toml.write_text(TOML)
        self.state = root / "state"
        self.state.mkdir()
        self.history_db = self.state / "history.db"
        self.journal_db = self.state / "journal.db"

    def command(self, *words: object) -> list[str]:
        return [sys.executable, "-m", "deploy.cli", "history", *map(str, words), "--settings", str(self.toml)]

    def run(self, *words: object, code: int = 0) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(self.command(*words), cwd=ROOT, capture_output=True, check=False, timeout=100)
        assert done.returncode == code, done.stderr.decode()
        return done

    def say(self, *words: object, code: int = 0) -> str:
        """What a command says on stderr, carried out in this process."""
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            assert cli.main(["history", *map(str, words), "--settings", str(self.toml)]) == code, said.getvalue()
        return said.getvalue()

    def refusal(self, *words: object) -> str:
        """The last line of a command that is refused; what comes before is a list."""
        return self.say(*words, code=2).splitlines()[-1]

    def fill(self, count: int) -> None:
        history = SqliteHistory(self.history_db)
        history.write(series(1, count))
        history.close()

    def add_station(self) -> None:
        import msgspec

        Journal(self.journal_db).close()
        journal = JournalFile(self.journal_db)
        document = msgspec.json.encode(Station(id="welang", name="Welang", site_m=(0.0, 6.5))).decode()
        journal._connection.execute("INSERT INTO stations VALUES ('welang', 1, ?)", (document,))
        journal.close()

    def logger(self, lines: int) -> Path:
        """A reading a quarter of an hour, in centimetres."""
        path = self.root / "logger.csv"
        rows = [
            f"2026-{1 + n // 2688:02d}-{1 + n // 96 % 28:02d} {n // 4 % 24:02d}:{n % 4 * 15:02d},{n % 600}"
            for n in range(lines)
        ]
        path.write_text("\n".join(["waktu,tma", *rows]))
        return path


@pytest.fixture
def city(tmp_path: Path) -> City:
    return City(tmp_path)


def rows_of(text: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.decode())))


def test_an_export_is_what_history_holds(city: City, tmp_path: Path) -> None:
    """Units and flags in it, times in UTC with offset, to standard output, to a file, and compressed."""
    city.fill(12_000)
    out = city.run("export", *FROM_TO, "--station", "welang").stdout
    head, *rows = rows_of(out)
    assert "flag (1 good; 2 not evaluated; 3 suspect; 4 fail; 9 missing)" in head
    assert len(rows) == 12_000
    assert rows[0][:6] == ["welang", "level_m", "m", "2025-11-24T16:00:10.000+00:00", "0.125", "1"]
    city.say("export", *FROM_TO, "-o", tmp_path / "a.csv")
    city.say("export", *FROM_TO, "--gzip", "-o", tmp_path / "a.csv.gz")
    assert out == (tmp_path / "a.csv").read_bytes() == gzip.decompress((tmp_path / "a.csv.gz").read_bytes())
    assert sorted(path.name for path in tmp_path.glob("a.csv*")) == ["a.csv", "a.csv.gz"]


def test_an_export_has_its_start_and_not_its_end(city: City) -> None:
    """A date is the site's day, a time is taken by its offset."""
    city.fill(20)
    out = city.run("export", "--from", "2025-11-24T16:00:20Z", "--to", "2025-11-24T23:00:40+07:00").stdout
    assert [row[3] for row in rows_of(out)[1:]] == ["2025-11-24T16:00:20.000+00:00", "2025-11-24T16:00:30.000+00:00"]
    assert len(rows_of(city.run("export", "--from", "2025-11-24", "--to", "2025-11-25").stdout)) == 21


def test_a_reader_that_closes_the_pipe_gets_no_traceback(city: City) -> None:
    """As head does."""
    city.fill(40_000)
    with subprocess.Popen(
        city.command("export", *FROM_TO), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"station,")
        process.stdout.close()
        assert (process.stderr.read(), process.wait(60)) == (b"", 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "2026-01-01T00:00", "--to", "2026-02-01"), "--from 2026-01-01T00:00 has no offset"),
        (("--from", "kemarin", "--to", "2026-02-01"), "--from 'kemarin' is not a time"),
        (("--from", "2026-02-01", "--to", "2026-01-01"), "is not before --to"),
        ((*FROM_TO, "--station", "welag"), "no station 'welag'; there is welang"),
        ((*FROM_TO, "--quantity", "level_cm"), "no quantity 'level_cm'; there is level_m"),
        ((*FROM_TO, "-o", "nowhere/x.csv"), "nowhere/x.csv can't be written: No such file or directory"),
    ],
)
def test_a_wrong_export_is_one_sentence(city: City, words: tuple[str, ...], said: str) -> None:
    """With what to write instead."""
    city.fill(10)
    assert said in city.refusal("export", *words)


def test_an_export_from_a_history_that_is_away_says_so(city: City) -> None:
    """No file yet, or a server that does not answer."""
    assert "no history file" in city.refusal("export", *FROM_TO)
    (port,) = free_ports(1)
    city.toml.write_text(f'{TOML}[history]\nkind = "influxdb"\nurl = "http://127.0.0.1:{port}"\n')
    assert f"127.0.0.1:{port} can't be reached" in city.refusal("export", *FROM_TO)


def test_a_loggers_csv_becomes_points_and_rollups(city: City) -> None:
    """Centimetres become metres, the node is impor, the flag 2, and a second run makes the next revision."""
    city.add_station()
    path = city.logger(1000)
    city.say("backfill", path, *WELANG, "--dry-run")
    assert not city.history_db.exists()
    assert "1000 readings imported" in city.say("backfill", path, *WELANG)
    reader = SqliteReader(city.history_db)
    found = points(reader)
    assert (1000, "impor", 2, 1, 0) == (len(found), found[7].node, found[7].flag, found[7].revision, found[7].epoch)
    assert (0.07, 7.0) == (found[7].value, found[7].raw)
    days = reader.aggregates("welang", "level_m", 0, 2 * START, "day", 100)
    assert [96] * 10 + [40] == [day.count for day in days]
    city.say("backfill", path, *WELANG)
    assert {2} == {point.revision for point in points(reader)}
    reader.close()


def test_bad_lines_stop_an_import_unless_they_are_skipped(city: City) -> None:
    """Nothing is half-imported without saying so."""
    city.add_station()
    path = city.logger(100)
    path.write_text(path.read_text() + "\n2026-05-01 07:15,64000\nkapan,1")
    done = city.say("backfill", path, *WELANG, code=2)
    assert "line 102: value 64000 comes to 640, outside 0 to 6.5 m" in done
    assert "line 103: time 'kapan'" in done
    assert "2 bad lines, so nothing was imported" in done
    assert not city.history_db.exists()
    assert "100 readings imported" in city.say("backfill", path, *WELANG, "--skip-bad")


def test_what_a_node_has_measured_stays(city: City) -> None:
    """An import fills gaps, it does not overwrite."""
    city.add_station()
    city.logger(10)
    history = SqliteHistory(city.history_db)
    mine = reading(1, time=1767200400000 + 5 * 900_000, value=1.25)  # 2026-01-01 00:00 WIB and five quarters
    history.write([mine])
    history.close()
    said = city.say("backfill", city.root / "logger.csv", *WELANG)
    assert "1 were left out: a node has measured at the same time" in said
    reader = SqliteReader(city.history_db)
    assert [1.25] == [point.value for point in points(reader) if point.node != "impor"]
    assert len(points(reader)) == 10
    reader.close()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--station", "welag", *LOGGER, "--timezone", "UTC"), "no station 'welag'; there is welang"),
        ((*WELANG[:-1], "Asia/Pasuruan"), "--timezone 'Asia/Pasuruan' is not known"),
        (LOGGER, "a CSV needs --station, --timezone as well"),
        ((*WELANG, "--value-column", "debit"), "column 'debit' is not there; the first line has 'waktu', 'tma'"),
        ((*WELANG, "--unit", "mV"), "level_m is kept in m, a length; mV is a voltage"),
        ((*WELANG, "--quantity", "tinggi"), "'tinggi' does not say its unit"),
        ((*WELANG, "--from-journal"), "give either a CSV file or --from-journal"),
        ((*WELANG, "--into", "x.db"), "--into is for --from-journal"),
    ],
)
def test_a_wrong_import_is_one_sentence(city: City, words: tuple[str, ...], said: str) -> None:
    """And nothing is written."""
    city.add_station()
    assert said in city.refusal("backfill", city.logger(10), *words)
    assert not city.history_db.exists()


def test_an_import_that_is_killed_goes_on(city: City) -> None:
    """kill -9 between its batches: the same command ends it, and every line is there once."""
    city.add_station()
    path = city.logger(24_000)
    with subprocess.Popen(city.command("backfill", path, *WELANG), cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        eventually(lambda: _imported(city) >= 5000, "the first batch")
        process.send_signal(signal.SIGKILL)
    reached = _imported(city)
    said = city.say("backfill", path, *WELANG)
    if reached < 24_000:
        assert "went on after" in said
    assert _imported(city) == 24_000


def _imported(city: City) -> int:
    if not city.history_db.exists():
        return 0
    reader = SqliteReader(city.history_db)
    try:
        return len(points(reader))
    except Exception:  # noqa: BLE001  (the tables are being made)
        return 0
    finally:
        reader.close()


@pytest.fixture
def following(city: City) -> Iterator[subprocess.Popen[bytes]]:
    """kentongan history, as it runs beside."""
    with (city.root / "log").open("wb") as log:
        command = [sys.executable, "-m", "deploy.cli", "history", "--settings", str(city.toml)]
        process = subprocess.Popen(command, cwd=ROOT, stderr=log)
    yield process
    process.kill()
    process.wait()


def test_an_import_beside_the_running_process(city: City, following: subprocess.Popen[bytes]) -> None:
    """The follower pauses, and goes on with what the journal got meanwhile."""
    city.add_station()
    journal = JournalFile(city.journal_db)
    journal.append(series(1, 100, node="wl-01"))
    eventually(lambda: _imported(city) == 100, "the journal's readings")
    city.say("backfill", city.logger(500), *WELANG)
    journal.append(series(101, 200))
    eventually(lambda: _imported(city) == 700, "what came during the import")
    assert following.poll() is None
    following.send_signal(signal.SIGTERM)
    assert following.wait(60) == 0
    journal.close()


def test_only_one_writes_at_a_time(tmp_path: Path) -> None:
    """A follower that does not let go is named, and one that waits is stopped at once."""
    lock, stop = WriterLock(tmp_path), threading.Event()
    with lock.follow(stop) as is_ours:
        assert is_ours
        assert not lock.is_wanted()
        with pytest.raises(HistoryInUse, match="did not let go"), WriterLock(tmp_path).claim(patience_s=0.3):
            pass
    with WriterLock(tmp_path).claim():
        assert lock.is_wanted()
        with pytest.raises(HistoryInUse, match="another import"), WriterLock(tmp_path).claim():
            pass
        stop.set()
        with lock.follow(stop) as is_ours:
            assert not is_ours


def test_the_journal_feeds_another_file_and_the_same_one_again(city: City) -> None:
    """A copy from the beginning, revisions in their order; repeated, it changes nothing."""
    city.add_station()
    journal = JournalFile(city.journal_db)
    rows = [*series(1, 8000), reading(5, id=8001, revision=2, flag=4, reason="blocked")]
    journal.append(rows)
    journal.close()
    wanted = [*as_points(series(1, 4)), *as_points(rows[-1:]), *as_points(series(6, 8000))]
    copy = city.root / "copy.db"
    for words in (("--into", copy), (), ()):
        said = city.say("backfill", "--from-journal", *words)
        assert "8001 readings written, 0 refused" in said
    for path in (copy, city.history_db):
        history = SqliteHistory(path)
        assert points(history) == wanted
        assert history.cursor().id == 8001
        assert history.roll_up(now=START + 86_400_000) == 0
        history.close()
