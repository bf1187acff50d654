"""The journal's disk full, failing, or slow, while one alert is raised.

Warnings go out from memory, nothing is acknowledged that is not stored, and once the disk is well again everything is
stored once. The node repeats what is unacknowledged, as the firmware does.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.faults.episode import EpisodeField
from tests.faults.injection import injected

WARNED_S: Final = 60.0  # only a broken run waits so long; figures are printed
MOST_BEFORE: Final = {"pwrite64": 30, "fdatasync": 4}  # calls that still succeed: a rise has some more
SLOW_MS: Final = 20
FIRST_SEEN: Final = ", first seen after "


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskFault:
    """``times`` None: from the n-th ``call`` on, until the disk is mended, or core ``dies`` before it is."""

    call: str
    error: str
    n: int
    times: int | None = None
    dies: bool = False

    def options(self) -> tuple[str, str]:
        until = "+" if self.times is None else f"..{self.n + self.times - 1}"
        return f"-etrace={self.call}", f"-einject={self.call}:error={self.error}:when={self.n}{until}"

    def __str__(self) -> str:
        extent = "+, then killed" if self.dies else "+" if self.times is None else f" x{self.times}"
        return f"{self.error} on {self.call} {self.n}{extent}"


@dataclass(slots=True, kw_only=True)
class Sweep:
    """``warned_s``: of each fault, from the last sample of the rise to the last message that the provider took.

    ``missed`` faults came when nothing was written any more, and proved nothing. ``repeated`` messages were sent by a
    core that died before it could record them, and by the next one.
    """

    warned_s: list[tuple[str, float]] = field(default_factory=list)
    missed: int = 0
    repeated: int = 0
    faults: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        told = [f"{name}: warned after {after * 1000:.0f} ms" for name, after in self.warned_s]
        injected_ = f"{len(told)} faults injected, {self.missed} of them missed"
        doubt = f"{self.repeated} messages sent twice, where core died with a journal that could not be written"
        return [*told, injected_, doubt, *self.faults]


def sweep(folder: Path, say: Callable[[str], None], *, seed: int, rounds: int) -> Sweep:
    """Each kind of fault ``rounds`` times at random moments, then once the slow disk."""
    chance = random.Random(seed)
    done = Sweep()
    with EpisodeField(folder) as field_:
        field_.play()
        for fault in plan(chance, rounds):
            take(field_, fault, done)
            say(f"{fault}: {len(done.faults)} faults")
        take_slowly(field_, done)
    return done


def plan(chance: random.Random, rounds: int) -> list[DiskFault]:
    """Until mended, for a few calls, and until core dies of something else, from a random call on."""
    kinds = (("pwrite64", "ENOSPC"), ("pwrite64", "EIO"), ("fdatasync", "EIO"))
    return [
        DiskFault(call=call, error=error, n=chance.randint(1, MOST_BEFORE[call]), times=times, dies=dies)
        for _ in range(rounds)
        for call, error in kinds
        for times, dies in ((None, False), (chance.randint(1, 3), False), (None, True))
    ]


def take(field_: EpisodeField, fault: DiskFault, done: Sweep) -> None:
    """Raise the alert on the bad disk, mend it, end the alert, and judge."""
    refused = _refusals(field_)
    _take(field_, str(fault), fault.options(), done, dies=fault.dies)
    done.missed += _refusals(field_) == refused


def _refusals(field_: EpisodeField) -> int:
    return field_.installation.core_log.read_text().count("the journal cannot be written")


def take_slowly(field_: EpisodeField, done: Sweep) -> None:
    """The same with every sync slowed."""
    options = ("-etrace=fdatasync", f"-einject=fdatasync:delay_exit={SLOW_MS * 1000}")
    _take(field_, f"fdatasync slowed by {SLOW_MS} ms", options, done)


def _take(field_: EpisodeField, name: str, options: tuple[str, ...], done: Sweep, *, dies: bool = False) -> None:
    known = {fault.partition(FIRST_SEEN)[0] for fault in done.faults}
    posts, restarts = len(field_.provider.posts()), field_.restarts
    rise = field_.rise()
    with injected(field_.installation.core, *options):
        for observation in rise:
            time.sleep(0.05)  # a turn each
            published = time.time_ns()
            field_.node.publish(observation)
        two_versions_told = posts + 2 * len(field_.installation.settings.officers)
        last = field_.provider.wait_for_posts(two_versions_told, within_s=WARNED_S)[two_versions_told - 1]
        if dies:
            field_.in_doubt.add(field_.alert)
            field_.kill()
    done.warned_s.append((name, max(0, last.time_ns - published) / 1e9))
    field_.node.insist(*rise, mend=field_.mend)
    field_.fall()
    field_.settle()
    done.repeated += sum(count > 1 for key, count in field_.sent().items() if key.startswith(f"{field_.alert}/"))
    done.faults += [f"{fault}{FIRST_SEEN}{name}" for fault in field_.faults() if fault not in known]
    if field_.restarts > restarts:
        done.faults.append(f"core ended by itself{FIRST_SEEN}{name}")
