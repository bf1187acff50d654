"""TOML out: tables of texts, numbers, truth, lists and tables, as Python's own reader takes them back."""

import json
import re
from typing import Any, Final

BARE: Final = re.compile(r"[A-Za-z0-9_-]+\Z")


def array_of_tables(name: str, table: dict[str, Any]) -> str:
    """``[[name]]`` and all of ``table``: plain values first, then its tables."""
    return "\n".join([f"[[{name}]]", *_lines(name, table)]) + "\n"


def _lines(path: str, table: dict[str, Any]) -> list[str]:
    lines = [f"{_key(key)} = {_value(value)}" for key, value in table.items() if not _is_tables(value)]
    for key, value in table.items():
        if isinstance(value, dict):
            lines += [f"[{path}.{_key(key)}]", *_lines(f"{path}.{_key(key)}", value)]
        elif _is_tables(value):
            for each in value:
                lines += [f"[[{path}.{_key(key)}]]", *_lines(f"{path}.{_key(key)}", each)]
    return lines


def _is_tables(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list | tuple) and bool(value) and isinstance(value[0], dict))


def _key(key: str) -> str:
    return key if BARE.match(key) else _text(key)


def _text(text: str) -> str:
    """JSON's quoting is TOML's, but for one character that JSON leaves bare."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(each) for each in value)}]"
    if isinstance(value, str):
        return _text(value)
    return repr(value)
