"""What a channel remembers of its messages, without their numbers."""

import os
from pathlib import Path

import pytest

from alerting.channels.sent_ledger import KEPT_MS, Ledger, Settled

NUMBER = "+628111110001"
NOW = 1_800_000_000_000


def accepted(ledger: Ledger, tag: str, *, reference: int = 7, number: str = NUMBER) -> Settled:
    made = Settled(tag=tag, state="accepted", at=NOW, pair=ledger.pair_of(number), reference=reference)
    ledger.record(made)
    return made


def test_a_record_survives_a_restart(tmp_path: Path) -> None:
    """The process that looks it up is another one."""
    made = accepted(Ledger(tmp_path), "a")
    assert made == Ledger(tmp_path).get("a")


def test_of_two_messages_with_one_reference_the_newer_one_is_meant(tmp_path: Path) -> None:
    """References come round after 256 messages."""
    ledger = Ledger(tmp_path)
    accepted(ledger, "old")
    newer = accepted(ledger, "new")
    assert newer == Ledger(tmp_path).paired(NUMBER, 7)


@pytest.mark.parametrize(("number", "reference"), [("+628111110002", 7), (NUMBER, 8)])
def test_a_report_about_another_message_finds_none(tmp_path: Path, number: str, reference: int) -> None:
    """Both must agree."""
    ledger = Ledger(tmp_path)
    accepted(ledger, "a")
    assert ledger.paired(number, reference) is None


def test_no_file_holds_a_number_and_another_folder_s_digest_is_another(tmp_path: Path) -> None:
    """Whoever gets one folder cannot compare it with another."""
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        accepted(Ledger(folder), "a")
    assert Ledger(one).pair_of(NUMBER) != Ledger(other).pair_of(NUMBER)
    assert [] == [path for path in one.iterdir() if NUMBER[1:].encode() in path.read_bytes() + path.name.encode()]


def test_old_records_are_forgotten_and_the_key_stays(tmp_path: Path) -> None:
    """After three days no operator reports any more."""
    ledger = Ledger(tmp_path)
    accepted(ledger, "a")
    for path in tmp_path.iterdir():
        os.utime(path, (NOW / 1000, NOW / 1000))
    ledger.forget_old(NOW + KEPT_MS)
    assert ledger.get("a") is not None
    ledger.forget_old(NOW + KEPT_MS + 1)
    assert ["pairing.key"] == [path.name for path in tmp_path.iterdir()]


def test_a_torn_record_is_left_out(tmp_path: Path) -> None:
    """A power cut stops nothing."""
    (tmp_path / "a.json").write_bytes(b'{"tag": "a", "sta')
    assert Ledger(tmp_path).get("a") is None
