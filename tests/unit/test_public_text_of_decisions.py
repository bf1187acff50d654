"""From area decisions to a public text: whose river, value, trend and forecast it has."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerting.engine import Decision, StationState, step
from alerting.events import ReadingTaken
from alerting.outbox import Outbox
from alerting.public_texts import notice_text
from alerting.rules import LevelRule, StationRules, Thresholds
from broker.levels import Level
from broker.quality_flags import Flag
from broker.station import Station
from deploy.memory import Memory
from deploy.messages.public_text import public_text
from deploy.registry import Registry
from deploy.settings import Settings, load

AT = 1_764_070_800_000  # 2025-11-25 18:40 WIB
MINUTE = 60_000
KARANGKETUG, GADINGREJO = "35.75.01.1001", "35.75.01.1009"

WELANG = Station(id="welang", name="Welang Kraton", river="Welang", kelurahan=(KARANGKETUG, GADINGREJO))
GEMBONG = Station(id="gembong", name="Gembong Wirogunan", river="Gembong", kelurahan=(KARANGKETUG,))
RULES = StationRules(
    station="welang",
    version=1,
    quantity="level_m",
    level=LevelRule(thresholds=Thresholds(waspada=3.5, siaga=4.5, awas=5.5)),
)


def decision(area: str, **changes: Any) -> Decision:
    made = Decision(
        station=area,
        hazard="area",
        episode=1,
        version=1,
        kind="raised",
        level=2,
        level_before=0,
        why="stations",
        rules_version=1,
        at=AT,
        received_at=AT,
        value=4.8,
        value_at=AT - MINUTE,
        public_ok=True,
        stations=("welang",),
    )
    return msgspec.structs.replace(made, **changes)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    path = tmp_path / "kentongan.toml"
    path.write_text('[site]\nname = "Uji"\n')
    return load(path)


@pytest.fixture
def registry() -> Registry:
    return Registry(stations={"welang": WELANG, "gembong": GEMBONG})


@pytest.fixture
def memory() -> Memory:
    rising = StationState()
    for number in range(13):
        at = AT - (12 - number) * 5 * MINUTE
        rising, _ = step(rising, RULES, ReadingTaken(at, at, 3.6 + number / 10, Flag.GOOD))
    fallen = StationState(level=0, level_since=AT + MINUTE, last_time=AT, last_value=2.1)
    outbox = Outbox([], now=AT, horizon_ms=15 * MINUTE)
    return Memory(states={"welang": rising, "gembong": fallen}, rules={"welang": RULES}, nodes={}, outbox=outbox)


def test_areas_of_one_cause_are_one_text_with_the_stations_trend_and_forecast(
    settings: Settings, registry: Registry, memory: Memory
) -> None:
    """Names as the registry prints them, in the order given; the rise and the time of AWAS from the station."""
    public = public_text(
        [decision(GADINGREJO), decision(KARANGKETUG)], registry=registry, memory=memory, settings=settings
    )
    assert ("Kel. Gadingrejo", "Karangketug") == public.areas
    assert (4.8, Level.AWAS) == (public.value_m, public.next_level)
    assert "Air 4,8 m naik 120 cm/jam, bisa AWAS jam " in notice_text(public)


def test_after_an_all_clear_the_station_that_went_down_last_gives_the_value(
    settings: Settings, registry: Registry, memory: Memory
) -> None:
    """An area's all-clear names no station and no value."""
    ended = decision(KARANGKETUG, kind="ended", level=0, level_before=1, value=None, value_at=None, stations=())
    public = public_text([ended], registry=registry, memory=memory, settings=settings)
    assert ("Gembong", 2.1) == (public.river, public.value_m)
    assert notice_text(public).startswith("BPBD KOTA PASURUAN: AMAN. Peringatan banjir S. Gembong di Wirogunan dicabut")


def test_what_a_person_alone_decided_has_no_river_and_no_value(
    settings: Settings, registry: Registry, memory: Memory
) -> None:
    """A level that an officer set without any station is not decorated with a gauge that says otherwise."""
    manual = decision(KARANGKETUG, why="operator", level=3, value=None, value_at=None, stations=(), by="Rini 🌊")
    text = notice_text(public_text([manual], registry=registry, memory=memory, settings=settings))
    assert (
        "BPBD KOTA PASURUAN: AWAS BANJIR, 18:40, ditetapkan petugas. "
        "Karangketug: mengungsi sekarang, bantu lansia dan anak. Info 112"
    ) == text


def test_a_cancelled_warning_is_named_by_what_people_were_told(
    settings: Settings, registry: Registry, memory: Memory
) -> None:
    """The level and the time of the warning, not of the cancellation."""
    cancelled = decision(
        KARANGKETUG, kind="cancelled", why="operator", level=0, level_before=1, value=None, stations=()
    )
    public = public_text(
        [cancelled], registry=registry, memory=memory, settings=settings, was=Level.AWAS, raised_at=AT - 12 * MINUTE
    )
    assert "BATAL. Peringatan AWAS banjir S. Gembong di Wirogunan (18:28) dibatalkan 18:40." in notice_text(public)
    told = decision(KARANGKETUG, level=3)
    public = public_text(
        [cancelled],
        registry=registry,
        memory=memory,
        settings=settings,
        was=Level.AWAS,
        raised_at=AT - 12 * MINUTE,
        before=[told],
    )
    assert "BATAL. Peringatan AWAS banjir S. Welang di Kraton (18:28) dibatalkan 18:40." in notice_text(public)


def test_a_level_whose_time_is_over_is_no_all_clear(settings: Settings, registry: Registry, memory: Memory) -> None:
    """Nothing was measured: the warning is over, and nobody is told AMAN."""
    manual = decision(KARANGKETUG, why="operator", level=3, value=None, stations=(), by="Rini")
    over = decision(KARANGKETUG, kind="ended", why="over", level=0, level_before=3, value=None, stations=(), by="Rini")
    public = public_text([over], registry=registry, memory=memory, settings=settings, before=[manual])
    assert (
        "BPBD KOTA PASURUAN: SELESAI. Peringatan banjir berakhir 18:40. "
        "Karangketug: tetap hati-hati dan ikuti kabar. Info 112"
    ) == notice_text(public)


def test_no_text_without_a_decision(settings: Settings, registry: Registry, memory: Memory) -> None:
    """There is nothing to say."""
    with pytest.raises(ValueError, match="at least one area's decision"):
        public_text([], registry=registry, memory=memory, settings=settings)
