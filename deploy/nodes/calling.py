"""Calls technicians to nodes: turns the alarms of a turn into messages of the outbox, for people on duty alone.

Technicians are the officers in group :data:`GROUP`, those on duty before the others; where there is none, the officers
on duty of the first rank. Residents, heads and institutions are never told. Who has had the message about a station's
silence already is not told of it a second time. What waits is in the journal with the alarms themselves, and what was
told with the messages that tell it: a restart repeats nothing and forgets nothing.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from alerting import escalation, policy
from alerting.messages import Entry, message
from alerting.policy_rules import quiet_ends
from alerting.recipients import Recipient
from alerting.web.technician.faults import ORDER, in_words
from broker.levels import Level
from broker.live import NodeAlarm
from deploy.nodes.callout import URGENT, Callouts, Waiting
from deploy.nodes.callout_text import Call, call_text

if TYPE_CHECKING:
    from deploy.core import Core
    from deploy.nodes.health import NodeHealth

KEY: Final = "node_callouts"  # among the journal's values
ALERT: Final = "teknisi"  # in place of an alert's name in the outbox
GROUP: Final = "teknisi"
PRIORITY: Final = 22  # after every alert and digest of officers, before the public's messages
URGENT_PRIORITY: Final = 16
ACTOR: Final = "health"
SAID: Final = "SELECT 1 FROM outbox WHERE key >= ? AND key < ? AND recipient = ? AND created_at >= ? LIMIT 1"

Told = tuple[Waiting, NodeAlarm, str]  # what is told, the alarm as it stands, its station


class Calling:
    """``health`` is the watch's own table, by node."""

    def __init__(self, core: "Core", health: "dict[str, NodeHealth]") -> None:
        self._core, self._health = core, health
        kept = core.journal.value(KEY)
        self._callouts = Callouts() if kept is None else msgspec.json.decode(kept, type=Callouts)
        self._is_changed = False

    def settled(self, node: str, name: str, kind: str, became: str, now: int) -> None:
        """An alarm was raised, or has ended."""
        if became == "raised":
            self._callouts.raised(node, name, kind, now)
        else:
            self._callouts.ended(node, name)
        self._is_changed = True

    def forget(self, node: str) -> None:
        self._callouts.forget(node)
        self._is_changed = True

    def keep(self) -> None:
        """Put what waits into the turn's group, once however much has changed."""
        if self._is_changed:
            self._core.group.values[KEY] = msgspec.json.encode(self._callouts).decode()
            self._is_changed = False

    def turn(self, now: int) -> None:
        """Tell what is to be told by now."""
        if not self._callouts.waiting:
            return
        version = self._core.telling.policies.now(now)
        is_night = quiet_ends(version.policy, Level.WASPADA, now, self._core.telling.zone) is not None
        due = self._callouts.due(now, is_night=is_night, is_held=self._is_held)
        if not due:
            return
        told = [found for alarm in due if (found := self._standing(alarm)) is not None]
        people = self._technicians(now)
        if told and not people:
            return
        is_urgent = any(alarm.kind == URGENT for alarm in due)
        if not is_urgent and any(self._core.telling.duty.is_full(each.id, now) for each in people):
            return  # the hour of somebody is full: it waits for room, as his digest does
        is_sent = self._tell(told, people, now)
        self._callouts.called(due, now, is_sent=is_sent)
        self._is_changed = True

    # -- what and whom ---------------------------------------------------------------------------------------------

    def _is_held(self, alarm: Waiting) -> bool:
        """While somebody works on the station, what is wrong with its nodes is his."""
        node = self._core.memory.nodes.get(alarm.node)
        state = None if node is None else self._core.memory.states.get(node.station)
        return state is not None and state.maintenance is not None

    def _standing(self, alarm: Waiting) -> Told | None:
        node, health = self._core.memory.nodes.get(alarm.node), self._health.get(alarm.node)
        stands = None if health is None else health.standing.get(alarm.name)
        return None if node is None or stands is None else (alarm, stands, node.station)

    def _technicians(self, now: int) -> tuple[Recipient, ...]:
        directory = self._core.directory
        on_duty = directory.officers(now)
        members = tuple(each for each in directory.all_officers() if GROUP in each.groups)
        if members:
            return tuple(each for each in members if each in on_duty) or members
        return tuple(each for each in on_duty if each.rank == on_duty[0].rank)

    def _tell(self, told: Sequence[Told], people: Sequence[Recipient], now: int) -> bool:
        """Each the part that concerns him; whether there was anything to tell."""
        by_person = {each.id: self._for(each, told, people) for each in people}
        entries: list[Entry] = []
        for person in people:
            if part := by_person[person.id]:
                entries += self._messages(person, part, now)
        if not entries:
            return False
        for entry in entries:
            self._core.sending.queue(self._core.group, entry)
        for name in dict.fromkeys(entry.recipient for entry in entries):
            self._core.telling.duty.had(self._core.group, name, ALERT, now)
        names = [name for name, part in by_person.items() if part]
        detail = {"alarms": [alarm.key for alarm, _, _ in told], "told": names}
        self._core.journal.add_audit(
            self._core.group, at=now, actor=ACTOR, action="technicians called", subject=ALERT, detail=detail
        )
        return True

    def _for(self, person: Recipient, told: Sequence[Told], people: Sequence[Recipient]) -> list[Told]:
        """What is his to see to: what happens in his areas, and what happens in nobody's."""
        return [
            each
            for each in told
            if (self._concerns(person, each[2]) or not any(self._concerns(other, each[2]) for other in people))
            and not self._was_told(person, each)
        ]

    def _concerns(self, person: Recipient, station: str) -> bool:
        known = self._core.registry.stations.get(station)
        return escalation.is_concerned(person.areas, () if known is None else tuple(known.kelurahan))

    def _was_told(self, person: Recipient, told: Told) -> bool:
        """Whether he has the message of the station's own silence, or of the silence of all that includes it."""
        alarm, _, station = told
        state = self._core.memory.states.get(station)
        if alarm.kind != "silent" or state is None or state.silent_since is None:
            return False
        group = state.inhibited_by
        first = f"{station}.data.{state.silence_episode}/" if group is None else f"{group}.data."
        since = 0 if group is None else state.silent_since - 24 * 3_600_000
        values = (first, f"{first[:-1]}{chr(ord(first[-1]) + 1)}", person.id, since)
        return self._core.journal.connection.execute(SAID, values).fetchone() is not None

    # -- in words --------------------------------------------------------------------------------------------------

    def _messages(self, person: Recipient, told: Sequence[Told], now: int) -> list[Entry]:
        ways = policy.ways([self._core.telling.ways.officer(person)])
        number = self._core.journal.take_ids(len(ways) + 1)
        is_urgent = any(alarm.kind == URGENT for alarm, _, _ in told)
        body = call_text(self._core.telling.sender, self._calls(told, now), beyond=self._callouts.beyond)
        return [
            message(
                entry_id=number + 1 + place,
                alert=ALERT,
                version=number,
                recipient=officer.name,
                address=officer.address,
                channel=channel,
                body=body,
                priority=URGENT_PRIORITY if is_urgent else PRIORITY,
                now=now,
                valid_until=now + policy.DIGEST_VALID_MS,
            )
            for place, (officer, channel) in enumerate(ways)
        ]

    def _calls(self, told: Sequence[Told], now: int) -> list[Call]:
        """The worst first; what a theft explains is not said besides it."""
        stolen = {alarm.node for alarm, _, _ in told if alarm.kind == URGENT}
        told = [each for each in told if each[0].kind == URGENT or each[0].node not in stolen]
        calls = []
        for alarm, stands, station in sorted(told, key=lambda each: ORDER.index(each[1].kind)):
            fault = in_words(stands, now)
            name, is_example = self._core.telling.named(station)
            place = f"{'CONTOH ' if is_example else ''}{name} ({alarm.node})"
            calls.append(Call(place=place, what=fault.text, bring=fault.bring))
        return calls
