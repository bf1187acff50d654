"""A table of a TOML file that is read key by key, and says everything that is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final, TypeVar

Choice = TypeVar("Choice")
_ABSENT: Final = object()


@dataclass(slots=True)
class Faults:
    """What is wrong, a sentence each: where, what, and what to write instead."""

    found: list[str] = field(default_factory=list)

    def add(self, where: str, text: str) -> None:
        self.found.append(f"{where}: {text}")


class TomlTable:
    """Each question has its remedy. Where the answer is wrong, the fault is noted with its key and a stand-in given."""

    def __init__(self, where: str, content: Mapping[str, Any], faults: Faults) -> None:
        self.where, self._content, self.faults = where, content, faults
        self._asked: set[str] = set()

    def has(self, key: str) -> bool:
        return key in self._content

    def at(self, key: str) -> str:
        """The full name of a key, for a sentence."""
        return f"{self.where}.{key}" if self.where else key

    def fault(self, key: str, text: str) -> None:
        self.faults.add(self.at(key), text)

    def text(self, key: str, remedy: str, default: str | None = None) -> str:
        """A text that is not empty."""
        found = self._get(key, default, remedy)
        if found is _ABSENT:
            return ""
        if not isinstance(found, str) or not (found or found == default):
            self.fault(key, f"{found!r} is not a text; {remedy}")
            return ""
        return found

    def texts(self, key: str, remedy: str, default: Sequence[str] | None = None) -> tuple[str, ...]:
        found = self._get(key, default, remedy)
        if found is _ABSENT:
            return ()
        if not isinstance(found, list | tuple) or not all(isinstance(each, str) for each in found):
            self.fault(key, f"{found!r} is not a list of texts; {remedy}")
            return ()
        return tuple(found)

    def number(self, key: str, remedy: str, *, low: float, high: float, default: float | None = None) -> float:
        found = self._get(key, default, remedy)
        if found is _ABSENT:
            return low
        if isinstance(found, bool) or not isinstance(found, int | float) or not low <= found <= high:
            self.fault(key, f"{found!r} is not a number from {low:g} to {high:g}; {remedy}")
            return low
        return float(found)

    def whole(self, key: str, remedy: str, *, low: int, high: int, default: int | None = None) -> int:
        found = self._get(key, default, remedy)
        if found is _ABSENT:
            return low
        if isinstance(found, bool) or not isinstance(found, int) or not low <= found <= high:
            self.fault(key, f"{found!r} is not a whole number from {low} to {high}; {remedy}")
            return low
        return found

    def numbers(self, key: str, remedy: str) -> tuple[float, ...]:
        found = self._get(key, (), remedy)
        if not isinstance(found, list | tuple) or not all(
            isinstance(each, int | float) and not isinstance(each, bool) for each in found
        ):
            self.fault(key, f"{found!r} is not a list of numbers; {remedy}")
            return ()
        return tuple(float(each) for each in found)

    def yes(self, key: str, remedy: str, *, default: bool) -> bool:
        found = self._get(key, default, remedy)
        if not isinstance(found, bool):
            self.fault(key, f"{found!r} is neither true nor false; {remedy}")
            return default
        return found

    def choice(self, key: str, choices: Sequence[Choice], default: Choice | None = None) -> Choice:
        remedy = "write one of " + ", ".join(map(repr, choices))
        found = self._get(key, default, remedy)
        if found is _ABSENT:
            return choices[0]
        for each in choices:
            if type(found) is type(each) and found == each:
                return each
        self.fault(key, f"{found!r} is not known; {remedy}")
        return choices[0]

    def table(self, key: str, remedy: str) -> "TomlTable":
        found = self._get(key, None, remedy)
        if found is not _ABSENT and not isinstance(found, dict):
            self.fault(key, f"is not a table; {remedy}")
        return TomlTable(self.at(key), found if isinstance(found, dict) else {}, self.faults)

    def tables(self, key: str, remedy: str) -> "list[TomlTable]":
        """At least one."""
        found = self._get(key, None, remedy)
        if found is _ABSENT:
            return []
        if not isinstance(found, list) or not found or not all(isinstance(each, dict) for each in found):
            self.fault(key, f"is not a list of tables; {remedy}")
            return []
        return [TomlTable(f"{self.at(key)}[{n}]", each, self.faults) for n, each in enumerate(found, start=1)]

    def end(self) -> None:
        """Whatever was not asked for has no business here."""
        for key in self._content:
            if key not in self._asked:
                near = get_close_matches(key, self._asked, n=1)
                meant = (
                    f"did you mean {near[0]}?" if near else f"take it out; there is {', '.join(sorted(self._asked))}"
                )
                self.fault(key, f"there is no such key; {meant}")

    def _get(self, key: str, default: Any, remedy: str) -> Any:
        self._asked.add(key)
        if key in self._content:
            return self._content[key]
        if default is None:
            self.fault(key, f"is missing; {remedy}")
            return _ABSENT
        return default
