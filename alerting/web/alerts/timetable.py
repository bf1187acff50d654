"""From the reading to the phones: every step of one version with the moment it was taken and how long it took."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from alerting.web import words
from alerting.web.alerts.archive import Acceptance, NoticeRow, Story, VersionRow
from alerting.web.catalogue import tr
from alerting.web.notices.facts import thousands

NEVER: Final = 2**62
MINUTE_MS: Final = 60_000
UP: Final = ("raised", "raised_higher")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A step; ``at`` (ms UTC) is None while it has not been taken. ``since`` is its distance from the first step."""

    what: str
    at: int | None
    clock: str
    since: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The notices of one version with what the providers have taken of their messages."""

    notices: Sequence[NoticeRow]
    public: Acceptance
    officers: Acceptance


def version_of(story: Story, number: int | None) -> VersionRow | None:
    """The wanted version; without a number the last one that went up, or else the last."""
    if number is not None:
        return next((each for each in story.versions if each.version == number), None)
    up = [each for each in story.versions if each.kind in UP]
    return (up or list(story.versions))[-1]


def notices_of(story: Story, version: VersionRow) -> list[NoticeRow]:
    """The notices that tell of ``version``: its own, or those of the areas that it brought into danger."""
    later = [each.decided_at for each in story.versions if each.version > version.version]
    until = min(later, default=NEVER)
    own = (version.alert, version.version)
    if version.hazard == "area":
        return [each for each in story.notices if own in each.alerts and each.state != "replaced"]
    return [each for each in story.notices if version.decided_at <= each.made_at < until and each.state != "replaced"]


def timetable(story: Story, version: VersionRow, told: Told, now: int) -> list[Row]:
    """The steps in the order of a warning's way."""
    read_at = _read_at(version)
    first = version.decided_at if read_at is None else read_at
    rows = [_row(what, at, note, first, now) for what, at, note in _steps(story, version, told)]
    return [replace(rows[0], since=""), *rows[1:]]


def _read_at(version: VersionRow) -> int | None:
    """When what it rests on was measured, or seen by somebody; None where nobody measured anything.

    What somebody decided about an area rests on his word, and a station that was never heard has no time.
    """
    is_decided = version.hazard == "area" and bool(version.by)
    return version.value_at if version.value_at and not is_decided else None


def _steps(story: Story, version: VersionRow, told: Told) -> Iterator[tuple[str, int | None, str]]:
    if (read_at := _read_at(version)) is not None:
        yield tr("Pengamatan") if version.by else tr("Bacaan sensor"), read_at, ""
        note = tr("disimpan bersama keputusannya, sebelum apa pun dikirim")
        yield tr("Diterima dan disimpan"), version.received_at, note
    by = tr("oleh {name}", name=version.by) if version.by else ""
    yield tr("Keputusan dibuat"), version.decided_at, by
    if told.officers.count:
        yield from _messages(tr("Petugas pertama"), tr("95 % petugas"), told.officers)
    if story.acknowledged_at is not None:
        yield tr("Ditangani"), story.acknowledged_at, tr("oleh {name}", name=story.acknowledged_by)
    for notice in told.notices:
        yield tr("Keputusan untuk warga"), notice.decided_at, _who(notice)
    if told.public.count:
        yield from _messages(tr("Pesan warga pertama"), tr("95 % pesan warga"), told.public)


def _messages(first: str, most: str, taken: Acceptance) -> Iterator[tuple[str, int | None, str]]:
    yield first, taken.first_at, tr("diterima penyedia")
    yield most, taken.most_at, tr("dari {n} pesan", n=thousands(taken.count))


def _who(notice: NoticeRow) -> str:
    match notice.state:
        case "waiting" | "veto":
            return tr("{id}: menunggu keputusan", id=notice.id)
        case "vetoed":
            return tr("{id}: ditahan oleh {name}", id=notice.id, name=notice.decided_by)
        case _:
            return tr("{id}: disetujui oleh {name}", id=notice.id, name=notice.decided_by)


def _row(what: str, at: int | None, note: str, first: int, now: int) -> Row:
    if at is None:
        return Row(what=what, at=None, clock="–", since="–", note=note)  # noqa: RUF001 - a dash is meant
    return Row(what=what, at=at, clock=tenths(at, now), since=lag(at - first), note=note)


def tenths(ms: int, now: int) -> str:
    """``18:40:00,0 WIB``, with its day when that is not today."""
    clock = words.moment(ms, now)
    return clock.replace(" WIB", f",{ms % 1000 // 100} WIB")


def lag(ms: int) -> str:
    """How much later, measured: ``+0,4 detik``, ``+3 menit``."""
    shown = words.latency(ms) if 0 <= ms < MINUTE_MS else words.duration(ms)
    return f"+{shown}"
