"""Whoever types a line of a guide is understood."""

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from deploy import cli

BLOCK = re.compile(r"```(?:sh)?\n(.*?)```", re.DOTALL)
COMMAND = re.compile(r"\s*(?:sudo )?(?:\.venv/bin/)?kentongan (.*)")
# What follows the command: the shell's part, a comment, or a column with a remark.
REST = re.compile(r"\s+#.*| [|>;&].*|\s{3,}.*")


def _lines(root: Path, files: list[str]) -> Iterator[tuple[str, str]]:
    """Each command of a block, by guide; an ellipsis is a value, what is in square brackets is given."""
    for name in files:
        if name.endswith(".md") and not name.startswith("docs/reference/"):
            for block in BLOCK.findall((root / name).read_text()):
                for line in block.replace("\\\n", " ").splitlines():
                    if found := COMMAND.match(line):
                        yield name, re.sub(r"\[([A-Z]+)\]", r"\1", REST.sub("", found[1]))


def _is_taken(parser: argparse.ArgumentParser, command: str) -> bool:
    try:
        parser.parse_args(shlex.split(command))
    except SystemExit as ended:
        return not ended.code
    return True


def test_every_command_of_a_guide_is_one_that_can_be_typed(root: Path, files: list[str]) -> None:
    """With all that it requires, and nothing that it does not know."""
    parser, lines = cli.build_parser(), list(_lines(root, files))
    assert ("README.md", "up") in lines
    assert [] == [line for line in lines if not _is_taken(parser, line[1])]
