"""Reasons in the audit log: readable, and without the numbers that people write into them."""

import pytest

from deploy.recipients.reason import kept, says_why


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        ("telepon dari 0812-3456-7890, pindah", "telepon dari +62********890, pindah"),
        ("+62 812 3456 7890", "+62********890"),
        ("(6281234567890)", "(+62********890)"),
        ("formulir 12 November 2026", "formulir 12 November 2026"),
        ("SK 188.45/2026-11-22 10:15:00", "SK 188.45/2026-11-22 10:15:00"),
        ("baris\ndua\x1b[2J\u202e", "baris dua [2J"),
        ("x" * 300, "x" * 200),
        ("  ", ""),
    ],
)
def test_what_is_kept_of_a_reason(said: str, stands: str) -> None:
    """Numbers masked, dates and decrees as they are, nothing that moves a terminal's cursor."""
    assert stands == kept(said)


@pytest.mark.parametrize(
    ("said", "is_enough"),
    [
        ("nomor mati, dicek lewat RW", True),
        ("salah nomor?", True),
        ("x", False),
        ("perlu", False),
        ("perlu perlu perlu", False),
        (". . . . . . . . . .", False),
        ("a b c d e f g h i j", False),
        ("0812 3456 7890", False),
        ("ya ok", False),
    ],
)
def test_a_reason_is_a_few_words(said: str, is_enough: bool) -> None:
    """One letter, one word again and again, or a number alone tells nobody anything later."""
    assert is_enough is says_why(said)
