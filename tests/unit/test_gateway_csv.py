"""CSV of existing loggers: half-written lines, changed headers, rotation, and nothing guessed."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from edge.gateway.csv_folder import CsvFolder, FolderPlan
from edge.gateway.csv_rows import Column, RowPlan
from edge.gateway.ring import Ring
from edge.gateway.sample import SourceUnusable
from edge.gateway.value import ValueRule

WIB = ZoneInfo("Asia/Jakarta")
HEADER = "Waktu,Tinggi,Baterai\n"


def plan(folder: Path, **changes: object) -> FolderPlan:
    level = Column(name="Tinggi", rule=ValueRule(series="level_m", unit="cm", low=0, high=1000), words=frozenset({"-"}))
    battery = Column(name="Baterai", rule=ValueRule(series="batt_mv", unit="V"))
    rows = RowPlan(
        delimiter=",",
        decimal=".",
        times=("Waktu",),
        time_format="%Y-%m-%d %H:%M",
        zone=WIB,
        columns=(level, battery),
        **changes,  # type: ignore[arg-type]
    )
    return FolderPlan(folder=folder, pattern="*.csv", encoding="utf-8", rows=rows)


@dataclass(kw_only=True)
class Reader:
    """A source over a real ring; it is begun anew as after a kill whenever it is asked to."""

    folder: Path
    ring_path: Path
    plan: FolderPlan
    boot: int = 0
    source: CsvFolder = field(init=False)
    ring: Ring = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        if self.boot:
            self.ring.close()
        self.boot += 1
        self.ring = Ring(self.ring_path, boot=self.boot)
        self.source = CsvFolder(self.plan, self.ring)

    def take(self) -> list[tuple[str, Mapping[str, float | None]]]:
        """What is new, as (local time, values), and stored."""
        stored = []
        has_more = True
        while has_more:
            taking = self.source.take(0)
            stored += self.ring.store(taking)
            has_more = taking.has_more
        found = [msgspec.json.decode(each.observation) for each in stored]
        return [(f"{datetime.fromtimestamp(each['t'] / 1000, WIB):%H:%M}", each["s"]) for each in found]

    def levels(self) -> list[tuple[str, float | None]]:
        return [(at, values["level_m"]) for at, values in self.take()]


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    folder = tmp_path / "ftp"
    folder.mkdir()
    return Reader(folder=folder, ring_path=tmp_path / "ring", plan=plan(folder))


def row(minute: int, level: float) -> str:
    return f"2026-11-22 10:{minute:02d},{level:g},12.5\n"


def test_rows_become_observations_in_our_units_and_utc(reader: Reader) -> None:
    """Centimetres, volts and local time are given, and become metres, millivolts and UTC."""
    (reader.folder / "a.csv").write_text(HEADER + row(0, 231))
    taking = reader.source.take(0)
    assert [1_795_316_400_000] == [sample.time_ms for sample in taking.samples]
    assert [{"level_m": 2.31, "batt_mv": 12500.0}] == [dict(sample.values) for sample in taking.samples]


def test_a_half_written_line_waits_for_its_other_half(reader: Reader) -> None:
    """A number cut in the middle is a number too: only a line's end says that it is whole."""
    file = reader.folder / "a.csv"
    file.write_text(HEADER + row(0, 231) + "2026-11-22 10:01,23")
    assert [("10:00", 2.31)] == reader.levels()
    assert [] == reader.levels()
    with file.open("a") as out:
        out.write("2,12.5\n2026")
    assert [("10:01", 2.32)] == reader.levels()
    reader.restart()
    assert [] == reader.levels()


def test_what_is_no_number_is_a_fault_of_its_series_only(reader: Reader) -> None:
    """Empty, the logger's own word, text, NaN and numbers out of range: null with the fault, the rest is taken."""
    cells = ["", "-", "#REF!", "NAN", "1001", "-3"]
    lines = [f"2026-11-22 10:{minute:02d},{cell},12.5\n" for minute, cell in enumerate(cells)]
    (reader.folder / "a.csv").write_text(HEADER + "".join(lines))
    taking = reader.source.take(0)
    expected = ["missing", "missing", "failed", "failed", "out_of_range", "out_of_range"]
    assert expected == [sample.faults["level_m"] for sample in taking.samples]
    assert [{"level_m": None, "batt_mv": 12500.0}] * 6 == [dict(sample.values) for sample in taking.samples]


def test_columns_are_found_by_name(reader: Reader) -> None:
    """Another order after a changed header, in the same file or in the next, changes nothing."""
    (reader.folder / "a.csv").write_text(HEADER + row(0, 231) + "Baterai,Waktu,Tinggi\n12.5,2026-11-22 10:01,232\n")
    (reader.folder / "b.csv").write_text("Tinggi,Suhu,Baterai,Waktu\n233,31,12.5,2026-11-22 10:02\n")
    assert [("10:00", 2.31), ("10:01", 2.32), ("10:02", 2.33)] == sorted(reader.levels())


