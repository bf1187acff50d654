"""What people write by SMS, and what is made of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.sms_words import (
    Acknowledge,
    Asked,
    AskState,
    Join,
    Leave,
    NotUnderstood,
    Place,
    PlaceKind,
    PlaceSaid,
    Report,
    asked,
    below,
    place_said,
    places_meant,
)
from deploy.registry.areas import Areas

KINDS: tuple[PlaceKind, ...] = ("kelurahan", "kecamatan")
AREAS = Areas()
PLACES = [
    Place(code=each.code, name=each.name, kind=kind, printed=AREAS.name(each.code))
    for each in AREAS.all()
    for kind in KINDS
    if each.kind == kind
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BERHENTI", Leave()),
        ("berenti", Leave()),
        ("Stop.", Leave()),
        ("UNREG", Leave()),
        ("saya mau berhenti", Leave()),
        ("tolong   STOP\n", Leave()),
        ("brenti", Leave()),
        ("keluar", Leave()),
        ("keluar rumah sekarang?", NotUnderstood()),
        ("berhati-hati", NotUnderstood()),
        ("hujan sudah berhenti", NotUnderstood()),
        ("DAFTAR", Join(PlaceSaid(name=""))),
        ("dftar sebani", Join(PlaceSaid(name="SEBANI"))),
        ("REG Bugul Lor", Join(PlaceSaid(name="BUGUL LOR"))),
        ("daftar saya di kel. sebani", Join(PlaceSaid(name="SEBANI", kind="kelurahan"))),
        ("INFO", AskState(PlaceSaid(name=""))),
        ("info tamba'an", AskState(PlaceSaid(name="TAMBA'AN"))),
        ("info tamba\u2019an", AskState(PlaceSaid(name="TAMBA'AN"))),
        ("1", Report("water")),
        (" 1. air masuk rumah", Report("water")),
        ("2", Report("safe")),
        ("2 aman", Report("safe")),
        ("2 orang terjebak", NotUnderstood()),
        ("1 orang hanyut", NotUnderstood()),
        ("12", NotUnderstood()),
        ("OK", Acknowledge()),
        ("oke pak, saya tangani", Acknowledge()),
        ("", NotUnderstood()),
        ("\U0001f198", NotUnderstood()),
        ("apa ini", NotUnderstood()),
    ],
)
def test_words_are_understood_as_people_write_them(text: str, expected: Asked) -> None:
    """In any case, misspelt, with politeness; what could mean harm is not guessed."""
    assert expected == asked(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("karangketug RT 03/RW 02", PlaceSaid(name="KARANGKETUG", below="/RW02/RT03")),
        ("karangketug rt.3 rw.2", PlaceSaid(name="KARANGKETUG", below="/RW02/RT03")),
        ("karangketug rt/rw 003/002", PlaceSaid(name="KARANGKETUG", below="/RW02/RT03")),
        ("sebani 3/2", PlaceSaid(name="SEBANI", below="/RW02/RT03")),
        ("sebani RW04", PlaceSaid(name="SEBANI", below="/RW04")),
        ("sebani RT04", PlaceSaid(name="SEBANI")),
        ("kec. gadingrejo", PlaceSaid(name="GADINGREJO", kind="kecamatan")),
        ("kelurahan bugul kidul", PlaceSaid(name="BUGUL KIDUL", kind="kelurahan")),
    ],
)
def test_rt_and_rw_are_read_in_every_spelling(text: str, expected: PlaceSaid) -> None:
    """RT first when only numbers stand there, as addresses have it; an RT without its RW says nothing."""
    assert expected == place_said(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("karangketug", ["Karangketug"]),
        ("karang ketuk", ["Karangketug"]),
        ("krapyak rejo", ["Krapyakrejo"]),
        ("tambaan", ["Tamba'an"]),
        ("gadingrejo", ["Kec. Gadingrejo", "Kel. Gadingrejo"]),
        ("kel gadingrejo", ["Kel. Gadingrejo"]),
        ("kecamatan gadingrejo", ["Kec. Gadingrejo"]),
        ("gadingrejo 3/2", ["Kel. Gadingrejo"]),
        ("petanahan", ["Petahunan", "Petamanan"]),
        ("petamanan", ["Petamanan"]),
        ("bugul", ["Kec. Bugul Kidul", "Kel. Bugul Kidul", "Bugul Lor"]),
        ("surabaya", []),
        ("", []),
    ],
)
def test_a_place_is_found_or_asked_back_and_never_guessed_between_two(text: str, expected: list[str]) -> None:
    """Twins by kind, look-alikes by likeness; nothing that is not near."""
    assert expected == [place.printed for place in places_meant(place_said(text), PLACES)]


def test_every_place_is_found_by_its_own_printed_name() -> None:
    """Whatever the registry prints can be written back."""
    for place in PLACES:
        assert [place] == places_meant(place_said(place.printed), PLACES)


@given(text=st.text(max_size=400))
def test_no_text_breaks_the_reading(text: str) -> None:
    """Anything at all is one of the known things, and its place at most three."""
    word = asked(text)
    if isinstance(word, Join | AskState):
        assert len(places_meant(word.place, PLACES)) <= 3


@given(rw=st.text(max_size=4), rt=st.text(max_size=4))
def test_what_lies_below_a_kelurahan_is_a_code_or_nothing(rw: str, rt: str) -> None:
    """Numbers from 1 to 99, two digits each."""
    assert below(rw, rt) == "" or len(below(rw, rt)) in (5, 10)
