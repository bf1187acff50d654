"""Somebody else's CSV of levels: columns, unit and zone as given; what cannot be read is named with its line."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ingest.tide_series import NAMED, BadSeries, Columns, Levels, read_levels

SEVEN_WIB = 1_767_225_600_000  # 2026-01-01T07:00+07:00


def columns(**changes: object) -> Columns:
    given: dict[str, object] = {"time": ["waktu"], "value": "tinggi", "unit": "cm", "zone": ZoneInfo("Asia/Jakarta")}
    return Columns(**(given | changes))  # type: ignore[arg-type]


def levels_of(folder: Path, text: str, how: Columns) -> Levels:
    path = folder / "pasut.csv"
    path.write_text(text, encoding="utf-8-sig")
    return read_levels(path, how)


def test_unit_and_zone_are_as_given(tmp_path: Path) -> None:
    """Centimetres of local time become metres of UTC; a time with its own offset keeps it."""
    found = levels_of(tmp_path, "waktu,tinggi\n2026-01-01 07:00,153\n2026-01-01T01:00Z,150.5\n", columns())
    assert [SEVEN_WIB, SEVEN_WIB + 3_600_000] == found.times_ms
    assert [1.53, 1.505] == pytest.approx(found.levels_m)


def test_date_and_time_in_two_columns_of_a_format_of_their_own(tmp_path: Path) -> None:
    """As loggers write them."""
    how = columns(time=["Date", "Time (GMT)"], time_format="%Y/%m/%d %H:%M", zone=ZoneInfo("UTC"), unit="m")
    found = levels_of(tmp_path, "Date,Time (GMT),tinggi\n2026/01/01,00:00,0.7\n", how)
    assert ([SEVEN_WIB], [0.7]) == (found.times_ms, found.levels_m)


def test_bad_lines_are_named_and_missing_levels_counted(tmp_path: Path) -> None:
    """They are left out; the first twenty are named."""
    text = "waktu,tinggi\n2026-01-01 07:00,153\n1 Jan,153\n2026-01-01 08:00,satu\n2026-01-01 09:00,-\n"
    text += "2026-01-01 10:00,inf\n2026-01-01 11:00,64000\n" + "x,1\n" * 30
    found = levels_of(tmp_path, text, columns())
    assert (1, 1, 34, NAMED) == (len(found.times_ms), found.missing, found.bad_lines, len(found.bad))
    assert found.bad[0].endswith("pasut.csv:3: time '1 Jan' is not ISO 8601")
    assert found.bad[1].endswith("pasut.csv:4: tinggi 'satu' is not a number")
    assert found.bad[3].endswith("pasut.csv:7: tinggi 64000 cm is not a level of the sea; is the unit right?")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time,value\n", "no column 'waktu'; there are 'time', 'value'"),
        ("", "no column 'waktu'; there are none"),
        ("waktu,tinggi\n", "no level in 0 lines"),
        ("waktu,tinggi\nkemarin,1\n", "no level in 1 lines; .*csv:2: time 'kemarin' is not ISO 8601"),
    ],
)
def test_a_file_without_levels_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """With the columns that there are, or the first line that was wrong."""
    with pytest.raises(BadSeries, match=said):
        levels_of(tmp_path, text, columns())


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Missing, binary, or not in UTF-8."""
    with pytest.raises(BadSeries, match="cannot be read"):
        read_levels(tmp_path / "none.csv", columns())
    (tmp_path / "latin.csv").write_bytes(b"waktu,tinggi\n2026-01-01 07:00,1\xb0\n")
    with pytest.raises(BadSeries, match="cannot be read"):
        read_levels(tmp_path / "latin.csv", columns())


def test_a_part_of_the_record(tmp_path: Path) -> None:
    """From the first moment on and before the second."""
    text = "waktu,tinggi\n" + "".join(f"2026-01-01 {hour:02}:00,{hour}\n" for hour in range(7, 12))
    found = levels_of(tmp_path, text, columns())
    part = found.between(SEVEN_WIB + 3_600_000, SEVEN_WIB + 3 * 3_600_000)
    assert [0.08, 0.09] == pytest.approx(part.levels_m)
    assert not found.is_dense
    with pytest.raises(BadSeries, match="no level lies between"):
        found.between(SEVEN_WIB + 10**9, None)
    dense = levels_of(
        tmp_path, "waktu,tinggi\n" + "".join(f"2026-01-01 07:{m:02}Z,{m}\n" for m in range(60)), columns()
    )
    assert dense.is_dense
