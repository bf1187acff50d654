"""Moments as text."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from broker.instant import iso
from ingest.history import TIME_MAX, TIME_MIN


@given(st.integers(TIME_MIN, TIME_MAX))
def test_every_moment_that_history_holds_is_as_the_calendar_says(ms: int) -> None:
    """Put together from parts, it is what datetime makes of it; before 1970 too."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    assert moment.isoformat(timespec="milliseconds") == iso(ms)
