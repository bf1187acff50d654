"""A crowd at the residents' page while a river rises: ``python -m tests.bench.public --rate 500 --seconds 10``.

Real broker, core, web process and provider. The web process is held to one core of the machine. First the same load of
readings without anybody on the page, then with the crowd; the messages' p99 of both is compared. Every answer is 200
with the whole page, packed; one that is not fails the run. Beside it stands what the same server gives for an empty
answer, asked in the same way: the floor that no page can beat.
"""

import argparse
import asyncio
import contextlib
import gzip
import multiprocessing
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import uvicorn

from firmware_sim.fleet_plan import Load
from tests.bench.audit import AuditFailed
from tests.bench.field import BenchField, cpu_s
from tests.bench.run import Spread, run, spread
from tests.bench.table import load_average
from tests.installation import eventually, free_ports

PATH: Final = "/publik/35.75.01.1001"
GOAL_RATE, GOAL_RATIO = 500, 1.5
STATIONS: Final = 100
CONNECTIONS: Final = 50
LOAD_RATE: Final = 100
BREACHES: Final = 60
LEAD_S: Final = 2.0  # the crowd is there before the readings, and stays until after them


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """``late`` is from when a request was due to its last byte. ``bodies`` are different pages that were seen."""

    answers: int
    seconds: float
    late: Spread
    bytes_each: float
    bodies: int
    cpu_s: float

    def __str__(self) -> str:
        used = f", {self.cpu_s / self.answers * 1000:.2f} ms CPU each" if self.answers else ""
        return (
            f"{self.answers / self.seconds:.0f}/s full answers of {self.bytes_each:.0f} bytes "
            f"({self.bodies} different){used}; {self.late} ms"
        )


def ask_for(port: int, path: str, *, rate: float, seconds: float, connections: int = CONNECTIONS) -> Crowd:
    """``rate`` requests a second over kept connections, each due at its own moment; 0: as many as there can be."""
    return asyncio.run(_ask(port, path, rate, seconds, connections))


async def _ask(port: int, path: str, rate: float, seconds: float, connections: int) -> Crowd:
    request = f"GET {path} HTTP/1.1\r\nHost: warga.example\r\nAccept-Encoding: gzip\r\n\r\n".encode()
    late: list[float] = []
    sizes, bodies = [0], set[bytes]()
    began = time.perf_counter()

    async def resident(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        turn = number
        while (due := began + turn / rate if rate else time.perf_counter()) < began + seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            writer.write(request)
            body = await _body(reader)
            late.append((time.perf_counter() - due) * 1e3)
            sizes[0] += len(body)
            bodies.add(body)
            turn += connections
        writer.close()

    await asyncio.gather(*(resident(number) for number in range(connections)))
    wall_s = time.perf_counter() - began
    whole = {gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body for body in bodies}
    return Crowd(
        answers=len(late),
        seconds=wall_s,
        late=spread(late),
        bytes_each=sizes[0] / max(1, len(late)),
        bodies=len(whole),
        cpu_s=0.0,
    )


async def _body(reader: asyncio.StreamReader) -> bytes:
    """The body of one answer; raises AuditFailed for any that is not 200."""
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise AuditFailed(f"not a full answer: {head.splitlines()[0].decode()}")
    length = next(line for line in head.lower().splitlines() if line.startswith(b"content-length:"))
    return await reader.readexactly(int(length.split(b":")[1]))


async def _empty(scope: Any, _receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
    """The least that can be answered: no application, no page."""
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


def _serve_empty(port: int) -> None:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    uvicorn.run(_empty, port=port, lifespan="off", log_config=None, access_log=False)


def floor(seconds: float) -> Crowd:
    """What this server and this client do for an empty answer."""
    (port,) = free_ports(1)
    process = multiprocessing.get_context("spawn").Process(target=_serve_empty, args=(port,))
    process.start()
    try:
        eventually(lambda: _listens(port), "the floor's server")
        return ask_for(port, "/", rate=0, seconds=seconds)
    finally:
        process.terminate()
        process.join()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def measure(rate: float, seconds: float) -> Iterator[str]:
    yield f"floor, an empty answer by the same server, as many as there can be: {floor(seconds)}"
    load = Load(rate=LOAD_RATE, seconds=seconds, shape="breaches", breaches=BREACHES)
    with _site() as (field, web):
        yield f"the page, as many as there can be: {_timed(web, field, seconds)}"
        alone = run(field, load).posted
    yield f"messages with nobody on the page: p50 / p99 / max {alone} ms"
    with _site() as (field, web):
        crowd, crowded = _together(field, load, web, rate)
    yield f"the page at {rate:g}/s: {crowd}"
    yield f"messages with the crowd: p50 / p99 / max {crowded} ms"
    ratio = crowded.p99 / alone.p99
    yield f"p99 with the crowd over p99 without: {ratio:.2f}, goal {GOAL_RATIO} at {GOAL_RATE}/s; load {load_average()}"


@contextlib.contextmanager
def _site() -> Iterator[tuple[BenchField, int]]:
    """A field whose page answers, and the web process, held to the last core of the machine."""
    with BenchField(STATIONS) as field:
        field.start()
        web = field.start_command("web")
        os.sched_setaffinity(web, {max(os.sched_getaffinity(0))})
        eventually(lambda: _is_up(_port(field)), "the page")
        yield field, web


def _port(field: BenchField) -> int:
    return field.installation.settings.web.port


def _together(field: BenchField, load: Load, web: int, rate: float) -> tuple[Crowd, Spread]:
    """The load of readings, with a crowd in a process of its own before, during and after it."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        used, seconds = cpu_s(web), load.seconds + 2 * LEAD_S
        asking = pool.apply_async(ask_for, (_port(field), PATH), {"rate": rate, "seconds": seconds})
        time.sleep(LEAD_S)
        posted = run(field, load).posted
        crowd = asking.get(timeout=seconds * 10 + 60)
    return replace(crowd, cpu_s=cpu_s(web) - used), posted


def _timed(web: int, field: BenchField, seconds: float) -> Crowd:
    used = cpu_s(web)
    crowd = ask_for(_port(field), PATH, rate=0, seconds=seconds)
    return replace(crowd, cpu_s=cpu_s(web) - used)


def _is_up(port: int) -> bool:
    if not _listens(port):
        return False
    with contextlib.suppress(AuditFailed, asyncio.IncompleteReadError, ConnectionError):
        return ask_for(port, PATH, rate=0, seconds=0.01, connections=1).answers > 0
    return False


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.public", description="A crowd at the residents' page.")
    parser.add_argument("--rate", type=float, default=GOAL_RATE, help=f"full answers a second ({GOAL_RATE})")
    parser.add_argument("--seconds", type=float, default=10, help="length of each part (10)")
    args = parser.parse_args()
    try:
        for line in measure(args.rate, args.seconds):
            print(line, flush=True)
    except AuditFailed as error:
        print(f"AUDIT FAILED, so there are no figures:\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
