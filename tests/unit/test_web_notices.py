"""MENUNGGU KEPUTUSAN on the board: what somebody has to decide, exactly as it would go out."""

import json
from typing import Any

import msgspec

from alerting.web.board import Board
from alerting.web.link import Outage
from alerting.web.notice_list import notice_cards
from alerting.web.readings import LastHour
from broker.clock import Clock
from broker.live import Event, NoticeView

NOW = Clock().now()


def view(name: str = "n7", **changes: Any) -> NoticeView:
    made = NoticeView(
        id=name,
        rev=1,
        state="waiting",
        kind="raised",
        level="SIAGA",
        areas=["Karangketug", "Randusari"],
        alerts=["35.75.01.1001.area.1"],
        text="BPBD: SIAGA BANJIR S. Welang. <b>Info</b> 112",
        septets=44,
        parts=1,
        made_at=NOW,
        audience=1240,
    )
    return msgspec.structs.replace(made, **changes)


def board() -> Board:
    def outage() -> Outage | None:
        return None

    return Board(last_hour=LastHour(), outage=outage, is_ready=lambda: True, clock=Clock(), demo=False)


def tell(board: Board, *views: NoticeView) -> str:
    """The section as the patch draws it; empty when it stays as it was."""
    changes = []
    for each in views:
        rev = board.replica.last_id + 1
        told = msgspec.Raw(msgspec.json.encode(msgspec.structs.replace(each, rev=rev)))
        changes.append(board.replica.apply(Event(id=rev, kind="notice", data=told)))
    frame = board.refresh(changes)
    if frame is None:
        return ""
    data = next(line for line in frame.decode().splitlines() if line.startswith("data: "))
    return str(json.loads(data.removeprefix("data: "))["set"].get("notices", ""))


def test_the_worst_stands_first_and_only_what_waits_stands_there() -> None:
    """Of equal ones the one that has waited longest."""
    views = [
        view("n9", level="SIAGA", made_at=NOW),
        view("n8", level="WASPADA", made_at=NOW - 9),
        view("n7", level="SIAGA", made_at=NOW - 5),
        view("n6", level="AWAS", state="veto", due_at=NOW + 60_000),
        view("n5", level="AWAS", state="approved"),
        view("n4", level="AWAS", state="vetoed"),
    ]
    assert ["n6", "n7", "n9", "n8"] == [card.id for card in notice_cards(views)]


def test_a_card_says_what_is_asked_and_what_happens_by_itself() -> None:
    """One approval, two people, the second of two, or a window that ends."""
    asked = [
        notice_cards([view(**changes)])[0]
        for changes in (
            {},
            {"manual": True},
            {"manual": True, "approvals": ["Rini 🌊"], "due_at": NOW},
            {"state": "veto", "due_at": NOW},
        )
    ]
    assert [
        ("Perlu satu persetujuan", ""),
        ("Manual: perlu dua orang", ""),
        ("Disetujui Rini 🌊; menunggu orang kedua", "Tayang sendiri bila tidak ditahan"),
        ("Sudah diizinkan tertulis; masih dapat ditahan", "Tayang sendiri bila tidak ditahan"),
    ] == [(card.asks, card.clock) for card in asked]


def test_the_section_shows_the_text_escaped_its_length_and_its_audience() -> None:
    """And it is empty when nothing waits any more."""
    page = board()
    shown = tell(page, view())
    assert "Menunggu keputusan" in shown
    assert "S. Welang. &lt;b&gt;Info&lt;/b&gt; 112" in shown
    assert "44/160, 1 SMS · ke 1240 orang" in shown
    assert "notice-n7" in page.page(has_charts=False)
    gone = tell(page, view(state="sent", active=False))
    assert "Menunggu" not in gone
    assert "notice-n7" not in page.page(has_charts=False)
