"""Core's commands by which people decide about notices and acknowledge alerts, and by which the policy is set."""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from alerting.escalation import Escalation
from alerting.events import Observed
from alerting.notices import UNDECIDED, Covered, Notice, NoticeRefused
from alerting.policy_rules import BadPolicy, Policy, PolicyVersion, checked
from alerting.public_texts import length
from broker.control import CommandFailed, Request
from broker.levels import Level
from deploy.core_commands.alerts import split
from deploy.core_commands.arguments import optional_int, optional_text, text
from deploy.core_commands.people import NAME, NOTE, decided_by
from deploy.core_commands.scope_names import scope_id

if TYPE_CHECKING:
    from deploy.core_commands.commands import Commands
    from deploy.notices.audience import Target

MOST_AHEAD_MS: Final = 366 * 86_400_000
OF_ALERTS: Final = "SELECT state, count(*) FROM outbox WHERE key >= ? AND key < ? AND public GROUP BY state"


# -- acknowledgement -----------------------------------------------------------------------------------------------


def alert_acknowledge(commands: "Commands", request: Request) -> dict[str, Any]:
    """Somebody deals with an alert: by its id or scope, or the newest open one that ``recipient`` was told of."""
    core, now = commands.core, commands.core.clock.now()
    by, duty = person(request), core.telling.duty
    found = []
    for state in _meant(commands, request):
        if state.is_acknowledged and state.acknowledged_at is not None:
            raise CommandFailed(f"{state.alert}@{state.version} was acknowledged by {state.acknowledged_by} already")
        commands.audit(request, "alert acknowledged", f"{state.alert} v{state.version}", {"by": by})
        after = duty.acknowledge(core.group, state.alert, by=by, now=now)
        core.hub.acknowledged(state.alert, by=by, at=now, rev=core.journal.take_ids())
        found.append({"alert": after.alert, "version": after.version, "level": Level(after.level).name})
    return {"by": by, "acknowledged": found}


def _meant(commands: "Commands", request: Request) -> list[Escalation]:
    """The open alerts that somebody means, at least one; raises CommandFailed."""
    waiting = commands.core.telling.duty.open
    recipient, said = optional_text(request, "recipient"), optional_text(request, "alert")
    if recipient:
        mine = [each for each in waiting.values() if recipient in each.told and not each.is_acknowledged]
        if not mine:
            raise CommandFailed(f"{recipient} was told of no alert that waits to be acknowledged")
        return [max(mine, key=lambda each: (each.told_at, each.alert))]
    alert = split(said or text(request, "alert"))[0]
    if alert in waiting:
        return [waiting[alert]]
    if alert.count(".") >= 2:
        raise CommandFailed(f"{alert} does not wait to be acknowledged; see kentongan alert list --active")
    scope = scope_id(alert, commands.core.registry)
    found = [each for each in waiting.values() if each.alert.startswith(f"{scope}.") and not each.is_acknowledged]
    if not found:
        raise CommandFailed(f"nothing at {scope} waits to be acknowledged; see kentongan alert list --active")
    return found


# -- notices -------------------------------------------------------------------------------------------------------


def notice_list(commands: "Commands", request: Request) -> list[dict[str, Any]]:
    """The newest notices; ``waiting``: those that somebody has to decide."""
    limit = optional_int(request, "limit")
    count = min(50 if limit is None else max(1, limit), 1000)
    book = commands.core.telling.notices.book
    if request.args.get("waiting"):
        open_ones = sorted(book.open.values(), key=lambda each: each.number, reverse=True)
        found = [each for each in open_ones if each.state in ("waiting", "veto")]
    else:
        found = book.newest(count)
    return [shown(commands, notice) for notice in found[:count]]


def notice_show(commands: "Commands", request: Request) -> dict[str, Any]:
    """Exactly what goes out, and its length; to how many, by area and kind; by which channels, how long, the cost."""
    notice = notice_of(commands, text(request, "notice"))
    return shown(commands, notice) | _reach(commands, notice) | {"messages": _states(commands, notice)}


def notice_approve(commands: "Commands", request: Request) -> dict[str, Any]:
    """Let a notice go out, in one's own name; ``read`` is the fingerprint of the text that was read before."""
    return _decide(commands, request, "approve")


def notice_veto(commands: "Commands", request: Request) -> dict[str, Any]:
    """Stop a notice that has not gone out."""
    return _decide(commands, request, "veto")


