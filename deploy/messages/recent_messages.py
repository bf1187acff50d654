"""The newest messages of the outbox, read back at a start: what people had within the last hour or day."""

from collections.abc import Iterator
from typing import Final

import msgspec

from deploy.journal import Journal

NEWEST_FIRST: Final = "SELECT recipient, alert, version, created_at, public FROM outbox ORDER BY id DESC"
SLACK_MS: Final = 30 * 60_000  # a notice's messages carry the time of its approval, which is a little older than they


class Had(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A message that somebody was given."""

    recipient: str
    alert: str
    version: int
    created_at: int
    public: bool


def recent(journal: Journal, since: int) -> Iterator[Had]:
    """Messages made after ``since``, about the newest first."""
    # Ids rise with time, so that years of messages are not read through.
    for row in journal.connection.execute(NEWEST_FIRST):
        had = Had(row[0], row[1], row[2], row[3], bool(row[4]))
        if had.created_at <= since - SLACK_MS:
            return
        if had.created_at > since:
            yield had
