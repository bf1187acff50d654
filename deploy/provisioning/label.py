"""What a node's label says: which node of which installation. No secret is on it.

The installation is named by the first digits of the SHA-256 of its certificate authority, which no two share.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from broker.topics import is_id

SITE_DIGITS: Final = 8
PAGE: Final = "/teknisi"
SCHEME: Final = "kentongan"


class BadLabel(ValueError):
    """A code that is no label of ours; the text, in Indonesian, is for the person who scanned it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """``web`` is the address of the pages as a phone reaches them; "": the code names no address."""

    node: str
    site: str
    web: str = ""

    @property
    def code(self) -> str:
        """What the QR code holds; a phone's own camera opens it when it is an address."""
        query = urlencode({"simpul": self.node, "situs": self.site})
        return f"{self.web.rstrip('/')}{PAGE}?{query}" if self.web else f"{SCHEME}:{PAGE[1:]}?{query}"

    @classmethod
    def of(cls, node: str, authority: Path, web: str = "") -> Self:
        return cls(node=node, site=site_id(authority), web=web)


def site_id(authority: Path) -> str:
    """The name of the installation with this authority (``ca.der``); "" before it was made."""
    if not authority.exists():
        return ""
    return hashlib.sha256(authority.read_bytes()).hexdigest()[:SITE_DIGITS]


def read_label(code: str) -> Label:
    """Raises :class:`BadLabel` for anything that is not a label's code."""
    try:
        parts = urlsplit(code.strip())
        query = parse_qs(parts.query)
    except ValueError:
        query = {}
    node, site = query.get("simpul", [""])[0], query.get("situs", [""])[0]
    if not is_id(node) or len(site) != SITE_DIGITS:
        raise BadLabel("Kode ini bukan label simpul Kentongan. Pindai kode QR pada kotak alat.")
    web = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
    return Label(node=node, site=site, web=web)
