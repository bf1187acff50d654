"""The shift report: what it gathers, and its text for a chat."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerting.web.alerts.archive import LogRow, TallyRow, VersionRow, Watch
from alerting.web.replica import Replica
from alerting.web.shift.chat import MOST, chat_text
from alerting.web.shift.facts import Shift, shift_of
from broker.live import HealthView, MaintenanceView, NowcastView, SeriesView, StationView, TideView
from deploy.core_commands.shift import half_day
from tests.unit.test_alert_pages import DASH, MINUTE, T0, Bucket, version

HOUR = 60 * MINUTE
SHOWN: dict[str, Any] = {
    "start": T0 - HOUR,
    "end": T0 + 11 * HOUR,
    "now": T0,
    "stretches": [{"start": T0 - HOUR, "end": T0 + 11 * HOUR, "officers": ["Rini", "Joko"]}],
    "everybody": ["Rini", "Joko", "Sari"],
}
TIDE = TideView(height_m=0.4, rising=True, high_at=T0 + HOUR, high_m=1.2, datum="MSL")
NOWCAST = NowcastView(
    sender="BMKG",
    event="Hujan",
    headline="Hujan lebat",
    onset=T0,
    expires=T0 + HOUR,
    areas=["Kota Pasuruan"],
    is_rain=True,
)


def station(name: str, **changes: Any) -> StationView:
    given: dict[str, Any] = {"hazard": "level", "state": "SIAGA", "since": T0, "series": []} | changes
    return StationView(id=name, rev=1, name=name.title(), **given)


def replica(*stations: StationView) -> Replica:
    made = Replica()
    made.stations |= {each.id: each for each in stations}
    made.health = HealthView(
        rev=1,
        now=T0,
        speed=1.0,
        demo=False,
        realm="ews",
        site="BPBD",
        broker_connected=True,
        channels=["gammu"],
        problems=["Modem tidak menjawab."],
        counters={},
        nowcasts=[NOWCAST],
    )
    return made


def series(quantity: str, value: float | None) -> SeriesView:
    return SeriesView(quantity=quantity, value=value, raw=value, time=T0, received_at=T0, flag=1)


def report(watch: Watch | None = None, *, is_away: bool = False, shown: dict[str, Any] = SHOWN) -> Shift:
    known = replica(
        station("welang", series=[series("level_m", 4.6)], tide=TIDE),
        station("petung", state="TIDAK ADA DATA", silent=True),
        station("hulu", hazard="rain", series=[series("rain_mm", 0.2)]),
        station(
            "udara", hazard="air", maintenance=MaintenanceView(since=T0, until=T0 + HOUR, by="Budi", reason="filter")
        ),
    )
    levels = [Bucket(start=T0, min=3.1, max=3.4), Bucket(start=T0 + MINUTE, min=None, max=None)]
    rain = [Bucket(start=T0, max=0.4, mean=0.2, good=10), Bucket(start=T0 + MINUTE, max=0.0, mean=0.0, good=10)]
    buckets = {("welang", "level_m"): levels, ("petung", "level_m"): [], ("hulu", "rain_mm"): rain}
    return shift_of(shown, watch or Watch(versions=(), tally=(), log=()), known, buckets, is_away=is_away, now=T0)


def incidents(count: int, **changes: Any) -> list[VersionRow]:
    return [version(n, **changes) for n in range(1, count + 1)]


def test_levels_rain_and_tide_are_of_the_shift() -> None:
    """Lowest and highest measured, the last value; a sum of rain; what nobody measured is a dash."""
    shift = report()
    assert [("Petung", DASH, DASH, "tidak ada data"), ("Welang", "3,10", "3,40", "4,60 m")] == [
        (each.name, each.low, each.high, each.now) for each in shift.levels
    ]
    assert (("Hulu", "2,0 mm"),) == shift.rain
    assert ("sekarang 0,4 m, naik, pasang 19:06 WIB 1,2 m (prakiraan, dari MSL)",) == shift.tide
    assert ("BMKG: Hujan lebat (18:06 WIB - 19:06 WIB; Kota Pasuruan)",) == shift.nowcasts


def test_without_history_no_rain_is_unknown_and_not_dry() -> None:
    """0 mm is a measurement."""
    assert (("Hulu", "tidak diketahui"),) == report(is_away=True).rain


def test_what_is_open_is_handed_over() -> None:
    """Silent stations, work on a station, and what is wrong with the system."""
    assert (
        "Petung tidak mengirim data",
        "Udara dalam pemeliharaan oleh Budi",
        "Modem tidak menjawab.",
    ) == report().open


GAUGE = '{"station":"welang","level_m":4.58,"sensor_m":4.6,"read_by":"Budi","note":"keruh"}'


def test_incidents_faults_work_and_decisions_have_their_own_places() -> None:
    """A silence is a fault and no incident."""
    log = (
        LogRow(at=T0, actor="a", action="maintenance begun", subject="udara", detail='{"by":"Budi","reason":"filter"}'),
        LogRow(at=T0, actor="a", action="notice vetoed", subject="n1", detail='{"by":"Rini","reason":"ragu"}'),
        LogRow(at=T0, actor="a", action="alert comment", subject="a.1", detail='{"by":"Sari","text":"lurah tahu"}'),
        LogRow(at=T0, actor="a", action="staff gauge read", subject="welang", detail=GAUGE),
    )
    silent = version(3, hazard="data", kind="raised")
    shift = report(Watch(versions=(version(), silent), tally=(), log=log))
    assert (["Air: dibuat SIAGA"], ["Data: dibuat SIAGA"]) == (
        [each.what for each in shift.incidents],
        [each.what for each in shift.faults],
    )
    assert (["filter"], ["ragu"]) == ([each.words for each in shift.work], [each.words for each in shift.decisions])
    assert [("Sari", "lurah tahu"), ("Budi", "4,58 m, keruh")] == [(each.who, each.words) for each in shift.deeds]


def test_the_chat_text_has_what_officers_wrote_and_read_from_the_gauge() -> None:
    """By the name of the place, and each with who; a sensor's number is not what a person saw."""
    log = (
        LogRow(at=T0, actor="a", action="alert acknowledged", subject="welang.1", detail='{"by":"Rini"}'),
        LogRow(
            at=T0,
            actor="a",
            action="alert comment",
            subject=version().alert,
            detail='{"by":"Sari","text":"lurah tahu"}',
        ),
        LogRow(at=T0, actor="a", action="staff gauge read", subject="welang", detail=GAUGE),
    )
    watch = Watch(versions=incidents(1), tally=(), log=log)
    lines = chat_text(report(watch), site="BPBD", is_drill=False).splitlines()
    assert "- 18:06 WIB Welang 4,58 m, keruh, Budi" == lines[lines.index("Papan duga:") + 1]
    assert "- 18:06 WIB Sari, Welang Kraton: lurah tahu" == lines[lines.index("Catatan petugas:") + 1]
    assert {"Papan duga: tidak ada", "Catatan petugas: tidak ada"} <= set(
        chat_text(report(), site="BPBD", is_drill=False).splitlines()
    )


