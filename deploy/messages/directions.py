"""Where a message may go: the outbox's questions, answered from the directory and the journal."""

from collections.abc import Sequence
from typing import Final

from alerting.messages import Entry, is_beat, key_of
from alerting.recipients import Directory
from alerting.subscription import OF_SUBSCRIPTION
from deploy.channels.ways import Ways
from deploy.journal import Group, Journal

HAS_MESSAGE: Final = "SELECT 1 FROM outbox WHERE key = ?"


class Directions:
    """See :class:`alerting.lanes.Directions`. ``group`` is the turn's, which the journal does not have yet."""

    def __init__(self, *, directory: Directory, journal: Journal, ways: Ways) -> None:
        self._directory, self._journal, self._ways = directory, journal, ways
        self.group = Group()

    def address(self, entry: Entry) -> str | None:
        if is_beat(entry):
            return entry.channel
        kind = self._ways.takes.get(entry.channel)
        return None if kind is None or self._has_left(entry) else self._directory.address(entry.recipient, kind)

    def other_channel(self, entry: Entry, among: Sequence[str]) -> str | None:
        recipient = self._directory.get(entry.recipient)
        if recipient is None:
            return None
        names = (name for name, _ in self._ways.of(recipient) if name in among)
        return next((name for name in names if self._is_new(entry, name)), None)

    def masked(self, entry: Entry, channel: str) -> str:
        recipient = self._directory.get(entry.recipient)
        contacts = recipient.contacts if recipient is not None else ()
        kind = self._ways.takes.get(channel, "phone")
        return next((contact.masked for contact in contacts if contact.kind == kind), "")

    def _has_left(self, entry: Entry) -> bool:
        """Whether somebody of the public wants no more warnings; what he asked for himself is still answered."""
        if not entry.public or entry.alert.startswith(OF_SUBSCRIPTION):
            return False
        recipient = self._directory.get(entry.recipient)
        return recipient is not None and recipient.consent == "left"

    def _is_new(self, entry: Entry, channel: str) -> bool:
        """Whether this message never went by ``channel``."""
        key = key_of(entry.alert, entry.version, entry.recipient, channel)
        return key not in self.group.messages and not self._journal.connection.execute(HAS_MESSAGE, (key,)).fetchone()
