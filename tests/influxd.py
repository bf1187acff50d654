"""A real InfluxDB 1.8 for tests, with folders and ports of its own."""

import os
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from socket import create_server

import pytest

from ingest.history_influx import InfluxTarget

PATIENCE_S = 90.0  # only a broken run waits so long
ROOT = Path(__file__).parents[1]

_CONFIGURATION = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:{http}"
  log-enabled = false
  auth-enabled = {auth}
[monitor]
  store-enabled = false
"""


def find_influxd() -> Path:
    """``KENTONGAN_INFLUXD``, ``.tools/influxd`` or the one on PATH; a missing one is a failure, never a skip."""
    on_path = shutil.which("influxd")
    for candidate in (os.environ.get("KENTONGAN_INFLUXD"), ROOT / ".tools" / "influxd", on_path):
        if candidate and os.access(candidate, os.X_OK):
            return Path(candidate)
    pytest.fail("influxd is missing, the InfluxDB server that history is tested against: `sh deploy/test.sh` makes it")


def free_ports(count: int) -> list[int]:
    sockets = [create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


@dataclass(kw_only=True)
class Influxd:
    """One server; stopped, killed and started again at will, always on the same port with the same data."""

    program: Path
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @classmethod
    def prepare(cls, folder: Path, *, auth: bool = False) -> "Influxd":
        http, rpc = free_ports(2)
        folder.mkdir(parents=True, exist_ok=True)
        text = _CONFIGURATION.format(folder=folder, http=http, rpc=rpc, auth=str(auth).lower())
        (folder / "influxdb.conf").write_text(text)
        return cls(program=find_influxd(), folder=folder, port=http)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "influxd.log"

    def start(self) -> None:
        """Start and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.program, "-config", self.folder / "influxdb.conf"], stdout=log, stderr=log
            )
        deadline = time.monotonic() + PATIENCE_S
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"influxd does not start: {self.log.read_text()[-2000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE_S)

    def query(self, statement: str, *, user: str | None = None, password: str = "") -> bytes:
        """Run an administrator's statement of InfluxQL."""
        address = f"{self.url}/query?{urllib.parse.urlencode({'u': user, 'p': password} if user else {})}"
        body_sent = urllib.parse.urlencode({"q": statement}).encode()
        with urllib.request.urlopen(address, body_sent, PATIENCE_S) as answer:
            body: bytes = answer.read()
        assert b'"error"' not in body, body
        return body

    def write(self, database: str, lines: str) -> None:
        """Write line protocol past the code under test."""
        address = f"{self.url}/write?precision=ms&db={database}"
        urllib.request.urlopen(address, lines.encode(), PATIENCE_S).close()

    def database(self, name: str) -> InfluxTarget:
        """Create a database; the target that names it."""
        self.query(f'CREATE DATABASE "{name}"')
        return InfluxTarget(url=self.url, bucket=f"{name}/autogen")

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/ping", timeout=1).close()
        except (urllib.error.URLError, OSError):
            return False
        return True
