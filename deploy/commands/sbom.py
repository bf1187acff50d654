"""kentongan sbom: what an installation is made of, for other programs and for lawyers."""

import argparse
import time
from pathlib import Path

from deploy import __version__
from deploy.bom import components
from deploy.bom.cyclonedx import bill
from deploy.bom.licences import NoLicence
from deploy.bom.page import page
from deploy.commands.common import Refused


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the bill of materials there, not to the screen")
    parser.add_argument("--licences", type=Path, metavar="FILE", help="write the page of licences there instead")


def run(args: argparse.Namespace) -> int:
    try:
        if args.licences is not None:
            return _write(args.licences, page(components.locked(), components.javascript(), components.PROGRAMS))
        parts = [*components.installed(), *components.javascript(), *components.PROGRAMS, components.firmware()]
    except NoLicence as error:
        raise Refused(str(error)) from None
    text = bill(parts, version=__version__, made_at_ms=time.time_ns() // 1_000_000)
    if args.out is None:
        print(text, end="")
        return 0
    return _write(args.out, text)


def _write(path: Path, text: str) -> int:
    try:
        path.write_text(text)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from None
    print(f"wrote {path}")
    return 0