def test_what_does_not_fit_is_counted_with_when_it_ends() -> None:
    """The later of both lists: before that moment something may be missing."""
    log = (LogRow(at=T0 + HOUR, actor="a", action="alert comment", subject="a.1", detail="{}"),)
    watch = Watch(versions=incidents(2), tally=(), log=log, versions_before=3, log_before=40)
    assert (43, T0 + HOUR) == (report(watch).left, report(watch).shown_from)
    assert (0, None) == (report().left, report().shown_from)


def test_the_chat_text_has_the_same_facts_in_short_lines() -> None:
    """With its dates, because it is read on other days; open matters stand last."""
    tally = [TallyRow(alert="", version=0, public=True, channel="gammu", state="delivered", count=1212)]
    text = chat_text(report(Watch(versions=incidents(2), tally=tally, log=())), site="BPBD", is_drill=False)
    lines = text.splitlines()
    assert ["Laporan jaga BPBD", "18 Nov 2026 17:06 WIB - 19 Nov 2026 05:06 WIB", "Jaga: Rini, Joko"] == lines[:3]
    assert "Welang: 4,60 m (terendah 3,10, tertinggi 3,40)" in lines
    assert "- 18:16 WIB Welang Kraton, Air: dibuat SIAGA" in lines
    assert "Pesan: warga: sampai 1\u00a0212" in lines
    assert ["Untuk jaga berikutnya:", "- Petung tidak mengirim data"] == lines[-4:-2]
    assert chat_text(report(), site="BPBD", is_drill=True).startswith("LATIHAN. ")


def test_a_stormy_night_does_not_fill_the_chat() -> None:
    """The newest incidents, and how many more there are."""
    text = chat_text(report(Watch(versions=incidents(40), tally=(), log=())), site="x", is_drill=False)
    assert (MOST, f"- dan {40 - MOST} lagi, lihat laporan") == (
        text.count("Welang Kraton, Air"),
        next(line for line in text.splitlines() if "lagi" in line),
    )


def test_without_a_roster_everybody_is_named() -> None:
    """And a gap in one is said to be a gap."""
    assert (("tanpa jadwal jaga", "Rini, Joko, Sari"),) == report(shown=SHOWN | {"stretches": []}).duty
    gap = [{"start": T0, "end": T0 + HOUR, "officers": []}]
    assert "tidak ada yang berjaga" == report(shown=SHOWN | {"stretches": gap}).duty[0][1]


@pytest.mark.parametrize(("hour", "start"), [(0, -5), (6, -5), (7, 7), (18, 7), (19, 19), (23, 19)])
def test_a_day_has_two_shifts(hour: int, start: int) -> None:
    """07.00 and 19.00 of local time belong to the shift that begins."""
    zone = ZoneInfo("Asia/Jakarta")
    midnight = T0 - (T0 + 7 * HOUR) % (24 * HOUR)
    assert (midnight + start * HOUR, midnight + (start + 12) * HOUR) == half_day(midnight + hour * HOUR, zone)
