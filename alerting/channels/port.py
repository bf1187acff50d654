"""The contract of a channel, documented once."""

from dataclasses import dataclass
from typing import Protocol

from alerting.contacts import ContactKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One text for one recipient. ``key`` names (alert, version, recipient, channel), the same over retries."""

    key: str
    address: str  # in clear, of the kind that the channel takes: a number is E.164
    body: str
    created_at: int  # ms UTC
    valid_for_s: int = 1800  # a provider should not deliver it later than this


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """It reached the recipient, and something proves it."""

    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The provider took it and promised to try. Not a delivery."""

    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryLater:
    """Certainly not taken; it may be tried again after ``after_s`` (None: the sender decides)."""

    reason: str
    after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Certainly not taken, and it never will be."""

    reason: str
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """It may or may not have been taken: a time-out, a connection cut in mid-answer."""

    reason: str


Outcome = Delivered | Accepted | RetryLater | Rejected | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """A provider's later word about a message that it accepted: it did not reach the recipient."""

    reason: str
    code: str | None = None


Report = Delivered | Undelivered


class Channel(Protocol):
    """One way out. Blocking, thread-safe, bounded in time; it never retries by itself and never decides about retries.

    ``send`` raises nothing for what a provider or a network may do: that is an outcome. ``find`` looks up a message
    whose fate is Unknown: the outcome if the provider has it, None if it certainly does not, Unknown if it can't say.
    ``probe`` asks, without sending, whether messages would be taken: None, or what is wrong in one Indonesian sentence.
    """

    name: str
    max_parallel: int  # calls of ``send`` at once, and as many of ``find`` beside them
    takes: ContactKind
    rate_per_s: float | None  # messages a second that the provider allows; None: as many as it carries at once

    def send(self, message: Message) -> Outcome: ...

    def find(self, message: Message, *, attempted_at: int) -> Outcome | None: ...

    def probe(self) -> str | None: ...

    def close(self) -> None: ...
