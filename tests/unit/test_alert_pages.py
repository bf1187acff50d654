"""What an alert's page and its report are made of: steps with their distances, figures, the plot, words of the log."""

import math
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from alerting.web.alerts.archive import Acceptance, LogRow, NoticeRow, Story, TallyRow, VersionRow
from alerting.web.alerts.list_page import wanted_of
from alerting.web.alerts.log_words import lines_of
from alerting.web.alerts.past_levels import PastLevels
from alerting.web.alerts.place_map import place_map
from alerting.web.alerts.plot import level_plot
from alerting.web.alerts.report import crossing, figures
from alerting.web.alerts.timetable import Told, lag, notices_of, timetable, version_of
from alerting.web.alerts.told import measure, texts_sent, told_rows
from alerting.web.notices.facts import people, reach_of
from alerting.web.notices.fields import is_read, key_of, said

T0 = 1_795_000_000_000  # 18 Nov 2026 18:06:40 WIB
MINUTE = 60_000
DASH = "\u2013"
NOBODY = Acceptance(count=0, first_at=None, most_at=None)


def version(number: int = 1, **changes: Any) -> VersionRow:
    made = VersionRow(
        id=10 + number,
        alert="welang.level.1",
        version=number,
        scope="welang",
        name="Welang Kraton",
        hazard="level",
        kind="raised",
        level="SIAGA",
        decided_at=T0 + number * 10 * MINUTE,
        at=T0,
        received_at=T0 + number * 10 * MINUTE,
        value=4.6,
        value_at=T0 + number * 10 * MINUTE - 400,
        why="Muka air 4,60 m.",
        by="",
        stations=(),
    )
    return msgspec.structs.replace(made, **changes)


def notice(number: int = 1, **changes: Any) -> NoticeRow:
    made = NoticeRow(
        id=f"n{number}",
        state="sent",
        kind="raised",
        level="SIAGA",
        areas=("Karangketug",),
        alerts=(("35.75.01.1001.area.1", 1),),
        text="BPBD: SIAGA BANJIR.",
        is_manual=False,
        made_at=T0 + 10 * MINUTE,
        decided_by="Rini",
        decided_at=T0 + 11 * MINUTE,
        approvals=(("Rini", T0 + 11 * MINUTE),),
        audience=100,
        made=100,
    )
    return msgspec.structs.replace(made, **changes)


def story(*versions: VersionRow, **changes: Any) -> Story:
    made = Story(
        versions=versions or (version(),),
        acknowledged_by="",
        acknowledged_at=None,
        areas=(),
        notices=(),
        log=(),
        faults=(),
        published=(),
    )
    return msgspec.structs.replace(made, **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    start: int
    max: float | None
    min: float | None = None
    mean: float | None = None
    count: int = 1
    good: int = 1


def test_the_timetable_measures_every_step_from_the_reading() -> None:
    """Steps that were not taken have a dash, never a guess."""
    told = Told(
        notices=[notice()],
        public=Acceptance(count=100, first_at=T0 + 11 * MINUTE + 900, most_at=None),
        officers=Acceptance(count=2, first_at=T0 + 10 * MINUTE + 300, most_at=T0 + 10 * MINUTE + 500),
    )
    rows = timetable(story(acknowledged_by="Sari", acknowledged_at=T0 + 12 * MINUTE), version(), told, T0)
    assert [
        ("Bacaan sensor", "18:16:39,6 WIB", ""),
        ("Diterima dan disimpan", "18:16:40,0 WIB", "+400 ms"),
        ("Keputusan dibuat", "18:16:40,0 WIB", "+400 ms"),
        ("Petugas pertama", "18:16:40,3 WIB", "+700 ms"),
        ("95 % petugas", "18:16:40,5 WIB", "+900 ms"),
        ("Ditangani", "18:18:40,0 WIB", "+2 menit"),
        ("Keputusan untuk warga", "18:17:40,0 WIB", "+1 menit"),
        ("Pesan warga pertama", "18:17:40,9 WIB", "+1 menit"),
        ("95 % pesan warga", DASH, DASH),
    ] == [(row.what, row.clock, row.since) for row in rows]
    assert "n1: disetujui oleh Rini" == rows[6].note
    by_hand = timetable(
        story(), version(value_at=None, by="Sari"), Told(notices=[], public=NOBODY, officers=NOBODY), T0
    )
    assert [("Keputusan dibuat", "oleh Sari")] == [(row.what, row.note) for row in by_hand]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"by": "Budi"}, "Pengamatan"),
        ({"value_at": 0}, "Keputusan dibuat"),  # of a station that was never heard
        ({"hazard": "area", "by": "Sari"}, "Keputusan dibuat"),  # the water beside it did not decide it
    ],
)
def test_the_first_step_is_what_the_decision_rests_on(changes: dict[str, Any], expected: str) -> None:
    """A sensor's reading, what somebody saw, or somebody's word."""
    rows = timetable(story(), version(**changes), Told(notices=[], public=NOBODY, officers=NOBODY), T0)
    assert expected == rows[0].what


