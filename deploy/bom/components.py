"""The parts of an installation that are not ours, each with version and licence, and our own firmware."""

import importlib.metadata
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import alerting.web
import edge
from broker.releases import Release
from deploy.bom.licences import NoLicence, licence_of

Kind = Literal["python", "javascript", "program", "firmware"]
NPM_LOCK: Final = Path(alerting.web.__file__).parent / "package-lock.json"
FIRMWARE: Final = Path(edge.__file__).parent / "node"
LOCKS: Final = Path(__file__).parents[1]
SERVED: Final = frozenset(
    ("leaflet", "uplot")
)  # of the JavaScript packages, those that browsers get; the rest is for tests
_PIN: Final = re.compile(r"([A-Za-z0-9_.-]+)==")
_OURS: Final = "kentongan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """``version`` is empty where it is whatever the machine has; ``licence`` is an SPDX expression."""

    name: str
    version: str
    licence: str
    kind: Kind
    sha512: str = ""  # base64, where the lock says it


# Programs beside ours, each a process or a device's system of its own. Their licences are those of their own files.
PROGRAMS: Final = tuple(
    Component(name=name, version="", licence=licence, kind="program")
    for name, licence in (
        ("mosquitto", "EPL-2.0 OR BSD-3-Clause"),
        ("gammu-smsd", "GPL-2.0-or-later"),
        ("influxdb", "MIT"),
        ("micropython", "MIT"),
    )
)


def canonical(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed() -> list[Component]:
    """The Python distributions of this environment, sorted; raises :class:`NoLicence`."""
    found = {canonical(each.name): each for each in importlib.metadata.distributions()}
    return [
        Component(name=name, version=each.version, licence=licence_of(name, each.metadata), kind="python")
        for name, each in sorted(found.items())
        if name != _OURS
    ]


def locked() -> dict[str, str]:
    """Each distribution that a lock file names, with its licence; raises :class:`NoLicence` and OSError."""
    return {name: _licence(name) for name in sorted(_locked(LOCKS.glob("*.lock")))}


def javascript() -> list[Component]:
    """What the lock file of the pages pins."""
    packages = json.loads(NPM_LOCK.read_bytes())["packages"]
    return [
        Component(
            name=path.removeprefix("node_modules/"),
            version=said["version"],
            licence=said["license"],
            kind="javascript",
            sha512=said["integrity"].removeprefix("sha512-"),
        )
        for path, said in sorted(packages.items())
        if path
    ]


def firmware() -> Component:
    """What is flashed onto a node."""
    version = Release.of_source(FIRMWARE).version
    return Component(name="kentongan-node", version=version, licence="Apache-2.0", kind="firmware")


def _locked(files: Iterable[Path]) -> set[str]:
    lines = (line for file in files for line in file.read_text().splitlines())
    return {canonical(match[1]) for line in lines if (match := _PIN.match(line))}


def _licence(name: str) -> str:
    try:
        metadata = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return licence_of(name, None)
    return licence_of(name, metadata)


__all__ = ["PROGRAMS", "Component", "NoLicence", "firmware", "installed", "javascript", "locked"]
