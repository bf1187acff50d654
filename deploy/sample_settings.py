"""The commented sample of the settings, with values of one's own in it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from deploy.settings import BadSettings
from deploy.settings_environment import value_of

SAMPLE: Final = Path(__file__).parent / "sample.toml"
HEADING: Final = re.compile(r"(# )?\[\[?([a-z_.]+)\]\]?\s*$")
LINE: Final = re.compile(r"(?:# )?([a-z_]+) = ")


def filled(given: Mapping[str, str]) -> str:
    """The sample, each key of ``given`` ("web.port") set and no comment any more; raises BadSettings.

    A key of a table that the sample only shows as a comment is refused: the table has to be written whole.
    """
    rest = dict(given)
    lines, table = [], ""
    for line in SAMPLE.read_text(encoding="utf-8").splitlines():
        if heading := HEADING.match(line):
            table = "" if heading[1] else heading[2]
        match = LINE.match(line)
        key = f"{table}.{match[1]}" if match and table else ""
        lines.append(f"{match[1]} = {_toml(value_of(rest.pop(key)))}" if match and key in rest else line)
    if rest:
        raise BadSettings(f"--set {min(rest)}: the sample has no such line to set; write it into the file by hand")
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, int | float):
        return str(value)
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