@pytest.mark.parametrize(
    ("ms", "expected"), [(0, "+0,0 ms"), (450, "+450 ms"), (1_200, "+1,2 detik"), (150_000, "+2 menit")]
)
def test_a_distance_is_as_fine_as_it_matters(ms: int, expected: str) -> None:
    """Milliseconds where a machine acted, minutes where a person did."""
    assert expected == lag(ms)


def test_a_version_has_its_own_notices() -> None:
    """Of a station those made while it stood; of an area those that name it; never one that was replaced."""
    first, second = version(), version(2, kind="raised_higher", level="AWAS")
    late, gone = notice(2, made_at=T0 + 20 * MINUTE), notice(3, state="replaced")
    told = story(first, second, notices=(notice(), late, gone))
    assert [["n1"], ["n2"]] == [[each.id for each in notices_of(told, one)] for one in (first, second)]
    area = version(hazard="area", alert="35.75.01.1001.area.1")
    assert ["n1", "n2"] == [each.id for each in notices_of(told, area)]


def test_the_version_that_is_shown_first_is_the_last_that_went_up() -> None:
    """Its messages are what people ask about; any other one by its number."""
    ended = version(3, kind="ended", level="NORMAL")
    told = story(version(), version(2, kind="raised_higher"), ended)
    assert [2, 3, None] == [
        found.version if found else None for found in (version_of(told, None), version_of(told, 3), version_of(told, 9))
    ]
    assert version_of(story(ended), None) == ended


def levels(*values: float | None, is_away: bool = False) -> PastLevels:
    buckets = [Bucket(start=T0 + n * MINUTE, max=value) for n, value in enumerate(values)]
    return PastLevels(start=T0, end=T0 + len(values) * MINUTE, buckets=buckets, is_away=is_away)


def shown(past: PastLevels, thresholds: dict[str, float], **changes: Any) -> dict[str, tuple[str, str]]:
    told = story(version(decided_at=T0 + 2 * MINUTE), version(2, kind="ended", decided_at=T0 + 40 * MINUTE))
    given: dict[str, Any] = {"public": NOBODY, "tally": [], "now": T0 + 50 * MINUTE} | changes
    found = figures(told, levels=past, thresholds=thresholds, **given)
    return {each.name: (each.value, each.note) for each in found}


def test_the_lead_is_counted_to_the_minute_in_which_the_water_crossed() -> None:
    """From the first warning, and from the first message to residents; late is said as late."""
    past = levels(4.0, 4.5, 5.0, 5.2, None, 5.49, 5.5, 5.8, 5.1)
    public = Acceptance(count=9, first_at=T0 + 8 * MINUTE, most_at=None)
    found = shown(past, {"AWAS": 5.5}, public=public)
    assert ("4 menit sebelum AWAS", "ambang 5,50 m dilewati 18:12 WIB") == found["Peringatan pertama"]
    assert "2 menit sesudah AWAS" == found["Pesan warga pertama"][0]
    assert ("5,80 m", "18:13 WIB") == found["Puncak"]
    assert ("38 menit", "") == found["Berlangsung"]


