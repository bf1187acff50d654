"""kentongan roster as a person types it: weekly shifts, dates, swaps and files; gaps and mistakes are named."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deploy import cli

Types = Callable[..., str]


@pytest.fixture
def types(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Types:
    """Type a command; what it said, on either stream. ``code`` is the exit code that is due."""
    toml = tmp_path / "k.toml"
    toml.write_text('[site]\nname = "Uji"\nstate_dir = "s"\n')

    def types(*words: str, code: int = 0) -> str:
        done = cli.main([*words, "--settings", str(toml)])
        said = "".join(capsys.readouterr())
        assert code == done, said
        return said

    for number, name in enumerate(("Rini", "Joko", "Sari"), 1):
        types("recipient", "add", "--kind", "officer", "--name", name, "--number", f"08130000000{number}")
    return types


def test_without_a_roster_all_officers_are_on_duty(types: Types) -> None:
    """And the command says how to make one."""
    said = types("roster", "show")
    assert "on duty now: Rini, Joko, Sari" in said
    assert "kentongan roster set --help" in said


def test_shifts_dates_and_swaps_are_set_and_taken_away(types: Types) -> None:
    """The same days and times again replace who stood there."""
    day = ("roster", "set", "--day", "senin-jumat", "--from", "06:00", "--to", "18:00")
    night = ("roster", "set", "--day", "daily", "--from", "18:00", "--to", "06:00")
    assert "GAP: nobody" in types(*day, "--officer", "Rini")
    types(*night, "--officer", "joko", "--officer", "Sari")
    types(*day, "--officer", "Sari")
    types("roster", "set", "--date", "2099-12-25", "--from", "06:00", "--to", "06:00", "--officer", "Rini")
    types("roster", "set", "--date", "2099-12-26", "--swap", "Joko=Rini")
    shown = types("roster", "show")
    for line in (
        "senin-jumat      06:00-18:00  Sari",
        "setiap hari      18:00-06:00  Joko, Sari",
        "2099-12-25       06:00-06:00  Rini",
        "2099-12-26       Rini stands in for Joko",
    ):
        assert line in shown
    types("roster", "set", "--date", "2099-12-25", "--nobody")
    types("roster", "set", "--date", "2099-12-26", "--nobody")
    types(*night, "--nobody")
    shown = types("roster", "show")
    assert "2099" not in shown
    assert "setiap hari" not in shown


def test_a_file_replaces_the_roster_and_a_dry_run_only_names_the_gaps(types: Types, tmp_path: Path) -> None:
    """With Indonesian headings, semicolons, and several officers in one shift."""
    path = tmp_path / "jaga.csv"
    path.write_text(
        "hari;mulai;selesai;petugas\nsenin-minggu;06.00;14.00;Rini\ndaily;14:00;22:00;Joko\n"
        '2099-01-01;00:00;24:00;"Rini;Sari"\n'
    )
    said = types("roster", "import", str(path), "--dry-run")
    assert "22:00 to" in said
    assert "nothing was done" in said
    assert "there is no roster" in types("roster", "show")
    assert "roster version 1 is in force" in types("roster", "import", str(path), "--reason", "jadwal Januari")
    shown = types("roster", "show")
    assert "setiap hari      06:00-14:00  Rini" in shown
    assert "2099-01-01       00:00-24:00  Rini, Sari" in shown
    path.write_text("hari,mulai,selesai,petugas\ndaily,00:00,24:00,Sari\n")
    assert "GAP" not in types("roster", "import", str(path))
    assert "on duty now: Sari" in types("roster", "show")


def test_every_bad_line_of_a_file_is_named(types: Types, tmp_path: Path) -> None:
    """And nothing of it is in force."""
    path = tmp_path / "jaga.csv"
    path.write_text(
        "hari,mulai,selesai,petugas\nfunday,06:00,14:00,Rini\nsenin,6,14:00,Rini\nsenin,06:00,14:00,Budi\nsenin,06:00,14:00,\n"
    )
    said = types("roster", "import", str(path), code=2)
    for number, hint in (
        (2, "'funday' is no day"),
        (3, "'6' is no time of day"),
        (4, "no officer 'Budi'"),
        (5, "officer: is missing"),
    ):
        assert f"jaga.csv:{number}: {hint}" in said
    assert "nothing was imported" in said
    path.write_text("hari,petugas\nsenin,Rini\n")
    assert "the column from and to is missing" in types("roster", "import", str(path), code=2)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--day", "senin", "--officer", "Rini"), "--from and --to are due"),
        (("--day", "senin", "--from", "06:00", "--to", "14:00", "--officer", "Budi"), "no officer 'Budi' is known"),
        (("--day", "senin", "--swap", "Rini=Joko"), "a swap is of a date"),
        (("--date", "2099-12-26", "--swap", "Rini=Rini"), "two officers"),
        (("--date", "26-12-2099", "--swap", "Rini=Joko"), "write it like 2026-11-24"),
        (("--date", "2099-12-26", "--nobody"), "nothing of that date"),
        (("--day", "senin", "--from", "06:00", "--to", "14:00", "--nobody"), "no such shift"),
    ],
)
def test_a_mistake_is_one_sentence(types: Types, words: tuple[str, ...], hint: str) -> None:
    """With what to write instead."""
    said = types("roster", "set", *words, code=2)
    assert hint in said
    assert 1 == len(said.strip().splitlines())


def test_two_officers_of_one_name_must_be_told_apart(types: Types) -> None:
    """By their ids."""
    types("recipient", "add", "--kind", "officer", "--name", "Rini", "--number", "081300000009")
    said = types("roster", "set", "--day", "senin", "--from", "06:00", "--to", "14:00", "--officer", "Rini", code=2)
    assert "is the name of p" in said
    assert "write the id" in said
