"""kentongan channel, as an officer types it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators.gsm_phone import GsmPhone
from tests.installation import Installation

MODEM = '[channels]\ndemo = true\n[[channels.modems]]\nname = "m1"\ndevice = "dummy"\nrate_per_minute = 60\n'


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    with Installation(channels=MODEM) as made:
        yield made


def kentongan(installation: Installation, *words: str) -> tuple[int, str]:
    command = Path(sys.executable).with_name("kentongan")
    done = subprocess.run(
        [command, "channel", *words, "--settings", str(installation.toml)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_trial_message_is_labelled_audited_and_its_true_state_printed(installation: Installation) -> None:
    """It goes the real way; number and text are nowhere in the audit."""
    with GsmPhone(installation.state.modems) as phone:
        code, said = kentongan(
            installation, "test", "modem", "--to", "0812-3456-7890", "--by", "Sari 🌊", "--wait", "0"
        )
        (sent,) = phone.sent()
    assert 0 == code, said
    assert "modem -> +62********890: diterima penyedia, belum tentu sampai" in said
    assert "+6281234567890" == sent["number"]
    audit = repr(installation.rows("SELECT * FROM audit WHERE action = 'channel tested'"))
    assert "Sari" in audit
    assert "81234567890" not in audit


def test_a_trial_message_says_that_it_is_one(installation: Installation) -> None:
    """Nobody runs because of it."""
    code, said = kentongan(installation, "test", "demo", "--to", "081234567890", "--by", "Sari", "--wait", "0")
    assert 0 == code, said
    body = installation.demo_messages()[-1]["body"]
    assert re.fullmatch(r"UJI COBA BPBD KOTA PASURUAN \d\d:\d\d: bukan peringatan, abaikan\. \(Sari\)", body)


def test_a_modem_that_does_not_run_is_said_so(installation: Installation) -> None:
    """By probe, test and list, each with an exit code or a sentence."""
    code, said = kentongan(installation, "probe")
    assert (1, True) == (code, "Tidak ada modem SMS yang jalan (m1)" in said)
    code, said = kentongan(installation, "test", "modem", "--to", "081234567890", "--by", "Sari", "--wait", "0")
    assert (1, True) == (code, "belum terkirim: Tidak ada modem" in said)
    code, said = kentongan(installation, "list")
    assert (0, True) == (code, "modem m1: mati" in said)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("test", "twilio", "--to", "081234567890", "--by", "Sari"), "channel 'twilio' is not configured"),
        (("test", "demo", "--to", "0343421234", "--by", "Sari"), "fixed line"),
        (("test", "demo", "--to", "+14155550123", "--by", "Sari"), "--to"),
    ],
)
def test_what_cannot_be_tried_is_one_sentence(
    installation: Installation, words: tuple[str, ...], sentence: str
) -> None:
    """And nothing is sent."""
    before = len(installation.demo_messages())
    code, said = kentongan(installation, *words)
    assert (2, 1, True) == (code, len(said.splitlines()), sentence in said)
    assert before == len(installation.demo_messages())


def test_the_configuration_of_a_modem_is_written_and_its_place_told(installation: Installation) -> None:
    """For whoever starts SMSD by systemd."""
    code, said = kentongan(installation, "gammu-config")
    assert (0, True) == (code, str(installation.state.modems / "m1" / "start.sh") in said)
    assert (installation.state.modems / "m1" / "smsd.conf").is_file()
