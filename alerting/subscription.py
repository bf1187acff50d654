"""Joining and leaving by code: who may ask for one, what a code proves, and when nobody may ask any more. Pure.

Whoever asks sees the same whatever is known of a number: a request that sends nothing gets a ticket like any other, and
no code ever fits it. Numbers and addresses are known by keyed digests only.
"""

import hmac
from collections.abc import Iterable
from typing import Final, Literal

import msgspec

DAY_MS: Final = 24 * 60 * 60_000
HOUR_MS: Final = 60 * 60_000
CODE_VALID_MS: Final = 10 * 60_000
CODE_TRIES: Final = 5
CODE_DIGITS: Final = 6

OF_SUBSCRIPTION: Final = "subscription."  # begins the alert's name of a message that belongs to no alert

Purpose = Literal["join", "leave", "reply"]
Refusal = Literal["closed", "budget", "address", "number"]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much may be asked in any 24 hours; ``tries_per_address`` in any hour."""

    messages: int
    codes_per_number: int
    requests_per_address: int
    replies_per_number: int
    tries_per_address: int = 30


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """One request as the journal keeps it for some days; times are ms UTC.

    ``purpose`` "reply" is the answer to a received SMS. ``sent``: a message went out for it. ``code`` is a keyed digest
    of ticket and code; empty when there is none that fits.
    """

    id: int
    at: int
    purpose: Purpose
    number: bytes
    address: bytes = b""
    ticket: bytes = b""
    code: bytes = b""
    recipient: str = ""
    area: str = ""
    language: str = "id"
    sent: bool = False
    tries_left: int = 0
    word: str = ""  # of a reply: what it answered

    def is_open(self, now: int) -> bool:
        """Whether its code may still be given."""
        return bool(self.code) and self.tries_left > 0 and now - self.at <= CODE_VALID_MS


class Window:
    """The requests of the last 24 hours, and the tries at codes of the last hour."""

    def __init__(self, askings: Iterable[Asking] = ()) -> None:
        self._by_id = {each.id: each for each in sorted(askings, key=lambda each: each.at)}
        self._tries: list[tuple[int, bytes]] = []

    def put(self, asking: Asking) -> None:
        """Take a new request, or a known one's new state."""
        self._by_id[asking.id] = asking

    def forget(self, now: int) -> None:
        """Let go of what counts no more."""
        old = [each.id for each in self._by_id.values() if each.at <= now - DAY_MS]
        for asking_id in old:
            del self._by_id[asking_id]
        self._tries = [each for each in self._tries if each[0] > now - HOUR_MS]

    def used(self, now: int) -> int:
        """How much of the budget the last 24 hours took.

        A request that sent nothing counts like any other: else the end of the budget would tell which ones sent.
        """
        return len(self._recent(now))

    def refusal(self, limits: Limits, *, number: bytes, address: bytes, now: int) -> Refusal | None:
        """Why a code is not sent; None when it may be. What is about the number must not be told to who asks."""
        recent = [each for each in self._recent(now) if each.purpose != "reply"]
        if sum(each.address == address for each in recent) >= limits.requests_per_address:
            return "address"
        if self.used(now) >= limits.messages:
            return "budget"
        if sum(each.number == number for each in recent) >= limits.codes_per_number:
            return "number"
        return None

    def may_reply(self, limits: Limits, *, number: bytes, word: str, most: int, now: int) -> bool:
        """Whether a received word is answered: at most ``most`` times a day, and not for ever to a machine.

        Whoever leaves is answered even when the day's budget is spent.
        """
        replies = [each for each in self._recent(now) if each.purpose == "reply" and each.number == number]
        of_word = sum(each.word == word for each in replies)
        has_budget = word == "leave" or self.used(now) < limits.messages
        return len(replies) < limits.replies_per_number and of_word < most and has_budget

    def may_try(self, limits: Limits, *, address: bytes, now: int) -> bool:
        """Whether an address may try a code; each call counts."""
        self._tries = [each for each in self._tries if each[0] > now - HOUR_MS]
        self._tries.append((now, address))
        return sum(each == address for _, each in self._tries) <= limits.tries_per_address

    def of_ticket(self, ticket: bytes, now: int) -> Asking | None:
        """The request with this ticket, while its code may still be given."""
        found = next((each for each in self._by_id.values() if each.ticket and each.ticket == ticket), None)
        return found if found is not None and found.is_open(now) else None

    def _recent(self, now: int) -> list[Asking]:
        return [each for each in self._by_id.values() if each.at > now - DAY_MS]


def tried(asking: Asking, code: bytes) -> tuple[Asking, bool]:
    """A request after a code was given: used up when it fits, with a try less when it does not."""
    if hmac.compare_digest(asking.code, code):
        return msgspec.structs.replace(asking, code=b"", tries_left=0), True
    return msgspec.structs.replace(asking, tries_left=asking.tries_left - 1), False
