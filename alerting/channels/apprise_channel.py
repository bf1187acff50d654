"""E-mail, Telegram and webhooks for officers, through Apprise.

Apprise answers with a bare True or False and writes the reason to its log. While it does, the exception that it caught
is still being handled, so the log's handler can see it: that tells what was certainly not sent from what may have left.
What its words do not tell is in doubt. None of these ways proves that somebody has read: nothing is ever delivered.
"""

import logging
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import apprise
from apprise.logger import LOGGER_NAME

from alerting.channels.apprise_outcome import Sighting, outcome_of
from alerting.channels.apprise_target import BadAddress, Target
from alerting.channels.port import Accepted, Message, Outcome, Rejected, RetryLater, Unknown
from alerting.channels.sent_ledger import Ledger, Settled, tag_of
from alerting.contacts import ContactKind
from broker.clock import REAL

TITLE_LENGTH: Final = 70
_ERROR: Final = re.compile(r"\berror=(\d{3})\b")


class AppriseChannel:
    """One way out through Apprise; see :class:`alerting.channels.port.Channel` for what its outcomes promise.

    ``target`` makes Apprise's description of a service from an address and the message's tag, or raises BadAddress.
    ``folder`` remembers what was sent: none of these services can be asked later.
    """

    max_parallel = 4
    rate_per_s: float | None = None

    def __init__(
        self,
        *,
        name: str,
        takes: ContactKind,
        target: Target,
        folder: Path,
        probe: Callable[[], str | None] = lambda: None,
        now: Callable[[], int] = REAL.now,
    ) -> None:
        """Raises OSError when ``folder`` cannot be made."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.name, self.takes = name, takes
        self._target, self._ask, self._now = target, probe, now
        self._ledger = Ledger(folder)
        self._ledger.forget_old(now())
        # No files of Apprise's own, and no sentence with somebody's name in the message.
        self._asset = apprise.AppriseAsset(app_id="Kentongan", app_desc="Kentongan", storage_mode="memory")
        _listen()
        _load()

    def send(self, message: Message) -> Outcome:
        tag = tag_of(message)
        try:
            service = self._service(message.address, tag)
        except BadAddress as error:
            return Rejected(reason=f"Alamat {self.name} tidak dapat dipakai: {error}.")
        try:
            self._ledger.record(Settled(tag=tag, state="begun", at=self._now()))
        except OSError as error:
            return RetryLater(reason=f"Catatan kiriman {self.name} tidak dapat ditulis: {error.strerror}.")
        with _watched() as sightings:
            is_sent = service.notify(body=message.body, title=_title(message.body), body_format="text")
        outcome = Accepted(reference=tag) if is_sent else outcome_of(sightings, self.name)
        self._settle(tag, outcome)
        return outcome

    def _service(self, address: str, tag: str) -> apprise.plugins.NotifyBase:
        description = {**self._target(address, tag), "asset": self._asset}
        try:
            service = apprise.Apprise.instantiate(description, suppress_exceptions=False)
        except TypeError:  # what Apprise raises for a service that is not described well
            service = None
        if service is None:
            raise BadAddress("tidak dikenali")
        return service

    def find(self, message: Message, *, attempted_at: int) -> Outcome | None:  # noqa: ARG002  # keys need no time
        tag = tag_of(message)
        match self._ledger.get(tag):
            case None:
                return None
            case Settled(state="accepted"):
                return Accepted(reference=tag)
        return Unknown(reason=f"Pesan {self.name} mungkin sudah berangkat, dan tidak dapat ditanyakan kembali.")

    def probe(self) -> str | None:
        return self._ask()

    def close(self) -> None:
        """Nothing is held."""

    def _settle(self, tag: str, outcome: Outcome) -> None:
        match outcome:
            case Accepted():
                self._ledger.record(Settled(tag=tag, state="accepted", at=self._now()))
            case RetryLater() | Rejected():
                self._ledger.forget(tag)
            case _:
                self._ledger.record(Settled(tag=tag, state="doubt", at=self._now()))


def _title(body: str) -> str:
    """The first sentence, cut to what a list of mails shows."""
    first = body.partition(". ")[0]
    return first if len(first) <= TITLE_LENGTH else f"{first[:TITLE_LENGTH]}..."


class _Watcher(logging.Handler):
    """Keeps what Apprise says on each thread; nothing of it goes on, because addresses and tokens are in it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.local = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        kept: list[Sighting] | None = getattr(self.local, "kept", None)
        if kept is None:
            return
        status = _ERROR.search(record.getMessage())
        kept.append(
            Sighting(
                error=sys.exc_info()[1],
                function=record.funcName,
                status=int(status[1]) if status else None,
            )
        )


_WATCHER: Final = _Watcher()


def _listen() -> None:
    logger = logging.getLogger(LOGGER_NAME)
    if _WATCHER not in logger.handlers:
        logger.addHandler(_WATCHER)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    # Its debug lines hold whole addresses of requests, with tokens in them.
    logging.getLogger("urllib3").setLevel(logging.INFO)


def _load() -> None:
    """All of Apprise's services now, half a second that the first warning should not pay."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a library that one of them uses
        apprise.plugins.N_MGR.load_modules()  # type: ignore[no-untyped-call]


@contextmanager
def _watched() -> Iterator[list[Sighting]]:
    kept: list[Sighting] = []
    _WATCHER.local.kept = kept
    try:
        yield kept
    finally:
        _WATCHER.local.kept = None
