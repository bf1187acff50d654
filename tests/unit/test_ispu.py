"""ISPU after PermenLHK P.14/2020: published values, edges of the bands, completeness, and the hour that is no ISPU."""

from math import inf, nan
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.ispu import (
    CATEGORIES,
    LABELS,
    PARAMETERS,
    AirIndex,
    IndicativeHour,
    Mean24,
    Parameter,
    breakpoints,
    category_of,
    indicative_hour,
    ispu,
    sub_index,
)


def mean(ugm3: float, hours: int = 24) -> Mean24:
    return Mean24(mean_ugm3=ugm3, hours=hours)


@pytest.mark.parametrize(("ugm3", "published"), [(94.01, (141, 142)), (42.14, (84,)), (19.71, (56,))])
def test_the_ministrys_published_values_come_out(ugm3: float, published: tuple[int, ...]) -> None:
    """Three PM2.5 means and the ISPU that the ministry printed for them."""
    assert sub_index("pm25", ugm3) in published


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_the_table_stands_at_its_edges(parameter: Parameter) -> None:
    """The upper concentration of each band is its upper index, and a little more is one higher."""
    edges = breakpoints[parameter]
    assert [50, 100, 200, 300, 500] == [sub_index(parameter, edge) for edge in edges]
    assert [51, 101, 201, 301] == [sub_index(parameter, edge * (1 + 1e-9)) for edge in edges[:-1]]
    assert 0 == sub_index(parameter, 0)


def test_seven_parameters_have_a_table_and_a_label() -> None:
    """None is forgotten, and every table rises."""
    assert 7 == len(get_args(Parameter))
    assert set(PARAMETERS) == set(breakpoints) == set(LABELS)
    assert all(list(edges) == sorted(edges) for edges in breakpoints.values())


def test_the_index_is_not_capped_at_500() -> None:
    """Above the table the last band goes on."""
    assert 580 == sub_index("pm25", 600)  # 301 + 199 / 249.6 * 349.6 = 579.7
    assert sub_index("pm25", 1000) > 800


@pytest.mark.parametrize("ugm3", [-0.1, nan, inf])
def test_what_is_no_concentration_has_no_index(ugm3: float) -> None:
    """A missing or impossible mean never becomes a good index."""
    with pytest.raises(ValueError, match="pm25"):
        sub_index("pm25", ugm3)
    with pytest.raises(ValueError, match="pm25"):
        indicative_hour("pm25", ugm3)


@given(st.sampled_from(PARAMETERS), st.floats(0, 60_000), st.floats(0, 60_000))
@settings(deadline=None)
def test_more_is_never_better(parameter: Parameter, one: float, other: float) -> None:
    """The index rises with the concentration."""
    low, high = sorted((one, other))
    assert sub_index(parameter, low) <= sub_index(parameter, high)


def test_the_highest_parameter_is_critical() -> None:
    """The index of a place is the worst sub-index, and its parameter is named."""
    found = ispu({"pm10": mean(60), "pm25": mean(94.01), "o3": mean(10)})
    assert found is not None
    assert (141, "pm25", "Tidak Sehat", "kuning") == (
        found.value,
        found.critical,
        found.category.name,
        found.category.colour,
    )
    assert {"pm10": 56, "pm25": 141, "o3": 4} == found.sub_indices


def test_under_75_percent_of_the_hours_there_is_no_index() -> None:
    """17 hours are not enough, 18 are; an incomplete parameter does not stand in the others' way."""
    assert ispu({"pm25": mean(94, hours=17)}) is None
    assert ispu({}) is None
    found = ispu({"pm25": mean(94, hours=17), "pm10": mean(60, hours=18)})
    assert found is not None
    assert ("pm10", 0.75, {"pm10": 56}) == (found.critical, found.complete, found.sub_indices)


def test_a_mean_of_zero_is_a_value() -> None:
    """0 ug/m3 over a day is ISPU 0, not a missing one."""
    found = ispu({"pm25": mean(0.0)})
    assert found is not None
    assert (0, "Baik") == (found.value, found.category.name)


@pytest.mark.parametrize(
    ("index", "name"),
    [
        (0, "Baik"),
        (50, "Baik"),
        (51, "Sedang"),
        (100, "Sedang"),
        (101, "Tidak Sehat"),
        (200, "Tidak Sehat"),
        (201, "Sangat Tidak Sehat"),
        (300, "Sangat Tidak Sehat"),
        (301, "Berbahaya"),
        (812, "Berbahaya"),
    ],
)
def test_categories_begin_where_the_regulation_says(index: int, name: str) -> None:
    """Edges belong to the lower category."""
    assert name == category_of(index).name


def test_every_category_says_what_to_do() -> None:
    """Each has a colour of its own and a short advice."""
    assert 5 == len({each.colour for each in CATEGORIES})
    assert all(20 < len(each.advice) <= 120 for each in CATEGORIES)


def test_an_hour_is_never_an_ispu() -> None:
    """It has no index, none of the regulation's words, and is no type that the index's readers accept."""
    hours = [indicative_hour("pm25", ugm3) for ugm3 in (3, 30, 100, 200, 400)]
    assert ["rendah", "agak tinggi", "tinggi", "sangat tinggi", "ekstrem"] == [hour.word for hour in hours]
    assert not {each.name.lower() for each in CATEGORIES} & {hour.word for hour in hours}
    assert not set(IndicativeHour.__struct_fields__) & {"value", "index", "category", "colour"}
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(hours[0]), type=AirIndex)
