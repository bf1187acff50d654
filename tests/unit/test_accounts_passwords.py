"""Passwords: what is refused, and that what is kept tells the right one from a wrong one."""

import time

import pytest

from alerting import passwords
from alerting.passwords import WeakPassword
from alerting.users import BadName, checked_name, key_of


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("pendek123", "terlalu pendek"),
        ("x" * 129, "terlalu panjang"),
        ("ini SARI banget", "memuat nama"),
        ("Kentongan123", "mudah ditebak"),
        ("abababababab", "mudah ditebak"),
    ],
)
def test_a_weak_password_is_refused_with_a_reason(password: str, said: str) -> None:
    """One sentence each, for whoever chose it."""
    with pytest.raises(WeakPassword, match=said):
        passwords.check(password, name="Sari")


def test_a_password_is_kept_by_argon2id_and_told_from_others() -> None:
    """With the parameters that are written beside it; the same letters composed otherwise are the same password."""
    chosen = "kuda hijau é pagi"
    passwords.check(chosen, name="Sari")
    kept = passwords.keep(chosen)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert kept != passwords.keep(chosen)
    assert passwords.is_it(chosen, kept)
    assert passwords.is_it("kuda hijau e\u0301 pagi", kept)
    assert not passwords.is_it("kuda hijau é pagi ", kept)
    assert not passwords.is_it(chosen, "")


def test_a_drawn_password_is_random_and_easy_to_read_aloud() -> None:
    """Sixteen letters and digits in fours, taken with or without the dashes, in capitals too."""
    drawn = passwords.drawn()
    kept = passwords.keep_drawn(drawn)
    assert [4, 4, 4, 4] == [len(part) for part in drawn.split("-")]
    assert drawn != passwords.drawn()
    assert drawn not in kept
    assert passwords.is_it(drawn, kept)
    assert passwords.is_it(drawn.upper().replace("-", " "), kept)
    assert not passwords.is_it(passwords.drawn(), kept)


def test_nobody_takes_as_long_as_somebody() -> None:
    """An unknown name, a one-time password and a chosen one all cost one Argon2id."""
    kinds = {"nobody": "", "drawn": passwords.keep_drawn("x"), "chosen": passwords.keep("kuda hijau lari")}
    took: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(3):
        for name, kept in kinds.items():
            began = time.thread_time()
            passwords.is_it("tebakan saja", kept)
            took[name].append(time.thread_time() - began)
    least = {name: min(times) for name, times in took.items()}
    assert max(least.values()) < 3 * min(least.values()), least


@pytest.mark.parametrize("name", ["", "A", "x" * 41, "<b>Sari", "-Sari", "Sari\nadmin"[:5] + "\u202e"])
def test_a_name_that_cannot_be_read_is_refused(name: str) -> None:
    """It stands in messages, in the audit log and on every page."""
    with pytest.raises(BadName):
        checked_name(name)


def test_a_name_is_found_however_it_is_written() -> None:
    """Capitals and spaces do not matter."""
    assert "Sari Wulan" == checked_name("  Sari   Wulan ")
    assert key_of("sari wulan") == key_of(" SARI  Wulan")
