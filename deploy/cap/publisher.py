"""From approved public warnings to CAP messages: which are due, what they follow, and what stands.

``publish`` belongs to a turn: it takes a place in the alert's row of messages, written with the turn's commit. Words,
document and files come later, in :mod:`deploy.cap.files`, and are made up for after a crash.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from alerting.bulletin import ENDED_SHOWN_MS, BulletinFacts, BulletinItem
from alerting.cap import reference
from alerting.cap_feed import FeedEntry
from alerting.cap_out import Issuer, is_renewal_due, slot
from alerting.cap_tables import cap_messages
from alerting.engine import Decision
from alerting.policy import alert_id
from alerting.public_clauses import PublicText
from broker.levels import Level
from deploy.alerts import alert_records
from deploy.cap.draft import CapRow, Draft, Finished, feed_entry
from deploy.cap.places import CapPlaces
from deploy.journal import Group, Journal
from deploy.memory import Memory
from deploy.messages.public_text import public_text
from deploy.registry import Registry
from deploy.settings import Settings

log: Final = logging.getLogger(__name__)

OVER: Final = ("ended", "cancelled")
UP: Final = ("raised", "raised_higher")
TO_RESTORE: Final = """
    WHERE (type = 'Cancel' AND sent >= ?)
    OR alert IN (SELECT alert FROM cap_messages WHERE document IS NULL)
    OR alert IN (SELECT alert FROM cap_messages EXCEPT SELECT alert FROM cap_messages WHERE type = 'Cancel')
    ORDER BY sent
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The messages of an alert that stands, the oldest first, and the decision that the last one tells."""

    rows: tuple[CapRow, ...]
    decision: Decision
    highest: Level  # that people were told


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A message whose place is taken and whose words are still to be found."""

    row: CapRow
    decision: Decision
    before: tuple[Decision, ...]  # what was last told of the alert
    references: tuple[str, ...]
    was: Level
    began: int