@pytest.mark.parametrize(
    ("past", "thresholds", "expected"),
    [
        (levels(4.0, 5.4), {"AWAS": 5.5}, "AWAS tidak dilewati"),
        (levels(4.0, 5.6), {}, "ambang AWAS belum ditetapkan"),
        (levels(is_away=True), {"AWAS": 5.5}, "tidak diketahui"),
    ],
)
def test_a_lead_that_nobody_measured_is_not_made_up(
    past: PastLevels, thresholds: dict[str, float], expected: str
) -> None:
    """No threshold, no crossing, no history: each has its own words."""
    assert expected == shown(past, thresholds)["Waktu sebelum ambang AWAS"][0]


def test_a_crossing_needs_a_measurement() -> None:
    """A minute without a reading is not below, nor above."""
    assert None is crossing(levels(None, 1.0), 2.0) is crossing(levels(3.0), None)
    assert T0 + MINUTE == crossing(levels(None, 3.0), 2.0)


def test_arrived_is_only_what_a_delivery_report_said() -> None:
    """Accepted by a provider is not arrived."""
    tally = [
        TallyRow(alert="a", version=1, public=True, channel="twilio", state=state, count=count)
        for state, count in (("accepted", 5), ("delivered", 1200), ("dead", 3), ("queued", 2))
    ]
    assert ("1\u00a0210", "1\u00a0205 ke penyedia, 1\u00a0200 sampai") == shown(levels(1.0), {}, tally=tally)[
        "Pesan ke warga"
    ]
    assert [("gagal", 3), ("dikirim ke penyedia", 5), ("sampai", 1200), ("antri", 2)] == sorted(
        ((row.word, row.count) for row in told_rows(tally)), key=lambda each: ["g", "d", "s", "a"].index(each[0][0])
    )


def test_the_plot_breaks_where_nothing_was_measured() -> None:
    """Thresholds are in the picture even when the water never came near; a hole is not bridged."""
    buckets = [Bucket(start=T0 + n * MINUTE, max=3.0) for n in (0, 1, 2, 40, 41)]
    plot = level_plot(
        buckets, thresholds={"AWAS": 5.5}, events=[(T0 + MINUTE, "SIAGA")], start=T0, end=T0 + 60 * MINUTE
    )
    assert plot is not None
    assert [3, 2] == [len(line.split()) for line in plot.lines]
    assert plot.top < plot.limits[0].at < float(plot.lines[0].split(",")[1].split()[0]) < plot.bottom
    assert plot.left < plot.events[0].at < plot.right
    assert None is level_plot([Bucket(start=T0, max=None)], thresholds={}, events=[], start=T0, end=T0 + MINUTE)


def test_the_log_is_said_in_words_and_what_has_none_is_left_out() -> None:
    """Who, what, and what he wrote."""
    rows = [
        LogRow(
            at=1, actor="web:Rini", action="notice approved", subject="n1", detail='{"by":"Rini","text":"BPBD ..."}'
        ),
        LogRow(at=2, actor="web:Joko", action="notice vetoed", subject="n2", detail='{"by":"Joko","reason":"ragu"}'),
        LogRow(at=3, actor="cli:root", action="node changed", subject="wl-01", detail="{}"),
        LogRow(at=4, actor="web:Sari", action="alert comment", subject="a", detail='{"by":"Sari","text":"halo"}'),
        LogRow(at=5, actor="kebijakan", action="alert escalated", subject="a", detail="null"),
    ]
    assert [
        ("Rini", "menyetujui pemberitahuan", "", True),
        ("Joko", "menahan pemberitahuan", "ragu", True),
        ("Sari", "mencatat", "halo", False),
        ("kebijakan", "petugas berikutnya diberi tahu", "", False),
    ] == [(line.who, line.what, line.words, line.is_decision) for line in lines_of(rows)]


def test_a_filter_takes_whole_days_of_local_time() -> None:
    """The last day counts to its end; what is no date, hazard or choice is as if it were not there."""
    asked = {"aktif": "ya", "ditangani": "tidak", "bahaya": "level", "dari": "2026-11-18", "sampai": "2026-11-18"}
    wanted = wanted_of(asked, before=None)
    assert (True, False, "level") == (wanted.is_active, wanted.is_acknowledged, wanted.hazard)
    assert wanted.since is not None
    assert wanted.until is not None
    assert (24 * 60 * MINUTE, True) == (wanted.until - wanted.since, wanted.since <= T0 < wanted.until)
    nothing = wanted_of(dict.fromkeys(asked, "'; DROP"), before=7)
    assert (None, None, None, None, None, 7) == msgspec.structs.astuple(nothing)


