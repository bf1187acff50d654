"""Signed CAP: an enveloped XML signature, made and checked. Pure.

After W3C "XML Signature Syntax and Processing 1.1", of which one profile is spoken and understood: the whole document,
exclusive canonical XML, SHA-256, ECDSA on P-256. Only the certificate that a reader already trusts counts, never the
one inside a document.
"""

import base64
import binascii
import hashlib
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from lxml import etree

from alerting.cap_in import BadDocument, read_xml

DSIG: Final = "http://www.w3.org/2000/09/xmldsig#"
CANONICAL: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED: Final = f"{DSIG}enveloped-signature"
SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
ECDSA: Final = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
NUMBER_BYTES: Final = 32  # of each half of a signature on P-256
_UNPREFIXED: Final[Any] = {None: DSIG}


class BadSignature(ValueError):
    """A document that is not as its sender published it; the text says why."""


class Signer:
    """A key and its certificate. Raises ValueError when they do not belong together, or are of another curve."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        if not isinstance(key.curve, ec.SECP256R1) or _public(certificate) != _point(key.public_key()):
            raise ValueError("the certificate is not that of the key, or the key is not on P-256")
        self._key, self.certificate = key, certificate

    def signed(self, document: bytes) -> bytes:
        """``document`` with the signature as its last element."""
        root = read_xml(document)
        signature = _signature(digest=_digest(root), certificate=self.certificate)
        root.append(signature)
        value = decode_dss_signature(self._key.sign(_signed_info(signature), ec.ECDSA(hashes.SHA256())))
        numbers = b"".join(each.to_bytes(NUMBER_BYTES, "big") for each in value)
        _one(signature, "SignatureValue").text = base64.b64encode(numbers).decode()
        return _written(root)


def verify(document: bytes, certificate: x509.Certificate) -> None:
    """Raise BadSignature unless ``document`` is, byte for byte, what the holder of the certificate's key published."""
    try:
        root = read_xml(document)
    except BadDocument as error:
        raise BadSignature(str(error)) from None
    if _written(root) != document:
        raise BadSignature("the document is not byte for byte as it was published")
    signatures = root.findall(_name("Signature"))
    if len(signatures) != 1 or signatures[0].getnext() is not None:
        raise BadSignature("the document is not signed" if not signatures else "the signature is not its last element")
    signature = signatures[0]
    expected = _signature(digest=_text(signature, "DigestValue"), certificate=certificate)
    _one(expected, "SignatureValue").text = _text(signature, "SignatureValue")
    # Everything but the two values is fixed: algorithms, reference, and whose certificate it is.
    if _canonical(expected) != _canonical(signature):
        raise BadSignature("the signature is of another kind, or of another certificate")
    _check(signature, certificate)
    root.remove(signature)
    if _digest(root) != _text(signature, "DigestValue"):
        raise BadSignature("the document was changed after it was signed")


def _check(signature: etree._Element, certificate: x509.Certificate) -> None:
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise BadSignature("the certificate has no key on an elliptic curve")
    value = _text(signature, "SignatureValue")
    try:
        numbers = base64.b64decode(value, validate=True)
        if len(numbers) != 2 * NUMBER_BYTES or base64.b64encode(numbers).decode() != value:
            raise BadSignature("the signature's value is not that of a signature on P-256")
        r, s = int.from_bytes(numbers[:NUMBER_BYTES], "big"), int.from_bytes(numbers[NUMBER_BYTES:], "big")
        key.verify(encode_dss_signature(r, s), _signed_info(signature), ec.ECDSA(hashes.SHA256()))
    except (binascii.Error, InvalidSignature):
        raise BadSignature("the signature is not by the holder of this certificate") from None


def _signature(*, digest: str, certificate: x509.Certificate) -> etree._Element:
    """The element with everything but its value."""
    signature = etree.Element(_name("Signature"), nsmap=_UNPREFIXED)
    info = etree.SubElement(signature, _name("SignedInfo"))
    etree.SubElement(info, _name("CanonicalizationMethod"), Algorithm=CANONICAL)
    etree.SubElement(info, _name("SignatureMethod"), Algorithm=ECDSA)
    reference = etree.SubElement(info, _name("Reference"), URI="")
    transforms = etree.SubElement(reference, _name("Transforms"))
    for algorithm in (ENVELOPED, CANONICAL):
        etree.SubElement(transforms, _name("Transform"), Algorithm=algorithm)
    etree.SubElement(reference, _name("DigestMethod"), Algorithm=SHA256)
    etree.SubElement(reference, _name("DigestValue")).text = digest
    etree.SubElement(signature, _name("SignatureValue"))
    data = etree.SubElement(etree.SubElement(signature, _name("KeyInfo")), _name("X509Data"))
    der = certificate.public_bytes(serialization.Encoding.DER)
    etree.SubElement(data, _name("X509Certificate")).text = base64.b64encode(der).decode()
    return signature


def _digest(root: etree._Element) -> str:
    return base64.b64encode(hashlib.sha256(_canonical(root)).digest()).decode()


def _signed_info(signature: etree._Element) -> bytes:
    return _canonical(_one(signature, "SignedInfo"))


def _canonical(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False, with_tail=False)


def _written(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


def _one(parent: etree._Element, name: str) -> etree._Element:
    found = parent.find(f".//{_name(name)}")
    if found is None:
        raise BadSignature(f"the signature has no {name}")
    return found


def _text(parent: etree._Element, name: str) -> str:
    return _one(parent, name).text or ""


def _public(certificate: x509.Certificate) -> bytes:
    key = certificate.public_key()
    return _point(key) if isinstance(key, ec.EllipticCurvePublicKey) else b""


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _name(local: str) -> str:
    return f"{{{DSIG}}}{local}"
