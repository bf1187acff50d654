"""The API while history is away, slow or under a download that ends early, and before core has told anything."""

import http.client
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from alerting.web import server
from alerting.web.api import gate, past_ranges, problem
from alerting.web.readings import ReadingsUnavailable
from tests.api_client import API, CSV, LISTS, RANGE, fetch, get
from tests.browser.page_server import served, wait_for
from tests.browser.scenes import SCENES, PastOfScenes, PastPoint


class Broken(PastOfScenes):
    """Answers ``good`` reads, then is away."""

    def __init__(self, good: int = 0) -> None:
        self.good = good

    def range(self, station: str, quantity: str, start: int, end: int, limit: int) -> list[PastPoint]:
        if self.good <= 0:
            raise ReadingsUnavailable("Riwayat belum dapat dibaca: contoh.")
        self.good -= 1
        return super().range(station, quantity, start, end, limit)


class Slow(PastOfScenes):
    """Answers when it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.asked = 0

    def range(self, station: str, quantity: str, start: int, end: int, limit: int) -> list[PastPoint]:
        self.asked += 1
        self.let_go.wait(30)
        return super().range(station, quantity, start, end, limit)


def test_history_away_is_said_and_the_live_state_is_told(tmp_path: Path) -> None:
    """503 with the reason, as JSON and as a download; /latest and /stations do not need history."""
    with served(tmp_path, SCENES["awas"], history=Broken()) as page:
        for accept in ("application/json", "text/csv"):
            answer = get(page, f"readings?{RANGE}", accept=accept)
            told = answer.json()
            assert (503, "5") == (answer.status_code, answer.headers["Retry-After"])
            assert "urn:kentongan:problem:history-unavailable" == told["type"]
            assert ("Riwayat belum dapat dibaca: contoh.", True) == (told["detail"], "/latest" in told["remedy"])
        assert [200, 200] == [get(page, name).status_code for name in ("latest", "stations")]


def test_a_download_that_is_cut_off_does_not_look_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What came so far is there, and the transfer has no proper end."""
    monkeypatch.setattr(past_ranges, "DOWNLOAD_ROWS", 40)
    history = Broken()
    with served(tmp_path, SCENES["calm"], history=history) as page:
        for _ in range(gate.STREAMS + 1):  # a place is given back, or the last one would be refused
            history.good = 2
            connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=10)
            connection.request("GET", f"{API}/readings?{RANGE}", headers=CSV)
            answer = connection.getresponse()
            assert 200 == answer.status
            with pytest.raises(http.client.IncompleteRead):
                answer.read()
            connection.close()


def test_a_slow_history_holds_up_neither_the_page_nor_the_live_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While every reader waits, the page, its line and /latest answer; one more is refused; then all is well."""
    monkeypatch.setattr(gate, "LINE", 2)
    slow = Slow()
    with served(tmp_path, SCENES["calm"], history=slow) as page, ThreadPoolExecutor(gate.READERS + 2) as pool:
        asked = [pool.submit(get, page, f"readings?{RANGE}") for _ in range(gate.READERS)]
        wait_for(lambda: slow.asked == gate.READERS, "every reader waits")
        waiting = [pool.submit(get, page, f"readings?{RANGE}") for _ in range(2)]
        wait_for(lambda: page.app.state.gate.pending == gate.READERS + 2, "the line is full")
        refused = get(page, f"readings?{RANGE}")
        assert (503, "urn:kentongan:problem:too-busy") == (refused.status_code, refused.json()["type"])
        assert [200, 200] == [get(page, name).status_code for name in ("latest", "stations")]
        assert [200, 200] == [fetch(f"{page.url}{path}").status_code for path in ("/", "/line/welang")]
        slow.let_go.set()
        assert {200} == {each.result(15).status_code for each in (*asked, *waiting)}


def test_a_server_with_a_download_under_way_stops_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A download of decades is cut off at its next page; the server that waited for it would be found running."""
    monkeypatch.setattr(server, "GRACE_S", 120)
    with served(tmp_path, SCENES["calm"]) as page:
        connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=10)
        connection.request(
            "GET", f"{API}/readings?station=welang&quantity=level_m&start=1990-01-01T00:00Z", headers=CSV
        )
        answer = connection.getresponse()
        reader = threading.Thread(target=_read_to_the_cut, args=(answer,))
        reader.start()
        wait_for(lambda: page.app.state.gate.pending > 0, "the download went on")
    reader.join(10)
    assert not reader.is_alive()
    connection.close()


def _read_to_the_cut(answer: http.client.HTTPResponse) -> None:
    with pytest.raises(http.client.IncompleteRead):
        answer.read()


def test_patience_with_history_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read that takes too long is 503 with that reason."""
    monkeypatch.setattr(gate, "PATIENCE_S", 0.2)
    slow = Slow()
    with served(tmp_path, SCENES["calm"], history=slow) as page:
        answer = get(page, f"readings?{RANGE}")
        assert (503, True) == (answer.status_code, "tidak menjawab dalam" in answer.json()["detail"])
        slow.let_go.set()


def test_before_core_has_told_anything_the_api_is_not_ready(tmp_path: Path) -> None:
    """An empty list would be taken for a city without stations."""
    with served(tmp_path, SCENES["calm"]) as page:
        page.live.link.ready.clear()
        for name in LISTS:
            answer = get(page, name)
            assert (503, problem.NOT_READY.type) == (answer.status_code, answer.json()["type"])
        page.live.link.ready.set()
