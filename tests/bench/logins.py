"""Whether logins by the hundred hold warnings up: ``python -m tests.bench.logins``.

A real broker, core and web. Each station is breached once, one after the other: half of them in peace, half while 200
browsers, each from an address of its own, log in at once, again and again. A latency is from the second sample above
the threshold to the line of its message in the demo channel's file. The browsers are a process of their own.
"""

import json
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median, quantiles
from typing import TYPE_CHECKING, Final

import httpx

from alerting.passwords import keep
from broker import control
from broker.control import Request
from tests.installation import STATION, Installation, SimpleNode, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

STATIONS: Final = 80
LOGINS: Final = 200
PASSWORD: Final = "kopi-susu-tanpa-gula-7"  # of a user who lives for this run
TOKEN: Final = re.compile(r'name="csrf" value="([^"]*)"')
CALM_MM, FLOOD_MM = 3500.0, 500.0


def stations() -> str:
    one = STATION.format(silence=10)
    return "".join(
        one.replace('"welang"', f'"pos-{n:02d}"').replace("Welang Kraton", f"Pos {n}") for n in range(STATIONS)
    )


@contextmanager
def web(installation: Installation) -> "Iterator[str]":
    """The pages in a process of their own; their address."""
    argv = [sys.executable, "-m", "deploy.cli", "web", "--settings", str(installation.toml)]
    with (installation.root / "web.log").open("ab") as log:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{installation.settings.web.port}"
    try:
        eventually(lambda: _answers(url), "the pages")
        yield url
    finally:
        process.terminate()
        process.wait(60)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/masuk", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def log_in(url: str, number: int) -> int:
    """As one browser does; the status."""
    address = {"X-Forwarded-For": f"198.51.{number // 250}.{number % 250 + 1}", "Sec-Fetch-Site": "same-origin"}
    try:
        with httpx.Client(base_url=url, headers=address, timeout=120) as client:
            token = TOKEN.search(client.get("/masuk").text)
            said = {"csrf": token[1] if token else "", "nama": "Sari", "sandi": PASSWORD, "lanjut": "/"}
            return client.post("/masuk", data=said).status_code
    except httpx.TransportError:
        return 0


def crowd(url: str) -> None:
    """All of them at once, again and again, until somebody closes our input; then what they were answered, as JSON."""
    done = threading.Event()
    threading.Thread(target=_until_closed, args=(done,), daemon=True).start()
    answers: Counter[int] = Counter()
    with ThreadPoolExecutor(LOGINS) as pool:
        while not done.is_set():
            answers.update(pool.map(lambda number: log_in(url, number), range(LOGINS)))
    print(json.dumps(answers), flush=True)


def _until_closed(done: threading.Event) -> None:
    sys.stdin.read()
    done.set()


def latencies_ms(installation: Installation, numbers: range) -> list[float]:
    """Breach each station once, one after the other."""
    found = []
    nodes = {
        n: SimpleNode(installation, f"wl-{n:02d}", installation.new_node(f"wl-{n:02d}", station(n))) for n in numbers
    }
    for number, node in nodes.items():
        now = time.time_ns() // 1_000_000
        node.send(CALM_MM, t=now - 2000)
        node.send(FLOOD_MM, t=now - 1000)
        if is_told(installation, number):
            raise AssertionError(f"{station(number)}: told after one sample")
        began = time.perf_counter()
        node.send(FLOOD_MM)
        while not is_told(installation, number):
            if time.perf_counter() - began > 60:
                raise AssertionError(f"{station(number)}: no message in 60 s; alerts: {installation.alerts()}")
            time.sleep(0.001)
        found.append((time.perf_counter() - began) * 1000)
        node.close()
    return found


def station(number: int) -> str:
    return f"pos-{number:02d}"


def is_told(installation: Installation, number: int) -> bool:
    path = installation.state.demo_messages
    return path.exists() and station(number).encode() in path.read_bytes()


def told(what: str, found: list[float]) -> str:
    middle, worst, longest = median(found), quantiles(found, n=100, method="inclusive")[98], max(found)
    return f"{what:<22} {len(found)} alerts: median {middle:.0f} ms, p99 {worst:.0f} ms, longest {longest:.0f} ms"


def main() -> None:
    if len(sys.argv) > 1:
        crowd(sys.argv[1])
        return
    with Installation(stations=stations()) as installation:
        installation.start()
        user = {"name": "Sari", "role": "operator", "password_hash": keep(PASSWORD)}
        control.command(installation.state.socket, Request(name="user-add", args=user, actor="bench"))
        with web(installation) as url:
            print(told("nobody logs in", latencies_ms(installation, range(STATIONS // 2))), flush=True)
            # Browsers run on other machines: here they take only what is left over.
            argv = ["nice", "-n", "19", sys.executable, "-m", "tests.bench.logins", url]
            with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as browsers:
                time.sleep(5)  # until all of them are under way
                found = latencies_ms(installation, range(STATIONS // 2, STATIONS))
                answers, _ = browsers.communicate("")
            print(told(f"{LOGINS} log in at once", found))
            print(f"answers to logins, by status: {answers.strip()}")


if __name__ == "__main__":
    main()
