"""Administration as an admin does it: forms over the real core, in steps, refused with a sentence, audited by name."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from alerting.web.admin.office import RuleWish, Wrong
from alerting.web.admin.refusals import in_words
from broker.clock import REAL
from broker.control import CommandFailed
from deploy.assembly import prepare_broker
from deploy.office.preview import OfficePreviews
from ingest.history_sqlite import SqliteHistory
from ingest.readings import Reading
from tests.office_desk import OfficeDesk, office_desk

ME = "web:Rini"
PEOPLE = "nama,rw,kelurahan,nomor\nBu Siti,3,Karangketug,0812 3000 0001\nPak Joko,4,Karangketug,0812 3000 0002\n"
KELURAHAN = "35.75.01.1001"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[OfficeDesk]:
    with office_desk(tmp_path) as found:
        yield found


def person(desk: OfficeDesk, **more: str) -> str:
    """Add an officer; the id."""
    said = {"kind": "officer", "name": "Joko", "number": "0812 3000 0009", "language": "id", "rank": "1", **more}
    made = desk.say("/kelola/penerima/baru", **said)
    assert 200 == made.status, made.text
    return made.path.split("/")[3].split("?")[0]


def test_a_recipient_is_added_masked_opened_with_a_reason_changed_and_erased(desk: OfficeDesk) -> None:
    """No page shows a number in clear but the answer to a reason, and every step is in the log by name."""
    who = person(desk)
    for path in ("/kelola/penerima", f"/kelola/penerima/{who}"):
        assert "+628123" not in desk.look(path).html
    assert "Isi kolom ini" in desk.say(f"/kelola/penerima/{who}/buka").text
    lazy = desk.say(f"/kelola/penerima/{who}/buka", reason="x")
    assert (422, True, False) == (lazy.status, "Tulis dengan beberapa kata" in lazy.text, "+628123" in lazy.html)
    opened = desk.say(f"/kelola/penerima/{who}/buka", reason="salah nomor?")
    assert "+6281230000009" in opened.text
    changed = desk.say(
        f"/kelola/penerima/{who}/ubah",
        number="0812 3000 0010",
        groups="damkar",
        language="id",
        rank="2",
        reason="ganti",
    )
    assert "Tersimpan." in changed.text
    assert "damkar" in changed.text
    refused = desk.say(f"/kelola/penerima/{who}/hapus", erase_reason="diminta", again="p0")
    assert f"Ketik {who}" in refused.text
    erased = desk.say(f"/kelola/penerima/{who}/hapus", erase_reason="diminta", again=who)
    assert "sudah dihapus" in erased.text
    assert 404 == desk.look(f"/kelola/penerima/{who}").status
    mine = [(action, subject) for actor, action, subject in desk.audited() if actor == ME]
    wanted = ["recipients put", "recipient revealed", "recipient changed", "recipient erased"]
    assert wanted == [action for action, _ in mine]


def test_a_wrong_recipient_comes_back_with_what_was_typed(desk: OfficeDesk) -> None:
    """Each sentence stands beside its field, and nobody was added."""
    said = {"kind": "head", "name": "Bu Siti", "number": "123", "kelurahan": KELURAHAN, "rt": "2", "language": "id"}
    again = desk.say("/kelola/penerima/baru", **said)
    assert 422 == again.status
    assert 'value="Bu Siti"' in again.html
    assert 'id="w-number"' in again.html
    assert 'id="w-rw"' in again.html
    assert "Tidak ada penerima" in desk.look("/kelola/penerima").text


def test_a_file_of_people_is_looked_at_and_then_exactly_it_is_imported(desk: OfficeDesk) -> None:
    """The dry run changes nothing; a second press imports nothing more; a wrong line is named by its number."""
    fields = {"kind": "resident", "consent_how": "formulir 12 Nov"}
    bad = desk.say("/kelola/penerima/impor", file=("warga.csv", PEOPLE.replace("0002", "").encode()), **fields)
    assert "Tidak jadi:" in bad.text
    assert "Baris 3: nomor:" in bad.text
    looked = desk.say("/kelola/penerima/impor", file=("warga.csv", PEOPLE.encode()), **fields)
    assert "Semua baris benar" in looked.text
    assert "Ditambah 2" in looked.text
    assert "Tidak ada penerima" in desk.look("/kelola/penerima").text
    taken = desk.say(looked.path)
    assert "sudah diimpor seluruhnya" in taken.text
    assert "Ditambah 2" in taken.text
    assert "Bu Siti" not in desk.look("/kelola/penerima?kind=resident").text
    assert 2 == desk.look("/kelola/penerima?kind=resident&area=35.75.01").html.count('<th scope="row"><a')
    assert "/kelola/penerima/impor" == desk.say(looked.path).path
    assert [(ME, "recipients put", "2 recipients")] == [each for each in desk.audited() if each[0] == ME]


def test_polygons_are_looked_at_and_then_imported(desk: OfficeDesk) -> None:
    """A wrong feature is named by its place; the right file is taken once."""
    ring = [[112.88, -7.66], [112.9, -7.66], [112.9, -7.64], [112.88, -7.64], [112.88, -7.66]]
    area = {"code": "35.74.01.1001", "name": "Contoh"}
    feature = {"type": "Feature", "properties": area, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    wrong = json.dumps({"type": "FeatureCollection", "features": [{**feature, "properties": {"code": "x"}}]})
    assert "Wilayah ke-1 (x): code:" in desk.say("/kelola/wilayah/impor", file=("b.geojson", wrong.encode())).text
    right = json.dumps({"type": "FeatureCollection", "features": [feature]})
    looked = desk.say("/kelola/wilayah/impor", file=("b.geojson", right.encode()))
    assert "Ditambah 1" in looked.text
    action = looked.html.split('action="/kelola/wilayah/impor/')[1].split('"')[0]
    taken = desk.say(f"/kelola/wilayah/impor/{action}")
    assert "Berkas sudah diimpor." in taken.text
    assert "35.74.01.1001 Contoh" in taken.text
    assert "sudah tidak disimpan" in desk.say(f"/kelola/wilayah/impor/{action}").text


def test_the_rota_is_filled_and_its_gaps_are_named(desk: OfficeDesk) -> None:
    """A stale version changes nothing; times that cannot be come back beside their field."""
    who = person(desk)
    shift = {"weekday": ["0", "1", "2", "3", "4", "5", "6"], "officer": who, "starts": "06:00", "ends": "18:00"}
    wrong = desk.say("/kelola/jadwal/giliran", **{**shift, "starts": "6 pagi"}, version="0")
    assert "Tulis jam, misalnya 06:00." in wrong.text
    made = desk.say("/kelola/jadwal/giliran", **shift, version="0", reason="jadwal baru")
    assert "Jadwal berlubang" in made.text
    assert "setiap hari 06:00" in made.text
    assert "diubah orang lain" in desk.say("/kelola/jadwal/giliran", **shift, version="0").text
    assert "Belum ada jadwal" in desk.say("/kelola/jadwal/hapus", kind="shifts", place="0", version="1").text
    assert 2 == sum(action == "roster changed" and actor == ME for actor, action, _ in desk.audited())


def test_a_station_is_added_changed_and_retired(desk: OfficeDesk) -> None:
    """What core refuses stands beside its field; a decimal comma is a decimal point."""
    said = {
        "id": "petung",
        "hazard": "level",
        "name": "Petung",
        "datum_m": "5,5",
        "low_m": "0",
        "silence_minutes": "10",
    }
    assert 'id="w-kelurahan"' in desk.say("/kelola/stasiun/baru", **said, kelurahan="Entah").html
    assert "Tersimpan." in desk.say("/kelola/stasiun/baru", **said, kelurahan="Karangketug, Sebani").text
    edit = desk.look("/kelola/stasiun/petung/ubah")
    assert 'value="Karangketug, Sebani"' in edit.html
    assert 'value="5,5"' in edit.html
    same = {key: value for key, value in said.items() if key not in ("id", "hazard")}
    changed = {**same, "name": "Petung Hulu", "kelurahan": "Sebani", "impact__AWAS": "Jembatan tergenang."}
    assert "Isi kolom ini" in desk.say("/kelola/stasiun/petung/ubah", **changed).text
    assert "Petung Hulu" in desk.say("/kelola/stasiun/petung/ubah", **changed, reason="nama resmi").text
    assert "Ketik petung" in desk.say("/kelola/stasiun/petung/berhenti", reason="dibongkar", again="welang").text
    gone = desk.say("/kelola/stasiun/petung/berhenti", reason="dibongkar", again="petung")
    assert "Petung" not in gone.text.split("Keadaan")[1]


@pytest.mark.parametrize(
    ("command", "given", "said"),
    [
        ("node-new", {"node": "Node 7!", "station": "welang"}, "“Node 7!” tidak bisa dipakai: tulis 3 sampai 32"),
        ("node-new", {"node": "core", "station": "welang"}, "Nama core dipakai sistem."),
        ("node-new", {"node": "node-9", "station": "hilang"}, "Stasiun hilang tidak dikenal."),
        ("node-show", {"node": "node-9"}, "Node node-9 tidak dikenal."),
        ("area-add", {"code": "RW 3", "name": "RW 3"}, "“RW 3” bukan kode wilayah."),
        ("area-add", {"code": "35.75.01.1001/RW03/RT02", "name": "RT 2"}, "Wilayah di atasnya, 35.75.01.1001/RW03,"),
        ("area-change", {"code": "35.75.09.9999", "name": "x"}, "Wilayah 35.75.09.9999 tidak dikenal."),
    ],
)
def test_what_core_refuses_is_said_in_the_words_of_the_page(
    desk: OfficeDesk, command: str, given: dict[str, str], said: str
) -> None:
    """Core's sentences are for its command line; a page says what to do on the page."""
    with pytest.raises(CommandFailed) as refused:
        desk.core.ask(command, **given)
    assert in_words(str(refused.value)).startswith(said), str(refused.value)


