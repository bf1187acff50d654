"""From a decision to messages, and what became of them. Everything is written with the turn's group."""

import logging
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from alerting import explain, policy
from alerting.blind import EVERYTHING
from alerting.channels.port import Outcome
from alerting.engine import Decision
from alerting.outbox import Attempt, Entry
from alerting.texts import AlertText, sms
from broker.clock import Clock
from deploy.alert_text import alert_text
from deploy.journal import Group, Journal
from deploy.live_hub import LiveHub
from deploy.memory import Memory
from deploy.registry import Registry
from deploy.settings import Settings
from deploy.snapshots import Snapshots

log: Final = logging.getLogger(__name__)

Plan = tuple[str, list[Entry]]


class Telling:
    """``parallel`` is how many messages each channel carries at once."""

    def __init__(
        self,
        *,
        settings: Settings,
        registry: Registry,
        journal: Journal,
        memory: Memory,
        clock: Clock,
        hub: LiveHub,
        snapshots: Snapshots,
        parallel: dict[str, int],
    ) -> None:
        self.settings, self.registry, self.journal, self.memory = settings, registry, journal, memory
        self.clock, self.hub, self.snapshots = clock, hub, snapshots
        self.zone = ZoneInfo(settings.site.timezone)
        self._parallel = parallel
        self._outcomes: list[tuple[str, Outcome | None]] = []

    def plan(self, decision: Decision, now: int) -> Plan:
        """The decision in words, and the messages that tell it. Changes nothing."""
        why = explain.why(decision, self.zone, self.called)
        if not policy.is_for_officers(decision):
            return why, []
        body = sms(self._text(decision))
        officers = self.registry.officers
        count = sum(max(1, len(officer.channels)) for officer in officers)
        first_id = self.journal.take_ids(count + 1) + 1
        return why, policy.messages(decision, officers=officers, body=body, now=now, first_id=first_id)

    def _text(self, decision: Decision) -> AlertText:
        station = self.registry.stations.get(decision.station)
        kelurahan = self.registry.kelurahan(station.id) if station is not None else ()
        return alert_text(
            decision, name=self.named(decision.station), station=station, kelurahan=kelurahan, settings=self.settings
        )

    def named(self, scope: str) -> tuple[str, bool]:
        """What a station, an area or a group is called, and whether its levels are examples."""
        known = self.registry.names.get(scope)
        if known is not None:
            return known
        if scope == EVERYTHING:
            return "Semua stasiun", all(station.example for station in self.registry.stations.values())
        members = [station for station in self.registry.stations.values() if scope in station.kelurahan]
        return self.registry.areas.names((scope,))[0], any(station.example for station in members)

    def called(self, scope: str) -> str:
        """What a sentence calls a station or an area: ``Kel. Karangketug``."""
        name, area = self.named(scope)[0], self.registry.areas.get(scope)
        is_bare = area is not None and area.kind == "kelurahan" and not name.startswith("Kel. ")
        return f"Kel. {name}" if is_bare else name

    def record(self, group: Group, decision: Decision, plan: Plan, now: int) -> int:
        """Put decision and messages into ``group``, the state with them; the decision's journal id."""
        why, entries = plan
        name = policy.alert_id(decision)
        cause = msgspec.json.encode(decision).decode()
        row_id = self.journal.take_ids()
        told = (name, decision.version, decision.station, decision.hazard, decision.kind, decision.level)
        group.alerts.append((row_id, *told, now, cause, why))
        self.journal.add_audit(
            group,
            at=now,
            actor="engine",
            action=f"alert {decision.kind}",
            subject=f"{name} v{decision.version}",
            detail=decision,
        )
        for entry in entries:
            self.memory.outbox.enqueue(entry)
            self._changed(group, entry)
        if decision.station in self.registry.stations:
            self.hub.mark_station(decision.station)
        self.hub.add_alert(decision, row_id, why, now, named=self.named(decision.station))
        log.warning("%s v%d %s: %s", name, decision.version, decision.kind, why)
        return row_id

    def outcome(self, key: str, outcome: Outcome | None) -> None:
        """What became of an attempt; taken into account by the next turn."""
        self._outcomes.append((key, outcome))

    @property
    def has_outcomes(self) -> bool:
        """Whether outcomes wait for a turn."""
        return bool(self._outcomes)

    def settle(self, group: Group, now: int) -> None:
        """Take the outcomes that have come."""
        outcomes, self._outcomes = self._outcomes, []
        for key, outcome in outcomes:
            entry = self.memory.outbox.settle(
                key, outcome, now=now, rev=self.journal.take_ids(), speed=self.clock.speed
            )
            if entry is not None:
                self._changed(group, entry)

    def claim(self, group: Group, now: int) -> list[Attempt]:
        """What is to be sent now; it is in ``group`` as being sent, and may leave once that is on disk."""
        in_flight = self.memory.outbox.in_flight
        free = {channel: most - in_flight.get(channel, 0) for channel, most in self._parallel.items()}
        attempts, changed = self.memory.outbox.claim(now, free, self.journal.take_ids())
        for entry in changed:
            self._changed(group, entry)
        return attempts

    def _changed(self, group: Group, entry: Entry) -> None:
        group.messages[entry.key] = entry
        self.hub.add_message(entry)
