"""Logins that are half done: the password was right, the code of the second factor is still to come."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

LASTS_MS: Final = 5 * 60_000
TRIES: Final = 5
MOST: Final = 200


@dataclass(slots=True, kw_only=True)
class PendingLogin:
    """``device`` is the browser's token: the code must come from where the password came from."""

    name: str
    password_kept: str
    device: str
    until: int
    tries_left: int = TRIES


class PendingLogins:
    """Few, and for minutes; the oldest makes room. Times are ms UTC."""

    def __init__(self) -> None:
        self._by_ticket: OrderedDict[str, PendingLogin] = OrderedDict()

    def begin(self, *, name: str, password_kept: str, device: str, now: int) -> str:
        """The ticket that the form of the code carries."""
        ticket = secrets.token_urlsafe(16)
        while len(self._by_ticket) >= MOST:
            self._by_ticket.popitem(last=False)
        self._by_ticket[ticket] = PendingLogin(
            name=name, password_kept=password_kept, device=device, until=now + LASTS_MS
        )
        return ticket

    def find(self, ticket: str, *, device: str, now: int) -> PendingLogin | None:
        """None when it is not there, was tried too often, is too old, or belongs to another browser."""
        pending = self._by_ticket.get(ticket)
        if pending is None or pending.device != device:
            return None
        if pending.until < now or pending.tries_left < 1:
            self.end(ticket)
            return None
        return pending

    def end(self, ticket: str) -> None:
        self._by_ticket.pop(ticket, None)
