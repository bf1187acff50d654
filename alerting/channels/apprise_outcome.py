"""From what Apprise was seen to meet to the outcome of a message."""

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import requests
from urllib3.exceptions import NameResolutionError, NewConnectionError

from alerting.channels.port import Outcome, Rejected, RetryLater, Unknown

_GATEWAY: Final = (502, 504)  # nobody knows what the server behind did


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One line of Apprise's log: the exception that was being handled, who wrote it, the HTTP status in it."""

    error: BaseException | None
    function: str
    status: int | None


def outcome_of(sightings: Sequence[Sighting], name: str) -> Outcome:
    """What a send that Apprise calls failed stands for; Unknown unless it is certain that nothing was taken.

    Reasons hold neither the address nor what the other end said.
    """
    for sighting in sightings:
        if sighting.status is not None:
            return _of_status(sighting.status, name)
        if sighting.error is not None:
            return _of_error(sighting.error, name, is_sending=sighting.function == "sendmail")
    return Unknown(reason=f"Tidak diketahui apakah {name} menerima pesan.")


def _of_status(status: int, name: str) -> Outcome:
    if status in _GATEWAY:
        return Unknown(reason=f"Tidak diketahui apakah {name} menerima pesan (HTTP {status}).")
    if status in (401, 403):
        return RetryLater(reason=f"Layanan {name} menolak kredensial atau penerima (HTTP {status}).")
    if status == 429 or status >= 500:
        return RetryLater(reason=f"Layanan {name} sedang sibuk atau terganggu (HTTP {status}).")
    return Rejected(reason=f"Layanan {name} menolak pesan; periksa alamat penerima.", code=f"HTTP {status}")


def _of_error(error: BaseException, name: str, *, is_sending: bool) -> Outcome:
    if isinstance(error, requests.RequestException):
        certain = _of_request(error, name)
    else:
        certain = _of_mail(error) or (None if is_sending else RetryLater(reason=f"Server {name} tidak terhubung."))
    return certain or Unknown(reason=f"Sambungan ke {name} terputus; tidak diketahui apakah pesan diterima.")


def _of_request(error: requests.RequestException, name: str) -> Outcome | None:
    """Certain when no connection was made at all."""
    if isinstance(error, requests.exceptions.SSLError):
        return RetryLater(reason=f"Sambungan aman ke {name} gagal: sertifikat tidak dapat dipercaya.")
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError | NameResolutionError):
        return RetryLater(reason=f"Layanan {name} tidak terhubung.")
    return None


def _of_mail(error: BaseException) -> Outcome | None:
    """Certain when the server has answered."""
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=refused) if refused:
            code = next(iter(refused.values()))[0]
            return _of_smtp(code, f"Server surel menolak alamat penerima ({code}).")
        case smtplib.SMTPDataError(smtp_code=code):
            return _of_smtp(code, f"Server surel menolak isi pesan ({code}).")
        case smtplib.SMTPSenderRefused(smtp_code=code):
            return RetryLater(reason=f"Server surel menolak alamat pengirim ({code}): periksa channels.email.")
        case smtplib.SMTPAuthenticationError(smtp_code=code):
            return RetryLater(reason=f"Server surel menolak kata sandi ({code}): periksa channels.email.")
    return None


def _of_smtp(code: int, reason: str) -> Outcome:
    return RetryLater(reason=reason) if 400 <= code < 500 else Rejected(reason=reason, code=str(code))
