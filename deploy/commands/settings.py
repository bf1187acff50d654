"""kentongan settings: the commented sample, to start a settings file from."""

import argparse
from pathlib import Path

SAMPLE = Path(__file__).parent.parent / "sample.toml"


def add(_parser: argparse.ArgumentParser) -> None:
    """No options."""


def run(_args: argparse.Namespace) -> int:
    print(SAMPLE.read_text(encoding="utf-8"), end="")
    return 0
