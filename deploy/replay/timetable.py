"""What would have happened and when, in lines of local time: for whoever judges a rule or a record."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from broker.levels import Level
from broker.quality_flags import Flag
from deploy.replay.installation import KNOWN_AREAS
from deploy.replay.run import Outcome
from deploy.replay.stretches import Stretch, stretches

_FLAG_WORDS: Final = {Flag.FAIL: "gagal", Flag.SUSPECT: "diragukan", Flag.MISSING: "hilang"}
Line = tuple[int, str]


def timetable(outcome: Outcome, *, flags: bool = True) -> list[str]:
    """Levels, messages, flags, upkeep and, where it is known, the true water, in order of time."""
    zone = ZoneInfo(outcome.recording.timezone)
    lines = [*_true_water(outcome), *_decisions(outcome), *_upkeep(outcome, zone)]
    if flags:
        lines += _flags(outcome, zone)
    return [f"{local(at, zone)}  {text}" for at, text in sorted(lines, key=lambda line: line[0])]


def local(at: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M")


def _name(outcome: Outcome, station: str) -> str:
    """Of a station, or of the area whose code it is."""
    return next((place.name for place in outcome.recording.stations if place.id == station), KNOWN_AREAS.name(station))


def _true_water(outcome: Outcome) -> Iterator[Line]:
    for station, water in outcome.recording.truth.items():
        for level, spans in water.above.items():
            for span in spans:
                name, word = _name(outcome, station), Level(level).name
                yield span.start, f"[air sebenarnya] {name} mencapai {word}"
                if span.end < outcome.recording.end:
                    yield span.end, f"[air sebenarnya] {name} di bawah {word}"


def _decisions(outcome: Outcome) -> Iterator[Line]:
    told: dict[tuple[int, str], list[str]] = {}
    for message in outcome.messages:
        told.setdefault((message.at, message.scope), []).append(
            f"    -> {message.audience} ({message.recipient}): {message.text}"
        )
    for at, decision, why in outcome.decisions:
        level = Level(decision.level).name
        what = f"{decision.kind} {level}" if decision.hazard != "data" else f"{decision.hazard} {decision.kind}"
        lines = [f"{_name(outcome, decision.station)}: {what}. {why}", *told.pop((at, decision.station), [])]
        yield at, "\n".join(lines)


def _upkeep(outcome: Outcome, zone: ZoneInfo) -> Iterator[Line]:
    for note in outcome.upkeep:
        name = _name(outcome, note.station)
        if note.until is None:
            yield note.received_at, f"{name}: pemeliharaan selesai ({note.author})"
        else:
            until = local(note.until, zone)[-5:]
            yield note.received_at, f"{name}: pemeliharaan sampai {until} oleh {note.author}: {note.reason}"


def _flags(outcome: Outcome, zone: ZoneInfo) -> Iterator[Line]:
    for (station, quantity), track in outcome.tracks.items():
        for stretch in stretches(track):
            yield stretch.start, f"{_name(outcome, station)}: {_flagged(stretch, quantity, zone)}"


def _flagged(stretch: Stretch, quantity: str, zone: ZoneInfo) -> str:
    word = _FLAG_WORDS.get(Flag(stretch.flag), "belum dinilai")
    until = "" if stretch.count == 1 else f" sampai {local(stretch.end, zone)}"
    return f"{stretch.count} bacaan {quantity} {word}{until} ({stretch.reason})"
