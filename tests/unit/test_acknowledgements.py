"""Telling nodes what is on disk."""

from broker import wire
from deploy.acknowledgements import SPACING_MS, Acknowledgements


class Wire:
    def __init__(self) -> None:
        self.sent: list[tuple[str, wire.Ack]] = []

    def publish(self, topic: str, payload: bytes) -> None:
        self.sent.append((topic, wire.decode_ack(payload)))


def test_a_quiet_node_is_told_at_once() -> None:
    """The first ACK leaves with the commit that it is about."""
    out = Wire()
    acks = Acknowledgements("ews", out.publish)
    acks.add({"node-a": [(7, 1), (7, 2)]})
    acks.flush(1000)
    assert [("ews/v1/node-a/ack", wire.Ack(now=1000, acked=[(7, 1, 2)]))] == out.sent


def test_a_busy_node_is_told_of_several_at_once() -> None:
    """What was held goes, whole and once, with the first flush after the spacing; other nodes do not wait for it."""
    out = Wire()
    acks = Acknowledgements("ews", out.publish)
    for at, seq in enumerate(range(1, 5)):
        acks.add({"node-a": [(7, seq)]})
        acks.flush(1000 + at)
    acks.add({"node-b": [(9, 1)]})
    acks.flush(1000 + SPACING_MS - 1)
    assert ["ews/v1/node-a/ack", "ews/v1/node-b/ack"] == [topic for topic, _ in out.sent]
    acks.flush(1000 + SPACING_MS)
    acks.flush(2000)
    assert [("ews/v1/node-a/ack", wire.Ack(now=1000 + SPACING_MS, acked=[(7, 2, 4)]))] == out.sent[2:]


def test_many_ranges_are_told_in_several_messages() -> None:
    """No ACK carries more ranges than a node takes."""
    out = Wire()
    acks = Acknowledgements("ews", out.publish)
    numbers = [(7, seq) for seq in range(0, 4 * wire.MAX_RANGES, 2)]
    acks.add({"node-a": numbers})
    acks.flush(1)
    assert [wire.MAX_RANGES, wire.MAX_RANGES] == [len(ack.acked) for _, ack in out.sent]
    assert {seq for _, seq in numbers} == {first for _, ack in out.sent for _, first, _ in ack.acked}


def test_a_clock_set_back_holds_nobody_up() -> None:
    """An hour earlier than the last ACK is not "just acknowledged"."""
    out = Wire()
    acks = Acknowledgements("ews", out.publish)
    for now, seq in ((10_000_000, 1), (6_400_000, 2)):
        acks.add({"node-a": [(7, seq)]})
        acks.flush(now)
    assert [[(7, 1, 1)], [(7, 2, 2)]] == [ack.acked for _, ack in out.sent]
