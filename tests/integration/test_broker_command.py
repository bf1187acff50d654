"""``kentongan broker`` and the pages' certificate: what a service manager, a container and a proxy start from."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from broker import probe
from deploy.assembly import credentials_of, reload_broker
from deploy.cli import main
from deploy.state_folder import StateFolder
from tests.installation import eventually, free_ports


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    tls, loopback = free_ports(2)
    file = tmp_path / "k.toml"
    ports = f"[broker]\ntls_port = {tls}\nloopback_port = {loopback}\n"
    file.write_text(f'[site]\nname = "Uji"\nstate_dir = "s"\n{ports}')
    return file


@pytest.fixture
def state(settings: Path) -> StateFolder:
    return StateFolder(settings.parent / "s")


@pytest.fixture
def broker(settings: Path, state: StateFolder) -> Iterator[subprocess.Popen[bytes]]:
    """``kentongan broker run``, answering."""
    command = [sys.executable, "-m", "deploy.cli", "broker", "run", "--settings", str(settings)]
    loopback = int(settings.read_text().partition("loopback_port = ")[2])
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            eventually(
                lambda: (
                    state.services.exists()
                    and probe.ask(loopback, credentials_of(state).service_password("probe")) is probe.Answer.READY
                ),
                "the broker's answer",
            )
            yield process
        finally:
            process.terminate()


def test_the_command_becomes_the_broker(broker: subprocess.Popen[bytes], state: StateFolder) -> None:
    """The same process, under the number by which core has it read its passwords again; and it lives on after that."""
    assert f"{broker.pid}\n" == state.broker_pid.read_text()
    assert "mosquitto" == Path(f"/proc/{broker.pid}/comm").read_text().strip()
    assert (True, None) == (reload_broker(state), broker.poll())


def test_a_service_manager_gets_the_files_and_says_the_number(
    settings: Path, state: StateFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    """Core finds the number where it always is; a second time nothing is made anew."""
    words = ["broker", "prepare", "--settings", str(settings), "--pid-file", str(settings.parent / "run.pid")]
    assert 0 == main(words)
    assert f"{state.broker / 'mosquitto.conf'}: ready" in capsys.readouterr().out
    assert settings.parent / "run.pid" == state.broker_pid.readlink()
    before = {path: path.stat().st_mtime_ns for path in state.broker.iterdir()}
    assert 0 == main(words)
    assert before == {path: path.stat().st_mtime_ns for path in state.broker.iterdir()}


def test_the_pages_certificate_is_of_an_authority_that_no_node_believes(
    settings: Path, state: StateFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For the names that were given; the key stays private; a second time it is as it was."""
    words = ["certificates", "pages", "--name", "kota.example", "--name", "192.0.2.7", "--settings", str(settings)]
    assert 0 == main(["broker", "prepare", "--settings", str(settings)])
    for said in ("made, good until", "as it was, good until"):
        assert 0 == main([*words, "--out", str(tmp_path / "pages.pem")])
        assert said in capsys.readouterr().out
    found = x509.load_pem_x509_certificate((tmp_path / "pages.pem").read_bytes())
    own = x509.load_pem_x509_certificate((tmp_path / "pages.pem.ca.pem").read_bytes())
    found.verify_directly_issued_by(own)
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"kota.example", "192.0.2.7"} <= {str(each.value) for each in names}
    assert 0o600 == (tmp_path / "pages.pem").stat().st_mode & 0o777
    nodes = x509.load_pem_x509_certificate((state.authority / "ca.pem").read_bytes())
    assert nodes.public_key() != own.public_key()


def test_a_place_that_cannot_be_written_is_named(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence and no traceback."""
    words = ["certificates", "pages", "--name", "kota.example", "--settings", str(settings)]
    assert 2 == main([*words, "--out", "/proc/none/pages.pem"])
    assert "/proc/none/pages.pem: cannot be written" in capsys.readouterr().err
