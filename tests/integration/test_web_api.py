"""The API over a real server: every address, every refusal, pages, tables and validators."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerting.web.api import past_ranges
from alerting.web.api.instants import iso
from tests.api_client import API, CSV, LISTS, RANGE, fetch, get
from tests.browser.page_server import Served, served, wait_for
from tests.browser.scenes import DOUBT, SCENES, PastOfScenes, Scene, alert, health, message, river, series

GUIDE = Path(__file__).parents[2] / "docs" / "api.md"
RANGES = (f"readings?{RANGE}", f"aggregates?{RANGE}&tier=minute")
# Ids of which one begins another, with characters before and after the separator of keys.
AWKWARD = ("a", "a-", "a-b", "a0", "aa", "ab-1", "b", "b-0")


def many(now: int) -> Scene:
    """Stations with awkward ids and one to three quantities, alerts and messages."""
    entities: list[Any] = []
    for number, name in enumerate(AWKWARD):
        told = [series(quantity, 1.0 + number, now - 9000) for quantity in ("level_m", "battery_mv", "a_m")]
        entities += [
            river(name, now, series=told[: 1 + number % 3]),
            alert(now, id=f"{name}.level.{number}", station=name),
            message(10 + number, now, alert=f"{name}.level.{number}"),
        ]
    return Scene(health=health(), entities=entities)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("api"), SCENES["quality"]) as running:
        yield running


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("crowd"), many) as running:
        yield running


def pages(page: Served, path: str) -> Iterator[Any]:
    """Follow ``next`` to the end."""
    address: str | None = f"{API}/{path}"
    while address is not None:
        answer = fetch(f"{page.url}{address}")
        assert 200 == answer.status_code, answer.text
        told = answer.json()
        link = f'<{told["next"]}>; rel="next"' if told["next"] else None
        assert link == answer.headers.get("Link")
        address = told["next"]
        yield told


def rows_of(told: dict[str, Any]) -> list[dict[str, Any]]:
    return next(each for each in told.values() if isinstance(each, list))


def table_of(answer: httpx.Response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.text)))


# -- what is told ------------------------------------------------------------------------------------------------------


def test_stations_say_where_and_what(page: Served) -> None:
    """By id, with their quantities, moments with offset, and the word on freshness."""
    told = get(page, "stations?hazard=level").json()
    ids = [each["id"] for each in told["stations"]]
    assert (sorted(ids), True, page.core.rev) == (ids, told["fresh"], told["rev"])
    welang = next(each for each in told["stations"] if each["id"] == "welang")
    assert ["level_m", "battery_mv"] == welang["quantities"]
    assert all(each.endswith("+00:00") for each in (told["now"], welang["since"], welang["tide"]["high_at"]))


def test_the_latest_carries_its_quality(page: Served) -> None:
    """Flag, name, reason, sentence, age, node and epoch, as core told them."""
    (row,) = get(page, "latest?station=welang&quantity=level_m").json()["latest"]
    want = {
        "value": 3.9,
        "unit": "m",
        "flag": 3,
        "quality": "suspect",
        "reason": "rate_of_change: 102 over 6 m/h",
        "why": DOUBT,
        "node": "node-welang",
        "epoch": 2,
    }
    assert want == {name: row[name] for name in want}
    assert 30 <= row["age_s"] < 300


def test_every_latest_reading_is_explained(page: Served) -> None:
    """Whatever its flag, also where core gave no sentence."""
    rows = get(page, "latest?limit=1000").json()["latest"]
    assert {1, 2, 3, 4, 9} == {row["flag"] for row in rows}
    assert all(row["why"].endswith(".") for row in rows)


def test_readings_lie_in_their_range(page: Served) -> None:
    """Start inside, end outside, oldest first; the moments of the question come back in UTC."""
    told = get(page, f"readings?{RANGE}").json()
    times = [row["time"] for row in told["readings"]]
    assert ("2026-11-21T17:00:00.000+00:00", "2026-11-21T18:59:00.000+00:00", 120) == (times[0], times[-1], len(times))
    assert ("2026-11-21T17:00:00.000+00:00", "2026-11-21T19:00:00.000+00:00") == (told["start"], told["end"])
    assert (sorted(times), "m") == (times, told["unit"])


def test_aggregates_by_the_hour(page: Served) -> None:
    """Bucket starts, counts and statistics."""
    told = get(page, f"aggregates?{RANGE}&tier=hour").json()
    assert ("hour", 2) == (told["tier"], len(told["aggregates"]))
    assert {"start", "count", "good", "min", "max", "mean"} == set(told["aggregates"][0])


def test_a_range_may_be_left_open(page: Served) -> None:
    """Until now, from a day before."""
    told = get(page, "readings?station=welang&quantity=level_m&limit=10000").json()
    assert (1440, None) == (len(told["readings"]), told["next"])


def test_a_station_that_left_is_still_read(page: Served) -> None:
    """History outlives the registry."""
    assert 120 == len(get(page, f"readings?{RANGE.replace('welang', 'lama')}").json()["readings"])


def test_a_range_without_readings_is_empty_not_wrong(page: Served) -> None:
    """The station has the quantity; there is just nothing in history."""
    told = get(page, f"readings?{RANGE.replace('level_m', 'battery_mv')}").json()
    assert ([], None) == (told["readings"], told["next"])


# -- refusals ----------------------------------------------------------------------------------------------------------

REFUSALS = [
    ("readings", 400, "bad-parameter", "station", "belum diisi"),
    ("readings?station=welang", 400, "bad-parameter", "quantity", "belum diisi"),
    (f"aggregates?{RANGE}", 400, "bad-parameter", "tier", "belum diisi"),
    (f"aggregates?{RANGE}&tier=week", 400, "bad-parameter", "tier", "tidak dikenal"),
    ("readings?station=welank&quantity=level_m", 404, "unknown-station", "station", "welank"),
    ("latest?station=welank", 404, "unknown-station", "station", "welank"),
    ("stations?station=Welang%20Kraton", 404, "unknown-station", "station", "Welang Kraton"),
    ("readings?station=welang&quantity=levle_m", 404, "unknown-quantity", "quantity", "levle_m"),
    ("latest?station=welang&quantity=pm25_ugm3", 404, "unknown-quantity", "quantity", "pm25_ugm3"),
    (f"readings?{RANGE}&limit=10001", 400, "bad-parameter", "limit", "10000"),
    (f"readings?{RANGE}&limit=0", 400, "bad-parameter", "limit", "bilangan bulat"),
    (f"readings?{RANGE}&limit=-1", 400, "bad-parameter", "limit", "bilangan bulat"),
    (f"readings?{RANGE}&limit=1e9", 400, "bad-parameter", "limit", "bilangan bulat"),
    (f"readings?{RANGE}&limit=", 400, "bad-parameter", "limit", "kosong"),
    (f"readings?{RANGE}&start=2026-11-22T00:00:00Z", 400, "bad-parameter", "start", "lebih dari sekali"),
    ("readings?station=welang&quantity=level_m&start=2026-11-22T08:00", 400, "bad-parameter", "start", "tanpa offset"),
    (
        "readings?station=welang&quantity=level_m&start=2999-01-01T00:00Z",
        400,
        "bad-parameter",
        "start",
        "di luar tahun",
    ),
    ("readings?station=welang&quantity=level_m&start=2200-01-01T00:00Z", 400, "bad-parameter", "start", "sekarang"),
    (
        "readings?station=welang&quantity=level_m&start=2026-01-02T00:00Z&end=2026-01-02T07:00:00%2B07:00",
        400,
        "bad-parameter",
        "start",
        "tidak lebih awal",
    ),
    ("latest?statoin=welang", 400, "bad-parameter", "statoin", "tidak dikenal"),
    ("messages?after=x", 400, "bad-parameter", "after", "bilangan bulat"),
    ("stations?hazard=gempa", 400, "bad-parameter", "hazard", "tidak dikenal"),
    ("nowhere", 404, "unknown-path", None, "tidak ada"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=[f"{each[0]}"[:60] for each in REFUSALS])
def test_a_refusal_names_the_thing_and_the_remedy(page: Served, refusal: tuple[str, int, str, str | None, str]) -> None:
    """One problem document, whatever form was asked for."""
    path, status, kind, parameter, said = refusal
    for accept in ("application/json", "text/csv"):
        answer = get(page, path, accept=accept)
        told = answer.json()
        assert (status, "application/problem+json") == (answer.status_code, answer.headers["Content-Type"])
        assert (f"urn:kentongan:problem:{kind}", parameter) == (told["type"], told.get("parameter"))
        assert said in told["detail"]
        assert told["remedy"].endswith(".")


def test_the_nearest_names_are_given(page: Served) -> None:
    """A slip of the pen, a name for an id, a quantity, a parameter."""
    assert ["welang"] == get(page, "latest?station=welank").json()["known"]
    assert ["welang"] == get(page, "stations?station=Welang%20Kraton").json()["known"]
    wrong = get(page, "readings?station=welang&quantity=level").json()
    assert ["battery_mv", "level_m"] == wrong["known"]
    assert ["station"] == get(page, "latest?statoin=welang").json()["known"]


def test_another_form_or_method_is_refused(page: Served) -> None:
    """406 with the forms that there are, 405 with the methods."""
    other = get(page, "stations", accept="application/xml")
    assert (406, ["application/json", "text/csv"]) == (other.status_code, other.json()["known"])
    posted = httpx.post(f"{page.url}{API}/stations")
    assert (405, True) == (posted.status_code, "GET" in posted.headers["Allow"])
    assert "urn:kentongan:problem:bad-method" == posted.json()["type"]


NAMES = st.sampled_from(["station", "quantity", "start", "end", "limit", "tier", "hazard", "after", "x", "limit[]"])
VALUES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["welang", "level_m", "hour", "-1", "1", "99999999999999999999", "2026-11-22T00:00:00Z", "a/b"]),
)


@settings(max_examples=60, deadline=None)
@given(
    path=st.sampled_from(["stations", "latest", "readings", "aggregates", "alerts", "messages"]),
    query=st.lists(st.tuples(NAMES, VALUES), max_size=5),
    headers=st.fixed_dictionaries(
        {},
        optional={
            "Accept": st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20),
            "If-None-Match": st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20),
        },
    ),
)
def test_no_question_is_a_fault_of_ours(
    page: Served, path: str, query: list[tuple[str, str]], headers: dict[str, str]
) -> None:
    """Answered or refused in words, never 500."""
    answer = fetch(f"{page.url}{API}/{path}", params=query, headers=headers)
    assert answer.status_code in (200, 304, 400, 404, 406), answer.text
    assert answer.status_code in (200, 304) or answer.json()["detail"]


# -- pages, tables, validators -----------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.integers(1, 9), minutes=st.integers(1, 40), offset=st.integers(0, 90_000))
def test_pages_of_readings_leave_no_gap_and_repeat_nothing(page: Served, limit: int, minutes: int, offset: int) -> None:
    """Whatever the limit and the edges, the pages together are the range."""
    start = 1_763_999_940_000 + offset
    end = start + minutes * 60_000
    span = f"start={_iso(start)}&end={_iso(end)}"
    found = [
        row
        for told in pages(page, f"readings?station=welang&quantity=level_m&{span}&limit={limit}")
        for row in rows_of(told)
    ]
    want = [_iso(each.time).replace("%2B", "+") for each in PastOfScenes().range("welang", "level_m", start, end, 9999)]
    assert want == [row["time"] for row in found]


def _iso(ms: int) -> str:
    return iso(ms).replace("+", "%2B")


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("name", LISTS)
def test_pages_of_lists_leave_no_gap_and_repeat_nothing(crowd: Served, name: str, limit: int) -> None:
    """Also where one id begins another."""
    found = [row for told in pages(crowd, f"{name}?limit={limit}") for row in rows_of(told)]
    whole = rows_of(get(crowd, f"{name}?limit=1000").json())
    assert len(AWKWARD) <= len(whole)
    assert _keys(whole) == _keys(found)
    assert len(whole) == len(set(_keys(whole)))


def _keys(rows: list[dict[str, Any]]) -> list[Any]:
    return [row.get("id") or (row["station"], row["quantity"]) for row in rows]


@pytest.mark.parametrize("path", [*LISTS, *RANGES])
def test_the_table_holds_what_json_holds(page: Served, crowd: Served, path: str) -> None:
    """Cell by cell; the header names the unit and the flags."""
    where = crowd if path in ("alerts", "messages") else page
    rows = rows_of(get(where, path).json())
    heading, *cells = table_of(get(where, path, **CSV))
    names = [each.partition(" [")[0] for each in heading]
    assert (set(rows[0]), len(rows)) == (set(names), len(cells))
    for row, line in zip(rows, cells, strict=True):
        for name, cell in zip(names, line, strict=True):
            if name != "age_s":  # the second request came later
                assert _cell(row[name]) == cell, (name, row)
    if "readings" in path:
        assert {"value [m]", "flag [1 good; 2 not evaluated; 3 suspect; 4 fail; 9 missing]"} <= set(heading)


def _cell(value: Any) -> str:
    if value is None or value in ([], {}):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ";".join(str(each) for each in value)
    return msgspec.json.encode(value).decode() if isinstance(value, dict) else str(value)


@pytest.mark.parametrize("path", RANGES)
def test_a_download_is_all_pages_in_one(page: Served, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pages it is read in; a table with a limit is one page and says where the next one is."""
    monkeypatch.setattr(past_ranges, "DOWNLOAD_ROWS", 40)  # 120 rows: the last page is full, and one more is empty
    whole = get(page, path, **CSV)
    assert (121, "text/csv; charset=utf-8; header=present") == (len(table_of(whole)), whole.headers["Content-Type"])
    first = get(page, f"{path}&limit=50", **CSV)
    second = fetch(page.url + first.headers["Link"][1:].partition(">")[0], headers=CSV)
    third = fetch(page.url + second.headers["Link"][1:].partition(">")[0], headers=CSV)
    assert "Link" not in third.headers
    assert table_of(whole) == table_of(first) + table_of(second)[1:] + table_of(third)[1:]


