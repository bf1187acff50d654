"""The wizard on a technician's phone, over the real core and a node that sends: from the label to the record."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
import segno
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from alerting.web.access import Visitor
from alerting.web.app import create_app
from deploy.arrival import Arrival
from deploy.nodes.installation_record import installation_records_of
from deploy.nodes.visits import JournalVisits
from deploy.provisioning.label import Label, site_id
from deploy.registry.photos import PhotoFolder
from tests.bare_core import SetClock
from tests.browser.axe import violations
from tests.browser.conftest import PHONE, Tab
from tests.browser.page_server import running, wait_for
from tests.decision_room import PastOfRoom, PostThread
from tests.notice_post import MINUTE, OFFICER, NoticePost

OpenTab = Callable[..., Tab]
BUDI = Visitor(name="Budi", role="technician", csrf="t0ken")
NODE = "wl-01"
SECOND = 1000


@dataclass(slots=True, kw_only=True)
class Bridge:
    """``send`` lets the node measure: ``count`` times, each ``every_ms`` after the last."""

    core: PostThread
    url: str
    seq: int = 0
    boot: int = field(default=70)

    def send(self, distance_mm: float | None, *, count: int = 1, every_ms: int = SECOND) -> None:
        def act(post: NoticePost) -> None:
            for _ in range(count):
                SetClock.time += every_ms
                said = {"distance_mm": distance_mm, "batt_mv": 3912.0, "solar_mv": 5100.0, "tilted": 0.0}
                body = {"v": 1, "boot": self.boot, "seq": self.seq, "t": SetClock.time, "s": said}
                self.seq += 1
                topic = f"ews/v1/{NODE}/obs".encode()
                post.core.turn([Arrival(topic, json.dumps(body).encode(), 1, 1, retain=False, generation=1)])

        self.core.do(act)

    def pass_time(self, ms: int) -> None:
        SetClock.time += ms

    def told(self) -> list[Any]:
        """Every message that left or waits, of whatever kind."""
        return self.core.do(lambda post: post.rows("SELECT recipient, body FROM outbox"))

    @property
    def site(self) -> str:
        return self.core.do(lambda post: site_id(post.commands.authority))


@contextmanager
def _bridge(folder: Path) -> Iterator[Bridge]:
    core = PostThread(folder)
    core.start(OFFICER)
    try:
        authority = core.do(lambda post: post.commands.authority)
        authority.parent.mkdir(exist_ok=True)
        authority.write_bytes(b"an authority")
        app = create_app(
            socket_path=core.socket,
            clock=SetClock(),
            read_range=lambda *_: [],
            past=PastOfRoom(),
            demo=True,
            cap=core.post.state.cap,
            open_as=BUDI,
            photos=PhotoFolder(core.post.state.root / "photos"),
            visits=JournalVisits(core.post.state.journal, "ews"),
            installations=installation_records_of(core.post.state),
        )
        with running(app) as port:
            wait_for(app.state.live.link.ready.is_set, "the pages followed core")
            yield Bridge(core=core, url=f"http://127.0.0.1:{port}")
    finally:
        core.stop()


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Bridge]:
    with _bridge(tmp_path) as found:
        yield found


def picture(text: str) -> bytes:
    """A photo of a label's code: grey, a little turned, with a border."""
    drawn = BytesIO()
    segno.make(text, error="q").save(drawn, kind="png", scale=8, border=6)
    with Image.open(drawn) as code:
        turned = code.convert("L").rotate(7, expand=True, fillcolor=230)
    photo = Image.new("L", (turned.width + 160, turned.height + 160), 200)
    photo.paste(turned, (80, 80))
    file = BytesIO()
    photo.save(file, "JPEG", quality=80)
    return file.getvalue()


def photo_of(text: str) -> FilePayload:
    return {"name": "label.jpg", "mimeType": "image/jpeg", "buffer": picture(text)}


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def came_to(page: Page, title: str, text: str) -> None:
    """The step has its result, which came with the answer to the form."""
    summary = page.locator(".step.is-done > details > summary", has=page.get_by_text(title, exact=True))
    expect(summary.locator(".came-to")).to_contain_text(text)


def waits_and_says_why(page: Page, name: str, why: str) -> None:
    """A button that would do nothing yet does not look like the next step; the keyboard reaches it and hears why."""
    button = page.get_by_role("button", name=name, exact=True)
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(button).not_to_have_class("primary")
    expect(button).to_have_accessible_description(re.compile(why))
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#sebab-selesai")).to_be_focused()


