"""Grouping: at most five items an hour for an officer, what goes up aside; the rest in one digest."""

import pytest

from alerting.grouping import HOUR_MS, NOTHING, Item, digest_at, digest_text, digested, gathered, is_full, told
from alerting.gsm7 import septets


def item(alert: str = "a", version: int = 1, line: str = "Welang Kraton turun ke WASPADA 18:40") -> Item:
    return Item(alert, version, 0, line)


def test_the_sixth_item_of_an_hour_waits_until_the_first_is_an_hour_old() -> None:
    """And what comes after it waits behind it."""
    load = NOTHING
    for minute in range(5):
        assert not is_full(load, 5, minute * 60_000)
        load = told(load, f"a{minute}", minute * 60_000)
    assert is_full(load, 5, 5 * 60_000)
    load = gathered(load, item("b"))
    assert HOUR_MS == digest_at(load, 5)
    assert is_full(load, 5, HOUR_MS)
    load = digested(load, HOUR_MS)
    assert ((), None) == (load.waiting, digest_at(load, 5))


def test_of_one_alert_only_the_last_word_waits() -> None:
    """And none when the officer is told of it by itself meanwhile, because it went up."""
    load = gathered(gathered(NOTHING, item("a", 1)), item("a", 2))
    assert [2] == [each.version for each in load.waiting]
    assert () == told(load, "a", 0).waiting


@pytest.mark.parametrize("count", [1, 3, 40])
def test_a_digest_is_one_part_and_loses_nothing_silently(count: int) -> None:
    """What has no place is counted."""
    items = tuple(item(f"a{n}", line=f"Stasiun {n} turun ke WASPADA 18:40") for n in range(count))
    text = digest_text("BPBD KOTA PASURUAN", items)
    assert septets(text) <= 160
    assert f"RINGKASAN {count} kabar" in text
    assert text.count("Stasiun") == count or "lagi, lihat layar" in text
    assert f"Stasiun {count - 1} " in text


def test_a_digest_of_names_outside_the_alphabet_is_still_an_sms() -> None:
    """An emoji or a mark in a station's name makes no second part."""
    text = digest_text("BPBD", (item(line="Kali ~[Petung]~ 🌊 é turun ke WASPADA 18:40"),))
    assert septets(text) <= 160