class CapPublisher:
    """What is published of each alert. It is told only of what may be public: who decides that is policy."""

    def __init__(self, *, settings: Settings, registry: Registry, journal: Journal, memory: Memory, now: int) -> None:
        self._settings, self._registry, self._journal, self._memory = settings, registry, journal, memory
        self.issuer = issuer_of(settings)
        self.places = CapPlaces(registry.areas)
        self._lines: dict[str, Line] = {}
        self._pending: deque[Pending] = deque()
        self._entries: dict[str, FeedEntry] = {}
        self._items: dict[str, BulletinItem] = {}
        self.refuge_of: Callable[[str], tuple[str, str]] = lambda _alert: ("", "")  # where people of an alert go
        self._restore(now)

    # -- in a turn -----------------------------------------------------------------------------------------------

    def publish(self, group: Group, decisions: Iterable[Decision], now: int) -> list[str]:
        """Take the next message of each area's alert into the turn; their identifiers.

        To be called when a notice about these decisions was approved, and when it is followed up or cancelled. A
        version that is published already, and the end of an alert that never was, come to nothing.
        """
        found = []
        for decision in decisions:
            line = self._lines.get(alert_id(decision))
            if line is None or line.rows[-1].version < decision.version:
                found += self._add(group, decision, line, now)
        return found

    def keep_up(self, group: Group, now: int) -> None:
        """Renew what would run out while its alert stands, and cancel what is over."""
        for alert, line in list(self._lines.items()):
            decision = line.decision
            if self._is_over(decision):
                last = alert_records.last_of(self._journal, decision.station, decision.hazard)
                if last is not None and last.alert == alert and last.kind in OVER:
                    self._add(group, last.decision, line, now)
            elif is_renewal_due(line.rows[-1].expires, self.issuer.lifetime_ms, now):
                self._add(group, msgspec.structs.replace(decision, value=None, value_at=None), line, now)

    def _is_over(self, decision: Decision) -> bool:
        area = self._memory.areas.get(decision.station)
        return area is None or area.level == Level.NORMAL or area.episode != decision.episode

    def _add(self, group: Group, decision: Decision, line: Line | None, now: int) -> list[str]:
        rows = () if line is None else line.rows
        alert, is_over = alert_id(decision), decision.kind in OVER
        place = slot(
            alert,
            decision.version,
            is_over=is_over,
            earlier=[row.reference for row in rows],
            last_sent=rows[-1].sent if rows else 0,
            now=now,
            prefix=self._settings.site.realm,
        )
        if place is None:
            return []
        said = reference(self.issuer.said, place.identifier, place.sent, self.issuer.zone)
        expires = place.sent + self.issuer.lifetime_ms
        row = CapRow(place.identifier, alert, decision.version, place.type, place.sent, expires, said)
        group.cap_messages[row.identifier] = msgspec.structs.astuple(row)
        self._queue(row, decision, line)
        return [row.identifier]

    def _queue(self, row: CapRow, decision: Decision, line: Line | None) -> None:
        rows = () if line is None else line.rows
        was = Level.NORMAL if line is None else line.highest
        began = rows[0].sent if rows else row.sent
        references = tuple(each.reference for each in rows)
        before = () if line is None else (line.decision,)
        self._pending.append(
            Pending(row=row, decision=decision, before=before, references=references, was=was, began=began)
        )
        if row.type == "Cancel":
            self._lines.pop(row.alert, None)
        else:
            highest = max(was, Level(decision.level))
            self._lines[row.alert] = Line(rows=(*rows, row), decision=decision, highest=highest)

    # -- beside the turns ----------------------------------------------------------------------------------------

    def drafts(self, most: int) -> list[Draft]:
        """The oldest messages that are still to be written."""
        return [self._draft(pending) for pending in islice(self._pending, most)]

    def _draft(self, pending: Pending) -> Draft:
        decision = pending.decision
        is_news = decision.kind in UP  # anything else names what it lowers or ends
        public = public_text(
            [decision],
            registry=self._registry,
            memory=self._memory,
            settings=self._settings,
            was=None if is_news else pending.was,
            raised_at=None if is_news else pending.began,
            before=pending.before,
            refuge=self.refuge_of(pending.row.alert) if is_news else ("", ""),
        )
        return Draft(
            row=pending.row, references=pending.references, public=public, area=decision.station, began=pending.began
        )

    def written(self, group: Group, done: Finished) -> None:
        """The oldest message's file is there: keep the document, and change what stands."""
        self._pending.popleft()
        draft = done.draft
        facts = msgspec.json.encode(draft.public).decode()
        row = msgspec.structs.replace(draft.row, facts=facts, document=done.document.decode())
        group.cap_messages[row.identifier] = msgspec.structs.astuple(row)
        self._show(row, draft.public, done.entry)

    def left_out(self) -> None:
        """The oldest message cannot be made; those after it can."""
        self._pending.popleft()

    def _show(self, row: CapRow, public: PublicText, entry: FeedEntry) -> None:
        is_over = row.type == "Cancel"
        # A feed without a sender is a test; what is read aloud is none for that.
        is_example = public.example or self.issuer.is_demo
        expires = row.sent + ENDED_SHOWN_MS if is_over else row.expires
        self._items[row.alert] = BulletinItem(
            alert=row.alert, public=public, sent=row.sent, expires=expires, is_test=is_example
        )
        if is_over:
            self._entries.pop(row.alert, None)
        else:
            self._entries[row.alert] = entry

    @property
    def entries(self) -> list[FeedEntry]:
        """What stands, as the index has it."""
        return list(self._entries.values())

    def bulletin_facts(self, now: int) -> BulletinFacts:
        """What stands, and what was over lately."""
        for alert in [alert for alert, item in self._items.items() if item.expires <= now and alert not in self._lines]:
            del self._items[alert]
        site = self._settings.site
        return BulletinFacts(
            sender=site.sender, timezone=site.timezone, items=tuple(self._items.values()), written_at=now
        )

    def _restore(self, now: int) -> None:
        """Take over what the last run published, and queue what it had no time to write."""
        for found in self._journal.rows(cap_messages, TO_RESTORE, (now - ENDED_SHOWN_MS,)):
            row = CapRow(*found)
            line, public = self._lines.get(row.alert), row.public
            versions = alert_records.versions(self._journal, row.alert)
            decision = next((each.decision for each in versions if each.version == row.version), None)
            if decision is None:
                log.error("CAP message %s tells a version that the journal does not have", row.identifier)
                continue
            self._queue(row, decision, line)
            if public is not None:
                began = self._pending.pop().began
                self._show(row, public, feed_entry(row, public, began, self.issuer))


def issuer_of(settings: Settings) -> Issuer:
    """Who speaks, by the settings."""
    cap = settings.cap
    return Issuer(
        sender=cap.sender,
        zone=ZoneInfo(settings.site.timezone),
        lifetime_ms=round(cap.lifetime_minutes * 60_000),
        web=f"{cap.web.rstrip('/')}/" if cap.web else "",
        contact=cap.contact,
        is_demo=settings.channels.demo,
    )
