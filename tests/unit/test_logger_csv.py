"""The CSV of a logger: what is said of it is taken, what is wrong in it is named, nothing is guessed."""

import random
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from broker.units import BadUnit, ratio, unit_of
from ingest.logger_csv import NAMED, BadCsv, CsvForm, in_quantity, read

JAKARTA = ZoneInfo("Asia/Jakarta")
NOW = int(datetime(2026, 11, 22, tzinfo=JAKARTA).timestamp() * 1000)


def form(**changes: Any) -> CsvForm:
    usual: dict[str, Any] = {"time_column": "waktu", "value_column": "tma", "zone": JAKARTA, "before": NOW}
    return CsvForm(**(usual | changes))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "logger.csv"


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def test_local_times_are_read_in_the_zone_that_was_given(file: Path) -> None:
    """And one that carries an offset of its own is taken by it."""
    file.write_text("waktu,tma\n2024-03-01 07:15,1.5\n2024-03-01T07:30:00.250,2\n2024-03-01T07:45+08:00,3\n")
    lines = read(file, form())
    wanted = ["2024-03-01T06:45+07:00", "2024-03-01T07:15+07:00", "2024-03-01T07:30:00.250+07:00"]
    assert [*map(ms, wanted)] == list(lines.times)
    assert [3.0, 1.5, 2.0] == list(lines.values)
    assert [2, 2, 2] == list(lines.flags)
    assert [4, 2, 3] == list(lines.numbers)


def test_another_form_is_said_and_not_guessed(file: Path) -> None:
    """Day first, semicolons, decimal commas, a byte order mark, blank lines, further columns."""
    file.write_bytes("\ufeffno;waktu;tma\n1;01/03/2024 07:15;1,5\n\n2;02/03/2024 07:15;\n".encode())
    lines = read(file, form(time_format="%d/%m/%Y %H:%M", delimiter=";", decimal=","))
    assert [ms("2024-03-01T07:15+07:00"), ms("2024-03-02T07:15+07:00")] == list(lines.times)
    assert (1.5, True) == (lines.values[0], lines.values[1] != lines.values[1])
    assert [2, 9] == list(lines.flags)


def test_every_bad_line_is_counted_and_the_first_are_named(file: Path) -> None:
    """With its number in the file and what is wrong with it."""
    bad = [
        ("31/02/2024,1", "is not of the form ISO 8601"),
        ("2024-03-01 07:15,lima", "'lima' is not a number"),
        ("2024-03-01 07:15,nan", "not a finite number"),
        ("2024-03-01 07:15,640", "outside 0 to 6.5 m di sini; is the unit right?"),
        ("2024-03-01 07:15", "has 1 of 3 columns"),
        ("2031-03-01 07:15,1", "is in the future; is the time zone right?"),
        ("2024-03-01 07:15,1,7", "flag '7' is not one of 1, 2, 3, 4, 9"),
    ]
    text = ["waktu,tma,mutu", *(line if line.count(",") in (0, 2) else f"{line},1" for line, _ in bad)]
    text += ["2024-03-01 08:00,x,1"] * 20 + ["2024-03-01 09:00,2,1"]
    file.write_text("\n".join(text))
    lines = read(file, form(flag_column="mutu", span=(0.0, 6.5), span_says=" m di sini"))
    assert (1, 27) == (len(lines.times), lines.bad_count)
    assert NAMED == len(lines.bad)
    for number, (said, (_, wanted)) in enumerate(zip(lines.bad, bad, strict=False), 2):
        assert said.startswith(f"line {number}: ")
        assert wanted in said


def test_a_clock_that_is_changed_makes_times_doubtful(tmp_path: Path) -> None:
    """An hour that is there twice or never can't be told from its neighbour."""
    file = tmp_path / "x.csv"
    file.write_text("waktu,tma\n2024-11-03 01:30,1\n2024-03-10 02:30,1\n2024-03-10 04:30,1\n")
    lines = read(file, form(zone=ZoneInfo("America/New_York")))
    assert (1, 2) == (len(lines.times), lines.bad_count)
    assert "twice or never" in lines.bad[0]


def test_order_and_repetition_do_not_matter(file: Path) -> None:
    """Shuffled lines come sorted; of one time the last line counts, and what it contradicts is counted."""
    rows = [f"2024-03-01 {minute // 60:02d}:{minute % 60:02d},{minute}" for minute in range(600)]
    random.Random(7).shuffle(rows)
    file.write_text("\n".join(["waktu,tma", *rows, *rows[:5], "2024-03-01 00:00,99"]))
    lines = read(file, form())
    assert sorted(lines.times) == list(lines.times)
    assert [99.0, *map(float, range(1, 600))] == list(lines.values)
    assert (600, 5, 1) == (len(lines.times), lines.same, lines.contradicting)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "column 'waktu' is not there; the first line has nothing: the file is empty"),
        (b"time,tma\n", "column 'waktu' is not there; the first line has 'time', 'tma'"),
        (b"waktu,waktu,tma\n", "column 'waktu' is there more than once"),
        (b"waktu,tma\n2024-03-01 07:15,\xff\n", "is not UTF-8 text"),
        (b"waktu,tma\n2024-03-01 07:15,1\x00\n", None),
    ],
)
def test_a_file_that_is_something_else_is_refused(file: Path, content: bytes, said: str | None) -> None:
    """One sentence that names the file; a NUL is some line's fault."""
    file.write_bytes(content)
    if said is None:
        assert read(file, form()).bad_count == 1
        return
    with pytest.raises(BadCsv, match=r"logger\.csv") as refused:
        read(file, form())
    assert said in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """And so is one that is a folder."""
    with pytest.raises(BadCsv, match="No such file"):
        read(tmp_path / "nowhere.csv", form())
    with pytest.raises(BadCsv, match="Is a directory"):
        read(tmp_path, form())


@pytest.mark.parametrize(
    ("value", "unit", "quantity", "own"),
    [
        (640.0, "cm", "level_m", 6.4),
        (1234.0, "mm", "level_m.2", 1.234),
        (1.5, "m", "level_m", 1.5),
        (0.1, "m", "rain_mm", 100.0),
        (0.035, "mg/m3", "pm25_ugm3", 35.0),
        (3.9, "V", "batt_mv", 3900.0),
        (101.3, "kPa", "pressure_hpa", 1013.0),
        (55.0, "%", "humidity_pct", 55.0),
        (29.5, "degC", "temperature_c", 29.5),
    ],
)
def test_units_become_the_quantitys_own(value: float, unit: str, quantity: str, own: float) -> None:
    """By whole numbers: what was written with few decimals keeps few."""
    assert in_quantity(value, ratio(unit, quantity)) == pytest.approx(own, rel=1e-15)


@pytest.mark.parametrize(
    ("unit", "quantity", "said"),
    [
        ("mV", "level_m", "level_m is kept in m, a length; mV is a voltage"),
        ("feet", "level_m", "unit 'feet' is not known; write one of mm, cm, m"),
        ("m", "level", "'level' does not say its unit"),
    ],
)
def test_units_that_do_not_fit_are_refused(unit: str, quantity: str, said: str) -> None:
    """With what there is instead."""
    with pytest.raises(BadUnit) as refused:
        ratio(unit, quantity)
    assert said in str(refused.value)


def test_a_quantity_without_a_unit_has_none() -> None:
    """An export of it leaves the column empty."""
    assert ["", "", "m", "ug/m3"] == [unit_of(name) for name in ("odd", "door_open", "level_m.2", "pm25_cf1_ugm3")]