def test_a_node_shows_its_secrets_once(desk: OfficeDesk) -> None:
    """Its page never shows them again; a new credential and retirement want its id typed."""
    prepare_broker(desk.core.settings, desk.core.state)
    made = desk.say("/kelola/node/baru", node="node-1", station="welang", hardware="esp32")
    document = json.loads(made.html.split('aria-label="node.json">')[1].split("</pre>")[0].replace("&#34;", '"'))
    assert ("node-1", "ews") == (document["node"], document["realm"])
    assert document["password"] not in desk.look("/kelola/node/node-1").html
    assert (desk.core.state.authority / "ca.der").read_bytes() == desk.client.get("/kelola/node/ca.der").content
    assert "sudah ada" in desk.say("/kelola/node/baru", node="node-1", station="welang").text
    assert "Ketik node-1" in desk.say("/kelola/node/node-1/sandi", node_again="node-2").text
    renewed = desk.say("/kelola/node/node-1/sandi", node_again="node-1")
    assert document["password"] not in renewed.html
    assert "Tersimpan." in desk.say("/kelola/node/node-1", station="welang", note="dekat tiang", reason="catatan").text
    retired = desk.say("/kelola/node/node-1/berhenti", retire_reason="rusak", again="node-1")
    assert "node-1 diberhentikan" in retired.text


