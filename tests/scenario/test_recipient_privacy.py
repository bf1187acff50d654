"""Fifty people with numbers of their own through every command: no number in clear in any file, log or answer."""

import argparse
import logging
import sqlite3
from pathlib import Path

import pytest

from deploy import cli
from deploy.cli import build_parser

PEOPLE = 50
PLACES = ("Karangketug", "Randusari", "Bangilan")
STATION = """
[[stations]]
id = "welang"
name = "Welang"
datum_m = 6.5
kelurahan = ["Karangketug"]
[stations.thresholds]
waspada = 3.5
siaga = 4.5
awas = 5.5
author = "uji"
reason = "uji"
"""


def number(person: int) -> str:
    """Without 0 or country code, as every spelling of it holds it."""
    return f"85{person:02d}9173{person:02d}46"


class Desk:
    """Whoever types commands, and all that they said."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capture = folder, capture
        self.said: list[str] = []
        self.toml = folder / "k.toml"
        self.toml.write_text('[site]\nname = "Uji"\nstate_dir = "s"\n[channels]\ndemo = true\n')

    def types(self, *words: str, code: int = 0) -> str:
        done = cli.main([*words, "--settings", str(self.toml)])
        captured = self._capture.readouterr()
        assert code == done, captured.err
        self.said += [captured.out, captured.err]
        return captured.out

    def file(self, name: str, content: str) -> str:
        (self.folder / name).write_text(content)
        return str(self.folder / name)

    def found(self, digits: str) -> list[str]:
        """Where a number stands in clear, but in the files that were written to hold it."""
        state = [path for path in (self.folder / "s").rglob("*") if path.is_file()]
        files = [path.name for path in state if digits.encode() in path.read_bytes()]
        return files + [text for text in self.said if digits in text]


def _rows(people: range, heading: str) -> str:
    return heading + "".join(
        f"Orang {n};{n % 20 + 1};{n % 9 + 1};{PLACES[n % 3]};+62 {number(n)[:3]}-{number(n)[3:7]}-{number(n)[7:]}\n"
        for n in people
    )


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


@pytest.fixture
def filled(desk: Desk) -> Desk:
    heading = "nama;rt;rw;kel;nomor\n"
    desk.types("recipient", "import", desk.file("rt.csv", _rows(range(20), heading)), "--kind", "head", "--group", "rt")
    residents = desk.file("warga.csv", _rows(range(20, 40), heading))
    desk.types("recipient", "import", residents, "--kind", "resident", "--consent", "formulir 12 Nov")
    officers = "nama,nomor,email,urutan\n" + "".join(
        f"Petugas {n},0{number(n)},petugas{n}@contoh.go.id,{n % 3 + 1}\n" for n in range(40, PEOPLE)
    )
    desk.types("recipient", "import", desk.file("petugas.csv", officers), "--kind", "officer")
    return desk


def test_no_number_is_in_clear_anywhere(filled: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Every command that takes or shows recipients, right and wrong, and a warning to the officers among them."""
    caplog.set_level(logging.DEBUG)
    desk = filled
    desk.types("station", "import", desk.file("stasiun.toml", STATION))
    raised = ("alert", "raise", "welang", "AWAS", "--by", "Rini", "--note", "air di gang")
    desk.types(*raised)
    desk.types("recipient", "list")
    desk.types("recipient", "list", "--kind", "officer")
    listed = desk.types("recipient", "list", "--area", "Karangketug").splitlines()
    one = listed[0].split()[0]
    desk.types("recipient", "show", one)
    desk.types("recipient", "show", "Petugas 41")
    desk.types("recipient", "change", "Petugas 41", "--rank", "2", "--reason", "uji")
    desk.types("recipient", "consent", one, "left", "--how", f"telepon dari 0{number(30)}\x1b[2J\n")
    desk.types("roster", "set", "--day", "daily", "--from", "06:00", "--to", "18:00", "--officer", "Petugas 42")
    desk.types("roster", "show")
    desk.types("recipient", "erase", f"0{number(21)}", "--reason", "diminta")
    desk.types("recipient", "access")
    again = desk.file("lagi.csv", _rows(range(3), "nama;rt;rw;kel;nomor\n") + f"X;1;1;Bangilan;0{number(45)}\n")
    for words in (
        ("import", again, "--kind", "head"),
        ("show", f"0{number(21)}"),
        ("erase", f"0{number(22)}1234567", "--reason", "x"),
        ("add", "--kind", "resident", "--number", f"0{number(40)}", "--area", "Bangilan", "--consent", "x"),
        ("change", one, "--number", f"0{number(46)}"),
        ("show", one, "--reveal"),
    ):
        desk.types("recipient", *words, code=2)
    desk.types("deadletters")
    desk.types("alert", "list")
    desk.said.append(caplog.text)
    assert [] == [(n, desk.found(number(n))) for n in range(PEOPLE) if desk.found(number(n))]
    assert [] == [desk.found(f"petugas{n}@") for n in range(40, PEOPLE) if desk.found(f"petugas{n}@")]
    assert _count(desk, "SELECT count(*) FROM outbox WHERE recipient LIKE 'p%' AND address LIKE '+62***%'")


