"""The end of personal data: who left or never confirmed goes by himself, and the outbox forgets the erased."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerting.messages import Entry
from deploy.assembly import core_of
from deploy.core import Core
from deploy.recipients import changes
from deploy.recipients.entry import Entry as Wanted
from deploy.recipients.retention import AT_ONCE, SLICE, keep_people
from deploy.settings import load
from deploy.state_folder import StateFolder
from tests.bare_core import SetClock, Wire

T0 = 1_795_410_000_000
DAY = 86_400_000
HOUR = 3_600_000
AREA = "35.75.01.1001"


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    (tmp_path / "k.toml").write_text('[site]\nname = "Uji"\n[channels]\ndemo = true\n')
    state = StateFolder(tmp_path / "s")
    state.prepare()
    SetClock.time = T0
    made = core_of(load(tmp_path / "k.toml"), state, SetClock(), channels={})
    made.link, made.sender = Wire(), Wire()
    yield made
    made.journal.close()


def person(core: Core, number: int, *, consent: Any = "given", kind: Any = "resident") -> str:
    wanted = Wanted(kind=kind, name="Nama", contacts={"phone": f"+62812000{number:05d}"}, areas=(AREA,))
    made = changes.recipient_of(core, wanted, None, consent_how="uji", now=SetClock.time)
    return changes.put(core, msgspec.structs.replace(made, consent=consent)).id


def message(core: Core, recipient: str, *, state: str = "accepted", number: int = 1) -> None:
    """A row of the outbox as it stands on disk."""
    row_id = core.journal.take_ids()
    entry = Entry(
        id=row_id,
        rev=row_id,
        key=f"a/{number}/{recipient}/demo",
        alert="a",
        version=number,
        recipient=recipient,
        address="+62********890",
        channel="demo",
        body="x",
        priority=10,
        state=msgspec.convert(state, Any),
        attempts=1,
        created_at=T0,
        observed_at=None,
        valid_until=T0 + HOUR,
        next_at=T0,
    )
    core.group.messages[entry.key] = entry


def round_of_retention(core: Core) -> None:
    asyncio.run(keep_people(core))
    core.turn()


def alive(core: Core) -> set[str]:
    return {f"p{row[0]}" for row in core.journal.connection.execute("SELECT id FROM recipients")}


def addresses(core: Core, recipient: str) -> list[tuple[str, str]]:
    query = "SELECT state, address FROM outbox WHERE recipient = ? ORDER BY id"
    return core.journal.connection.execute(query, (recipient,)).fetchall()


def test_who_left_or_never_confirmed_is_erased_when_his_days_are_over(core: Core) -> None:
    """Seven days to confirm, thirty after leaving; heads and those who agreed stay; all is audited."""
    pending, left, given = (person(core, n, consent=c) for n, c in ((1, "pending"), (2, "left"), (3, "given")))
    head = person(core, 4, consent="left", kind="head")
    core.turn()
    for days, gone in (
        (6.9, set()),
        (7.1, {pending}),
        (29.9, {pending}),
        (30.1, {pending, left}),
        (900, {pending, left}),
    ):
        SetClock.time = T0 + int(days * DAY)
        round_of_retention(core)
        assert {pending, left, given, head} - gone == alive(core)
    assert [given] == core.directory.audience([AREA])
    query = "SELECT actor, subject, json_extract(detail, '$.reason') FROM audit WHERE action = 'recipient erased'"
    assert [("retention", pending, "never confirmed"), ("retention", left, "left, and his time is over")] == list(
        core.journal.connection.execute(query)
    )


def test_who_confirms_in_time_stays(core: Core) -> None:
    """The days count from his last word."""
    one = person(core, 1, consent="pending")
    core.turn()
    SetClock.time = T0 + 6 * DAY
    found = core.directory.get(one)
    assert found is not None
    changes.set_consent(core, found, "given", how="web", now=SetClock.time)
    core.turn()
    SetClock.time = T0 + 60 * DAY
    round_of_retention(core)
    assert {one} == alive(core)


def test_many_go_over_several_rounds(core: Core) -> None:
    """So that no turn is held up by a long list."""
    for number in range(AT_ONCE + 10):
        person(core, number, consent="pending")
    core.turn()
    SetClock.time = T0 + 8 * DAY
    round_of_retention(core)
    assert 10 == len(alive(core))
    round_of_retention(core)
    assert set() == alive(core)


def test_the_outbox_keeps_the_count_and_forgets_the_person(core: Core) -> None:
    """Settled messages at once; one that was still open when its time is over; other people's not at all."""
    gone, other = person(core, 1), person(core, 2)
    for number in range(3):
        message(core, gone, number=number)
        message(core, other, number=number)
    message(core, gone, state="queued", number=9)
    core.turn()
    found = core.directory.get(gone)
    assert found is not None
    changes.erase(core, found, actor="uji", reason="diminta", now=T0)
    core.turn()
    round_of_retention(core)
    assert [("accepted", "")] * 3 + [("queued", "+62********890")] == addresses(core, gone)
    core.journal.connection.execute("UPDATE outbox SET state = 'dead' WHERE state = 'queued'")
    round_of_retention(core)
    assert ("dead", "+62********890") == addresses(core, gone)[-1]
    SetClock.time = T0 + 3 * HOUR + 1
    round_of_retention(core)
    assert [("accepted", "")] * 3 + [("dead", "")] == addresses(core, gone)
    assert [("accepted", "+62********890")] * 3 == addresses(core, other)
    assert [(2,)] == core.journal.connection.execute("SELECT passes FROM erasures").fetchall()


def test_a_long_outbox_is_cleaned_to_its_end(core: Core) -> None:
    """More messages than one piece holds."""
    gone = person(core, 1)
    for number in range(SLICE + 50):
        message(core, gone, number=number)
    core.turn()
    found = core.directory.get(gone)
    assert found is not None
    changes.erase(core, found, actor="uji", reason="diminta", now=T0)
    core.turn()
    round_of_retention(core)
    assert {("accepted", "")} == set(addresses(core, gone))


def test_what_was_sealed_is_overwritten_on_disk(core: Core, tmp_path: Path) -> None:
    """Not only unlinked: neither the sealed name nor the digest stays in the file."""
    one = person(core, 1)
    for number in range(2, 20):
        person(core, number)
    core.turn()
    found = core.directory.get(one)
    assert found is not None
    traces = [found.name_sealed, found.contacts[0].sealed, found.contacts[0].digest]
    core.journal.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = tmp_path / "s" / "journal.db"
    assert all(trace in path.read_bytes() for trace in traces)
    changes.erase(core, found, actor="uji", reason="diminta", now=T0)
    core.turn()
    core.journal.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert not any(trace in path.read_bytes() for trace in traces)
