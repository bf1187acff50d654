"""What one check found."""

from pathlib import Path
from typing import Final, Literal

import msgspec

from deploy.settings import Settings
from deploy.state_folder import StateFolder

Word = Literal["good", "warning", "wrong"]
EXIT_CODES: Final[dict[Word, int]] = {"good": 0, "warning": 1, "wrong": 2}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """``check`` names what was examined; ``remedy`` says what to do, and is empty when it is good."""

    group: str
    check: str
    word: Word
    told: str
    remedy: str = ""


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """The installation under examination. ``base`` is where relative paths of the settings begin; ``now`` ms UTC."""

    settings: Settings
    state: StateFolder
    base: Path
    now: int


def good(group: str, check: str, told: str) -> Finding:
    return Finding(group=group, check=check, word="good", told=told)


def warning(group: str, check: str, told: str, remedy: str) -> Finding:
    return Finding(group=group, check=check, word="warning", told=told, remedy=remedy)


def wrong(group: str, check: str, told: str, remedy: str) -> Finding:
    return Finding(group=group, check=check, word="wrong", told=told, remedy=remedy)


def exit_code(findings: list[Finding]) -> int:
    """0: all is good; 1: there are warnings; 2: something is wrong."""
    return max((EXIT_CODES[each.word] for each in findings), default=0)
