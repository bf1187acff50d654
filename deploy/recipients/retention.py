"""The end of personal data: residents who left or never confirmed, and what the erased leave in other tables."""

import asyncio
import logging
import sqlite3
from typing import TYPE_CHECKING, Final

from alerting.messages import OPEN
from alerting.recipient_tables import erasures
from deploy.recipients import changes

if TYPE_CHECKING:
    from deploy.core import Core

log: Final = logging.getLogger(__name__)

DAY_MS: Final = 86_400_000
ACTOR: Final = "retention"
AT_ONCE: Final = 50  # erased in one round
SLICE: Final = 2000  # messages looked at in one piece
# A message that was on its way writes its row again when it settles: by then none can be open any more.
SECOND_PASS_MS: Final = 3 * 3_600_000
OVERDUE: Final = """
    SELECT id, consent FROM recipients
    WHERE kind = 'resident' AND consent_at < CASE consent WHEN 'left' THEN ? ELSE ? END AND consent != 'given'
    ORDER BY consent_at LIMIT ?
"""
SLICE_END: Final = "SELECT max(id) FROM (SELECT id FROM outbox WHERE id > ? ORDER BY id LIMIT ?)"


async def keep_people(core: "Core") -> None:
    """One round: erase who is overdue, and take the masked addresses of the erased out of the outbox."""
    if core.failed_write is not None:
        return
    try:
        erased = erase_overdue(core)
        if erased:
            log.info("retention erased %d residents who left or never confirmed", erased)
        await clean_outbox(core)
    except sqlite3.Error as error:
        log.warning("retention of recipients could not write: %s", error)


def erase_overdue(core: "Core") -> int:
    """Erase residents who left, or were asked and never confirmed, longer ago than the settings say; how many.

    Durable with the next turn.
    """
    keep, now = core.settings.retention, core.clock.now()
    limits = [_before(now, days) for days in (keep.recipients_left_days, keep.recipients_pending_days)]
    rows = core.journal.connection.execute(OVERDUE, (*limits, AT_ONCE)).fetchall()
    count = 0
    for number, consent in rows:
        found = core.directory.get(f"p{number}")
        if found is not None and found.consent == consent:  # not erased or changed since the last commit
            reason = "left, and his time is over" if consent == "left" else "never confirmed"
            changes.erase(core, found, actor=ACTOR, reason=reason, now=now)
            count += 1
    return count


def _before(now: int, days: float) -> int:
    return now - int(days * DAY_MS) if days else -1  # 0 keeps them for ever


async def clean_outbox(core: "Core") -> None:
    """Take the masked addresses of the erased out of settled messages; in pieces, between turns."""
    now, connection = core.clock.now(), core.journal.connection
    due = [
        row for row in core.journal.rows(erasures, "WHERE passes < 2") if row[2] == 0 or row[1] + SECOND_PASS_MS < now
    ]
    if not due:
        return
    names = [f"p{row[0]}" for row in due[:AT_ONCE]]
    marks, states = ", ".join("?" * len(names)), ", ".join(f"'{state}'" for state in OPEN)
    clean = (
        f"UPDATE outbox SET address = '' WHERE id > ? AND id <= ? AND recipient IN ({marks}) "  # noqa: S608 - marks and our own words
        f"AND address != '' AND state NOT IN ({states})"
    )
    after = 0
    while (last := connection.execute(SLICE_END, (after, SLICE)).fetchone()[0]) is not None:
        connection.execute(clean, (after, last, *names))
        after = last
        await asyncio.sleep(0)
    core.group.erasures += [(row[0], row[1], row[2] + 1) for row in due[:AT_ONCE]]
