"""The report after an event, made by itself: how early, how high, how many, who decided, what failed meanwhile."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from alerting.web import words
from alerting.web.alerts.archive import Acceptance, Story, TallyRow, VersionRow
from alerting.web.alerts.past_levels import PastLevels
from alerting.web.catalogue import tr
from alerting.web.notices.facts import thousands

AWAS: Final = "AWAS"
LEFT: Final = ("accepted", "delivered", "undelivered", "unknown", "sending")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the report's head: a name, a figure with its unit, and what it is measured from."""

    name: str
    value: str
    note: str = ""


def figures(
    story: Story,
    *,
    levels: PastLevels,
    thresholds: Mapping[str, float],
    public: Acceptance,
    tally: Iterable[TallyRow],
    now: int,
) -> list[Figure]:
    """Every figure is measured; what could not be measured is said to be so."""
    first, last = story.versions[0], story.versions[-1]
    lasted = (last.decided_at if last.is_over else now) - first.decided_at
    goes_on = "" if last.is_over else tr("masih berlangsung")
    found = [Figure(name=tr("Berlangsung"), value=words.duration(lasted), note=goes_on)]
    if first.hazard in ("level", "area"):
        found += _lead(first, levels, thresholds, public, now)
        found.append(_peak(levels, now))
    return found + _reach(tally)


def crossing(levels: PastLevels, limit: float | None) -> int | None:
    """The minute in which the water first stood at ``limit`` or above."""
    if limit is None:
        return None
    return next((each.start for each in levels.buckets if each.max is not None and each.max >= limit), None)


def _lead(
    first: VersionRow, levels: PastLevels, thresholds: Mapping[str, float], public: Acceptance, now: int
) -> list[Figure]:
    limit = thresholds.get(AWAS)
    name = tr("Waktu sebelum ambang AWAS")
    if levels.is_away:
        return [Figure(name=name, value=tr("tidak diketahui"), note=tr("riwayat tidak terbaca"))]
    crossed_at = crossing(levels, limit)
    if crossed_at is None or limit is None:
        value = tr("ambang AWAS belum ditetapkan") if limit is None else tr("AWAS tidak dilewati")
        return [Figure(name=name, value=value)]
    note = tr("ambang {m} m dilewati {at}", m=words.number(limit, 2), at=words.minute(crossed_at, now))
    found = [Figure(name=tr("Peringatan pertama"), value=_before(crossed_at - first.decided_at), note=note)]
    if public.first_at is not None:
        found.append(Figure(name=tr("Pesan warga pertama"), value=_before(crossed_at - public.first_at), note=note))
    return found


def _before(ms: int) -> str:
    if ms >= 0:
        return tr("{time} sebelum AWAS", time=words.duration(ms))
    return tr("{time} sesudah AWAS", time=words.duration(-ms))


def _peak(levels: PastLevels, now: int) -> Figure:
    top = max(
        ((each.max, each.start) for each in levels.buckets if each.max is not None), default=None, key=lambda at: at[0]
    )
    if top is None:
        return Figure(name=tr("Puncak"), value=tr("tidak terukur"))
    return Figure(name=tr("Puncak"), value=f"{words.number(top[0], 2)} m", note=words.minute(top[1], now))


def _reach(tally: Iterable[TallyRow]) -> list[Figure]:
    rows = list(tally)
    return [
        Figure(name=name, value=thousands(_count(of)), note=_fates(of))
        for name, of in (
            (tr("Pesan ke warga"), [each for each in rows if each.public]),
            (tr("Pesan ke petugas"), [each for each in rows if not each.public]),
        )
    ]


def _count(rows: Sequence[TallyRow]) -> int:
    return sum(each.count for each in rows)


def _fates(rows: Sequence[TallyRow]) -> str:
    left = sum(each.count for each in rows if each.state in LEFT)
    arrived = sum(each.count for each in rows if each.state == "delivered")
    if not rows:
        return tr("tidak ada")
    return tr("{left} ke penyedia, {arrived} sampai", left=thousands(left), arrived=thousands(arrived))
