"""The broker's files, and the certificates that nodes trust."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from broker import certificates, mosquitto_check
from broker.mosquitto import BadBrokerSettings
from broker.mosquitto_check import MosquittoMisconfigured
from deploy.assembly import broker_settings, certificate_names
from deploy.checks.finding import Examined, Finding, good, warning, wrong
from deploy.health.certificate_watch import AUTHORITY_WARN_BEFORE, WARN_BEFORE

GROUP: Final = "broker"
RENEW: Final = "kentongan certificates renew"
PAGES: Final = "have it renewed, then: sh deploy/install.sh --certificate FILE --key FILE"
RESTORE: Final = "take it from a backup: kentongan restore"
VISIT: Final = "plan a visit to every node: kentongan node flash"


def look(found: Examined) -> Iterator[Finding]:
    yield from _pages(found)
    if not found.state.broker.exists():
        yield warning(GROUP, "broker files", "not made yet", "they are made at the first start: kentongan up")
        return
    yield from _files(found)
    now = datetime.fromtimestamp(found.now / 1000, UTC)
    authority, server = found.state.authority / "ca.pem", found.state.broker / "server.pem"
    yield _dated(
        "authority certificate", authority, now, remind_days=AUTHORITY_WARN_BEFORE.days, remedy=VISIT, again=RESTORE
    )
    yield from _authority_key(found.state.authority / "authority.pem")
    yield _dated("broker certificate", server, now, remind_days=WARN_BEFORE.days, remedy=RENEW, again=RENEW)
    if _is_certificate(authority) and _is_certificate(server):
        yield _belongs(server, authority, certificate_names(found.settings))


def _authority_key(path: Path) -> Iterator[Finding]:
    """Nodes trust certificates of this key alone, and nothing starts without it."""
    check, told = "authority key", "the broker's certificate cannot be renewed, and nothing starts again"
    try:
        serialization.load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        yield wrong(GROUP, check, f"{path}: missing: {told}", RESTORE)
    except OSError as error:
        yield wrong(GROUP, check, f"{path}: cannot be read: {error.strerror}", "run this as the user who runs core")
    except (ValueError, TypeError, UnsupportedAlgorithm):
        yield wrong(GROUP, check, f"{path}: holds no key: {told}", RESTORE)
    else:
        yield good(GROUP, check, "there, and can sign the broker's next certificate")


def _is_certificate(path: Path) -> bool:
    try:
        certificates.good_until(path)
    except (OSError, ValueError):
        return False
    return True


def _pages(found: Examined) -> Iterator[Finding]:
    """That of the server in front, where ``deploy/install.sh`` put it."""
    path = found.base / "tls" / "pages.pem"
    if path.exists():
        now = datetime.fromtimestamp(found.now / 1000, UTC)
        end = "no browser opens the pages"
        yield _dated("pages certificate", path, now, remind_days=WARN_BEFORE.days, remedy=PAGES, end=end, again=PAGES)


def _files(found: Examined) -> Iterator[Finding]:
    """Limits, access list, passwords, permissions: each fault a line of its own."""
    remedy = "start it anew, which writes these files: kentongan up"
    try:
        mosquitto_check.check(broker_settings(found.settings, found.state))
    except MosquittoMisconfigured as error:
        for line in str(error).splitlines():
            yield wrong(GROUP, "broker files", line, remedy)
    except BadBrokerSettings as error:
        yield wrong(GROUP, "broker files", str(error), "correct [broker] in the settings")
    except OSError as error:
        yield wrong(GROUP, "broker files", f"cannot be read: {error}", "run this as the user who runs core, or as root")
    else:
        yield good(GROUP, "broker files", "limits, access list, passwords and permissions are as they must be")


def _dated(
    check: str, path: Path, now: datetime, *, remind_days: int, remedy: str, again: str, end: str = "no node can send"
) -> Finding:
    """``again`` is what to do when there is none."""
    try:
        until = certificates.good_until(path)
    except OSError as error:
        return wrong(GROUP, check, f"{path}: cannot be read: {error.strerror}", again)
    except ValueError:
        return wrong(GROUP, check, f"{path}: holds no certificate", again)
    days = (until - now).days
    told = f"good until {until.date()} ({days} days)"
    if days < 0:
        return wrong(GROUP, check, f"ended on {until.date()}: {end}", remedy)
    return warning(GROUP, check, told, remedy) if days < remind_days else good(GROUP, check, told)


def _belongs(server: Path, authority: Path, names: list[str]) -> Finding:
    check = "certificate chain"
    try:
        certificate = x509.load_pem_x509_certificate(server.read_bytes())
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.read_bytes()))
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return wrong(GROUP, check, "the broker's certificate is not of the authority that nodes trust", RENEW)
    known = {str(each.value) for each in alternatives}
    if missing := sorted({name.lower() for name in names} - known):
        return warning(GROUP, check, f"the broker's certificate does not name {', '.join(missing)}", RENEW)
    return good(GROUP, check, "the broker's certificate is of our authority, and names every address of the settings")
