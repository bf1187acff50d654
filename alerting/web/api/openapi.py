"""The description of the API (OpenAPI 3.1), made from the same declarations that answer requests."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from alerting.web.api import problem
from alerting.web.api.asking import CSV, JSON, Parameter
from alerting.web.api.documents import ENTITY_KINDS, MOMENTS, UNTOLD, AggregatesPage, LatestPage, ReadingsPage

REF: Final = "#/components/schemas/{name}"
VERSION: Final = "1"
ABOUT: Final = (
    "Stations, their latest readings, history and warnings. Moments are ISO 8601 in UTC with offset, in and out. "
    "Pages are followed by the address in `next` (also the Link header). JSON, or CSV by `Accept: text/csv`. "
    "Answers carry an ETag; `If-None-Match` gets 304. Every refusal is one problem document (RFC 9457)."
)
MOMENT: Final[dict[str, Any]] = {"type": "string", "format": "date-time"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One address. ``schema`` names the answer's component; ``rows_csv`` is the example's table."""

    path: str
    summary: str
    description: str
    parameters: Sequence[Parameter]
    schema: str
    example: Any
    example_csv: str
    problems: Sequence[problem.Kind]


def document(operations: Sequence[Operation], *, problem_example: dict[str, Any]) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": "Kentongan", "version": VERSION, "description": ABOUT},
        "paths": {each.path: {"get": _operation(each)} for each in operations},
        "components": {
            "schemas": schemas(),
            "responses": {
                "Problem": {
                    "description": "What is wrong, which parameter, and what to do",
                    "content": {problem.MEDIA_TYPE: {"schema": _ref("Problem"), "example": problem_example}},
                }
            },
        },
    }


def schemas() -> dict[str, Any]:
    _, found = msgspec.json.schema_components(
        [LatestPage, ReadingsPage, AggregatesPage, problem.Problem, *ENTITY_KINDS.values()], ref_template=REF
    )
    told = {name: _as_told(schema) for name, schema in found.items()}
    told["StationView"] = _station_as_told(told["StationView"])
    del told["SeriesView"], told["NodeAlarm"]
    return told | {f"{name.capitalize()}Page": _entity_page(name) for name in ENTITY_KINDS}


def _as_told(schema: dict[str, Any]) -> dict[str, Any]:
    """Moments are written out; every field is present in an answer."""
    fields = {name: _field(name, each) for name, each in schema.get("properties", {}).items()}
    required = schema["required"] if schema["title"] == "Problem" else list(fields)
    return {**schema, "properties": fields, "required": required}


def _field(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    if name not in MOMENTS:
        return schema
    choices = [MOMENT if each == {"type": "integer"} else each for each in schema.get("anyOf", [])]
    return {"anyOf": choices} if choices else MOMENT


def _station_as_told(schema: dict[str, Any]) -> dict[str, Any]:
    names = {"type": "array", "items": {"type": "string"}, "description": "what /latest and /readings have of it"}
    untold = {"series", *UNTOLD}
    fields = {name: each for name, each in schema["properties"].items() if name not in untold} | {"quantities": names}
    return {**schema, "properties": fields, "required": list(fields)}


def _entity_page(name: str) -> dict[str, Any]:
    fields = {
        "now": MOMENT,
        "rev": {"type": "integer", "description": "journal id up to which this is whole"},
        "fresh": {"type": "boolean", "description": "false while nothing comes from core"},
        name: {"type": "array", "items": _ref(ENTITY_KINDS[name].__name__)},
        "next": {"type": ["string", "null"], "description": "address of the next page"},
    }
    return {"type": "object", "properties": fields, "required": list(fields)}


def _operation(of: Operation) -> dict[str, Any]:
    statuses = sorted({kind.status for kind in of.problems})
    content = {
        JSON: {"schema": _ref(of.schema), "example": msgspec.to_builtins(of.example)},
        CSV: {"schema": {"type": "string"}, "example": of.example_csv},
    }
    answers: dict[str, Any] = {
        "200": {"description": "OK", "headers": _headers(), "content": content},
        "304": {"description": "What If-None-Match names is still true"},
    }
    answers |= {str(status): {"$ref": "#/components/responses/Problem"} for status in statuses}
    return {
        "operationId": of.path.rpartition("/")[2],
        "summary": of.summary,
        "description": of.description,
        "parameters": [*(_parameter(each) for each in of.parameters), _IF_NONE_MATCH],
        "responses": answers,
    }


_IF_NONE_MATCH: Final = {
    "name": "If-None-Match",
    "in": "header",
    "description": "ETag of an earlier answer",
    "schema": {"type": "string"},
}


def _headers() -> dict[str, Any]:
    return {
        "ETag": {"description": "weak validator; not on a download", "schema": {"type": "string"}},
        "Link": {"description": 'rel="next": the next page', "schema": {"type": "string"}},
    }


def _parameter(of: Parameter) -> dict[str, Any]:
    return {
        "name": of.name,
        "in": "query",
        "required": of.required,
        "description": of.description,
        "schema": of.schema,
        "example": of.example,
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": REF.format(name=name)}
