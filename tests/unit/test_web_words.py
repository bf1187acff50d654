"""Numbers, times and words as the page prints them."""

import pytest

from alerting.web import words
from broker.levels import State

NOW = 1_764_000_000_000  # 24 Nov 2025, 23:00:00 WIB


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (-5_000, "baru saja"),
        (0, "baru saja"),
        (42_999, "42 detik lalu"),
        (60_000, "1 menit lalu"),
        (3_599_999, "59 menit lalu"),
        (3_600_000, "1 jam lalu"),
        (2 * 3_600_000 + 300_000, "2 jam 5 menit lalu"),
        (26 * 3_600_000, "1 hari 2 jam lalu"),
    ],
)
def test_an_age_has_at_most_two_units(ms: int, said: str) -> None:
    """Ages read as people say them."""
    assert said == words.age(ms)


def test_numbers_have_a_decimal_comma_and_a_real_minus() -> None:
    """A level below zero is not read as a dash."""
    assert ["5,80", "\N{MINUS SIGN}0,25", "12"] == [
        words.number(5.8, 2),
        words.number(-0.25, 2),
        words.number(12.4, 0),
    ]


def test_moments_are_wib_and_name_the_day_when_it_is_not_today() -> None:
    """UTC+7, and yesterday's evening is not mistaken for today's."""
    assert ("23:00:00 WIB", "23 Nov 23:00:00 WIB", "25 Nov 00:30 WIB") == (
        words.moment(NOW, NOW),
        words.moment(NOW - words.DAY_MS, NOW),
        words.minute(NOW + 90 * words.MINUTE_MS, NOW),
    )


def test_every_state_has_its_own_mark() -> None:
    """No two states look alike, and none of the wire's states is unknown to the page."""
    assert len(State) == len({words.mark_of(state.value) for state in State})


def test_an_unknown_state_is_never_drawn_as_normal() -> None:
    """A newer core's state is shown as missing knowledge."""
    assert "nodata" == words.mark_of("SESUATU")


@pytest.mark.parametrize(
    ("rate", "said"), [(0.45, "naik 45 cm/jam"), (-0.03, "turun 3 cm/jam"), (0.004, "tetap"), (-0.004, "tetap")]
)
def test_a_rate_is_said_in_centimetres_an_hour(rate: float, said: str) -> None:
    """Under half a centimetre an hour the water stands."""
    assert said == words.rate(rate)


@pytest.mark.parametrize(("ms", "said"), [(0.84, "0,8 ms"), (412.4, "412 ms"), (1240.0, "1,2 detik")])
def test_a_latency_keeps_two_significant_figures(ms: float, said: str) -> None:
    """Real milliseconds, and seconds beyond a thousand."""
    assert said == words.latency(ms)


def test_a_value_in_another_unit_is_converted() -> None:
    """A battery is stored in millivolts and read in volts; a missing value is a dash, not a zero."""
    assert ("3,91", "\N{EN DASH}") == (words.measured("battery_mv", 3910), words.measured("level_m", None))


@pytest.mark.parametrize(
    ("ms", "said"),
    [(-1, "sekarang"), (0, "sekarang"), (1, "00:01 lagi"), (480_000, "08:00 lagi"), (7_500_000, "2 jam 5 menit lagi")],
)
def test_a_countdown_never_says_less_than_is_left(ms: int, said: str) -> None:
    """Seconds are rounded up; what is over is now."""
    assert said == words.countdown(ms)


@pytest.mark.parametrize("quantity", ["lid_open", "tilted", "siren_on"])
def test_a_switch_is_said_in_words(quantity: str) -> None:
    """Nobody reads 1 as an open lid."""
    assert ("ya", "tidak") == (words.measured(quantity, 1.0), words.measured(quantity, 0.0))
    assert quantity != words.quantity_of(quantity).name
