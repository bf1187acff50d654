"""What the residents' and the technician's pages get from a real core: places, what was told, a node, its visits."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest

from alerting.web.public.facts import Survey
from alerting.web.public.places import Places
from alerting.web.public.stand import CHECKING
from alerting.web.replica import Replica
from alerting.web.technician.visits import VisitsUnavailable
from broker.control import CommandFailed, read_frame
from broker.live import Event
from deploy.live.shown import health_of, station_of
from deploy.nodes.visits import JournalVisits
from deploy.registry.kelurahan import KECAMATAN, KELURAHAN
from tests.bare_core import SetClock
from tests.notice_post import KARANGKETUG, RANDUSARI, NoticePost

_event = msgspec.json.Decoder(Event)


@pytest.fixture
def post(tmp_path: Path) -> Iterator[NoticePost]:
    opened = NoticePost(tmp_path)
    opened.core.hub.station_source = partial(station_of, opened.core)
    opened.core.hub.health_source = partial(health_of, opened.core)
    yield opened
    opened.close()


def _replica(post: NoticePost) -> Replica:
    """What the web process would hold now."""
    replica, hub = Replica(), post.core.hub
    follower = hub.follow(0)
    hub.leave(follower)

    async def take() -> None:
        reader = asyncio.StreamReader()
        while not follower.frames.empty():
            reader.feed_data(follower.frames.get_nowait())
        reader.feed_eof()
        while body := await read_frame(reader):
            replica.apply(_event.decode(body))

    asyncio.run(take())
    return replica


def _stands(post: NoticePost, *codes: str) -> list[tuple[str, bool]]:
    places = msgspec.convert(post.ask("public-state"), Places)
    survey = Survey(_replica(post), places, is_lost=False, lost_since=None, now=SetClock.time)
    found = {place.code: stand for _, all_ in survey.chooser().districts for place, stand in all_}
    return [(found[code].state, found[code].told is not None) for code in codes]


def test_a_level_is_shown_from_the_word_of_somebody_to_its_end(post: NoticePost) -> None:
    """Unheard, high and not decided, told, higher and doubtful, over: what was told, neither more nor less."""
    assert [("TIDAK ADA DATA", False)] == _stands(post, KARANGKETUG)
    post.level(4.6)
    assert [(CHECKING, False), (CHECKING, False)] == _stands(post, KARANGKETUG, RANDUSARI)
    post.ask("notice-approve", notice=post.notice("waiting")["notice"], by="Rini")
    assert [("SIAGA", True), ("SIAGA", True)] == _stands(post, KARANGKETUG, RANDUSARI)
    post.level(5.6)
    post.deliver()
    assert [("SIAGA", True)] == _stands(post, KARANGKETUG)
    post.level(2.5, minutes=20)
    assert [("NORMAL", False)] == _stands(post, KARANGKETUG)


def test_core_tells_of_which_places_residents_may_ask(post: NoticePost) -> None:
    """Every kelurahan and kecamatan as messages print them, and no RW; the sender and the realm."""
    post.ask("area-add", code="35.75.01.1001/RW03", name="RW 03")
    told = post.ask("public-state")
    assert (len(KELURAHAN), len(KECAMATAN)) == (len(told["areas"]), len(told["districts"]))
    assert {"code": "35.75.01.1009", "name": "Kel. Gadingrejo"} in told["areas"]
    assert {"code": "35.75.01", "name": "Kec. Gadingrejo"} in told["districts"]
    assert ("ews", False) == (told["realm"], told["subscribing"])


def test_a_station_names_the_codes_of_its_areas_and_the_clocks_that_are_wrong(post: NoticePost) -> None:
    """The pages find a kelurahan's gauges by code, and the technician the node whose clock is behind."""
    post.level(2.5)
    view = station_of(post.core, "welang")
    assert ([KARANGKETUG, RANDUSARI], {}) == (view.areas, view.behind_ms)
    node = post.core.memory.nodes["wl-01"]
    assert node.clock is not None
    node.clock = msgspec.structs.replace(node.clock, behind_ms=7_200_000)
    assert {"wl-01": 7_200_000} == station_of(post.core, "welang").behind_ms


def test_core_tells_what_a_node_is(post: NoticePost) -> None:
    """Its last arrival and what it said of itself; unknown and retired ones are named as such."""
    post.level(2.5)
    told = post.ask("node-state", node="wl-01")
    assert ("welang", SetClock.time, None, None) == (
        told["station"],
        told["last_arrival"],
        told["online"],
        told["stored"],
    )
    with pytest.raises(CommandFailed, match="no node 'wl-99' is known"):
        post.ask("node-state", node="wl-99")


def test_visits_are_those_of_the_node_and_its_station(post: NoticePost, tmp_path: Path) -> None:
    """Maintenance and changes, the newest first; nothing of another station, and a journal that is away says so."""
    post.ask("station-maintain", id="welang", by="Budi", reason="ganti baterai", minutes=30)
    post.ask("station-maintain", id="petung", by="Sari", reason="lain", minutes=30)
    post.ask("node-change", node="wl-01", hardware="ESP32", reason="alat baru")
    found = JournalVisits(post.state.journal, "ews").of("wl-01", "welang", 10)
    assert ["node changed", "maintenance begun"] == [each.action for each in found[:2]]
    assert {"node changed", "node credential", "maintenance begun"} == {each.action for each in found}
    assert all("Sari" not in each.detail for each in found)
    with pytest.raises(VisitsUnavailable, match="Catatan kunjungan belum dapat dibaca"):
        JournalVisits(tmp_path / "none.db", "ews").of("wl-01", "welang", 10)
