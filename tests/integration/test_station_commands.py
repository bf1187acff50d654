"""kentongan station, node and area as a person types them, with core running and with core stopped."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.installation import Installation, SimpleNode, eventually

HULU = 'id = "hulu"\nname = "Welang hulu"\ndatum_m = 5.2\n'


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    with Installation() as made:
        made.start()
        yield made


def typed(installation: Installation, *words: object) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "deploy.cli", *map(str, words), "--settings", str(installation.toml)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def said(installation: Installation, *words: object) -> str:
    done = typed(installation, *words)
    assert 0 == done.returncode, done.stderr
    return done.stdout


def refused(installation: Installation, *words: object) -> list[str]:
    done = typed(installation, *words)
    assert 2 == done.returncode, done.stdout
    return done.stderr.strip().splitlines()


def test_a_station_is_added_changed_and_shown(installation: Installation) -> None:
    """While core runs: the dry run does nothing, the change is there at once, its reason is shown."""
    words = ("station", "add", "petung", "name=Petung Blandongan", "datum_m=4.5", "river=Petung")
    assert "a dry run: nothing was done" in said(installation, *words, "--dry-run")
    assert "petung" not in said(installation, "station", "list")
    said(installation, *words)
    assert "BELUM DITETAPKAN" in said(installation, "station", "show", "petung")
    limits = ("thresholds.waspada=2.2", "thresholds.siaga=2.8", "thresholds.awas=3.4", "thresholds.author=BPBD")
    change = ("station", "change", "petung", *limits, "thresholds.reason=survei", "--reason", "rapat 21 Nov")
    assert "thresholds.awas: (none) -> 3.4" in said(installation, *change)
    shown = said(installation, "station", "show", "petung")
    assert "rapat 21 Nov" in shown
    assert "TIDAK ADA DATA" in shown
    assert "ids are never used again" in refused(installation, *words)[0]
    assert "reason" in typed(installation, "station", "change", "petung", "datum_m=4.6").stderr


def test_a_file_with_a_fault_is_not_imported_at_all(installation: Installation, tmp_path: Path) -> None:
    """Each fault with file and line; then the mended file is taken, and taken again without any change."""
    path = tmp_path / "s.toml"
    path.write_text(f'[[stations]]\n{HULU}[[stations]]\nid = "hilir"\nname = "Hilir"\ndatum_m = 520\n')
    lines = refused(installation, "station", "import", path)
    assert f"{path}:8: stations[1] (hilir): datum_m: 520 m is not between 0 and 100 m" in lines[0]
    assert "nothing was imported" == lines[-1]
    assert "hulu" not in said(installation, "station", "list")
    path.write_text(path.read_text().replace("520", "5.2"))
    assert "2 added, 0 changed, 0 unchanged" in said(installation, "station", "import", path)
    for name in ("all.toml", "all.csv"):
        said(installation, "station", "export", tmp_path / name)
        assert "0 added, 0 changed" in said(installation, "station", "import", tmp_path / name)


def test_nodes_are_swapped(installation: Installation, tmp_path: Path) -> None:
    """A new one, the old one retired; both files and list agree."""
    said(installation, "node", "new", "tukar-1", "--station", "welang", "--out", tmp_path / "one")
    said(
        installation, "node", "add", "tukar-2", "--station", "welang", "--hardware", "ESP32", "--out", tmp_path / "two"
    )
    said(installation, "node", "retire", "tukar-1", "--reason", "rusak")
    listed = said(installation, "node", "list")
    assert "retired" in next(line for line in listed.splitlines() if line.startswith("tukar-1"))
    said(installation, "node", "export", tmp_path / "n.csv")
    assert "tukar-2,welang,,ESP32," in (tmp_path / "n.csv").read_text()
    assert "tukar-1" not in (tmp_path / "n.csv").read_text()
    assert "tukar-2: unchanged" in said(installation, "node", "import", tmp_path / "n.csv")
    assert "never used again" in refused(installation, "node", "new", "tukar-1", "--station", "welang")[0]


def test_areas_are_listed_and_added(installation: Installation, tmp_path: Path) -> None:
    """What was exported can be imported."""
    assert 38 <= len(said(installation, "area", "list").splitlines())
    said(installation, "area", "add", "35.75.01.1003/RW03", "--name", "RW 03")
    said(installation, "area", "change", "35.75.01.1003/RW03", "--name", "RW tiga", "--reason", "uji")
    assert "Sebani RW03" in said(installation, "area", "show", "35.75.01.1003/RW03")
    said(installation, "area", "export", tmp_path / "a.geojson")
    assert "0 added, 0 changed" in said(installation, "area", "import", tmp_path / "a.geojson")
    (tmp_path / "b.geojson").write_text("{")
    assert (
        f"{tmp_path}/b.geojson:1: not valid JSON" in refused(installation, "area", "import", tmp_path / "b.geojson")[0]
    )


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


def test_old_levels_change_only_by_command(installation: Installation) -> None:
    """Readings, a gauge, an epoch that began before them, and history with the old values until it is told."""
    before = datetime.now(UTC) - timedelta(seconds=5)
    node = SimpleNode(installation, "ulang-1", installation.new_node("ulang-1"))
    argv = [sys.executable, "-m", "deploy.cli", "history", "--settings", str(installation.toml)]
    with (
        (installation.root / "history.log").open("wb") as log,
        subprocess.Popen(argv, stdout=log, stderr=log) as history,
    ):
        try:
            node.level(3.0)
            gauge = said(installation, "station", "observe", "welang", "--level", "3.12", "--by", "Slamet")
            assert "the sensor said 3.00 m (-0.12 m)" in gauge
            epoch = ("datum_m=6.62", f"epoch_from={iso(before)}", "--reason", "diukur ulang")
            said(installation, "station", "change", "welang", *epoch)
            span = ("--from", iso(before), "--to", iso(datetime.now(UTC)))
            eventually(lambda: history_has(installation, 3.0, 1), "the reading in history")
            told = said(installation, "station", "recompute", "welang", *span, "--dry-run")
            assert "1 readings, 1 change (1 in epoch 2) by +0.120 to +0.120" in told
            said(installation, "station", "recompute", "welang", *span)
            eventually(lambda: history_has(installation, 3.12, 2), "the recomputed reading in history")
            assert "none of them changes" in said(installation, "station", "recompute", "welang", *span)
        finally:
            history.send_signal(signal.SIGTERM)
            history.wait(20)
            node.close()
    assert "no moment" in refused(installation, "station", "recompute", "welang", "--from", "kemarin", "--to", "x")[0]


def history_has(installation: Installation, value: float, epoch: int) -> bool:
    from ingest.history import HistoryUnavailable
    from ingest.history_sqlite import SqliteReader

    try:
        reader = SqliteReader(installation.state.history)
    except HistoryUnavailable:
        return False
    try:
        found = reader.range("welang", "level_m", 0, 2**52, 10)
    except HistoryUnavailable:
        return False
    finally:
        reader.close()
    return [(value, epoch)] == [(point.value, point.epoch) for point in found]


def test_with_core_stopped_the_same_commands_work(tmp_path: Path) -> None:
    """And the core that starts then knows what they did."""
    with Installation() as stopped:
        path = tmp_path / "s.toml"
        path.write_text(f"[[stations]]\n{HULU}")
        assert "1 added" in said(stopped, "station", "import", path)
        said(stopped, "node", "new", "wl-01", "--station", "hulu", "--out", tmp_path / "n")
        stopped.start()
        assert (2, 1) == (stopped.status()["stations"], stopped.status()["nodes"])