def measured(bridge: Bridge, page: Page) -> None:
    """What is done with the sensor: seen live, compared with the gauge, upright, linked, fed."""
    bridge.send(300.0, count=30)  # in the hand, as it lies in the car: AWAS by the old datum
    bridge.send(3620.0, count=30)
    expect(page.locator('[data-live="utama"]').first).to_contain_text("muka air 2,88 m")
    press(page, "Bacaan terdengar, lanjut")
    came_to(page, "Bacaan langsung", "bacaan dalam satu menit")
    for number, level in enumerate(("3,00", "3,02", "2,99"), 1):
        page.get_by_label("Tinggi muka air di papan (meter)").fill(level)
        press(page, "Simpan bacaan papan")
        expect(page.locator(".gauge > li")).to_have_count(number)
        bridge.send(3620.0, count=20)
    press(page, "Pakai datum dari papan duga")
    came_to(page, "Papan duga", "datum 6,620 m")
    page.get_by_label("Sudah diperiksa dengan waterpas").check()
    press(page, "Simpan pemeriksaan tegak")
    came_to(page, "Tegak lurus", "selesai")
    press(page, "Ukur selama dua menit")
    expect(page.get_by_role("button", name="Simpan hasil pengukuran")).to_have_attribute("aria-disabled", "true")
    expect(page.locator('[data-live="sinyal"]')).to_contain_text("sinyal belum dikirim node ini")
    bridge.send(3620.0, count=121)
    press(page, "Simpan hasil pengukuran")
    came_to(page, "Sinyal", "0 dari 120 bacaan hilang")
    press(page, "Simpan tegangan")
    came_to(page, "Baterai dan surya", "baterai 3,91 V, panel 5,10 V")


