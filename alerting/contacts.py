"""A contact: one way to reach a recipient, kept sealed, found by its digest, shown masked."""

from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from alerting.vault import Vault

ContactKind = Literal["phone", "email", "telegram", "url"]
KINDS: Final[tuple[ContactKind, ...]] = ("phone", "email", "telegram", "url")
HIDDEN: Final = "***"
SHOWN_FIRST, SHOWN_LAST = 3, 3  # of a number: +62*******678
LEAST_SHOWN: Final = 11  # a shorter number would be given away


class Contact(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``masked`` is all that screens, logs and the outbox show; ``digest`` is of kind and text."""

    kind: ContactKind
    sealed: bytes
    masked: str
    digest: bytes


def contact(vault: Vault, kind: ContactKind, text: str) -> Contact:
    """``text`` is normalised already: a phone in E.164, an address without spaces around it."""
    return Contact(kind=kind, sealed=vault.seal(text), masked=mask(kind, text), digest=digest(vault, kind, text))


def digest(vault: Vault, kind: ContactKind, text: str) -> bytes:
    """By which a contact is found again."""
    return vault.digest(f"{kind}:{text}")


def mask(kind: ContactKind, text: str) -> str:
    """Enough to tell two contacts apart, too little to use one."""
    match kind:
        case "phone":
            return mask_number(text)
        case "email":
            name, _, domain = text.rpartition("@")
            return f"{name[:1]}{HIDDEN}@{domain}"
        case "telegram":
            return f"{HIDDEN}{text[-2:]}"
        case "url":
            return f"{urlsplit(text).hostname or ''}/{HIDDEN}"


def mask_number(text: str) -> str:
    """Country and last digits of anything that may be a number; nothing of a short one. Twice is as once."""
    bare = text if text[1:].isdigit() else "".join(each for each in text if each.isdigit() or each in "+*")
    if len(bare) < LEAST_SHOWN:
        return HIDDEN
    return f"{bare[:SHOWN_FIRST]}{'*' * (len(bare) - SHOWN_FIRST - SHOWN_LAST)}{bare[-SHOWN_LAST:]}"