def _decide(commands: "Commands", request: Request, verb: str) -> dict[str, Any]:
    core, now = commands.core, commands.core.clock.now()
    notice, by = notice_of(commands, text(request, "notice")), person(request)
    desk = core.telling.notices
    read = optional_text(request, "read")
    if read and notice.state in UNDECIDED and read != fingerprint(notice.texts):
        raise CommandFailed(f"the text of {notice.id} was changed after it was read; read it again")
    try:
        if verb == "approve":
            notice = desk.approve(core.group, notice, by=by, actor=request.actor, now=now)
        else:
            notice = desk.veto(core.group, notice, by=by, reason=reason_of(request), actor=request.actor, now=now)
    except NoticeRefused as error:
        raise CommandFailed(str(error)) from None
    if notice.has_gone:
        return shown(commands, notice)
    return shown(commands, notice) | {"audience": len(desk.audiences.of_areas([each.area for each in notice.areas]))}


def notice_cancel(commands: "Commands", request: Request) -> dict[str, Any]:
    """Take back what a notice said: its alerts are cancelled, and exactly those whom they reached are told so."""
    return _end(commands, request, is_over=False)


def notice_clear(commands: "Commands", request: Request) -> dict[str, Any]:
    """What a notice warned of has passed: its alerts end, and exactly those whom they reached are told so."""
    return _end(commands, request, is_over=True)


def _end(commands: "Commands", request: Request, *, is_over: bool) -> dict[str, Any]:
    core, now = commands.core, commands.core.clock.now()
    notice, by, reason = notice_of(commands, text(request, "notice")), person(request), reason_of(request)
    areas = standing(commands, notice)
    action = "notice cleared" if is_over else "notice cancelled"
    commands.audit(request, action, notice.id, {"by": by, "reason": reason})
    event = Observed(at=now, by=by, note=reason, level=Level.NORMAL, is_over=is_over)
    for each in areas:
        decided_by(commands, each.area, event)
    core.telling.turn(core.group, now)
    alerts = {each.alert for each in areas}
    followed = [each for each in core.telling.notices.book.newest() if alerts & {one.alert for one in each.areas}]
    is_new = [each for each in followed if each.kind == ("ended" if is_over else "cancelled")]
    told = sum(each.audience for each in is_new)
    notices = [shown(commands, each) for each in is_new]
    return {"notice": notice.id, "alerts": sorted(alerts), "told": told, "notices": notices}


def standing(commands: "Commands", notice: Notice) -> list[Covered]:
    """The areas of a notice whose alerts go on, at least one; raises CommandFailed."""
    found = [each for each in notice.areas if commands.core.telling.notices.stands(each.area, each.alert)]
    if not found:
        raise CommandFailed(f"the alerts of {notice.id} are over; there is nothing to take back")
    return found


def notice_of(commands: "Commands", said: str) -> Notice:
    found = commands.core.telling.notices.book.find(said)
    if found is None:
        raise CommandFailed(f"no notice {said!r} is known; see kentongan notice list")
    return found


def shown(commands: "Commands", notice: Notice) -> dict[str, Any]:
    measured = length(notice.texts["id"])
    return {
        "notice": notice.id,
        "state": notice.state,
        "kind": notice.kind,
        "level": Level(notice.level).name,
        "areas": list(commands.core.registry.areas.names(each.area for each in notice.areas)),
        "alerts": [f"{each.alert}@{each.version}" for each in notice.areas],
        "texts": notice.texts,
        "fingerprint": fingerprint(notice.texts),
        "refuge": notice.refuge,
        "refuge_by": notice.refuge_by,
        "template": notice.template,
        "septets": measured.septets,
        "parts": measured.parts,
        "manual": notice.is_manual,
        "made_at": notice.made_at,
        "worded_at": notice.worded_at,
        "due_at": notice.due_at,
        "approvals": [{"by": each.by, "at": each.at} for each in notice.approvals],
        "decided_by": notice.decided_by,
        "decided_at": notice.decided_at,
        "reason": notice.reason,
        "replaced_by": notice.replaced_by,
        "policy": notice.policy,
        "audience": notice.audience,
        "made": notice.cursor - notice.skipped,
        "skipped": notice.skipped,
    }


def _reach(commands: "Commands", notice: Notice) -> dict[str, Any]:
    """How many people it goes to: as it was fixed, or as it would be now."""
    audiences = commands.core.telling.notices.audiences
    if notice.has_gone:
        targets: list[Target] = audiences.fixed(notice.number)
    else:
        targets = audiences.of_areas([each.area for each in notice.areas])
    return reach(commands, targets, [each.area for each in notice.areas], notice.texts)


