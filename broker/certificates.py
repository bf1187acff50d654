"""The installation's own certificate authority and the broker's certificate.

Nodes trust this authority and nothing else, and ask for the name ``kentongan`` whatever address they dial. Certificates
begin at 2000-01-01 because a node without a clock believes it is then.
"""

import ipaddress
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from broker import private_file

SERVER_NAME: Final = "kentongan"
NOT_BEFORE: Final = datetime(2000, 1, 1, tzinfo=UTC)
AUTHORITY_LIFE: Final = timedelta(days=30 * 365.25)
SERVER_LIFE: Final = timedelta(days=10 * 365.25)
RENEW_BEFORE: Final = timedelta(days=30)

_DNS_NAME: Final = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\Z"
)


class AuthorityLost(Exception):
    """The authority that nodes trust cannot be read; making another would lock every node out."""


class BadServerName(ValueError):
    """Neither a host name nor an IP address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        """What a node stores as ``ca.der``."""
        return self.certificate.public_bytes(serialization.Encoding.DER)


def ensure_authority(folder: Path, *, now: datetime) -> Authority:
    """Load the authority of ``folder``, or make it at first start.

    Leaves there, mode 0600, ``authority.pem`` (key and certificate), ``ca.der`` (for nodes) and ``ca.pem`` (for other
    clients). Raises :class:`AuthorityLost` when one was made before and its key is gone or damaged.
    """
    path = folder / "authority.pem"
    with private_file.exclusive(folder):
        if path.exists():
            authority = _load_authority(path)
        elif (folder / "ca.der").exists():
            raise AuthorityLost(
                f"{path} is missing while ca.der beside it says that nodes trust it: restore it from a backup, "
                f"or remove ca.der and provision every node anew"
            )
        else:
            authority = _new_authority(now)
            private_file.replace(path, _pem(authority.key, authority.certificate))
        private_file.replace_if_changed(
            folder / "ca.pem", authority.certificate.public_bytes(serialization.Encoding.PEM)
        )
        private_file.replace_if_changed(folder / "ca.der", authority.der)
    return authority


def ensure_server_certificate(path: Path, authority: Authority, *, names: Iterable[str], now: datetime) -> bool:
    """Have at ``path`` the broker's key and certificate (one PEM file) for ``names`` and ``kentongan``.

    A new one is made when there is none, when it is damaged, of another authority or for other names, or when fewer
    than 30 days are left. Returns whether it was made, so that a running broker can be told to reload. Raises
    :class:`BadServerName`.
    """
    wanted = frozenset(_general_name(name) for name in (SERVER_NAME, *names))
    with private_file.exclusive(path.parent):
        if _is_good(path, authority, wanted, now):
            return False
        _replace_server_certificate(path, authority, wanted, now)
        return True


def renew_server_certificate(path: Path, authority: Authority, *, names: Iterable[str], now: datetime) -> None:
    """The same, however long the old one would last; raises :class:`BadServerName`."""
    wanted = frozenset(_general_name(name) for name in (SERVER_NAME, *names))
    with private_file.exclusive(path.parent):
        _replace_server_certificate(path, authority, wanted, now)


def good_until(path: Path) -> datetime:
    """When the certificate of a PEM file ends; raises OSError, and ValueError when it is none."""
    return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc


def _replace_server_certificate(
    path: Path, authority: Authority, names: frozenset[x509.GeneralName], now: datetime
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    private_file.replace(path, _pem(key, _server_certificate(key, authority, names, now)))


def _new_authority(now: datetime) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    # Two installations must not have authorities of one name: a client that knows both would try the wrong key.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Kentongan CA {secrets.token_hex(4)}")])
    usage = _key_usage(sign=False, certify=True)
    certificate = (
        _builder(name, name, key, now + AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(key=key, certificate=certificate)


def _server_certificate(
    key: ec.EllipticCurvePrivateKey, authority: Authority, names: frozenset[x509.GeneralName], now: datetime
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SERVER_NAME)])
    until = min(now + SERVER_LIFE, authority.certificate.not_valid_after_utc)
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    return (
        _builder(subject, authority.certificate.subject, key, until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(sign=True, certify=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(sorted(names, key=str)), critical=False)
        .add_extension(issuer_key, critical=False)
        .sign(authority.key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOT_BEFORE)
        .not_valid_after(until)
    )


def _key_usage(*, sign: bool, certify: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=sign,
        key_cert_sign=certify,
        crl_sign=certify,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _is_good(path: Path, authority: Authority, names: frozenset[x509.GeneralName], now: datetime) -> bool:
    if not path.exists() or not private_file.is_private(path):
        return False
    try:
        key, certificate = _read_pem(path)
        certificate.verify_directly_issued_by(authority.certificate)
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    is_pair = key.public_key() == certificate.public_key()
    return is_pair and frozenset(found) == names and certificate.not_valid_after_utc - now >= RENEW_BEFORE


def _load_authority(path: Path) -> Authority:
    remedy = "restore it from a backup; the nodes trust no other"
    try:
        key, certificate = _read_pem(path)
    except (ValueError, TypeError) as error:
        raise AuthorityLost(f"{path} is damaged ({error}): {remedy}") from None
    if key.public_key() != certificate.public_key():
        raise AuthorityLost(f"{path}: key and certificate do not belong together: {remedy}")
    if not private_file.is_private(path):
        raise AuthorityLost(f"{path} can be read by others: chmod 600 it, and think of who may have copied the key")
    return Authority(key=key, certificate=certificate)


def _read_pem(path: Path) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    content = path.read_bytes()
    key = serialization.load_pem_private_key(content, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the key is not of an elliptic curve")
    return key, x509.load_pem_x509_certificate(content)


def _pem(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> bytes:
    # One file for both: a rename then never leaves a key beside another key's certificate.
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + private


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        if _DNS_NAME.match(name.lower()) is None:
            raise BadServerName(f"{name!r} is neither a host name nor an IP address") from None
        return x509.DNSName(name.lower())
