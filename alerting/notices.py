"""A notice: one public text about one or several area alerts, and who decides that it goes out. Pure.

    raised, raised higher:   waiting -> approved -> sent
                             veto (pre-authorised AWAS) -> approved by itself, unless vetoed
    lowered, ended, cancelled:          approved -> sent    without a decision: it follows what was sent
    any that has not gone out:          vetoed, or replaced by what is true now

Nothing goes out without a name or a paper behind it, and a manual one not on the word of one person alone, unless that
person waited and nobody vetoed.
"""

import unicodedata
from typing import Final, Literal

import msgspec

from alerting.episodes import Hazard, Kind
from alerting.policy_rules import MINUTE_MS, UP, PolicyVersion, is_pre_authorised

State = Literal["waiting", "veto", "approved", "vetoed", "replaced", "sent"]
UNDECIDED: Final[tuple[State, ...]] = ("waiting", "veto", "vetoed")
BY_POLICY: Final = "kebijakan"
STALE_MS: Final = 15 * MINUTE_MS  # values and forecast in a text older than this are read with doubt
LATE_MS: Final = 15 * MINUTE_MS  # a window that ended longer ago, while core was away, decides nothing any more


class Covered(msgspec.Struct, frozen=True, array_like=True):
    """An area alert's version that a notice tells of; ``area`` is its code."""

    area: str
    alert: str
    version: int


class Approval(msgspec.Struct, frozen=True, array_like=True):
    by: str
    at: int


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Written to the journal as it is. Times are ms UTC.

    ``areas`` are nearest to the hazard first; ``texts`` is what goes out, by language, of templates ``template``.
    ``due_at``: when a window ends that decides something, or when a quiet night is over. ``audience`` are how many it
    was frozen for at its approval, ``cursor`` how many of them have their message, ``skipped`` how many had gone.
    """

    number: int  # journal id
    rev: int
    state: State
    kind: Kind
    level: int
    hazard: Hazard = "area"
    areas: tuple[Covered, ...]
    texts: dict[str, str]
    template: int
    is_manual: bool
    made_at: int
    policy: int
    due_at: int | None = None
    approvals: tuple[Approval, ...] = ()
    decided_by: str = ""
    decided_at: int | None = None
    reason: str = ""
    replaced_by: str = ""
    audience: int = 0
    cursor: int = 0
    skipped: int = 0
    finished_at: int | None = None
    refuge: str = ""  # where to go, as somebody added it to the text
    refuge_by: str = ""  # the time of day by which
    reworded_at: int | None = None  # since when the texts are as they are, where not since it was made

    @property
    def id(self) -> str:
        return f"n{self.number}"

    @property
    def worded_at(self) -> int:
        """When its texts were made, with the values and the forecast of then; ms UTC."""
        return self.made_at if self.reworded_at is None else self.reworded_at

    @property
    def is_up(self) -> bool:
        return self.kind in UP

    @property
    def has_gone(self) -> bool:
        """Whether it went out, or is going."""
        return self.state == "sent" or (self.state == "approved" and self.due_at is None)


class NoticeRefused(ValueError):
    """Somebody wants of a notice what cannot be; the text says what to do."""


_replace: Final = msgspec.structs.replace


def opened(notice: Notice, version: PolicyVersion, now: int) -> Notice:
    """A new notice's first state."""
    if not notice.is_up:
        return _approved(notice, BY_POLICY, now, None)
    if is_pre_authorised(version.policy, notice.level) and not notice.is_manual:
        return _replace(notice, state="veto", due_at=now + version.policy.veto_s * 1000)
    return notice


def approve(notice: Notice, *, by: str, now: int, version: PolicyVersion, quiet_ends: int | None) -> Notice:
    """``by`` lets it go out: at once, after the night, or, of a manual one, after a second person or a time-out.

    Raises :class:`NoticeRefused`, also for the same person twice, however the name is written.
    """
    if notice.state not in UNDECIDED:
        raise NoticeRefused(_why_not(notice))
    person = person_key(by)
    if not person:
        raise NoticeRefused(f"{by!r} has no letter in it; write the name of a person: --by NAME")
    before = () if notice.state == "vetoed" else notice.approvals
    if any(person_key(each.by) == person for each in before):
        raise NoticeRefused(f"{by} has approved {notice.id} already; it takes a second person")
    approvals = (*before, Approval(by, now))
    notice = _replace(notice, approvals=approvals)
    if not notice.is_manual or len(approvals) > 1:
        names = ", ".join(each.by for each in approvals)
        return _approved(notice, names, now, quiet_ends)
    wait = version.policy.one_person_after_s
    due = now + wait * 1000 if wait else None
    return _replace(notice, state="waiting", due_at=due, decided_by="", decided_at=None, reason="")


