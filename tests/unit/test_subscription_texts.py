"""What a number is answered, word by word."""

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.public_clauses import PublicText
from alerting.public_templates import Language
from alerting.public_texts import length
from alerting.state_text import PlaceStands, state_forms
from alerting.subscription_texts import Replies, Reply
from broker.levels import Level

REPLIES = Replies(sender="BPBD KOTA PASURUAN", is_drill=False)
AT = 1_764_070_800_000  # 2025-11-25 18:40 WIB
PUBLIC = PublicText(
    kind="lowered",
    level=Level.SIAGA,
    areas=(),
    at=AT,
    timezone="Asia/Jakarta",
    river="Welang",
    station_name="Welang Kraton",
    value_m=4.5,
    rate_m_per_h=0.45,
    observed_at=AT - 60_000,
)
STANDS = PlaceStands(
    place="Karangketug", language="id", timezone="Asia/Jakarta", level=Level.SIAGA, since=AT, public=PUBLIC
)

names = st.text(max_size=60) | st.sampled_from(["Siaga 1", "https://x.example", "a\r\nb", "{code}", "\u202eabc", "🌊"])


@given(
    reply=st.sampled_from(get_args(Reply)),
    language=st.sampled_from(get_args(Language)),
    sender=names,
    place=names,
    places=st.lists(names, max_size=3),
    alert=names,
    is_drill=st.booleans(),
)
def test_every_answer_is_one_part_of_plain_words(  # noqa: PLR0917 - one strategy each
    reply: Reply, language: Language, sender: str, place: str, places: list[str], alert: str, is_drill: bool
) -> None:
    """Whatever the names; LATIHAN in front in drills."""
    replies = Replies(sender=sender, is_drill=is_drill)
    text = replies.text(reply, language, code="012345", place=place, places=places, alert=alert)
    assert (1, True) == (length(text).parts, text.isprintable())
    assert is_drill == text.startswith("LATIHAN")
    assert ("012345" in text) == reply.startswith("code")


@pytest.mark.parametrize(
    ("stands", "expected"),
    [
        (
            STANDS,
            "Karangketug: SIAGA banjir sejak 18:40. S. Welang di Kraton: Air 4,5 m naik 45 cm/jam (18:39). Info 112",
        ),
        (
            replace(STANDS, is_silent=True),
            (
                "Karangketug: sedikitnya SIAGA banjir sejak 18:40, alat tidak mengirim data. "
                "S. Welang di Kraton: Air 4,5 m naik 45 cm/jam (18:39). Info 112"
            ),
        ),
        (
            replace(STANDS, level=Level.NORMAL, is_silent=True),
            (
                "Karangketug: TIDAK ADA DATA, bukan tanda aman. "
                "S. Welang di Kraton: Air 4,5 m naik 45 cm/jam (18:39). Info 112"
            ),
        ),
        (
            replace(STANDS, level=Level.NORMAL, is_set=False, public=replace(PUBLIC, value_m=None)),
            "Karangketug: ambang belum ditetapkan. Info 112",
        ),
        (replace(STANDS, place="", public=None), "wilayah Anda: belum ada alat pantau air di sini. Info 112"),
        (
            replace(STANDS, level=Level.NORMAL, language="en", public=replace(PUBLIC, language="en")),
            "Karangketug: no flood warning. Welang River at Kraton: Water 4.5 m, up 45 cm/h (18:39). Info 112",
        ),
    ],
)
def test_info_says_how_a_place_stands(stands: PlaceStands, expected: str) -> None:
    """Level, since when, value, trend and the value's time; silence is never safety."""
    assert expected == state_forms(stands)[0]


@given(
    place=names,
    station=names,
    river=st.none() | names,
    value=st.none() | st.floats(),
    language=st.sampled_from(get_args(Language)),
)
def test_info_always_fits(place: str, station: str, river: str | None, value: float | None, language: Language) -> None:
    """The full form, or a shorter one, or our own words alone."""
    public = replace(PUBLIC, station_name=station, river=river, value_m=value, language=language)
    text = REPLIES.first(state_forms(replace(STANDS, place=place, public=public, language=language)), language)
    assert (1, True) == (length(text).parts, "SIAGA" in text)
