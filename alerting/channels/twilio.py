"""SMS through Twilio's Messages API, with the official library over connections that never send a request twice.

Reasons are sentences in Indonesian for the officers' page. They never hold a number, nor the provider's own wording,
which quotes the number.
"""

import base64
import logging
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from alerting.channels.port import Accepted, Delivered, Message, Outcome, Rejected, RetryLater, Unknown
from alerting.channels.single_attempt import Answer, MaybeSentError, NotSentError, SingleAttempt
from alerting.contacts import ContactKind
from broker.clock import REAL

API_BASE: Final = "https://api.twilio.com"

# https://www.twilio.com/docs/api/errors: what no repetition will mend.
_PERMANENT: Final = {
    21211: "nomor tujuan tidak sah",
    21212: "nomor pengirim tidak sah",
    21408: "akun belum diizinkan mengirim ke negara tujuan",
    21610: "penerima sudah berhenti berlangganan (STOP)",
    21612: "nomor tujuan tidak terjangkau dari nomor pengirim ini",
    21614: "nomor tujuan bukan nomor seluler",
}
# Delivery errors after acceptance; the others (handset off, network fault) may pass.
_PERMANENT_DELIVERY: Final = {
    30004: "nomor tujuan memblokir pesan",
    30005: "nomor tujuan tidak dikenal",
    30006: "nomor tujuan telepon rumah atau tidak terjangkau",
    30007: "pesan disaring operator seluler",
    30036: "masa berlaku pesan habis",
}
_PASSING_DELIVERY: Final = {
    30001: "antrean Twilio penuh",
    30002: "akun Twilio dibekukan",
    30003: "telepon tujuan mati atau di luar jangkauan",
    30008: "gangguan yang tidak diketahui pada operator",
}
_CREDENTIAL: Final = 20003
_GATEWAY_STATUSES: Final = (502, 504)  # a proxy lost its backend: nobody knows what the backend did

_LONGEST_VALIDITY_S: Final = 36_000
# A row is looked for from this long before the message was made: their clock and ours may differ.
_CLOCK_SLACK_MS: Final = 600_000
_PAGE_SIZE: Final = 200
_MAX_PAGES: Final = 2


class TwilioChannel:
    """The channel ``twilio``; see :class:`alerting.channels.port.Channel` for what its outcomes promise."""

    name = "twilio"
    takes: ContactKind = "phone"

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        from_number: str | None = None,
        messaging_service_sid: str | None = None,
        api_base: str = API_BASE,
        timeout_s: float = 10.0,
        max_parallel: int = 8,
        rate_per_s: float | None = None,
        status_callback: str | None = None,
        settle_s: float = 2.0,
        now: Callable[[], int] = REAL.now,
    ) -> None:
        """``status_callback``: where Twilio reports what becomes of a message.

        ``settle_s``: how long after an attempt a message that is not listed may still appear.

        Raises ValueError, naming the argument, for a configuration that cannot work. Touches no network.
        """
        if not re.fullmatch(r"AC[0-9a-f]{32}", account_sid):
            raise ValueError("account_sid is not AC followed by 32 hexadecimal digits")
        if len(auth_token) < 32:
            raise ValueError("auth_token is shorter than the 32 characters of a Twilio token")
        if (from_number is None) == (messaging_service_sid is None):
            raise ValueError("give either from_number or messaging_service_sid")
        self.max_parallel = max_parallel
        self.rate_per_s = rate_per_s
        self._settle_ms = settle_s * 1000
        self._now = now
        self._attempts = SingleAttempt(api_base, timeout_s=timeout_s)
        # The library builds its resources on first use, some milliseconds that the first warning should not pay.
        client = Client(account_sid, auth_token, http_client=_TwilioHttp(self._attempts, (account_sid, auth_token)))
        self._messages, self._account = client.messages, client.api.v2010.accounts(account_sid)
        self._sender = {"from_": from_number} if from_number else {"messaging_service_sid": messaging_service_sid}
        if status_callback is not None:
            self._sender["status_callback"] = status_callback

    def send(self, message: Message) -> Outcome:
        try:
            created = self._messages.create(
                to=message.address,
                body=message.body,
                validity_period=min(message.valid_for_s, _LONGEST_VALIDITY_S),
                **self._sender,
            )
        except _FAILURES as failure:
            return _outcome_of(failure)
        if not created.sid:
            return Unknown(reason="Jawaban Twilio tidak memuat tanda terima.")
        return Accepted(reference=created.sid)

    def find(self, message: Message, *, attempted_at: int) -> Outcome | None:
        since = min(attempted_at, message.created_at) - _CLOCK_SLACK_MS
        try:
            rows, is_complete = self._rows(message.address, since)
        except _FAILURES as failure:
            return Unknown(reason=f"Twilio tidak dapat ditanya: {_clause(failure)}.")
        # A trial account puts a sentence of its own before the text.
        fates = [_fate(row) for row in rows if row.body and row.body.endswith(message.body)]
        if fates:
            return next((fate for fate in fates if isinstance(fate, Delivered | Accepted)), fates[0])
        if not is_complete:
            return Unknown(reason="Daftar pesan Twilio terlalu panjang untuk diperiksa.")
        if self._now() - attempted_at < self._settle_ms:
            return Unknown(reason="Terlalu dini untuk memastikan bahwa Twilio tidak menerima pesan.")
        return None

    def probe(self) -> str | None:
        """Whether the account answers and is active; a suspended one takes no messages."""
        try:
            status = self._account.fetch().status
        except _FAILURES as failure:
            return f"Twilio tidak dapat dipakai: {_clause(failure)}."
        return None if status == "active" else f"Akun Twilio tidak aktif ({status}): periksa tagihan atau statusnya."

    def close(self) -> None:
        self._attempts.close()

    def _rows(self, address: str, since: int) -> tuple[list[Any], bool]:
        """The newest rows for this number made after ``since``, and whether they are all of them."""
        # Not by DateSent, which a message still in their queue does not have: filtered by it, an accepted message
        # would seem unknown and be sent again.
        page = self._messages.page(to=address, page_size=_PAGE_SIZE)
        rows: list[Any] = []
        for _ in range(_MAX_PAGES):
            listed = list(page)
            fresh = [row for row in listed if not row.date_created or row.date_created.timestamp() * 1000 >= since]
            rows += fresh
            if len(fresh) < len(listed) or (page := page.next_page()) is None:
                return rows, True
        return rows, False


