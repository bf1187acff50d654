"""What people type into the forms of decisions, on one line each and never longer than core takes."""

from collections.abc import Mapping
from hashlib import sha256
from secrets import token_hex
from typing import Final

MOST: Final = 600


def said(fields: Mapping[str, object], name: str) -> str:
    """A field as text; empty when it is not there, or a file."""
    value = fields.get(name, "")
    return " ".join(value.split())[:MOST] if isinstance(value, str) else ""


def is_read(fields: Mapping[str, object]) -> bool:
    """Whether the second gesture was made: "Saya sudah membaca"."""
    return said(fields, "dibaca") == "ya"


def new_key() -> str:
    """An idempotency key for one showing of a form: sent twice, it is done once."""
    return f"web-{token_hex(12)}"


def key_of(fields: Mapping[str, object], command: str, given: Mapping[str, str]) -> str:
    """The key that came with a form, for this command with these arguments; a new one when it is none of ours.

    A page that is shown again by "back" and sent with other words is something else, and is done.
    """
    found = said(fields, "key")
    known = found if found.startswith("web-") and len(found) == 28 and found[4:].isalnum() else new_key()
    return f"{known}.{sha256(repr((command, sorted(given.items()))).encode()).hexdigest()[:16]}"
