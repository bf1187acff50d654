"""The oracle of digests: it must see what is kept back wrongly, told too much, or never told."""

from typing import Any

from alerting.messages import message
from deploy.soak.breach import Breaches
from deploy.soak.oracle_digests import LONG, MOST, DigestsOracle
from deploy.soak.stations import OFFICERS

RINI = OFFICERS[0]
HOUR = 3_600_000


def row(kind: str = "lowered", *, alert: str = "hulu.level.1", level: int = 1, at: int = 0) -> tuple[Any, ...]:
    return (1, alert, 2, "hulu", "level", kind, level, at, "{}", "")


def oracle(told: int = 0) -> DigestsOracle:
    """An officer who had so many items just now."""
    made = DigestsOracle(Breaches())
    for n in range(told):
        made.told(RINI, row("raised", alert=f"hulu.level.{n}"))
    return made


def digest(count: int) -> Any:
    return message(
        entry_id=9,
        alert="ringkasan",
        version=8,
        recipient=RINI,
        address="",
        channel="demo",
        body=f"BPBD: RINGKASAN {count} kabar.",
        priority=21,
        now=HOUR,
        valid_until=2 * HOUR,
    )


def test_what_is_right_is_no_breach() -> None:
    """Five items, the sixth waits, comes in a digest, and the next is told by itself again."""
    made = oracle(MOST)
    made.kept_back(RINI, row(at=5))
    made.digest(digest(1))
    made.told(RINI, row(at=HOUR + 10))
    made.checked()
    assert [] == made._breaches.found


def test_each_fault_is_seen() -> None:
    """A rise kept back; something kept back for nothing; one item too many; a wrong digest; one that never comes."""
    rise, idle, many, wrong, never = oracle(MOST), oracle(1), oracle(MOST), oracle(MOST), oracle(MOST)
    rise.kept_back(RINI, row("raised_higher", level=2))
    idle.kept_back(RINI, row())
    many.told(RINI, row(at=5))
    wrong.kept_back(RINI, row(at=5))
    wrong.digest(digest(2))
    never.kept_back(RINI, row(at=5))
    never._breaches.now = LONG + 1
    never.checked()
    assert [1] * 5 == [len(each._breaches.found) for each in (rise, idle, many, wrong, never)]
