"""Whom a notice goes to: who is in its areas, or exactly those whom an earlier one reached. Fixed once, then kept."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from alerting import notice_tables
from alerting.notices import Notice
from alerting.outbox import Outbox
from alerting.recipients import Directory
from deploy.journal import Group, Journal

Target = tuple[str, int]  # a recipient's id, and the place of the nearest area that he is told of
LEFT: Final = ("sending", "accepted", "delivered", "unknown")
OF_ALERT: Final = "SELECT key, recipient, state, doubtful FROM outbox WHERE key >= ? AND key < ? AND public"
AFTER_SLASH: Final = "0"  # the character after "/"


class Audiences:
    """The audiences of notices that are going out, in memory while they are needed."""

    def __init__(self, journal: Journal, directory: Directory, outbox: Outbox) -> None:
        self._journal, self._directory, self._outbox = journal, directory, outbox
        self._fixed: dict[int, list[Target]] = {}
        self._decode = msgspec.msgpack.Decoder(list[Target]).decode

    def of_areas(self, areas: Sequence[str]) -> list[Target]:
        """Who is in these areas now, each once: with the first area that reaches him, in the order of the directory."""
        found: dict[str, int] = {}
        for place, area in enumerate(areas):
            for recipient in self._directory.audience((area,)):
                found.setdefault(recipient, place)
        return list(found.items())

    def of_earlier(self, notice: Notice, earlier: Iterable[Notice], group: Group) -> list[Target]:
        """Whom the ``earlier`` notices of this notice's alerts reached, as far as anybody can know, each once.

        Somebody was told of several areas with one message, which counts for the nearest: he is reached for each area
        of that message that he belongs to.
        """
        told = {each.number: each for each in earlier}
        mine = {each.alert for each in notice.areas}
        found = {
            recipient: place
            for place in range(len(notice.areas) - 1, -1, -1)
            for recipient in self._reached(notice.areas[place].alert, group)
        }
        others = sorted({one.alert for each in told.values() for one in each.areas} - mine)
        reached = dict.fromkeys(recipient for alert in others for recipient in self._reached(alert, group))
        if reached:
            belong = dict(self.of_areas([each.area for each in notice.areas]))
            for recipient in reached:
                if recipient in belong:
                    found.setdefault(recipient, belong[recipient])
        return sorted(found.items(), key=lambda each: each[1])

    def fix(self, group: Group, number: int, targets: list[Target]) -> None:
        """Notice ``number`` goes to these."""
        self._fixed[number] = targets
        group.notice_audiences[number] = (number, msgspec.msgpack.encode(targets))

    def fixed(self, number: int) -> list[Target]:
        """To whom notice ``number`` goes; read back after a restart."""
        if number not in self._fixed:
            row = next(self._journal.rows(notice_tables.notice_audiences, "WHERE number = ?", (number,)), None)
            self._fixed[number] = [] if row is None else self._decode(row[1])
        return self._fixed[number]

    def forget(self, number: int) -> None:
        self._fixed.pop(number, None)

    def had_messages(self, alert: str) -> bool:
        """Whether any version of an alert was ever told to the public."""
        found = self._journal.connection.execute(f"{OF_ALERT} LIMIT 1", (f"{alert}/", f"{alert}{AFTER_SLASH}"))
        return found.fetchone() is not None

    def _reached(self, alert: str, group: Group) -> list[str]:
        """Whose message of any version of ``alert`` left, or may have: on disk, or in this turn."""
        first, end = f"{alert}/", f"{alert}{AFTER_SLASH}"
        states = {
            key: (recipient, state in LEFT or (state == "queued" and doubtful))
            for key, recipient, state, doubtful in self._journal.connection.execute(OF_ALERT, (first, end))
        }
        for key, entry in group.messages.items():
            if entry.alert == alert and entry.public:
                states[key] = (entry.recipient, entry.state in LEFT or self._outbox.may_have_left(key))
        return list(dict.fromkeys(recipient for recipient, has_left in states.values() if has_left))
