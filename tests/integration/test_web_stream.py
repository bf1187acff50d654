"""The application over a real Unix socket and a real HTTP server: freshness, resuming, refusing."""

import asyncio
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from alerting.web import link, readings, server
from alerting.web.readings import Point, ReadingsUnavailable
from alerting.web.security import HEADERS
from broker.live import Event
from tests.browser.page_server import Served, served, wait_for
from tests.browser.scenes import SCENES, message, river


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path, SCENES["calm"]) as running:
        yield running


class Stream:
    """One browser's stream, read event by event."""

    def __init__(self, page: Served, path: str = "/events", *, last_event_id: str | None = None) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=60)
        headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
        self.connection.request("GET", path, headers=headers)
        self.answer = self.connection.getresponse()

    def patch(self) -> tuple[int, dict[str, Any]]:
        """The next patch with its id."""
        found: dict[str, str] = {}
        while True:
            line = self.answer.readline().decode().rstrip("\n")
            if line:
                name, _, value = line.partition(": ")
                found[name] = value
            elif found.get("event") == "patch":
                return int(found["id"]), json.loads(found["data"])
            else:
                found = {}

    def until(self, fragment: str, text: str) -> int:
        """Read patches until ``fragment`` holds ``text``; the id of that patch."""
        while True:
            number, patch = self.patch()
            if text in patch["set"].get(fragment, ""):
                return number

    def close(self) -> None:
        self.answer.close()
        self.connection.close()


def cards(patch: dict[str, Any]) -> set[str]:
    return {name for name in patch["set"] if "-" in name}


def test_a_change_arrives_with_its_journal_id(page: Served) -> None:
    """What core commits is on the stream, named by core's id."""
    stream = Stream(page)
    stream.patch()
    committed = page.core.put(river("Welang", page.core.clock.now(), 2.34))
    assert committed == stream.until("station-welang", "2,34")
    stream.close()


def test_last_event_id_resumes_and_wins_over_the_address(page: Served) -> None:
    """A browser that comes back gets what it missed, not everything."""
    now = page.core.clock.now()
    first = Stream(page)
    first.patch()
    page.core.put(river("Welang", now, 2.34))
    seen = first.until("station-welang", "2,34")
    first.close()
    page.core.put(river("Petung", now, 1.11))
    wait_for(lambda: page.live.board.rev > seen, "the change was drawn")
    again = Stream(page, "/events?after=1", last_event_id=str(seen))
    _, patch = again.patch()
    again.close()
    assert {"station-welang", "station-petung"} == cards(patch)  # the last one seen comes again, older ones do not


def test_core_killed_and_back(page: Served) -> None:
    """Health turns to 503, the stream says why, and what changed meanwhile arrives on the same stream."""
    stream = Stream(page)
    stream.patch()
    page.core.stop()
    stream.until("banners", "DATA TERPUTUS sejak")
    answer = httpx.get(f"{page.url}/healthz")
    assert (503, "inti") == (answer.status_code, answer.json()["reason"][:4])
    page.core.put(river("Welang", page.core.clock.now(), 3.21))
    page.core.start()
    stream.until("station-welang", "3,21")
    wait_for(lambda: httpx.get(f"{page.url}/healthz").status_code == 200, "health was good again")
    stream.close()


def test_another_journal_after_a_restart_replaces_everything(page: Served, tmp_path: Path) -> None:
    """Stations that the new journal does not know leave the page, though its ids are lower."""
    stream = Stream(page)
    stream.patch()
    page.core.stop()
    page.core.entities.clear()
    page.core.rev = 0
    page.core.put(river("Baru", page.core.clock.now(), 1.0))
    page.core.start()
    while True:
        number, patch = stream.patch()
        if patch["lists"].get("stations") == ["station-baru"]:
            break
    stream.close()
    assert (1, ["baru"]) == (number, [one["id"] for one in httpx.get(f"{page.url}/api/v1/stations").json()["stations"]])


def test_a_core_that_hangs_is_not_fresh(page: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """An open line on which nothing comes is an outage too."""
    monkeypatch.setattr(link, "SILENT_AFTER_S", 0.5)
    page.core.is_mute = True
    wait_for(lambda: httpx.get(f"{page.url}/healthz").status_code == 503, "silence was noticed")
    assert "diam" in httpx.get(f"{page.url}/healthz").json()["reason"]
    page.core.is_mute = False
    wait_for(lambda: httpx.get(f"{page.url}/healthz").status_code == 200, "health was good again")


def test_a_bad_entity_changes_nothing_else(page: Served) -> None:
    """One event outside the contract is left out; the next one is taken."""
    bad = Event(id=page.core.rev + 1, kind="station", data=msgspec.Raw(b'{"id":"welang","rev":"x"}'))
    page.core._on_loop(lambda: page.core._send(bad))
    page.core.put(river("Petung", page.core.clock.now(), 1.77))
    wait_for(lambda: "1,77" in httpx.get(page.url).text, "the next event was taken")
    assert 200 == httpx.get(f"{page.url}/healthz").status_code


def test_the_lists_are_core_s_own_words(page: Served) -> None:
    """JSON with the journal id and freshness; nothing is renamed."""
    page.core.put(message(7, page.core.clock.now(), state="unknown", channel="twilio"))
    wait_for(lambda: len(page.live.replica.messages) == 1, "the message was taken")
    answer = httpx.get(f"{page.url}/api/v1/messages").json()
    assert (True, page.core.rev, "unknown") == (answer["fresh"], answer["rev"], answer["messages"][0]["state"])
    assert [] == httpx.get(f"{page.url}/api/v1/alerts").json()["alerts"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/healthz", 200),
        ("/static/live.js", 200),
        ("/api/v1/stations", 200),
        ("/line/welang?quantity=level_m&hours=6", 200),
        ("/line/nobody", 404),
        ("/line/welang?hours=999", 422),
        ("/line/welang?quantity=a'--", 422),
        ("/nowhere", 404),
        ("/static/../app.py", 404),
        ("/static/%2e%2e/app.py", 404),
        ("/docs", 404),
    ],
)
def test_every_answer_has_the_headers_and_no_english(page: Served, path: str, status: int) -> None:
    """The strict policy is on errors too, and an error is a sentence of the product."""
    answer = httpx.get(f"{page.url}{path}")
    assert (status, HEADERS) == (answer.status_code, {name: answer.headers.get(name) for name in HEADERS})
    assert not any(word in answer.text for word in ("Not Found", "Internal", "Traceback")) or status == 200


