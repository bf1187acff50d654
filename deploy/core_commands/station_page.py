"""Core's commands on what people see at a station: a sighting in words, with a photo or both, kept and taken back."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from broker.control import CommandFailed, Request
from deploy.core_commands.arguments import optional_int, optional_text
from deploy.core_commands.givers import person, told
from deploy.core_commands.stations import known_station
from deploy.registry.tables import sightings

if TYPE_CHECKING:
    from deploy.core_commands.commands import Commands

WORDS: Final = 500  # letters of a note
AHEAD_MS: Final = 5 * 60_000
BEHIND_MS: Final = 30 * 86_400_000
_is_photo: Final = re.compile(r"[0-9a-f]{64}").fullmatch


def sighting_add(commands: "Commands", request: Request) -> dict[str, Any]:
    """Keep what somebody saw: ``note``, ``photo`` (the hash of a picture that is stored already), or both."""
    core, station, by = commands.core, known_station(commands, optional_text(request, "id")), person(request)
    note, photo = " ".join(optional_text(request, "note").split()), optional_text(request, "photo")
    if not note and not photo:
        raise CommandFailed("sighting-add: write what was seen, or give a photo")
    if len(note) > WORDS or (note and not note.isprintable()):
        raise CommandFailed(f"--note: write at most {WORDS} printable characters")
    if photo and not _is_photo(photo):
        raise CommandFailed("sighting-add: photo is not a hash of 64 hexadecimal letters")
    now, at = core.clock.now(), optional_int(request, "at")
    time = now if at is None else at
    if not now - BEHIND_MS <= time <= now + AHEAD_MS:
        raise CommandFailed("nothing was seen in the future; what is more than 30 days old belongs into a report")
    number = core.journal.take_ids()
    core.group.sightings[number] = (number, station.id, time, now, by, request.actor, note, photo, None, None, None)
    detail = {"by": by, "at": time, "note": note, "photo": photo}
    commands.audit(request, "photo added" if photo else "sighting noted", station.id, detail | {"sighting": number})
    return {"id": number, "time": time}


def sighting_remove(commands: "Commands", request: Request) -> dict[str, Any]:
    """Take a sighting off the pages; its row and who did it and why stay. ``is_used``: another one shows the photo."""
    core, number = commands.core, optional_int(request, "sighting")
    by, reason, now = person(request), told(request, "reason"), commands.core.clock.now()
    row = next(core.journal.rows(sightings, "WHERE id = ? AND removed_at IS NULL", (number,)), None)
    if row is None:
        raise CommandFailed(f"sighting {number} is not known, or was removed already")
    core.group.sightings[row[0]] = (*row[:8], now, by, reason)
    detail = {"by": by, "reason": reason, "sighting": number, "photo": row[7]}
    commands.audit(request, "photo removed" if row[7] else "sighting removed", row[1], detail)
    others = core.journal.rows(sightings, "WHERE photo = ? AND removed_at IS NULL AND id != ?", (row[7], number))
    return {"photo": row[7], "is_used": next(others, None) is not None}


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "sighting-add": sighting_add,
    "sighting-remove": sighting_remove,
}
CHANGES: Final = frozenset(HANDLERS)
