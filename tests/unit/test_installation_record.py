"""The record of an installation: whole, the same whenever it is asked for, and made only of what is done."""

import sqlite3
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from alerting.web.catalogue import speaking
from alerting.web.technician.records import RecordUnavailable
from deploy.journal import Group, Journal
from deploy.nodes.installation import STEPS, GaugeReading, Installation, Step
from deploy.nodes.installation_pdf import installation_pdf
from deploy.nodes.installation_record import FiledRecords
from deploy.registry.photos import PhotoFolder

NOW = 1_795_000_000_000
FACTS: dict[str, dict[str, Any]] = {
    "station": {"station": "welang", "is_new": False},
    "live": {"heard": 60, "quantity": "level_m", "value": 3.0},
    "gauge": {"datum_m": 6.62, "spread_m": 0.015, "before_m": 6.5, "is_new": True},
    "link": {"heard": 118, "expected": 121, "missing": 3, "rssi_dbm": None},
    "power": {"batt_mv": 3900.0, "solar_mv": None},
    "thresholds": {},
}
RESULT = {
    "city": "Kota Uji",
    "station": "welang",
    "name": "Welang Kraton",
    "river": "Welang",
    "hazard": "level",
    "latitude": -7.645,
    "longitude": 112.905,
    "datum_name": "",
    "datum_m": 6.62,
    "epoch": 2,
    "hardware": "",
    "firmware": "0.4.0",
    "good_since": NOW - 600_000,
    "last": ["level_m", 3.0, NOW - 1000],
}


def done(photo: str = "") -> Installation:
    steps = {name: Step(at=NOW - 60_000, by="Budi", facts=FACTS.get(name, {})) for name in STEPS}
    steps["siren"] = Step(at=NOW - 60_000, by="Budi", skipped="tanpa sirene \N{SNOWFLAKE}")
    if photo:
        steps["photo"] = Step(at=NOW - 60_000, by="Budi", facts={"photo": photo, "sighting": 4})
    gauge = tuple(GaugeReading(at=NOW - 90_000 + n, by="Budi", gauge_m=3.0, distance_m=3.62) for n in range(3))
    begun = {"begun_at": NOW - 3_600_000, "begun_by": "Budi"}
    ended = {"state": "done", "ended_at": NOW, "ended_by": "Budi", "result": RESULT}
    return Installation(id=9, node="wl-01", steps=steps, gauge=gauge, **begun, **ended)  # type: ignore[arg-type]  # as told


def jpeg() -> bytes:
    file = BytesIO()
    Image.new("RGB", (800, 600), "steelblue").save(file, "JPEG")
    return file.getvalue()


@pytest.fixture
def records(tmp_path: Path) -> FiledRecords:
    """Over a journal with one installation that is done and one that is open."""
    photos = PhotoFolder(tmp_path / "photos")
    photo, _ = photos.keep(jpeg())
    journal, group = Journal(tmp_path / "journal.db"), Group()
    found = done(photo)
    begun = Installation(id=10, node="pt-01", begun_at=NOW, begun_by="Budi")
    group.installations = {9: found.row, 10: begun.row}
    journal.write(group)
    journal.close()
    return FiledRecords(tmp_path / "journal.db", tmp_path / "records", photos)


def test_the_record_is_made_once_and_kept(records: FiledRecords, tmp_path: Path) -> None:
    """With the photo, the same bytes again, also when the journal has gone; one that is open has none."""
    first = records.pdf(9)
    assert first is not None
    assert (b"%PDF", True) == (first[:4], b"/DCTDecode" in first)
    (tmp_path / "journal.db").rename(tmp_path / "away.db")
    assert first == records.pdf(9)
    (tmp_path / "away.db").rename(tmp_path / "journal.db")
    assert (None, None) == (records.pdf(10), records.pdf(11))


def test_a_journal_that_cannot_be_read_is_one_sentence(records: FiledRecords, tmp_path: Path) -> None:
    """And nothing half-made is left behind."""
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection, connection:
        connection.execute("DROP TABLE installations")
    with pytest.raises(RecordUnavailable, match=r"^Berita acara belum dapat dibuat: no such table.*Coba lagi"):
        records.pdf(9)
    assert not (tmp_path / "records").exists()


def test_the_same_installation_gives_the_same_bytes_in_every_language() -> None:
    """The record is Indonesian, whoever asks for it first; a letter that the font has not breaks nothing."""
    with speaking("en"):
        english = installation_pdf(done(), None)
    assert english == installation_pdf(done(), None)
