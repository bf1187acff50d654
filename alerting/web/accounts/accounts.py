"""Everything about logins in one place: the sessions, who may still have one, and what is counted of the tries."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from alerting.users import WITH_SECOND_FACTOR, Role, key_of
from alerting.web.accounts import cookies
from alerting.web.accounts.guesses import Guesses
from alerting.web.accounts.password_pool import PasswordPool
from alerting.web.accounts.pending import PendingLogins
from alerting.web.accounts.sessions import LIMITS_MS, USUAL_LIMITS_MS, Must, Session, Sessions
from broker import control
from broker.clock import REAL
from broker.control import CommandFailed, CoreUnreachable

log: Final = logging.getLogger(__name__)

LOOK_S: Final = 2.0  # a user who was shut out is out so soon
PATIENCE_S: Final = 5.0
BROWSER_LETTERS: Final = 160


class CoreAway(Exception):
    """Core does not answer, so nobody can log in now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRules:
    """``sessions`` is the file of sessions; None: they end with the process."""

    sessions: Path | None = None
    wants_second_factor: bool = True  # of those whose role decides what goes out


IN_MEMORY: Final = AccountRules()


@dataclass(slots=True, kw_only=True)
class Accounts:
    """Of one event loop; ``start`` and ``stop`` belong to the server's life."""

    socket_path: Path
    rules: AccountRules
    standing: Mapping[str, Mapping[str, Any]] | None = None  # by user's key, as core last told it; None: never
    guesses: Guesses = field(default_factory=Guesses)
    pool: PasswordPool = field(default_factory=PasswordPool)
    pending: PendingLogins = field(default_factory=PendingLogins)
    sessions: Sessions = field(init=False)
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)  # held while core and sessions are changed together
    _watch: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.sessions = Sessions(self.rules.sessions)

    def start(self) -> None:
        self._watch = asyncio.get_running_loop().create_task(self._watch_for_ever())

    async def stop(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
        self.pool.close()
        self.sessions.close()

    def session(self, request: Request) -> Session | None:
        """The session that a request carries."""
        token = cookies.read(request, cookies.SESSION)
        return self.sessions.find(token, REAL.now()) if token else None

    async def ask(self, command: str, *, by: str = "", **arguments: Any) -> Any:
        """Core's answer to a command in a user's name; raises CoreAway, and CommandFailed with core's sentence."""
        asked = control.Request(name=command, args=arguments, actor=f"web:{by}" if by else "web")
        try:
            return await control.command_async(self.socket_path, asked, timeout_s=PATIENCE_S)
        except (CoreUnreachable, TimeoutError):
            raise CoreAway from None

    async def refresh(self) -> None:
        """Ask core who may be logged in, and end the sessions of those who may not; raises CoreAway."""
        async with self.changing:
            self.standing = (await self.ask("user-standing"))["users"]
            self.sessions.sweep(REAL.now(), self.standing)

    async def has_users(self) -> bool:
        """Whether anybody can log in at all; yes while core cannot be asked."""
        if not self.standing:
            with suppress(CoreAway, CommandFailed):
                await self.refresh()
        return self.standing is None or bool(self.standing)

    async def enter(self, request: Request, *, name: str, password_kept: str) -> "Entrance":
        """Begin the session of somebody who has shown who he is; raises CoreAway and CommandFailed."""
        async with self.changing:
            told = await self.ask("user-entered", by=name, name=name, password=password_kept)
            return self.renew(request, name=name, told=told)

    def renew(self, request: Request, *, name: str, told: Mapping[str, Any]) -> "Entrance":
        """A session of a user as core has told of him: ``role``, ``stamp``, ``must_change``, ``has_totp``."""
        role: Role = told["role"]
        token, session = self.sessions.begin(
            user=key_of(name),
            name=name,
            role=role,
            stamp=told["stamp"],
            must=self._must(told),
            browser=request.headers.get("user-agent", "")[:BROWSER_LETTERS],
            now=REAL.now(),
        )
        return Entrance(token=token, session=session)

    def _must(self, told: Mapping[str, Any]) -> Must:
        if told["must_change"]:
            return "password"
        is_due = self.rules.wants_second_factor and told["role"] in WITH_SECOND_FACTOR
        return "totp" if is_due and not told["has_totp"] else ""

    async def _watch_for_ever(self) -> None:
        """While anybody is logged in; an outage of core is told by the page itself."""
        while True:
            try:
                if len(self.sessions):
                    await self.refresh()
            except CoreAway:
                self.sessions.sweep(REAL.now(), None)
            except Exception:
                log.exception("looking after the sessions failed")
            await asyncio.sleep(LOOK_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """A session that has just begun, with the token that only the browser is to have."""

    token: str
    session: Session

    def give(self, request: Request, response: Response) -> None:
        """The cookie lasts as long as the session may."""
        _, altogether = LIMITS_MS.get(self.session.role, USUAL_LIMITS_MS)
        cookies.put(request, response, cookies.SESSION, self.token, seconds=altogether // 1000)