def remember(path: Path) -> None:
    """An hour of history, a reading a minute: from 3.0 m to 4.8 m and back."""
    now = time.time_ns() // 1_000_000 - 7_200_000
    levels = [4.8 - 0.06 * abs(minute - 30) for minute in range(61)]
    readings = [
        Reading(
            id=number,
            node="node-1",
            boot=1,
            seq=number,
            series="distance_mm",
            revision=0,
            station="welang",
            quantity="level_m",
            time=now + number * 60_000,
            observed_at=None,
            received_at=now + number * 60_000 + 200,
            raw=6500 - level * 1000,
            value=level,
            flag=1,
            reason=None,
            epoch=1,
        )
        for number, level in enumerate(levels, 1)
    ]
    with closing(SqliteHistory(path)) as history:
        history.write(readings)


def test_thresholds_come_into_force_only_after_a_preview_of_them(desk: OfficeDesk) -> None:
    """The order is checked, the preview says what it was tried on, and a station changed meanwhile wants another."""
    rule = {"hysteresis_m": "0,1", "hold_up_samples": "2", "hold_down_minutes": "15", "early_siaga_minutes": "45"}
    heights = {"waspada": "3,60", "siaga": "4,60", "awas": "4,50"}
    wrong = desk.say("/kelola/stasiun/welang/aturan", **rule, **heights, days="7")
    assert "Harus lebih tinggi dari SIAGA." in wrong.text
    remember(desk.core.state.history)
    looked = desk.say("/kelola/stasiun/welang/aturan", **rule, **heights | {"awas": "5,60"}, days="7")
    assert "Langkah 2 dari 2" in looked.text, looked.text
    assert "61 bacaan" in looked.text
    assert "3,50 / 4,50 / 5,50 3,60 / 4,60 / 5,60" in looked.text
    assert "Usulan hanya mengubah ambang" in looked.text
    late = desk.say(looked.path, author="Rini", reason="SK", effective_from="2020-01-01T00:00")
    assert "Pilih waktu di depan" in late.text
    done = desk.say(looked.path, author="Kepala BPBD", reason="SK 12/2026")
    assert "Aturan baru tersimpan." in done.text
    assert "3,60 / 4,60 / 5,60 m, oleh Kepala BPBD: SK 12/2026" in done.text
    assert "sejak pratinjau dibuat" in desk.say(looked.path, author="Rini", reason="lagi").text
    assert (ME, "station changed", "welang v2") in desk.audited()


