"""CAP from elsewhere: what is dangerous, too large or half is refused with a sentence; what counts is told apart."""

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerting.cap import CapArea, Circle
from alerting.cap_in import MOST_BYTES, BadDocument, Nowcast, feed_items, nowcast, standing
from alerting.nowcasts import LONGEST_MS, Matched, expected, matched

NOON = 1_795_064_400_000  # 2026-11-19 12:00 WIB
HOUR = 3_600_000
FAR = "-7.6,110.0 -7.6,110.1 -7.7,110.1"
BOX = "-7.60,112.85 -7.60,112.90 -7.70,112.90 -7.70,112.85 -7.60,112.85"
INFO = """<info><language>id-ID</language><category>Met</category><event>Hujan Lebat dan Petir</event>
<urgency>Immediate</urgency><severity>Moderate</severity><certainty>Observed</certainty>
<effective>2026-11-19T13:50:00+07:00</effective><onset>2026-11-19T14:00:00+07:00</onset>
<expires>2026-11-19T17:00:00+07:00</expires><senderName>BMKG</senderName><headline>Uji</headline>
<area><areaDesc>Jawa Timur</areaDesc><polygon>{polygon}</polygon></area></info>"""
ALERT = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{identifier}</identifier>
<sender>uji@contoh.example</sender><sent>2026-11-19T13:45:00+07:00</sent><status>{status}</status>
<msgType>{type}</msgType><scope>Public</scope>{references}{info}</alert>"""
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><alert>&b;</alert>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><alert>&a;</alert>'


PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def document(**changes: str) -> bytes:
    polygon = changes.pop("polygon", BOX)
    fields = {"identifier": "uji-1", "status": "Actual", "type": "Alert", "references": ""}
    fields |= {"info": INFO.format(polygon=polygon)} | changes
    return ALERT.format(**fields).encode()


def warning(**changes: Any) -> Nowcast:
    known = nowcast(document())
    return Nowcast(**({name: getattr(known, name) for name in known.__struct_fields__} | changes))


def test_a_warning_is_read_whole() -> None:
    """Times with their offsets, the outline in CAP's order, who says it."""
    read = nowcast(document())
    assert ("uji-1", "Actual", "Alert", "BMKG", "Hujan Lebat dan Petir") == (
        read.identifier,
        read.status,
        read.type,
        read.sender_name,
        read.event,
    )
    assert (NOON + 2 * HOUR, NOON + 5 * HOUR) == (read.onset, read.expires)
    assert (-7.60, 112.85) == read.areas[0].polygons[0][0]
    assert read.is_rain


def test_the_wanted_language_is_taken_where_it_is_there() -> None:
    """Indonesian though English stands first; otherwise what there is."""
    english = INFO.format(polygon=BOX).replace("id-ID", "en").replace("Hujan Lebat dan Petir", "Heavy rain")
    both = nowcast(document(info=english + INFO.format(polygon=BOX)))
    assert "Hujan Lebat dan Petir" == both.event
    assert "Heavy rain" == nowcast(document(info=english)).event
    assert nowcast(document(info=english)).is_rain


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (LAUGHS.encode(), "DOCTYPE"),
        (OUTSIDE.encode(), "DOCTYPE"),
        (b"x" * (10_000_000), f"10000000 bytes; at most {MOST_BYTES}"),
        ("<alert>é</alert>".encode("latin-1"), "not UTF-8 at byte 7"),
        ("<alert>hai</alert>".encode("utf-16"), "not UTF-8 at byte 0"),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?><alert/>', "encoding ISO-8859-1"),
        (b"<alert><info></alert>", "no XML"),
        (b"", "no XML"),
        (b"<html><body>Tidak ada</body></html>", "the document is html"),
        (b"<alert/>", "alert of CAP 1.2"),
    ],
    ids=["laughs", "outside", "large", "latin-1", "utf-16", "declared", "broken", "empty", "html", "namespace"],
)
def test_a_bad_document_is_refused_with_a_sentence(bad: bytes, says: str) -> None:
    """Nothing is expanded, fetched or guessed."""
    with pytest.raises(BadDocument, match=says):
        nowcast(bad)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"identifier": ""}, "no identifier"),
        ({"info": ""}, "no info"),
        ({"polygon": "-7.6,112.8 -7.7,112.9"}, "no three positions"),
        ({"polygon": "112.8,-7.6 112.9,-7.7 112.9,-7.6"}, "latitude,longitude"),
        ({"polygon": "a,b c,d e,f"}, "latitude,longitude"),
        ({"polygon": "nan,1 1,inf 2,2"}, "latitude,longitude"),
        ({"polygon": f"{BOX}</polygon><circle>-7.6,112.9</circle><polygon>{BOX}"}, "no radius"),
        ({"polygon": f"{BOX}</polygon><circle>-7.6,112.9 -3</circle><polygon>{BOX}"}, "no radius"),
        ({"references": "<references>uji-0</references>"}, "sender,identifier,sent"),
    ],
)
def test_half_a_warning_is_no_warning(change: dict[str, str], says: str) -> None:
    """A part that cannot be true refuses the whole."""
    with pytest.raises(BadDocument, match=says):
        nowcast(document(**change))


