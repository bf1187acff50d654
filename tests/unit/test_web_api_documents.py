"""OpenAPI and docs/api.md say what the API does."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from fastapi.openapi.models import OpenAPI

from alerting.web.api import examples, problem
from alerting.web.api.answering import FLAG_HEADING
from alerting.web.api.asking import CSV, JSON
from alerting.web.api.documents import UNTOLD, AggregatesPage, LatestPage, ReadingsPage
from alerting.web.api.openapi import document
from alerting.web.api.routes import operations
from broker.live import StationView

GUIDE = Path(__file__).parents[2] / "docs" / "api.md"
TOLD: dict[str, Any] = json.loads(msgspec.json.encode(document(operations(), problem_example=examples.problem())))
PATHS = sorted(TOLD["paths"])


def content(path: str) -> dict[str, Any]:
    found: dict[str, Any] = TOLD["paths"][path]["get"]["responses"]["200"]["content"]
    return found


def check(example: Any, schema: dict[str, Any]) -> None:
    """Against the schema as a client resolves it, formats included."""
    whole = {**schema, "components": TOLD["components"]}
    jsonschema.Draft202012Validator.check_schema(whole)
    jsonschema.Draft202012Validator(whole).validate(example)


def test_the_description_is_openapi() -> None:
    """The model of another library reads it."""
    assert "3.1.0" == OpenAPI.model_validate(TOLD).openapi


@pytest.mark.parametrize("path", PATHS)
def test_the_example_of_an_answer_fits_its_schema(path: str) -> None:
    """Each address has one, and it is not empty."""
    told = content(path)[JSON]
    check(told["example"], told["schema"])
    assert any(isinstance(rows, list) and rows for rows in told["example"].values())


@pytest.mark.parametrize("path", PATHS)
def test_a_wrong_answer_does_not_fit_the_schema(path: str) -> None:
    """The schema can fail: a row without one of its fields."""
    told = content(path)[JSON]
    rows = next(name for name, each in told["example"].items() if isinstance(each, list))
    first = told["example"][rows][0]
    for field in first:
        cut = {name: value for name, value in first.items() if name != field}
        with pytest.raises(jsonschema.ValidationError):
            check({**told["example"], rows: [cut]}, told["schema"])


def test_the_example_of_a_problem_fits_its_schema() -> None:
    """And its type is one of ours."""
    told = TOLD["components"]["responses"]["Problem"]["content"][problem.MEDIA_TYPE]
    check(told["example"], told["schema"])
    assert told["example"]["type"] in {kind.type for kind in problem.KINDS}


def test_the_examples_are_what_the_code_writes() -> None:
    """Decoded by the very types that answers are made of."""
    for path, kind in (("latest", LatestPage), ("readings", ReadingsPage), ("aggregates", AggregatesPage)):
        msgspec.convert(content(f"/api/v1/{path}")[JSON]["example"], kind)
    assert set(StationView.__struct_fields__) - {"series", *UNTOLD} | {"quantities"} == set(
        TOLD["components"]["schemas"]["StationView"]["properties"]
    )


@pytest.mark.parametrize("path", PATHS)
def test_the_example_of_a_table_has_a_header_and_a_row(path: str) -> None:
    """As many cells in both; readings name the unit and the flags."""
    heading, *rows = content(path)[CSV]["example"].splitlines()
    assert rows
    assert ("/readings" not in path) or {"value [m]", FLAG_HEADING} <= set(heading.split(","))


@pytest.mark.parametrize("path", PATHS)
def test_the_example_of_a_parameter_fits_its_schema(path: str) -> None:
    """A client that tries the examples is not refused for their form."""
    for told in TOLD["paths"][path]["get"]["parameters"]:
        if told["in"] == "query":
            check(told["example"], told["schema"])


def test_the_guide_names_every_address_with_its_parameters() -> None:
    """One row an address, with exactly the parameters that it takes."""
    rows = dict(re.findall(r"^\| `(/api/v1/\w+)` \| .* \| (.*) \|$", GUIDE.read_text(), re.MULTILINE))
    want = {
        path: [each["name"] for each in told["get"]["parameters"] if each["in"] == "query"]
        for path, told in TOLD["paths"].items()
    }
    assert want == {path: re.findall(r"`(\w+)`", said) for path, said in rows.items()}


def test_the_guide_names_every_problem() -> None:
    """Type and status, one row each."""
    rows = re.findall(r"^\| `(urn:\S+)` \| (\d+)", GUIDE.read_text(), re.MULTILINE)
    assert sorted((kind.type, str(kind.status)) for kind in problem.KINDS) == sorted(rows)


def test_the_guide_s_problem_is_the_example() -> None:
    """Word for word."""
    shown = re.search(r"```json\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert shown is not None
    assert examples.problem() == {**json.loads(shown[1]), "known": ("welang-kraton",)}
