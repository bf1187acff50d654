"""What to write where a value of a file has the wrong type, or is none of the words that are known there."""

import re
from typing import Final, get_args

from broker.station import Hazard, Side

WORDS: Final = {"hazard": get_args(Hazard), "side": get_args(Side)}
# By what msgspec expects, the first that fits: a list of numbers is a list.
_DUE: Final = (
    ("array", "write a list, as [0.0, 6.5]"),
    ("object", "write a table of keys and values"),
    ("float", "write a number with a point, as 6.5"),
    ("int", "write a whole number, as 2"),
    ("bool", "write true or false"),
    ("str", "write text, in TOML between quotes"),
)
_GOT: Final = {"str": "text", "int": "a number", "float": "a number", "bool": "true or false", "array": "a list"}
_expected: Final = re.compile(r"Expected `([^`]+)`, got `(\w+)`").fullmatch
_unknown: Final = re.compile(r"Invalid enum value '(.*)'", re.DOTALL).fullmatch


def due(said: str, key: str) -> str:
    """One sentence for a person from what msgspec said of ``key``; what it says otherwise stays as it is."""
    if found := _expected(said):
        expected, got = found.groups()
        text = next((text for kind, text in _DUE if kind in expected), None)
        return said if text is None else f"{_GOT.get(got, 'something else')} stands there; {text}"
    if found := _unknown(said):
        words = WORDS.get(key.rpartition(".")[2], ())
        return f"{found[1]!r} is not known here" + (f"; write {' or '.join(words)}" if words else "")
    return said