def test_a_header_without_the_column_stops_the_file_until_it_is_mended(reader: Reader) -> None:
    """A renamed column may have another unit: nothing behind it is read, it is told, and after it nothing is lost."""
    changed = "Waktu,Tinggi (m),Baterai\n"
    (reader.folder / "a.csv").write_text(HEADER + row(0, 231) + changed + row(1, 2.32))
    assert [("10:00", 2.31)] == reader.levels()
    assert "there is no column 'Tinggi'; the header says: Waktu, Tinggi (m), Baterai" in reader.source.said
    reader.plan = _renamed(reader.plan)
    reader.restart()
    assert [("10:01", 2.32)] == reader.levels()
    assert "" == reader.source.said


def _renamed(old: FolderPlan) -> FolderPlan:
    level = Column(name="Tinggi (m)", rule=ValueRule(series="level_m", unit="m"))
    rows = RowPlan(
        delimiter=old.rows.delimiter,
        decimal=old.rows.decimal,
        times=old.rows.times,
        time_format=old.rows.time_format,
        zone=old.rows.zone,
        columns=(level, old.rows.columns[1]),
    )
    return FolderPlan(folder=old.folder, pattern=old.pattern, encoding=old.encoding, rows=rows)


def test_an_unknown_header_is_no_row(reader: Reader) -> None:
    """Also one of which no name is known, and one in place of the first: nothing is read by old places."""
    (reader.folder / "a.csv").write_text(HEADER + row(0, 231) + "Time,Level,PM2.5\n" + row(1, 2.32))
    (reader.folder / "b.csv").write_text(row(2, 233))
    assert [("10:00", 2.31)] == reader.levels()
    assert "the header says: " in reader.source.said


def test_a_renamed_file_goes_on_and_its_successor_begins(reader: Reader) -> None:
    """Rotation by renaming: the last rows of the old file are read too, though its name fits no more."""
    file = reader.folder / "a.csv"
    file.write_text(HEADER + row(0, 231))
    assert [("10:00", 2.31)] == reader.levels()
    with file.open("a") as out:
        out.write(row(1, 232))
    file.rename(reader.folder / "a.csv.1")
    file.write_text(HEADER + row(2, 233))
    assert [("10:01", 2.32), ("10:02", 2.33)] == sorted(reader.levels())


def test_a_copied_and_cut_file_gives_nothing_twice(reader: Reader) -> None:
    """Rotation by copying: the copy's rows were taken already, and the cut file begins anew."""
    file = reader.folder / "a.csv"
    file.write_text(HEADER + row(0, 231) + row(1, 232))
    assert 2 == len(reader.levels())
    (reader.folder / "old.csv").write_text(file.read_text())
    os.truncate(file, 0)
    assert [] == reader.levels()
    with file.open("a") as out:
        out.write(HEADER + row(2, 233))
    assert [("10:02", 2.33)] == reader.levels()
    reader.restart()
    assert [] == reader.levels()


def test_a_file_that_is_written_anew_and_longer_gives_its_new_rows(reader: Reader) -> None:
    """A logger that exports the whole day each time: what was taken is known by time and value."""
    file = reader.folder / "a.csv"
    file.write_text(HEADER + row(0, 231) + row(1, 232))
    assert 2 == len(reader.levels())
    file.write_text("Waktu,Baterai,Tinggi\n" + "".join(f"2026-11-22 10:0{n},12.5,{231 + n}\n" for n in range(4)))
    assert [("10:02", 2.33), ("10:03", 2.34)] == reader.levels()


def test_lines_that_are_no_rows_are_passed_over_and_counted(reader: Reader) -> None:
    """Too few cells, another way to write a time, bytes of nothing: the rows around them are taken."""
    lines = ["2026-11-22 10:00\n", "22/11/2026 10:00,231,12.5\n", "\0\0\0\n", "\n", row(1, 232)]
    (reader.folder / "a.csv").write_text(HEADER + "".join(lines))
    assert [("10:01", 2.32)] == reader.levels()
    assert 2 == reader.source.bad_rows


def test_lines_around_the_header_are_passed_over(tmp_path: Path) -> None:
    """Data loggers that name themselves before the header, and units behind it."""
    folder = tmp_path / "ftp"
    folder.mkdir()
    made = Reader(folder=folder, ring_path=tmp_path / "ring", plan=plan(folder, before_header=1, after_header=2))
    (folder / "a.csv").write_text(f'"TOA5","pos","x"\n{HEADER}"TS","cm","V"\n"","Smp","Smp"\n' + row(0, 231))
    assert [("10:00", 2.31)] == made.levels()


def test_many_rows_are_taken_in_turns(reader: Reader) -> None:
    """Ten thousand rows of a first look come in pieces that a ring can store, each once."""
    lines = [f"2026-11-{1 + n // 1440:02d} {n // 60 % 24:02d}:{n % 60:02d},{n % 900},12.5\n" for n in range(10_000)]
    (reader.folder / "a.csv").write_text(HEADER + "".join(lines))
    first = reader.source.take(0)
    assert (True, 2000) == (first.has_more, len(first.samples))
    reader.restart()
    assert 10_000 == len(reader.levels())


def test_a_folder_that_is_gone_is_told(reader: Reader) -> None:
    """A share that is not mounted is no reason to forget anything."""
    (reader.folder / "a.csv").write_text(HEADER + row(0, 231))
    assert 1 == len(reader.levels())
    reader.folder.rename(reader.folder.with_name("away"))
    with pytest.raises(SourceUnusable, match="is it there, and may it be read"):
        reader.source.take(0)
    reader.folder.with_name("away").rename(reader.folder)
    assert [] == reader.levels()
