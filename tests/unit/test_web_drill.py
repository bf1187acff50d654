"""The board says what the last drill came to, and nothing before the first."""

import msgspec

from alerting.web.board import Board
from alerting.web.readings import LastHour
from alerting.web.replica import Replica
from broker.clock import Clock
from broker.live import Event, HealthView


def footer(drill: str = "") -> str:
    """The health line of a board whose core says so."""
    health = HealthView(
        rev=1,
        now=Clock().now(),
        speed=1.0,
        demo=False,
        realm="ews",
        site="Uji",
        broker_connected=True,
        channels=["twilio"],
        problems=[],
        counters={},
        drill=drill,
    )
    board = Board(
        last_hour=LastHour(), outage=lambda: None, is_ready=lambda: True, clock=Clock(), demo=False, replica=Replica()
    )
    board.replica.apply(Event(id=1, kind="health", data=msgspec.Raw(msgspec.json.encode(health))))
    return board._health()


def test_the_board_says_what_the_last_drill_came_to() -> None:
    """Beside broker and channels."""
    assert "<li>latihan 1 Des 2026 10.02: lulus</li>" in footer(drill="latihan 1 Des 2026 10.02: lulus")


def test_an_installation_without_drills_says_nothing_of_them() -> None:
    """No empty line, no word."""
    assert "latihan" not in footer()
    assert "<li></li>" not in footer()
