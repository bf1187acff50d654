"""How long a change takes from its commit to a browser behind nginx: the sample of ``deploy/systemd``, real pages.

``python -m tests.servers.try_nginx`` needs nginx (apt-get install nginx-light) beside Mosquitto. A watcher that asks
the pages directly and one by https through nginx follow the same changes; ends with 1 when one was missed, or waited.
"""

import asyncio
import contextlib
import json
import shutil
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from alerting import passwords
from alerting.users import key_of
from alerting.web.accounts.sessions import Sessions
from broker import control
from broker.clock import REAL
from tests.installation import Installation, SimpleNode, eventually, free_ports

SAMPLE: Final = Path(__file__).parents[2] / "deploy" / "systemd" / "nginx.conf"
CHANGES: Final = 40
EVERY_S: Final = 0.25
MOST_MS: Final = 250.0  # more than this at the median is no longer at once
PATIENCE_S: Final = 60.0
AROUND: Final = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/pages.conf;
}}
"""


@dataclass(kw_only=True)
class Watcher:
    """``seen``: when each change was first seen, ms since 1970 by the number of its observation."""

    port: int
    cookie: str
    context: ssl.SSLContext | None = None
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    seen: dict[int, float] = field(default_factory=dict)

    async def follow(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=self.context)
        name = "kentongan" if self.context is None else "__Host-kentongan"
        writer.write(f"GET /events HTTP/1.1\r\nHost: localhost\r\nCookie: {name}={self.cookie}\r\n\r\n".encode())
        tail = b""
        try:
            while data := await reader.read(65536):
                now, text, tail = time.time_ns() / 1e6, tail + data, data[-8:]
                self.opened.set()
                for number in range(CHANGES):
                    if number not in self.seen and _mark(number) in text:
                        self.seen[number] = now
                if len(self.seen) == CHANGES:
                    self.done.set()
        finally:
            writer.close()


def _level_mm(change: int) -> int:
    return 3001 + 2 * change  # never ends in 0


def _mark(change: int) -> bytes:
    """What only this change's level looks like."""
    return f"{_level_mm(change) / 1000:.3f}".encode()


@contextlib.contextmanager
def nginx(folder: Path, *, pages: int) -> Iterator[int]:
    """The sample in front of the pages, on free ports, with a certificate of its own; the port of https."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None:
        sys.exit("nginx is not installed: apt-get install nginx-light")
    plain, tls = free_ports(2)
    made = {"-keyout": folder / "key.pem", "-out": folder / "pages.pem"}
    words = [str(word) for pair in made.items() for word in pair]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(["openssl", "req", "-x509", *key, *subject, *words], check=True, capture_output=True)
    text = SAMPLE.read_text()
    for name, value in (
        ("HOST", "localhost"),
        ("PORT", pages),
        ("CERTIFICATE", made["-out"]),
        ("KEY", made["-keyout"]),
    ):
        text = text.replace(f"@{name}@", str(value))
    text = text.replace("listen [::]:80;", "").replace("listen [::]:443 ssl;", "")
    text = text.replace("listen 80;", f"listen 127.0.0.1:{plain};").replace(
        "listen 443 ssl;", f"listen 127.0.0.1:{tls} ssl;"
    )
    (folder / "pages.conf").write_text(text)
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder))
    process = subprocess.Popen([program, "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"])
    try:
        yield tls
    finally:
        process.terminate()
        process.wait(30)


def _answers(url: str, context: ssl.SSLContext | None = None) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5, context=context) as answer:
            return bool(answer.status == 200)
    except urllib.error.URLError:
        return False


def _log_in(installation: Installation) -> str:
    """The session of a viewer, begun before the pages start."""
    name = "Layar"
    kept = {"name": name, "role": "viewer", "password_hash": passwords.keep("layar di dinding")}
    for command in ("user-add", "user-standing"):
        told = control.command(installation.state.socket, control.Request(name=command, args=kept, actor="try"))
    sessions = Sessions(installation.state.sessions)
    stamp = told["users"][key_of(name)]["stamp"]
    token, _ = sessions.begin(
        user=key_of(name), name=name, role="viewer", stamp=stamp, must="", browser="try", now=REAL.now()
    )
    sessions.close()
    return str(token)


async def _watch(watchers: list[Watcher], node: SimpleNode) -> None:
    tasks = [asyncio.create_task(watcher.follow()) for watcher in watchers]
    try:
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*(watcher.opened.wait() for watcher in watchers))
            for change in range(CHANGES):
                node.publish(node.observation(6500.0 - _level_mm(change)))
                await asyncio.sleep(EVERY_S)
            await asyncio.gather(*(watcher.done.wait() for watcher in watchers))
    except TimeoutError:
        print("not every change was seen in time", file=sys.stderr)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def main() -> int:
    with Installation() as installation, contextlib.ExitStack() as stack:
        installation.start()
        cookie = _log_in(installation)
        password = installation.new_node("node-a")
        argv = [sys.executable, "-m", "deploy.cli", "web", "--settings", str(installation.toml)]
        with (installation.root / "web.log").open("ab") as log:
            web = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        stack.callback(web.wait, 60)
        stack.callback(web.terminate)
        port = installation.settings.web.port
        folder = installation.root / "nginx"
        folder.mkdir()
        tls = stack.enter_context(nginx(folder, pages=port))
        eventually(lambda: _answers(f"http://127.0.0.1:{port}/healthz"), "the pages")
        context = ssl.create_default_context(cafile=str(folder / "pages.pem"))
        eventually(lambda: _answers(f"https://localhost:{tls}/healthz", context), "nginx")
        context.check_hostname = False  # the watcher asks for 127.0.0.1
        watchers = [Watcher(port=port, cookie=cookie), Watcher(port=tls, cookie=cookie, context=context)]
        node = SimpleNode(installation, "node-a", password)
        stack.callback(node.close)
        asyncio.run(_watch(watchers, node))
        committed = dict(installation.rows("SELECT seq, received_at FROM readings WHERE revision = 0"))
    return _told(watchers, committed)


def _told(watchers: list[Watcher], committed: dict[int, int]) -> int:
    """Print both; 1 when a change is missing behind nginx or came late."""
    for name, watcher in zip(("directly", "by nginx"), watchers, strict=True):
        ages = sorted(stamp - committed[number] for number, stamp in watcher.seen.items())
        if len(ages) < CHANGES:
            print(f"NOT SO: {len(ages)} of {CHANGES} changes were seen {name}")
            return 1
        figures = {"changes": len(ages), "median_ms": round(median(ages), 1), "slowest_ms": round(ages[-1], 1)}
        print(name, json.dumps(figures))
        if median(ages) > MOST_MS:
            print(f"NOT SO: {name} a change takes more than {MOST_MS:g} ms at the median")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
