"""The real core over a journal in memory-backed storage: made once, copied for each simulated day."""

import math
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

from alerting.channels.port import Message, Outcome
from alerting.contacts import ContactKind
from broker.control import Request
from deploy.assembly import core_of, credentials_of
from deploy.core import Carrier, Core, Link
from deploy.core_commands.commands import Commands
from deploy.core_commands.nodes import NodeRow
from deploy.health.missed_time import MissedTime
from deploy.soak.clock import T0, ManualClock, Moment
from deploy.soak.stations import AUTHOR, PLACES, SETTINGS, table
from deploy.state_folder import StateFolder

MEMORY: Final = Path("/dev/shm")  # noqa: S108  a disk's syncs are no part of these days; its errors are injected
CHANNEL: Final = "demo"
PARALLEL: Final = 4


class Room:
    """A channel of which core asks only how much it carries at once; the simulated provider does the rest."""

    name = CHANNEL
    max_parallel = PARALLEL
    takes: ContactKind = "phone"
    rate_per_s: float | None = None

    def send(self, message: Message) -> Outcome:
        raise AssertionError(f"{message.key}: the provider is simulated")

    def find(self, message: Message, *, attempted_at: int) -> Outcome | None:
        raise AssertionError(f"{message.key} of {attempted_at}: the provider is simulated")

    def probe(self) -> str | None:
        """It always works."""
        return None

    def close(self) -> None:
        """Nothing is open."""


class Installation:
    """A journal in which stations and nodes are registered; :meth:`fresh` gives each day a copy.

    ``root`` is an empty folder that its caller takes away again (:func:`folder`).
    """

    def __init__(self, root: Path) -> None:
        self._template = StateFolder(root / "template")
        self._template.prepare()
        self._register()
        self.state = StateFolder(root / "day")
        self.state.prepare()

    def _register(self) -> None:
        core = open_core(self._template, Moment(T0), link=_Nobody(), sender=_Nobody())
        request = Request(name="station-put", args={"stations": [table(place) for place in PLACES]}, actor=AUTHOR)
        answer = commands_of(core, self._template).run(request)
        if answer["faults"]:
            raise AssertionError(f"the simulated stations are refused: {answer['faults']}")
        for place in PLACES:
            row = NodeRow(place.node, place.station, T0, AUTHOR, version=1)
            core.group.nodes.append((*_values(row),))
        core.stop()

    def fresh(self) -> None:
        """Begin anew: a journal in which nothing has happened."""
        for path in self.state.root.glob("journal.db*"):
            path.unlink()
        shutil.copy(self._template.journal, self.state.journal)

    def open(self, moment: Moment, *, link: Link, sender: Carrier) -> Core:
        """The real core, as after a start; what a crash left is taken over."""
        return open_core(self.state, moment, link=link, sender=sender)

    def command(self, core: Core, request: Request) -> object:
        """What core makes of a command; raises CommandFailed."""
        return commands_of(core, self.state).run(request)

    def change_rules(self, core: Core, table: dict[str, Any]) -> object:
        """What core makes of a station's new limits, which somebody has looked at; raises CommandFailed."""
        commands, said = commands_of(core, self.state), {"stations": [table], "mode": "change", "reason": AUTHOR}
        for look in commands.run(Request(name="rules-look", args=said, actor=AUTHOR))["looks"]:
            seen = {"station": look["id"], "fingerprint": look["fingerprint"]}
            commands.run(Request(name="rules-looked", args=seen, actor=AUTHOR))
        return commands.run(Request(name="station-put", args=said, actor=AUTHOR))


def folder() -> "tempfile.TemporaryDirectory[str]":
    """A folder in memory where the machine has one."""
    place = MEMORY if MEMORY.is_dir() else None
    return tempfile.TemporaryDirectory(prefix="soak-", dir=place, ignore_cleanup_errors=True)


def open_core(state: StateFolder, moment: Moment, *, link: Link, sender: Carrier) -> Core:
    core = core_of(SETTINGS, state, ManualClock(moment=moment), channels={CHANNEL: Room()})
    for pragma in ("synchronous=OFF", "locking_mode=EXCLUSIVE", "journal_mode=MEMORY"):  # its errors are injected
        core.journal.connection.execute(f"PRAGMA {pragma}")
    core.link, core.sender = link, sender
    core.monotonic, core.of_day = moment.monotonic, moment.time
    # A simulated core has a turn when something is due; nothing of the time between is missed.
    core.missed_time = MissedTime(moment.monotonic(), moment.time(), missed_s=math.inf)
    return core


def commands_of(core: Core, state: StateFolder) -> Commands:
    return Commands(core, credentials_of(state), lambda: False)


def _values(row: NodeRow) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in row.__struct_fields__)


class _Nobody:
    """Neither broker nor provider, while the installation is made."""

    is_connected = False

    def acknowledge(self, arrivals: object) -> None:
        """Nothing arrives."""

    def publish(self, topic: str, payload: bytes) -> None:
        """Nobody listens."""

    def carry(self, attempt: object) -> None:
        raise AssertionError(f"nothing is to be sent yet: {attempt}")
