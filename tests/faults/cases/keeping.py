"""What the keeper of an installation meets: a restore, certificates that have ended, a port that is taken."""

import contextlib
import shutil
import socket
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from broker import certificates
from deploy.assembly import prepare_broker
from tests.faults.episode import EpisodeField
from tests.faults.stage import Stage
from tests.installation import eventually, free_ports

BACKUP: Final = '\n[backup]\nfolder = "cadangan"\nkey_file = "backup.key"\n'
REFUSED: Final = 2


def _kentongan(*words: object) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "deploy.cli", *map(str, words)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)


def _ran(*words: object) -> str:
    done = _kentongan(*words)
    if done.returncode:
        raise AssertionError(f"kentongan {words[0]} ended with {done.returncode}: {done.stderr or done.stdout}")
    return done.stdout


def restore_sends_nothing(stage: Stage) -> None:
    """A backup taken while messages of a warning wait is restored: nobody is told of it, and of the next rise."""
    with EpisodeField(stage.folder()) as field:
        field.play()
        installation = field.installation
        settings = installation.toml
        settings.write_text(settings.read_text() + BACKUP)
        options = ("--settings", settings)
        _ran("backup", "key", "--out", installation.root / "backup.key")
        field.provider.fail("error", status=500)
        for observation in field.rise():
            field.node.insist(observation)
        eventually(lambda: installation.status()["open_messages"], "messages that wait")
        waiting = int(installation.status()["open_messages"])
        _ran("backup", "run", *options)
        (archive,) = (installation.root / "cadangan").glob("*.ktb")
        for name in ("core", "broker"):
            installation.kill(name)
        shutil.rmtree(installation.state.root)
        _ran("restore", archive, "--key", installation.root / "backup.key", "--into", installation.state.root)
        field.provider.behave(step_s=None)
        posts, state = len([post for post in field.provider.posts() if post.sid]), installation.state
        state.prepare()
        installation.broker_settings = prepare_broker(installation.settings, state)
        installation.start()
        _await_node(field)
        until = time.monotonic() + stage.seconds(60, least=3)
        while time.monotonic() < until:  # the water stands; silence would be news
            field.node.insist(field.stand())
            time.sleep(1.0)
        told = [post.body for post in field.provider.posts() if post.sid][posts:]
        stage.expect(not told, f"messages after a restore: {told}")
        field.fall()
        before = len([post for post in field.provider.posts() if post.sid])
        for observation in field.rise():
            field.node.insist(observation)
        field.provider.wait_for_posts(before + 4)
        stage.did(f"restored over {waiting} waiting messages: {len(told)} sent; the rise after it was told")


def _await_node(field: EpisodeField) -> None:
    """Its own broker's session is gone; it subscribes again as it connects."""
    eventually(field.node.client.is_connected, "the node to connect")


def certificates_expired(stage: Stage) -> None:
    """The broker's certificate has ended: nodes refuse it, check says so, services go on, and a renewal mends it."""
    field = stage.field()
    installation = field.installation
    path, folder = installation.broker_settings.certificate, installation.state.authority
    authority = certificates.ensure_authority(folder, now=datetime.now(UTC))
    long_ago = datetime.now(UTC) - certificates.SERVER_LIFE - timedelta(days=1)
    good = path.read_bytes()
    certificates.renew_server_certificate(path, authority, names=["127.0.0.1", "localhost"], now=long_ago)
    try:
        installation.kill("broker")
        installation.start_broker()
        refused = _handshake(installation.settings.broker.tls_port, authority.der)
        said = _kentongan("check", "--settings", installation.toml).stdout
        field.play()
    finally:
        path.write_bytes(good)
        installation.kill("broker")
        installation.start_broker()
    mended = _handshake(installation.settings.broker.tls_port, authority.der)
    stage.expect("expired" in refused, f"a node is not refused by an expired certificate: {refused or 'it was let in'}")
    stage.expect(mended == "", f"a renewed certificate is refused: {mended}")
    stage.expect("broker certificate: ended on" in said, "kentongan check does not say that the certificate has ended")
    stage.did("a broker whose certificate has ended: refused by nodes, named by check; an alert was told meanwhile")
    stage.found(field.faults())


def _handshake(port: int, authority: bytes) -> str:
    """Why a node's TLS fails; empty when it does not."""
    context = ssl.create_default_context(cadata=authority)
    try:
        with (
            socket.create_connection(("127.0.0.1", port), 10) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1"),
        ):
            return ""
    except ssl.SSLError as error:
        return str(error)


def port_taken(stage: Stage) -> None:
    """Somebody else has the port of broker or web: one sentence with the port and its key, nothing is left running."""
    root = stage.folder()
    root.chmod(0o755)
    said = []
    for key in ("broker.tls_port", "broker.loopback_port", "web.port"):
        said.append(_start_with_taken(root, key))
        stage.expect(key in said[-1], f"{key} taken: {said[-1]}")
    stage.did(f"ports of broker and web taken: {said[0]}")


def _start_with_taken(root: Path, key: str) -> str:
    ports = dict(zip(("broker.tls_port", "broker.loopback_port", "web.port"), free_ports(3), strict=True))
    settings = root / "kentongan.toml"
    settings.write_text(
        f'[site]\nname = "Uji"\n[broker]\ntls_port = {ports["broker.tls_port"]}\n'
        f"loopback_port = {ports['broker.loopback_port']}\n[web]\nport = {ports['web.port']}\n[channels]\ndemo = true\n"
    )
    with contextlib.closing(socket.create_server(("127.0.0.1", ports[key]))):
        done = _kentongan("up", "--settings", settings, "--state", root / "s")
    lines = done.stderr.strip().splitlines()
    if done.returncode != REFUSED or len(lines) != 1:
        return f"ended with {done.returncode} and {len(lines)} lines: {done.stderr}"
    return lines[0]
