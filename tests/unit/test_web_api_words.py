"""Moments, forms and parameters of the API, without a server."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from alerting.web import words
from alerting.web.api import instants
from alerting.web.api.asking import CSV, JSON, read, wanted_form
from alerting.web.api.documents import MOMENTS
from alerting.web.api.parameters import AFTER, ENTITY_LIMIT
from alerting.web.api.problem import Problem, Refused
from alerting.web.api.units import unit_of
from broker import live

# Whole numbers of live entities that are no moments.
COUNTS = {
    "rev",
    "version",
    "flag",
    "epoch",
    "id",
    "index",
    "hours",
    "uncorrected_hours",
    "minutes",
    "spoke",
    "gauges",
    "waiting",
    "audience",
    "told",
    "parts",
    "septets",
}


@given(st.integers(0, instants.LAST))
def test_a_moment_written_is_read_back(ms: int) -> None:
    """To the millisecond, with the offset of UTC."""
    assert instants.iso(ms).endswith("+00:00")
    assert ms == instants.parse(instants.iso(ms))


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2260, 1, 1)),  # noqa: DTZ001  Hypothesis adds the zone itself
    st.integers(-14 * 60, 14 * 60),
)
def test_any_offset_means_the_same_moment(naive: datetime, minutes: int) -> None:
    """WIB, UTC or any other: what counts is the moment. The plus sign may arrive as a blank."""
    moment = naive.replace(microsecond=0, tzinfo=UTC).astimezone(timezone(timedelta(minutes=minutes)))
    written = moment.isoformat()
    want = round(moment.timestamp()) * 1000
    assert [want, want] == [instants.parse(written), instants.parse(written.replace("+", " "))]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("2026-11-22", "hanya tanggal"),
        ("2026-11-22T18:40", "tanpa offset"),
        ("2026-11-22T18:40:00", "tanpa offset"),
        ("2026-02-30T18:40:00Z", "tidak ada di kalender"),
        ("2026-11-22T25:00Z", "tidak ada di kalender"),
        ("2026-11-22T18:40:00+29:00", "tidak ada di kalender"),
        ("1969-12-31T23:59:59Z", "di luar tahun"),
        ("9999-12-31T23:59:59Z", "di luar tahun"),
        ("0001-01-01T00:00:00+14:00", "di luar tahun"),
        ("1764000000000", "bukan waktu ISO 8601"),
        ("kemarin", "bukan waktu ISO 8601"),
        ("2026-W47-7T18:40Z", "bukan waktu ISO 8601"),
        ("٢٠٢٦-11-22T18:40Z", "bukan waktu ISO 8601"),
        ("", "bukan waktu ISO 8601"),
    ],
)
def test_a_moment_that_is_none_is_named(text: str, fault: str) -> None:
    """One sentence says what is wrong with it."""
    with pytest.raises(ValueError, match=fault):
        instants.parse(text)


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader_of_moments(text: str) -> None:
    """A moment or ValueError, nothing else."""
    with suppress(ValueError):
        assert 0 <= instants.parse(text) <= instants.LAST


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("text/html,application/xhtml+xml,*/*;q=0.8", JSON),
        ("text/csv", CSV),
        ("TEXT/CSV; charset=utf-8", CSV),
        ("text/*", CSV),
        ("application/json;q=0.2, text/csv;q=0.9", CSV),
        ("text/csv;q=0, */*", JSON),
        ("application/json;q=0, */*;q=0.1", CSV),
        (",,text/csv", CSV),
    ],
)
def test_the_accept_header_decides(accept: str | None, form: str) -> None:
    """By weight, the most specific range first; JSON when both are alike."""
    assert form == wanted_form(accept, (JSON, CSV))


@pytest.mark.parametrize("accept", ["application/xml", "text/csv;q=0", "text/csv;q=x", ";", "image/*"])
def test_another_form_is_refused_with_those_that_there_are(accept: str) -> None:
    """406, and the two forms."""
    with pytest.raises(Refused) as refused:
        wanted_form(accept, (JSON, CSV))
    assert (406, (JSON, CSV)) == (refused.value.problem.status, refused.value.problem.known)


def _request(query: bytes) -> Request:
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": query, "headers": []})


@given(st.binary(max_size=60))
def test_no_query_breaks_the_reader_of_parameters(query: bytes) -> None:
    """Understood, or refused with the parameter that is meant."""
    problem = _problem_of(query)
    assert problem is None or (400, True) == (problem.status, problem.parameter is not None)


def _problem_of(query: bytes) -> Problem | None:
    try:
        read(_request(query), (ENTITY_LIMIT, AFTER)).whole("limit", default=1, most=10)
    except Refused as error:
        return error.problem
    return None


def _entities() -> list[type[msgspec.Struct]]:
    return [each for each in vars(live).values() if isinstance(each, type) and issubclass(each, msgspec.Struct)]


def test_every_moment_of_a_live_entity_is_written_out() -> None:
    """A whole number in broker/live.py is a count that is listed here, or a moment that the API writes as one."""
    told = [each for each in _entities() if each.__name__ not in ("Event", "HealthView")]
    numbers = {name for each in told for name, kind in get_type_hints(each).items() if kind in (int, int | None)}
    assert "drift_since" in numbers
    assert set() == numbers - MOMENTS - COUNTS


@pytest.mark.parametrize("quantity", sorted(words.QUANTITIES.keys() - set(words.SWITCHES)))
def test_every_quantity_of_the_page_has_a_unit(quantity: str) -> None:
    """What the page can name, the API can measure; a switch is on or off and has none."""
    assert unit_of(quantity) is not None


@pytest.mark.parametrize(
    ("quantity", "unit"),
    [("level_m", "m"), ("rain_mm_per_h", "mm/h"), ("rain_mm", "mm"), ("distance_mm.2", None), ("", None)],
)
def test_the_unit_is_the_end_of_the_name(quantity: str, unit: str | None) -> None:
    """The longest ending wins; a name without one has no unit."""
    assert unit == unit_of(quantity)


@pytest.mark.parametrize("flag", [2, 3, 4, 9, 7])
def test_every_flag_has_a_sentence(flag: int) -> None:
    """Core's own sentence first; else the flag's meaning with the reason behind it."""
    assert "Kata inti." == words.why(flag, said="Kata inti.", reason="spike: 1 over 0.5")
    assert words.why(flag, said=None, reason="spike: 1 over 0.5").endswith(": spike: 1 over 0.5.")
    assert words.why(flag, said=None, reason=None).count(".") == 1
