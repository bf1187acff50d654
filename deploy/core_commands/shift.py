"""Core's command for the shift report: which shift a moment belongs to, and who was on duty in it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from broker.control import CommandFailed, Request
from deploy.core_commands.arguments import optional_int

if TYPE_CHECKING:
    from deploy.core_commands.commands import Commands

DAY_MS: Final = 86_400_000
MOST_MS: Final = 7 * DAY_MS
MORNING, EVENING = 7, 19  # hours of local time at which shifts change where no roster says otherwise


def shift_show(commands: "Commands", request: Request) -> dict[str, Any]:
    """From ``start`` to ``end`` (ms UTC), or the shift of now; each stretch with the labels of its officers.

    A roster that has lost its past says who would be on duty then by what is in force now.
    """
    core, now = commands.core, commands.core.clock.now()
    roster, zone = core.directory.roster, core.directory.zone
    start, end = optional_int(request, "start"), optional_int(request, "end")
    if (start is None) != (end is None):
        raise CommandFailed("shift-show: give start and end, or neither")
    if start is None or end is None:
        start, end = _running(commands, now)
    if not 0 < end - start <= MOST_MS or not 0 <= start <= now + MOST_MS:
        raise CommandFailed("shift-show: a shift ends after it begins, and lasts at most 7 days")
    stretches = [] if roster.is_empty else roster.stretches(start, end, zone)
    return {
        "start": start,
        "end": end,
        "now": now,
        "stretches": [
            {"start": each.start, "end": each.end, "officers": [core.directory.label(one) for one in each.officers]}
            for each in stretches
        ],
        "everybody": [core.directory.label(each.id) for each in core.directory.all_officers()],
    }


def _running(commands: "Commands", now: int) -> tuple[int, int]:
    """The roster's stretch of now, if somebody is on duty in it; else 07.00 to 19.00 or 19.00 to 07.00."""
    directory = commands.core.directory
    if not directory.roster.is_empty:
        for each in directory.roster.stretches(now - DAY_MS, now + DAY_MS, directory.zone):
            if each.start <= now < each.end and each.officers and each.end - each.start < DAY_MS:
                return each.start, each.end
    return half_day(now, directory.zone)


def half_day(now: int, zone: ZoneInfo) -> tuple[int, int]:
    """The twelve hours from 07.00 or 19.00 that ``now`` lies in."""
    at = datetime.fromtimestamp(now / 1000, UTC).astimezone(zone)
    is_day = MORNING <= at.hour < EVENING
    day = at - timedelta(days=1) if at.hour < MORNING else at
    starts = day.replace(hour=MORNING if is_day else EVENING, minute=0, second=0, microsecond=0)
    return round(starts.timestamp() * 1000), round((starts + timedelta(hours=12)).timestamp() * 1000)


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {"shift-show": shift_show}
