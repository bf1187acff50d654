"""Numbers as Indonesian words, for whoever reads aloud. Pure."""

from typing import Final

_ONES: Final = ("nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan")
_GROUPS: Final = ((1_000_000, "juta"), (1000, "ribu"), (100, "ratus"), (10, "puluh"))


def spoken_number(number: int) -> str:
    """``seratus dua puluh tiga`` for 123; from 0 to below a thousand million, ValueError beyond."""
    if not 0 <= number < 1_000_000_000:
        raise ValueError(f"{number} has no words here; 0 to 999999999 has")
    if number < 10:
        return _ONES[number]
    if number in (10, 11):
        return "sepuluh" if number == 10 else "sebelas"
    if number < 20:
        return f"{_ONES[number - 10]} belas"
    size, name = next(group for group in _GROUPS if number >= group[0])
    count, rest = divmod(number, size)
    is_one = count == 1 and size != 1_000_000
    opening = f"se{name}" if is_one else f"{spoken_number(count)} {name}"
    return f"{opening} {spoken_number(rest)}" if rest else opening


def spoken_decimal(value: float) -> str:
    """With one decimal: ``lima koma delapan`` for 5.8, ``lima`` for 5.0, ``minus nol koma tiga`` for -0.3."""
    tenths = round(abs(value) * 10)
    whole, tenth = divmod(tenths, 10)
    sign = "minus " if value < 0 and tenths else ""
    return f"{sign}{spoken_number(whole)}{f' koma {_ONES[tenth]}' if tenth else ''}"


def spoken_digits(number: str) -> str:
    """Digit by digit, as telephone numbers are read: ``satu satu dua``."""
    return " ".join(_ONES[int(digit)] for digit in number if digit in "0123456789")
