"""Fragments and patches, from a replica without a server."""

import json
import re
from typing import Any

import msgspec

from alerting.web.board import Board
from alerting.web.link import Outage
from alerting.web.readings import LastHour
from alerting.web.replica import Replica
from broker.clock import Clock
from broker.live import AlertView, Event, MessageView, NoticeView, StationView
from tests.browser.alert_scenes import ALL_SCENES, area
from tests.browser.scenes import SCENES, alert, rain, river

NOW = Clock().now()
Entity = StationView | AlertView | MessageView | NoticeView
KINDS: dict[type, Any] = {
    StationView: "station",
    AlertView: "alert",
    MessageView: "message",
    NoticeView: "notice",
}


def board_of(*entities: Entity) -> tuple[Board, bytes | None]:
    board = Board(
        last_hour=LastHour(), outage=lambda: None, is_ready=lambda: True, clock=Clock(), demo=False, replica=Replica()
    )
    return board, tell(board, *entities)


def tell(board: Board, *entities: Entity) -> bytes | None:
    changes = []
    for entity in entities:
        rev = board.replica.last_id + 1
        data = msgspec.Raw(msgspec.json.encode(msgspec.structs.replace(entity, rev=rev)))
        changes.append(board.replica.apply(Event(id=rev, kind=KINDS[type(entity)], data=data)))
    return board.refresh(changes)


def opened(frame: bytes | None) -> dict[str, Any]:
    assert frame is not None
    data = next(line for line in frame.decode().splitlines() if line.startswith("data: "))
    patch: dict[str, Any] = json.loads(data.removeprefix("data: "))
    return patch


def test_a_patch_holds_what_changed_and_its_journal_id() -> None:
    """One station moves: its card and no other goes out."""
    board, _ = board_of(river("Welang", NOW, 1.0), river("Petung", NOW, 1.0))
    frame = tell(board, river("Petung", NOW, 1.1))
    assert frame is not None
    assert (["station-petung"], {}) == (list(opened(frame)["set"]), opened(frame)["lists"])
    assert b"\nid: 3\n" in frame


def test_nothing_new_is_not_sent() -> None:
    """The same state told again makes no patch."""
    board, _ = board_of(river("Welang", NOW, 1.0))
    assert tell(board, river("Welang", NOW, 1.0)) is None


def test_catching_up_sends_only_what_came_later() -> None:
    """A browser that saw id 1 gets what changed from there; one that saw everything gets no card again but the last."""
    board, _ = board_of(river("Welang", NOW, 1.0))
    tell(board, river("Petung", NOW, 1.0))
    tell(board, river("Gembong", NOW, 1.0))
    cards = [[name for name in opened(board.catch_up(after))["set"] if "-" in name] for after in (2, 3)]
    assert [["station-petung", "station-gembong"], ["station-gembong"]] == cards


def test_an_id_from_another_journal_gets_everything() -> None:
    """A browser that is ahead of us saw another journal: it is given the whole page."""
    board, _ = board_of(river("Welang", NOW, 1.0), river("Petung", NOW, 1.0))
    patch = opened(board.catch_up(9999))
    assert {"station-welang", "station-petung"} <= set(patch["set"])
    assert ["station-welang", "station-petung"] == patch["lists"]["stations"]


def test_a_page_that_never_met_its_core_does_not_empty_a_browser() -> None:
    """After a restart of the web process alone, the last state stays on the screen under the banner."""
    board = Board(
        last_hour=LastHour(),
        outage=lambda: Outage(since=None, reason="inti tidak menjawab"),
        is_ready=lambda: False,
        clock=Clock(),
        demo=False,
    )
    board.refresh(())
    patch = opened(board.catch_up(500))
    assert ({}, True) == (patch["lists"], patch["lost"])


def test_a_name_cannot_become_markup() -> None:
    """Names are data, on the page and in a patch."""
    board, frame = board_of(river("<script>alert(1)</script>", NOW, 1.0, id="welang"))
    assert "<script>alert" not in opened(frame)["set"]["station-welang"] + board.page(has_charts=False)