def test_limits_of_rain_and_air_have_the_same_page(desk: OfficeDesk) -> None:
    """Sums that rise, categories that worsen; nothing in force before the preview, and then exactly what it showed."""
    tables = [{"id": "hulu", "name": "Hujan Hulu", "hazard": "rain"}, {"id": "udara", "name": "Udara", "hazard": "air"}]
    desk.core.ask("station-put", stations=tables, mode="add", reason="uji")
    air = {"waspada": "Tidak Sehat", "siaga": "Tidak Sehat", "awas": "Berbahaya", "indicative": "never"}
    worse = desk.say("/kelola/stasiun/udara/aturan", **air, worsening_ugm3="0", days="7")
    assert (422, True) == (worse.status, "Harus lebih buruk dari WASPADA." in worse.text)
    page = "/kelola/stasiun/hulu/aturan"
    less = desk.say(page, mm__here__1h__WASPADA="30", mm__here__1h__SIAGA="20", days="7")
    assert (422, True) == (less.status, "lebih banyak dari tingkat di bawahnya" in less.text)
    looked = desk.say(page, mm__here__1h__WASPADA="20,5", mm__upstream__24h__AWAS="150", days="7")
    assert "Langkah 2 dari 2" in looked.text, looked.text
    assert "tidak diuji pada datanya sendiri" in looked.text
    assert "Batas hujan di hulu tidak diuji" in looked.text
    assert "rain_limits" not in desk.core.ask("station-show", id="hulu")["station"]
    assert "Aturan baru tersimpan." in desk.say(looked.path, reason="SK 13/2026").text
    told = [
        (each["window"], each["mm"], each["level"])
        for each in desk.core.ask("station-show", id="hulu")["station"]["rain_limits"]
    ]
    assert [("1h", 20.5, "WASPADA"), ("24h", 150.0, "AWAS")] == told
    assert 'value="20,5"' in desk.look(page).html


def test_a_preview_that_takes_too_long_is_ended(desk: OfficeDesk) -> None:
    """With a sentence, and the process is gone."""
    wish = RuleWish(station="welang", limits={"thresholds": {"waspada": 1.0, "siaga": 2.0, "awas": 3.0}})
    previews = OfficePreviews(desk.core.settings, desk.core.state, desk.core.path.parent, limit_s=0.05)
    with pytest.raises(Wrong, match="Pratinjau tidak selesai"):
        previews.look(wish, REAL.now(), lambda *_: None)


def test_the_policy_has_a_new_version_only_when_something_differs(desk: OfficeDesk) -> None:
    """AWAS by itself wants the paper that allows it."""
    said = {
        "escalate_after_s": "180",
        "veto_s": "60",
        "one_person_after_s": "300",
        "most_a_day": "6",
        "most_items_an_hour": "5",
        "quiet_from": "21:00",
        "quiet_until": "05:00",
        "price_per_part": "",
    }
    assert "sudah demikian" in desk.say("/kelola/kebijakan", **said, reason="uji").text
    refused = desk.say("/kelola/kebijakan", **said, pre_authorised="AWAS", reason="SK")
    assert "Isi surat yang mengizinkannya" in refused.text
    made = desk.say("/kelola/kebijakan", **said | {"price_per_part": "350,5"}, reason="tarif baru")
    assert "versi 1, oleh Rini" in made.text
    assert (ME, "policy set", "v1") in desk.audited()


