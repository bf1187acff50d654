"""What the server's installer looks at before it changes anything: one sentence, with what to do.

Its functions run for real in a shell. A whole installation is tried by ``tests/servers/try_install.sh``.
"""

import shutil
import socket
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SCRIPTS = ("install.sh", "upgrade.sh", "uninstall.sh")


def run(root: Path, words: str, *, programs: Path | None = None) -> subprocess.CompletedProcess[str]:
    """``words`` in a shell that has sourced what the installer sources."""
    lines = f'set -eu; root=$1; . "$root/deploy/bring.sh"; . "$root/deploy/server.sh"; {words}'
    path = f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin" if programs else "/usr/sbin:/usr/bin:/sbin:/bin"
    return subprocess.run(
        ["sh", "-c", lines, "sh", str(root)], env={"PATH": path}, capture_output=True, text=True, check=False
    )


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    return line


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """systemctl says that nothing runs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "systemctl").write_text("#!/bin/sh\nexit 3\n")
    (folder / "systemctl").chmod(0o755)
    return folder


def certificate(folder: Path, name: str, *, days: int = 30) -> tuple[Path, Path]:
    """A certificate of its own making for ``name``, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=90))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / f"{name}.pem", folder / f"{name}.key"
    files[0].write_bytes(built.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


def test_a_port_that_is_taken_is_named(root: Path, programs: Path) -> None:
    """With the command that says by whom, and the option that gives another; a free one passes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = run(root, f"need_port {port} kentongan-web.service --web-port", programs=programs)
        assert f"kentongan: port {port} is taken by another program" in refusal(done)
        assert "give another --web-port" in done.stderr
    assert 0 == run(root, f"need_port {port} kentongan-web.service --web-port", programs=programs).returncode


@pytest.mark.parametrize("port", ["0", "65536", "many", "''"])
def test_a_number_that_is_no_port(root: Path, programs: Path, port: str) -> None:
    """Said with what it may be."""
    assert "is no port; write a number from 1 to 65535" in refusal(
        run(root, f"need_port {port} kentongan-web.service --web-port", programs=programs)
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("host=''; need_host", "--host is missing"),
        ("host=no.such.name.invalid; need_host", "has no address in DNS"),
        ("host='a b'; need_host", "is neither a name nor an address"),
        ("listen=192.0.2.77; need_listen", "is no address of this machine"),
        ("need_room / 999999999", "MB are needed: make room"),
    ],
)
def test_what_cannot_be_is_one_sentence(root: Path, words: str, said: str) -> None:
    """Name, address, room on the disk."""
    assert said in refusal(run(root, words))


def test_names_and_addresses_that_are_right(root: Path) -> None:
    """Loopback is always an address of this machine, and localhost always a name."""
    words = "host=localhost; need_host; listen=127.0.0.1; need_listen; listen=0.0.0.0; need_listen; need_room / 1"
    assert (0, "") == ((done := run(root, words)).returncode, done.stderr)


def test_the_pages_certificate_is_looked_at_first(root: Path, tmp_path: Path) -> None:
    """One that has ended, of another name, with another's key, or that is none at all."""
    if shutil.which("openssl") is None:
        pytest.fail("openssl is missing: apt-get install openssl")
    good, key = certificate(tmp_path, "kota.example")
    old, old_key = certificate(tmp_path, "old.example", days=-1)

    def look(certificate: Path | str, key: Path | str, host: str) -> subprocess.CompletedProcess[str]:
        return run(root, f"certificate='{certificate}'; key='{key}'; host={host}; need_certificate")

    assert (0, "") == ((done := look(good, key, "kota.example")).returncode, done.stderr)
    for done, said in (
        (look(good, key, "other.example"), "is not for other.example"),
        (look(old, old_key, "old.example"), "has ended"),
        (look(good, old_key, "kota.example"), "does not belong to"),
        (look(key, key, "kota.example"), "is no certificate in PEM"),
        (look(good, good, "kota.example"), "is no key in PEM"),
        (look(good, "", "kota.example"), "belong together"),
    ):
        assert said in refusal(done)


def test_a_version_is_named_by_what_it_holds(root: Path, tmp_path: Path) -> None:
    """The same files give the same name; what running leaves behind does not count, one changed line does."""
    copy = tmp_path / "checkout"
    copy.mkdir()
    for name in ("deploy/bring.sh", "deploy/server.sh", "pyproject.toml"):
        (copy / name).parent.mkdir(exist_ok=True)
        shutil.copy(root / name, copy / name)
    shell = "contents='deploy pyproject.toml'; name_version; echo $version"
    first = run(copy, shell).stdout
    (copy / "deploy/__pycache__").mkdir()
    (copy / "deploy/__pycache__/x.pyc").touch()
    assert first == run(copy, shell).stdout
    (copy / "deploy/new.py").touch()
    second = run(copy, shell).stdout
    assert (True, True) == (first != second, first.startswith("0."))


def test_the_settings_of_an_earlier_run_are_read(root: Path, tmp_path: Path) -> None:
    """From the right table, without quotes and comments that begin a line."""
    (tmp_path / "k.toml").write_text('[site]\nport = 1\n[web]\n# port = 2\nport = 8081\n[broker]\nlisten = "0.0.0.0"\n')
    done = run(root, f"settings={tmp_path}/k.toml; setting web port; setting broker listen")
    assert "8081\n0.0.0.0\n" == done.stdout


@pytest.mark.parametrize("arguments", [["install.sh", "--nonsense"], ["upgrade.sh", "--nonsense"]], ids=" ".join)
def test_an_option_that_is_none(root: Path, arguments: Sequence[str]) -> None:
    """Nothing is done for a slip of the pen."""
    done = subprocess.run(
        ["sh", str(root / "deploy" / arguments[0]), arguments[1]], capture_output=True, text=True, check=False
    )
    assert "--nonsense: is no option" in refusal(done)


@pytest.mark.parametrize("script", SCRIPTS)
def test_who_is_not_root_is_told_so(root: Path, tmp_path: Path, script: str) -> None:
    """Before anything is looked at, let alone changed."""
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")
    (tmp_path / "id").chmod(0o755)
    done = subprocess.run(
        ["sh", str(root / "deploy" / script)],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "root is needed: sudo sh" in refusal(done)
