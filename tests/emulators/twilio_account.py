"""The account behind the emulator of Twilio's Messages API: what it accepts, remembers, logs and calls back."""

import asyncio
import base64
import hmac
import json
import os
import re
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import sha1
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

ACCOUNT_SID: Final = "AC" + "e" * 32
AUTH_TOKEN: Final = "emulator-token-of-32-characters!"

_MAGIC_TO: Final = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
_MAGIC_FROM: Final = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
_MESSAGES: Final = {
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20500: "An internal server error has occurred",
    21211: "Invalid 'To' Phone Number: {To}",
    21212: "Invalid 'From' Number: {From}",
    21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {To}",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21606: "The 'From' phone number provided ({From}) is not a valid message-capable Twilio phone number.",
    21610: "Attempt to send to unsubscribed recipient",
    21611: "This 'From' number has exceeded the maximum number of queued messages",
    21612: "Message cannot be sent with the current combination of 'To' ({To}) and 'From' parameters",
    21614: "'To' number {To} is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit",
}
_REACHED: Final = ("queued", "sent", "delivered")
_FAILED: Final = ("queued", "sent", "undelivered")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to the next ``times`` requests with ``method`` (None: for ever)."""

    kind: str  # error | hang | reset | slow | garbage
    method: str = "POST"
    times: int | None = None
    accept: bool = False  # hang, reset and garbage: whether the message is taken before
    status: int = 500  # of an error
    code: int = 20500
    retry_after: str | None = None
    delay_s: float = 0.0  # of a slow answer
    body: str = "<html>Silakan masuk ke Wi-Fi</html>"  # of garbage, which comes with status 200

    def __post_init__(self) -> None:
        if self.kind not in ("error", "hang", "reset", "slow", "garbage"):
            raise ValueError(f"unknown fault {self.kind!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How the emulator behaves; the default is a provider in good health that delivers everything."""

    fault: Fault | None = None
    rate: float | None = None  # POSTs per second, more get 429
    step_s: float | None = 0.2  # from one status to the next; None: messages stay queued
    undelivered_code: int | None = None  # the error code with which messages end instead of being delivered
    account_status: str = "active"

    @classmethod
    def from_json(cls, text: bytes | str) -> "Behaviour":
        values = json.loads(text)
        fault = values.pop("fault", None)
        return cls(fault=Fault(**fault) if fault else None, **values)

    def to_json(self) -> str:
        return json.dumps(asdict(self))


