"""Settings that the environment gives, secrets that systemd hands over, and a sample with values of one's own."""

import tomllib
from pathlib import Path

import pytest

from deploy import secret_file
from deploy.sample_settings import SAMPLE, filled
from deploy.secret_file import OnlyForTheService
from deploy.settings import BadSettings, load


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "k.toml"
    path.write_text('[site]\nname = "Uji"\n[web]\nport = 8090\n')
    return path


def test_the_environment_stands_above_the_file_and_a_command_above_it(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers, truth, lists and texts are read as what they are."""
    monkeypatch.setenv("KENTONGAN_WEB__PORT", "8091")
    monkeypatch.setenv("KENTONGAN_BACKUP__HISTORY", "false")
    monkeypatch.setenv("KENTONGAN_BROKER__NAMES", '["a.example", "b.example"]')
    monkeypatch.setenv("KENTONGAN_SITE__SENDER", "BPBD UJI")
    settings = load(file)
    assert (8091, False) == (settings.web.port, settings.backup.history)
    assert (["a.example", "b.example"], "BPBD UJI") == (settings.broker.names, settings.site.sender)
    assert 8092 == load(file, overrides={"web.port": 8092}).web.port


def test_a_table_in_a_table_and_names_that_are_no_settings(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other variables of ours stay what they are."""
    monkeypatch.setenv("KENTONGAN_PYTHON", "python3")
    monkeypatch.setenv("KENTONGAN_CHANNELS__EMAIL__HOST", "mail.kota.example")
    monkeypatch.setenv("KENTONGAN_CHANNELS__EMAIL__SENDER", "peringatan@kota.example")
    email = load(file).channels.email
    assert email is not None
    assert ("mail.kota.example", "peringatan@kota.example") == (email.host, email.sender)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("KENTONGAN_WEB__PORTT", "1", "unknown field `portt`"),
        ("KENTONGAN_WEB__PORT", "many", "Expected `int`, got `str`"),
        ("KENTONGAN_SITE__NAME__FIRST", "x", "site.name is no table"),
    ],
)
def test_a_wrong_variable_is_named(
    file: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    """As a wrong line of the file is, with the variable's name."""
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings) as refused:
        load(file)
    assert (True, True) == (words in str(refused.value), name in str(refused.value))


def test_a_credential_of_systemd_is_the_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the service it is read from where systemd put it; elsewhere the sentence says who has it."""
    with pytest.raises(OnlyForTheService, match=r"LoadCredential=twilio.token:FILE"):
        secret_file.read(tmp_path / "credential:twilio.token", "channels.twilio.token_file")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "twilio.token").write_text("a-long-enough-secret\n")
    (tmp_path / "twilio.token").chmod(0o400)
    assert "a-long-enough-secret" == secret_file.read(
        tmp_path / "x/credential:twilio.token", "channels.twilio.token_file"
    )


def test_a_sample_with_values_of_ones_own() -> None:
    """Each stands in its own table, as a comment no more; the rest of the sample is untouched."""
    given = {
        "site.name": 'Kota "X" \\ Y',
        "web.port": "8999",
        "broker.names": '["a.example"]',
        "backup.folder": "/srv/backup",
        "backup.history": "false",
    }
    text = filled(given)
    document = tomllib.loads(text)
    assert ('Kota "X" \\ Y', 8999, ["a.example"]) == (
        document["site"]["name"],
        document["web"]["port"],
        document["broker"]["names"],
    )
    assert ("/srv/backup", False) == (document["backup"]["folder"], document["backup"]["history"])
    before, after = SAMPLE.read_text().splitlines(), text.splitlines()
    assert len(given) == sum(old != new for old, new in zip(before, after, strict=True))
    assert SAMPLE.read_text() == filled({})


@pytest.mark.parametrize("key", ["web.portt", "channels.twilio.sender", "site"])
def test_a_key_that_the_sample_has_no_line_for(key: str) -> None:
    """A table that the sample only shows as a comment would lie half in it."""
    with pytest.raises(BadSettings, match=f"--set {key}: the sample has no such line"):
        filled({key: "1"})