def test_active_alerts_come_first_and_stations_keep_their_place() -> None:
    """The order of stations is core's own, whatever happens on them."""
    board, _ = board_of(*SCENES["awas"](NOW).entities)
    assert ["station-welang", "station-gembong", "station-petung", "station-udara"] == board.lists["stations"]
    assert ["alert-welang.level.1", "alert-gembong.level.1"] == board.lists["alerts"][:2]
    assert "alert-welang.level.0" == board.lists["alerts"][-1]


def test_the_first_paint_says_ages_without_a_script() -> None:
    """No age is left open, and the page says that it does not refresh by itself."""
    board, _ = board_of(*SCENES["awas"](Clock().now()).entities)
    html = board.page(has_charts=False)
    assert "></time>" not in html
    assert "34 menit lalu" in html
    assert "<noscript>" in html


def test_no_inline_script_or_style_is_served() -> None:
    """The strict policy of the page holds for every fragment."""
    for scene in ALL_SCENES.values():
        html = board_of(*scene(NOW).entities)[0].page(has_charts=True)
        assert [] == [bad for bad in (" style=", "<style", "onclick", "javascript:") if bad in html]
        assert html.count("<script") == html.count('src="/static/')


def test_no_siaga_number_is_ever_printed() -> None:
    """Siaga 1 means the worst in one city and the lowest in another."""
    for scene in ALL_SCENES.values():
        html = board_of(*scene(NOW).entities)[0].page(has_charts=True)
        assert [] == re.findall(r"siaga[ -]?(?:\d|i+\b)[^<]*", re.sub(r'data-limits="[^"]*"', "", html), re.IGNORECASE)


def test_examples_are_marked_wherever_they_show() -> None:
    """Levels, alerts and recipients of the demonstration carry the words."""
    board, _ = board_of(*SCENES["awas"](NOW).entities)
    marked = {name for name, fragment in board.fragments.items() if "CONTOH, belum resmi" in fragment.html}
    assert {"station-welang", "station-udara", "alert-welang.level.1", "group-welang.level.1.3"} <= marked


def test_an_area_changes_the_card_that_it_stands_in() -> None:
    """Five areas of one flood go out in its card, and are no card, nor counted."""
    board, _ = board_of(river("Welang", NOW, 5.8), river("Petung", NOW), alert(NOW))
    patch = opened(tell(board, area("Karangketug", 1001, NOW), area("Randusari", 1002, NOW)))
    assert (["areas", "alert-welang.level.1"], {}) == (list(patch["set"]), patch["lists"])
    assert "<b>Karangketug, Randusari</b>" in patch["set"]["alert-welang.level.1"]
    assert "<b>1</b> peringatan aktif" in board.fragments["count"].html


def test_areas_move_to_a_card_of_their_own_when_their_alert_ends() -> None:
    """And back into the next one; nothing of them is lost between."""
    board, _ = board_of(river("Welang", NOW, 5.8), alert(NOW), area("Karangketug", 1001, NOW))
    ended = opened(tell(board, alert(NOW, kind="ended", active=False, level="NORMAL", version=4)))
    assert ["alert-wilayah", "alert-welang.level.1"] == ended["lists"]["alerts"]
    assert "Karangketug" in ended["set"]["alert-wilayah"]
    assert "Karangketug" not in ended["set"]["alert-welang.level.1"]
    again = opened(tell(board, alert(NOW, id="welang.level.2")))
    assert ["alert-welang.level.2", "alert-welang.level.1"] == again["lists"]["alerts"]
    assert "Karangketug" in again["set"]["alert-welang.level.2"]


def test_an_alert_of_rain_changes_the_card_of_its_station() -> None:
    """The station itself said nothing new."""
    board, _ = board_of(rain(NOW), river("Welang", NOW))
    patch = opened(tell(board, alert(NOW, id="hujan-hulu.rain.1", station="hujan-hulu", hazard="rain", level="SIAGA")))
    assert "SIAGA hujan lebat" in patch["set"]["station-hujan-hulu"]
    assert "SIAGA" in patch["title"]
