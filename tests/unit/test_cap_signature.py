"""A signed CAP message: another implementation agrees, and no byte of it can be changed."""

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.verifier import SignatureConfiguration, XMLVerifier

from alerting.cap import CapArea, CapInfo, CapMessage, cap_xml
from alerting.cap_signature import BadSignature, Signer, verify
from deploy.cap.key import certificate_pem, open_signer
from deploy.state_folder import StateFolderUnusable

T0 = 1_795_000_000_000


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return open_signer(tmp_path / "cap-key.pem", name="peringatan@kota.example")


def document() -> bytes:
    info = CapInfo(
        language="id-ID",
        categories=("Met",),
        event="Banjir",
        responses=("Evacuate",),
        urgency="Immediate",
        severity="Extreme",
        certainty="Observed",
        effective=T0,
        expires=T0 + 3_600_000,
        headline="AWAS BANJIR & <kota> 🌊",
        description="Air 5,8 m.",
        instruction="Mengungsi sekarang.",
        sender_name="BPBD",
        areas=(CapArea(description="x"),),
    )
    message = CapMessage(identifier="a", sender="b@c", sent=T0, status="Actual", type="Alert", infos=(info,))
    return cap_xml(message, ZoneInfo("Asia/Jakarta"))


def test_another_implementation_verifies_it(signer: Signer) -> None:
    """signxml, with the profile and the certificate given, finds the whole document signed."""
    signed = signer.signed(document())
    wanted = SignatureConfiguration(
        signature_methods=frozenset({SignatureMethod.ECDSA_SHA256}),
        digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
    )
    pem = certificate_pem(signer).decode()
    found: Any = XMLVerifier().verify(signed, x509_cert=pem, expect_config=wanted)
    root = found.signed_xml if not isinstance(found, list) else found[0].signed_xml
    assert etree.tostring(etree.fromstring(document()), method="c14n") == etree.tostring(root, method="c14n")


def test_what_was_published_is_verified(signer: Signer) -> None:
    """As it is; a document without a signature is not."""
    verify(signer.signed(document()), signer.certificate)
    with pytest.raises(BadSignature, match="not signed"):
        verify(document(), signer.certificate)


def test_one_changed_byte_is_rejected(signer: Signer) -> None:
    """Any byte, changed to any other, anywhere: in the words, the signature, the certificate, the declaration."""
    signed, chance = signer.signed(document()), random.Random(7)
    for place in range(len(signed)):
        changed = bytearray(signed)
        changed[place] ^= chance.randrange(1, 256)
        with pytest.raises(BadSignature):
            verify(bytes(changed), signer.certificate)


def test_a_byte_more_or_less_is_rejected(signer: Signer) -> None:
    """Also a space where it changes no meaning."""
    signed = signer.signed(document())
    for place in range(0, len(signed), 5):
        with pytest.raises(BadSignature):
            verify(signed[:place] + signed[place + 1 :], signer.certificate)
        with pytest.raises(BadSignature):
            verify(signed[:place] + b" " + signed[place:], signer.certificate)


def test_only_the_certificate_that_is_trusted_counts(signer: Signer, tmp_path: Path) -> None:
    """Somebody else's signature brings its own certificate along, and that is worth nothing."""
    other = open_signer(tmp_path / "other.pem", name="peringatan@kota.example")
    with pytest.raises(BadSignature, match="another certificate"):
        verify(other.signed(document()), signer.certificate)


def test_two_signatures_are_none(signer: Signer) -> None:
    """Which of them would count?"""
    with pytest.raises(BadSignature):
        verify(signer.signed(signer.signed(document())), signer.certificate)


def test_the_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    """A file of its own that nobody else may read; its certificate holds for years."""
    path = tmp_path / "cap-key.pem"
    first, second = (certificate_pem(open_signer(path, name="x" * 100)) for _ in range(2))
    assert first == second
    assert 0o600 == path.stat().st_mode & 0o777
    assert b"PRIVATE" not in first
    ends = open_signer(path, name="x").certificate.not_valid_after_utc
    assert ends.year - datetime.now(UTC).year in (19, 20)
    path.chmod(0o644)
    with pytest.raises(StateFolderUnusable, match="chmod 600"):
        open_signer(path, name="x")


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_broken_key_is_named(tmp_path: Path, content: bytes) -> None:
    """File and remedy."""
    path = tmp_path / "cap-key.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(StateFolderUnusable, match=r"cap-key.pem: .*take it away"):
        open_signer(path, name="x")


def test_a_key_and_a_strange_certificate_do_not_sign(signer: Signer, tmp_path: Path) -> None:
    """Readers would be told a lie."""
    other = open_signer(tmp_path / "other.pem", name="x")
    with pytest.raises(ValueError, match="not that of the key"):
        Signer(other._key, signer.certificate)
