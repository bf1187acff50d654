"""A notice as those who watch see it. Pure."""

from alerting.notices import Notice
from alerting.public_texts import length
from broker.levels import Level
from broker.live import NoticeView


def notice_view(notice: Notice, *, areas: list[str], audience: int, is_open: bool) -> NoticeView:
    """``audience``: to how many it goes, or would go now; ``areas`` are names."""
    text = notice.texts["id"]
    measured = length(text)
    return NoticeView(
        id=notice.id,
        rev=notice.rev,
        state=notice.state,
        kind=notice.kind,
        level=Level(notice.level).name,
        areas=areas,
        alerts=[each.alert for each in notice.areas],
        text=text,
        septets=measured.septets,
        parts=measured.parts,
        made_at=notice.made_at,
        due_at=notice.due_at,
        manual=notice.is_manual,
        approvals=[each.by for each in notice.approvals],
        decided_by=notice.decided_by,
        decided_at=notice.decided_at,
        audience=audience,
        told=notice.cursor - notice.skipped,
        active=is_open,
    )
