"""The authority and the broker's certificate."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from broker.certificates import (
    NOT_BEFORE,
    RENEW_BEFORE,
    SERVER_LIFE,
    AuthorityLost,
    BadServerName,
    ensure_authority,
    ensure_server_certificate,
)

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


def certificate_at(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_the_authority_is_made_once(tmp_path: Path) -> None:
    """The second start loads what the first one made, and the copy for nodes is the same certificate."""
    first = ensure_authority(tmp_path, now=NOW)
    again = ensure_authority(tmp_path, now=NOW + timedelta(days=1))
    assert again.certificate == first.certificate
    assert (tmp_path / "ca.der").read_bytes() == first.der
    assert certificate_at(tmp_path / "ca.pem") == first.certificate
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_the_authority_is_what_nodes_can_check(tmp_path: Path) -> None:
    """EC P-256 and SHA-256, a CA that signs no other CA, from 2000 to thirty years from now."""
    certificate = ensure_authority(tmp_path, now=NOW).certificate
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert (key.curve.name, type(certificate.signature_hash_algorithm)) == ("secp256r1", hashes.SHA256)
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value == x509.BasicConstraints(
        ca=True, path_length=0
    )
    assert (certificate.not_valid_before_utc, certificate.not_valid_after_utc.year) == (NOT_BEFORE, 2056)


def test_two_installations_have_authorities_of_different_names(tmp_path: Path) -> None:
    """A client that knows both can tell them apart."""
    subjects = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        subjects.add(ensure_authority(tmp_path / name, now=NOW).certificate.subject.rfc4514_string())
    assert len(subjects) == 2


def test_a_lost_authority_is_not_replaced_in_silence(tmp_path: Path) -> None:
    """Nodes pin it: another one would lock all of them out."""
    ensure_authority(tmp_path, now=NOW)
    (tmp_path / "authority.pem").unlink()
    with pytest.raises(AuthorityLost, match="restore it from a backup"):
        ensure_authority(tmp_path, now=NOW)


@pytest.mark.parametrize(
    "content", [b"", b"garbage", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_damaged_authority_is_named(tmp_path: Path, content: bytes) -> None:
    """The error says which file and what to do."""
    ensure_authority(tmp_path, now=NOW)
    (tmp_path / "authority.pem").write_bytes(content)
    with pytest.raises(AuthorityLost, match=r"authority\.pem is damaged .*restore it"):
        ensure_authority(tmp_path, now=NOW)


def test_an_authority_put_together_from_two_is_refused(tmp_path: Path) -> None:
    """A key that is not the certificate's would sign what no node accepts."""
    ensure_authority(tmp_path, now=NOW)
    path = tmp_path / "authority.pem"
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(certificate_at(path).public_bytes(serialization.Encoding.PEM) + other)
    with pytest.raises(AuthorityLost, match="do not belong together"):
        ensure_authority(tmp_path, now=NOW)


def test_an_authority_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """Its key may have been copied."""
    ensure_authority(tmp_path, now=NOW)
    (tmp_path / "authority.pem").chmod(0o644)
    with pytest.raises(AuthorityLost, match="can be read by others"):
        ensure_authority(tmp_path, now=NOW)


def test_the_server_certificate_speaks_for_its_names(tmp_path: Path) -> None:
    """Host names, addresses of both families, and always the name that nodes ask for."""
    authority = ensure_authority(tmp_path, now=NOW)
    path = tmp_path / "server.pem"
    assert ensure_server_certificate(path, authority, names=["EWS.example", "192.0.2.7", "2001:db8::7"], now=NOW)
    certificate = certificate_at(path)
    certificate.verify_directly_issued_by(authority.certificate)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {"kentongan", "ews.example"}
    assert {str(each) for each in names.get_values_for_type(x509.IPAddress)} == {"192.0.2.7", "2001:db8::7"}
    assert (certificate.not_valid_before_utc, certificate.not_valid_after_utc) == (NOT_BEFORE, NOW + SERVER_LIFE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["", "a b", "-a", "a..b", "x" * 254, "a_b", "192.0.2.7:8883", "a\nb", "*.example"])
def test_what_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    """A slip in the settings is told at start."""
    authority = ensure_authority(tmp_path, now=NOW)
    with pytest.raises(BadServerName, match="neither a host name nor an IP address"):
        ensure_server_certificate(tmp_path / "server.pem", authority, names=[name], now=NOW)


def test_a_good_server_certificate_is_kept(tmp_path: Path) -> None:
    """The order and repetition of names do not matter, nor does time until 30 days before the end."""
    authority = ensure_authority(tmp_path, now=NOW)
    path = tmp_path / "server.pem"
    last_good = NOW + SERVER_LIFE - RENEW_BEFORE
    made = [
        ensure_server_certificate(path, authority, names=["a.example", "b.example"], now=NOW),
        ensure_server_certificate(path, authority, names=["b.example", "a.example", "b.example"], now=NOW),
        ensure_server_certificate(path, authority, names=["a.example", "b.example"], now=last_good),
        ensure_server_certificate(
            path, authority, names=["a.example", "b.example"], now=last_good + timedelta(seconds=1)
        ),
    ]
    assert made == [True, False, False, True]
    assert certificate_at(path).not_valid_after_utc > NOW + SERVER_LIFE


def test_a_server_certificate_of_no_more_use_is_renewed(tmp_path: Path) -> None:
    """Other names, another authority, damage, or a key that others could read."""
    (tmp_path / "other").mkdir()
    authority, other = ensure_authority(tmp_path, now=NOW), ensure_authority(tmp_path / "other", now=NOW)
    path = tmp_path / "server.pem"
    made = [ensure_server_certificate(path, authority, names=[], now=NOW)]
    made.append(ensure_server_certificate(path, authority, names=["a.example"], now=NOW))
    made.append(ensure_server_certificate(path, other, names=["a.example"], now=NOW))
    path.chmod(0o644)
    made.append(ensure_server_certificate(path, other, names=["a.example"], now=NOW))
    path.write_bytes(path.read_bytes()[:300])
    made.append(ensure_server_certificate(path, other, names=["a.example"], now=NOW))
    made.append(ensure_server_certificate(path, other, names=["a.example"], now=NOW))
    assert made == [True, True, True, True, True, False]


def test_no_server_certificate_outlives_its_authority(tmp_path: Path) -> None:
    """Near the end of the authority's thirty years it ends with it."""
    authority = ensure_authority(tmp_path, now=NOW)
    path = tmp_path / "server.pem"
    ensure_server_certificate(path, authority, names=[], now=NOW + timedelta(days=25 * 365))
    assert certificate_at(path).not_valid_after_utc == authority.certificate.not_valid_after_utc
