"""A file of recipients into core, in slices: first looked at whole, then taken; done again it changes nothing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from alerting.recipients import Kind
from deploy.core_commands.recipients import SLICE
from deploy.recipients.csv_entries import Fault, entries_of, missing_columns
from deploy.recipients.csv_file import BadCsv, Sheet, read
from deploy.recipients.entry import Entry
from deploy.registry.areas import Area, Areas
from deploy.replay.progress import Bar

FAULTS_SHOWN: Final = 50
OF_EXPORTS: Final = ("id", "consent_at")  # an export has them; here they are given anew

Ask = Callable[[str, dict[str, Any]], Any]


class NotImported(Exception):
    """Nothing, or not all, was imported; the text names every line and says what to do."""


@dataclass(slots=True, kw_only=True)
class Done:
    """What became of the lines; ``left`` are known people who took their consent back, and stay untold.

    Of the file, ``ignored`` columns mean nothing here, and lines of other kinds or without consent were left out.
    """

    counts: dict[str, int] = field(default_factory=lambda: {"added": 0, "changed": 0, "unchanged": 0})
    left: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    other_kinds: int = 0
    without_consent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to import, as what, and why."""

    path: Path
    kind: Kind
    consent_how: str
    groups: Sequence[str] = ()
    channels: list[str] = field(default_factory=list)
    reason: str = ""
    realm_word: str = ""
    is_dry: bool = False


def import_file(ask: Ask, wish: Wish) -> Done:
    """Import a file, all of it or nothing; raises BadCsv and NotImported."""
    sheet = read(wish.path)
    if missing := missing_columns(sheet, wish.kind):
        raise BadCsv(
            f"{wish.path}: the column {' and '.join(missing)} is missing for {wish.kind}s; the heading has "
            f"{', '.join([*sheet.headings.values(), *sheet.ignored])}"
        )
    parsed = entries_of(sheet, wish.kind, areas_of(ask), groups=wish.groups, channels=wish.channels)
    if parsed.faults:
        raise NotImported(_told(wish.path, parsed.faults))
    ignored = [name for name in sheet.ignored if name not in OF_EXPORTS]
    done = Done(ignored=ignored, other_kinds=parsed.other_kinds, without_consent=parsed.without_consent)
    _pass(ask, wish, parsed.entries, sheet, done if wish.is_dry else Done(), is_dry=True)
    if not wish.is_dry:
        _pass(ask, wish, parsed.entries, sheet, done, is_dry=False)
    return done


def areas_of(ask: Ask) -> Areas:
    """The areas that core knows, without their polygons."""
    return Areas(Area(code=each["code"], name=_bare(each)) for each in ask("area-list", {}))


def _bare(area: dict[str, Any]) -> str:
    return str(area["name"]).removeprefix("Kel. ").removeprefix("Kec. ")


def _pass(ask: Ask, wish: Wish, entries: Sequence[Entry], sheet: Sheet, done: Done, *, is_dry: bool) -> None:
    bar = Bar(len(entries), "checking" if is_dry else "importing")
    found: list[Fault] = []
    for first, part in _slices(entries):
        bar(first)
        arguments = {
            "entries": [msgspec.to_builtins(each) for each in part],
            "consent_how": wish.consent_how,
            "reason": wish.reason,
            "source": f"{wish.path.name} lines {part[0].line}-{part[-1].line}",
            "realm_word": wish.realm_word,
            "dry_run": is_dry,
        }
        answer = ask("recipient-put", arguments)
        for fault in answer["faults"]:
            heading = sheet.headings.get(fault["key"], fault["key"])
            found.append(Fault(line=part[fault["number"]].line, heading=heading, text=fault["text"]))
        if found and not is_dry:
            break
        for step in answer["steps"]:
            done.counts[step["kind"]] += 1
            done.left += [step["id"]] if step["has_left"] else []
    bar.close()
    if found and is_dry:
        raise NotImported(_told(wish.path, found))
    if found:
        raise NotImported(f"{_told(wish.path, found, is_all=False)}; lines before that are in: import the file again")


def _slices(entries: Sequence[Entry]) -> Iterator[tuple[int, Sequence[Entry]]]:
    for first in range(0, len(entries), SLICE):
        yield first, entries[first : first + SLICE]


def _told(path: Path, faults: Sequence[Fault], *, is_all: bool = True) -> str:
    lines = [f"{path}:{fault.line}: {fault.heading}: {fault.text}" for fault in faults[:FAULTS_SHOWN]]
    if len(faults) > FAULTS_SHOWN:
        lines.append(f"and {len(faults) - FAULTS_SHOWN} more")
    return "\n".join([*lines, "nothing was imported"] if is_all else lines)
