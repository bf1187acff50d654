"""From a decision to messages, and what became of them. Everything is written with the turn's group."""

import logging
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from alerting import explain, policy
from alerting.blind import EVERYTHING, GATEWAY, is_group
from alerting.engine import Decision
from alerting.grouping import Item
from alerting.messages import Entry
from alerting.recipients import Directory
from alerting.text_clauses import clock
from alerting.texts import AlertText, sms
from broker.clock import Clock
from deploy.alerts import alert_records
from deploy.channels.ways import Ways
from deploy.journal import Group, Journal
from deploy.live.hub import LiveHub
from deploy.memory import Memory
from deploy.messages.alert_text import alert_text
from deploy.messages.sending import Sending
from deploy.notices.duty import NOBODY, Duty, Told, line_of
from deploy.notices.notices import Notices
from deploy.notices.policies import Policies
from deploy.registry import Registry
from deploy.settings import Settings
from deploy.snapshots import Snapshots

log: Final = logging.getLogger(__name__)

REST_MS: Final = 5_000
SLICE_PAUSE_S: Final = 0.02  # between two slices of a notice when nothing else makes a turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a decision means in words, for officers, and as messages that leave at once."""

    why: str
    told: Told = NOBODY
    entries: list[Entry] = field(default_factory=list)


class Telling:
    """Plans what is told to whom, and hands it to ``sending``: to officers at once, to the public through notices."""

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
        sending: Sending,
        directory: Directory,
        ways: Ways,
    ) -> None:
        self.settings, self.registry, self.journal, self.memory = settings, registry, journal, memory
        self.clock, self.hub, self.snapshots = clock, hub, snapshots
        self.zone = ZoneInfo(settings.site.timezone)
        self.sending = sending
        self.policies, self.ways = Policies(journal), ways
        self._notices_rest_until = 0
        self._unlogged: list[tuple[str, int, str, str]] = []  # alert, version, kind, why
        self.sender = f"LATIHAN {settings.site.sender}" if settings.site.realm == "latihan" else settings.site.sender
        self.duty = Duty(
            journal=journal,
            directory=directory,
            policies=self.policies,
            ways=ways,
            queue=sending.queue,
            areas=self._areas_of,
            sender=self.sender,
            now=clock.now(),
        )
        self.notices = Notices(
            settings=settings,
            registry=registry,
            journal=journal,
            memory=memory,
            directory=directory,
            policies=self.policies,
            ways=ways,
            hub=hub,
            queue=sending.queue,
            now=clock.now(),
        )

    def turn(self, group: Group, now: int) -> None:
        """What time brings: whoever is next, digests, notices and their slices."""
        self.duty.turn(group, now, self._body)
        if now < self._notices_rest_until:
            return
        try:
            self.notices.turn(group, now)
        except Exception:
            # A notice that breaks the program must not take readings and officers' warnings with it.
            log.exception("notices failed; tried again in %d s", REST_MS // 1000)
            self._notices_rest_until = now + REST_MS
        if self.notices.is_busy:
            self.sending.wake(SLICE_PAUSE_S)

    def clock_stepped(self, group: Group, ahead_ms: int) -> None:
        """Core's clock was set: whoever is waited for has as long as before, and a notice on its way stays as valid."""
        self.duty.clock_stepped(group, ahead_ms)
        self.notices.clock_stepped(group, ahead_ms)
        self._notices_rest_until = 0

    def plan(self, decision: Decision, now: int) -> Plan:
        """The decision in words, and the messages that tell it. Changes nothing."""
        why = explain.why(decision, self.zone, self.called)
        if not policy.is_for_officers(decision):
            return Plan(why=why)
        body = sms(self._text(decision))
        told = self.duty.plan(decision, now)
        return Plan(why=why, told=told, entries=self.duty.messages(decision, told.officers, body, now))

    def _body(self, alert: str, version: int, group: Group) -> tuple[Decision, str] | None:
        """An alert's version, stored or about to be, and its text; None when there is no such version."""
        rows = [alert_records.Version(*row) for row in group.alerts if row[1] == alert]
        found = [*alert_records.versions(self.journal, alert), *rows]
        decision = next((each.decision for each in reversed(found) if each.version == version), None)
        return None if decision is None else (decision, sms(self._text(decision)))

    def _areas_of(self, scope: str) -> tuple[str, ...]:
        station = self.registry.stations.get(scope)
        return () if station is None else tuple(station.kelurahan)

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
        retired = self.registry.retired.get(scope)
        if retired is not None:
            return retired.name, retired.example
        if is_group(scope):
            name = "Semua stasiun" if scope == EVERYTHING else f"Gateway {scope.removeprefix(GATEWAY)}"
            return name, all(station.example for station in self.registry.stations.values())
        return self.registry.areas.names((scope,))[0], self.registry.is_example((scope,))

    def called(self, scope: str) -> str:
        """What a sentence calls a station or an area: ``Kel. Karangketug``."""
        name, area = self.named(scope)[0], self.registry.areas.get(scope)
        is_bare = area is not None and area.kind == "kelurahan" and not name.startswith("Kel. ")
        return f"Kel. {name}" if is_bare else name

    def record(self, group: Group, decision: Decision, plan: Plan, now: int) -> int:
        """Put decision and messages into ``group``, the state with them; the decision's journal id."""
        why, name = plan.why, policy.alert_id(decision)
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
        for entry in plan.entries:
            self.sending.queue(group, entry)
        if plan.told is not NOBODY:
            scope, is_example = self.named(decision.station)
            called = f"CONTOH {scope}" if is_example else scope
            line = line_of(decision, name=called, clock=clock(decision.at, self.zone))
            self.duty.record(group, plan.told, Item(name, decision.version, now, line), now)
        if decision.hazard == "area" and decision.public_ok:
            self.notices.collect(decision)
        if decision.station in self.registry.stations:
            self.hub.mark_station(decision.station)
        self.hub.add_alert(decision, row_id, why, now, named=self.named(decision.station))
        state = plan.told.escalation
        if state is not None and state.is_acknowledged and state.acknowledged_at is not None:
            self.hub.acknowledged(name, by=state.acknowledged_by, at=state.acknowledged_at, rev=row_id)
        self._unlogged.append((name, decision.version, decision.kind, why))
        return row_id

    def log_decisions(self) -> None:
        """Say in the log what was decided; called when its messages have left, which need not wait for that."""
        for said in self._unlogged:
            log.warning("%s v%d %s: %s", *said)
        self._unlogged.clear()
