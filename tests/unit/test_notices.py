"""A notice's states, whoever does whatever to it."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.notices import (
    LATE_MS,
    Covered,
    Notice,
    NoticeRefused,
    approve,
    frozen,
    on_due,
    opened,
    person_key,
    progressed,
    replaced,
    veto,
)
from alerting.policy_rules import BUILT_IN, Policy, PolicyVersion

PAPER = PolicyVersion(
    version=1, effective_from=0, author="a", reason="r", policy=Policy(pre_authorised=("AWAS",), document="SK 1")
)
NEW = Notice(
    number=7,
    rev=0,
    state="waiting",
    kind="raised",
    level=2,
    areas=(Covered("35.75.01.1001", "35.75.01.1001.area.1", 1),),
    texts={"id": "x", "en": "x"},
    template=1,
    is_manual=False,
    made_at=0,
    policy=0,
)


def other(**changes: Any) -> Notice:
    return msgspec.structs.replace(NEW, **changes)


def approved(notice: Notice, by: str, now: int = 0, quiet: int | None = None) -> Notice:
    return approve(notice, by=by, now=now, version=BUILT_IN, quiet_ends=quiet)


def due(notice: Notice, now: int, version: PolicyVersion = BUILT_IN) -> Notice:
    return on_due(notice, now=now, version=version, quiet_ends=None)


@pytest.mark.parametrize(
    ("changes", "version", "state", "due_at"),
    [
        ({}, PAPER, "waiting", None),
        ({"level": 3}, BUILT_IN, "waiting", None),
        ({"level": 3}, PAPER, "veto", 61_000),
        ({"level": 3, "is_manual": True}, PAPER, "waiting", None),
        ({"kind": "lowered"}, BUILT_IN, "approved", None),
        ({"kind": "ended", "level": 0}, BUILT_IN, "approved", None),
        ({"kind": "cancelled", "level": 0, "is_manual": True}, BUILT_IN, "approved", None),
    ],
)
def test_how_a_notice_begins(changes: dict[str, Any], version: PolicyVersion, state: str, due_at: int | None) -> None:
    """What goes up waits for people, or for a window under a paper; what goes down follows at once."""
    notice = opened(other(**changes), version, 1000)
    assert (state, due_at) == (notice.state, notice.due_at)


def test_a_window_that_ended_long_ago_decides_nothing() -> None:
    """Core was away: people decide."""
    window = opened(other(level=3), PAPER, 0)
    assert ("approved", "kebijakan: SK 1") == ((late := due(window, 60_000 + LATE_MS, PAPER)).state, late.decided_by)
    assert ("waiting", None) == ((later := due(window, 60_001 + LATE_MS, PAPER)).state, later.due_at)
    assert window is due(window, 59_999, PAPER)


def test_approval_in_a_quiet_night_waits_and_can_still_be_vetoed() -> None:
    """In the morning it goes, and from then on it can only be taken back."""
    waits = approved(NEW, "Rini", quiet=500)
    assert ("approved", False) == (waits.state, waits.has_gone)
    assert "vetoed" == veto(waits, by="Joko", reason="surut", now=400).state
    gone = due(waits, 500)
    assert gone.has_gone
    with pytest.raises(NoticeRefused, match="kentongan notice cancel n7"):
        veto(gone, by="Joko", reason="surut", now=600)


@pytest.mark.parametrize("state", ["approved", "sent", "replaced"])
def test_what_was_decided_cannot_be_approved_again(state: Any) -> None:
    """Two approvals at once are one."""
    with pytest.raises(NoticeRefused):
        approved(other(state=state, decided_by="Joko", replaced_by="n9"), "Rini")


def test_a_second_veto_names_the_first() -> None:
    """Who was too late learns who it was."""
    with pytest.raises(NoticeRefused, match="vetoed by Joko already"):
        veto(veto(NEW, by="Joko", reason="x", now=0), by="Rini", reason="x", now=1)


@pytest.mark.parametrize("name", ["Rini", " RINI", "rïni", "Rini 🌊", "R.i-n_i", "\uff32ini", "R\u200bini"])
def test_spellings_of_one_person(name: str) -> None:
    """Case, marks, pictures and invisible letters make no second person."""
    assert person_key("Rini") == person_key(name)


def test_no_time_out_when_the_policy_has_none() -> None:
    """Then it takes two people, however long it takes."""
    never = PolicyVersion(version=1, effective_from=0, author="a", reason="r", policy=Policy(one_person_after_s=0))
    notice = approve(other(is_manual=True), by="Rini", now=0, version=never, quiet_ends=None)
    assert ("waiting", None) == (notice.state, notice.due_at)


@given(st.integers(0, 1000), st.lists(st.integers(1, 200), max_size=20))
def test_slices_end_exactly_with_the_audience(audience: int, counts: list[int]) -> None:
    """It is sent when the last one has his message, and not before."""
    notice = frozen(approved(NEW, "Rini"), audience)
    for count in counts:
        part = min(count, audience - notice.cursor)
        notice = progressed(notice, count=part, skipped=0, now=9)
        assert (notice.cursor == audience) == (notice.state == "sent")
        if notice.state == "sent":
            break


@given(
    st.booleans(),
    st.lists(st.tuples(st.sampled_from(["approve", "veto", "due", "replace"]), st.sampled_from("AB")), max_size=12),
)
def test_a_manual_notice_never_goes_on_one_persons_word_without_the_time_out(
    has_paper: bool, steps: list[tuple[str, str]]
) -> None:
    """Whatever people try, in whatever order."""
    version = PAPER if has_paper else BUILT_IN
    notice, now = opened(other(level=3, is_manual=True), version, 0), 0
    for step, by in steps:
        now += 100_000
        try:
            match step:
                case "approve":
                    notice = approve(notice, by=by, now=now, version=version, quiet_ends=None)
                case "veto":
                    notice = veto(notice, by=by, reason="x", now=now)
                case "due":
                    notice = due(notice, now, version)
                case _ if not notice.has_gone:
                    notice = replaced(notice, by="", now=now)
        except NoticeRefused:
            continue
        if notice.has_gone:
            people = {each.by for each in notice.approvals}
            waited = (notice.decided_at or 0) - notice.approvals[0].at >= 300_000
            assert people
            assert len(people) == 2 or waited
