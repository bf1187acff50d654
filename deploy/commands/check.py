"""kentongan check: examine an installation and say what is wrong and what to do; it changes nothing."""

import argparse
from itertools import groupby
from typing import TYPE_CHECKING, Final

import msgspec

from deploy.checks.finding import Finding, exit_code
from deploy.checks.installation import examine
from deploy.commands.common import DEMO_SETTINGS, DEMO_STATE, add_settings

if TYPE_CHECKING:
    from pathlib import Path

MARKS: Final = {"good": "good   ", "warning": "WARNING", "wrong": "WRONG  "}


def add(parser: argparse.ArgumentParser) -> None:
    add_settings(parser)
    parser.description = (
        "Looks at settings, machine, secrets, broker, channels, journal, history and backups, and changes nothing. "
        "Exit code 0: all is good; 1: there are warnings; 2: something is wrong."
    )
    parser.add_argument("--online", action="store_true", help="also ask providers, servers and modems (sends nothing)")
    parser.add_argument(
        "--json", action="store_true", help="for programs: findings with group, check, word, told, remedy"
    )


def run(args: argparse.Namespace) -> int:
    is_demo = args.settings.resolve() == DEMO_SETTINGS.resolve()
    state: Path | None = args.state or (DEMO_STATE if is_demo else None)
    findings = examine(args.settings, state=state, online=args.online)
    code = exit_code(findings)
    if args.json:
        print(msgspec.json.encode({"exit_code": code, "findings": findings}).decode())
    else:
        print("\n".join(lines(findings)))
    return code


def lines(findings: list[Finding]) -> list[str]:
    """One line a check under its group, and at the end how many there are of each."""
    said = []
    for group, members in groupby(findings, key=lambda each: each.group):
        said.append(group)
        said += [_line(each) for each in members]
    counts = {word: sum(each.word == word for each in findings) for word in MARKS}
    return [*said, ", ".join(f"{count} {word}" for word, count in counts.items())]


def _line(finding: Finding) -> str:
    remedy = f" -> {finding.remedy}" if finding.remedy else ""
    return f"  {MARKS[finding.word]}  {finding.check}: {finding.told}{remedy}"
