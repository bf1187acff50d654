"""The feed's index and its files."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from alerting.cap_feed import ATOM, CapFolder, FeedEntry, atom_feed

WIB = ZoneInfo("Asia/Jakarta")
T0 = 1_795_000_000_000


def entry(name: str, sent: int) -> FeedEntry:
    return FeedEntry(identifier=name, title=f"AWAS <{name}> & 🌊", summary="Air 5,8 m.", sent=sent, began=T0)


def feed(*entries: FeedEntry, web: str = "https://peringatan.kota.example/") -> etree._Element:
    document = atom_feed(
        entries, title="Peringatan", sender="p@kota.example", author="BPBD", web=web, updated=T0, zone=WIB
    )
    return etree.fromstring(document)


def said(root: etree._Element, path: str) -> list[str | None]:
    return [each.text for each in root.iterfind("/".join(f"{{{ATOM}}}{part}" for part in path.split("/")))]


def links(root: etree._Element) -> list[str]:
    return [str(each.get("href")) for each in root.iter(f"{{{ATOM}}}link")]


def test_the_newest_stands_first_with_its_link() -> None:
    """As RFC 4287 has it: ids, dates with an offset, a link of the right type."""
    root = feed(entry("a", T0), entry("b", T0 + 60_000))
    assert ["AWAS <b> & 🌊", "AWAS <a> & 🌊"] == said(root, "entry/title")
    assert ["2026-11-18T18:07:40+07:00", "2026-11-18T18:06:40+07:00"] == said(root, "entry/updated")
    assert "https://peringatan.kota.example/cap/feed.xml" == links(root)[0]
    assert "https://peringatan.kota.example/cap/b.xml" == links(root)[1]
    ids = [*said(root, "id"), *said(root, "entry/id")]
    assert 3 == len(set(ids))
    assert all(each is not None and each.startswith("urn:uuid:") for each in ids)


def test_ids_stay_when_the_address_changes() -> None:
    """A reader would take a message with another id for a new one; without an address links are relative."""
    assert said(feed(entry("a", T0)), "entry/id") == said(feed(entry("a", T0), web=""), "entry/id")
    assert ["feed.xml", "a.xml"] == links(feed(entry("a", T0), web=""))


def test_an_empty_feed_is_a_feed() -> None:
    """Nothing stands."""
    assert [] == said(feed(), "entry")
    assert ["Peringatan"] == said(feed(), "title")


def test_a_file_is_put_whole_and_found_again(tmp_path: Path) -> None:
    """The folder is made, no draft stays behind, what is missing is known."""
    folder = CapFolder(tmp_path / "cap")
    assert None is folder.message("a")
    folder.put_message("a", b"<alert/>")
    folder.put_message("a", b"<alert>2</alert>")
    assert b"<alert>2</alert>" == folder.message("a")
    assert ["a.xml"] == [path.name for path in folder.root.iterdir()]
    assert ["b"] == folder.missing(["a", "b"])


@pytest.mark.parametrize("name", ["../journal", "..", "", "a/b", ".a", "a\n", "%2e%2e", "x" * 300])
def test_nothing_but_a_message_can_be_had(name: str, tmp_path: Path) -> None:
    """A name that is no identifier never becomes a path."""
    (tmp_path / "journal.xml").write_bytes(b"secret")
    folder = CapFolder(tmp_path / "cap")
    folder.put_message("a", b"<alert/>")
    assert None is folder.message(name)