def edited(notice: Notice, *, texts: dict[str, str], template: int, refuge: str, refuge_by: str, now: int) -> Notice:
    """With another text, which nobody has approved yet; a window that runs goes on. Raises :class:`NoticeRefused`."""
    if notice.state not in ("waiting", "veto"):
        raise NoticeRefused(_why_not(notice))
    if not notice.is_up:
        raise NoticeRefused(f"{notice.id} warns of nothing; only a warning says where to go")
    due_at = notice.due_at if notice.state == "veto" else None
    added = {"refuge": refuge, "refuge_by": refuge_by}
    return _replace(notice, texts=texts, template=template, approvals=(), due_at=due_at, reworded_at=now, **added)


def veto(notice: Notice, *, by: str, reason: str, now: int) -> Notice:
    """It does not go out; it may still be approved while its alerts stand. Raises :class:`NoticeRefused`."""
    if notice.has_gone:
        raise NoticeRefused(f"{notice.id} is on its way already; take it back: kentongan notice cancel {notice.id}")
    if notice.state not in ("waiting", "veto", "approved"):
        raise NoticeRefused(_why_not(notice))
    return _replace(notice, state="vetoed", due_at=None, approvals=(), decided_by=by, decided_at=now, reason=reason)


def on_due(notice: Notice, *, now: int, version: PolicyVersion, quiet_ends: int | None) -> Notice:
    """What the end of a window decides; the same notice when it is not over."""
    if notice.due_at is None or now < notice.due_at:
        return notice
    if notice.state == "approved":
        return _replace(notice, due_at=None, decided_at=now)
    if now - notice.due_at > LATE_MS or notice.state == "vetoed":
        return _replace(notice, state="waiting" if notice.state == "veto" else notice.state, due_at=None)
    if notice.state == "veto":
        paper = version.policy.document
        return _approved(notice, f"{BY_POLICY}: {paper}" if paper else BY_POLICY, now, quiet_ends)
    return _approved(notice, f"{notice.approvals[0].by} (sendiri, setelah tenggang)", now, quiet_ends)


def clock_stepped(notice: Notice, ahead_ms: int) -> Notice:
    """After the clock was set ``ahead_ms`` ahead: a window is as long as it was, and so is the rest of a validity.

    The end of a quiet night is a time of day, and stays.
    """
    if notice.state in ("waiting", "veto") and notice.due_at is not None:
        return _replace(notice, due_at=notice.due_at + ahead_ms)
    if notice.state == "approved" and notice.due_at is None and notice.decided_at is not None:
        return _replace(notice, decided_at=notice.decided_at + ahead_ms)
    return notice


def replaced(notice: Notice, *, by: str, now: int) -> Notice:
    """What it says is no longer so, and it has not gone out."""
    return _replace(notice, state="replaced", due_at=None, replaced_by=by, decided_at=now)


def frozen(notice: Notice, audience: int) -> Notice:
    """It goes to so many from now on."""
    return _replace(notice, audience=audience, cursor=0, skipped=0)


def progressed(notice: Notice, *, count: int, skipped: int, now: int) -> Notice:
    """The next ``count`` of its audience have their messages, ``skipped`` of them none."""
    cursor = notice.cursor + count
    is_done = cursor >= notice.audience
    return _replace(
        notice,
        cursor=cursor,
        skipped=notice.skipped + skipped,
        state="sent" if is_done else notice.state,
        finished_at=now if is_done else None,
    )


def person_key(name: str) -> str:
    """What makes two spellings of a name the same person: letters and digits, without case, marks and pictures."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(each for each in plain if each.isalnum())


def _approved(notice: Notice, by: str, now: int, quiet_ends: int | None) -> Notice:
    return _replace(notice, state="approved", due_at=quiet_ends, decided_by=by, decided_at=now, reason="")


def _why_not(notice: Notice) -> str:
    match notice.state:
        case "replaced":
            by = f" by {notice.replaced_by}" if notice.replaced_by else ": its alerts have changed or are over"
            return f"{notice.id} was replaced{by}; see kentongan notice list"
        case "vetoed":
            return f"{notice.id} was vetoed by {notice.decided_by} already"
        case _:
            return f"{notice.id} was approved by {notice.decided_by} already"
