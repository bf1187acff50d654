"""Wrong settings of the ways out are one sentence that names the key, and secrets never stand in it."""

from pathlib import Path

import pytest

from alerting.channels.gammu_config import Line, write
from alerting.channels.gammu_modem import Modem
from broker.clock import Clock
from deploy.channels.assembly import channels_of, write_modem_configs
from deploy.settings import BadSettings, load
from deploy.state_folder import StateFolder

SITE = '[site]\nname = "Uji"\nstate_dir = "state"\n'
TWILIO = '[channels.twilio]\naccount_sid = "AC' + "e" * 32 + '"\ntoken_file = "twilio.token"\nsender = "+15005550006"\n'
MODEM = '[[channels.modems]]\nname = "m1"\ndevice = "dummy"\n'
EMAIL = '[channels.email]\nhost = "mail.kota.example"\nsender = "a@kota.example"\n'
TOKEN = "t" * 32


def file(folder: Path, channels: str) -> Path:
    path = folder / "kentongan.toml"
    path.write_text(SITE + channels)
    for name in ("twilio.token", "telegram.token", "email.password"):
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(TOKEN)
    return path


@pytest.mark.parametrize(
    ("channels", "key"),
    [
        (MODEM + MODEM, "two are named 'm1'"),
        (MODEM.replace("dummy", "ttyUSB0"), r"channels.modems \(m1\): device"),
        (MODEM.replace('"m1"', '"M 1"'), r"channels.modems"),
        (MODEM + "rate_per_minute = 0\n", "rate_per_minute"),
        (MODEM + 'credit_code = "888"\n', "credit_code: write the operator's code"),
        (MODEM + 'baud = "115200"\n', "baud"),
        (TWILIO + 'public_url = "http://kota.example"\n', "channels.twilio.public_url"),
        (TWILIO + 'public_url = "https://kota.example/?a=1"\n', "channels.twilio.public_url"),
        (TWILIO + "messages_per_s = 0\n", "messages_per_s"),
        (EMAIL + 'security = "none"\n', "channels.email.security"),
        (EMAIL + 'security = "ssl3"\n', "security"),
        (EMAIL + 'username = "a"\n', "username and password_file go together"),
        (EMAIL.replace("a@kota.example", "a, b"), "channels.email.sender"),
    ],
)
def test_what_cannot_work_is_named_with_its_key(tmp_path: Path, channels: str, key: str) -> None:
    """Before anything starts."""
    with pytest.raises(BadSettings, match=key):
        load(file(tmp_path, channels))


def test_every_channel_is_opened_in_the_order_in_which_a_message_is_tried(tmp_path: Path) -> None:
    """SMS first, then what needs data on the phone."""
    channels = (
        "[channels]\nwebhook = true\ndemo = true\n"
        + TWILIO
        + '[channels.telegram]\ntoken_file = "telegram.token"\n'
        + EMAIL
        + 'username = "a"\npassword_file = "email.password"\n'
        + MODEM
    )
    settings, state = load(file(tmp_path, channels)), StateFolder(tmp_path / "state")
    state.prepare()
    opened = channels_of(settings, state, Clock(), base=tmp_path)
    order = ["twilio", "modem", "telegram", "email", "webhook", "demo"]
    assert order == list(opened) == settings.channels.names()
    kinds = ["phone", "phone", "telegram", "email", "url", "phone"]
    assert kinds == [channel.takes for channel in opened.values()]
    assert TOKEN not in repr(opened)
    for channel in opened.values():
        channel.close()


@pytest.mark.parametrize("channels", [TWILIO, MODEM, EMAIL, "[channels]\nwebhook = true\n"])
def test_a_real_channel_refuses_a_scaled_clock(tmp_path: Path, channels: str) -> None:
    """A demonstration at sixty times the speed reaches nobody."""
    settings = load(file(tmp_path, channels))
    with pytest.raises(BadSettings, match="scaled clock"):
        channels_of(settings, StateFolder(tmp_path), Clock.parse("60@0"), base=tmp_path)


def test_a_secret_that_others_can_read_is_refused_without_being_said(tmp_path: Path) -> None:
    """The remedy stands in the sentence."""
    settings = load(file(tmp_path, TWILIO))
    (tmp_path / "twilio.token").chmod(0o644)
    with pytest.raises(BadSettings, match="chmod 600") as refused:
        channels_of(settings, StateFolder(tmp_path), Clock(), base=tmp_path)
    assert TOKEN not in str(refused.value)


def test_a_pin_is_digits(tmp_path: Path) -> None:
    """Three wrong tries lock a SIM card."""
    settings = load(file(tmp_path, MODEM + 'pin_file = "twilio.token"\n'))
    with pytest.raises(BadSettings, match="digits of the PIN"):
        write_modem_configs(settings, StateFolder(tmp_path / "state"), base=tmp_path)


def test_the_configuration_of_a_modem_says_what_was_set(tmp_path: Path) -> None:
    """Validity in SMSC's own steps, the PIN, reports, and a file that is its owner's alone."""
    modem = Modem(name="m1", folder=tmp_path / "m1", with_reports=False)
    write(modem, Line(device="/dev/ttyUSB0", pin="1234", validity_minutes=15))
    lines = modem.config.read_text().splitlines()
    assert {"device = /dev/ttyUSB0", "pin = 1234", "deliveryreport = no", "relativevalidity = 2"} <= set(lines)
    assert 0o600 == modem.config.stat().st_mode & 0o777


@pytest.mark.parametrize("device", ["/dev/tty#1", "/dev/tty\nlogfile = /etc/x", '/dev/"x"'])
def test_a_path_that_would_end_a_line_of_the_configuration_is_refused(tmp_path: Path, device: str) -> None:
    """Nothing of a setting becomes another setting of SMSD."""
    with pytest.raises(ValueError, match=r"smsd\.conf cannot hold"):
        write(Modem(name="m1", folder=tmp_path / "m1"), Line(device=device))
