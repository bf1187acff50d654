"""A watch's own voice: its channels, and a thread for each keeper that goes on until somebody took the message.

A newer text takes the place of one that waits. What nobody took yet is said again after a restart.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from alerting.channels.port import Accepted, Channel, Delivered, Message, Outcome, Rejected, RetryLater, Unknown
from alerting.phone_numbers import normalise
from deploy.watch.settings import Keeper

log: Final = logging.getLogger(__name__)

FIRST_RETRY_S: Final = 5.0
LAST_RETRY_S: Final = 60.0
MOST_DOUBTFUL: Final = 2  # tries whose fate nobody knows; more would be the same message again and again
SETTLE_S: Final = 3.0  # a provider is given this long to show a message that it may have taken
JOIN_S: Final = 5.0

OnTaken = Callable[[str, int], None]  # keeper and number of the text, on the keeper's thread


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """``number`` names it; a greater one is newer. ``at`` is ms UTC."""

    number: int
    body: str
    at: int


class Voice:
    """``taken`` is called on the keeper's thread once a text was accepted, or refused for good."""

    def __init__(self, watch: str, keepers: Sequence[Keeper], channels: Mapping[str, Channel], taken: OnTaken) -> None:
        self._speakers = [_Speaker(watch, keeper, channels[keeper.channel], taken) for keeper in keepers]

    def say(self, keeper: str, text: Text) -> None:
        for speaker in self._speakers:
            if speaker.keeper.name == keeper:
                speaker.say(text)

    def problems(self) -> dict[str, str]:
        """By channel: why a message to a keeper does not leave by it, now."""
        return {each.keeper.channel: each.problem for each in self._speakers if each.problem}

    def close(self) -> None:
        for speaker in self._speakers:
            speaker.stop()
        for speaker in self._speakers:
            speaker.join()


class _Speaker:
    def __init__(self, watch: str, keeper: Keeper, channel: Channel, taken: OnTaken) -> None:
        self.keeper, self.problem = keeper, ""
        self._watch, self._channel, self._taken = watch, channel, taken
        self._address = normalise(keeper.to) if channel.takes == "phone" else keeper.to.strip()
        self._news = threading.Condition()
        self._text: Text | None = None
        self._is_ending = False
        self._thread = threading.Thread(target=self._run, name=f"keeper-{keeper.name}", daemon=True)
        self._thread.start()

    def say(self, text: Text) -> None:
        with self._news:
            self._text = text
            self._news.notify()

    def stop(self) -> None:
        with self._news:
            self._is_ending = True
            self._news.notify()

    def join(self) -> None:
        self._thread.join(JOIN_S)

    def _run(self) -> None:
        tries = 0
        while (text := self._next()) is not None:
            outcome = self._carry(text)
            wait_s = self._settle(text, outcome, tries)
            tries = tries + 1 if wait_s else 0
            with self._news:
                self._news.wait_for(lambda: self._is_ending or self._text is not text, wait_s)

    def _next(self) -> Text | None:
        with self._news:
            self._news.wait_for(lambda: self._is_ending or self._text is not None)
            return None if self._is_ending else self._text

    def _carry(self, text: Text) -> Outcome:
        """Send it; one whose fate is not known is looked up, and sent again when the provider does not have it."""
        key = f"watch/{self._watch}/{text.number}/{self.keeper.name}"
        message = Message(key=key, address=self._address, body=text.body, created_at=text.at)
        began = time.time_ns() // 1_000_000
        try:
            outcome = self._channel.send(message)
            if not isinstance(outcome, Unknown):
                return outcome
            time.sleep(SETTLE_S)
            return self._channel.find(message, attempted_at=began) or RetryLater(reason=outcome.reason)
        except Exception as error:
            log.exception("channel %s failed", self._channel.name)
            return RetryLater(reason=f"Saluran {self._channel.name} gagal ({type(error).__name__}); lihat log.")

    def _settle(self, text: Text, outcome: Outcome, tries: int) -> float:
        """How long to wait before the next try; 0: it is over with this text."""
        is_spent = isinstance(outcome, Unknown) and tries + 1 >= MOST_DOUBTFUL
        if isinstance(outcome, Accepted | Delivered | Rejected) or is_spent:
            self._over(text, outcome)
            return 0.0
        if not self.problem:
            log.error("keeper %s cannot be told by %s: %s", self.keeper.name, self.keeper.channel, outcome.reason)
        self.problem = outcome.reason
        return float(min(LAST_RETRY_S, FIRST_RETRY_S * 2 ** min(tries, 8)))

    def _over(self, text: Text, outcome: Outcome) -> None:
        self.problem = "" if isinstance(outcome, Accepted | Delivered) else outcome.reason
        if self.problem:
            log.error("keeper %s was not told by %s: %s", self.keeper.name, self.keeper.channel, self.problem)
        else:
            log.warning("keeper %s was told by %s", self.keeper.name, self.keeper.channel)
        with self._news:
            if self._text is text:
                self._text = None
        self._taken(self.keeper.name, text.number)
