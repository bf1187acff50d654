"""Secrets that the settings name: each in a file of its own, readable by its owner alone."""

from pathlib import Path

from deploy.settings import BadSettings


def read(path: Path, key: str) -> str:
    """The secret in ``path``, which the settings name under ``key``; raises BadSettings, never with the secret."""
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
