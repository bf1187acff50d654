"""Guessing is slowed down, and whoever owns the account still gets in."""

from alerting.web.accounts.guesses import FREE, FREE_OF_NAME, LONGEST_MS, LONGEST_OF_NAME_MS, Guesses

HOUR = 3_600_000


def fail(guesses: Guesses, times: int, *, name: str = "sari", address: str = "a", device: str | None = None) -> None:
    for _ in range(times):
        guesses.wrong(name=name, address=address, device=device, now=0)


def wait(guesses: Guesses, *, name: str = "sari", address: str = "a", device: str | None = None, now: int = 0) -> int:
    return guesses.wait_ms(name=name, address=address, device=device, now=now)


def test_the_wait_grows_with_each_mistake_and_has_an_end() -> None:
    """The first mistakes are free; then it doubles up to a quarter of an hour, and is forgotten after an hour."""
    guesses = Guesses()
    waits = []
    for _ in range(FREE + 14):
        fail(guesses, 1)
        waits.append(wait(guesses))
    assert [0] * (FREE - 1) == waits[: FREE - 1]
    assert [1000, 2000, 4000, 8000] == waits[FREE - 1 : FREE + 3]
    assert LONGEST_MS == waits[-1]
    assert 0 == wait(guesses, now=LONGEST_MS)
    guesses.wrong(name="sari", address="a", device=None, now=2 * HOUR)
    assert 0 == wait(guesses, now=2 * HOUR)


def test_strangers_do_not_hold_up_the_owners_browser() -> None:
    """However many addresses guess: a browser that was there before waits for its own mistakes alone."""
    guesses = Guesses()
    for number in range(200):
        fail(guesses, 6, address=f"a{number}")
    assert 0 == wait(guesses, device="hers", address="a1")
    assert LONGEST_OF_NAME_MS == wait(guesses, address="elsewhere")
    fail(guesses, FREE + 2, device="hers")
    assert 4000 == wait(guesses, device="hers")


def test_an_address_that_tries_many_names_has_to_wait() -> None:
    """Also when each name is tried once; another address is served."""
    guesses = Guesses()
    for number in range(40):
        fail(guesses, 1, name=f"n{number}")
    assert LONGEST_MS == wait(guesses, name="new")
    assert 0 == wait(guesses, name="new", address="b")


def test_a_right_password_forgives_ones_own_mistakes_alone() -> None:
    """Those of other addresses at the same name still count."""
    guesses = Guesses()
    fail(guesses, FREE + 1)
    fail(guesses, FREE_OF_NAME, address="stranger")
    guesses.right(name="sari", address="a", device=None)
    assert 0 < wait(guesses, address="a")  # for the name, from a browser that is not known
    assert LONGEST_OF_NAME_MS >= wait(guesses, address="a")
    assert LONGEST_OF_NAME_MS < wait(guesses, address="stranger")


def test_codes_of_one_name_are_slowed_down_wherever_they_come_from() -> None:
    """Whoever knows the password has a million codes left to try, and gets four an hour and name."""
    guesses = Guesses()
    for number in range(40):
        guesses.wrong(name="budi", address=f"a{number}", device=None, is_code=True, now=0)
    assert LONGEST_MS == guesses.wait_ms(name="budi", address="new", device=None, is_code=True, now=0)
    assert 0 == wait(guesses, name="budi", address="new")


def test_all_strangers_together_have_a_budget() -> None:
    """It comes back with time; the owner's browser needs none of it."""
    guesses = Guesses()
    taken = [guesses.take_place(device=None, now=1000) for _ in range(50)]
    assert 30 == sum(taken)
    assert guesses.take_place(device="hers", now=1000)
    assert [True, True, False] == [guesses.take_place(device=None, now=2000) for _ in range(3)]


def test_what_is_kept_is_bounded() -> None:
    """A million names take no more memory than ten thousand."""
    guesses = Guesses()
    for number in range(5_000):
        fail(guesses, 1, name=f"n{number}", address=f"a{number}")
    assert 10_000 == len(guesses._records)