def _count(desk: Desk, query: str) -> int:
    connection = sqlite3.connect(f"file:{desk.folder / 's' / 'journal.db'}?mode=ro", uri=True)
    try:
        return int(connection.execute(query).fetchone()[0])
    finally:
        connection.close()


def test_names_are_sealed_and_shown_of_officers_only(filled: Desk) -> None:
    """A resident's or head's name is in no file and no list."""
    listed = filled.types("recipient", "list")
    assert "Petugas 41" in listed
    assert "Orang" not in listed
    assert [] == filled.found("Orang 3")
    journal = (filled.folder / "s" / "journal.db").read_bytes()
    assert b"Petugas 41" not in journal


def test_clear_data_come_out_only_on_purpose(filled: Desk) -> None:
    """Into a file for the owner alone, and on the screen with a reason; both are in the report of accesses."""
    out = filled.folder / "keluar.csv"
    filled.types("recipient", "export", str(out), "--reason", "cadangan bulanan")
    assert 0o600 == out.stat().st_mode & 0o777
    assert PEOPLE == sum(number(n) in out.read_text() for n in range(PEOPLE))
    assert number(41) in filled.types("recipient", "show", "Petugas 41", "--reveal", "--reason", "nomor mati")
    told = filled.types("recipient", "access")
    assert "recipients exported" in told
    assert f"{PEOPLE} recipients: cadangan bulanan" in told
    assert "nomor mati" in told
    officer = next(line.split()[0] for line in filled.types("recipient", "list").splitlines() if "Petugas 41" in line)
    about = filled.types("recipient", "access", officer).splitlines()
    assert ["revealed", "exported", "put"] == [line.split()[4] for line in about]
    assert "nobody has looked" in filled.types("recipient", "access", "--since", "2099-01-01T00:00:00+07:00")


def test_an_export_is_imported_by_another_installation(filled: Desk, tmp_path: Path) -> None:
    """The same people, under its own key, and the exported file changes nothing where it came from."""
    out = str(filled.folder / "keluar.csv")
    filled.types("recipient", "consent", f"0{number(7)}", "left", "--how", "telepon")
    filled.types("recipient", "export", out, "--reason", "pindah")
    said = filled.types("recipient", "import", out, "--kind", "head")
    assert "0 added, 0 changed, 19 unchanged" in said
    assert "30 lines of other kinds were left out" in said
    assert "1 lines of people without consent were left out" in said
    filled.toml.write_text(filled.toml.read_text().replace('"s"', '"s2"'))
    assert "19 added" in filled.types("recipient", "import", out, "--kind", "head")
    assert "20 added" in filled.types("recipient", "import", out, "--kind", "resident", "--consent", "pindah")
    assert "formulir 12 Nov" in filled.types("recipient", "show", f"0{number(25)}")
    assert 19 == len(filled.types("recipient", "list", "--group", "rt").splitlines())


def test_a_number_can_be_typed_without_standing_in_the_list_of_processes(
    filled: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dash reads it from standard input."""
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO(f"0{number(5)}\n"))
    assert "head" in filled.types("recipient", "show", "-")


def test_every_verb_is_tried_here() -> None:
    """A new command must be looked at for what it gives away."""
    parser = build_parser("recipient")
    (commands,) = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    (verbs,) = [each for each in commands.choices["recipient"]._actions if isinstance(each, argparse._SubParsersAction)]
    tried = {"import", "list", "show", "add", "change", "consent", "erase", "export", "access"}
    assert tried == set(verbs.choices)
