"""Core's commands on the duty roster: what it says, who is on duty, where nobody is, and putting a new one in force."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import msgspec

from alerting.recipient_tables import rosters
from alerting.roster import DAY_MINUTES, Duty, Roster, Shift
from broker.control import CommandFailed, Request
from deploy.core_commands.arguments import optional_int, text
from deploy.recipients import changes
from deploy.recipients.reason import kept

if TYPE_CHECKING:
    from deploy.core import Core
    from deploy.core_commands.commands import Commands

DAY_MS: Final = DAY_MINUTES * 60_000
MOST_DAYS: Final = 62
MOST: Final = 2000  # shifts, duties and swaps


def roster_show(commands: "Commands", request: Request) -> dict[str, Any]:
    """The roster, who is on duty now, and each stretch of the next ``days``; officers by id, with their labels."""
    core = commands.core
    now, days = core.clock.now(), min(optional_int(request, "days") or 7, MOST_DAYS)
    roster = core.directory.roster
    return {
        "version": _version(core),
        "roster": msgspec.to_builtins(roster),
        "now": [each.id for each in core.directory.officers(now)],
        "is_unrostered": core.directory.is_unrostered(now),
        "stretches": [
            msgspec.to_builtins(each) for each in roster.stretches(now, now + days * DAY_MS, core.directory.zone)
        ]
        if not roster.is_empty
        else [],
        "officers": [
            {"id": each.id, "label": core.directory.label(each.id), "rank": each.rank}
            for each in core.directory.all_officers()
        ],
    }


def roster_put(commands: "Commands", request: Request) -> dict[str, Any]:
    """Put a whole roster in force; ``version`` is that of the roster it was made from. Answers with the gaps."""
    core, now = commands.core, commands.core.clock.now()
    try:
        roster = msgspec.convert(request.args.get("roster"), Roster)
    except msgspec.ValidationError as error:
        raise CommandFailed(f"roster-put: {error}") from None
    if found := list(_faults(core, roster)):
        raise CommandFailed("; ".join(found))
    if optional_int(request, "version") != _version(core):
        raise CommandFailed("the roster was changed meanwhile by somebody else; look at it with kentongan roster show")
    gaps = [] if roster.is_empty else _gaps(roster, core, now)
    if request.args.get("dry_run"):
        return {"version": _version(core), "gaps": gaps}
    version = changes.put_roster(core, roster, actor=request.actor, reason=kept(text(request, "reason")), now=now)
    return {"version": version, "gaps": gaps}


def _gaps(roster: Roster, core: "Core", now: int) -> list[dict[str, Any]]:
    week = roster.stretches(now, now + 7 * DAY_MS, core.directory.zone)
    return [{"start": each.start, "end": each.end} for each in week if not each.officers]


def _version(core: "Core") -> int:
    waiting = [int(row[0]) for row in core.group.rosters]
    last = next(core.journal.rows(rosters, "ORDER BY version DESC LIMIT 1"), (0,))
    return max([int(last[0]), *waiting])


def _faults(core: "Core", roster: Roster) -> Iterator[str]:
    if len(roster.shifts) + len(roster.duties) + len(roster.swaps) > MOST:
        yield f"a roster has at most {MOST} shifts, dates and swaps; take away what is past"
    parts: tuple[Shift | Duty, ...] = (*roster.shifts, *roster.duties)
    for each in parts:
        yield from _of_times(each)
    for officer in sorted(roster.officers):
        known = core.directory.get(officer)
        if known is None or known.kind != "officer":
            yield f"{officer[:40]!r} is no officer; see kentongan recipient list --kind officer"
        elif not known.number:
            yield f"{officer} is an officer of the settings file and always on duty; leave the name out"


def _of_times(each: Shift | Duty) -> Iterator[str]:
    if not each.officers:
        yield "a shift without an officer; name one, or leave the shift out"
    if not (0 <= each.starts < DAY_MINUTES and 0 <= each.ends <= DAY_MINUTES):
        yield "a shift's times are not within a day; write 00:00 to 24:00"
    if isinstance(each, Shift) and not (each.weekdays and all(0 <= day <= 6 for day in each.weekdays)):
        yield "a weekly shift's days are 0 (Monday) to 6 (Sunday)"


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "roster-show": roster_show,
    "roster-put": roster_put,
}
CHANGES: Final = frozenset({"roster-put"})
