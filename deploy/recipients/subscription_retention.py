"""The end of what joining and leaving leaves behind: requests, codes in messages, notes of people who were erased."""

import logging
import sqlite3
from typing import TYPE_CHECKING, Final

from deploy.recipients.subscriptions import alert_of

if TYPE_CHECKING:
    from deploy.core import Core

log: Final = logging.getLogger(__name__)

# A message in doubt writes its row again for up to an hour after its validity.
CODES_KEPT_MS: Final = 2 * 3_600_000
ASKINGS_KEPT_MS: Final = 48 * 3_600_000
NO_CODE: Final = "(kode)"
OF_CODES: Final = "SELECT id FROM subscription_askings WHERE at < ? AND sent AND purpose != 'reply'"
HIDE_CODE: Final = "UPDATE outbox SET body = ? WHERE key >= ? AND key < ? AND body != ?"
FORGET_ASKINGS: Final = "DELETE FROM subscription_askings WHERE at < ?"
FORGET_NOTES: Final = (
    "UPDATE field_reports SET note = x'' WHERE note != x'' AND recipient IN (SELECT 'p' || recipient FROM erasures)"
)


def keep_askings(core: "Core") -> None:
    """One round: codes leave the outbox, old requests the journal, and notes go with whoever wrote them."""
    if core.failed_write is not None:
        return
    now, connection = core.clock.now(), core.journal.connection
    try:
        for (asking,) in connection.execute(OF_CODES, (now - CODES_KEPT_MS,)).fetchall():
            first = f"{alert_of(asking)}/"
            connection.execute(HIDE_CODE, (NO_CODE, first, f"{first[:-1]}0", NO_CODE))
        connection.execute(FORGET_ASKINGS, (now - ASKINGS_KEPT_MS,))
        connection.execute(FORGET_NOTES)
    except sqlite3.Error as error:
        log.warning("retention of subscriptions could not write: %s", error)