class _BusyError(Exception):
    """Twilio is over its rate or out of order."""

    def __init__(self, status: int, after_s: float | None) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.after_s = after_s


# The last four are what the library raises on JSON of another shape than Twilio's, such as a captive portal's answer.
_FAILURES: Final = (
    NotSentError,
    MaybeSentError,
    _BusyError,
    TwilioException,
    ValueError,
    TypeError,
    AttributeError,
    KeyError,
)


class _TwilioHttp(HttpClient):  # type: ignore[misc]  # the library has annotations but does not declare them
    """The library's seam for HTTP: whatever host the library names, requests go to the one that was configured."""

    def __init__(self, attempts: SingleAttempt, auth: tuple[str, str]) -> None:
        super().__init__(logging.getLogger(__name__), is_async=False)
        self._attempts = attempts
        self._headers = {
            "Authorization": "Basic " + base64.b64encode(":".join(auth).encode()).decode(),
            "Accept": "application/json",
            "User-Agent": "kentongan",
        }
        self._form_headers = self._headers | {"Content-Type": "application/x-www-form-urlencoded"}

    def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        **_options: object,
    ) -> Response:
        """Send once; raises :class:`NotSentError`, :class:`MaybeSentError`, :class:`_BusyError`."""
        url = urlsplit(uri)
        query = "&".join(part for part in (url.query, urlencode(params) if params else "") if part)
        body = urlencode(data).encode() if data else b""
        headers = self._form_headers if body else self._headers
        target = f"{url.path}?{query}" if query else url.path
        answer = self._attempts.request(method.upper(), target, headers=headers, body=body)
        if answer.status == 429 or answer.status >= 500:
            raise _BusyError(answer.status, _retry_after_s(answer))
        return Response(answer.status, answer.body.decode("utf-8", "replace"), answer.headers)


def _retry_after_s(answer: Answer) -> float | None:
    """Seconds to wait by the answer's Retry-After, which is a number of seconds or a date; None when it has none."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, at.replace(tzinfo=at.tzinfo or UTC).timestamp() - time.time())


def _outcome_of(failure: Exception) -> Outcome:
    match failure:
        case NotSentError():
            return RetryLater(reason=f"Twilio tidak terhubung: {failure}.")
        case _BusyError(status=429):
            return RetryLater(reason="Twilio meminta pengiriman diperlambat (429).", after_s=failure.after_s)
        case _BusyError(status=status) if status not in _GATEWAY_STATUSES:
            return RetryLater(reason=f"Twilio sedang terganggu (HTTP {status}).", after_s=failure.after_s)
        case TwilioRestException() | TwilioServiceException():
            return _refusal(failure.status, failure.code)
    return Unknown(reason=f"Tidak diketahui apakah Twilio menerima pesan: {_clause(failure)}.")


def _refusal(status: int, code: int | None) -> Outcome:
    """What an answer in the 4xx range means, by Twilio's error code."""
    if code == _CREDENTIAL or status in (401, 403):
        # Mended by a person, and then the waiting messages must still go out.
        return RetryLater(reason=f"Twilio menolak kredensial kita ({code}): periksa SID akun dan token.")
    if code in _PERMANENT:
        return Rejected(reason=f"Twilio menolak pesan: {_PERMANENT[code]}.", code=str(code))
    # Codes that are not about this recipient are about our account or sender, which a person can mend too.
    return RetryLater(reason=f"Twilio menolak permintaan (kode {code}): periksa akun dan pengirim.")


def _fate(row: Any) -> Outcome:
    """The outcome that a listed message stands for."""
    match row.status:
        case "delivered" | "read":
            return Delivered(reference=row.sid)
        case "failed" | "undelivered" | "canceled":
            code = row.error_code
            if code in _PERMANENT_DELIVERY:
                return Rejected(reason=f"Tidak sampai: {_PERMANENT_DELIVERY[code]}.", code=str(code))
            return RetryLater(reason=f"Twilio menerima pesan, tetapi tidak sampai (kode {code}).")
    return Accepted(reference=row.sid)


def delivery_problem(code: int) -> str:
    """Why an accepted message did not arrive, as an Indonesian clause."""
    return _PERMANENT_DELIVERY.get(code, _PASSING_DELIVERY.get(code, f"gangguan pada operator (kode {code})"))


def _clause(error: Exception) -> str:
    match error:
        case NotSentError() | MaybeSentError():
            return str(error)
        case _BusyError():
            return f"gangguan (HTTP {error.status})"
        case TwilioException(args=(_, Response(status_code=status))):
            return f"permintaan ditolak (HTTP {status})"
    return "jawaban tidak terbaca"
