"""The technician's phone in a real browser: the worst first, one node while it changes, orders, and who may."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import msgspec
import pytest
from playwright.sync_api import expect

from alerting.web.access import Visitor
from broker.control import CommandFailed, Request
from broker.live import MaintenanceView, NodeAlarm
from tests.browser import public_scenes
from tests.browser.axe import violations
from tests.browser.conftest import PHONE, Tab
from tests.browser.page_server import OPERATOR, Served, served
from tests.browser.public_scenes import BLANDONGAN, welang
from tests.browser.scenes import HOUR, MINUTE, Scene, health, river, series

BUDI = Visitor(name="Budi", role="technician", csrf="t0ken")
STATE: dict[str, Any] = {
    "hardware": "ESP32-WROOM-32E",
    "firmware": "1.4.0",
    "note": "",
    "gateway": "",
    "online": True,
    "uptime_s": 3 * 86_400,
    "stored": 12,
    "dropped": 0,
    "order": [5, "done"],
    "problem": None,
    "rssi_dbm": -71,
    "free_bytes": 52_000,
    "flash_free_bytes": 410_000,
    "chip_c": 48.0,
    "reset": "power",
    "battery_mv_a_day": -12.4,
    "battery_days_left": 31.0,
}


def _field(now: int) -> Scene:
    """One gauge gone, one with an open lid, one well, one that somebody works on."""
    node = "node-welang"
    measured = [series("level_m", 1.62, now - MINUTE), series("lid_open", 1.0, now - MINUTE)]
    health_of = {node: [NodeAlarm(kind="lid", since=now - 2 * HOUR)]}
    ill = welang(now, series=[msgspec.structs.replace(each, node=node) for each in measured], health=health_of)
    gone = river("Petung", now, age=94 * MINUTE, state="TIDAK ADA DATA", silent=True, areas=[BLANDONGAN])
    work = MaintenanceView(since=now - HOUR, until=now + HOUR, by="Sari", reason="ganti baterai")
    return Scene(health=health(), entities=[ill, gone, river("Gembong", now), river("Rejoso", now, maintenance=work)])


def _order(request: Request) -> dict[str, Any]:
    if request.args["do"] == "reboot":
        raise CommandFailed("core has no connection to the broker; start both first")
    return {}


ANSWERS: dict[str, Callable[[Request], Any]] = {
    "node-state": lambda _: STATE,
    "node-command": _order,
    "station-maintain": lambda _: {},
    **public_scenes.public_state(),
}


@pytest.fixture
def field() -> Iterator[Served]:
    with (
        TemporaryDirectory(prefix="ktt-") as name,
        served(Path(name), _field, open_as=BUDI, answers=ANSWERS) as page,
    ):
        yield page


def _asked(field: Served, name: str) -> list[tuple[dict[str, Any], str]]:
    """Arguments and actor of every such command."""
    return [(dict(each.args), each.actor) for each in field.core.asked if each.name == name]


def test_the_list_says_where_to_go_and_what_to_bring(field: Served, open_tab: Callable[..., Tab]) -> None:
    """The blind gauge first; each target is big enough for a wet thumb, and axe-core finds nothing."""
    tab = open_tab(f"{field.url}/teknisi", viewport=PHONE)
    view = tab.page
    expect(view.get_by_text("2 node bermasalah dari 4.")).to_be_visible()
    nodes = view.get_by_role("region", name="Perlu didatangi").get_by_role("heading", level=3)
    assert ["Petung node-petung", "Welang Kraton node-welang"] == [
        " ".join(each.split()) for each in nodes.all_inner_texts()
    ]
    expect(view.get_by_text("Tutup kotak terbuka")).to_be_visible()
    expect(view.get_by_text("Bawa kunci kotak dan segel")).to_be_visible()
    expect(view.get_by_text("Sedang dikerjakan Sari sampai")).to_be_visible()
    for target in view.get_by_role("main").get_by_role("link").all():
        box = target.bounding_box()
        assert box is not None
        assert 44 <= round(box["height"])
    assert [] == violations(view)
    assert view.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert [] == tab.complaints


def test_one_nodes_readings_change_while_somebody_looks(field: Served, open_tab: Callable[..., Tab]) -> None:
    """Without a reload, with their age; when core is gone the page says that they stand still."""
    tab = open_tab(f"{field.url}/teknisi/node-welang", viewport=PHONE)
    level = tab.page.locator('[data-quantity="level_m"]')
    expect(level).to_contain_text("1,62 m")
    expect(tab.page.get_by_text("diperbarui tiap detik")).to_be_visible()
    assert [] == violations(tab.page)
    now = field.live.clock.now()
    newer = msgspec.structs.replace(series("level_m", 1.75, now), node="node-welang")
    field.core.put(welang(now, series=[newer]))
    expect(level).to_contain_text("1,75 m")
    expect(tab.page.get_by_text("TERPUTUS")).to_be_hidden()
    assert [] == tab.complaints
    field.core.stop()
    expect(tab.page.get_by_text("TERPUTUS: angka di bawah ini tidak diperbarui")).to_be_visible()


def test_a_technician_orders_and_maintains(field: Served, open_tab: Callable[..., Tab]) -> None:
    """In his own name; what was asked is said after a redirect; what core refuses is said in its words."""
    tab = open_tab(f"{field.url}/teknisi/node-welang", viewport=PHONE)
    view = tab.page
    view.get_by_role("button", name="Minta bacaan lebih sering").click()
    expect(view.get_by_role("status")).to_contain_text("sesering mungkin selama 10 menit")
    view.get_by_role("button", name="Kedipkan lampu").click()
    expect(view.get_by_role("status")).to_contain_text("berkedip")
    view.get_by_role("button", name="Uji sirene (tanpa suara)").click()
    expect(view.get_by_role("status")).to_contain_text("klakson tetap diam")
    view.get_by_label("Apa yang dikerjakan").fill("ganti baterai")
    view.get_by_label("Berapa lama").select_option("1 jam")
    view.get_by_role("button", name="Mulai pemeliharaan").click()
    expect(view.get_by_role("status")).to_contain_text("Pemeliharaan dimulai")
    orders = [("live", 600), ("identify", 60), ("siren-test", None)]
    found = [(args["do"], args.get("for_s"), actor) for args, actor in _asked(field, "node-command")]
    assert [(do, length, "web:Budi") for do, length in orders] == found
    begun = {"id": "welang", "by": "Budi", "reason": "ganti baterai", "minutes": 60}
    assert [(begun, "web:Budi")] == _asked(field, "station-maintain")
    assert [] == tab.complaints
    view.get_by_role("button", name="Mulai ulang node").click()
    expect(view.get_by_role("alert")).to_contain_text("core has no connection to the broker")
    for target in view.get_by_role("button").all():
        box = target.bounding_box()
        assert box is not None
        assert 44 <= round(box["height"])


def test_maintenance_that_runs_can_be_ended(field: Served, open_tab: Callable[..., Tab]) -> None:
    """The page of a station that somebody works on offers its end, and nothing else."""
    view = open_tab(f"{field.url}/teknisi/node-rejoso", viewport=PHONE).page
    expect(view.get_by_text("Sedang dikerjakan Sari")).to_be_visible()
    expect(view.get_by_label("Apa yang dikerjakan")).to_have_count(0)
    view.get_by_role("button", name="Nyatakan pemeliharaan selesai").click()
    expect(view.get_by_role("status")).to_contain_text("Pemeliharaan selesai")
    ended = {"id": "rejoso", "by": "Budi", "reason": "", "end": True}
    assert [(ended, "web:Budi")] == _asked(field, "station-maintain")


def test_forms_come_from_our_own_pages_and_are_whole(field: Served) -> None:
    """Without the session's token nothing is asked of core; a form without its reason is told what is missing."""
    url = f"{field.url}/teknisi/node-welang"
    foreign = httpx.post(f"{url}/perintah", data={"perintah": "live"}, timeout=60)
    strange = httpx.post(f"{url}/perintah", data={"perintah": "explode", "csrf": "t0ken"}, timeout=60)
    bare = httpx.post(f"{url}/pemeliharaan", data={"menit": "60", "csrf": "t0ken"}, timeout=60)
    unknown = httpx.get(f"{field.url}/teknisi/node-x", timeout=60)
    assert (403, 422, 422, 404) == tuple(each.status_code for each in (foreign, strange, bare, unknown))
    assert "Isi apa yang dikerjakan dan berapa lama." in bare.text
    assert [] == _asked(field, "node-command") + _asked(field, "station-maintain")


def test_only_technicians_may(tmp_path: Path) -> None:
    """Whoever looks on without a login is asked to log in first, an operator's view included."""
    with served(tmp_path, _field, open_as=OPERATOR) as page:
        answer = httpx.get(f"{page.url}/teknisi", timeout=60)
    assert (303, "/masuk?lanjut=/teknisi") == (answer.status_code, answer.headers["location"])
