"""Officers in core: who is told of an alert, who is next while nobody acknowledges it, and what waits for a digest.

Every change is in the turn's group with the messages that it means, so that a restart neither tells anybody twice nor
forgets who is next.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from alerting import escalation, grouping, notice_tables, policy
from alerting.blind import EVERYTHING
from alerting.engine import Decision
from alerting.episodes import Kind
from alerting.escalation import Escalation, Ranked
from alerting.grouping import Item, Load
from alerting.messages import Entry
from alerting.policy import Officer
from alerting.recipients import Directory, Recipient
from broker.levels import Level
from deploy.channels.ways import Ways
from deploy.journal import Group, Journal
from deploy.messages.recent_messages import recent
from deploy.notices.policies import Policies

NEVER: Final = 2**63
Body = Callable[[str, int, Group], tuple[Decision, str] | None]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision means for officers: who is told at once, for whom it waits, who is next."""

    officers: tuple[Officer, ...] = ()
    gathered: tuple[str, ...] = ()
    escalation: Escalation | None = None


NOBODY: Final = Told()


class Duty:
    """``queue`` takes a message into the outbox and the group; ``areas`` are those that a station matters to."""

    def __init__(
        self,
        *,
        journal: Journal,
        directory: Directory,
        policies: Policies,
        ways: Ways,
        queue: Callable[[Group, Entry], None],
        areas: Callable[[str], Sequence[str]],
        sender: str,
        now: int,
    ) -> None:
        self._journal, self._directory, self._policies, self._ways = journal, directory, policies, ways
        self._queue, self._areas, self._sender = queue, areas, sender
        self.open: dict[str, Escalation] = {}
        self.loads: dict[str, Load] = {}
        self._deadlines: list[tuple[int, str]] = []
        self._next_digest = NEVER
        self._restore(now)

    # -- decide --------------------------------------------------------------------------------------------------

    def plan(self, decision: Decision, now: int) -> Told:
        """Who is told of a decision. Changes nothing."""
        on_duty = self._on_duty(decision.station, now)
        if not on_duty:
            return NOBODY
        alert = policy.alert_id(decision)
        state = None
        if alert in self.open or needs_acknowledgement(decision):
            state, tell = escalation.on_version(
                self.open.get(alert),
                alert=alert,
                version=decision.version,
                kind=decision.kind,
                level=decision.level,
                on_duty=_ranked(on_duty),
                everybody=self._everybody(),
                now=now,
                wait_ms=self._policies.now(now).policy.escalate_after_s * 1000,
            )
        else:
            tell = tuple(each.id for each in on_duty if each.rank == on_duty[0].rank)
        waits = () if never_waits(decision) else tuple(each for each in tell if self.is_full(each, now))
        return Told(
            officers=self._officers(each for each in tell if each not in waits), gathered=waits, escalation=state
        )

    def record(self, group: Group, told: Told, item: Item, now: int) -> None:
        """What :meth:`plan` said is so from now on; the messages are the caller's to queue."""
        if told.escalation is not None:
            self._put(group, told.escalation)
        for officer in told.officers:
            self.had(group, officer.name, item.alert, now)
        for name in told.gathered:
            self._load(group, name, grouping.gathered(self.loads.get(name, grouping.NOTHING), item))
        if told.gathered:
            self._look_for_digests(now)

    def acknowledge(self, group: Group, alert: str, *, by: str, now: int) -> Escalation:
        """``by`` deals with the alert: nobody else is told of its version. The alert must be open."""
        state = escalation.acknowledged(self.open[alert], by=by, now=now)
        self._put(group, state)
        return state

    def put_away(self, group: Group) -> None:
        """Forget what waits for a digest."""
        for name, load in list(self.loads.items()):
            if load.waiting:
                self._load(group, name, msgspec.structs.replace(load, waiting=()))
        self._next_digest = NEVER

    def taken_by(self, alert: str) -> str:
        """Who deals with an alert that goes on; empty while nobody does."""
        state = self.open.get(alert)
        return state.acknowledged_by if state is not None and state.is_acknowledged else ""

    # -- time ----------------------------------------------------------------------------------------------------

    def turn(self, group: Group, now: int, body: Body) -> None:
        """Tell whoever is next, and what has waited long enough."""
        while self._deadlines and self._deadlines[0][0] <= now:
            due_at, alert = heapq.heappop(self._deadlines)
            state = self.open.get(alert)
            if state is not None and state.due_at == due_at:
                self._escalate(group, state, now, body)
        if now >= self._next_digest:
            self._tell_digests(group, now)

    def _escalate(self, group: Group, state: Escalation, now: int, body: Body) -> None:
        found = body(state.alert, state.version, group)
        after, tell = escalation.on_due(
            state,
            on_duty=_ranked(self._on_duty(found[0].station if found is not None else "", now)),
            everybody=self._everybody(),
            now=now,
            wait_ms=self._policies.now(now).policy.escalate_after_s * 1000,
        )
        self._put(group, after)
        if found is None or not tell:
            return
        decision, text = found
        self._journal.add_audit(
            group, at=now, actor="kebijakan", action="alert escalated", subject=state.alert, detail={"told": tell}
        )
        for entry in self.messages(decision, self._officers(tell), text, now):
            self._queue(group, entry)
            self.had(group, entry.recipient, entry.alert, now)

    def clock_stepped(self, group: Group, ahead_ms: int) -> None:
        """Core's clock was set ``ahead_ms`` ahead (negative: back): everybody has as long to answer as before."""
        for state in list(self.open.values()):
            due_at = None if state.due_at is None else state.due_at + ahead_ms
            self._put(group, msgspec.structs.replace(state, due_at=due_at, told_at=state.told_at + ahead_ms))
        for name, load in self.loads.items():
            self.loads[name] = msgspec.structs.replace(load, times=tuple(each + ahead_ms for each in load.times))
        if self._next_digest != NEVER:
            self._next_digest += ahead_ms

    def messages(self, decision: Decision, officers: tuple[Officer, ...], body: str, now: int) -> list[Entry]:
        """One an officer and channel."""
        first_id = self._journal.take_ids(len(policy.ways(officers)) + 1) + 1
        return policy.messages(decision, officers=officers, body=body, now=now, first_id=first_id)

    def _tell_digests(self, group: Group, now: int) -> None:
        most = self._policies.now(now).policy.most_items_an_hour
        for name, load in list(self.loads.items()):
            due_at = grouping.digest_at(load, most)
            if due_at is None or now < due_at:
                continue
            text = grouping.digest_text(self._sender, load.waiting)
            self._load(group, name, grouping.digested(load, now))
            officers = self._officers([name])
            number = self._journal.take_ids(len(policy.ways(officers)) + 1)
            for entry in policy.digests(number, officers=officers, body=text, now=now, first_id=number + 1):
                self._queue(group, entry)
        self._look_for_digests(now)

    # -- what is kept --------------------------------------------------------------------------------------------

    def _put(self, group: Group, state: Escalation) -> None:
        if state.is_over:
            self.open.pop(state.alert, None)
        else:
            self.open[state.alert] = state
            if state.due_at is not None:
                heapq.heappush(self._deadlines, (state.due_at, state.alert))
        row = (state.alert, self._journal.take_ids(), int(not state.is_over), msgspec.msgpack.encode(state))
        group.escalations[state.alert] = row

    def had(self, group: Group, name: str, alert: str, now: int) -> None:
        """An officer is told of something: it counts among the items of the hour."""
        before = self.loads.get(name, grouping.NOTHING)
        after = grouping.told(before, alert, now)
        self.loads[name] = after
        if after.waiting != before.waiting:
            self._load(group, name, after)

    def _load(self, group: Group, name: str, load: Load) -> None:
        self.loads[name] = load
        group.digests[name] = (name, msgspec.msgpack.encode(load.waiting))

    def is_full(self, name: str, now: int) -> bool:
        """Whether what does not go up must wait for an officer's digest."""
        most = self._policies.now(now).policy.most_items_an_hour
        return grouping.is_full(self.loads.get(name, grouping.NOTHING), most, now)

    def _look_for_digests(self, now: int) -> None:
        most = self._policies.now(now).policy.most_items_an_hour
        due = (grouping.digest_at(load, most) for load in self.loads.values())
        self._next_digest = min((each for each in due if each is not None), default=NEVER)

    def _on_duty(self, scope: str, now: int) -> tuple[Recipient, ...]:
        """Officers on duty whom a place concerns; when it concerns none of them, all of them."""
        on_duty, places = self._directory.officers(now), self._areas(scope)
        concerned = tuple(each for each in on_duty if escalation.is_concerned(each.areas, places))
        return concerned or on_duty

    def _everybody(self) -> list[str]:
        return [each.id for each in self._directory.all_officers()]

    def _officers(self, ids: Iterator[str] | tuple[str, ...] | list[str]) -> tuple[Officer, ...]:
        found = (self._directory.get(each) for each in ids)
        return tuple(self._ways.officer(each) for each in found if each is not None)

    def _restore(self, now: int) -> None:
        decode = msgspec.msgpack.Decoder(Escalation).decode
        for row in self._journal.rows(notice_tables.escalations, "WHERE is_open = 1"):
            state = decode(row[3])
            if state.due_at is not None:  # the clock may have been set back meanwhile
                longest = self._policies.now(now).policy.escalate_after_s * 1000
                state = msgspec.structs.replace(state, due_at=min(state.due_at, now + longest))
            self.open[state.alert] = state
            if state.due_at is not None:
                heapq.heappush(self._deadlines, (state.due_at, state.alert))
        items = msgspec.msgpack.Decoder(tuple[Item, ...]).decode
        for name, waiting in self._journal.rows(notice_tables.digests):
            self.loads[name] = Load((), items(waiting))
        had: dict[str, dict[tuple[str, int], int]] = {}
        for message in recent(self._journal, now - grouping.HOUR_MS):
            had.setdefault(message.recipient, {})[message.alert, message.version] = message.created_at
        for name, times in had.items():
            if name in self.loads or self._is_officer(name):
                self.loads[name] = msgspec.structs.replace(
                    self.loads.get(name, grouping.NOTHING), times=tuple(sorted(times.values()))
                )
        self._look_for_digests(now)

    def _is_officer(self, name: str) -> bool:
        known = self._directory.get(name)
        return known is not None and known.kind == "officer"


