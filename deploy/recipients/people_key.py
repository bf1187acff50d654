"""The key of personal data: a file of its own beside the journal, made once, and never in the journal."""

import secrets
from pathlib import Path
from typing import Final

from alerting.recipient_tables import recipients
from alerting.vault import KEY_BYTES, Vault
from broker import private_file
from deploy.journal import Journal
from deploy.state_folder import StateFolderUnusable

CHECK: Final = "people_key_check"  # in the journal: by which a wrong key is noticed at once


def open_vault(path: Path, journal: Journal) -> tuple[Vault, str]:
    """The vault, its key made where there is none yet, and the check that the journal should hold.

    Raises StateFolderUnusable when others can read the key, and when it is not the one of the journal's recipients.
    """
    held, has_people = journal.value(CHECK), next(journal.rows(recipients, "LIMIT 1"), None) is not None
    if not path.exists() and not has_people:
        private_file.replace(path, secrets.token_hex(KEY_BYTES).encode() + b"\n")
    vault = opened(path, held=held, has_people=has_people)
    return vault, vault.digest(CHECK).hex()


def opened(path: Path, *, held: str | None, has_people: bool) -> Vault:
    """The vault of a key that is there and belongs to the journal, which holds ``held``; changes nothing.

    Raises StateFolderUnusable.
    """
    if not path.exists():
        raise StateFolderUnusable(
            f"{path}: the key of the recipients' data is not there; put it back from the backup of its own "
            "(without it their numbers cannot be read by anybody)"
        )
    vault = Vault(_read(path))
    if has_people and held is not None and held != vault.digest(CHECK).hex():
        raise StateFolderUnusable(
            f"{path}: this is not the key of the recipients in the journal; put back the one that belongs to it"
        )
    return vault


def _read(path: Path) -> bytes:
    try:
        if not private_file.is_private(path):
            raise StateFolderUnusable(
                f"{path}: the key of the recipients' data can be read by others: chmod 600 {path}"
            )
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except OSError as error:
        raise StateFolderUnusable(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise StateFolderUnusable(f"{path}: holds no key of {KEY_BYTES} bytes; put it back from its backup")
    return key
