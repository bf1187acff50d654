"""Telegraf as a peer: the same broker, the same InfluxDB, the same messages out of a standing queue.

It keeps what it has read in memory and acknowledges to the broker once InfluxDB has it, which is its safest setting.
It is built from source on the first use, into the folder in which the tests keep InfluxDB.
"""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from deploy.assembly import credentials_of
from tests.bench.field import BenchField, cpu_s
from tests.influxd import Influxd
from tests.installation import eventually

VERSION: Final = "v1.37.2"
MODULE: Final = "github.com/influxdata/telegraf/cmd/telegraf"
TAGS: Final = "custom,inputs.mqtt_consumer,outputs.influxdb,parsers.json"
TOOLS: Final = Path(__file__).parents[2] / ".tools"
BUILD_S: Final = 900
PATIENCE_S: Final = 300.0
CLIENT: Final = "telegraf"
IN_FLIGHT: Final = 4000  # what the broker lets a client have unacknowledged; more would wait for ever

_CONFIGURATION: Final = """
[agent]
  interval = "1s"
  flush_interval = "200ms"
  metric_batch_size = {batch}
  metric_buffer_limit = 100000
  omit_hostname = true
[[inputs.mqtt_consumer]]
  servers = ["tcp://127.0.0.1:{port}"]
  topics = ["ews/v1/+/obs"]
  username = "{client}"
  password = "{password}"
  client_id = "{client}"
  qos = 1
  persistent_session = true
  max_undelivered_messages = {in_flight}
  topic_tag = ""
  name_override = "reading"
  data_format = "json"
  json_time_key = "t"
  json_time_format = "unix_ms"
  fieldinclude = ["s_distance_mm", "seq"]
  [[inputs.mqtt_consumer.topic_parsing]]
    topic = "+/+/+/+"
    tags = "_/_/station/_"
[[outputs.influxdb]]
  urls = ["{url}"]
  database = "{database}"
  skip_database_creation = true
"""


class TelegrafMissing(Exception):
    """It is not there and could not be built; the text says why."""


def find_telegraf() -> Path:
    """``KENTONGAN_TELEGRAF``, ``.tools/telegraf``, the one on PATH, or one built now; raises TelegrafMissing."""
    for candidate in (os.environ.get("KENTONGAN_TELEGRAF"), TOOLS / "telegraf", shutil.which("telegraf")):
        if candidate and os.access(candidate, os.X_OK):
            return Path(candidate)
    return _build()


def _build() -> Path:
    if shutil.which("go") is None:
        raise TelegrafMissing("there is no telegraf, and no go to build it with: apt-get install golang-go")
    print(f"-- building Telegraf {VERSION} (a minute or two, once)", flush=True)
    environment = os.environ | {"GOBIN": str(TOOLS), "CGO_ENABLED": "0"}
    argv = ["go", "install", "-tags", TAGS, f"{MODULE}@{VERSION}"]
    try:
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=BUILD_S)
    except subprocess.TimeoutExpired:
        raise TelegrafMissing(f"{' '.join(argv)} was not done in {BUILD_S} s") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise TelegrafMissing(f"{' '.join(argv)} failed: {last}")
    return TOOLS / "telegraf"


class Telegraf:
    """Its configuration, its user at the broker (made before that starts), and the session that the broker keeps."""

    def __init__(self, program: Path, field: BenchField, server: Influxd, database: str) -> None:
        self._program, self._folder = program, field.installation.root
        settings = field.installation.settings
        password = credentials_of(field.installation.state).add(CLIENT)
        with field.installation.broker_settings.access_list.open("a") as rules:
            rules.write(f"user {CLIENT}\ntopic read ews/v1/+/obs\n")
        file = self._folder / "telegraf.conf"
        file.touch(mode=0o600)
        file.write_text(
            _CONFIGURATION.format(
                port=settings.broker.loopback_port,
                client=CLIENT,
                password=password,
                in_flight=IN_FLIGHT,
                batch=IN_FLIGHT // 2,
                url=server.url,
                database=database,
            )
        )
        self._configuration = file
        self._broker_log = self._folder / "broker.log"

    @contextlib.contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        argv = [str(self._program), "--config", str(self._configuration), "--quiet"]
        with (self._folder / "telegraf.log").open("ab") as log:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._folder)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE_S)

    def subscribe(self) -> None:
        """Have the broker keep messages for it from now on."""
        with self.running() as process:
            eventually(lambda: self._is_connected(process), "Telegraf to connect", PATIENCE_S)
            time.sleep(1.0)  # its subscription follows the connection, and the broker logs none

    def _is_connected(self, process: subprocess.Popen[bytes]) -> bool:
        if process.poll() is not None:
            raise AssertionError(f"Telegraf ended by itself: {(self._folder / 'telegraf.log').read_text()[-500:]}")
        return f" as {CLIENT} " in self._broker_log.read_text()

    def drain(self, count: Callable[[], int], due: int) -> tuple[float, float]:
        """Messages a second and microseconds of CPU a message, from its first point to the last of ``due``."""
        with self.running() as process:
            eventually(count, "Telegraf's first points", PATIENCE_S)
            first, began, used = count(), time.perf_counter(), cpu_s(process.pid)
            eventually(lambda: count() >= due, "Telegraf's last points", PATIENCE_S)
            seconds, used = time.perf_counter() - began, cpu_s(process.pid) - used
        drained = max(1, due - first)
        return drained / seconds, used * 1e6 / drained
