"""One alert, raised to AWAS and ended, played by a node that repeats what is not acknowledged."""

import contextlib
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

from tests.emulators.twilio_account import Behaviour
from tests.emulators.twilio_process import TwilioProcess
from tests.faults import oracle
from tests.installation import Installation, SimpleNode

PATIENCE_S: Final = 90.0
REPEAT_S: Final = 0.5
STEP_MS: Final = 300  # of the node's clock, between two samples
CALM: Final = 3.0
RISE: Final = (4.6, 4.6, 5.6, 5.6)
VERSIONS: Final = [("raised", 2), ("raised_higher", 3), ("ended", 0)]
TEXTS: Final = 80  # episodes until a text may come again; by then it is another minute
MOST_FALLING: Final = 40

STATION: Final = """
[[stations]]
id = "welang"
name = "Welang Kraton"
river = "Welang"
datum_m = 6.5
site_m = [0.0, 6.6]
silence_minutes = {silence}
# Water jumps here; quality control has tests of its own.
quality = {{ noise = 10.0, spike_suspect = 20.0, spike_fail = 20.0 }}
[stations.thresholds]
waspada = 3.5
siaga = 4.5
awas = 5.5
author = "test"
reason = "test"
early_siaga_minutes = 0
hold_down_minutes = {hold_down}
"""


def nothing() -> None:
    """There is nothing to mend."""


class PersistentNode(SimpleNode):
    """Repeats an observation until it is acknowledged, as the firmware does."""

    longest_s = 0.0  # from the first publish of an observation to its acknowledgement
    patience_s = PATIENCE_S

    def insist(self, *observations: dict[str, Any], mend: Callable[[], None] = nothing) -> None:
        """Publish until all are acknowledged; ``mend`` is called between two tries."""
        began = time.monotonic()
        waiting = list(observations)
        while waiting := [o for o in waiting if (o["boot"], o["seq"]) not in self.acked]:
            if time.monotonic() - began > self.patience_s:
                raise AssertionError(f"{self.node}: {len(waiting)} observations without an acknowledgement")
            for observation in waiting:
                self.publish(observation)
            with self._condition:
                self._condition.wait_for(lambda: (waiting[-1]["boot"], waiting[-1]["seq"]) in self.acked, REPEAT_S)
            mend()
        self.longest_s = max(self.longest_s, time.monotonic() - began)

    def numbers(self) -> set[oracle.Number]:
        return {(self.node, boot, seq) for boot, seq in self.acked}


class EpisodeField:
    """Broker, core, a provider and one node; plays episodes. Core is started again whenever it is found dead."""

    def __init__(self, folder: Path) -> None:
        self.provider = TwilioProcess(folder / "posts.jsonl", behaviour=Behaviour(step_s=None))
        self._folder = folder
        self._stack = contextlib.ExitStack()
        self.restarts = self.episodes = 0
        self.installation: Installation
        self.node: PersistentNode
        self._time = 0
        self.in_any_steps: set[int] = set()  # episodes whose samples came in any order: AWAS may come at once
        self.in_doubt: set[str] = set()  # alerts of which core could not record what it had sent before it died

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.provider)
            station = STATION.format(silence=600, hold_down=0.01)
            self.installation = Installation(channels=self._channel(), stations=station, officers=2)
            stack.enter_context(self.installation)
            self.installation.start()
            oracle.gather_late(self.installation)
            self.node = PersistentNode(self.installation, "node-a", self.installation.new_node("node-a"))
            stack.callback(self.node.close)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _channel(self) -> str:
        token = self._folder / "token"
        token.touch(mode=0o600)
        token.write_text(self.provider.auth_token)
        return (
            f'[channels.twilio]\naccount_sid = "{self.provider.account_sid}"\ntoken_file = "{token}"\n'
            f'sender = "{self.provider.from_number}"\napi_base = "{self.provider.base_url}"\nmax_parallel = 1\n'
        )

    # -- the story -------------------------------------------------------------------------------------------------

    def sample(self, metres: float) -> dict[str, Any]:
        """The next observation, at least ``STEP_MS`` after the last by the node's clock."""
        self._time = max(self._time + STEP_MS, time.time_ns() // 1_000_000)
        return self.node.observation(round((6.5 - metres) * 1000, 1), t=self._time)

    def rise(self) -> list[dict[str, Any]]:
        """The samples that bring AWAS; their texts are unlike those of the episodes before."""
        self.episodes += 1
        more = 0.01 * (self.episodes % TEXTS)
        return [self.sample(CALM), *(self.sample(metres + more) for metres in RISE)]

    def stand(self) -> dict[str, Any]:
        """A sample of water that stands where the rise has brought it."""
        more = 0.01 * (self.episodes % TEXTS)
        return self.sample(RISE[-1] + more + 0.01 * (self.node.seq % 2))

    def fall(self) -> None:
        """Low water until the alert has ended."""
        low = CALM - 0.01 * (self.episodes % TEXTS)
        for _ in range(MOST_FALLING):
            if self._has_ended():
                return
            self.node.insist(self.sample(low), mend=self.mend)
        raise AssertionError(f"episode {self.episodes} has not ended after {MOST_FALLING} samples of low water")

    def play(self) -> None:
        """One episode from calm to calm, each sample acknowledged before the next, and all its messages settled."""
        for observation in self.rise():
            self.node.insist(observation, mend=self.mend)
        self.fall()
        self.settle()

    def _has_ended(self) -> bool:
        return any((alert, kind) == (self.alert, "ended") for alert, _, kind, _ in self.installation.alerts())

    def settle(self) -> None:
        """Wait until no message is open."""
        deadline = time.monotonic() + PATIENCE_S
        while self.installation.status().get("open_messages") != 0:
            if time.monotonic() > deadline:
                raise AssertionError(f"messages are still open: {self._open()}")
            self.mend()
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill core and start it again."""
        self.installation.kill("core")
        self.installation.start_core()

    def mend(self) -> None:
        """Start core again if it is dead."""
        core = self.installation.core
        if core is None or core.poll() is not None:
            self.restarts += 1
            self.installation.start_core()

    # -- the verdict -----------------------------------------------------------------------------------------------

    @property
    def alert(self) -> str:
        """The name of this episode's alert."""
        return f"welang.level.{self.episodes}"

    def sent(self) -> Counter[str]:
        return oracle.sent_by_twilio(self.installation, self.provider.posts())

    def faults(self) -> list[str]:
        installation = self.installation
        return [
            *oracle.reading_faults(installation, self.node.numbers()),
            *oracle.journal_faults(installation),
            *oracle.story_faults(installation, VERSIONS, is_told=lambda number: number not in self.in_any_steps),
            *oracle.ending_faults(installation, VERSIONS, self.in_any_steps),
            *oracle.message_faults(installation, self.sent(), in_doubt=self.in_doubt),
        ]

    def _open(self) -> list[tuple[Any, ...]]:
        return self.installation.rows("SELECT key, state, reason FROM outbox WHERE settled_at IS NULL")
