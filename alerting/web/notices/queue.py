"""What waits for a decision, the most urgent on top, and what went out and still stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response
from starlette.requests import Request

from alerting.web import words
from alerting.web.access import visitor_of
from alerting.web.catalogue import tr
from alerting.web.frame import Frame
from alerting.web.notices.facts import HEADLINES, people
from alerting.web.notices.new import NEW
from broker.levels import Level
from broker.live import NoticeView

QUEUE: Final = "/keputusan"
STATE: Final = "/keputusan/keadaan"
WAITING: Final = ("waiting", "veto")
GONE: Final = ("approved", "sent")
NEVER: Final = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """A notice in the list; ``due_at`` is when it goes out by itself (ms UTC)."""

    id: str
    level: str
    mark: str
    headline: str
    areas: str
    text: str
    asks: str
    people: str
    told: str
    due_at: int | None
    made_at: int


def add_queue(app: FastAPI, frame: Frame) -> None:
    @app.get(QUEUE)
    async def queue_page(request: Request) -> Response:
        notices = frame.live.replica.notices.values()
        return frame.page(
            request,
            "notices_queue.html",
            title=tr("Keputusan"),
            waiting=waiting(notices),
            gone=gone(notices),
            may_raise=visitor_of(request).may("POST", NEW),
            keadaan=state_of(notices),
        )

    @app.get(STATE)
    async def queue_state(notice: str = "") -> Response:
        """What a page compares with what it shows: of all notices, or of one."""
        notices = frame.live.replica.notices.values()
        return JSONResponse(
            {"keadaan": state_of(each for each in notices if notice in ("", each.id))},
            headers={"Cache-Control": "no-store"},
        )


def state_of(notices: Iterable[NoticeView]) -> str:
    """Another text whenever anything was decided, made or ended; not while messages merely go out."""
    facts = sorted((each.id, each.state, each.text, each.due_at or 0, *each.approvals) for each in notices)
    return sha256(repr(facts).encode()).hexdigest()[:16]


def waiting(notices: Iterable[NoticeView]) -> list[QueueRow]:
    """The worst first; of equal ones the one that goes out first by itself, then the oldest."""
    found = [notice for notice in notices if notice.state in WAITING]
    return [_row(notice) for notice in sorted(found, key=_urgency)]


def gone(notices: Iterable[NoticeView]) -> list[QueueRow]:
    """What was sent and still stands, the newest first."""
    found = [notice for notice in notices if notice.state in GONE and notice.kind not in ("ended", "cancelled")]
    return [_row(notice) for notice in sorted(found, key=lambda each: -each.made_at)]


def _urgency(notice: NoticeView) -> tuple[int, int, int]:
    return -Level[notice.level], notice.due_at or NEVER, notice.made_at


def _row(notice: NoticeView) -> QueueRow:
    return QueueRow(
        id=notice.id,
        level=notice.level,
        mark=words.mark_of(notice.level),
        headline=tr(HEADLINES[notice.kind]),
        areas=", ".join(notice.areas),
        text=notice.text,
        asks=_asks(notice),
        people=people(notice.audience),
        told=people(notice.told),
        due_at=notice.due_at,
        made_at=notice.made_at,
    )


def _asks(notice: NoticeView) -> str:
    if notice.approvals:
        return tr("Disetujui {names}; menunggu orang kedua", names=", ".join(notice.approvals))
    if notice.state == "veto":
        return tr("Tayang sendiri bila tidak ditahan")
    return tr("Perlu dua orang") if notice.manual else tr("Perlu satu persetujuan")