def test_a_technician_puts_up_a_node_and_leaves_with_a_record(bridge: Bridge, open_tab: OpenTab) -> None:
    """One page from the label to the PDF, on a phone; nobody is warned, and every step stands in the record."""
    tab = open_tab(f"{bridge.url}/pemasangan", viewport=PHONE)
    page = tab.page
    assert [] == violations(page)
    page.get_by_label("Kode, atau nama node pada label").fill("WL-01")
    press(page, "Mulai memasang")
    expect(page.get_by_text("tidak memperingatkan siapa pun")).to_be_visible()
    press(page, "Pakai stasiun ini")
    came_to(page, "Pilih stasiun", "dipilih")
    measured(bridge, page)
    page.get_by_label("Foto pemasangan").set_input_files(photo_of("pemasangan"))
    press(page, "Kirim foto")
    came_to(page, "Foto", "selesai")
    press(page, "Uji lampu sirene")
    press(page, "Lampu menyala")
    came_to(page, "Lampu sirene", "selesai")
    page.get_by_label("Sudah saya baca").check()
    press(page, "Simpan, lanjut")
    came_to(page, "Ambang", "WASPADA 3,50 m")
    expect(page.locator('[data-live="selesai"]')).to_contain_text("data harus baik 10 menit tanpa putus")
    waits_and_says_why(page, "Nyatakan pemasangan selesai", "data harus baik 10 menit")
    assert [] == violations(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    bridge.send(3620.0, count=11, every_ms=MINUTE)
    expect(page.locator('[data-live="selesai"]')).to_contain_text("Siap diselesaikan")
    expect(page.get_by_role("button", name="Nyatakan pemasangan selesai")).to_have_class("primary")
    press(page, "Nyatakan pemasangan selesai")
    page.wait_for_url(f"**/teknisi/{NODE}?selesai=pasang")
    link = page.get_by_role("link", name="berita acara (PDF)")
    record = httpx.get(bridge.url + str(link.get_attribute("href")), timeout=60)
    assert ("application/pdf", b"%PDF") == (record.headers["content-type"], record.content[:4])
    assert ([], []) == (bridge.told(), tab.complaints)


def test_it_goes_on_where_the_network_was_lost(bridge: Bridge, open_tab: OpenTab) -> None:
    """Offline it says so and keeps what was typed, also when the page was closed; back again nothing is done twice."""
    tab = open_tab(f"{bridge.url}/pemasangan", viewport=PHONE)
    page, context = tab.page, tab.page.context
    page.get_by_label("Kode, atau nama node pada label").fill(NODE)
    press(page, "Mulai memasang")
    press(page, "Pakai stasiun ini")
    bridge.send(3620.0, count=30)
    press(page, "Bacaan terdengar, lanjut")
    came_to(page, "Bacaan langsung", "bacaan dalam satu menit")
    expect(page.locator("html[data-kept=yes]")).to_have_count(1)
    context.set_offline(True)
    expect(page.get_by_text("TIDAK ADA JARINGAN")).to_be_visible()
    page.get_by_label("Tinggi muka air di papan (meter)").fill("3,01")
    press(page, "Simpan bacaan papan")
    expect(page.get_by_role("button", name="Simpan bacaan papan")).to_be_enabled()
    page.close()
    page = context.new_page()
    page.goto(f"{bridge.url}/pemasangan/{NODE}")
    expect(page.get_by_text("TIDAK ADA JARINGAN")).to_be_visible()
    expect(page.get_by_label("Tinggi muka air di papan (meter)")).to_have_value("3,01")
    assert [] == violations(page)
    context.set_offline(False)
    expect(page.get_by_text("TIDAK ADA JARINGAN")).to_be_hidden()
    press(page, "Simpan bacaan papan")
    expect(page.locator(".gauge > li")).to_have_count(1)
    expect(page.get_by_label("Tinggi muka air di papan (meter)")).to_have_value("")
    view = bridge.core.do(lambda post: post.ask("installation-show", node=NODE))
    assert (["station", "live"], 1) == (list(view["steps"]), len(view["gauge"]["readings"]))


def test_labels_are_read_from_a_photo_and_another_citys_is_refused(bridge: Bridge, open_tab: OpenTab) -> None:
    """By our own reader, where the browser has none; a code that is no label is refused, and an unknown name too."""
    tab = open_tab(f"{bridge.url}/pemasangan", viewport=PHONE)
    page = tab.page
    foreign = Label(node=NODE, site="0badc0de", web="https://peringatan.kota-lain.example").code
    page.get_by_label("Atau foto labelnya").set_input_files(photo_of(foreign))
    expect(page.get_by_role("alert")).to_contain_text("(peringatan.kota-lain.example, situs 0badc0de, simpul wl-01)")
    page.get_by_label("Kode, atau nama node pada label").fill("https://contoh.example/menu")
    press(page, "Mulai memasang")
    expect(page.get_by_role("alert")).to_contain_text("bukan label simpul")
    page.get_by_label("Kode, atau nama node pada label").fill("wl-99")
    press(page, "Mulai memasang")
    expect(page.get_by_role("alert")).to_contain_text("Node wl-99 tidak dikenal di Uji")
    own = Label(node=NODE, site=bridge.site, web=bridge.url)
    page.get_by_label("Atau foto labelnya").set_input_files(photo_of(own.code))
    page.wait_for_url(f"**/pemasangan/{NODE}")
    page.goto(own.code)  # as the phone's own camera opens it
    expect(page.get_by_label("Kode, atau nama node pada label")).to_have_value(own.code)
    expect(page.get_by_role("link", name=NODE)).to_be_visible()


def test_readings_that_disagree_and_a_mute_node_are_said_beside_what_was_typed(
    bridge: Bridge, open_tab: OpenTab
) -> None:
    """Nothing is half-done; a step is left out only with a reason; BELUM DITETAPKAN stands in large letters."""
    tab = open_tab(f"{bridge.url}/pemasangan", viewport=PHONE, geolocation={"latitude": -7.64, "longitude": 112.91})
    page = tab.page
    page.context.grant_permissions(["geolocation"])
    page.get_by_label("Kode, atau nama node pada label").fill(NODE)
    press(page, "Mulai memasang")
    press(page, "Cari yang terdekat (posisi ponsel)")
    expect(page.get_by_text("Posisi ponsel -7.64000, 112.91000")).to_be_visible()
    page.get_by_text("Buat stasiun baru").click()
    page.get_by_label("Nama stasiun").fill("Gembong Kebonsari")
    page.get_by_label("Perkiraan tinggi sensor").fill("6,5")
    press(page, "Buat stasiun ini")
    came_to(page, "Pilih stasiun", "stasiun baru dibuat")
    press(page, "Bacaan terdengar, lanjut")
    expect(page.locator(".step .wrong")).to_contain_text("Baru 0 bacaan terdengar dalam satu menit")
    page.get_by_text("Papan duga", exact=True).click()
    page.get_by_label("Tinggi muka air di papan (meter)").fill("3,0")
    press(page, "Simpan bacaan papan")
    expect(page.locator(".step .wrong")).to_contain_text("Sensor tidak mengukur")
    expect(page.get_by_label("Tinggi muka air di papan (meter)")).to_have_value("3,0")
    for number, level in enumerate(("3,00", "3,02", "3,30"), 1):
        bridge.send(3620.0, count=20)
        page.get_by_label("Tinggi muka air di papan (meter)").fill(level)
        press(page, "Simpan bacaan papan")
        expect(page.locator(".gauge > li")).to_have_count(number)
    expect(page.locator(".step .wrong")).to_contain_text("Selisih terbesar 30,0 cm, paling banyak 5 cm.")
    expect(page.get_by_role("button", name="Pakai datum dari papan duga")).to_have_count(0)
    press(page, "Hapus bacaan 3")
    expect(page.locator(".gauge > li")).to_have_count(2)
    page.locator(".step#kini").get_by_text("Lewati dengan alasan").click()
    page.get_by_label("Mengapa dilewati").locator("visible=true").fill("papan duga rusak")
    page.get_by_role("button", name="Lewati langkah ini").locator("visible=true").click()
    came_to(page, "Papan duga", "DILEWATI: papan duga rusak")
    page.get_by_text("Ambang", exact=True).click()
    expect(page.locator(".unset")).to_have_text("BELUM DITETAPKAN")
    assert [] == violations(page)
    station = bridge.core.do(lambda post: post.core.registry.stations["gembong-kebonsari"])
    assert (-7.64, 112.91, 6.5) == (station.latitude, station.longitude, station.datum_m)
