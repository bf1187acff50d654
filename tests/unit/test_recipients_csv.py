"""Recipients in CSV files: as offices save them, each fault with its line and column, and back again."""

import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.recipients import KINDS, Kind
from deploy.recipients.csv_entries import Fault, entries_of, missing_columns
from deploy.recipients.csv_file import BadCsv, read, write
from deploy.recipients.entry import Entry
from deploy.registry.areas import Areas

KARANGKETUG = "35.75.01.1001"
AREAS = Areas()
PLAIN = "name,rt,rw,kelurahan,number\nBudi,3,2,Karangketug,0812-3456-7890\n"


def entries(
    folder: Path, content: str | bytes, kind: Kind = "head", groups: tuple[str, ...] = ()
) -> tuple[list[Entry], list[Fault]]:
    path = folder / "orang.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    parsed = entries_of(read(path), kind, AREAS, groups=groups, channels=["demo"])
    return parsed.entries, parsed.faults


def faults(folder: Path, content: str, kind: Kind = "head") -> list[tuple[int, str, str]]:
    return [(each.line, each.heading, each.text) for each in entries(folder, content, kind)[1]]


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        b"\xef\xbb\xbf" + PLAIN.encode(),
        PLAIN.replace(",", ";").replace("\n", "\r\n").encode(),
        PLAIN.replace(",", "\t").encode("utf-16"),
        b"Nama;RT;RW;Kelurahan;No. HP\nBudi;RT 03;002;karangketug;62812 3456 7890\n",
        b"NOMOR HP,Kel.,RW,RT,Nama Ketua,Catatan\n81234567890,Kel. Karangketug,02,03,Budi,x\n",
        b"\n\nname,rt,rw,kelurahan,number\n\nBudi,3,2,Karangketug,'081234567890\n,,,,\n",
        b'name,rt,rw,kelurahan,number\n"Budi","3.0","2,0",Karangketug,"+62 812 3456 7890"\n',
    ],
)
def test_every_way_of_saving_gives_the_same_person(tmp_path: Path, content: bytes) -> None:
    """Byte order mark, UTF-16, semicolons, tabs, other headings and orders, numbers that a spreadsheet has changed."""
    (found,), bad = entries(tmp_path, content)
    assert [] == bad
    assert ("Budi", (f"{KARANGKETUG}/RW02/RT03",), {"phone": "+6281234567890"}) == (
        found.name,
        found.areas,
        found.contacts,
    )


