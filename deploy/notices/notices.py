"""Notices in core: made from the decisions of a turn, decided by people or by the policy, sent slice by slice.

Everything that changes is in the turn's group: after a crash a notice goes on where its last slice was committed.
"""

import heapq
import logging
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from alerting import notices, tables
from alerting.engine import Decision
from alerting.messages import Entry
from alerting.notices import BY_POLICY, Notice, NoticeRefused
from alerting.policy import alert_id
from alerting.policy_rules import OVER, UP, quiet_ends
from alerting.public_texts import VERSION
from alerting.recipients import Directory
from broker.levels import Level
from deploy.alerts.alert_records import Version
from deploy.channels.ways import Ways
from deploy.journal import Group, Journal
from deploy.live.hub import LiveHub
from deploy.memory import Memory
from deploy.notices.audience import Audiences, Target
from deploy.notices.book import NoticeBook
from deploy.notices.making import NoticeMaker
from deploy.notices.policies import Policies
from deploy.notices.slices import NoticeSlices
from deploy.notices.views import notice_view
from deploy.registry import Registry
from deploy.settings import Settings

log: Final = logging.getLogger(__name__)

Published = Callable[[Group, Sequence[Decision], int], object]
EPISODES_BACK: Final = 4
NO_VERSION: Final = 2**31  # above every version
MOST_A_TURN: Final = 4  # new notices of what rises; a text costs some 0.3 ms


