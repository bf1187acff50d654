"""Notices in core that are not over yet: each change goes into the turn's group and to those who watch."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from alerting import notice_tables
from alerting.notices import Notice
from alerting.policy_rules import OVER
from deploy.journal import Group, Journal

NEVER: Final = 2**63
LISTED: Final = 50


class NoticeBook:
    """``stands`` says whether an area alert goes on; ``show`` is told of every notice that changes."""

    def __init__(
        self, journal: Journal, *, stands: Callable[[str, str], bool], show: Callable[[Notice, bool], None]
    ) -> None:
        self._journal, self._stands, self._show = journal, stands, show
        self._decode = msgspec.json.Decoder(Notice).decode
        self.open: dict[int, Notice] = {}
        self.going: dict[int, Notice] = {}
        self._of_alert: dict[str, set[int]] = {}
        self._recent: OrderedDict[int, Notice] = OrderedDict()  # over, and perhaps not on disk yet
        self.next_due = NEVER
        for row in journal.rows(notice_tables.notices, "WHERE is_open = 1 ORDER BY number"):
            self._take(self._decode(row[3]))
        self._look_ahead()

    def put(self, group: Group, notice: Notice) -> Notice:
        """Take a notice's new state; it as it is written."""
        notice = msgspec.structs.replace(notice, rev=self._journal.take_ids())
        is_open = not self.is_over(notice)
        if is_open:
            self._take(notice)
        else:
            self._close(notice)
        self._look_ahead()
        text = msgspec.json.encode(notice).decode()
        group.notices[notice.number] = (notice.number, notice.rev, int(is_open), text)
        self._show(notice, is_open)
        return notice

    def is_over(self, notice: Notice) -> bool:
        """Whether nothing can come of it any more: no message, no decision, and nobody to be told that it ended."""
        if notice.state == "replaced":
            return True
        if notice.state not in ("sent", "vetoed"):
            return False
        return notice.kind in OVER or not any(self._stands(each.area, each.alert) for each in notice.areas)

    def sweep(self, group: Group, alerts: set[str]) -> None:
        """Close what has come to its end with the end of ``alerts``."""
        for notice in list(self.of(alerts)):
            if self.is_over(notice):
                self.put(group, notice)

    def of(self, alerts: set[str]) -> Iterator[Notice]:
        """The open notices of any of these alerts, oldest first."""
        numbers = {number for alert in alerts for number in self._of_alert.get(alert, ())}
        return (self.open[number] for number in sorted(numbers))

    def gone(self, alert: str) -> list[Notice]:
        """The notices of an alert that went out, or are going, oldest first."""
        return [notice for notice in self.of({alert}) if notice.has_gone]

    def find(self, notice_id: str) -> Notice | None:
        """A notice by its id, open or long over."""
        digits = notice_id.strip().casefold().removeprefix("n")
        if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
            return None
        number = int(digits)
        known = self.open.get(number) or self._recent.get(number)
        if known is not None:
            return known
        row = next(self._journal.rows(notice_tables.notices, "WHERE number = ?", (number,)), None)
        return None if row is None else self._decode(row[3])

    def newest(self, count: int = LISTED) -> list[Notice]:
        """The last ``count`` notices, open or over, the newest first."""
        stored = self._journal.rows(notice_tables.notices, "ORDER BY number DESC LIMIT ?", (count,))
        found = {row[0]: self._decode(row[3]) for row in stored} | self._recent | self.open
        return [found[number] for number in sorted(found, reverse=True)[:count]]

    def _take(self, notice: Notice) -> None:
        if notice.number not in self.open:
            for each in notice.areas:
                self._of_alert.setdefault(each.alert, set()).add(notice.number)
        self.open[notice.number] = notice
        if notice.has_gone and notice.state != "sent":
            self.going[notice.number] = notice
        else:
            self.going.pop(notice.number, None)

    def _close(self, notice: Notice) -> None:
        if self.open.pop(notice.number, None) is not None:
            for each in notice.areas:
                self._of_alert[each.alert].discard(notice.number)
                if not self._of_alert[each.alert]:
                    del self._of_alert[each.alert]
        self.going.pop(notice.number, None)
        self._recent[notice.number] = notice
        while len(self._recent) > LISTED:
            self._recent.popitem(last=False)

    def _look_ahead(self) -> None:
        self.next_due = min((each.due_at for each in self.open.values() if each.due_at is not None), default=NEVER)
