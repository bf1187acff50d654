"""Ranges of taken sequence numbers against a plain set."""

from hypothesis import given
from hypothesis import strategies as st

from ingest.received import BOOTS, Received

OPERATIONS = st.lists(
    st.tuples(st.sampled_from(("take", "forget")), st.integers(0, 2), st.integers(0, 30)), max_size=200
)


@given(OPERATIONS)
def test_ranges_are_a_set(operations: list[tuple[str, int, int]]) -> None:
    """A number is new exactly once, until it is forgotten; encoding keeps it all."""
    received, model = Received(), set[tuple[int, int]]()
    for verb, boot, seq in operations:
        assert ((boot, seq) not in model) == received.is_new(boot, seq)
        if verb == "take":
            assert ((boot, seq) not in model) == received.take(boot, seq)
            model.add((boot, seq))
        else:
            received.forget(boot, seq)
            model.discard((boot, seq))
        received = Received.decode(received.encode())
    for boot in range(3):
        assert [(boot, seq) in model for seq in range(31)] == [not received.is_new(boot, seq) for seq in range(31)]


def test_a_rising_count_is_one_range() -> None:
    """A year of readings of one boot costs a few bytes."""
    received = Received()
    for seq in range(10_000):
        received.take(7, seq)
    assert 16 > len(received.encode())


def test_a_node_that_reboots_for_ever_stays_small() -> None:
    """The oldest boot is forgotten when there are too many."""
    received = Received()
    for boot in range(BOOTS + 1):
        received.take(boot, 0)
    assert received.is_new(0, 0)
    assert not received.is_new(1, 0)
