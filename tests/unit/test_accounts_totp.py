"""The second factor against the vectors of its standards."""

import pytest

from alerting import totp

SECRET = b"12345678901234567890"  # of both RFCs


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_vectors_of_rfc_6238(seconds: int, expected: str) -> None:
    """Appendix B, the rows of SHA-1, in eight digits."""
    assert expected == totp.code(SECRET, totp.step_of(seconds * 1000), digits=8)


def test_the_vectors_of_rfc_4226() -> None:
    """Appendix D, counters 0 to 9, in six digits."""
    expected = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
    assert expected == [totp.code(SECRET, step) for step in range(10)]


def test_a_code_holds_one_step_early_and_late_and_once() -> None:
    """A phone's clock may be off by a step; a code that was used, or one before it, is taken no more."""
    now_ms = 1_780_000_000_000
    step = totp.step_of(now_ms)
    for drift, expected in ((-2, None), (-1, step - 1), (0, step), (1, step + 1), (2, None)):
        said = totp.code(SECRET, step + drift)
        assert expected == totp.match(SECRET, said, now_ms=now_ms, after=0), drift
    assert None is totp.match(SECRET, totp.code(SECRET, step), now_ms=now_ms, after=step)
    assert None is totp.match(SECRET, totp.code(SECRET, step - 1), now_ms=now_ms, after=step)
    assert None is totp.match(SECRET, "\uff11\uff12\uff13\uff14\uff15\uff16", now_ms=now_ms, after=0)


def test_an_application_reads_the_address() -> None:
    """The secret in base32 without padding, names escaped; typed by hand it is the same secret."""
    expected = "otpauth://totp/Kentongan%3ABudi%20S?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Kentongan"
    assert expected == totp.address(SECRET, name="Budi S", issuer="Kentongan")
    assert SECRET == totp.secret_of("gezd gnbv gy3t qojq gezd gnbv gy3t qojq")
    with pytest.raises(ValueError, match="base32"):
        totp.secret_of("1!")
