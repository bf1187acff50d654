"""Who was warned, and of what: asked when somebody answers a warning."""

from typing import TYPE_CHECKING, Final

from alerting.recipients import Recipient

if TYPE_CHECKING:
    from deploy.core import Core

AREA_ALERTS: Final = "SELECT alert, version, station, decided_at FROM alerts WHERE hazard = 'area' ORDER BY id DESC"
LEFT: Final = (
    "SELECT 1 FROM outbox WHERE key >= ? AND key < ? AND state IN ('sending', 'accepted', 'delivered', 'unknown')"
)
Warning_ = tuple[str, str]  # alert, area


def last_warning(core: "Core", recipient: Recipient, since: int) -> Warning_ | None:
    """The newest area alert, decided after ``since``, of which a message left for ``recipient``; None without one.

    Ids rise with time and keys are indexed, so that years of alerts and messages are not read through.
    """
    for alert, version, area, decided_at in core.journal.connection.execute(AREA_ALERTS):
        if decided_at <= since:
            return None
        if not any(is_near(area, own) for own in recipient.areas):
            continue
        first = f"{alert}/{version}/{recipient.id}/"
        if core.journal.connection.execute(LEFT, (first, f"{first[:-1]}0")).fetchone():
            return alert, area
    return None


def is_near(area: str, other: str) -> bool:
    """Whether one of two areas lies in the other."""
    short, long = sorted((area, other), key=len)
    return long == short or (long.startswith(short) and long[len(short)] in "./")