class Notices:
    """``published`` is called with the decisions of every notice that goes out; other ways to the public hang there."""

    def __init__(
        self,
        *,
        settings: Settings,
        registry: Registry,
        journal: Journal,
        memory: Memory,
        directory: Directory,
        policies: Policies,
        ways: Ways,
        hub: LiveHub,
        queue: Callable[[Group, Entry], None],
        now: int,
    ) -> None:
        self._registry, self._journal, self._memory = registry, journal, memory
        self._policies, self._hub, self._zone = policies, hub, directory.zone
        self.published: Published | None = None
        self._names: dict[int, list[str]] = {}
        self.audiences = Audiences(journal, directory, memory.outbox)
        self.book = NoticeBook(journal, stands=self.stands, show=self._show)
        self.slices = NoticeSlices(
            journal=journal,
            directory=directory,
            book=self.book,
            audiences=self.audiences,
            policies=policies,
            ways=ways,
            queue=queue,
            zone=self._zone,
            now=now,
        )
        self.maker = NoticeMaker(
            settings=settings, registry=registry, journal=journal, memory=memory, policies=policies, book=self.book
        )
        self._decided: list[Decision] = []
        self._rising: list[tuple[int, int, list[Decision]]] = []  # worst first: what has no notice yet
        self._take_back()

    def collect(self, decision: Decision) -> None:
        """An area was decided; what the turn decided alike becomes one notice."""
        self._decided.append(decision)
        self.maker.remember(decision)

    def turn(self, group: Group, now: int) -> None:
        """Make notices of what was decided, take the windows that have ended, and send a slice."""
        if self._decided or self._rising:
            self._conclude(group, now)
        if now >= self.book.next_due:
            self._on_due(group, now)
        if self.book.going:
            notice = self.slices.advance(group, now)
            if notice.state == "sent":
                detail = {"audience": notice.audience, "skipped": notice.skipped}
                self._audit(group, notice, "notice sent", by=BY_POLICY, at=now, detail=detail)

    def begin(self, group: Group, now: int) -> None:
        """After a start: no window lasts longer than the policy says; the clock may have been set back meanwhile."""
        policy = self._policies.now(now).policy
        for notice in list(self.book.open.values()):
            longest = {"veto": policy.veto_s, "waiting": policy.one_person_after_s}.get(notice.state)
            if longest is not None and notice.due_at is not None and notice.due_at > now + longest * 1000:
                self.book.put(group, msgspec.structs.replace(notice, due_at=now + longest * 1000))

    def clock_stepped(self, group: Group, ahead_ms: int) -> None:
        """Core's clock was set ``ahead_ms`` ahead (negative: back): windows end when they were to end."""
        for notice in list(self.book.open.values()):
            after = notices.clock_stepped(notice, ahead_ms)
            if after is not notice:
                self.book.put(group, after)

    @property
    def is_busy(self) -> bool:
        """Whether the next turn has something to do at once."""
        return bool(self.book.going or self._rising or self._decided)

    # -- making --------------------------------------------------------------------------------------------------

    def _conclude(self, group: Group, now: int) -> None:
        decisions, self._decided = self._decided, []
        made: dict[str, str] = {}
        for alike in self.maker.alike(decisions):
            if alike[0].kind in UP:
                # A thousand texts in one turn would hold up officers' messages; after a crash they are made anew.
                heapq.heappush(self._rising, (-alike[0].level, self._journal.take_ids(), alike))
            else:
                made |= self._try(group, alike, now)
        for _ in range(min(MOST_A_TURN, len(self._rising))):
            alike = [each for each in heapq.heappop(self._rising)[2] if self._is_so(each)]
            if alike:
                made |= self._try(group, alike, now)
        moved = {alert_id(each) for each in decisions}
        self._withdraw(group, moved, made, now)
        self.book.sweep(group, moved)

    def _try(self, group: Group, alike: list[Decision], now: int) -> dict[str, str]:
        """Make a notice; its id by alert, or nothing when it fails."""
        try:
            notice = self._make(group, alike, now)
        except Exception:
            # One text that fails must not take the others, or the turn's readings, with it.
            log.exception("no notice could be made of %s", [alert_id(each) for each in alike])
            return {}
        return dict.fromkeys((each.alert for each in notice.areas), notice.id)

    def _is_so(self, decision: Decision) -> bool:
        """Whether nothing newer was decided about its alert."""
        state = self._memory.areas.get(decision.station)
        return state is not None and (state.episode, state.version) == (decision.episode, decision.version)

    def _make(self, group: Group, decisions: list[Decision], now: int, like: Notice | None = None) -> Notice:
        """A new notice on its way, or before whoever decides; ``like`` is the one of which this is what is left."""
        notice = self.maker.made(decisions, group, now, like)
        detail = {"state": notice.state, "areas": notice.areas, "texts": notice.texts}
        self._audit(group, notice, "notice made", by="engine", at=now, detail=detail)
        if notice.has_gone:
            earlier = [each for alert in notice.areas for each in self.book.gone(alert.alert)]
            return self._go(group, notice, self.audiences.of_earlier(notice, earlier, group), now)
        return self.book.put(group, notice)

    def _withdraw(self, group: Group, moved: set[str], made: dict[str, str], now: int) -> None:
        """What waited for a decision is no longer so; areas in it that stay as they were get a notice of their own."""
        for notice in list(self.book.of(moved)):
            if notice.has_gone or notice.id in made.values():
                continue
            rest = [each for each in notice.areas if each.alert not in moved]
            by = next((made[each.alert] for each in notice.areas if each.alert in made), "")
            if rest and notice.state != "vetoed":
                decisions = [self.maker.decision(each, group) for each in rest]
                by = self._make(group, decisions, now, like=notice).id
            self.book.put(group, notices.replaced(notice, by=by, now=now))
            self._audit(group, notice, "notice replaced", by=BY_POLICY, at=now, detail={"by": by})

    # -- deciding ------------------------------------------------------------------------------------------------

    def approve(self, group: Group, notice: Notice, *, by: str, actor: str, now: int) -> Notice:
        """``by`` approves; raises NoticeRefused."""
        version = self._policies.now(now)
        quiet = quiet_ends(version.policy, notice.level, now, self._zone)
        notice = notices.approve(notice, by=by, now=now, version=version, quiet_ends=quiet)
        detail = {"by": by, "state": notice.state, "due_at": notice.due_at, "text": notice.texts["id"]}
        self._audit(group, notice, "notice approved", by=actor, at=now, detail=detail)
        return self._settled(group, notice, now)

    def veto(self, group: Group, notice: Notice, *, by: str, reason: str, actor: str, now: int) -> Notice:
        """``by`` stops it; raises NoticeRefused."""
        notice = notices.veto(notice, by=by, reason=reason, now=now)
        self._audit(group, notice, "notice vetoed", by=actor, at=now, detail={"by": by, "reason": reason})
        return self.book.put(group, notice)

    def edit(self, group: Group, notice: Notice, *, refuge: tuple[str, str], by: str, actor: str, now: int) -> Notice:
        """``by`` says where to go; the text is made anew and nobody has approved it. Raises NoticeRefused."""
        decisions = [self.maker.decision(each, group) for each in notice.areas]
        texts = self.maker.texts(group, decisions, refuge, anew=now - notice.worded_at > notices.STALE_MS)
        after = notices.edited(notice, texts=texts, template=VERSION, refuge=refuge[0], refuge_by=refuge[1], now=now)
        if refuge[0] and not all(refuge[0] in text for text in texts.values()):
            raise NoticeRefused(f"{refuge[0]!r} does not fit into one SMS; write the place shorter")
        detail = {"by": by, "texts": texts, "before": notice.texts}
        self._audit(group, after, "notice edited", by=actor, at=now, detail=detail)
        return self.book.put(group, after)

    def refuge_of(self, alert: str) -> tuple[str, str]:
        """Where the last notice of an alert that went out sends people, and by when; empty where it does not say."""
        gone = self.book.gone(alert)
        return (gone[-1].refuge, gone[-1].refuge_by) if gone else ("", "")

    def _on_due(self, group: Group, now: int) -> None:
        version = self._policies.now(now)
        for notice in list(self.book.open.values()):
            if notice.due_at is None or now < notice.due_at:
                continue
            quiet = quiet_ends(version.policy, notice.level, now, self._zone)
            after = notices.on_due(notice, now=now, version=version, quiet_ends=quiet)
            detail = {"by": after.decided_by, "state": after.state}
            self._audit(group, after, "notice window over", by=BY_POLICY, at=now, detail=detail)
            self._settled(group, self._reworded(group, after, now), now)

    def _reworded(self, group: Group, notice: Notice, now: int) -> Notice:
        """What goes out by itself after a long wait says how it is now: the forecast in its text has passed."""
        if not (notice.has_gone and notice.is_up) or now - notice.worded_at <= notices.STALE_MS:
            return notice
        decisions = [self.maker.decision(each, group) for each in notice.areas]
        texts = self.maker.texts(group, decisions, (notice.refuge, notice.refuge_by), anew=True)
        if not all(notice.refuge in text for text in texts.values()):
            return notice  # where to go is worth more than the newest value
        self._audit(group, notice, "notice reworded", by=BY_POLICY, at=now, detail={"texts": texts})
        return msgspec.structs.replace(notice, texts=texts, template=VERSION, reworded_at=now)

    def _settled(self, group: Group, notice: Notice, now: int) -> Notice:
        if not notice.has_gone:
            return self.book.put(group, notice)
        return self._go(group, notice, self.audiences.of_areas([each.area for each in notice.areas]), now)

    def _go(self, group: Group, notice: Notice, targets: list[Target], now: int) -> Notice:
        """It goes out: its audience is fixed, and nothing older about its areas leaves any more."""
        self.audiences.fix(group, notice.number, targets)
        self._supersede(notice)
        notice = self.book.put(group, notices.frozen(notice, len(targets)))
        if self.published is not None:
            self.published(group, [self.maker.decision(each, group) for each in notice.areas], now)
        return notice

    def _supersede(self, notice: Notice) -> None:
        least = {each.alert: each.version for each in notice.areas}
        if notice.is_up:
            # "Nobody need leave", said late of the last flood, would undo the warning of this one.
            least |= {alert: NO_VERSION for each in notice.areas for alert in _before(each.alert)}
        for alert, version in least.items():
            self.slices.least[alert] = max(version, self.slices.least.get(alert, 0))
        self._memory.outbox.supersede(least)

    # -- what is known -------------------------------------------------------------------------------------------

    def stands(self, area: str, alert: str) -> bool:
        """Whether an area's alert goes on."""
        state = self._memory.areas.get(area)
        return state is not None and state.level > Level.NORMAL and alert == f"{area}.area.{state.episode}"

    def _show(self, notice: Notice, is_open: bool) -> None:
        audience = notice.audience
        if not notice.has_gone:
            audience = len(self.audiences.of_areas([each.area for each in notice.areas]))
        # A slice changes a notice's figures, not its areas, of which there may be many.
        if notice.number not in self._names:
            self._names[notice.number] = list(self._registry.areas.names(each.area for each in notice.areas))
        names = self._names[notice.number] if is_open else self._names.pop(notice.number)
        self._hub.add_notice(notice_view(notice, areas=names, audience=audience, is_open=is_open))

    def _audit(self, group: Group, notice: Notice, action: str, *, by: str, at: int, detail: object) -> None:
        self._journal.add_audit(group, at=at, actor=by, action=action, subject=notice.id, detail=detail)

    def _take_back(self) -> None:
        """After a restart: what is open is shown, what was superseded stays so, and what has no notice gets one."""
        for notice in self.book.open.values():
            self._show(notice, True)
            if notice.has_gone:
                self._supersede(notice)
        covered = {(each.alert, each.version) for notice in self.book.open.values() for each in notice.areas}
        for area, state in self._memory.areas.items():
            alert = f"{area}.area.{state.episode}"
            if state.level > Level.NORMAL and (alert, state.version) not in covered:
                self._take_back_one(alert, state.version)
        for alert in {entry.alert for entry in self._memory.outbox.open.values() if ".area." in entry.alert}:
            self._supersede_again(alert)

    def _supersede_again(self, alert: str) -> None:
        """What a notice that is closed by now had superseded."""
        rows = self._journal.rows(tables.alerts, "WHERE alert = ? ORDER BY version DESC LIMIT 1", (alert,))
        last = next((Version(*row) for row in rows), None)
        least = last.version if last is not None and last.kind in OVER else 0
        if any(self.audiences.had_messages(later) for later in _after(alert)):
            least = NO_VERSION
        self.slices.least[alert] = max(least, self.slices.least.get(alert, 0))
        self._memory.outbox.supersede({alert: least})

    def _take_back_one(self, alert: str, version: int) -> None:
        row = next(self._journal.rows(tables.alerts, "WHERE alert = ? AND version = ?", (alert, version)), None)
        if row is not None and (decision := Version(*row).decision).kind in UP and decision.public_ok:
            self.collect(decision)


def _after(alert: str) -> list[str]:
    """The next few alerts of the same area, which there may be."""
    area, _, number = alert.rpartition(".")
    return [f"{area}.{later}" for later in range(int(number) + 1, int(number) + 1 + EPISODES_BACK)]


def _before(alert: str) -> list[str]:
    """The last few alerts of the same area, whose messages may still wait."""
    area, _, number = alert.rpartition(".")
    return [f"{area}.{earlier}" for earlier in range(max(1, int(number) - EPISODES_BACK), int(number))]
