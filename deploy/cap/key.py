"""The key that signs the feed, and its certificate: made once, kept in one private file of the state folder."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from alerting.cap_signature import Signer
from broker import private_file
from deploy.state_folder import StateFolderUnusable

YEARS: Final = 20
BEGINS: Final = datetime(2000, 1, 1, tzinfo=UTC)  # for readers without a clock


def open_signer(path: Path, *, name: str) -> Signer:
    """The signer, made for ``name`` where there is none yet; raises StateFolderUnusable when it cannot be used."""
    if not path.exists():
        private_file.replace(path, _new(name))
    try:
        if not private_file.is_private(path):
            raise StateFolderUnusable(f"{path}: the key of the CAP feed can be read by others: chmod 600 {path}")
        content = path.read_bytes()
        key = serialization.load_pem_private_key(content, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise StateFolderUnusable(f"{path}: holds no key on P-256; take it away and a new one is made")
        return Signer(key, x509.load_pem_x509_certificate(content))
    except OSError as error:
        raise StateFolderUnusable(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise StateFolderUnusable(f"{path}: {error}; take it away and a new one is made") from None


def certificate_pem(signer: Signer) -> bytes:
    return signer.certificate.public_bytes(serialization.Encoding.PEM)


def _new(name: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(BEGINS)
        .not_valid_after(datetime.now(UTC) + timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)