@dataclass(slots=True, kw_only=True)
class Row:
    """A Message resource."""

    sid: str
    created_at: float
    form: dict[str, str]
    steps: tuple[str, ...] = _REACHED
    step_s: float | None = None
    error_code: int | None = None

    @property
    def step(self) -> int:
        if self.step_s is None:
            return 0
        if self.step_s == 0:
            return len(self.steps) - 1
        return min(len(self.steps) - 1, int((time.time() - self.created_at) / self.step_s))

    def resource(self) -> dict[str, Any]:
        status = self.steps[self.step]
        # Not set while a message is queued: a client that filters by it does not see what waits.
        sent = _rfc2822(self.created_at + (self.step_s or 0)) if self.step else None
        return {
            "account_sid": ACCOUNT_SID,
            "api_version": "2010-04-01",
            "body": self.form["Body"],
            "date_created": _rfc2822(self.created_at),
            "date_sent": sent,
            "date_updated": sent or _rfc2822(self.created_at),
            "direction": "outbound-api",
            "error_code": self.error_code if status == "undelivered" else None,
            "error_message": None,
            "from": self.form.get("From"),
            "messaging_service_sid": self.form.get("MessagingServiceSid"),
            "num_media": "0",
            "num_segments": "1",
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": status,
            "subresource_uris": {"media": f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{self.sid}/Media.json"},
            "to": self.form["To"],
            "uri": f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{self.sid}.json",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    body: dict[str, Any] | bytes
    retry_after: str | None = None

    def encode(self) -> bytes:
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        extra = f"Retry-After: {self.retry_after}\r\n" if self.retry_after is not None else ""
        reason = HTTPStatus(self.status).phrase
        return (
            f"HTTP/1.1 {self.status} {reason}\r\nContent-Type: application/json\r\n{extra}"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body


class Provider:
    """The account: what was accepted, and the decisions on each request."""

    def __init__(self, log: Path, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self._faults_left: int | None = None
        self._rows: dict[str, Row] = {}
        self._by_number: dict[str, list[Row]] = {}
        self._allowance = 1.0
        self._refilled_at = time.monotonic()
        self._callbacks: set[asyncio.Task[None]] = set()
        self._basic = "Basic " + base64.b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()
        self._root = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages"
        self._recall(log)
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def behave(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self._faults_left = behaviour.fault.times if behaviour.fault else None

    def forget(self) -> None:
        """Empty the account and the log."""
        self._rows.clear()
        self._by_number.clear()
        os.ftruncate(self._log, 0)

    def fault_for(self, method: str) -> Fault | None:
        fault = self.behaviour.fault
        if fault is None or fault.method != method or self._faults_left == 0:
            return None
        if self._faults_left is not None:
            self._faults_left -= 1
        return fault

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes, fault: Fault | None) -> Reply:
        """The reply to one request; a POST is in the log when this returns."""
        path, _, query = target.partition("?")
        if headers.get("authorization") != self._basic:
            return error(20003, 401)
        if path == f"{self._root}.json" and method == "POST":
            return self._create(dict(parse_qsl(body.decode())), fault)
        if path == f"{self._root}.json" and method == "GET":
            return Reply(status=200, body=self._page(path, query))
        if path == f"/2010-04-01/Accounts/{ACCOUNT_SID}.json":
            return Reply(status=200, body={"sid": ACCOUNT_SID, "status": self.behaviour.account_status})
        row = self._rows.get(path.removeprefix(f"{self._root}/").removesuffix(".json"))
        if row is None or method != "GET":
            return error(20404, 404)
        return Reply(status=200, body=row.resource())

    def _create(self, form: dict[str, str], fault: Fault | None) -> Reply:
        received = time.time_ns()
        refused = _complaint(form) or (self._over_rate() and error(20429, 429, retry_after="1")) or None
        if fault is not None and fault.kind == "error":
            refused = error(fault.code, fault.status, retry_after=fault.retry_after)
        taken = refused is None and (fault is None or fault.kind == "slow" or fault.accept)
        row = self._accept(form, received / 1e9) if taken else None
        line = {
            "time_ns": received,
            "sid": row.sid if row else None,
            "status": refused.status if refused else 201,
            **form,
        }
        os.write(self._log, json.dumps(line).encode() + b"\n")
        if refused is not None:
            return refused
        return Reply(status=201, body=row.resource() if row else b"")

    def _accept(self, form: dict[str, str], created_at: float) -> Row:
        code = self.behaviour.undelivered_code
        row = Row(
            sid=f"SM{len(self._rows):032x}",
            created_at=created_at,
            form=form,
            steps=_REACHED if code is None else _FAILED,
            step_s=self.behaviour.step_s,
            error_code=code,
        )
        self._keep(row)
        if "StatusCallback" in form and row.step_s is not None:
            task = asyncio.get_running_loop().create_task(self._call_back(row))
            self._callbacks.add(task)
            task.add_done_callback(self._callbacks.discard)
        return row

    def _keep(self, row: Row) -> None:
        self._rows[row.sid] = row
        self._by_number.setdefault(row.form["To"], []).append(row)

    def _recall(self, log: Path) -> None:
        if not log.exists():
            return
        for line in log.read_text().splitlines():
            form = json.loads(line)
            received, sid, _ = form.pop("time_ns"), form.pop("sid"), form.pop("status")
            if sid is not None:
                self._keep(Row(sid=sid, created_at=received / 1e9, form=form, step_s=0))

    def _over_rate(self) -> bool:
        if self.behaviour.rate is None:
            return False
        now = time.monotonic()
        grown = self._allowance + (now - self._refilled_at) * self.behaviour.rate
        self._allowance, self._refilled_at = min(max(1.0, self.behaviour.rate), grown), now
        if self._allowance < 1:
            return True
        self._allowance -= 1
        return False

    def _page(self, path: str, query: str) -> dict[str, Any]:
        wanted = {name: values[0] for name, values in parse_qs(query).items()}
        rows = self._by_number.get(wanted["To"], []) if "To" in wanted else list(self._rows.values())
        listed = [row.resource() for row in reversed(rows)]
        listed = [row for row in listed if _is_in_dates(row["date_sent"], wanted)]
        size, page = int(wanted.get("PageSize", 50)), int(wanted.get("Page", 0))
        start = page * size
        kept = {name: value for name, value in wanted.items() if name not in ("Page", "PageToken")}
        uri = f"{path}?{urlencode(kept)}"
        return {
            "messages": listed[start : start + size],
            "start": start,
            "end": min(start + size, len(listed)) - 1,
            "page": page,
            "page_size": size,
            "uri": f"{uri}&Page={page}",
            "first_page_uri": f"{uri}&Page=0",
            "next_page_uri": f"{uri}&Page={page + 1}&PageToken=PA{start}" if start + size < len(listed) else None,
            "previous_page_uri": f"{uri}&Page={page - 1}" if page else None,
        }

    async def _call_back(self, row: Row) -> None:
        """Tell the client about each status, signed as Twilio signs."""
        url = row.form["StatusCallback"]
        for status in row.steps[1:]:
            await asyncio.sleep(row.step_s or 0)
            form = {
                "AccountSid": ACCOUNT_SID,
                "ApiVersion": "2010-04-01",
                "From": row.form.get("From", ""),
                "MessageSid": row.sid,
                "MessageStatus": status,
                "SmsSid": row.sid,
                "SmsStatus": status,
                "To": row.form["To"],
            }
            if status == "undelivered":
                form["ErrorCode"] = str(row.error_code)
            await _post_form(url, form)


def signature(url: str, form: dict[str, str]) -> str:
    """X-Twilio-Signature: base64 of HMAC-SHA1, by the token, of the address and the sorted parameters."""
    text = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(AUTH_TOKEN.encode(), text.encode(), sha1).digest()).decode()


async def _post_form(url: str, form: dict[str, str]) -> None:
    parts = urlsplit(url)
    body = urlencode(form).encode()
    try:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    except OSError:
        return  # Twilio gives up too
    try:
        writer.write(
            f"POST {parts.path or '/'}{'?' + parts.query if parts.query else ''} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nX-Twilio-Signature: {signature(url, form)}\r\n"
            f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        await writer.drain()
        await reader.read()
    finally:
        writer.close()


def _complaint(form: dict[str, str]) -> Reply | None:
    """What the API finds wrong with the parameters of a new message."""
    if not form.get("To"):
        code = 21604
    elif not (form.get("From") or form.get("MessagingServiceSid")):
        code = 21603
    elif not form.get("Body"):
        code = 21602
    elif len(form["Body"]) > 1600:
        code = 21617
    elif not re.fullmatch(r"\+[1-9][0-9]{6,14}", form["To"]):
        code = 21211
    else:
        found = _MAGIC_TO.get(form["To"]) or _MAGIC_FROM.get(form.get("From", ""))
        if found is None:
            return None
        code = found
    return error(code, 429 if code == 21611 else 400, form=form)


def error(code: int, status: int, *, form: dict[str, str] | None = None, retry_after: str | None = None) -> Reply:
    named = {"To": "", "From": ""} | (form or {})
    message = _MESSAGES.get(code, "Error").format_map(named)
    body = {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return Reply(status=status, body=body, retry_after=retry_after)


def _rfc2822(at: float) -> str:
    return format_datetime(datetime.fromtimestamp(int(at), UTC))


def _is_in_dates(sent: str | None, wanted: dict[str, str]) -> bool:
    """DateSent, DateSent> (on or after) and DateSent< (on or before), by day, as Twilio documents them."""
    on, since, until = (wanted.get(f"DateSent{sign}", "")[:10] for sign in ("", ">", "<"))
    if not (on or since or until):
        return True
    if sent is None:
        return False
    day = datetime.strptime(sent, "%a, %d %b %Y %H:%M:%S %z").date().isoformat()
    return day == (on or day) and day >= since and day <= (until or day)
