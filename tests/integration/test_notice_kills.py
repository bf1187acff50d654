"""The quick part of the sweep over one notice; ``python -m tests.faults.notice_kills`` has the whole."""

from collections.abc import Iterator

import pytest

from tests.faults.injection import Thread
from tests.faults.notice_kills import NoticeField, take
from tests.faults.write_kills import Sweep

pytestmark = pytest.mark.timeout(600)
SPREAD: tuple[tuple[Thread, str, int], ...] = (
    ("main", "pwrite64", 12),
    ("main", "pwrite64", 55),
    ("main", "fdatasync", 4),
    ("sender", "recvfrom", 3),
)


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NoticeField]:
    with NoticeField(tmp_path_factory.mktemp("notices")) as made:
        made.play()
        yield made


@pytest.mark.parametrize(("thread", "call", "n"), SPREAD)
def test_core_killed_at_a_write_of_a_notice(field: NoticeField, thread: Thread, call: str, n: int) -> None:
    """Everybody gets the warning and its cancellation, once, and nobody else does."""
    done = Sweep()
    assert take(field, thread, call, n, done), f"core was not killed at {thread}:{call}:{n}"
    assert [] == done.faults


def test_the_oracle_notices_who_was_left_out(field: NoticeField) -> None:
    """A proof that cannot fail proves nothing: one resident more is claimed."""
    field.numbers["p999999"] = "+6281399999999"
    faults = field.faults()
    del field.numbers["p999999"]
    assert faults
    assert all("/p999999/twilio was never sent" in fault for fault in faults)
