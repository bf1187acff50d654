"""From the decisions of a turn to notices: which of them one text can tell, and that text in both languages."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from alerting import notices, tables
from alerting.engine import Decision
from alerting.notices import Covered, Notice
from alerting.policy import alert_id
from alerting.policy_rules import UP
from alerting.public_templates import Language
from alerting.public_texts import VERSION, notice_text
from broker.levels import Level
from deploy.alerts.alert_records import Version
from deploy.journal import Group, Journal
from deploy.memory import Memory
from deploy.messages.public_text import public_text
from deploy.notices.book import NoticeBook
from deploy.notices.policies import Policies
from deploy.registry import Registry
from deploy.registry.distances import nearest_first
from deploy.settings import Settings

LANGUAGES: Final[tuple[Language, ...]] = ("id", "en")
_replace: Final = msgspec.structs.replace


class NoticeMaker:
    """Makes notices; puts them nowhere."""

    def __init__(
        self,
        *,
        settings: Settings,
        registry: Registry,
        journal: Journal,
        memory: Memory,
        policies: Policies,
        book: NoticeBook,
    ) -> None:
        self._settings, self._registry, self._journal, self._memory = settings, registry, journal, memory
        self._policies, self._book = policies, book
        self._newest: dict[str, Decision] = {}  # by area

    def remember(self, decision: Decision) -> None:
        """The newest decision about an area."""
        self._newest[decision.station] = decision

    def alike(self, decisions: Sequence[Decision]) -> Iterator[list[Decision]]:
        """What one text can say: the same kind, level and cause; of what goes down, only where somebody was told."""
        found: dict[tuple[object, ...], list[Decision]] = {}
        for decision in decisions:
            key: tuple[object, ...] = (decision.kind, decision.level, decision.why, decision.by)
            if decision.kind in UP:
                key += decision.stations
            else:
                gone = self._book.gone(alert_id(decision))
                if not gone or (decision.kind == "lowered" and gone[-1].level <= decision.level):
                    continue
                key += tuple(each.number for each in gone)
            found.setdefault(key, []).append(decision)
        yield from found.values()

    def made(self, decisions: list[Decision], group: Group, now: int, like: Notice | None = None) -> Notice:
        """A notice of decisions that are alike, in its first state; raises what a text may raise.

        ``like`` is a notice of which this is what is left: it goes on where that one stood, but for approvals, and says
        where to go as that one did.
        """
        decisions = nearest_first(decisions, self._registry)
        first, version = decisions[0], self._policies.now(now)
        refuge = ("", "") if like is None else (like.refuge, like.refuge_by)
        notice = Notice(
            number=self._journal.take_ids(),
            rev=0,
            state="waiting",
            kind=first.kind,
            level=first.level,
            areas=tuple(Covered(each.station, alert_id(each), each.version) for each in decisions),
            texts=self.texts(group, decisions, refuge),
            template=VERSION,
            is_manual=first.why == "operator" or self._is_held(first),
            made_at=now,
            policy=version.version,
            refuge=refuge[0],
            refuge_by=refuge[1],
        )
        if like is None:
            return notices.opened(notice, version, now)
        if like.state == "waiting":
            return notice
        return _replace(notice, state=like.state, due_at=like.due_at, decided_by=like.decided_by)

    def decision(self, covered: Covered, group: Group) -> Decision:
        """The decision of an area alert's version, stored or about to be."""
        known = self._newest.get(covered.area)
        if known is not None and (alert_id(known), known.version) == (covered.alert, covered.version):
            return known
        for row in reversed(group.alerts):
            if row[1:3] == (covered.alert, covered.version):
                return Version(*row).decision
        where = "WHERE alert = ? AND version = ?"
        row = next(self._journal.rows(tables.alerts, where, (covered.alert, covered.version)))
        return Version(*row).decision

    def _is_held(self, decision: Decision) -> bool:
        """Whether an area goes up because somebody raised its station: that is no measurement either."""
        holds = [state.manual for name in decision.stations if (state := self._memory.states.get(name)) is not None]
        return bool(holds) and all(hold is not None and hold.least >= decision.level > 0 for hold in holds)

    def texts(
        self, group: Group, decisions: list[Decision], refuge: tuple[str, str] = ("", ""), *, anew: bool = False
    ) -> dict[str, str]:
        """What one text says of decisions that are alike, in each language; ``refuge``: where to go, and until when.

        ``anew``: with what was measured last, not with what was decided upon.
        """
        told = list({each.number: each for one in decisions for each in self._book.gone(alert_id(one))}.values())
        was = Level(max(each.level for each in told)) if told else None
        raised_at = min((each.made_at for each in told), default=None)
        alerts = {alert_id(each) for each in decisions}
        same = (next(one for one in each.areas if one.alert in alerts) for each in told)  # of one cause each
        before = [self.decision(each, group) for each in same]
        texts: dict[str, str] = {}
        for language in LANGUAGES:
            public = public_text(
                decisions,
                registry=self._registry,
                memory=self._memory,
                settings=self._settings,
                was=was if decisions[0].kind not in UP else None,
                raised_at=raised_at,
                before=before if decisions[0].kind not in UP else (),
                language=language,
                refuge=refuge,
                anew=anew,
            )
            texts[language] = notice_text(public)
        return texts
