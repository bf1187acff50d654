"""What only a server does: refuse a line, refuse everything, be away, be slow, ask who we are."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

import pytest

from ingest.history import Cursor, HistoryUnavailable
from ingest.history_influx import InfluxHistory, InfluxReader, InfluxTarget
from ingest.influx_server import InfluxServer
from tests.influxd import Influxd, free_ports
from tests.journal_file import START, as_points, points, reading, series

WEEK = 7 * 86_400_000

Open = Callable[[InfluxTarget], InfluxHistory]


@pytest.fixture
def open_history(tmp_path: Path) -> Iterator[Open]:
    """Opens histories over one cursor file; they are closed with the test."""
    opened: list[InfluxHistory] = []

    def open_one(target: InfluxTarget) -> InfluxHistory:
        opened.append(InfluxHistory(target, tmp_path / "cursor.db"))
        return opened[-1]

    yield open_one
    for history in opened:
        history.close()


def test_a_refused_line_is_named_and_the_rest_arrives(influxd: Influxd, open_history: Open) -> None:
    """A field type conflict in one line of 5000: bisected, kept as a dead letter, the cursor passes."""
    target = influxd.database(f"test-{uuid4().hex}")
    # Types belong to a shard, which holds a week: only the line in that week is in conflict.
    influxd.write(target.bucket.partition("/")[0], f'reading,quantity=x,station=x value="text" {START - 5 * WEEK}')
    rows = series(1, 4999)
    bad = reading(5000, time=START - 5 * WEEK + 1000)
    history = open_history(target)
    result = history.write([*rows[:1234], bad, *rows[1234:]], cursor=Cursor(id=5000, mark="last"))
    assert [refusal.reading for refusal in result.refused] == [bad]
    assert "field type conflict" in result.refused[0].reason
    assert points(history) == as_points(rows)
    assert [(kept[0], kept[1]) for kept in history.file.refusals()] == [(5000, "wl-01/7/5000/distance_mm/1")]
    assert history.cursor().id == 5000


def test_what_is_older_than_the_retention_is_refused_and_the_rest_arrives(
    influxd: Influxd, open_history: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backlog from before the retention policy becomes dead letters, in tens of requests and not thousands."""
    name = f"test-{uuid4().hex}"
    influxd.database(name)
    influxd.query(f'CREATE RETENTION POLICY "decade" ON "{name}" DURATION 3650d REPLICATION 1')
    history = open_history(InfluxTarget(url=influxd.url, bucket=f"{name}/decade"))
    old, fresh = [reading(number, time=number) for number in range(1, 3001)], series(3001, 6000)
    requests: list[int] = []
    post = history._server.post

    def counted(lines: bytes) -> str | None:
        requests.append(len(lines))
        return post(lines)

    monkeypatch.setattr(history._server, "post", counted)
    result = history.write([*fresh[:500], *old, *fresh[500:]])
    assert [refusal.reading for refusal in result.refused] == old
    assert points(history) == as_points(fresh)
    assert len(requests) < 100


def test_a_server_that_is_away_leaves_the_cursor(open_history: Open) -> None:
    """Nothing is taken as written, and the sentence names the server."""
    (port,) = free_ports(1)
    history = open_history(InfluxTarget(url=f"http://127.0.0.1:{port}", bucket="k/autogen"))
    with pytest.raises(HistoryUnavailable, match=f"127.0.0.1:{port} can't be reached"):
        history.write([reading(1)], cursor=Cursor(id=1, mark="one"))
    with pytest.raises(HistoryUnavailable, match="can't be reached"):
        history.latest("welang", "level_m")
    assert history.cursor() == Cursor()


def test_a_missing_bucket_is_an_outage_with_its_remedy(influxd: Influxd, open_history: Open) -> None:
    """A mistake in the settings makes no dead letters."""
    history = open_history(InfluxTarget(url=influxd.url, bucket="nowhere/autogen"))
    with pytest.raises(HistoryUnavailable, match="create bucket 'nowhere/autogen'"):
        history.write(series(1, 3))
    with pytest.raises(HistoryUnavailable, match="nowhere"):
        history.latest("welang", "level_m")
    assert history.file.refusals() == []


def test_another_bucket_starts_at_the_journals_first_row(influxd: Influxd, open_history: Open) -> None:
    """The cursor belongs to the sink, not to the file."""
    one, two = (influxd.database(f"test-{uuid4().hex}") for _ in range(2))
    open_history(one).write([reading(7)], cursor=Cursor(id=7, mark="seven"))
    assert open_history(two).cursor() == Cursor()
    assert open_history(one).cursor() == Cursor(id=7, mark="seven")


def test_user_and_password_of_1_8_open_writing_and_reading(tmp_path: Path, open_history: Open) -> None:
    """The right ones are let in; wrong ones are an outage that does not repeat the password."""
    server = Influxd.prepare(tmp_path / "server", auth=True)
    server.start()
    try:
        server.query("CREATE USER \"admin\" WITH PASSWORD 'correct horse' WITH ALL PRIVILEGES")
        server.query('CREATE DATABASE "k"', user="admin", password="correct horse")
        right = InfluxTarget(url=server.url, bucket="k/autogen", username="admin", password="correct horse")
        wrong = InfluxTarget(url=server.url, bucket="k/autogen", username="admin", password="battery staple")
        history = open_history(right)
        history.write(series(1, 3))
        assert points(history) == as_points(series(1, 3))
        with pytest.raises(HistoryUnavailable, match="check its token") as refused:
            open_history(wrong).write(series(1, 3))
        assert "battery staple" not in str(refused.value)
        with pytest.raises(HistoryUnavailable, match="check its token"):
            open_history(wrong).latest("welang", "level_m")
    finally:
        server.kill()


