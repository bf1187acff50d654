"""Simulated days of the real core on its sources, on every processor there is: every promise kept, a bearable load.

Compiled it plays up to a thousand in tests/architecture/test_compiled.py.
"""

import os

import pytest

from deploy.soak.report import failure
from deploy.soak.runner import Summary, play_all

DAYS = 60  # some 25 s on two processors; by hand: kentongan soak --seeds 10000
pytestmark = pytest.mark.timeout(1500)


def test_every_day_keeps_every_promise() -> None:
    """The plan of a day that fails is in the message, with the command that plays it again."""
    summary = Summary()
    for results in play_all(range(1, DAYS + 1), 1, os.cpu_count() or 1):
        for result in results:
            summary.add(result)
    assert [] == [line for result in summary.failed for line in failure(result)]
    assert [] == summary.heavy
    assert DAYS == summary.days
    assert summary.alarms > DAYS
