"""Core's commands before and beside a decision: what it would send, where to go, that it has passed, a comment.

A preview changes nothing: the same engine steps, texts and audiences are made as the decision itself makes.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from alerting import tables
from alerting.area import area_step
from alerting.area_state import AreaState
from alerting.engine import Decision
from alerting.events import Observed
from alerting.notices import Covered, Notice, NoticeRefused
from alerting.policy import alert_id
from alerting.policy_rules import UP
from alerting.public_texts import VERSION, length
from alerting.text_names import plain_name
from broker.control import CommandFailed, Request
from broker.levels import Level
from deploy.core_commands.alerts import split
from deploy.core_commands.arguments import optional_text, text
from deploy.core_commands.givers import until_of
from deploy.core_commands.notices import notice_of, person, reach, reason_of, shown, standing
from deploy.core_commands.people import decide, level_of
from deploy.core_commands.scope_names import scope_id

if TYPE_CHECKING:
    from deploy.core_commands.commands import Commands

PLACE: Final = 40  # letters of where to go: more leaves no room for what to do
COMMENT: Final = 500
TIME_OF_DAY: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


# -- previews ------------------------------------------------------------------------------------------------------


def notice_preview(commands: "Commands", request: Request) -> dict[str, Any]:
    """What cancelling or clearing ``notice``, or bringing area ``scope`` to ``level``, would tell whom.

    ``texts`` is empty where nobody would be told. NORMAL for an area is the all-clear.
    """
    core, now = commands.core, commands.core.clock.now()
    said = optional_text(request, "notice")
    if said:
        areas = [each.area for each in standing(commands, notice_of(commands, said))]
        level, is_over = Level.NORMAL, bool(request.args.get("is_over"))
    else:
        areas, level, is_over = [_area(commands, request)], level_of(text(request, "level")), True
    until = until_of(request, now, core.telling.zone)
    event = Observed(at=now, by=person(request), level=level, until=until, is_over=is_over)
    decisions = [each for area in areas for each in _step(commands, area, event)]
    stands = Level(max((core.memory.areas.get(area) or AreaState()).level for area in areas)).name
    facts = {"areas": list(core.registry.areas.names(areas)), "stands": stands, "level": level.name}
    return facts | {"kind": decisions[0].kind if decisions else ""} | _told(commands, decisions)


def _step(commands: "Commands", area: str, event: Observed) -> tuple[Decision, ...]:
    core = commands.core
    rules = core.judgement.scopes.places.area_rules(area)
    return () if rules is None else area_step(core.memory.areas.get(area) or AreaState(), rules, event)[1]


def _told(commands: "Commands", decisions: list[Decision]) -> dict[str, Any]:
    """The first of the texts that the decisions make, and everybody who is told by one of them."""
    core = commands.core
    desk, told = core.telling.notices, list(core.telling.notices.maker.alike(decisions))
    if not told:
        return {"texts": {}, "septets": 0, "parts": 0} | reach(commands, [], [], {})
    texts = desk.maker.texts(core.group, told[0])
    covered = tuple(Covered(each.station, alert_id(each), each.version) for alike in told for each in alike)
    codes = [each.area for each in covered]
    if told[0][0].kind in UP:
        targets = desk.audiences.of_areas(codes)
    else:
        earlier = [each for one in covered for each in desk.book.gone(one.alert)]
        targets = desk.audiences.of_earlier(_only(covered, texts, told[0][0]), earlier, core.group)
    measured = length(texts["id"])
    facts = {"texts": texts, "septets": measured.septets, "parts": measured.parts}
    return facts | reach(commands, targets, codes, texts)


def _only(covered: tuple[Covered, ...], texts: dict[str, str], first: Decision) -> Notice:
    """A notice that is put nowhere."""
    return Notice(
        number=0,
        rev=0,
        state="waiting",
        kind=first.kind,
        level=first.level,
        areas=covered,
        texts=texts,
        template=VERSION,
        is_manual=True,
        made_at=first.at,
        policy=0,
    )


# -- decisions -----------------------------------------------------------------------------------------------------


def notice_edit(commands: "Commands", request: Request) -> dict[str, Any]:
    """Say where to go (``refuge``) and by when; approvals of the text before fall away. Empty takes it out again."""
    core, now = commands.core, commands.core.clock.now()
    notice, by = notice_of(commands, text(request, "notice")), person(request)
    place = " ".join(optional_text(request, "refuge").split())
    time = optional_text(request, "refuge_by").strip()
    if len(place) > PLACE:
        raise CommandFailed(f"the place has {len(place)} letters; write at most {PLACE}")
    if plain_name(place) != place:
        raise CommandFailed(f"an SMS cannot hold the place as written; write it as {plain_name(place)!r}")
    if time and not (place and TIME_OF_DAY.fullmatch(time)):
        raise CommandFailed(f"{time[:10]!r} is no time of day beside a place; write 18:30, or leave it out")
    try:
        after = core.telling.notices.edit(core.group, notice, refuge=(place, time), by=by, actor=request.actor, now=now)
    except NoticeRefused as error:
        raise CommandFailed(str(error)) from None
    return shown(commands, after)


def area_clear(commands: "Commands", request: Request) -> dict[str, Any]:
    """What an area was warned of has passed: its alert ends, and exactly those whom it reached are told so."""
    core, now = commands.core, commands.core.clock.now()
    area, by, note = _area(commands, request), person(request), reason_of(request)
    if not (core.memory.areas.get(area) or AreaState()).level:
        raise CommandFailed(f"no alert stands in {area}; there is nothing to clear")
    event = Observed(at=now, by=by, note=note, level=Level.NORMAL, is_over=True)
    return decide(commands, request, area, event, action="area cleared", detail={"by": by, "note": note})


def alert_comment(commands: "Commands", request: Request) -> dict[str, Any]:
    """Write down what somebody says of an alert; it is kept in the audit log and never changed."""
    alert, by = split(text(request, "alert"))[0], person(request)
    said = " ".join(optional_text(request, "text").split())
    if not said or len(said) > COMMENT or not said.isprintable():
        raise CommandFailed(f"a comment has 1 to {COMMENT} printable characters")
    core = commands.core
    known = any(row[1] == alert for row in core.group.alerts)
    if not known and next(core.journal.rows(tables.alerts, "WHERE alert = ? LIMIT 1", (alert,)), None) is None:
        raise CommandFailed(f"no alert {alert!r} is known; see kentongan alert list")
    commands.audit(request, "alert comment", alert, {"by": by, "text": said})
    return {"alert": alert, "by": by, "text": said}


def _area(commands: "Commands", request: Request) -> str:
    """An area's code; raises CommandFailed."""
    scope = scope_id(text(request, "scope"), commands.core.registry)
    if scope in commands.core.registry.stations:
        raise CommandFailed(f"{scope} is a station; name an area")
    return scope


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "notice-preview": notice_preview,
    "notice-edit": notice_edit,
    "area-clear": area_clear,
    "alert-comment": alert_comment,
}
# What is decided about a notice goes on from memory while the disk is full, like every warning.
CHANGES: Final = frozenset({"alert-comment"})
