"""Who may speak to the broker: our own services and the nodes, in Mosquitto's password file.

A password is drawn here, told once to the one who asked, and kept only as a hash; the services' own stand in a file of
their own, made at first start. There is no default to forget to change.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from broker import private_file
from broker.topics import is_id

SERVICES: Final = ("core", "probe")
RESERVED: Final = frozenset({*SERVICES, "out"})  # ``out`` is a branch of the topics
MIN_PASSWORD: Final = 24

# The passwords are 192 random bits, which no number of rounds makes harder to guess. The broker works through the
# rounds in its only thread, for each CONNECT and on a reload for every client again: many would delay warnings.
ROUNDS: Final = 101
_ORDER_KEY_BYTES: Final = 32
_SALT_BYTES: Final = 12
_HASH_BYTES: Final = 64


class CredentialRefused(ValueError):
    """A credential that cannot be made, changed or used; the text says why and what to do."""


def new_password() -> str:
    """32 characters of A-Z, a-z, 0-9, ``-`` and ``_`` from the system's random source."""
    return secrets.token_urlsafe(24)


def password_hash(password: str, *, salt: bytes | None = None) -> str:
    """``$7$rounds$salt$hash``: PBKDF2-HMAC-SHA512 as Mosquitto 1.6 and later read it."""
    salt = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
    return f"$7${ROUNDS}${_base64(salt)}${_base64(_derive(password, salt, ROUNDS))}"


def is_password_of(password: str, hashed: str) -> bool:
    """Whether ``hashed`` was made from ``password``; False for anything that is not such a hash."""
    try:
        _, kind, rounds, salt, expected = hashed.split("$")
        derived = _derive(password, base64.b64decode(salt, validate=True), int(rounds))
        return kind == "7" and hmac.compare_digest(derived, base64.b64decode(expected, validate=True))
    except ValueError:
        return False