def test_the_six_hour_line(page: Served) -> None:
    """Times, values and flags, oldest first, ending now."""
    line = httpx.get(f"{page.url}/line/welang?quantity=level_m&hours=6").json()
    times = [point[0] for point in line["points"]]
    assert (360, False) == (len(times) - len(times) % 10, line["truncated"])
    assert sorted(times) == times


def test_history_away_is_a_sentence_and_the_page_goes_on(tmp_path: Path) -> None:
    """The line fails with its reason; the state does not depend on it."""

    def away(station: str, quantity: str, start_ms: int, end_ms: int, limit: int) -> list[Point]:
        raise ReadingsUnavailable("Riwayat tidak menjawab.")

    with served(tmp_path, SCENES["awas"], read_range=away) as page:
        answer = httpx.get(f"{page.url}/line/welang")
        assert (503, "Riwayat tidak menjawab.") == (answer.status_code, answer.json()["detail"])
        assert "1 AWAS, 1 SIAGA" in httpx.get(page.url).text


def test_a_slow_history_does_not_hold_up_the_stream(tmp_path: Path) -> None:
    """While history thinks, events arrive."""
    let_go = threading.Event()

    def slow(station: str, quantity: str, start_ms: int, end_ms: int, limit: int) -> list[Point]:
        let_go.wait(60)
        return []

    with served(tmp_path, SCENES["calm"], read_range=slow) as page, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(httpx.get, f"{page.url}/line/welang", timeout=90)
        stream = Stream(page)
        stream.patch()
        page.core.put(river("Welang", page.core.clock.now(), 2.34))
        stream.until("station-welang", "2,34")
        stream.close()
        assert not asked.done()
        let_go.set()
        assert 200 == asked.result().status_code


def test_a_watcher_that_stops_reading_is_dropped_and_others_are_not(page: Served) -> None:
    """A stalled browser costs a bounded queue, nothing more."""
    stalled = socket.create_connection(("127.0.0.1", page.port))
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stalled.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    wait_for(lambda: len(page.live.fanout.watchers) == 1, "the stalled watcher joined")
    (stuck,) = page.live.fanout.watchers
    reading = Stream(page)
    reading.patch()
    (quick,) = page.live.fanout.watchers - {stuck}
    reader = threading.Thread(target=lambda: reading.until("station-welang", "2,34"))
    reader.start()
    big = b": " + b"x" * 100_000 + b"\n\n"
    while not stuck.is_over:
        _publish(page, big)
        wait_for(lambda: not quick.waiting, "the reader kept up")
    page.core.put(river("Welang", page.core.clock.now(), 2.34))
    reader.join(10)
    assert not reader.is_alive()
    told = httpx.get(f"{page.url}/healthz").json()
    assert (1, 1) == (told["dropped"], told["watchers"])
    reading.close()
    stalled.close()


def test_watchers_that_leave_are_forgotten(page: Served) -> None:
    """A closed tab frees its place."""
    streams = [Stream(page) for _ in range(5)]
    for stream in streams:
        stream.patch()
    assert 5 == len(page.live.fanout.watchers)
    for stream in streams:
        stream.close()
    wait_for(lambda: not page.live.fanout.watchers, "the watchers were forgotten")


def test_points_are_capped_and_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that was cut says so."""
    monkeypatch.setattr(readings, "MAX_POINTS", 100)
    with served(tmp_path, SCENES["calm"]) as page:
        line = httpx.get(f"{page.url}/line/welang").json()
    assert (100, True) == (len(line["points"]), line["truncated"])


def _publish(page: Served, frame: bytes) -> None:
    """On the server's own loop; returns when it is done."""

    async def publish() -> None:
        page.live.fanout.publish(frame)

    loop = next(iter(page.live._tasks)).get_loop()
    asyncio.run_coroutine_threadsafe(publish(), loop).result(10)


def test_a_server_with_open_streams_stops_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams never end by themselves: the server ends them before it waits."""
    monkeypatch.setattr(server, "GRACE_S", 50)
    with served(tmp_path, SCENES["calm"]) as page:
        stream = Stream(page)
        stream.patch()
        began = time.monotonic()
    assert time.monotonic() - began < 25
    stream.close()
