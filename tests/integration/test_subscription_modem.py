"""A resident writes to a modem and is answered by it: the real core and the real gammu-smsd, over an emulated phone."""

from collections.abc import Iterator

import pytest

from tests.emulators.gsm_phone import GsmPhone, deliver_pdu
from tests.installation import Installation, eventually

CHANNELS = '[[channels.modems]]\nname = "m1"\ndevice = "dummy"\nrate_per_minute = 60\n'
RESIDENT = "+6281234567801"


@pytest.fixture
def place() -> Iterator[Installation]:
    with Installation(channels=CHANNELS, officers=0, more="[subscription]\nenabled = true\n") as installation:
        installation.start_broker()
        yield installation


def _write(phone: GsmPhone, text: str) -> None:
    with phone.incoming.open("a") as file:
        file.write(deliver_pdu(RESIDENT, text) + "\n")


def _answers(place: Installation) -> list[tuple[str, str]]:
    return [(state, body) for state, body in place.rows("SELECT state, body FROM outbox ORDER BY id")]


def test_a_resident_joins_and_leaves_by_sms(place: Installation) -> None:
    """Each SMS is answered once, by the same modem; what came while core was down is taken when it is back."""
    with GsmPhone(place.state.modems) as phone:
        place.start_core()
        _write(phone, "Daftar karangketug rt 02/rw 03")
        eventually(lambda: phone.numbers() == [RESIDENT], "the answer")
        assert [("given", "35.75.01.1001/RW03/RT02")] == place.rows("SELECT consent, areas FROM recipients")
        place.kill("core")
        _write(phone, "BERHENTI")
        eventually(lambda: list(phone.modem.inbox.iterdir()), "the SMS on disk")
        place.start_core()
        eventually(lambda: phone.numbers() == [RESIDENT] * 2, "the second answer")
        assert [("left",)] == place.rows("SELECT consent FROM recipients")
        eventually(lambda: ["accepted"] * 2 == [state for state, _ in _answers(place)], "both settled")
        joined, left = (body for _, body in _answers(place))
        assert "Anda terdaftar untuk peringatan Karangketug RW03 RT02" in joined
        assert "tidak menerima peringatan lagi" in left
