"""What a watch knows of the chain: which beats it sent, what came back of them, and how far they came. Pure.

All times are seconds on the monotonic clock of the process, of the beat's sending: an answer that was long on its way
proves nothing about now.
"""

from dataclasses import dataclass, field
from typing import Final, Literal

KEPT_S: Final = 600.0
# How far beats come, the worst first. "unknown": not long enough at work to say; "well": all the way, on every channel.
Kind = Literal["broker", "core", "sender", "no_channel", "channel", "daily", "well", "unknown"]
BROKEN: Final = ("broker", "core", "sender", "no_channel")  # nobody is warned at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``ways`` are the channels at which beats end badly, with a sentence each; ``detail`` says more of the others."""

    kind: Kind
    ways: dict[str, str] = field(default_factory=dict)
    working: tuple[str, ...] = ()
    detail: str = ""

    @property
    def is_broken(self) -> bool:
        """Whether nobody is warned at all."""
        return self.kind in BROKEN or (self.kind == "channel" and not self.working)


@dataclass(slots=True, kw_only=True)
class Way:
    """One channel of the installation."""

    good_at: float
    is_proven: bool = False  # it answered well since this watch started
    problem: str = "tidak menjawab"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Core's word about one beat: the channels that came back with it, of ``names``, each with what is wrong."""

    number: int
    names: tuple[str, ...]
    ways: dict[str, str | None]
    day: int = 0
    daily: str = ""


@dataclass(slots=True, kw_only=True)
class Heard:
    """What came back; ``at`` of each method is now."""

    started_at: float
    patience_s: float
    is_connected: bool = False
    trouble: str = ""  # why there is no connection
    day: int = 0
    daily: str = ""
    acked_at: float = field(init=False)
    answered_at: float = field(init=False)
    names: tuple[str, ...] = ()
    ways: dict[str, Way] = field(default_factory=dict)
    _sent: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.acked_at = self.answered_at = self.started_at

    def sent(self, number: int, at: float) -> None:
        self._sent[number] = at
        for old in [each for each, when in self._sent.items() if at - when > KEPT_S]:
            del self._sent[old]

    def acknowledged(self, first: int, last: int) -> None:
        """Core has these beats on disk."""
        found = [when for number, when in self._sent.items() if first <= number <= last]
        self.acked_at = max([self.acked_at, *found])

    def answered(self, answer: Answer) -> None:
        """What came back of a beat; of one that this process never sent, nothing is taken."""
        at = self._sent.get(answer.number)
        if at is None:
            return
        if at >= self.answered_at:
            self.names, self.day, self.daily = answer.names, answer.day, answer.daily
        self.answered_at = max(self.answered_at, at)
        for name in answer.names:
            self.ways.setdefault(name, Way(good_at=at))
        for name, problem in answer.ways.items():
            way = self.ways.setdefault(name, Way(good_at=at))
            if problem is not None:
                way.problem = problem
            elif at >= way.good_at:
                way.good_at, way.is_proven, way.problem = at, True, "tidak menjawab"

    def judge(self, at: float) -> Finding:
        limit = at - self.patience_s
        if self.answered_at <= limit:
            return Finding(kind=self._how_far(at), detail="" if self.is_connected else self.trouble)
        if self.answered_at == self.started_at:
            return Finding(kind="unknown")
        return self._of_ways(limit) if self.names else Finding(kind="no_channel")

    def _of_ways(self, limit: float) -> Finding:
        """Beats come back; from every channel?"""
        late = {name: self.ways[name].problem for name in self.names if self.ways[name].good_at <= limit}
        working = tuple(name for name in self.names if name not in late)
        if late:
            return Finding(kind="channel", ways=late, working=working)
        if not all(self.ways[name].is_proven for name in self.names):
            return Finding(kind="unknown")
        if self.daily not in ("", "ok"):
            return Finding(kind="daily", working=working, detail=self.daily)
        return Finding(kind="well", working=working)

    def _how_far(self, at: float) -> Kind:
        """A beat that was on its way when core stopped may be acknowledged and not answered: no sign of life."""
        if self.acked_at > at - self.patience_s / 2:
            return "sender"
        return "core" if self.is_connected else "broker"
