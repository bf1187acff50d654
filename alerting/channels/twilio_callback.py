"""What Twilio reports about a message later: whose report it is, and what it means."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator

from alerting.channels.twilio import delivery_problem

REMEMBERED: Final = 20_000
_PASSING: Final = ("accepted", "scheduled", "queued", "sending", "sent")


class NotFromTwilio(Exception):
    """The request proves nothing; it is answered 403 and changes nothing."""


class Replayed(Exception):
    """The very same report was taken before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """``is_delivered`` None: on its way, nothing to record. ``reason`` is an Indonesian sentence for the officers."""

    reference: str
    is_delivered: bool | None
    reason: str = ""
    code: str = ""


class TwilioCallback:
    """Checks reports against ``url``, where Twilio was told to send them: never against what the request says."""

    def __init__(self, *, url: str, account_sid: str, auth_token: str) -> None:
        self._url, self._account = url, account_sid
        self._validator = RequestValidator(auth_token)
        self._taken: OrderedDict[tuple[str, str], None] = OrderedDict()

    def read(self, body: bytes, signature: str | None) -> StatusReport:
        """The report in a form body; raises NotFromTwilio, and Replayed for one that was :meth:`taken`."""
        form = self._checked(body, signature)
        reference, status = _one(form, "MessageSid"), _one(form, "MessageStatus")
        if (reference, status) in self._taken:
            raise Replayed(f"{status} of {reference} was reported before")
        if status in _PASSING:
            return StatusReport(reference=reference, is_delivered=None)
        if status in ("delivered", "read"):
            return StatusReport(reference=reference, is_delivered=True)
        code = form.get("ErrorCode", "0")
        return StatusReport(
            reference=reference,
            is_delivered=False,
            reason=f"Tidak sampai: {delivery_problem(int(code) if code.isdecimal() else 0)}.",
            code=code if code.isdecimal() else "",
        )

    def taken(self, body: bytes) -> None:
        """The report is safe with core; the same one again is a replay. Only for what :meth:`read` has passed."""
        form = _form(body)
        self._taken[_one(form, "MessageSid"), _one(form, "MessageStatus")] = None
        while len(self._taken) > REMEMBERED:
            self._taken.popitem(last=False)

    def _checked(self, body: bytes, signature: str | None) -> Mapping[str, str]:
        form = _form(body)
        if not signature or not signature.isascii() or not self._validator.validate(self._url, form, signature):
            raise NotFromTwilio("the signature is missing or is not of this body and our address")
        if form.get("AccountSid") != self._account:
            raise NotFromTwilio("it is of another account")
        return form


def _form(body: bytes) -> Mapping[str, str]:
    try:
        # Fields without a value are signed, too.
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True, max_num_fields=100)
    except ValueError:
        raise NotFromTwilio("the body is no form") from None
    form = dict(fields)
    if len(form) < len(fields):
        raise NotFromTwilio("a field stands in it twice")
    return form


def _one(form: Mapping[str, str], name: str) -> str:
    value = form.get(name)
    if not value:
        raise NotFromTwilio(f"{name} is missing")
    return value
