"""Who gave a command, why, and until when it is to count; anything else than that is refused in one sentence."""

import re
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

from broker.control import CommandFailed, Request
from deploy.core_commands.arguments import optional_text

MINUTE_MS: Final = 60_000
MOST_AHEAD_MS: Final = 7 * 1440 * MINUTE_MS
NAME: Final = 60  # letters of who it was
NOTE: Final = 200


def person(request: Request) -> str:
    """Who it was: a name that can be read in a message; raises CommandFailed."""
    name = " ".join(optional_text(request, "by").split())
    if not name:
        raise CommandFailed("who decides it is missing; give a name: --by NAME")
    if len(name) > NAME or not name.isprintable():
        raise CommandFailed(f"--by: write a name of 1 to {NAME} printable characters")
    return name


def told(request: Request, key: str) -> str:
    """A reason on one line; raises CommandFailed."""
    said = " ".join(optional_text(request, key).split())
    if not said or len(said) > NOTE or not said.isprintable():
        raise CommandFailed(f"--{key}: write why, in 1 to {NOTE} printable characters; it is kept and shown")
    return said


def until_of(request: Request, now: int, zone: tzinfo) -> int | None:
    """``06:00``, the next one on core's clock, or a moment with its offset; None when it is not given."""
    said = optional_text(request, "until").strip()
    if not said:
        return None
    until = _next(said, now, zone) if re.fullmatch(r"\d?\d:\d\d", said) else _moment(said)
    if not now < until <= now + MOST_AHEAD_MS:
        raise CommandFailed(f"--until {said}: it must lie ahead, at most 7 days")
    return until


def _next(said: str, now: int, zone: tzinfo) -> int:
    try:
        of_day = time.fromisoformat(said.rjust(5, "0"))
    except ValueError:
        raise CommandFailed(f"--until {said}: there is no such time of day") from None
    today = datetime.fromtimestamp(now / 1000, UTC).astimezone(zone)
    moment = datetime.combine(today.date(), of_day, zone)
    if moment <= today:
        moment += timedelta(days=1)
    return round(moment.timestamp() * 1000)


def _moment(said: str) -> int:
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise CommandFailed(f"--until {said!r}: write 06:00, or a moment as 2026-01-31T07:00:00+07:00")
    return round(moment.timestamp() * 1000)
