"""A node is put up on a real core, step by step: what each step asks, and that nobody is warned by what it measures."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alerting.audit import Entry, first_broken
from broker.control import CommandFailed
from broker.wire import Status
from deploy.arrival import Arrival
from tests.bare_core import SetClock
from tests.notice_post import KARANGKETUG, MINUTE, NoticePost

NODE = "wl-01"
PHOTO = "ab" * 32
SECOND = 1000


class Site:
    """A technician's phone before a node: ``say`` does a step, ``send`` lets the node measure."""

    def __init__(self, post: NoticePost) -> None:
        self.post, self.seq, self.boot = post, 0, 70

    def ask(self, command: str, /, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.post.ask(f"installation-{command}", node=NODE, by="Budi", **arguments)
        return answer

    def say(self, step: str, /, **arguments: Any) -> dict[str, Any]:
        return self.ask("step", step=step, **arguments)

    def refused(self, command: str, /, **arguments: Any) -> str:
        with pytest.raises(CommandFailed) as error:
            self.ask(command, **arguments)
        return str(error.value)

    def send(self, distance_mm: float | None, *, count: int = 1, every_ms: int = SECOND, **more: float) -> None:
        """``count`` observations, each ``every_ms`` after the last."""
        for _ in range(count):
            SetClock.time += every_ms
            body: dict[str, Any] = {"v": 1, "boot": self.boot, "seq": self.seq, "t": SetClock.time}
            self.seq += 1
            body["s"] = {"distance_mm": distance_mm, "batt_mv": 3900.0, "tilted": 0.0, **more}
            topic = f"{self.post.realm}/v1/{NODE}/obs".encode()
            self.post.core.turn([Arrival(topic, json.dumps(body).encode(), 1, 1, retain=False, generation=1)])

    def told(self) -> list[tuple[Any, ...]]:
        """Every message of the outbox, and every notice, since the beginning."""
        self.post.deliver()
        return self.post.rows("SELECT recipient, body FROM outbox") + self.post.rows("SELECT * FROM notices")

    def alerts(self) -> list[tuple[Any, ...]]:
        return self.post.rows("SELECT alert, kind FROM alerts")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    post = NoticePost(tmp_path)
    post.person([KARANGKETUG])
    yield Site(post)
    post.close()


def gauge(site: Site, *readings: tuple[float, float]) -> dict[str, Any]:
    """Pairs of the staff gauge in metres and the distance in mm that the sensor has then."""
    view: dict[str, Any] = {}
    for level_m, distance_mm in readings:
        site.send(distance_mm, count=20)
        view = site.say("gauge", level_m=level_m)
    return view


def through(site: Site) -> None:
    """Every step, with water at 3 m under a sensor that hangs 6.62 m over the gauge's zero."""
    site.ask("begin")
    site.say("station", station="welang")
    site.say("live", ask=True)
    site.send(3620.0, count=5)
    site.say("live")
    gauge(site, (3.00, 3620.0), (3.02, 3610.0), (2.99, 3625.0))
    site.say("gauge", apply=True)
    site.say("upright", checked=True)
    site.say("link", start=True)
    site.send(3620.0, count=121, solar_mv=5100.0)
    site.say("link")
    site.say("power")
    site.say("photo", photo=PHOTO)
    site.say("siren", start=True)
    site.say("siren", seen="yes")
    site.say("thresholds", read=True)


def test_a_node_is_put_up_and_nobody_is_warned_by_it(site: Site) -> None:
    """A sensor that lies in a car measures AWAS for an hour: no officer and no resident hears; the record is whole."""
    site.ask("begin")
    site.send(300.0, count=60, every_ms=MINUTE)  # 6.2 m by the old datum, good samples each minute
    site.send(300.0, count=120)
    through(site)
    assert ([], []) == (site.alerts(), site.told())
    assert site.refused("finish").startswith("Belum dapat diselesaikan: data harus baik 10 menit")
    site.send(3620.0, count=11, every_ms=MINUTE)
    assert 0 == site.ask("show")["good"]["left_ms"]
    done = site.ask("finish")
    assert {"node": NODE, "station": "welang"} == {name: done[name] for name in ("node", "station")}
    assert ([], []) == (site.alerts(), site.told())
    assert None is site.post.core.memory.states["welang"].maintenance
    assert "Tidak ada pemasangan" in site.refused("show")
    actions = [row[0] for row in site.post.rows("SELECT action FROM audit WHERE subject = ? ORDER BY id", NODE)]
    assert ["installation begun", "installation finished"] == [each for each in actions if "installation" in each]
    assert None is first_broken(Entry(*row) for row in site.post.rows("SELECT * FROM audit ORDER BY id"))


def test_after_the_installation_the_same_water_is_an_alert(site: Site) -> None:
    """What was held back was the work, not the station: the next good samples raise and tell."""
    through(site)
    site.send(3620.0, count=11, every_ms=MINUTE)
    site.ask("finish")
    site.send(1500.0, count=10, every_ms=MINUTE)
    assert "raised" in [kind for _, kind in site.alerts()]
    assert site.told()


def test_the_datum_is_the_median_of_readings_that_agree(site: Site) -> None:
    """It begins a new epoch with a name and a reason, and is told with its spread."""
    site.ask("begin")
    site.say("station", station="welang")
    view = gauge(site, (3.00, 3620.0), (3.02, 3610.0), (2.99, 3625.0))
    assert (6.62, 0.015, True) == tuple(view["gauge"]["compared"][n] for n in ("datum_m", "spread_m", "agrees"))
    site.say("gauge", apply=True)
    station = site.post.core.registry.stations["welang"]
    assert ([1, 2], [6.5, 6.62]) == ([e.number for e in station.epochs], [e.datum_m for e in station.epochs])
    assert (f"pemasangan {NODE}: 3 bacaan papan duga oleh Budi", "cli:uji") == (
        station.epochs[1].reason,
        station.epochs[1].author,
    )
    site.say("gauge", apply=True)
    assert 2 == len(site.post.core.registry.stations["welang"].epochs)


def test_readings_of_the_gauge_that_disagree_change_nothing(site: Site) -> None:
    """The wrong one is taken out and read again; centimetres are refused, and so is a reading beside a mute node."""
    site.ask("begin")
    site.say("station", station="welang")
    assert "Sensor tidak mengukur saat papan dibaca" in site.refused("step", step="gauge", level_m=3.0)
    gauge(site, (3.00, 3620.0), (3.20, 3620.0))
    assert "Perlu 3 bacaan papan; baru 2." == site.refused("step", step="gauge", apply=True)
    gauge(site, (3.01, 3620.0))
    assert "berselisih 20 cm, paling banyak 5 cm" in site.refused("step", step="gauge", apply=True)
    assert 1 == len(site.post.core.registry.stations["welang"].epochs)
    site.say("gauge", remove=1)
    gauge(site, (3.02, 3620.0))
    assert "gauge" in site.say("gauge", apply=True)["steps"]
    assert "tulis dalam meter" in site.refused("step", step="gauge", level_m=302)


def test_a_gauge_that_was_read_without_network_is_compared_with_the_sensor_of_then(site: Site) -> None:
    """The water has risen since it was typed; what is too old to compare is refused."""
    site.ask("begin")
    site.say("station", station="welang")
    site.send(3620.0, count=40)
    site.send(3120.0, count=300)
    view = site.say("gauge", level_m=3.0, age_s=310)
    assert [6.62] == [each["datum_m"] for each in view["gauge"]["readings"]]
    assert "lebih dari 25 menit" in site.refused("step", step="gauge", level_m=3.0, age_s=1600)


def test_a_node_that_sends_nothing_gets_nowhere(site: Site) -> None:
    """Each step says what is missing, and the end is refused with what is left."""
    site.ask("begin")
    site.say("station", station="welang")
    assert "Baru 0 bacaan terdengar" in site.refused("step", step="live")
    site.say("link", start=True)
    SetClock.time += 121 * SECOND
    assert "hampir tidak terdengar" in site.refused("step", step="link")
    assert "tidak mengirim tegangan baterai" in site.refused("step", step="power")
    assert "langkah yang tersisa: bacaan langsung, papan duga" in site.refused("finish")
    assert "Node belum mengirim bacaan" in site.ask("show")["good"]["why"]
    assert "tidak dapat dilewati" in site.refused("step", step="live", skip="malas")


def test_what_is_lost_on_the_way_is_counted_by_the_gaps(site: Site) -> None:
    """Every eighth is missing: move the antenna; a restart in the middle: measure again."""
    site.ask("begin")
    site.say("station", station="welang")
    site.say("link", start=True)
    for _ in range(15):
        site.send(3620.0, count=7)
        site.seq += 1
        SetClock.time += SECOND
    site.send(3620.0, count=1)
    assert "14 dari 119 bacaan hilang" in site.refused("step", step="link")
    site.say("link", start=True)
    site.send(3620.0, count=60)
    site.boot += 1
    site.send(3620.0, count=61)
    assert "mulai ulang di tengah pengukuran" in site.refused("step", step="link")
    assert "skipped" in site.say("link", skip="tanpa antena luar")["steps"]["link"]


def test_bad_data_begin_the_waiting_anew(site: Site) -> None:
    """Ten minutes without a break; what is failed in between is named."""
    through(site)
    site.send(3620.0, count=8, every_ms=MINUTE)
    site.send(None)
    assert "sensor tidak memberi nilai" in site.ask("show")["good"]["why"]
    site.send(3620.0, count=9, every_ms=MINUTE)
    assert 2 * MINUTE == site.ask("show")["good"]["left_ms"]
    SetClock.time += 4 * MINUTE
    assert "Node diam sejak 4 menit." == site.ask("show")["good"]["why"]


def test_it_goes_on_where_it_stopped(site: Site) -> None:
    """The phone was off, core was restarted: nothing is done twice, and the same command again gets the same answer."""
    site.ask("begin")
    site.say("station", station="welang")
    gauge(site, (3.00, 3620.0))
    first = site.post.ask("installation-step", node=NODE, by="Budi", step="gauge", level_m=3.01, key="k1")
    again = site.post.ask("installation-step", node=NODE, by="Budi", step="gauge", level_m=3.01, key="k1")
    assert (2, first["gauge"]) == (len(again["gauge"]["readings"]), again["gauge"])
    site.post.crash()
    view = site.ask("begin")
    assert (first["id"], ["station"], 2) == (view["id"], list(view["steps"]), len(view["gauge"]["readings"]))
    assert [NODE] == [each["node"] for each in site.post.ask("installation-list")]
    assert site.post.core.memory.states["welang"].maintenance.is_installation  # type: ignore[union-attr]  # it is held


def test_a_station_is_made_where_the_phone_is(site: Site) -> None:
    """BELUM DITETAPKAN from the first; the node serves it, and the work at the former one is over."""
    site.ask("begin")
    table = {"name": "Gembong Kebonsari", "hazard": "level", "latitude": -7.64, "longitude": 112.91}
    assert "datum_m" in site.refused("step", step="station", new=table)
    view = site.say("station", new=table | {"datum_m": 5.0})
    assert ("gembong-kebonsari", False, None) == (
        view["station"],
        view["place"]["has_rules"],
        view["place"]["thresholds"],
    )
    memory = site.post.core.memory
    assert None is memory.states["welang"].maintenance
    assert memory.states["gembong-kebonsari"].maintenance is not None
    assert "Centang" in site.refused("step", step="thresholds")


def test_a_dropped_installation_ends_its_maintenance(site: Site) -> None:
    """With a reason that is kept; the next scan begins anew. Another's maintenance is never ended."""
    site.ask("begin")
    site.ask("drop", reason="hujan deras")
    assert None is site.post.core.memory.states["welang"].maintenance
    assert [] == site.post.ask("installation-list")
    site.post.ask("station-maintain", id="petung", by="Sari", minutes=60, reason="lumpur")
    site.ask("begin")
    site.say("station", station="welang")
    assert site.post.core.memory.states["petung"].maintenance is not None


def test_where_another_node_warns_officers_are_still_told(site: Site) -> None:
    """A second node at a station in service: the work is plain maintenance, and the page is told whose word counts."""
    site.post.ask("node-new", node="wl-02", station="welang")
    site.post.level(2.0, at="wl-02")
    view = site.ask("begin")
    assert (["wl-02"], False) == (view["place"]["others"], view["place"]["is_quiet"])


def test_an_installation_left_alone_ends_its_maintenance_and_says_so(site: Site) -> None:
    """After two hours the station is watched again; going on holds it again. A step within the time prolongs it."""
    site.ask("begin")
    SetClock.time += 90 * MINUTE
    view = site.say("station", station="welang")
    assert SetClock.time + 120 * MINUTE == view["place"]["maintenance_until"]
    SetClock.time += 121 * MINUTE
    site.post.core.turn()
    assert None is site.ask("show")["place"]["maintenance_until"]
    assert site.ask("begin")["place"]["is_quiet"]


def test_a_siren_that_the_node_does_not_have_cannot_have_been_seen(site: Site) -> None:
    """The node's own answer to this very test counts; an answer to an earlier order says nothing."""
    site.ask("begin")
    assert "Uji lampunya dahulu." == site.refused("step", step="siren", seen="yes")
    number = site.say("siren", start=True)["siren_order"]
    report = site.post.core.reports.of(NODE)
    report.hear(Status(online=True, order=(number, "refused: node.json names none")), SetClock.time)
    assert "Node menolak uji itu (refused: node.json names none)" in site.refused("step", step="siren", seen="yes")
    assert "Lampu tidak menyala" in (site.say("siren", start=True) and site.refused("step", step="siren", seen="no"))
    assert "siren" in site.say("siren", seen="yes")["steps"]


def test_the_signal_that_the_node_tells_stands_with_its_loss(site: Site) -> None:
    """As it was said last before the measurement was taken down."""
    site.ask("begin")
    site.say("station", station="welang")
    site.say("link", start=True)
    site.send(3620.0, count=121)
    site.post.core.reports.of(NODE).hear(Status(online=True, rssi_dbm=-67), SetClock.time)
    facts = site.say("link")["steps"]["link"]["facts"]
    assert {"heard": 120, "expected": 120, "missing": 0, "rssi_dbm": -67} == facts