@pytest.mark.parametrize("path", [*LISTS, f"readings?{RANGE}", f"aggregates?{RANGE}&tier=hour"])
@pytest.mark.parametrize("form", ["application/json", "text/csv"])
def test_the_same_again_is_304(crowd: Served, page: Served, path: str, form: str) -> None:
    """In each form its own validator; 304 has no body and keeps the validator."""
    where = crowd if path in LISTS else page
    path = path if path in LISTS else f"{path}&limit=100"
    first = get(where, path, accept=form)
    again = get(where, path, accept=form, if_none_match=f'"other", {first.headers["ETag"]}')
    assert (304, b"", first.headers["ETag"]) == (again.status_code, again.content, again.headers["ETag"])
    other = "text/csv" if form == "application/json" else "application/json"
    assert 200 == get(where, path, accept=other, if_none_match=first.headers["ETag"]).status_code
    assert 304 == get(where, path, accept=form, if_none_match="*").status_code


def test_an_open_range_is_the_same_while_nothing_comes(page: Served) -> None:
    """The end that moves with the clock is not part of it; the minute may turn once between two requests."""
    path = "aggregates?station=welang&quantity=level_m&tier=day"
    tags = [get(page, path).headers["ETag"] for _ in range(3)]
    assert tags[1] in (tags[0], tags[2])