@pytest.mark.parametrize(
    "time", ["kemarin", "2026-11-19 14:00", "2026-13-19T14:00:00+07:00", "2026-11-19T14:00:00", ""]
)
def test_a_time_without_an_offset_is_no_time(time: str) -> None:
    """It could be any of three Indonesian times."""
    bad = document().replace(b"<expires>2026-11-19T17:00:00+07:00", f"<expires>{time}".encode())
    with pytest.raises(BadDocument, match="expires is"):
        nowcast(bad)


def test_other_authorities_write_utc_as_they_like() -> None:
    """Z is against the standard, and is understood all the same."""
    read = nowcast(document().replace(b"17:00:00+07:00", b"10:00:00Z"))
    assert NOON + 5 * HOUR == read.expires


@PATIENT
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    """Whatever comes, one kind of refusal."""
    for read in (nowcast, feed_items):
        with pytest.raises(BadDocument):
            read(data)


def test_a_feed_lists_where_the_messages_are() -> None:
    """Links, titles and their dates; an item without a link is none."""
    feed = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Uji</title>
    <item><title>Jawa Timur</title><link> https://contoh.example/a_alert.xml </link><pubDate>Thu</pubDate></item>
    <item><title>Tanpa tautan</title></item></channel></rss>"""
    (item,) = feed_items(feed)
    assert ("https://contoh.example/a_alert.xml", "Jawa Timur", "Thu") == (item.link, item.title, item.published)
    assert () == feed_items(b"<rss><channel/></rss>")


def test_only_what_counts_now_stands() -> None:
    """Not what is a test, has run out, was updated or cancelled, in whatever order it came."""
    first = warning(identifier="a")
    second = warning(identifier="b", type="Update", references=("a",), sent=NOON + 1)
    cancelled = warning(identifier="c", sent=NOON + 2)
    cancel = warning(identifier="d", type="Cancel", references=("c",), sent=NOON + 3)
    test = warning(identifier="e", status="Test")
    old = warning(identifier="f", expires=NOON)
    for order in itertools.permutations([first, second, cancelled, cancel, test, old]):
        assert ["b"] == [each.identifier for each in standing(order, NOON)]


def test_a_warning_counts_where_its_outline_is_and_not_by_its_name() -> None:
    """Purworejo of another province touches nothing; an outline over a centroid's circle touches that kelurahan."""
    places = {
        "35.75.02": CapArea(
            description="Kec. Purworejo", circles=(Circle(latitude=-7.65, longitude=112.90, radius_km=1),)
        ),
        "35.75.01.1001": CapArea(description="x", circles=(Circle(latitude=-7.65, longitude=112.87, radius_km=0.8),)),
        "35.75.04": CapArea(description="y", circles=(Circle(latitude=-7.5, longitude=112.87, radius_km=0.8),)),
    }
    elsewhere = warning(
        areas=(CapArea(description="Purworejo", polygons=(((-7.7, 110.0),) * 2 + ((-7.6, 110.1), (-7.7, 110.0)),)),)
    )
    assert () == matched([elsewhere], places)
    (found,) = matched([elsewhere, warning()], places)
    assert ("35.75.02", "35.75.01.1001") == found.areas


def test_what_lies_far_away_is_checked_and_forgotten() -> None:
    """A country's outlines are not kept; one that is broken refuses the whole all the same."""
    both = INFO.format(polygon=BOX).replace(
        "</info>", f"<area><areaDesc>x</areaDesc><polygon>{FAR}</polygon></area></info>"
    )
    near = (-7.7, 112.8, -7.6, 112.9)
    assert ["Jawa Timur", "x"] == [each.description for each in nowcast(document(info=both)).areas]
    assert ["Jawa Timur"] == [each.description for each in nowcast(document(info=both), around=near).areas]
    assert () == nowcast(document(polygon=FAR), around=near).areas
    with pytest.raises(BadDocument, match="no place"):
        nowcast(document(info=both.replace("110.1", "xyz")), around=near)


def test_rain_is_expected_from_the_first_to_the_last() -> None:
    """Of the warnings of rain over an area that have not run out; none is (0, 0)."""
    rain = Matched(nowcast=warning(), areas=("x",))
    later = Matched(nowcast=warning(onset=NOON + 4 * HOUR, expires=NOON + 30 * HOUR), areas=("x",))
    wind = Matched(nowcast=warning(event="Angin kencang", headline="Angin"), areas=("x",))
    assert (NOON + 2 * HOUR, NOON + 5 * HOUR) == expected([rain, wind], "x", NOON)
    assert (NOON + 2 * HOUR, NOON + LONGEST_MS) == expected([later, rain], "x", NOON)
    assert (0, 0) == expected([rain], "y", NOON)
    assert (0, 0) == expected([rain], "x", NOON + 5 * HOUR)
    assert (0, 0) == expected([wind], "x", NOON)
