"""A gauge's record: read as told, or refused with what is missing; never guessed."""

from pathlib import Path

import pytest

from deploy import cli
from deploy.replay.case import CaseThresholds
from deploy.replay.gauge_csv import GaugeError, Layout, read_gauge
from deploy.replay.recording import Delivery, Recording

LIMITS = CaseThresholds(waspada=1.0, siaga=2.0, awas=3.0)


def layout(**changes: object) -> Layout:
    usual: dict[str, object] = {
        "time": ("waktu",),
        "value": "tinggi",
        "series": "level_m",
        "unit": "cm",
        "timezone": "Asia/Jakarta",
        "thresholds": LIMITS,
    }
    return Layout(**(usual | changes))  # type: ignore[arg-type]


def written(folder: Path, *lines: str) -> Path:
    path = folder / "alat.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def rows(recording: Recording) -> list[tuple[int, float | None]]:
    found = []
    for happening in recording.happenings:
        assert isinstance(happening, Delivery)
        (value,) = happening.observation.s.values()
        found.append((happening.observation.t or 0, value))
    return found


def test_times_are_local_and_levels_become_metres(tmp_path: Path) -> None:
    """Midnight in Pasuruan is 17:00 UTC, and 150 cm are 1.5 m."""
    path = written(tmp_path, "waktu,tinggi", "1970-01-02 00:00:00,150")
    recording, _ = read_gauge(path, layout())
    assert [(17 * 3_600_000, 1.5)] == rows(recording)


@pytest.mark.parametrize(("unit", "factor"), [("m", 1.0), ("cm", 0.01), ("mm", 0.001), ("ft", 0.3048)])
def test_every_unit(tmp_path: Path, unit: str, factor: float) -> None:
    """As the option says, and as nothing else."""
    recording, _ = read_gauge(written(tmp_path, "waktu,tinggi", "2020-01-01 00:00,1000"), layout(unit=unit))
    assert [pytest.approx(1000 * factor)] == [value for _, value in rows(recording)]


def test_a_distance_goes_to_the_engine_as_the_sensor_gave_it(tmp_path: Path) -> None:
    """In millimetres, so that its codes are known for what they are; the datum is due."""
    path = written(tmp_path, "waktu,jarak", "2020-01-01 00:00,999.9")
    told = layout(value="jarak", series="distance_mm", datum_m=4.0)
    assert [9999.0] == [value for _, value in rows(read_gauge(path, told)[0])]
    with pytest.raises(GaugeError, match="--datum-m is missing"):
        read_gauge(path, layout(value="jarak", series="distance_mm"))


