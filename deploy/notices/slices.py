"""A notice's way into the outbox: some of its audience a turn, so that ten thousand people hold up no warning."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from alerting import notices, policy
from alerting.messages import NO_CHANNEL, Entry, message
from alerting.notices import Notice
from alerting.policy_rules import is_capped, valid_ms
from alerting.recipients import Directory, Recipient
from deploy.channels.ways import Ways
from deploy.journal import Group, Journal
from deploy.messages.recent_messages import recent
from deploy.notices.audience import Audiences, Target
from deploy.notices.book import NoticeBook
from deploy.notices.policies import Policies

SLICE: Final = 50  # some 5 ms of a turn
CAPPED: Final = "Batas pesan per orang per hari sudah tercapai."
UP_TODAY: Final = "SELECT 1 FROM alerts WHERE alert = ? AND version = ? AND kind IN ('raised', 'raised_higher')"


class NoticeSlices:
    """``least`` is, by area alert, the version below which nothing goes out any more."""

    def __init__(
        self,
        *,
        journal: Journal,
        directory: Directory,
        book: NoticeBook,
        audiences: Audiences,
        policies: Policies,
        ways: Ways,
        queue: Callable[[Group, Entry], None],
        zone: ZoneInfo,
        now: int,
    ) -> None:
        self._journal, self._directory, self._book, self._audiences = journal, directory, book, audiences
        self._policies, self._ways, self._queue, self._zone = policies, ways, queue, zone
        self.least: dict[str, int] = {}
        self._day = self._day_of(now)
        self._had = self._had_today(now)

    def advance(self, group: Group, now: int) -> Notice:
        """Give the next part of the most urgent notice's audience their messages; there must be a notice that goes."""
        notice = min(self._book.going.values(), key=_urgency)
        if self._day_of(now) != self._day:
            self._day, self._had = self._day_of(now), {}
        part = self._audiences.fixed(notice.number)[notice.cursor : notice.cursor + SLICE]
        first_id = self._journal.take_ids(len(part) + 1)
        found = (self._entry(notice, target, first_id + place, now) for place, target in enumerate(part))
        entries = [entry for entry in found if entry is not None]
        notice = notices.progressed(notice, count=len(part), skipped=len(part) - len(entries), now=now)
        # Only now: a slice is whole, with its cursor, or not begun.
        for entry in entries:
            self._queue(group, entry)
        if notice.state == "sent":
            self._audiences.forget(notice.number)
        return self._book.put(group, notice)

    def _entry(self, notice: Notice, target: Target, entry_id: int, now: int) -> Entry | None:
        """A message; None for somebody who has gone, or for whom a newer version is on its way."""
        recipient_id, place = target
        covered = notice.areas[place]
        recipient = self._directory.get(recipient_id)
        if recipient is None or recipient.consent != "given" or recipient.public_kind is None:
            return None
        if self.least.get(covered.alert, 0) > covered.version:
            return None
        way = self._ways.first(recipient)
        approved_at = notice.decided_at or now
        return message(
            entry_id=entry_id,
            alert=covered.alert,
            version=covered.version,
            recipient=recipient_id,
            address=way[1].masked if way else "",
            channel=way[0] if way else NO_CHANNEL,
            body=notice.texts[recipient.language],
            priority=policy.notice_priority(notice.kind, notice.level, area=place, public_kind=recipient.public_kind),
            now=approved_at,
            valid_until=approved_at + valid_ms(notice.kind, notice.level),
            reason=self._counted(notice, recipient, now),
            public=True,
        )

    def _counted(self, notice: Notice, recipient: Recipient, now: int) -> str | None:
        """Why somebody is not told: he had enough today. Counts him otherwise."""
        if not notice.is_up:
            return None
        had = self._had.get(recipient.id, 0)
        if is_capped(notice.kind, notice.level) and had >= self._policies.now(now).policy.most_a_day:
            return CAPPED
        self._had[recipient.id] = had + 1
        return None

    def _day_of(self, now: int) -> int:
        return datetime.fromtimestamp(now / 1000, UTC).astimezone(self._zone).date().toordinal()

    def _had_today(self, now: int) -> dict[str, int]:
        """How many warnings everybody had today, from the outbox."""
        morning = datetime.combine(
            datetime.fromtimestamp(now / 1000, UTC).astimezone(self._zone).date(), datetime.min.time(), self._zone
        )
        had: dict[str, int] = {}
        is_warning: dict[tuple[str, int], bool] = {}
        for sent in recent(self._journal, round(morning.timestamp() * 1000)):
            if not sent.public:
                continue
            version = (sent.alert, sent.version)
            if version not in is_warning:
                is_warning[version] = self._journal.connection.execute(UP_TODAY, version).fetchone() is not None
            if is_warning[version]:
                had[sent.recipient] = had.get(sent.recipient, 0) + 1
        return had


def _urgency(notice: Notice) -> tuple[int, int]:
    return policy.notice_priority(notice.kind, notice.level, area=0, public_kind="head"), notice.number
