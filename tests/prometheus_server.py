"""A real Prometheus for tests, which reads what the test gives it as /metrics would."""

import json
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.influxd import PATIENCE_S, free_ports

CONFIGURATION = """
global: {{scrape_interval: 500ms, evaluation_interval: 500ms}}
rule_files: [{rules}]
scrape_configs: [{{job_name: kentongan, static_configs: [{{targets: ["{target}"]}}]}}]
"""


class Prometheus:
    """One server, asked as Grafana asks it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def range(self, expression: str) -> list[dict[str, Any]]:
        """The series of the last minute, one value a second."""
        now = time.time()
        return self._ask("query_range", query=expression, start=now - 60, end=now, step=1)

    def instant(self, expression: str) -> list[dict[str, Any]]:
        return self._ask("query", query=expression)

    def _ask(self, what: str, **arguments: Any) -> list[dict[str, Any]]:
        address = f"{self.url}/api/v1/{what}?{urllib.parse.urlencode(arguments)}"
        try:
            with urllib.request.urlopen(address, timeout=PATIENCE_S) as answer:
                found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as error:
            pytest.fail(f"{arguments['query']}: {error.read().decode()}")
        return found


@contextmanager
def prometheus(folder: Path, rules: Path, figures: Callable[[], str]) -> Iterator[Prometheus]:
    """A server that has read ``figures`` at least twice, with alert rules."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.fail("prometheus is missing, the server that dashboards are tested against: apt-get install prometheus")
    (port,) = free_ports(1)
    with _served(figures) as target:
        (folder / "prometheus.yml").write_text(CONFIGURATION.format(rules=rules, target=target))
        log = (folder / "prometheus.log").open("wb")
        command = [
            *(program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb"),
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        with log, subprocess.Popen(command, stdout=log, stderr=log) as process:
            try:
                server = Prometheus(f"http://127.0.0.1:{port}")
                _wait(lambda: _has_read(server), process, folder / "prometheus.log")
                yield server
            finally:
                process.terminate()


def _has_read(server: Prometheus) -> bool:
    try:
        urllib.request.urlopen(f"{server.url}/-/ready", timeout=PATIENCE_S).close()
    except OSError:  # not there yet, or it says 503 while it opens its store
        return False
    found = server.instant("count_over_time(kentongan_up[1m])")
    return bool(found) and float(found[0]["value"][1]) > 2


def _wait(condition: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"prometheus does not start, or reads nothing: {log.read_text()[-2000:]}")
        time.sleep(0.1)


@contextmanager
def _served(figures: Callable[[], str]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.end_headers()
            self.wfile.write(figures().encode())

        def log_message(self, *_: object) -> None:
            """Tests read no log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