def test_a_sensors_code_for_nothing_is_no_level(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every other row is 9999: none is a depth of minus seven metres, and no good row beside one is a spike."""
    lines = [f"2020-01-01 {n // 60:02d}:{n % 60:02d},{9999 if n % 2 else 2800 + n % 3}" for n in range(120)]
    path = written(tmp_path, "waktu, jarak", *lines)
    told = ["--time-column", "waktu", "--distance-column", " jarak", "--unit", "mm", "--datum-m", "2.85"]
    assert 0 == cli.main(["replay", str(path), *told, "--timezone", "UTC", "--thresholds", "0.3,0.5,0.7"])
    out = capsys.readouterr().out
    assert "hardware_code: raw 9999 = no_return" in out
    assert "spike" not in out
    assert "120 bacaan, 60 tidak baik" in out


def test_unsorted_rows_and_duplicates_are_coped_with(tmp_path: Path) -> None:
    """Sorted by time; a repeated row is counted, one that contradicts the first is named."""
    path = written(
        tmp_path,
        "waktu,tinggi",
        "2020-01-01 02:00,20",
        "2020-01-01 01:00,10",
        "2020-01-01 02:00,20",
        "2020-01-01 01:00,11",
        "2020-01-01 03:00,30",
    )
    recording, told = read_gauge(path, layout())
    assert [0.1, 0.2, 0.3] == [value for _, value in rows(recording)]
    assert (5, 2, 1, 1) == (told.rows, told.duplicates, told.unsorted, told.bad)
    assert ["line 5: a second value 0.11 for a time that has 0.1; the first is kept"] == told.named


def test_bad_lines_are_named_with_their_number(tmp_path: Path) -> None:
    """The first twenty, and a count; an empty cell is a reading without a value."""
    bad = [f"2020-01-01 0{hour}:00,tinggi sekali" for hour in range(1, 9)] * 3
    path = written(tmp_path, "a comment", "waktu,tinggi", "2020-01-01 00:00,", "kemarin,5", "2020-01-02 00:00", *bad)
    recording, told = read_gauge(path, layout(skip_lines=1))
    assert [None] == [value for _, value in rows(recording)]
    assert (26, 20) == (told.bad, len(told.named))
    assert told.named[0].startswith("line 4: time 'kemarin' is not ISO 8601; give --time-format")
    assert "line 5: has 1 columns, 2 are needed" == told.named[1]
    assert "line 6: tinggi 'tinggi sekali' is not a number" == told.named[2]


def test_a_record_in_the_manner_of_others(tmp_path: Path) -> None:
    """Date and time apart, remarks after numbers, one gauge of several, a zone that is said."""
    path = written(
        tmp_path,
        "alat,tanggal,jam,tinggi",
        "A,27/05/2018,14:30   EST,11.50P",
        "B,27/05/2018,14:30   EST,99.00P",
    )
    told = layout(
        time=("tanggal", "jam"),
        time_format="%d/%m/%Y %H:%M EST",
        timezone="Etc/GMT+5",
        unit="ft",
        where=("alat", "A"),
        remarks=True,
    )
    ((at, value),) = rows(read_gauge(path, told)[0])
    assert 1_527_449_400_000 == at
    assert 3.5052 == pytest.approx(value)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"timezone": "Pasuruan"}, "--timezone 'Pasuruan' is not known"),
        ({"timezone": "Asia"}, "--timezone 'Asia' is not known"),
        ({"series": "distance_mm"}, "--datum-m is missing"),
        ({"series": "distance_mm", "datum_m": 2.9}, "--datum-m 2.9 is not above AWAS 3: write the sensor's height"),
        ({"series": "distance_mm", "datum_m": float("nan")}, "--datum-m nan is not above AWAS 3"),
        ({"silence_minutes": -5.0}, "--silence-minutes -5: write minutes, more than 0"),
        ({"skip_lines": -1}, "--skip-lines -1: write how many lines"),
        ({"skip_lines": 5}, "--time-column 'waktu' is not in the header; there is none: the file is empty"),
        ({"time": ("jam",)}, "--time-column 'jam' is not in the header; there are 'waktu', 'tinggi'"),
        ({"value": "level"}, "--level-column 'level' is not in the header"),
        ({"where": ("alat", "A")}, "--where 'alat' is not in the header"),
        ({"time_format": "%d/%m/%Y"}, "not one usable row in 1; line 2: time '2020-01-01 00:00' is not %d/%m/%Y"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, changes: dict[str, object], named: str) -> None:
    """The option, what it says, and what there is."""
    path = written(tmp_path, "waktu,tinggi", "2020-01-01 00:00,1")
    with pytest.raises(GaugeError) as refused:
        read_gauge(path, layout(**changes))
    assert named in str(refused.value)


def test_nothing_is_guessed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every option that is missing is named at once, and nothing is played."""
    path = written(tmp_path, "waktu,tinggi", "2020-01-01 00:00,1")
    assert 2 == cli.main(["replay", str(path), "--unit", "cm"])
    said = capsys.readouterr()
    assert "" == said.out
    for option in ("--time-column", "--timezone", "--thresholds", "--level-column or --distance-column"):
        assert option in said.err


def test_a_record_is_played_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A flood in a logger's file: its levels by the local clock, and a picture."""
    levels = [0.5] * 30 + [0.5 + 0.03 * minute for minute in range(1, 100)] + [3.4 - 0.03 * m for m in range(1, 90)]
    lines = [f"2025-11-24T{13 + m // 60:02}:{m % 60:02},{level * 100:.1f}" for m, level in enumerate(levels)]
    path, picture = written(tmp_path, "waktu,tinggi", *lines), tmp_path / "gambar.png"
    options = "--time-column waktu --level-column tinggi --unit cm --timezone Asia/Jakarta --thresholds 1,2,3"
    assert 0 == cli.main(["replay", str(path), *options.split(), "--plot", str(picture)])
    said = capsys.readouterr().out
    assert "2025-11-24 13:47  alat: raised WASPADA" in said
    assert "raised_higher AWAS" in said
    assert "petugas (petugas jaga): CONTOH BPBD" in said
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\xff\xfewaktu", "not UTF-8 at byte 0: save it as UTF-8"), (None, "cannot be read: No such file or directory")],
)
def test_a_file_that_is_no_text_or_not_there_is_one_sentence(tmp_path: Path, content: bytes | None, said: str) -> None:
    """With its name once, and no error number."""
    path = tmp_path / "alat.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(GaugeError) as refused:
        read_gauge(path, layout())
    assert f"{path}: {said}" == str(refused.value)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--thresholds", "1,2,inf"], "must rise from WASPADA to AWAS, in metres"),
        (["--plot", "tidak-ada/alat.png"], "there is no folder tidak-ada; make it, or write elsewhere"),
        (["--plot", "."], "--plot .: it is a folder"),
    ],
)
def test_what_would_fail_at_the_end_is_said_at_the_beginning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    """Before a year of data is played."""
    path = written(tmp_path, "waktu,tinggi", "2020-01-01 00:00,1")
    told = ["--time-column", "waktu", "--level-column", "tinggi", "--unit", "m", "--timezone", "UTC"]
    assert 2 == cli.main(["replay", str(path), *told, "--thresholds", "1,2,3", *more])
    found = capsys.readouterr()
    assert said in found.err
    assert not found.out
