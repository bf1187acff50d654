"""How a kelurahan stands in public: never less than was told, and never NORMAL for want of data."""

import re
from typing import Any

import msgspec
import pytest

from alerting.web.board import environment
from alerting.web.public.facts import Survey
from alerting.web.public.first_view import STATIC
from alerting.web.public.licence import UNSET, Licence
from alerting.web.public.phrases import PHRASES, SENTENCES
from alerting.web.public.places import Place, Places
from alerting.web.public.sheet import data_page
from alerting.web.public.stand import CHECKING, UNWATCHED, Stand, stand_of
from alerting.web.public.telling import Teller
from alerting.web.public.told import Told, told_of, untold
from alerting.web.replica import Replica
from broker.levels import Level
from broker.live import AlertView, NoticeView, StationView
from tests.browser import public_scenes
from tests.browser.public_scenes import (
    AREAS,
    BLANDONGAN,
    BUKIR,
    DISTRICTS,
    KARANGKETUG,
    RANDUSARI,
    WIROGUNAN,
    area_alert,
    told,
    welang,
)
from tests.browser.scenes import HOUR, MINUTE, Scene, river

NOW = 1_795_000_000_000
ALERT = f"{KARANGKETUG}.area.1"


def _replica(scene: Scene) -> Replica:
    replica = Replica(health=scene.health)
    for each in scene.entities:
        if isinstance(each, StationView):
            replica.stations[each.id] = each
        elif isinstance(each, AlertView):
            replica.alerts[each.id] = each
        elif isinstance(each, NoticeView):
            replica.notices[each.id] = each
    return replica


def _survey(scene: Scene, *, is_lost: bool = False) -> Survey:
    places = Places(
        sender="BPBD KOTA PASURUAN",
        site="Kota Pasuruan",
        realm="ews",
        subscribing=True,
        areas=tuple(Place(code=code, name=name) for code, name in AREAS.items()),
        districts=tuple(Place(code=code, name=name) for code, name in DISTRICTS.items()),
    )
    return Survey(_replica(scene), places, is_lost=is_lost, lost_since=NOW - HOUR, now=NOW)


def _told(*notices: NoticeView, **changes: Any) -> list[tuple[str, Level, str]]:
    alert = area_alert(KARANGKETUG, NOW, **changes)
    return [(each.area, each.level, each.kind) for each in told_of({alert.id: alert}, notices, {})]


def test_the_last_notice_that_went_out_counts() -> None:
    """What waits, is vetoed, or is held until morning was told to nobody."""
    sent = told(ALERT, NOW)
    for state in ("waiting", "veto", "vetoed", "replaced"):
        higher = told(ALERT, NOW, id="n8", state=state, kind="raised_higher", level="AWAS")
        assert [(KARANGKETUG, Level.SIAGA, "raised")] == _told(higher, sent)
    held = told(ALERT, NOW, id="n9", state="approved", kind="lowered", level="WASPADA", due_at=NOW + HOUR)
    assert [(KARANGKETUG, Level.SIAGA, "raised")] == _told(sent, held)
    going = told(ALERT, NOW, id="n10", state="approved", kind="raised_higher", level="AWAS")
    assert [(KARANGKETUG, Level.AWAS, "raised_higher")] == _told(going, sent)


def test_an_alert_that_ended_is_told_no_more() -> None:
    """Neither by its own end nor by the notice of it; one that the screens forgot stands on."""
    sent = told(ALERT, NOW)
    assert [] == _told(sent, active=False)
    assert [] == _told(sent, told(ALERT, NOW, id="n8", kind="ended", level="NORMAL"))
    assert [(KARANGKETUG, Level.SIAGA, "raised")] == [(t.area, t.level, t.kind) for t in told_of({}, [sent], {})]


def test_lowered_asks_people_who_left_to_stay_away() -> None:
    """From AWAS to WASPADA the advice is that of going down, and not to stay at home with one's papers."""
    (found,) = told_of(
        {},
        [told(ALERT, NOW, level="AWAS"), told(ALERT, NOW, id="n8", kind="lowered", level="WASPADA")],
        {},
    )
    stand = Stand(state="WASPADA", told=found)
    assert (
        "Belum aman, yang mengungsi jangan pulang dulu.",
        "Not safe yet, do not go home.",
    ) == (Teller("id", NOW).sentence(stand), Teller("en", NOW).sentence(stand))


def test_a_warning_of_a_part_or_of_the_whole_kecamatan_is_one_of_the_kelurahan() -> None:
    """An RW of it and the kecamatan around it count; a neighbour with a longer code does not."""
    for area, expected in ((f"{KARANGKETUG}/RW03", "SIAGA"), ("35.75.01", "SIAGA"), ("35.75.01.10011", "NORMAL")):
        (warning,) = told_of({}, [told(f"{area}.area.1", NOW)], {})
        found = stand_of(KARANGKETUG, [welang(NOW)], told=[warning], untold=[], is_lost=False)
        assert expected == found.state


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "NORMAL"),
        ({"state": "TIDAK ADA DATA", "silent": True}, "TIDAK ADA DATA"),
        ({"state": "TIDAK ADA DATA", "silent": True, "level": "SIAGA", "at_least": True}, CHECKING),
        ({"state": "BELUM DITETAPKAN", "level": None, "thresholds": {}}, "BELUM DITETAPKAN"),
        ({"state": "WASPADA", "level": "WASPADA"}, CHECKING),
        (
            {
                "state": "PEMELIHARAAN",
                "maintenance": {"since": NOW - HOUR, "until": NOW + HOUR, "by": "Budi", "reason": "baterai"},
            },
            "PEMELIHARAAN",
        ),
    ],
)
def test_without_a_warning_the_gauge_says_what_may_be_said(changes: dict[str, Any], expected: str) -> None:
    """A level that nobody decided upon is not printed, and is not NORMAL either."""
    station = msgspec.convert(msgspec.to_builtins(welang(NOW)) | changes, StationView)
    found = stand_of(KARANGKETUG, [station], told=[], untold=[], is_lost=False)
    assert expected == found.state


