"""Who a logger is to the broker: the folder that ``kentongan node new --out`` wrote for it."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import msgspec

from broker import private_file
from broker.topics import Realm, is_id


class BadIdentity(ValueError):
    """The folder makes no node; the text names the file, the key and the remedy."""


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    """What is used of node.json; the rest is for a node's own board."""

    node: str
    realm: Realm
    host: Annotated[str, msgspec.Meta(min_length=1)]
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)]
    server_name: Annotated[str, msgspec.Meta(min_length=1)]
    password: Annotated[str, msgspec.Meta(min_length=1)]
    order_key: Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?$")] = ""
    seal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A node's credential, and where its broker is. ``authority`` is the only one trusted, DER.

    ``order_key`` seals what it says where ``seal`` is set.
    """

    node: str
    realm: Realm
    host: str
    port: int
    server_name: str
    password: str = field(repr=False)
    order_key: str = field(repr=False, default="")
    seal: bool = False
    authority: bytes = field(repr=False)


def read(folder: Path) -> Identity:
    """The identity in ``folder``; raises :class:`BadIdentity`."""
    path = folder / "node.json"
    remedy = f"make it with kentongan node new ID --station STATION --out {folder}"
    try:
        if not private_file.is_private(path):
            raise BadIdentity(f"{path}: others can read the password in it: chmod 600 it")
        document = msgspec.json.decode(path.read_bytes(), type=_Document)
        authority = (folder / "ca.der").read_bytes()
    except OSError as error:
        raise BadIdentity(f"{error.filename}: {error.strerror}; {remedy}") from None
    except msgspec.DecodeError as error:
        raise BadIdentity(f"{path}: {error}; {remedy}") from None
    if not is_id(document.node):
        raise BadIdentity(f"{path}: node: {document.node[:40]!r} is not 3 to 32 of a-z, 0-9 and hyphen; {remedy}")
    if document.seal and not document.order_key:
        raise BadIdentity(f"{path}: order_key: is missing, and seal is true; {remedy}")
    try:
        ssl.create_default_context().load_verify_locations(cadata=authority)
    except ssl.SSLError:
        raise BadIdentity(f"{folder / 'ca.der'}: is no certificate; {remedy}") from None
    return Identity(**msgspec.structs.asdict(document), authority=authority)
