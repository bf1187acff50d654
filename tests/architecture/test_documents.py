"""The documents say what is there, and the files say nothing that they should not."""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import GenericAlias, UnionType
from typing import get_args

import msgspec

from deploy import cli, settings

PACKAGES = ("alerting", "broker", "deploy", "edge", "firmware_sim", "ingest")
MAX_LINES = 400
# Written so that this file does not find itself.
PRIVATE_PLACE = re.compile(r"(?<![\w.$}-])/(?:work|tmp|root)/\w")
REGISTRY = re.compile(r"pypi[.]org|pythonhosted[.]|registry[.]npmjs|proxy[.]golang|deb[.]debian|crates[.]io")


def _text_files(root: Path, files: list[str]) -> Iterator[tuple[str, str]]:
    for name in files:
        content = (root / name).read_bytes()
        if b"\0" not in content:
            yield name, content.decode()


def _guides(root: Path, files: list[str]) -> str:
    """What people wrote; the reference is made from the code, and would hold whatever is there."""
    guides = [name for name in files if name.endswith(".md") and not name.startswith("docs/reference/")]
    return "\n".join((root / name).read_text() for name in guides)


def _commands(parser: argparse.ArgumentParser, path: str) -> Iterator[str]:
    """Every command that can be typed: "kentongan node new"; a group of commands is not one itself."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield path
    for group in groups:
        for name, child in group.choices.items():
            yield from _commands(child, f"{path} {name}")


def _keys(table: type[msgspec.Struct], path: str) -> Iterator[str]:
    """Every key of the settings, with its table: "broker.tls_port", "stations.thresholds.siaga"."""
    for field in msgspec.structs.fields(table):
        name = f"{path}.{field.encode_name}".lstrip(".")
        inner = list(_structs(field.type))
        if not inner:
            yield name
        for each in inner:
            yield from _keys(each, name)


def _structs(annotation: object) -> Iterator[type[msgspec.Struct]]:
    if (
        isinstance(annotation, type)
        and not isinstance(annotation, GenericAlias)
        and issubclass(annotation, msgspec.Struct)
    ):
        yield annotation
    elif isinstance(annotation, GenericAlias | UnionType):
        for each in get_args(annotation):
            yield from _structs(each)


def _keys_of_sample(sample: str) -> set[str]:
    """Every key that the sample shows, commented out or not."""
    table, keys = "", set()
    for line in sample.splitlines():
        if heading := re.match(r"(?:# ?)?\[\[?([a-z_.]+)\]\]?\s*(?:#.*)?$", line):
            table = heading[1]
        elif key := re.match(r"(?:# ?)?([a-z_]+) = ", line):
            keys.add(f"{table}.{key[1]}")
            keys |= {f"{table}.{key[1]}.{inner}" for inner in re.findall(r"[{,] ?([a-z_]+) = ", line)}
    return keys


def test_the_architecture_lists_the_folders(root: Path, files: list[str]) -> None:
    """ARCHITECTURE.md begins a line with each top-level folder, and with no folder that is not there."""
    listed = re.findall(r"^(?:[-*|] ?)?`?([a-z_]+)/`?(?=[\s|]|$)", (root / "ARCHITECTURE.md").read_text(), re.MULTILINE)
    folders = {name.split("/")[0] for name in files if "/" in name and not name.startswith(".")}
    assert sorted(folders) == sorted(set(listed))


def test_every_command_is_in_a_guide(root: Path, files: list[str]) -> None:
    """A command that no README or guide names is a command that nobody finds."""
    guides = _guides(root, files)
    commands = list(_commands(cli.build_parser(), "kentongan"))
    assert "kentongan up" in commands
    assert [] == [command for command in commands if not re.search(rf"{command}\b", guides)]


def test_every_setting_is_in_the_sample() -> None:
    """``kentongan settings`` prints a sample in which every key stands, at least as a comment."""
    command = [str(Path(sys.executable).with_name("kentongan")), "settings"]
    sample = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    keys = set(_keys(settings.Settings, ""))
    assert "broker.tls_port" in keys
    assert [] == sorted(keys - _keys_of_sample(sample))


def test_no_file_names_a_private_place(root: Path, files: list[str]) -> None:
    """A path of the machine on which something was written means nothing on another."""
    found = [(name, match[0]) for name, text in _text_files(root, files) for match in PRIVATE_PLACE.finditer(text)]
    assert [] == found


def test_no_file_names_a_package_registry(root: Path, files: list[str]) -> None:
    """Where packages come from is decided by whoever installs, in pip's, npm's and Go's own settings."""
    found = [(name, match[0]) for name, text in _text_files(root, files) for match in REGISTRY.finditer(text)]
    assert [] == found


def test_modules_stay_short(root: Path, files: list[str]) -> None:
    """A module over the limit holds more than one concept."""
    modules = [name for name in files if name.endswith(".py") and name.split("/")[0] in PACKAGES]
    lengths = {name: len((root / name).read_text().splitlines()) for name in modules}
    assert {} == {name: lines for name, lines in lengths.items() if lines > MAX_LINES}