def test_every_fault_is_named_with_line_and_the_files_own_heading(tmp_path: Path) -> None:
    """All of them at once, so that a file is mended in one go; none repeats a number."""
    content = (
        "Nama;RT;RW;Kelurahan;Nomor\n"
        "Budi;x;2;Karangktug;0343-421234\n"
        ";1;;Randusari;8,12346E+11\n"
        "Siti;1;2;Randusari;0812 3456 7890\n"
        "Joko;100;2;Randusari;6281234567890\n"
        "Rini;1;2;Randusari;62 812-3456-7890\n"
    )
    found = faults(tmp_path, content)
    assert [
        (2, "Kelurahan"),
        (2, "Nomor"),
        (3, "Nama"),
        (3, "RW"),
        (3, "Nomor"),
        (5, "RT"),
        (6, "Nomor"),
    ] == [(line, heading) for line, heading, _ in found]
    texts = [text for _, _, text in found]
    assert "did you mean Karangketug?" in texts[0]
    assert "fixed line" in texts[1]
    assert "rounded" in texts[4]
    assert "the same stands in line 4" in texts[6]
    assert not any("421234" in text or "3456" in text for text in texts)


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"", "is empty"),
        (b"name,rt,rw,kelurahan,number\n", "nothing below it"),
        (b"a,b\n1,2\n", "write a heading: name,rt,rw,kelurahan,number"),
        (b"nama,name,rw\nA,B,1\n", "both mean name"),
        (b"nama,nomor\nA,B,C\n", "3 values under 2 headings"),
        (b'nama,nomor\n"A,1\n', "quotes come in pairs"),
        (b"nama,nomor\nJos\xe9,1\n", "orang.csv:2: not UTF-8; save it as CSV UTF-8"),
        (b"PK\x03\x04\x00\x00nama", "is no text"),
    ],
)
def test_what_is_no_table_is_refused_with_what_to_do(tmp_path: Path, content: bytes, hint: str) -> None:
    """A spreadsheet's own file, another encoding, no heading."""
    (tmp_path / "orang.csv").write_bytes(content)
    with pytest.raises(BadCsv) as caught:
        read(tmp_path / "orang.csv")
    assert hint in str(caught.value)
    assert "orang.csv" in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With what the system says."""
    with pytest.raises(BadCsv, match=r"tidak-ada\.csv: No such file"):
        read(tmp_path / "tidak-ada.csv")


def test_each_kind_needs_its_columns(tmp_path: Path) -> None:
    """An officer may do without a phone, not without any contact; areas by code stand for kelurahan and RW."""
    path = tmp_path / "o.csv"
    for heading, kind, missing in (
        ("nama,nomor", "head", ["rw", "kelurahan"]),
        ("nama,areas,nomor", "head", []),
        ("nomor,kel", "resident", []),
        ("nama,email", "officer", []),
        ("nama", "officer", ["number"]),
        ("nama,kel,url", "institution", []),
    ):
        path.write_text(f"{heading}\n{heading}\n")
        assert missing == missing_columns(read(path), kind), heading  # type: ignore[arg-type]


def test_places_of_institutions(tmp_path: Path) -> None:
    """Several kelurahan, a kecamatan whose name a kelurahan has too, or the whole city; heads have one place."""
    content = (
        "nama,kelurahan,nomor\nPompa,Kebonsari;Wirogunan,081200000001\nRadio,semua,081200000002\n"
        "SD,Kec. Gadingrejo,081200000003\nSMP,Gadingrejo,081200000004\n"
    )
    found, bad = entries(tmp_path, content, "institution", groups=("lembaga",))
    assert [] == bad
    assert [2, 4, 1, 1] == [len(each.areas) for each in found]
    assert [("35.75.01",), ("35.75.01.1009",)] == [found[2].areas, found[3].areas]
    assert all(("lembaga",) == each.groups for each in found)
    texts = [text for _, _, text in faults(tmp_path, "nama,rw,kelurahan,nomor\nA,1,semua,081200000001\n")]
    assert ["one kelurahan is due; only an institution or an officer may have all"] == texts


@pytest.mark.parametrize(
    ("row", "heading", "hint"),
    [
        ("A\u202eB,1,1,Bangilan,081200000001", "name", "cannot be seen"),
        ("A\x07,1,1,Bangilan,081200000001", "name", "cannot be seen"),
        (f"{'A' * 61},1,1,Bangilan,081200000001", "name", "61 letters"),
    ],
)
def test_names_that_hide_something_are_refused(tmp_path: Path, row: str, heading: str, hint: str) -> None:
    """Bidirectional marks, control characters, pages of text."""
    ((_, column, text),) = faults(tmp_path, f"name,rt,rw,kelurahan,number\n{row}\n")
    assert heading == column
    assert hint in text


def test_an_emoji_in_a_name_is_a_name(tmp_path: Path) -> None:
    """Also one that is joined of several."""
    family = "Bu Tini \U0001f468\u200d\U0001f469\u200d\U0001f467"
    (found,), bad = entries(tmp_path, f"name,rt,rw,kelurahan,number\n{family},1,1,Bangilan,081200000001\n")
    assert [] == bad
    assert family == found.name


def _written(rows: list[list[str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerows([["name", "rt", "rw", "kelurahan", "number"], *rows])
    return out.getvalue().encode()


def exported(**changes: Any) -> dict[str, Any]:
    person = {
        "id": "p7",
        "kind": "head",
        "name": "Budi",
        "contacts": [{"kind": "phone", "text": "+6281234567890"}],
        "areas": [f"{KARANGKETUG}/RW02/RT03"],
        "groups": ["latihan", "rt"],
        "channels": [],
        "language": "id",
        "rank": 1,
        "consent": "given",
        "consent_at": 1_795_000_000_000,
        "consent_how": "by duty",
    }
    return person | changes


def test_what_is_exported_is_imported_again(tmp_path: Path) -> None:
    """The same name, place, groups and number."""
    (found,), bad = entries(tmp_path, write([exported()], {KARANGKETUG: "Karangketug"}))
    assert [] == bad
    assert ("Budi", (f"{KARANGKETUG}/RW02/RT03",), {"phone": "+6281234567890"}, ("latihan", "rt")) == (
        found.name,
        found.areas,
        found.contacts,
        found.groups,
    )


def test_no_spreadsheet_runs_what_is_exported(tmp_path: Path) -> None:
    """A name that is a formula stays text, and comes back as it was."""
    formula = '=HYPERLINK("http://x.example","klik")'
    text = write([exported(name=formula)], {})
    cells = next(csv.DictReader(io.StringIO(text)))
    assert not [value for value in cells.values() if value[:1] in ("=", "+", "-", "@")]
    (found,), _ = entries(tmp_path, text)
    assert formula == found.name


def test_who_did_not_agree_is_not_brought_by_an_exported_file(tmp_path: Path) -> None:
    """Nor are lines of other kinds; how the others agreed comes with them."""
    people = [
        exported(id="p1", consent_how="formulir 12 Nov"),
        exported(id="p2", consent="left", contacts=[{"kind": "phone", "text": "+6281200000002"}]),
        exported(id="p3", consent="pending", contacts=[{"kind": "phone", "text": "+6281200000003"}]),
        exported(id="p4", kind="officer", contacts=[{"kind": "phone", "text": "+6281200000004"}]),
    ]
    (tmp_path / "orang.csv").write_text(write(people, {}))
    parsed = entries_of(read(tmp_path / "orang.csv"), "head", AREAS, channels=[])
    assert (1, 2, ["formulir 12 Nov"], []) == (
        parsed.other_kinds,
        parsed.without_consent,
        [each.consent_how for each in parsed.entries],
        parsed.faults,
    )
    ((line, heading, text),) = faults(
        tmp_path, f"{PLAIN.splitlines()[0]},persetujuan\nA,1,1,Bangilan,081200000001,mungkin\n"
    )
    assert (2, "persetujuan") == (line, heading)
    assert "write given or left" in text


cells = st.text(max_size=20)
lines = st.lists(cells, min_size=5, max_size=5)


@given(st.one_of(st.binary(max_size=200), st.lists(lines, max_size=5).map(_written)))
def test_any_file_is_read_or_refused(content: bytes) -> None:
    """No file makes the import fall over, whatever is in it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orang.csv"
        path.write_bytes(content)
        try:
            sheet = read(path)
        except BadCsv:
            return
        for kind in KINDS:
            parsed = entries_of(sheet, kind, AREAS, channels=[])
            assert len(parsed.entries) <= len(sheet.lines)
            assert all(each.text for each in parsed.faults)