def test_nobody_is_normal_while_nothing_comes_from_core() -> None:
    """What was told stands on as the least that may be; everything else is no data."""
    told_alerts = told_of({}, [told(ALERT, NOW)], {})
    calm = stand_of(WIROGUNAN, [welang(NOW)], told=told_alerts, untold=[], is_lost=True)
    warned = stand_of(KARANGKETUG, [welang(NOW)], told=told_alerts, untold=[], is_lost=True)
    assert [("TIDAK ADA DATA", False), ("SIAGA", True)] == [(each.state, each.at_least) for each in (calm, warned)]


def test_an_alert_that_nobody_was_told_of_is_being_checked() -> None:
    """Also where no gauge watches: somebody raised it, and nobody let it out yet."""
    alert = area_alert(BUKIR, NOW, stations=[])
    waiting = untold([alert, area_alert(KARANGKETUG, NOW)], told_of({}, [told(ALERT, NOW)], {}))
    assert frozenset({BUKIR}) == waiting
    assert CHECKING == stand_of(BUKIR, [], told=[], untold=waiting, is_lost=False).state
    assert UNWATCHED == stand_of(WIROGUNAN, [], told=[], untold=waiting, is_lost=False).state


def test_one_silent_gauge_of_two_is_said() -> None:
    """NORMAL stands on what was heard, and the card says that not all was."""
    silent = river("Gembong", NOW, silent=True, state="TIDAK ADA DATA")
    found = stand_of(KARANGKETUG, [welang(NOW), silent], told=[], untold=[], is_lost=False)
    assert Stand(state="NORMAL", is_partial=True) == found


def test_a_page_has_its_own_gauges_and_the_citys_air() -> None:
    """Water is of the kelurahan; rain and air come from the city where it has none of its own, and so do the warned."""
    survey = _survey(public_scenes.warned(NOW))
    facts = survey.area(Place(code=BLANDONGAN, name="Blandongan"))
    assert (["petung"], ["hujan-hulu"], ["udara"]) == (
        [each.id for each in facts.water],
        [each.id for each in facts.rain],
        [each.id for each in facts.air],
    )
    assert ["Bakalan", "Karangketug"] == [place.name for place, _ in facts.beside]
    assert {RANDUSARI: CHECKING, KARANGKETUG: "SIAGA", BLANDONGAN: "TIDAK ADA DATA"}.items() <= {
        place.code: stand.state for _, places in survey.chooser().districts for place, stand in places
    }.items()


def test_equal_looks_are_the_same_facts_within_a_minute() -> None:
    """So that nothing is drawn twice; the next minute is another page, because the page says the minute."""
    one, other = (_survey(public_scenes.warned(NOW)).area(Place(code=KARANGKETUG, name="Karangketug")) for _ in "12")
    assert one == other
    places = _survey(public_scenes.warned(NOW)).places
    later = Survey(_replica(public_scenes.warned(NOW)), places, is_lost=False, lost_since=None, now=NOW + MINUTE)
    assert one != later.area(Place(code=KARANGKETUG, name="Karangketug"))


def test_open_data_name_the_licence_that_the_city_chose() -> None:
    """With a link to its text, and none is invented where the city chose none."""
    listing = _survey(public_scenes.calm(NOW)).listing()
    chosen = Licence(name="Lisensi Kota", url="https://kota.example/lisensi")
    with_one, without = (data_page(environment(), listing, "id", licence=each) for each in (chosen, UNSET))
    assert (
        '<a href="https://kota.example/lisensi">Lisensi Kota</a>. Sebutkan sumbernya: BPBD KOTA PASURUAN.' in with_one
    )
    assert "Kota Pasuruan belum menetapkan lisensi data ini." in without


def test_colours_are_those_of_the_officers_pages() -> None:
    """Two style sheets, one set of colours, in light and in dark."""
    ours, theirs = (_colours((STATIC / name).read_text()) for name in ("public.css", "page.css"))
    assert 10 <= len(ours[0].keys() & theirs[0].keys())
    for mine, other in zip(ours, theirs, strict=True):
        common = mine.keys() & other.keys()
        assert {name: other[name] for name in common} == {name: mine[name] for name in common}


def _colours(sheet: str) -> tuple[dict[str, str], dict[str, str]]:
    """The first block of variables, which is light, and the first one for the dark."""
    found = [
        dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-f]+);", block))
        for block in re.findall(r"{([^{}]*--page:[^{}]*)}", sheet)
    ]
    return found[0], found[1]


def test_every_state_has_a_word_and_a_sentence_in_both_languages() -> None:
    """No key is missing on either side, and no sentence has a Siaga number."""
    assert PHRASES["id"].keys() == PHRASES["en"].keys()
    assert SENTENCES["id"].keys() == SENTENCES["en"].keys()
    warned = Told(
        alert=ALERT, area=KARANGKETUG, level=Level.AWAS, highest=Level.AWAS, kind="raised", hazard="tide", since=NOW
    )
    stand = Stand(state="AWAS", told=warned, at_least=True)
    assert ("sedikitnya AWAS", "at least DANGER (AWAS)") == (
        Teller("id", NOW).state(stand),
        Teller("en", NOW).state(stand),
    )
