"""Where to go, as somebody adds it to a public text: it stays one SMS, and the place is never cut in silence."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.episodes import Kind
from alerting.gsm7 import septets
from alerting.public_clauses import PublicText
from alerting.public_templates import Language
from alerting.public_texts import LIMIT, notice_text
from alerting.text_names import plain_name
from broker.levels import Level

AT = 1_764_070_800_000  # 2025-11-25 18:40 WIB
MINUTE = 60_000
PLACE = 40
WELANG = PublicText(
    kind="raised",
    level=Level.AWAS,
    areas=("Karangketug", "Randusari", "Gentong", "Sebani", "Petahunan", "Bukir"),
    at=AT,
    timezone="Asia/Jakarta",
    river="Welang",
    station_name="Welang Kraton",
    value_m=5.8,
    rate_m_per_h=0.45,
    eta_from=AT + 10 * MINUTE,
    eta_to=AT + 40 * MINUTE,
)


@pytest.mark.parametrize(
    ("areas", "expected"),
    [
        (
            ("Sebani",),
            (
                "BPBD: AWAS BANJIR S. Welang, 18:40. Air 5,8 m naik 45 cm/jam. Mengungsi sekarang. "
                "Tempat aman: Balai RW 3 Jl Gajah Mada, sebelum jam 19:30. Info 112"
            ),
        )
    ],
)
def test_the_place_takes_the_room_of_the_rest_and_not_of_what_to_do(areas: tuple[str, ...], expected: str) -> None:
    """Names and forecast go; value, advice and the number to call stay."""
    assert expected == notice_text(replace(WELANG, areas=areas, refuge="Balai RW 3 Jl Gajah Mada", refuge_by="19:30"))


def test_a_short_place_leaves_the_names_of_the_areas() -> None:
    """Without a forecast there is room for both."""
    text = notice_text(
        replace(WELANG, areas=("Karangketug", "Sebani"), eta_from=None, eta_to=None, refuge="Balai RW 3")
    )
    assert "Karangketug, Sebani: mengungsi sekarang. Tempat aman: Balai RW 3. Info 112" in text


@pytest.mark.parametrize(("language", "word"), [("id", "Tempat aman: Balai."), ("en", "Safe place: Balai.")])
def test_without_a_time_the_place_stands_alone(language: Language, word: str) -> None:
    """In each language with its own words."""
    assert word in notice_text(replace(WELANG, areas=("Sebani",), refuge="Balai", language=language))


@pytest.mark.parametrize("kind", ["lowered", "ended", "cancelled"])
def test_only_a_warning_says_where_to_go(kind: Kind) -> None:
    """Nobody is sent anywhere by an all-clear."""
    text = notice_text(replace(WELANG, kind=kind, level_before=Level.AWAS, refuge="Balai"))
    assert "Balai" not in text


@given(
    place=st.text("abcdefghijklmnop QRSTUVWXYZ0123456789'()&-", min_size=1, max_size=PLACE),
    areas=st.lists(st.text("abcdefghijklm ", min_size=1, max_size=30), min_size=1, max_size=12),
    language=st.sampled_from(["id", "en"]),
    time=st.sampled_from(["", "19:30"]),
)
def test_a_place_that_core_takes_is_always_in_the_one_sms(
    place: str, areas: list[str], language: Language, time: str
) -> None:
    """Whatever the names: at most 160 septets, with the whole place."""
    plain = plain_name(place)
    text = notice_text(replace(WELANG, areas=tuple(areas), language=language, refuge=place, refuge_by=time))
    assert septets(text) <= LIMIT
    assert plain in text