def needs_acknowledgement(decision: Decision) -> bool:
    """Whether somebody must say that he deals with it: of what goes up, and of BUTA. A sensor may wait till morning."""
    return decision.kind in ("raised", "raised_higher") and (
        decision.level > Level.NORMAL or decision.station == EVERYTHING
    )


def never_waits(decision: Decision) -> bool:
    """What is told at once however much an officer had: what goes up, BUTA, and that it was a false alarm."""
    return needs_acknowledgement(decision) or decision.kind == "cancelled"


def _ranked(officers: tuple[Recipient, ...]) -> list[Ranked]:
    return [Ranked(each.id, each.rank) for each in officers]


_KIND_WORDS: Final[dict[Kind, str]] = {
    "raised": "naik ke",
    "raised_higher": "naik ke",
    "lowered": "turun ke",
    "ended": "selesai",
    "cancelled": "dibatalkan",
}


def line_of(decision: Decision, *, name: str, clock: str) -> str:
    """What a digest says of a decision: ``Welang Kraton turun ke SIAGA pukul 18:40``, never a number after SIAGA."""
    if decision.hazard == "data":
        return f"{name} {'diam' if decision.kind == 'raised' else 'mengirim lagi'} pukul {clock}"
    level = f" {Level(decision.level).name}" if decision.kind in ("raised", "raised_higher", "lowered") else ""
    return f"{name} {_KIND_WORDS[decision.kind]}{level} pukul {clock}"
