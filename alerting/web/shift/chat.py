"""The shift report as plain text, to paste into a chat: short lines, the open matters last, where they are read."""

from collections.abc import Iterator
from typing import Final

from alerting.web import words
from alerting.web.catalogue import tr
from alerting.web.shift.facts import Shift, stamp, told_line

MOST: Final = 12  # lines of one part; the page has all


def chat_text(shift: Shift, *, site: str, is_drill: bool) -> str:
    """What the report says, in lines that a phone shows whole."""
    return "\n".join(_lines(shift, site, is_drill=is_drill))


def _lines(shift: Shift, site: str, *, is_drill: bool) -> Iterator[str]:
    now = shift.made_at
    head = tr("LATIHAN. ") if is_drill else ""
    yield f"{head}{tr('Laporan jaga')} {site}"
    yield f"{stamp(shift.start)} - {stamp(shift.end)}"
    yield tr("Jaga: {names}", names="; ".join(names for _, names in shift.duty))
    for each in shift.levels:
        yield tr(
            "{name}: {now} (terendah {low}, tertinggi {high})",
            name=each.name,
            now=each.now,
            low=each.low,
            high=each.high,
        )
    for name, amount in shift.rain:
        yield tr("Hujan {name}: {mm}", name=name, mm=amount)
    for line in shift.tide:
        yield tr("Pasang: {line}", line=line)
    yield from _part(tr("BMKG"), list(shift.nowcasts))
    incidents = [f"{words.minute(each.at, now)} {each.name}, {each.what}" for each in shift.incidents]
    yield from _part(tr("Kejadian"), incidents)
    yield from _part(
        tr("Papan duga"),
        [f"{words.minute(each.at, now)} {each.subject} {each.words}, {each.who}" for each in shift.gauge],
    )
    yield from _part(
        tr("Catatan petugas"),
        [f"{words.minute(each.at, now)} {each.who}, {each.subject}: {each.words}" for each in shift.comments],
    )
    faults = [f"{words.minute(each.at, now)} {each.name}, {each.what}" for each in shift.faults]
    yield from _part(tr("Gangguan alat"), faults)
    yield tr("Pesan: {counts}", counts=told_line(shift.told))
    yield from _part(tr("Untuk jaga berikutnya"), list(shift.open))


def _part(name: str, found: list[str]) -> Iterator[str]:
    if not found:
        yield tr("{name}: tidak ada", name=name)
        return
    yield f"{name}:"
    yield from (f"- {line}" for line in found[-MOST:])
    if len(found) > MOST:
        yield tr("- dan {n} lagi, lihat laporan", n=len(found) - MOST)
