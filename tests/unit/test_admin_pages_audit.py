"""The audit log as pages read it: filtered by index, paged without a gap, and its chain checked in slices."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from alerting import tables
from alerting.audit import GENESIS, Entry, audit_entry
from alerting.web.admin.office import Wanted, Wrong
from deploy import audit_reader
from deploy.audit_reader import AuditReader
from deploy.journal import Journal

START = 1_800_000_000_000
MINUTE = 60_000


@pytest.fixture
def journal(tmp_path: Path, made: Path) -> Path:
    """One of each test's own."""
    return Path(shutil.copy(made, tmp_path / "journal.db"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 rows, one a minute: of three actors and four actions, about five stations."""
    path = tmp_path_factory.mktemp("audit") / "journal.db"
    Journal(path).close()
    rows: list[Entry] = []
    for number in range(300):
        rows.append(
            audit_entry(
                rows[-1].hash if rows else GENESIS,
                entry_id=1 + 3 * number,
                at=START + number * MINUTE,
                actor=("web:Rini", "web:Joko", "engine")[number % 3],
                action=("station changed", "policy set", "recipient revealed", "drill asked")[number % 4],
                subject=f"welang-{number % 5} v{number}",
            )
        )
    write(path, rows)
    return path


def write(path: Path, rows: list[Entry]) -> None:
    marks = ",".join("?" * len(tables.audit.columns))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(f"INSERT INTO audit VALUES ({marks})", map(msgspec.structs.astuple, rows))


Fits = Callable[[int], bool]


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (Wanted(), lambda _: True),
        (Wanted(actor="web:Rini"), lambda n: n % 3 == 0),
        (Wanted(action="policy set"), lambda n: n % 4 == 1),
        (Wanted(subject="welang-2"), lambda n: n % 5 == 2),
        (Wanted(actor="engine", action="drill asked", subject="welang-4"), lambda n: n % 60 == 59),
        (Wanted(since=START + 100 * MINUTE), lambda n: n >= 100),
        (Wanted(until=START + 100 * MINUTE), lambda n: n < 100),
        (
            Wanted(since=START + 90 * MINUTE, until=START + 250 * MINUTE, actor="web:Joko"),
            lambda n: 90 <= n < 250 and n % 3 == 1,
        ),
    ],
)
def test_pages_follow_each_other_without_a_gap(journal: Path, wanted: Wanted, fits: Fits) -> None:
    """Whatever is filtered, the newest first, each row once."""
    reader, found = AuditReader(journal), list[int]()
    page = reader.page(wanted, most=7)
    while True:
        found += [(row.id - 1) // 3 for row in page.rows]
        if page.before is None:
            break
        page = reader.page(audit_reader._below(wanted, page.before), most=7)
    assert [number for number in reversed(range(300)) if fits(number)] == found
    assert found == [(row.id - 1) // 3 for row in reader.every(wanted)]


def test_the_words_that_stand_in_it_are_offered(journal: Path) -> None:
    """Each once, found by leaping through the index."""
    actions, actors = AuditReader(journal).words()
    assert ["drill asked", "policy set", "recipient revealed", "station changed"] == list(actions)
    assert ["engine", "web:Joko", "web:Rini"] == list(actors)


def test_a_whole_chain_has_a_head_that_is_found_again(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also across slices, with progress up to the end."""
    monkeypatch.setattr(audit_reader, "SLICE", 64)
    shares: list[float | None] = []
    reader = AuditReader(journal)
    verdict = reader.verify("", lambda _, share: shares.append(share))
    assert (True, 300) == (verdict.is_whole, verdict.rows)
    assert 1.0 == shares[-1]
    assert reader.verify(verdict.head, lambda *_: None).is_whole
    with closing(sqlite3.connect(journal)) as connection, connection:
        connection.execute("DELETE FROM audit WHERE id > 700")
    shorter = reader.verify(verdict.head, lambda *_: None)
    assert not shorter.is_whole
    assert verdict.head in shorter.sentences[0]


def test_a_row_that_was_changed_is_named(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With how many before it hold."""
    monkeypatch.setattr(audit_reader, "SLICE", 64)
    with closing(sqlite3.connect(journal)) as connection, connection:
        connection.execute("UPDATE audit SET detail = '1' WHERE id = ?", (1 + 3 * 200,))
    verdict = AuditReader(journal).verify("", lambda *_: None)
    assert (False, 200) == (verdict.is_whole, verdict.rows)
    assert "catatan 601 " in verdict.sentences[0]


def test_what_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    """Not a page that breaks."""
    with pytest.raises(Wrong, match="Jurnal tidak terbaca"):
        AuditReader(tmp_path / "none.db").page(Wanted())


def test_every_filter_uses_an_index(journal: Path) -> None:
    """Otherwise a page over a million rows would take seconds."""
    with closing(sqlite3.connect(journal)) as connection:
        for wanted in (Wanted(actor="a", action="b"), Wanted(action="b"), Wanted(subject="s", actor="a")):
            where, values = audit_reader._where(connection, wanted)
            query = f"EXPLAIN QUERY PLAN SELECT * FROM audit {where} ORDER BY id DESC LIMIT 51"
            plan = " ".join(row[3] for row in connection.execute(query, values))
            assert "USING INDEX audit_by_" in plan, plan


def test_halving_finds_a_moment(journal: Path) -> None:
    """The first row of that moment or later, also before all and after all of them."""
    with closing(sqlite3.connect(journal)) as connection:
        for number in (0, 1, 150, 299):
            assert 1 + 3 * number >= audit_reader._id_at(connection, START + number * MINUTE) > 1 + 3 * number - 3
        assert 1 >= audit_reader._id_at(connection, 0)
        assert 1 + 3 * 299 < audit_reader._id_at(connection, START * 2)