def test_a_change_has_another_validator(tmp_path: Path) -> None:
    """A new reading is 200; so is the loss of core, because the state is then not fresh."""
    with served(tmp_path, SCENES["calm"]) as own:
        before = get(own, "latest").headers["ETag"]
        assert 304 == get(own, "latest", if_none_match=before).status_code
        own.core.put(river("Welang", own.core.clock.now(), 2.34))
        wait_for(lambda: get(own, "latest", if_none_match=before).status_code == 200, "the change was told")
        after = get(own, "latest").headers["ETag"]
        own.core.stop()
        wait_for(lambda: get(own, "latest", if_none_match=after).status_code == 200, "the loss of core was told")
        assert get(own, "latest").json()["fresh"] is False


# -- the guide ---------------------------------------------------------------------------------------------------------


def _commands() -> list[tuple[str, dict[str, str]]]:
    found = re.findall(r"^curl (.*?)'http://localhost:8080(/api/v1/[^']+)'$", GUIDE.read_text(), re.MULTILINE)
    return [(address, dict(re.findall(r"-H '([\w-]+): ([^']+)'", options))) for options, address in found]


def test_the_commands_of_the_guide_work(tmp_path: Path) -> None:
    """Each address as it is printed there."""

    def demonstration(now: int) -> Scene:
        return Scene(health=health(), entities=[river("welang-kraton", now, 1.6)])

    class Kraton(PastOfScenes):
        def series(self) -> list[tuple[str, str]]:
            return [("welang-kraton", "level_m")]

    commands = _commands()
    assert 7 <= len(commands)
    with served(tmp_path, demonstration, history=Kraton()) as page:
        assert {200} == {fetch(page.url + address, headers=headers).status_code for address, headers in commands}


def test_the_description_is_served(page: Served) -> None:
    """With the addresses that answer."""
    told = get(page, "openapi.json").json()
    assert {200, 400} == {fetch(page.url + path).status_code for path in told["paths"]}
