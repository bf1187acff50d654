"""Personal data at rest: readable with the key only, found again by those who hold it, changed by nobody unnoticed."""

import pytest

from alerting.vault import NotOurs, Vault

KEY = bytes(range(32))


def test_what_is_sealed_can_be_opened_and_read_by_nobody_else() -> None:
    """The text comes back with the key; neither the sealed bytes nor another key give it away."""
    vault = Vault(KEY)
    sealed = vault.seal("+6281234567890")
    assert "+6281234567890" == vault.open(sealed)
    assert b"81234567890" not in sealed
    with pytest.raises(NotOurs):
        Vault(bytes(32)).open(sealed)


def test_the_same_text_is_sealed_otherwise_each_time() -> None:
    """Two equal numbers cannot be told to be equal from the journal."""
    vault = Vault(KEY)
    assert 100 == len({vault.seal("+6281234567890") for _ in range(100)})


@pytest.mark.parametrize("place", [0, 11, 12, 20, -1])
def test_a_changed_byte_is_noticed(place: int) -> None:
    """In the nonce, in the text and in the tag."""
    vault = Vault(KEY)
    sealed = bytearray(vault.seal("+6281234567890"))
    sealed[place] ^= 1
    with pytest.raises(NotOurs):
        vault.open(bytes(sealed))


@pytest.mark.parametrize("sealed", [b"", b"short", bytes(12)])
def test_what_was_never_sealed_is_refused(sealed: bytes) -> None:
    """A row that was cut short is no reason to fall over."""
    with pytest.raises(NotOurs):
        Vault(KEY).open(sealed)


def test_the_digest_finds_a_text_again_only_with_the_key() -> None:
    """It is the same each time, over restarts, and another under another key: numbers cannot be tried out."""
    assert Vault(KEY).digest("phone:+6281234567890") == Vault(KEY).digest("phone:+6281234567890")
    assert Vault(KEY).digest("phone:+6281234567890") != Vault(bytes(32)).digest("phone:+6281234567890")
    assert Vault(KEY).digest("phone:+6281234567890") != Vault(KEY).digest("phone:+6281234567891")


def test_a_key_of_another_length_is_refused() -> None:
    """A short key would be a weak one."""
    with pytest.raises(ValueError, match="32 bytes long, this one 16"):
        Vault(bytes(16))
