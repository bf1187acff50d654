"""From a commit to the screens: how long until each of a thousand open pages has seen a change."""

import asyncio
import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

from alerting import passwords
from alerting.users import key_of
from alerting.web.accounts.sessions import Sessions
from broker import control
from broker.clock import REAL
from tests.bench.audit import AuditFailed
from tests.bench.field import BenchField
from tests.bench.run import spread
from tests.bench.table import Row, load_average
from tests.installation import SimpleNode, eventually

WATCHERS = 1000
CHANGES = 40
MARK_BYTES = 3  # one less than a mark has: it may come in two pieces
EVERY_S = 0.5
PATIENCE_S = 20.0
SECTION = "live page"


def rows() -> Iterator[Row]:
    """Raises AuditFailed unless every watcher saw every change."""
    print(f"-- {WATCHERS} watchers", file=sys.stderr, flush=True)
    with BenchField(1) as field:
        field.start()
        cookie = _log_in(field)
        field.start_command("web")
        port = field.installation.settings.web.port
        eventually(lambda: _answers(port), "the page")
        credential = json.loads(field.fleet_file.read_bytes())["clients"][0]
        node = SimpleNode(field.installation, credential["user"], credential["password"])
        try:
            watch = _Watch(cookie)
            asyncio.run(watch.run(port, node))
        finally:
            node.close()
        committed = dict(field.installation.rows("SELECT seq, received_at FROM readings"))
    ages = [stamp - committed[seq] for stamps in watch.seen for seq, stamp in stamps.items()]
    if len(ages) != WATCHERS * CHANGES:
        raise AuditFailed(f"{len(ages)} changes were seen, {WATCHERS} watchers x {CHANGES} were due")
    found = spread(ages)
    note = f"{CHANGES} changes; from the beginning of the turn that committed; load {load_average()}"
    yield Row(
        section=SECTION,
        what=f"commit -> event, {WATCHERS} watchers",
        figure=f"{found} ms",
        goal="G17: p99 250",
        note=note,
        plot=found,
    )


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except urllib.error.URLError:
        return False


def _log_in(field: BenchField) -> str:
    """The session of a viewer, begun before the web starts; the header that carries it."""
    state, name = field.installation.state, "Layar"
    kept = {"name": name, "role": "viewer", "password_hash": passwords.keep("layar di dinding")}
    for command in ("user-add", "user-standing"):
        told = control.command(state.socket, control.Request(name=command, args=kept, actor="bench"))
    sessions = Sessions(state.sessions)
    token, _ = sessions.begin(
        user=key_of(name),
        name=name,
        role="viewer",
        stamp=told["users"][key_of(name)]["stamp"],
        must="",
        browser="bench",
        now=REAL.now(),
    )
    sessions.close()
    return f"Cookie: kentongan={token}"


class _Watch:
    """``seen``: when each watcher first saw each change, ms since 1970 by the number of the observation."""

    def __init__(self, cookie: str) -> None:
        self._asking = (
            f"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n{cookie}\r\nAccept: text/event-stream\r\n\r\n".encode()
        )
        self.seen: list[dict[int, float]] = [{} for _ in range(WATCHERS)]
        self._published = 0
        self._open = 0
        self._moved = asyncio.Condition()

    async def run(self, port: int, node: SimpleNode) -> None:
        tasks = [asyncio.create_task(self._follow(port, stamps)) for stamps in self.seen]
        try:
            await self._until(lambda: self._open == WATCHERS)
            for change in range(CHANGES):
                self._published += 1
                node.publish(node.observation(6500.0 - _level_mm(change)))
                await asyncio.sleep(EVERY_S)
            await self._until(lambda: all(len(stamps) == CHANGES for stamps in self.seen))
        except TimeoutError:
            print("not every watcher saw every change in time", file=sys.stderr)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S), self._moved:
            await self._moved.wait_for(condition)

    async def _follow(self, port: int, stamps: dict[int, float]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(self._asking)
        tail, is_open = b"", False
        try:
            while data := await reader.read(65536):
                now = time.time_ns() / 1e6
                text, tail = tail + data, data[-MARK_BYTES:]
                found = [n for n in range(self._published) if n not in stamps and _mark(n) in text]
                stamps |= dict.fromkeys(found, now)
                if found or not is_open:
                    self._open += not is_open
                    is_open = True
                    await self._tell()
        finally:
            writer.close()

    async def _tell(self) -> None:
        async with self._moved:
            self._moved.notify_all()


def _level_mm(change: int) -> int:
    """Levels that differ in the centimetres that the page shows."""
    return 2110 + 10 * change


def _mark(change: int) -> bytes:
    return f"{_level_mm(change) / 1000:.2f}".replace(".", ",").encode()
