"""Phone numbers as people write them: every spelling of one number is that number, and what gets no SMS is refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.phone_numbers import WORDS, BadNumber, is_normal, normalise

NUMBER = "+6281234567890"


@pytest.mark.parametrize(
    "text",
    [
        "081234567890",
        "6281234567890",
        "+6281234567890",
        "+62 812-3456-7890",
        "+62 (0) 812 3456 7890",
        "+62 0812 3456 7890",
        "006281234567890",
        "81234567890",
        "0812.3456.7890",
        "0812\u20133456\u20137890",
        "\u202a0812\u00a03456\u00a07890\u202c",
        "'081234567890",
        "tel:+6281234567890",
        "\uff10\uff18\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff10",
        " 0812 3456 7890 ",
    ],
)
def test_every_spelling_is_the_same_number(text: str) -> None:
    """Zero, country code, spaces, dashes, what spreadsheets and telephones put around it."""
    assert NUMBER == normalise(text)


def test_a_leading_62_is_the_country() -> None:
    """phonenumbers takes 62812345678 for a valid fixed line of area 62; it is a mobile without its plus."""
    assert "+62812345678" == normalise("62812345678")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("+", "empty"),
        ("abc", "letters"),
        ("08I234567890", "letters"),
        ("0812 3456 7890 / 0813 1111 2222", "letters"),
        ("8,12346E+11", "rounded"),
        ("8.12346E11", "rounded"),
        ("0343 421234", "landline"),
        ("+62343421234", "landline"),
        ("62343421234", "landline"),
        ("021 5551234", "landline"),
        ("0809 123 4567", "premium"),
        ("0804 123 4567", "premium"),
        ("0800 123 456", "premium"),
        ("+65 9123 4567", "foreign"),
        ("+1 415 555 2671", "foreign"),
        ("0060123456789", "foreign"),
        ("0812345", "short"),
        ("08123456789012345", "long"),
        ("0812345678901234", "long"),
        ("112", "unknown"),
        ("14021", "unknown"),
        ("0845123456789", "unknown"),
    ],
)
def test_what_gets_no_sms_is_refused_with_what_to_do(text: str, why: str) -> None:
    """In both languages, and without repeating the number."""
    with pytest.raises(BadNumber) as caught:
        normalise(text)
    assert why == caught.value.why
    for sentence in (str(caught.value), caught.value.indonesian):
        assert sentence
        assert not re.search(r"\d{5}", sentence)


def test_every_reason_has_words_in_both_languages() -> None:
    """And they differ from each other."""
    assert len(WORDS) == len({english for english, _ in WORDS.values()}) == len({words for _, words in WORDS.values()})


@given(st.from_regex(r"8[1-35-9][0-9]{7,10}", fullmatch=True))
def test_normalising_twice_is_normalising_once(national: str) -> None:
    """Every Indonesian mobile number, in each of its spellings, comes out the same."""
    number = f"+62{national}"
    assert {number} == {normalise(spelt) for spelt in (number, f"0{national}", f"62{national}", national)}
    assert is_normal(number)


@given(st.text(max_size=24))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    """Nothing that people or programs send makes it fall over, and what comes out is a mobile number."""
    try:
        number = normalise(text)
    except BadNumber:
        return
    assert is_normal(number)