def check_node_id(node: str) -> None:
    """Raises :class:`CredentialRefused` unless ``node`` may name a node; nothing else reaches the broker's files."""
    if not is_id(node):
        raise CredentialRefused(f"node id {node[:40]!r} is not 3 to 32 of a-z, 0-9 and hyphen")
    if node in RESERVED:
        raise CredentialRefused(f"node id {node!r} is reserved for our own use; choose another")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A credential on its way to a node: never on disk, never in a log."""

    password: str = field(repr=False)
    hashed: str = field(repr=False)
    order_key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialStore:
    """The two files of one broker. Every change is atomic and on disk; the broker sees it at its next reload."""

    passwords: Path  # Mosquitto's password_file: hashes only
    services: Path  # our own services' passwords, for our own processes

    def ensure_services(self) -> dict[str, str]:
        """The passwords of our own services by name, drawn at first start and repaired where the files disagree.

        Raises :class:`CredentialRefused` when the services' file is readable by others, damaged, or holds a short one.
        """
        with private_file.exclusive(self.passwords.parent):
            found = self._load_services() if self.services.exists() else {}
            complete = {name: found.get(name) or new_password() for name in SERVICES}
            if complete != found:
                private_file.replace(self.services, msgspec.json.format(msgspec.json.encode(complete)) + b"\n")
            hashes = self._read()
            stale = [name for name in SERVICES if not is_password_of(complete[name], hashes.get(name, ""))]
            if stale:
                self._write(hashes | {name: password_hash(complete[name]) for name in stale})
        return complete

    def service_password(self, name: str) -> str:
        """The password of one of our own services; raises :class:`CredentialRefused` before the first start."""
        if not self.services.exists():
            raise CredentialRefused(f"{self.services} is missing; it is made when the broker is first started")
        return self._load_services()[name]

    def nodes(self) -> tuple[str, ...]:
        """Ids that have a credential, sorted."""
        return tuple(sorted(self._read().keys() - set(SERVICES)))

    def add(self, node: str) -> str:
        """Give ``node`` a credential and return its password, which is not kept.

        Raises :class:`CredentialRefused` on a bad id, or one that has a credential already.
        """
        check_node_id(node)
        return self._set(node, known=False)

    def replace(self, node: str) -> str:
        """Give ``node`` a new password in place of its old one; raises :class:`CredentialRefused` when it has none."""
        check_node_id(node)
        return self._set(node, known=True)

    def draw(self, node: str) -> "Drawn":
        """A new credential for ``node``, not in force yet; raises :class:`CredentialRefused` when it has none."""
        password = new_password()
        hashed = password_hash(password)
        with private_file.exclusive(self.passwords.parent):
            if node not in self._read().keys() - set(SERVICES):
                raise CredentialRefused(f"node {node!r} has no credential to replace; add it first")
            key = _order_key(self._master_key(), node, hashed)
        return Drawn(password=password, hashed=hashed, order_key=key)

    def enforce(self, node: str, drawn: "Drawn") -> None:
        """From the broker's next reload on ``drawn`` is the credential; raises :class:`CredentialRefused` as above."""
        with private_file.exclusive(self.passwords.parent):
            hashes = self._read()
            if node not in hashes:
                raise CredentialRefused(f"node {node!r} has no credential to replace; add it first")
            self._write(hashes | {node: drawn.hashed})

    def revoke(self, node: str) -> None:
        """Take the credential of ``node`` away; raises :class:`CredentialRefused` when it has none."""
        check_node_id(node)
        with private_file.exclusive(self.passwords.parent):
            hashes = self._read()
            if hashes.pop(node, None) is None:
                raise CredentialRefused(f"node {node!r} has no credential")
            self._write(hashes)

    def order_key(self, node: str) -> str:
        """The key that seals orders to ``node``: 64 hexadecimal digits, another one with each new password.

        It is HMAC-SHA256 of the node's id and its password's hash, with a key of this installation that is drawn at
        first use. Raises :class:`CredentialRefused` when the node has no credential, or the key can be read by others.
        """
        with private_file.exclusive(self.passwords.parent):
            hashed = self._read().get(node)
            if hashed is None or node in SERVICES:
                raise CredentialRefused(f"node {node!r} has no credential")
            master = self._master_key()
        return _order_key(master, node, hashed)

    def _master_key(self) -> bytes:
        path = self.services.with_name("order.key")
        if not path.exists():
            private_file.replace(path, secrets.token_bytes(_ORDER_KEY_BYTES))
        if not private_file.is_private(path):
            raise CredentialRefused(f"{path} can be read by others: chmod 600 it")
        master = path.read_bytes()
        if len(master) != _ORDER_KEY_BYTES:
            raise CredentialRefused(f"{path} is damaged: take it from a backup, or remove it and give nodes new keys")
        return master

    def _set(self, node: str, *, known: bool) -> str:
        password = new_password()
        with private_file.exclusive(self.passwords.parent):
            hashes = self._read()
            if known and node not in hashes:
                raise CredentialRefused(f"node {node!r} has no credential to replace; add it first")
            if not known and node in hashes:
                raise CredentialRefused(f"node {node!r} has a credential already; replace it if it was lost or leaked")
            self._write(hashes | {node: password_hash(password)})
        return password

    def _read(self) -> dict[str, str]:
        if not self.passwords.exists():
            return {}
        pairs = (line.partition(":") for line in self.passwords.read_text("ascii").splitlines() if line)
        return {user: hashed for user, _, hashed in pairs}

    def _write(self, hashes: dict[str, str]) -> None:
        lines = (f"{user}:{hashed}\n" for user, hashed in sorted(hashes.items()))
        private_file.replace(self.passwords, "".join(lines).encode("ascii"))

    def _load_services(self) -> dict[str, str]:
        path = self.services
        if not private_file.is_private(path):
            raise CredentialRefused(f"{path} can be read by others: chmod 600 it, or remove it for new passwords")
        try:
            found = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
        except msgspec.DecodeError as error:
            raise CredentialRefused(f"{path} is damaged ({error}): remove it for new passwords") from None
        short = sorted(name for name in SERVICES if len(found.get(name, "")) < MIN_PASSWORD)
        if short:
            raise CredentialRefused(
                f"{path}: the password of {', '.join(short)} is missing or under {MIN_PASSWORD} characters: "
                f"remove the file for new ones"
            )
        return found


def _order_key(master: bytes, node: str, hashed: str) -> str:
    return hmac.new(master, f"{node}\n{hashed}".encode(), hashlib.sha256).hexdigest()


def _derive(password: str, salt: bytes, rounds: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds, _HASH_BYTES)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
