"""MENUNGGU KEPUTUSAN: the public texts that somebody has to decide about, exactly as they would go out."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from alerting.web import words
from alerting.web.catalogue import tr
from broker.levels import Level
from broker.live import NoticeView

OPEN: Final = ("waiting", "veto")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeCard:
    """``clock`` is what happens by itself, and when (``due_at``); empty when nothing does."""

    id: str
    level: str
    mark: str
    areas: str
    text: str
    length: str
    audience: str
    asks: str
    clock: str
    due_at: int | None
    made_at: int
    announced: str  # it calls for attention again when this changes


def notice_cards(notices: Iterable[NoticeView]) -> list[NoticeCard]:
    """What waits: the worst first, of equal ones the oldest."""
    waiting = [notice for notice in notices if notice.state in OPEN]
    return [_card(notice) for notice in sorted(waiting, key=lambda each: (-Level[each.level], each.made_at, each.id))]


def _card(notice: NoticeView) -> NoticeCard:
    return NoticeCard(
        id=notice.id,
        level=notice.level,
        mark=words.mark_of(notice.level),
        areas=", ".join(notice.areas),
        text=notice.text,
        length=f"{notice.septets}/160, {notice.parts} SMS",
        audience=tr("{n} orang", n=notice.audience),
        asks=_asks(notice),
        clock=tr("Tayang sendiri bila tidak ditahan") if notice.due_at is not None else "",
        due_at=notice.due_at,
        made_at=notice.made_at,
        announced=f"{notice.state}{len(notice.approvals)}",
    )


def _asks(notice: NoticeView) -> str:
    if notice.approvals:
        return tr("Disetujui {names}; menunggu orang kedua", names=", ".join(notice.approvals))
    if notice.state == "veto":
        return tr("Sudah diizinkan tertulis; masih dapat ditahan")
    return tr("Manual: perlu dua orang") if notice.manual else tr("Perlu satu persetujuan")