def test_secrets_are_not_in_the_targets_text() -> None:
    """A target may be logged."""
    target = InfluxTarget(url="http://h:1", bucket="k", token="hush-token", password="hush-word")
    assert "hush" not in repr(target)


@pytest.mark.parametrize("url", ["127.0.0.1:8086", "ftp://host", "http://", "http://user:word@host:8086", ""])
def test_an_address_that_cannot_work_is_refused_at_start(url: str) -> None:
    """A mistake in the settings shows before the first reading."""
    with pytest.raises(ValueError, match="not like http://host:8086"):
        InfluxTarget(url=url, bucket="k")


class _Answers(BaseHTTPRequestHandler):
    """Answers every request with the server's ``status`` and ``body``; 0 means not at all until the server ends."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, _Server)
        server.requests += 1
        server.asked_for.append(self.headers.get("Accept", ""))
        if server.status == 0:
            server.ended.wait(30)
            return
        self.send_response(server.status)
        self.send_header("Content-Length", str(len(server.body)))
        for name, value in server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(server.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    status = 204
    body = b""
    requests = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.ended = threading.Event()
        self.headers: dict[str, str] = {}
        self.asked_for: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def scripted() -> Iterator[_Server]:
    """Something that speaks HTTP and answers as it is told."""
    server = _Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.ended.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("status", [301, 401, 403, 404, 429, 500, 502, 503])
def test_an_answer_that_is_not_about_the_lines_is_an_outage(scripted: _Server, open_history: Open, status: int) -> None:
    """One request, no retries of the library's own, no dead letter, no cursor."""
    scripted.status, scripted.body = status, b'{"message":"not now"}'
    history = open_history(InfluxTarget(url=scripted.url, bucket="k", token="hush-token"))
    with pytest.raises(HistoryUnavailable, match=f"answers {status}: not now") as refused:
        history.write(series(1, 10), cursor=Cursor(id=10, mark="ten"))
    assert "hush" not in str(refused.value)
    assert scripted.requests == 1
    assert (history.cursor(), history.file.refusals()) == (Cursor(), [])


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_server_that_refuses_everything_makes_no_dead_letters(
    scripted: _Server, open_history: Open, status: int
) -> None:
    """When even a plain point is refused, the lines are not to blame; two requests tell."""
    scripted.status, scripted.body = status, b'{"error":"bucket is asleep"}'
    history = open_history(InfluxTarget(url=scripted.url, bucket="k"))
    with pytest.raises(HistoryUnavailable, match="refuses every write: bucket is asleep"):
        history.write(series(1, 10), cursor=Cursor(id=10, mark="ten"))
    assert scripted.requests == 2
    assert (history.cursor(), history.file.refusals()) == (Cursor(), [])


def test_a_server_that_does_not_answer_is_given_up(scripted: _Server, open_history: Open) -> None:
    """The time-out is told from other outages, for a smaller batch may succeed."""
    scripted.status = 0
    history = open_history(InfluxTarget(url=scripted.url, bucket="k", timeout_ms=200))
    with pytest.raises(HistoryUnavailable) as gave_up:
        history.write(series(1, 10))
    assert gave_up.value.timed_out
    assert scripted.requests == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"results":[]}', b'{"results":[{"series":[{}]}]}', b"null"])
def test_an_answer_that_is_not_influxdbs_is_an_outage(scripted: _Server, body: bytes) -> None:
    """A captive portal or another service on the port gives no points and no traceback."""
    scripted.status, scripted.body = 200, body
    reader = InfluxReader(InfluxTarget(url=scripted.url, bucket="k"))
    with pytest.raises(HistoryUnavailable, match="does not answer like InfluxDB"):
        reader.latest("welang", "level_m")
    reader.close()


@pytest.mark.parametrize(
    ("version", "form"),
    [
        ("1.8.10", "application/x-msgpack"),
        ("unknown", "application/x-msgpack"),
        ("v2.7.1", "application/json"),
        ("3.0.1", "application/json"),
        (None, "application/json"),
    ],
)
def test_only_a_server_of_1_x_is_asked_for_messagepack(scripted: _Server, version: str | None, form: str) -> None:
    """It says its version with each answer; 2 and 3, and whatever stands between, are asked for what all know."""
    scripted.status, scripted.body = 200, b'{"results":[{}]}'
    scripted.headers = {} if version is None else {"X-Influxdb-Version": version}
    reader = InfluxReader(InfluxTarget(url=scripted.url, bucket="k"))
    assert [None, None] == [reader.latest("welang", "level_m") for _ in range(2)]
    assert ["application/json", form] == scripted.asked_for
    reader.close()


def test_what_a_server_of_1_x_refuses_in_messagepack_is_read(influxd: Influxd) -> None:
    """A statement that is none, a parameter that was not given, a database that is not there."""
    name = f"test-{uuid4().hex}"
    server = InfluxServer(influxd.database(name))
    assert [] == server.ask(tuple[int, float], 'SELECT "flag" FROM "reading"', {})
    for statement, reason in (("SELEC x", "found SELEC"), ("SELECT x FROM y WHERE time < $nix", "parameter: nix")):
        with pytest.raises(HistoryUnavailable, match=reason):
            server.ask(tuple[int, float], statement, {})
    influxd.query(f'DROP DATABASE "{name}"')
    with pytest.raises(HistoryUnavailable, match=f"can't read {name}.*database not found"):
        server.ask(tuple[int, float], 'SELECT "flag" FROM "reading"', {})
    server.close()
