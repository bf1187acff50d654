"""docs/licences.md, made from what the lock files name."""

from collections.abc import Iterable, Mapping
from typing import Final

from deploy.bom.components import SERVED, Component
from deploy.bom.licences import OF_THEIR_OWN_FILES, words

_HEAD: Final = """# Licences

Kentongan is Apache-2.0. It comes with no file of others: pip and npm bring what the lock files pin by hash, the system
its packages. This page is made by a command, and a test holds it to the lock files:

```sh
kentongan sbom --out kentongan.cdx.json      # what this installation is made of, with versions: CycloneDX 1.6, JSON
kentongan sbom --licences docs/licences.md   # this page, from the lock files of a checkout
```

Allowed beside Apache-2.0 are permissive licences, and such as ask for changes to their own files alone:
{own_files}. These parts are used unchanged, lie beside ours, and anybody can
replace them. GPL and AGPL are not allowed in our process; `gammu-smsd` is a program of the system's, started as one.
"""


def page(locked: Mapping[str, str], javascript: Iterable[Component], programs: Iterable[Component]) -> str:
    """The page; ``locked`` maps distributions to licences."""
    own = sorted(name for name, licence in locked.items() if OF_THEIR_OWN_FILES & set(words(licence)))
    parts = [
        _HEAD.format(own_files=", ".join(sorted(OF_THEIR_OWN_FILES))),
        "## Python\n",
        f"For their own files alone: {', '.join(own)}.\n",
        _table("distribution", locked.items()),
        "## JavaScript\n",
        f"Browsers get {' and '.join(sorted(SERVED))}; the others check our own files in tests.\n",
        _table("package", ((each.name, each.licence) for each in javascript)),
        "## Programs and firmware\n",
        "Our firmware is Apache-2.0 and runs on MicroPython.\n",
        _table("program", ((each.name, each.licence) for each in programs)),
    ]
    return "\n".join(parts)


def _table(what: str, rows: Iterable[tuple[str, str]]) -> str:
    lines = [f"| {what} | licence (SPDX) |", "|---|---|", *(f"| {name} | {licence} |" for name, licence in rows)]
    return "\n".join(lines) + "\n"
