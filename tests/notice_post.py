"""A core in process with stations, officers and residents, on a clock that is set, and a provider that keeps a ledger.

What the provider took stays over a crash of core, as a real one's would.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from alerting.channels.port import Accepted, Message, Outcome
from alerting.contacts import ContactKind, contact
from alerting.messages import Attempt
from alerting.recipients import Kind, Language, Recipient
from broker.control import CommandFailed, Request
from deploy.arrival import Arrival
from deploy.assembly import core_of, credentials_of
from deploy.core_commands.commands import Commands
from deploy.recipients import changes
from deploy.settings import load
from deploy.state_folder import StateFolder
from tests.bare_core import SetClock

T0 = 1_795_000_000_000  # 18:06:40 WIB
MINUTE = 60_000
LIMITS = {"waspada": 3.5, "siaga": 4.5, "awas": 5.5, "author": "BPBD", "reason": "survei", "hold_down_minutes": 1}
KARANGKETUG, RANDUSARI, BLANDONGAN = "35.75.01.1001", "35.75.01.1006", "35.75.03.1001"
SETTINGS = '[site]\nname = "Uji"\nrealm = "{realm}"\n[channels]\ndemo = true\n{officers}'
OFFICER = '[[officers]]\nname = "Petugas jaga"\nphone = "+6281200000001"\n'


def station(name: str, river: str, kelurahan: Sequence[str]) -> dict[str, Any]:
    return {
        "id": name,
        "name": f"{river} Kraton",
        "river": river,
        "datum_m": 6.5,
        "kelurahan": list(kelurahan),
        "thresholds": LIMITS | {"early_siaga_minutes": 0},
        "quality": {"noise": 10.0, "spike_suspect": 20.0, "spike_fail": 20.0},
    }


class Room:
    """A channel of which core asks only what it takes and how much; the post stands in for the rest."""

    name = "demo"
    takes: ContactKind = "phone"
    rate_per_s: float | None = None

    def __init__(self, max_parallel: int = 4) -> None:
        self.max_parallel = max_parallel

    def send(self, message: Message) -> Outcome:
        raise AssertionError(message)

    def find(self, message: Message, *, attempted_at: int) -> Outcome | None:
        raise AssertionError(message, attempted_at)

    def probe(self) -> str | None:
        return None

    def close(self) -> None:
        """Nothing is open."""


class NoticePost:
    """``ask`` gives a command, ``level`` lets the water stand, ``wait`` lets time pass, ``deliver`` is the provider."""

    is_connected = True

    def __init__(self, folder: Path, *, officers: str = OFFICER, realm: str = "ews", room: int = 4) -> None:
        (folder / "k.toml").write_text(SETTINGS.format(realm=realm, officers=officers))
        self.settings = load(folder / "k.toml")
        self.state = StateFolder(folder / "s")
        self.state.prepare()
        self.state.broker.mkdir()
        SetClock.time = T0
        self.realm, self.room = realm, room
        self.seq = 0
        self.waiting: list[Attempt] = []
        self.sent: list[str] = []  # keys that the provider took, in order
        self.open()
        stations = [
            station("welang", "Welang", ["Karangketug", "Randusari"]),
            station("petung", "Petung", ["Blandongan"]),
        ]
        answer = self.ask("station-put", stations=stations, mode="import", reason="uji")
        assert [] == answer["faults"]
        self.ask("node-new", node="wl-01", station="welang")
        self.ask("node-new", node="pt-01", station="petung")

    # -- core's life ---------------------------------------------------------------------------------------------

    def open(self) -> None:
        self.core = core_of(self.settings, self.state, SetClock(), channels={"demo": Room(self.room)})
        self.core.link, self.core.sender = self, self
        self.commands = Commands(self.core, credentials_of(self.state), lambda: True)

    def crash(self) -> None:
        """What is in memory is gone; only the journal stays."""
        self.core.journal.close()
        self.waiting.clear()
        self.open()

    def close(self) -> None:
        self.core.journal.close()

    def acknowledge(self, arrivals: Any) -> None:
        """Nothing is redelivered."""

    def publish(self, topic: str, payload: bytes) -> None:
        """Nobody listens."""

    def carry(self, attempt: Attempt) -> None:
        self.waiting.append(attempt)

    def deliver(self) -> None:
        """The provider takes what waits, and what may leave after it, until nothing leaves any more."""
        while self.waiting:
            self.answer()

    def answer(self) -> None:
        """The provider takes what waits now."""
        attempts, self.waiting = self.waiting, []
        for attempt in attempts:
            key = attempt.entry.key
            if attempt.is_lookup:
                outcome = Accepted(reference=key) if key in self.sent else None
            else:
                self.sent.append(key)
                outcome = Accepted(reference=key)
            self.core.sending.outcome(key, outcome)
        self.core.turn()

    # -- what people and water do --------------------------------------------------------------------------------

    def ask(self, command: str, /, *, key: str | None = None, **arguments: Any) -> Any:
        return self.commands.run(Request(name=command, args=arguments, actor="cli:uji", key=key))

    def refused(self, command: str, /, **arguments: Any) -> str:
        with pytest.raises(CommandFailed) as error:
            self.ask(command, **arguments)
        return str(error.value)

    def person(
        self,
        areas: Sequence[str],
        *,
        kind: Kind = "resident",
        language: Language = "id",
        rank: int = 1,
        number: int | None = None,
    ) -> str:
        """A new recipient with a number of his own; his id."""
        core, place = self.core, self.core.journal.take_ids()
        phone = f"+62813{number or place:08d}"
        recipient = Recipient(
            id=f"p{place}",
            kind=kind,
            name_sealed=core.directory.vault.seal(f"Orang {place}"),
            contacts=(contact(core.directory.vault, "phone", phone),),
            areas=tuple(areas),
            language=language,
            consent_at=SetClock.time,
            consent_how="uji",
            rank=rank,
            created_at=SetClock.time,
            changed_at=SetClock.time,
        )
        changes.put(core, recipient)
        core.turn()
        return recipient.id

    def level(self, metres: float, *, minutes: int = 3, at: str = "wl-01") -> None:
        """The water stands there for some minutes, a sample each."""
        for _ in range(minutes):
            SetClock.time += MINUTE
            body = {"v": 1, "boot": 7, "seq": self.seq, "t": SetClock.time, "s": {"distance_mm": (6.5 - metres) * 1000}}
            self.seq += 1
            topic = f"{self.realm}/v1/{at}/obs".encode()
            self.core.turn([Arrival(topic, json.dumps(body).encode(), 1, 1, retain=False, generation=1)])

    def wait(self, seconds: float, *, turns: int = 1) -> None:
        SetClock.time += round(seconds * 1000)
        for _ in range(turns):
            self.core.turn()

    # -- what came of it -----------------------------------------------------------------------------------------

    def notice(self, state: str = "") -> Any:
        """The newest notice, or the newest in a state."""
        return next(each for each in self.ask("notice-list") if state in ("", each["state"]))

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        return self.core.journal.connection.execute(query, parameters).fetchall()

    def told(self, alert: str, version: int) -> list[str]:
        """Who has a message of an alert's version in the outbox, dead or alive."""
        found = self.rows("SELECT recipient FROM outbox WHERE alert = ? AND version = ? ORDER BY id", alert, version)
        return [recipient for (recipient,) in found if self._is_counted(alert, recipient)]

    def reached(self, alert: str, version: int) -> list[str]:
        """Whose message of it the provider took, in order."""
        first = f"{alert}/{version}/"
        found = [key.split("/")[-2] for key in self.sent if key.startswith(first)]
        return [recipient for recipient in found if self._is_counted(alert, recipient)]

    def _is_counted(self, alert: str, recipient: str) -> bool:
        """Of an area's alert the public; officers hear of it when somebody raised it by hand."""
        return ".area." not in alert or recipient not in {each.name for each in self.settings.officers}