def test_a_trial_message_goes_out_labelled_and_is_audited_masked(desk: OfficeDesk) -> None:
    """The demonstration's channel takes it into its file."""
    assert "Tujuan:" in desk.say("/kelola/saluran/uji", channel="demo", to="12").text
    told = desk.say("/kelola/saluran/uji", channel="demo", to="0812 3000 0001")
    assert "Saluran demo mengambil pesan" in told.text
    assert "+6281230000001" not in told.html
    assert "UJI COBA" in desk.core.state.demo_messages.read_text()
    assert 2 == sum(each == (ME, "channel tested", "demo") for each in desk.audited())


def test_a_user_gets_a_password_that_is_shown_once(desk: OfficeDesk) -> None:
    """Role, password and standing are changed from the list, and the log knows by whom."""
    made = desk.say("/kelola/pengguna/baru", name="Budi", role="operator")
    assert "Hanya tampil sekali" in made.text
    assert "Budi operator" in desk.look("/kelola/pengguna").text
    assert "Budi penyetuju" in desk.say("/kelola/pengguna/peran", user="Budi", new_role="approver").text
    assert "Hanya tampil sekali" in desk.say("/kelola/pengguna/sandi", user="Budi", totp="1").text
    assert "Budi penyetuju ditutup" in desk.say("/kelola/pengguna/tutup", user="Budi", disabled="1").text
    assert 5 == sum(actor == ME and subject.startswith("Budi") for actor, _, subject in desk.audited())


def test_the_log_is_filtered_exported_and_its_chain_checked(desk: OfficeDesk) -> None:
    """A row that somebody changed is named, and its page says that nothing after it can be trusted."""
    person(desk)
    assert "Tidak ada catatan yang cocok" in desk.look("/kelola/audit?actor=nobody").text
    assert 'value="2026-99-99"' in desk.look("/kelola/audit?since=2026-99-99").html
    assert 1 == desk.look(f"/kelola/audit?actor={ME}").html.count("<time title")
    lines = desk.look(f"/kelola/audit.csv?actor={ME}").html.splitlines()
    assert 2 == len(lines)
    whole = desk.say("/kelola/audit/periksa")
    assert "Rantai utuh" in whole.text
    assert "bukan 16 huruf" in desk.say("/kelola/audit/periksa", head="zzz").text
    desk.core.stop()
    journal = desk.core.state.journal
    _spoil(journal)
    assert "RANTAI TIDAK UTUH" in desk.say("/kelola/audit/periksa").text


def _spoil(journal: Path) -> None:
    with closing(sqlite3.connect(journal)) as connection, connection:
        connection.execute("UPDATE audit SET actor = 'cli:lain' WHERE id = (SELECT min(id) FROM audit)")


def test_health_names_what_is_broken_and_says_so_when_core_is_silent(desk: OfficeDesk) -> None:
    """The broker is away in this installation; with core stopped that is what is said first."""
    told = desk.look("/kelola/kesehatan").text
    assert "Broker rusak" in told
    assert "kali" not in told.split("Inti")[0]
    desk.core.stop()
    assert "Inti tidak menjawab: tidak ada peringatan baru." in desk.look("/kelola/kesehatan").text


def test_a_drill_that_is_not_set_up_says_why(desk: OfficeDesk) -> None:
    """Nothing is begun, and nothing is audited."""
    assert "drill.settings: latihan belum disiapkan" in desk.look("/kelola/latihan").text
    assert 422 == desk.say("/kelola/latihan", group="petugas").status
    assert [] == [each for each in desk.audited() if each[0] == ME]


def test_only_admins_enter_and_staff_may_look_at_health(tmp_path: Path) -> None:
    """A foreign form is refused for an admin too."""
    with office_desk(tmp_path, role="operator") as desk:
        before = desk.core.ask("policy-show")["versions"]
        for answer in (desk.look("/kelola"), desk.say("/kelola/kebijakan", reason="uji")):
            assert answer.status in (401, 403) or answer.path.startswith("/masuk"), answer.text
            assert "Simpan kebijakan" not in answer.text
        assert before == desk.core.ask("policy-show")["versions"]
        health = desk.look("/kelola/kesehatan")
        assert 200 == health.status
        assert "Jadwal jaga" not in health.text
