"""kentongan watch as a person types it: made, checked, tried, listed and retired; each wrong input in one sentence."""

import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker import certificates
from deploy import cli
from deploy.watch.heard import Heard
from deploy.watch.link import WatchLink
from deploy.watch.settings import load
from tests.emulators.web_receiver import WebReceiver
from tests.installation import Installation, eventually

NAMES = ("watch.toml", "password", "order.key", "ca.pem")
KEEPER = '\n[[keepers]]\nname = "Petugas TI"\nchannel = "webhook"\nto = "{to}"\n'


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    with Installation() as made:  # core does not run: commands stand in for it
        yield made


@pytest.fixture(scope="module")
def folder(installation: Installation) -> Path:
    """A watch's, as ``kentongan watch new`` wrote it."""
    made = installation.root / "pengawas"
    words = ["--out", str(made), "--host", "broker.kota.example", "--keeper", "Petugas 1"]
    assert 0 == cli.main(["watch", "new", "pengawas", *words, "--settings", str(installation.toml)])
    return made


def said(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    """Exit code, and all that was printed."""
    capsys.readouterr()
    code = cli.main([str(word) for word in words])
    shown = capsys.readouterr()
    return code, shown.out + shown.err


def edited(folder: Path, name: str, text: str, *changes: tuple[str, str]) -> Path:
    """Another settings file beside the first, with ``text`` behind it."""
    content = (folder / "watch.toml").read_text().replace("webhook = false", "webhook = true")
    for before, after in changes:
        assert before in content
        content = content.replace(before, after)
    path = folder / name
    path.write_text(content + text)
    return path


def test_a_new_watch_is_a_folder_with_its_secrets_apart(folder: Path, installation: Installation) -> None:
    """Everything that its host needs, for its owner alone; the settings name no secret."""
    modes = {name: stat.S_IMODE((folder / name).stat().st_mode) for name in NAMES}
    assert dict.fromkeys(NAMES, 0o600) == modes
    text = (folder / "watch.toml").read_text()
    assert 'host = "broker.kota.example"' in text
    assert f"port = {installation.settings.broker.tls_port}" in text
    assert (folder / "password").read_text().strip() not in text


def test_a_watch_is_checked_and_tried_by_hand(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its keepers are shown masked; the trial message says what it is."""
    with WebReceiver() as web:
        path = edited(folder, "baik.toml", KEEPER.format(to=f"{web.url}/rahasia"))
        code, shown = said(capsys, "watch", "check", path, "--online")
        assert (0, False) == (code, "rahasia" in shown)
        assert "Petugas TI: webhook 127.0.0.1/" in shown
        assert [] == web.received
        code, shown = said(capsys, "watch", "test", path)
        assert (0, True) == (code, "diterima penyedia" in shown)
        assert "UJI COBA pengawas pengawas" in web.received[0][1]["message"]
        web.mode = 503
        assert 1 == said(capsys, "watch", "test", path)[0]


@pytest.mark.parametrize(
    ("text", "change", "words"),
    [
        ("", ("beat_s = 20", "beat_s = 40"), "watch.patience_s: 60 is less than twice beat_s"),
        ("", ("patience_s = 60", "patience_s = 600"), "watch.patience_s"),
        ("", ("beat_s = 20", "beet_s = 20"), "beet_s"),
        ("", ('timezone = "Asia/Jakarta"', 'timezone = "Asia/Pasuruan"'), "write Asia/Jakarta"),
        ("", ("port = ", "port = 0 # "), "watch.port"),
        ("", ('password_file = "password"', 'password_file = "absent"'), "watch.password_file"),
        ("", ('order_key_file = "order.key"', 'order_key_file = "password"'), "64 hexadecimal digits"),
        ("", ('authority_file = "ca.pem"', 'authority_file = "absent.pem"'), "watch.authority_file"),
        ('\n[[keepers]]\nname = "x"\nchannel = "twilio"\nto = "1"\n', ("", ""), "channel 'twilio' is not configured"),
        (KEEPER.format(to="http://127.0.0.1/x"), ("", ""), "two are called"),
        ("keepers = [", ("", ""), "not valid TOML"),
    ],
)
def test_a_wrong_file_is_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, change: tuple[str, str], words: str
) -> None:
    """With the key and what to write; nothing starts."""
    path = edited(folder, "salah.toml", KEEPER.format(to="http://127.0.0.1/x") + text, change)
    code, shown = said(capsys, "watch", "run", path)
    assert 2 == code
    assert words in shown
    assert 1 == len(shown.strip().splitlines())


# A handshake that fails leaves its socket to the collector, in the client library.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_broker_that_does_not_take_the_watch_is_told_why(folder: Path, installation: Installation) -> None:
    """A wrong password, and a broker with another installation's authority; with the right ones it is connected."""
    installation.start_broker()
    here = ('host = "broker.kota.example"', 'host = "127.0.0.1"')
    (folder / "other").mkdir()
    certificates.ensure_authority(folder / "other", now=datetime.now(UTC))
    other = ('authority_file = "ca.pem"', 'authority_file = "other/ca.pem"')
    wrong = folder / "wrong"
    wrong.touch(mode=0o600)
    wrong.write_text("x" * 32)
    try:
        assert (True, "") == connected(edited(folder, "a.toml", KEEPER.format(to="http://127.0.0.1/x"), here))
        password = ('password_file = "password"', 'password_file = "wrong"')
        refused = connected(edited(folder, "b.toml", KEEPER.format(to="http://127.0.0.1/x"), here, password))
        assert (False, True) == (refused[0], refused[1].startswith("broker menolak"))
        foreign = connected(edited(folder, "c.toml", KEEPER.format(to="http://127.0.0.1/x"), here, other))
        assert (False, True) == (foreign[0], foreign[1] == "sertifikatnya bukan dari otoritas kami")
    finally:
        installation.kill("broker")


def connected(file: Path) -> tuple[bool, str]:
    """Whether the broker took the watch, and why not."""
    heard, link = Heard(started_at=time.monotonic(), patience_s=60.0), WatchLink(load(file))

    def has_word() -> bool:
        link.take(heard)
        return heard.is_connected or bool(heard.trouble)

    link.start()
    try:
        eventually(has_word, "the broker's word")
    finally:
        link.stop()
    return heard.is_connected, heard.trouble


def test_nobody_to_tell_and_no_file_are_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As made, a watch has no keeper: it would watch for nobody."""
    assert "nobody would be told" in said(capsys, "watch", "run", folder / "watch.toml")[1]
    assert "kentongan watch new" in said(capsys, "watch", "check", folder / "absent.toml")[1]


def test_up_refuses_a_watch_that_cannot_run(installation: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is started."""
    path = installation.root / "up.toml"
    path.write_text(installation.toml.read_text() + '\n[watch]\nsettings = "absent/watch.toml"\n')
    code, shown = said(capsys, "up", "--settings", path)
    assert (2, True) == (code, "absent/watch.toml: no such file" in shown)


def test_watches_are_listed_renewed_and_retired(
    folder: Path, installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that is there is never overwritten, an id never given twice."""
    where = ("--settings", installation.toml)
    new = ("watch", "new", "pengawas-dua", "--out")
    assert "is there already" in said(capsys, *new, folder, *where)[1]
    assert "no recipient 'siapa'" in said(capsys, *new, folder.with_name("x"), "--keeper", "siapa", *where)[1]
    assert not folder.with_name("x").exists()
    assert 0 == said(capsys, *new, folder.with_name("dua"), *where)[0]
    before = (folder.with_name("dua") / "password").read_text()
    assert "exists" in said(capsys, *new, folder.with_name("tiga"), *where)[1]
    assert 0 == said(capsys, *new, folder.with_name("tiga"), "--replace", *where)[0]
    assert before != (folder.with_name("tiga") / "password").read_text()
    code, shown = said(capsys, "watch", "list", *where)
    assert (0, 2) == (code, shown.count("never seen"))
    assert "daily message to Petugas 1" in shown
    assert 0 == said(capsys, "watch", "retire", "pengawas-dua", "--reason", "uji", *where)[0]
    assert "pengawas-dua" not in said(capsys, "watch", "list", *where)[1]
    assert "never used again" in said(capsys, *new, folder.with_name("empat"), "--replace", *where)[1]
