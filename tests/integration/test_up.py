"""kentongan up, as a person starts it: ready, stopped by Ctrl-C, and clear about what is wrong."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.settings import BadSettings, load
from tests.installation import eventually, free_ports

pytestmark = pytest.mark.timeout(300)  # each starts several programs

SAMPLE = Path(__file__).parents[2] / "deploy" / "sample.toml"


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """The sample, on free ports, with the demonstration's channel."""
    tls, loopback, web = free_ports(3)
    text = SAMPLE.read_text()
    for before, after in (
        ("8883", str(tls)),
        ("1883", str(loopback)),
        ("8080", str(web)),
        ("demo = false", "demo = true"),
    ):
        text = text.replace(before, after, 1)
    path = tmp_path / "kentongan.toml"
    path.write_text(text)
    tmp_path.chmod(0o755)
    return path


@pytest.fixture
def state() -> Iterator[Path]:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="ktg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "s"


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "deploy.cli", *map(str, words)]


def children_of(pid: int) -> set[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return {int(word) for word in found.stdout.split()}


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def await_ready(up: subprocess.Popen[bytes], log: Path) -> None:
    eventually(lambda: up.poll() is not None or b"Siap dalam" in log.read_bytes(), "up to be ready")
    assert up.poll() is None, log.read_text()


def test_up_starts_everything_and_ctrl_c_ends_it(settings: Path, state: Path) -> None:
    """Mosquitto, core, history and web come up; a killed core comes back; Ctrl-C leaves nobody behind."""
    port = load(settings).web.port
    log = settings.parent / "up.log"
    with log.open("wb") as out:
        up = subprocess.Popen(command("up", "--settings", settings, "--state", state), stdout=out, stderr=out)
    try:
        await_ready(up, log)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=60) as answer:
            assert 200 == answer.status
        children = children_of(up.pid)
        assert 4 == len(children)
        core = next(pid for pid in children if "core" in Path(f"/proc/{pid}/cmdline").read_text().split("\0"))
        os.kill(core, signal.SIGKILL)
        eventually(lambda: len(children_of(up.pid) - children) == 1, "core to be started again")
        assert "core ended (SIGKILL)" in log.read_text()
        children = children_of(up.pid)
        up.send_signal(signal.SIGINT)
        assert 0 == up.wait(90)
    finally:
        up.kill()
        up.wait()
    assert not [pid for pid in children if is_alive(pid)]


def test_children_do_not_outlive_a_killed_supervisor(settings: Path, state: Path) -> None:
    """kill -9 of up itself ends what it started."""
    log = settings.parent / "up.log"
    with log.open("wb") as out:
        up = subprocess.Popen(command("up", "--settings", settings, "--state", state), stdout=out, stderr=out)
    await_ready(up, log)
    children = children_of(up.pid)
    up.kill()
    up.wait()
    eventually(lambda: not [pid for pid in children if is_alive(pid)], "the children to end")


def refused(*words: object, cwd: Path | None = None) -> str:
    """The one line that a command says, which must not be a traceback."""
    done = subprocess.run(command(*words), capture_output=True, text=True, timeout=90, check=False, cwd=cwd)
    assert 2 == done.returncode, done.stderr
    lines = done.stderr.strip().splitlines()
    assert 1 == len(lines), done.stderr
    return lines[0]


def test_a_busy_port_is_named_with_its_key(settings: Path, state: Path) -> None:
    """The port, why, and which setting changes it."""
    port = load(settings).web.port
    with socket.create_server(("127.0.0.1", port)):
        said = refused("up", "--settings", settings, "--state", state)
    assert f"port {port} on 127.0.0.1 cannot be used" in said
    assert "web.port" in said


def test_what_cannot_work_is_one_line_each(settings: Path, state: Path, tmp_path: Path) -> None:
    """No settings, an unknown story, a story with no demonstration, a speed that is none, a folder that is a file."""
    assert "no such file" in refused("up", "--settings", tmp_path / "absent.toml")
    assert "badai" in refused("up", "--demo", "--scenario", "kiamat", "--state", state)
    assert "--demo" in refused("up", "--scenario", "tenang", "--settings", settings, "--state", state)
    assert "--speed" in refused("up", "--demo", "--speed", "-3", "--state", state)
    (tmp_path / "file").write_text("")
    assert "cannot be written" in refused("up", "--settings", settings, "--state", tmp_path / "file" / "below")


def test_a_real_channel_refuses_a_scaled_clock(settings: Path, state: Path) -> None:
    """Nothing starts: times in a real message would be lies."""
    token = settings.parent / "token"
    token.write_text("x" * 32)
    token.chmod(0o600)
    twilio = f'[channels.twilio]\naccount_sid = "AC{"0" * 32}"\ntoken_file = "token"\nsender = "+62811111111"\n'
    settings.write_text(settings.read_text() + twilio)
    assert "scaled clock" in refused("up", "--speed", 10, "--settings", settings, "--state", state)
    token.chmod(0o644)
    assert "chmod 600" in refused("up", "--settings", settings, "--state", state)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("port = 8080", "prot = 8080", "prot"),
        ('timezone = "Asia/Jakarta"', 'timezone = "WIB"', "Asia/Jakarta"),
        ("channels = []", 'channels = ["twilio"]', "not configured"),
        ("[site]", "[site", "not valid TOML"),
    ],
)
def test_wrong_settings_name_the_key_and_the_remedy(tmp_path: Path, before: str, after: str, said: str) -> None:
    """File, key, what is wrong."""
    path = tmp_path / "kentongan.toml"
    text = SAMPLE.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    with pytest.raises(BadSettings) as refusal:
        load(path)
    assert said in str(refusal.value)
    assert str(path) in str(refusal.value)


def test_stations_in_the_settings_are_sent_to_the_registry(tmp_path: Path) -> None:
    """They stood there once; the sentence says what to do with them now."""
    path = tmp_path / "kentongan.toml"
    path.write_text('[site]\nname = "X"\n[[stations]]\nid = "welang"\nname = "A"\n')
    with pytest.raises(BadSettings, match="kentongan station import"):
        load(path)
