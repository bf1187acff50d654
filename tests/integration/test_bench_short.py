"""The benchmark's short form, as CI runs it: it fails on the audit, never on a time."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from deploy.commands.simulate import GENERATOR_WAS_THE_LIMIT
from firmware_sim.fleet_plan import Load
from firmware_sim.fleet_record import Record
from tests.bench.audit import AuditFailed, audit
from tests.bench.field import BenchField
from tests.bench.run import publish, publish_command
from tests.bench.tampering import tampered

pytestmark = pytest.mark.timeout(600)
LOAD = Load(rate=200, seconds=3, shape="breaches", breaches=5)


def test_the_short_benchmark_passes_its_audit_and_prints_its_table() -> None:
    """Two loads, one of them with everything wrong that a field can do; the table goes to the log of this test."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--short"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    print(done.stdout)
    assert 0 == done.returncode, done.stdout + done.stderr
    assert "schedule -> POST" in done.stdout
    assert "machine" in done.stdout


@pytest.fixture(scope="module")
def ran() -> Iterator[tuple[BenchField, Record]]:
    """One short run whose broker is gone afterwards."""
    with BenchField(20) as field:
        field.start()
        yield field, publish(field, LOAD)


def test_a_sound_run_passes(ran: tuple[BenchField, Record]) -> None:
    """The audit has nothing to say about a run in which nothing was lost."""
    audit(*ran)


def test_the_audit_sees_a_reading_that_is_missing(ran: tuple[BenchField, Record]) -> None:
    """An observation that was published and is not in the journal: as if a row had been lost."""
    field, record = ran
    longer = msgspec.structs.replace(record, scheduled=record.scheduled + 1)
    with pytest.raises(AuditFailed, match=r"pos-000000: 31 published; lost \[30\]"):
        audit(field, longer)


def test_the_audit_sees_a_reading_that_nobody_published(ran: tuple[BenchField, Record]) -> None:
    """One row more than was published."""
    field, record = ran
    shorter = msgspec.structs.replace(record, scheduled=record.scheduled - 1)
    with pytest.raises(AuditFailed, match=r"pos-000019: 29 published; lost \[\].*never published \[29\]"):
        audit(field, shorter)


def test_the_audit_sees_a_breach_that_nobody_was_told_of(ran: tuple[BenchField, Record]) -> None:
    """The provider's log lacks one message."""
    field, record = ran
    lines = field.provider.log.read_text().splitlines(keepends=True)
    field.provider.log.write_text("".join(lines[1:]))
    try:
        with pytest.raises(AuditFailed, match="breached and nobody was told"):
            audit(field, record, quiet_s=0.5)
    finally:
        field.provider.log.write_text("".join(lines))


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("reading", r"(pos-\d{6}) seq (\d+) is gone"),
        ("value", r"(pos-\d{6}) seq (\d+) is 1 cm higher"),
        ("message", r"message (pos-\d{6})\.level\.(1)/1/.* is gone"),
    ],
)
def test_the_audit_names_a_row_that_was_tampered_with(ran: tuple[BenchField, Record], kind: str, told: str) -> None:
    """A row is lost or changed in the journal itself, behind core's back: no figure, and the fault has its name."""
    field, record = ran
    with tampered(field, kind) as what:
        found = re.search(told, what)
        assert found is not None, what
        with pytest.raises(AuditFailed) as failed:
            audit(field, record)
    station, number = found.groups()
    expected = {
        "reading": rf"{station}: \d+ published; lost \[{number}\], stored twice \[\], never published \[\]",
        "value": rf"{station}: .* lost \[\].*; reading {number} says \d+ mm and [\d.]+ m, published were \d+ mm",
        "message": rf"{station}: 0 messages of {station}.level.1 in the outbox that the provider took, 1 expected",
    }
    assert re.search(expected[kind], str(failed.value)), failed.value
    assert 1 == len(str(failed.value).splitlines())
    audit(field, record)


def test_the_short_benchmark_fails_when_a_reading_is_lost_by_hand() -> None:
    """As the guide tells it: the command ends with 1, names the row, and prints no figure."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--short", "--tamper", "reading"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert 1 == done.returncode, done.stdout + done.stderr
    assert "AUDIT FAILED, so there are no figures:" in done.stdout
    assert re.search(r"pos-\d{6}: \d+ published; lost \[\d+\]", done.stdout)
    assert "schedule -> POST" not in done.stdout


def test_the_audit_sees_garbage_that_was_not_counted(ran: tuple[BenchField, Record]) -> None:
    """Garbage whose connection was lost may be missing, and no other."""
    field, record = ran
    audit(field, msgspec.structs.replace(record, garbage=3, garbage_unsure=3))
    with pytest.raises(AuditFailed, match="3 garbage published, 2 of it lost perhaps; 0 dead letters counted"):
        audit(field, msgspec.structs.replace(record, garbage=3, garbage_unsure=2), quiet_s=0.5)


def test_the_audit_sees_a_message_that_was_sent_twice(ran: tuple[BenchField, Record]) -> None:
    """The provider's log has one line twice."""
    field, record = ran
    lines = field.provider.log.read_text().splitlines(keepends=True)
    field.provider.log.write_text("".join([*lines, lines[0]]))
    try:
        with pytest.raises(AuditFailed, match="was told 2 times"):
            audit(field, record)
    finally:
        field.provider.log.write_text("".join(lines))


def test_a_generator_given_too_much_says_so(ran: tuple[BenchField, Record]) -> None:
    """A million a second is more than it can make: exit code 3 and a verdict, not a figure."""
    field, _ = ran
    too_much = Load(rate=1_000_000, seconds=0.04)
    done = subprocess.run(publish_command(field, too_much), capture_output=True, text=True, check=False)
    assert GENERATOR_WAS_THE_LIMIT == done.returncode, done.stderr
    assert "VERDICT        the generator was the limit" in done.stdout
