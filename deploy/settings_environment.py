"""Settings that the environment gives: each stands above the same key of the file.

``KENTONGAN_WEB__PORT=8081`` is ``web.port``; two underscores part a table from its key, and tables from one another.
A value is read as TOML where it can be (numbers, true and false, lists), else it is a text as it stands.
"""

import tomllib
from collections.abc import Mapping
from typing import Any, Final

PREFIX: Final = "KENTONGAN_"
PART: Final = "__"


def given(environment: Mapping[str, str]) -> dict[str, str]:
    """Key of the settings -> name of the variable that gives it: {"web.port": "KENTONGAN_WEB__PORT"}."""
    return {
        name.removeprefix(PREFIX).lower().replace(PART, "."): name
        for name in sorted(environment)
        if name.startswith(PREFIX) and PART in name
    }


def values(environment: Mapping[str, str]) -> dict[str, Any]:
    """Key of the settings -> the value that stands above the file's."""
    return {key: value_of(environment[name]) for key, name in given(environment).items()}


def value_of(text: str) -> Any:
    """A TOML value, or the text itself where it is none."""
    try:
        document = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return document["value"] if list(document) == ["value"] else text


def put(document: dict[str, Any], key: str, value: Any) -> bool:
    """Set a dotted ``key`` in ``document``; False when something on its way is no table."""
    *tables, name = key.split(".")
    for table in tables:
        document = document.setdefault(table, {})
        if not isinstance(document, dict):
            return False
    document[name] = value
    return True