def reach(
    commands: "Commands", targets: "Sequence[Target]", codes: Sequence[str], texts: Mapping[str, str]
) -> dict[str, Any]:
    """How many people that is, by area and kind; by which channels, until when, and what it costs."""
    core = commands.core
    people = [(core.directory.get(recipient), place) for recipient, place in targets]
    ways = Counter(
        way[0] if (way := core.telling.ways.first(each)) else "none" for each, _ in people if each is not None
    )
    areas = list(core.registry.areas.names(codes))
    price = core.telling.policies.now(core.clock.now()).policy.price_per_part
    parts = {each: length(texts[each]).parts for each in texts}
    sms = sum(parts[each.language] for each, _ in people if each is not None)
    return {
        "audience": len(targets),
        "by_kind": dict(Counter(each.kind for each, _ in people if each is not None)),
        "by_area": dict(Counter(areas[place] for _, place in people)),
        "by_channel": dict(ways),
        "duration_s": _duration(commands, ways),
        "cost": None if price is None else price * sms,
    }


def _duration(commands: "Commands", ways: Counter[str]) -> float | None:
    """Until the last of them has left, at the channels' pace; None when a channel's pace is not known."""
    sending = commands.core.sending
    lanes = {channel: count for channel, count in ways.items() if channel in sending.outbox.lanes}
    found = [sending.duration_s(channel, more=count) for channel, count in lanes.items()]
    known = [each for each in found if each is not None]
    return max(known, default=0.0) if len(known) == len(found) else None


def fingerprint(texts: Mapping[str, str]) -> str:
    """What tells one notice's texts from others."""
    return hashlib.sha256(repr(sorted(texts.items())).encode()).hexdigest()[:16]


def _states(commands: "Commands", notice: Notice) -> dict[str, int]:
    """What became of its messages so far."""
    found: Counter[str] = Counter()
    for each in notice.areas:
        first = f"{each.alert}/{each.version}/"
        rows = commands.core.journal.connection.execute(OF_ALERTS, (first, f"{first[:-1]}0"))
        found.update({str(state): int(count) for state, count in rows})
    return dict(found)


# -- policy --------------------------------------------------------------------------------------------------------


def policy_show(commands: "Commands", _request: Request) -> dict[str, Any]:
    """The policy in force, and all its versions."""
    now, policies = commands.core.clock.now(), commands.core.telling.policies
    versions = [_version(each) for each in policies.versions]
    return {"now": now, "in_force": _version(policies.now(now)), "versions": versions}


def policy_set(commands: "Commands", request: Request) -> dict[str, Any]:
    """A new version: the policy in force with ``changes``; by somebody, for a reason, from a moment on."""
    core, now = commands.core, commands.core.clock.now()
    by, reason = person(request), reason_of(request)
    begins = optional_int(request, "effective_from")
    begins = now if begins is None else begins
    if not now <= begins <= now + MOST_AHEAD_MS:
        raise CommandFailed("--from: it must lie ahead, at most a year")
    changes = request.args.get("changes")
    if not isinstance(changes, dict) or not changes:
        raise CommandFailed("nothing is changed; see kentongan policy set --help")
    before = core.telling.policies.now(now).policy
    try:
        policy = checked(msgspec.convert(msgspec.to_builtins(before) | changes, Policy))
    except (msgspec.ValidationError, BadPolicy) as error:
        raise CommandFailed(f"the policy is not changed: {error}") from None
    number = max((each.version for each in core.telling.policies.versions), default=0) + 1
    version = PolicyVersion(version=number, effective_from=begins, author=by, reason=reason, policy=policy)
    core.telling.policies.add(core.group, version)
    detail = {"by": by, "reason": reason, "from": begins, "changes": changes}
    commands.audit(request, "policy set", f"v{number}", detail)
    return _version(version)


def _version(version: PolicyVersion) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(version)
    return found


# -- who and why ---------------------------------------------------------------------------------------------------


def person(request: Request) -> str:
    """Who it was, pictures and all, without what hides or turns letters; raises CommandFailed."""
    said = optional_text(request, "by")
    name = " ".join("".join(each for each in said if not unicodedata.category(each).startswith("C")).split())
    if not name:
        raise CommandFailed("who decides it is missing; give a name: --by NAME")
    if len(name) > NAME:
        raise CommandFailed(f"--by: write a name of 1 to {NAME} characters")
    return name


def reason_of(request: Request) -> str:
    """Why, on one line; raises CommandFailed."""
    said = " ".join(optional_text(request, "reason").split())
    if not said or len(said) > NOTE or not said.isprintable():
        raise CommandFailed(f"--reason: write why, in 1 to {NOTE} printable characters; it is kept and shown")
    return said


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "alert-acknowledge": alert_acknowledge,
    "notice-list": notice_list,
    "notice-show": notice_show,
    "notice-approve": notice_approve,
    "notice-veto": notice_veto,
    "notice-cancel": notice_cancel,
    "notice-clear": notice_clear,
    "policy-show": policy_show,
    "policy-set": policy_set,
}
# What is decided about a notice goes on from memory while the disk is full, like every warning.
CHANGES: Final = frozenset({"alert-acknowledge", "policy-set"})
