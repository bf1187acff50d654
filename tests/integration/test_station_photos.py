"""What people write down at a station, over the real core: gauge, sightings, photos, maintenance, a level."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from alerting.web.access import Visitor
from alerting.web.app import create_app
from alerting.web.station.dossier import RecordsUnavailable
from alerting.web.station.photos import PhotoRefused
from broker.clock import REAL
from deploy.registry.photos import PhotoFolder
from deploy.registry.records import JournalRecords
from tests.browser.page_server import running, wait_for
from tests.browser.scenes import PastOfScenes, past
from tests.installation import STATION, Installation, SimpleNode, eventually

UPPER = """
[[stations]]
id = "petung"
name = "Petung"
datum_m = 5.0
neighbours = [{ station = "welang", side = "downstream", travel_minutes = 95 }]
"""
OPERATOR = Visitor(name="Sari", role="operator", csrf="satu-sesi")
GPS = 0x8825


@pytest.fixture(scope="module")
def place() -> Iterator[Installation]:
    with Installation(stations=STATION.format(silence=10) + UPPER) as installation:
        installation.start()
        node = SimpleNode(installation, "node-a", installation.new_node("node-a"))
        node.level(2.24)
        node.close()
        yield installation


@pytest.fixture(scope="module")
def client(place: Installation) -> Iterator[httpx.Client]:
    yield from _visiting(place, OPERATOR)


@pytest.fixture(scope="module")
def viewer(place: Installation) -> Iterator[httpx.Client]:
    yield from _visiting(place, Visitor(name="Tamu", role="viewer", csrf="satu-sesi"))


def _visiting(place: Installation, visitor: Visitor) -> Iterator[httpx.Client]:
    app = create_app(
        socket_path=place.state.socket,
        clock=REAL,
        read_range=past,
        past=PastOfScenes(),
        demo=True,
        cap=place.root / "cap",
        open_as=visitor,
        records=JournalRecords(place.state.journal),
        photos=PhotoFolder(place.root / "photos"),
    )
    with running(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        wait_for(lambda: "welang" in app.state.live.replica.stations, "the page followed the core")
        yield client


def post(
    client: httpx.Client, form: str, *, files: Any = None, csrf: str = "satu-sesi", **fields: str
) -> httpx.Response:
    return client.post(f"/stasiun/welang/{form}", data={"csrf": csrf, **fields}, files=files)


def done(client: httpx.Client, answer: httpx.Response) -> str:
    """What the page that follows confirms."""
    assert 303 == answer.status_code, answer.text
    page = client.get(answer.headers["location"]).text
    found = re.search(r'class="done"[^>]*>([^<]+)<', page)
    assert found is not None
    return found[1]


def wrong(answer: httpx.Response) -> str:
    assert 422 == answer.status_code
    found = re.search(r'class="wrong"[^>]*>([^<]+)<', answer.text)
    assert found is not None
    return found[1]


def picture(kind: str, size: tuple[int, int] = (2400, 1200)) -> bytes:
    """A photo as a phone makes it: turned by its metadata, and telling where it was taken."""
    image, file = Image.new("RGB", size, (30, 90, 120)), BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right
    exif[0x010F] = "Rahasia"
    exif.get_ifd(GPS)[2] = (7.0, 38.0, 55.0)
    image.save(file, kind, exif=exif)
    return file.getvalue()


def audited(place: Installation, action: str) -> list[tuple[str, str, str]]:
    return place.rows(f"SELECT actor, subject, detail FROM audit WHERE action = '{action}'")


def test_a_staff_gauge_is_compared_at_once(place: Installation, client: httpx.Client) -> None:
    """The confirmation says the difference; the page keeps it with who and when; sent twice it is stored once."""
    answer = post(client, "papan-duga", tinggi="2,20", catatan="air tenang", kunci="satu-kali-saja")
    said = done(client, answer)
    assert "papan duga 2,20 m" in said
    assert "oleh Sari" in said
    assert "Alat membaca 2,24 m: alat 4 cm lebih tinggi." in said
    post(client, "papan-duga", tinggi="2,20", catatan="air tenang", kunci="satu-kali-saja")
    rows = place.rows("SELECT level_m, sensor_m, read_by, note FROM staff_gauge")
    assert [(2.2, 2.24, "Sari", "air tenang")] == [
        (level, round(sensor, 3), by, note) for level, sensor, by, note in rows
    ]
    page = client.get("/stasiun/welang").text
    assert "<td>alat 4 cm lebih tinggi</td><td>Sari</td><td>air tenang</td>" in page
    assert ("web:Sari", "welang") == audited(place, "staff gauge read")[0][:2]


def test_what_is_mistyped_comes_back_with_a_sentence(place: Installation, client: httpx.Client) -> None:
    """Nothing is stored, and nothing that was typed is lost."""
    answer = post(client, "papan-duga", tinggi="145", catatan="dari jembatan")
    assert "tulis dalam meter, bukan sentimeter" in wrong(answer)
    assert 'value="145"' in answer.text
    assert 'value="dari jembatan"' in answer.text
    assert [] == place.rows("SELECT id FROM staff_gauge WHERE level_m = 145")


def test_what_core_refuses_is_said_beside_the_form(client: httpx.Client) -> None:
    """Core's own sentence, when the form let something pass."""
    assert "Inti menolaknya: 60 m is far over the sensor" in wrong(post(client, "papan-duga", tinggi="60"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_photo_is_kept_without_where_it_was_taken(place: Installation, client: httpx.Client, kind: str) -> None:
    """Made anew: upright, at most 1600 pixels, no metadata; shown with its words, audited, found by its content."""
    files = {"foto": ("IMG_1.jpg", picture(kind), "image/jpeg")}
    said = done(client, post(client, "pengamatan", catatan=f"Air di bawah jembatan {kind}", files=files))
    assert "Tersimpan: foto" in said
    page = client.get("/stasiun/welang").text
    photo = re.findall(r'src="/foto/([0-9a-f]{64})" alt="Air di bawah jembatan ' + kind, page)[0]
    answer = client.get(f"/foto/{photo}")
    assert ("image/jpeg", "private, max-age=31536000, immutable") == (
        answer.headers["content-type"],
        answer.headers["cache-control"],
    )
    kept = Image.open(BytesIO(answer.content))
    assert ((800, 1600), {}) == (kept.size, dict(kept.getexif()))
    assert b"Rahasia" not in answer.content
    assert photo in [detail for _, _, detail in audited(place, "photo added")][-1]


def test_a_photo_is_removed_with_a_reason(place: Installation, client: httpx.Client) -> None:
    """Gone from the page and the disk; the row, who and why stay. One that is shown twice stays for the other."""
    content = picture("JPEG", (640, 480))
    for note in ("pertama", "kedua"):
        done(client, post(client, "pengamatan", catatan=note, files={"foto": ("a.jpg", content, "image/jpeg")}))
    (first, photo), (second, same) = place.rows("SELECT id, photo FROM sightings WHERE note IN ('pertama', 'kedua')")
    assert photo == same
    assert "Alasan: tulis satu kalimat" in wrong(post(client, f"pengamatan/{first}/hapus"))
    assert "Dihapus oleh Sari: wajah terlihat" in done(
        client, post(client, f"pengamatan/{first}/hapus", alasan="wajah terlihat")
    )
    assert 200 == client.get(f"/foto/{photo}").status_code
    done(client, post(client, f"pengamatan/{second}/hapus", alasan="wajah terlihat"))
    assert 404 == client.get(f"/foto/{photo}").status_code
    assert [("Sari", "wajah terlihat")] * 2 == place.rows(
        f"SELECT removed_by, removed_why FROM sightings WHERE photo = '{photo}'"
    )
    assert 2 == len(audited(place, "photo removed"))
    assert "is not known" in wrong(post(client, f"pengamatan/{first}/hapus", alasan="lagi"))


def test_what_is_no_photo_is_refused(place: Installation, client: httpx.Client) -> None:
    """Text, a bomb that claims to be small, one that is too long; each with a sentence, nothing kept."""
    before = place.rows("SELECT count(*) FROM sightings")
    assert "bukan foto JPEG atau PNG" in wrong(
        post(client, "pengamatan", files={"foto": ("a.jpg", b"GIF89a", "image/jpeg")})
    )
    bomb = BytesIO()
    Image.new("1", (12_000, 12_000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < 100_000
    assert "terlalu besar" in wrong(post(client, "pengamatan", files={"foto": ("a.png", bomb.getvalue(), "image/png")}))
    cut = picture("JPEG", (800, 600))[:2000]
    assert "rusak" in wrong(post(client, "pengamatan", files={"foto": ("a.jpg", cut, "image/jpeg")}))
    long = {"foto": ("a.jpg", b"\xff" * (5 * 1024 * 1024 + 100_000), "image/jpeg")}
    assert 413 == post(client, "pengamatan", files=long).status_code
    assert "Pengamatan: tulis satu kalimat" in wrong(post(client, "pengamatan"))
    assert before == place.rows("SELECT count(*) FROM sightings")


def test_maintenance_begins_and_ends_in_words(place: Installation, client: httpx.Client) -> None:
    """Who, why, until when; the page says it first, and the end is said too."""
    assert "Pemeliharaan sampai" in done(
        client, post(client, "pemeliharaan", aksi="mulai", lama="240", alasan="ganti sensor")
    )
    sentence = eventually(
        lambda: re.search(r'class="said">([^<]*PEMELIHARAAN[^<]*)<', client.get("/stasiun/welang/keadaan").text),
        "the page to follow",
    )[1]
    assert "oleh Sari: ganti sensor." in sentence
    assert "Lama pemeliharaan: pilih salah satu" in wrong(
        post(client, "pemeliharaan", aksi="mulai", lama="9", alasan="x")
    )
    assert "Pemeliharaan diakhiri oleh Sari." in done(client, post(client, "pemeliharaan", aksi="selesai"))


def test_a_level_by_sight_needs_a_second_gesture(place: Installation, client: httpx.Client) -> None:
    """Without the tick nothing is raised; with it the decision is core's, and stands on the axis of the page."""
    asked = {"tingkat": "SIAGA", "catatan": "air hampir di jembatan"}
    assert "Centang dulu" in wrong(post(client, "tetapkan", **asked))
    assert [] == place.alerts()
    said = done(client, post(client, "tetapkan", yakin="ya", **asked))
    assert "Welang Kraton ditetapkan SIAGA oleh Sari." in said
    assert ("welang.level.1", 1, "raised", 2) == place.alerts()[0]
    assert 'class="warned w-siaga"' in client.get("/stasiun/welang?rentang=1-jam").text
    place.ask("alert-cancel", scope="welang", by="Rini", note="uji selesai")


def test_records_are_read_from_the_journal(client: httpx.Client) -> None:
    """Neighbours named on one side only, thresholds with who set them, calibration, nodes."""
    page = client.get("/stasiun/welang").text
    assert re.search(r'hulu, 1 jam 35 menit</span> <a href="/stasiun/petung">Petung</a>', page)
    assert "ditetapkan test: test." in page
    assert "6,500 m" in page
    assert "<b>node-a</b>" in page
    assert "hilir, 1 jam 35 menit" in client.get("/stasiun/petung").text


def test_forms_are_for_those_who_may_and_from_our_own_pages(
    place: Installation, client: httpx.Client, viewer: httpx.Client
) -> None:
    """A viewer sees no form and is refused; a foreign token is refused; nothing is stored."""
    before = place.rows("SELECT count(*) FROM sightings")
    assert "<form" not in viewer.get("/stasiun/welang").text.partition("</header>")[2]
    assert post(viewer, "pengamatan", catatan="x").status_code in (401, 403)
    assert 403 == post(client, "pengamatan", csrf="lain", catatan="x").status_code
    assert before == place.rows("SELECT count(*) FROM sightings")


def test_a_station_that_is_retired_says_since_when(place: Installation, client: httpx.Client) -> None:
    """404 with a sentence; one that never was, another one."""
    place.ask("station-put", stations=[{"id": "lama", "name": "Pos Lama", "datum_m": 4.0}], mode="add", reason="uji")
    place.ask("station-retire", id="lama", by="Rini", reason="jembatan dibongkar")
    eventually(lambda: client.get("/stasiun/lama").status_code == 404, "the page to hear of it")
    answer = client.get("/stasiun/lama")
    assert (404, True) == (answer.status_code, "Pos Lama tidak diukur lagi sejak" in answer.text)
    answer = client.get("/stasiun/belum-ada")
    assert (404, True) == (answer.status_code, "tidak dikenal" in answer.text)


def test_a_photo_that_core_refuses_leaves_no_file(place: Installation) -> None:
    """What was written for it goes again: here core takes no name of more than sixty letters."""
    nobody = Visitor(name="Sari" * 20, role="operator", csrf="satu-sesi")
    before = set((place.root / "photos").glob("*"))
    files = {"foto": ("a.jpg", picture("JPEG", (333, 222)), "image/jpeg")}
    for client in _visiting(place, nobody):
        assert "1 to 60 printable" in wrong(post(client, "pengamatan", files=files))
    assert before == set((place.root / "photos").glob("*"))


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """For the form: nothing was kept, and who is to be told."""
    (tmp_path / "photos").write_text("in the way")
    with pytest.raises(PhotoRefused, match="beri tahu pengelola sistem"):
        PhotoFolder(tmp_path / "photos").keep(picture("PNG", (40, 30)))


def test_a_picture_with_clear_parts_lies_on_white(tmp_path: Path) -> None:
    """A PNG's transparency has no place in a JPEG."""
    file = BytesIO()
    Image.new("RGBA", (40, 30), (0, 0, 0, 0)).save(file, "PNG")
    store = PhotoFolder(tmp_path / "photos")
    photo, is_new = store.keep(file.getvalue())
    kept = store.find(photo)
    assert kept is not None
    assert ((255, 255, 255), True) == (Image.open(kept).getpixel((5, 5)), is_new)
    assert (photo, False) == store.keep(file.getvalue())
    assert None is store.find("../journal")


def test_a_journal_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    """The page says it in the records' place."""
    with pytest.raises(RecordsUnavailable, match="tidak dapat dibaca dari jurnal"):
        JournalRecords(tmp_path / "none.db").dossier("welang")
