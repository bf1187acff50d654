"""Core notices time that it did not live through."""

import pytest

from deploy.health.missed_time import Missed, MissedTime


def test_turn_after_turn_misses_nothing() -> None:
    """A quarter of a second, some seconds of a long turn, a clock that is put right by a little."""
    missed = MissedTime(100.0, 1000.0)
    looks = ((100.25, 1000.25), (109.0, 1009.0), (109.25, 1013.0), (109.5, 1009.0))
    assert [None] * 4 == [missed.look(*look) for look in looks]


@pytest.mark.parametrize(
    ("monotonic_s", "of_day_s", "missed"),
    [
        (140.0, 1040.0, Missed("did nothing for 40 s", 0.0)),
        (100.25, 4600.25, Missed("finds its clock 3600 s ahead of where it was", 3600.0)),
        (100.25, 400.25, Missed("finds its clock 600 s behind where it was", -600.0)),
        (140.0, 4640.0, Missed("did nothing for 40 s and finds its clock 3600 s ahead of where it was", 3600.0)),
    ],
)
def test_a_hang_and_a_step_are_noticed_once(monotonic_s: float, of_day_s: float, missed: Missed) -> None:
    """And the next look begins anew."""
    looked = MissedTime(100.0, 1000.0)
    assert missed == looked.look(monotonic_s, of_day_s)
    assert None is looked.look(monotonic_s + 0.25, of_day_s + 0.25)
