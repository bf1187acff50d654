"""Secrets that the settings name: each in a file of its own, readable by its owner alone.

``credential:NAME`` names a credential that systemd hands to the service (``LoadCredential=NAME:FILE``).
"""

import os
from pathlib import Path
from typing import Final

from deploy.settings import BadSettings

CREDENTIAL: Final = "credential:"


class OnlyForTheService(BadSettings):
    """The secret is a credential of systemd's, and this process is not the service that gets it."""


def read(path: Path, key: str) -> str:
    """The secret in ``path``, which the settings name under ``key``; raises BadSettings, never with the secret."""
    if path.name.startswith(CREDENTIAL):
        path = _credential(path.name.removeprefix(CREDENTIAL), key)
    try:
        text = path.read_text().strip()
        mode = path.stat().st_mode
    except OSError as error:
        raise BadSettings(f"{key}: {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadSettings(f"{key}: {path} is not a text") from None
    if mode & 0o077:
        raise BadSettings(f"{key}: {path} can be read by others: chmod 600 {path}")
    if not text:
        raise BadSettings(f"{key}: {path} is empty")
    return text


def _credential(name: str, key: str) -> Path:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder is None:
        raise OnlyForTheService(
            f"{key}: {CREDENTIAL}{name} is handed by systemd to the service alone; "
            f"in its unit there must be LoadCredential={name}:FILE"
        )
    return Path(folder) / name