def test_figures_of_a_decision_are_in_words() -> None:
    """What is not known is said so: no pace, no price, no way."""
    told = {
        "audience": 1240,
        "by_kind": {"resident": 1200, "head": 40},
        "by_area": {"Karangketug": 1240},
        "by_channel": {"twilio": 1239, "none": 1},
        "duration_s": 95.0,
        "cost": 434000.0,
    }
    reach = reach_of(told)
    assert ("1\u00a0240 orang", "warga 1\u00a0200, ketua RT/RW 40") == (reach.people, reach.by_kind)
    assert ("SMS penyedia 1\u00a0239, tanpa saluran 1", "sekitar 1 menit", "Rp\u00a0434\u00a0000") == (
        reach.by_channel,
        reach.duration,
        reach.cost,
    )
    unknown = reach_of(told | {"duration_s": None, "cost": None})
    assert ("belum dapat diperkirakan", "harga per SMS belum diisi") == (unknown.duration, unknown.cost)
    assert "0 orang" == people(0)


def test_a_text_that_no_sms_can_hold_is_measured_in_letters() -> None:
    """An officer's text by another channel may have letters of its own."""
    assert ("9/160, 1 SMS", "3 huruf") == (measure("AWAS 5,8."), measure("air"[:1] + "🌊!"))
    assert ["Kepada warga: Karangketug"] == [each.about for each in texts_sent([], [notice()])]


def test_a_form_s_key_belongs_to_what_it_says() -> None:
    """Twice the same is one; other words, another command or a key of somebody's own making are not."""
    fields = {"key": "web-" + "0f" * 12, "dibaca": "ya", "alasan": "  air \n surut "}
    first = key_of(fields, "notice-veto", {"reason": "x"})
    assert first == key_of(fields, "notice-veto", {"reason": "x"})
    others = {key_of(fields, "notice-veto", {"reason": "y"}), key_of(fields, "notice-cancel", {"reason": "x"})}
    others |= {key_of({"key": "mine"}, "notice-veto", {"reason": "x"}) for _ in range(2)}
    assert (4, False) == (len(others), first in others)
    assert (True, False) == (is_read(fields), is_read({}))
    assert ("air surut", "") == (said(fields, "alasan"), said({"alasan": object()}, "alasan"))


AREAS: list[dict[str, Any]] = [
    {"code": "1", "name": "Karangketug", "latitude": -7.63, "longitude": 112.88},
    {"code": "2", "name": "Blandongan", "latitude": -7.65, "longitude": 112.94},
    {"code": "3", "name": "Tanpa letak", "latitude": None, "longitude": None},
]


def test_a_map_is_true_to_scale_and_north_is_up() -> None:
    """A degree east is shorter than one north by the cosine of the latitude; what lies nowhere is left out."""
    found = place_map(AREAS, {"1": "AWAS"}, ("Welang Kraton", -7.64, 112.88))
    assert found is not None
    assert found.station is not None
    ((other,), (warned,)) = found.others, found.warned
    assert ("Karangketug", "AWAS", "Blandongan") == (warned.name, warned.level, other.name)
    assert warned.y < found.station.y < other.y
    assert warned.x == found.station.x < other.x
    east, south = other.x - warned.x, other.y - warned.y
    assert math.isclose(0.06 * math.cos(math.radians(7.64)) / 0.02, east / south, rel_tol=0.01)
    assert all(0 < each.x < found.width and 0 < each.y < found.height for each in (warned, other))


def test_no_map_of_places_that_lie_nowhere() -> None:
    """Nor of none; a station without a position is left out."""
    assert place_map(AREAS, {"3": "SIAGA"}, None) is None
    assert place_map([], {"1": "SIAGA"}, None) is None
    found = place_map(AREAS, {"1": "SIAGA"}, ("Welang", None, None))
    assert found is not None
    assert found.station is None
