"""BMKG's nowcast over HTTP: asked politely, read in bounds, matched by place, shown to officers, kept armed by."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from alerting.cap_in import MOST_BYTES
from alerting.web.banners import banners_of
from deploy import cli
from deploy.cap.nowcast import MOST_WAIT_S, TOLERATED, NowcastJob, names
from deploy.cap.nowcast_fetch import MOST_REQUESTS, FetchFailed, NowcastFetch
from deploy.live.shown import health_of
from deploy.registry.areas import Areas
from deploy.settings import BadSettings, load
from tests.bare_core import SetClock
from tests.notice_post import KARANGKETUG, MINUTE, T0, NoticePost

CITY = "-7.60,112.85 -7.60,112.96 -7.70,112.96 -7.70,112.85 -7.60,112.85"
WEST = "-7.60,112.85 -7.60,112.885 -7.635,112.885 -7.635,112.85 -7.60,112.85"
JAVA = "-7.60,110.00 -7.60,110.10 -7.70,110.10 -7.60,110.00"
ALERT = """<?xml version="1.0" encoding="UTF-8"?><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>{name}</identifier><sender>uji@contoh.example</sender><sent>{sent}</sent><status>Actual</status>
<msgType>Alert</msgType><scope>Public</scope><info><language>id-ID</language><category>Met</category>
<event>Hujan Lebat</event><urgency>Immediate</urgency><severity>Moderate</severity><certainty>Observed</certainty>
<effective>{start}</effective><expires>{end}</expires><senderName>BMKG Juanda</senderName><headline>Uji</headline>
<area><areaDesc>Purworejo</areaDesc><polygon>{polygon}</polygon></area></info></alert>"""


def at(minute: float) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=T0 + minute * MINUTE)
    return moment.isoformat(timespec="seconds")


def message(name: str = "uji-1", *, start: float = 20, end: float = 200, polygon: str = CITY) -> bytes:
    return ALERT.format(name=name, sent=at(0), start=at(start), end=at(end), polygon=polygon).encode()


@dataclass
class Authority:
    """A server with a feed and messages; ``answers`` says how a path is answered instead."""

    messages: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    not_modified: int = 0
    published: str = "1"
    url: str = ""

    def feed(self) -> bytes:
        items = "".join(
            f"<item><title>x</title><link>{name}</link><pubDate>{self.published}</pubDate></item>"
            for name in self.messages
        )
        return f'<?xml version="1.0"?><rss version="2.0"><channel>{items}</channel></rss>'.encode()

    def answer(self, path: str, headers: Any) -> tuple[int, dict[str, str], bytes]:
        self.asked[path] += 1
        if path in self.answers:
            return self.answers[path]
        body = self.feed() if path == "/feed" else self.messages.get(path.rpartition("/")[2])
        if body is None:
            return 404, {}, b"tidak ada"
        tag = f'"{hash(body)}"'
        if headers.get("If-None-Match") == tag:
            self.not_modified += 1
            return 304, {"ETag": tag}, b""
        return 200, {"ETag": tag}, body


@pytest.fixture
def authority() -> Iterator[Authority]:
    made = Authority()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = made.answer(self.path, self.headers)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 304 and "Content-Length" not in headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_address[1]}/feed"
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def post(tmp_path: Path) -> Iterator[NoticePost]:
    made = NoticePost(tmp_path)
    yield made
    made.close()


class Watch:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def poll_of(post: NoticePost, authority: Authority, watch: Watch) -> NowcastJob:
    return NowcastJob(post.core, NowcastFetch(authority.url), every_s=300, monotonic=watch)


def test_a_warning_over_the_city_is_shown_and_keeps_areas_armed(post: NoticePost, authority: Authority) -> None:
    """The board names it with its times and places; an area that stands stays up until the rain is over."""
    authority.messages = {"a.xml": message(end=40), "b.xml": message("uji-2", polygon=JAVA)}
    post.level(4.0)
    asyncio.run(poll_of(post, authority, Watch()).run())
    (view,) = health_of(post.core).nowcasts
    assert (
        "BMKG Juanda",
        "Hujan Lebat",
        ["Kec. Gadingrejo", "Kec. Purworejo", "Kec. Bugul Kidul", "Kec. Panggungrejo"],
    ) == (
        view.sender,
        view.event,
        view.areas,
    )
    banners = banners_of(
        outage=None, health=health_of(post.core), stations=(), blindness=None, demo=False, now=SetClock.time
    )
    told = [f"{banner.title}: {banner.text}" for banner in banners if banner.title == "BMKG"]
    places = "Kec. Gadingrejo, Kec. Purworejo, Kec. Bugul Kidul, Kec. Panggungrejo"
    assert [f"BMKG: hujan lebat diperkirakan 18:26-18:46 WIB, {places}."] == told
    post.level(3.0, minutes=35)
    assert (1, 0) == (post.core.memory.areas[KARANGKETUG].level, post.core.memory.states["welang"].level)
    held = "BMKG memperkirakan hujan di sini pukul 18:26 sampai 18:46; selama itu peringatan tidak diturunkan."
    assert held in post.ask("why", about=KARANGKETUG)["sentences"]
    post.level(3.0, minutes=3)
    assert 0 == post.core.memory.areas[KARANGKETUG].level
    assert [] == health_of(post.core).nowcasts


def test_what_was_expected_survives_a_crash(post: NoticePost, authority: Authority) -> None:
    """The area's state is in the journal; only the list on the board waits for the next poll."""
    authority.messages = {"a.xml": message()}
    post.level(4.0)
    asyncio.run(poll_of(post, authority, Watch()).run())
    post.crash()
    assert T0 + 200 * MINUTE == post.core.memory.areas[KARANGKETUG].expected_until


def test_a_warning_that_leaves_the_feed_no_longer_stands(post: NoticePost, authority: Authority) -> None:
    """With it what it kept armed."""
    watch = Watch()
    job = poll_of(post, authority, watch)
    authority.messages = {"a.xml": message()}
    asyncio.run(job.run())
    assert T0 + 200 * MINUTE == post.core.memory.areas[KARANGKETUG].expected_until
    authority.messages = {}
    watch.now = 300
    asyncio.run(job.run())
    assert 0 == post.core.memory.areas[KARANGKETUG].expected_until


def test_nothing_is_asked_for_twice(authority: Authority) -> None:
    """The feed by its mark, a message only when the feed says that it changed."""
    fetch = NowcastFetch(authority.url)
    authority.messages = {"a.xml": message(), "b.xml": message("uji-2")}
    assert ["uji-1", "uji-2"] == [each.identifier for each in fetch.poll()]
    assert 2 == len(fetch.poll())
    assert ({"/feed": 2, "/a.xml": 1, "/b.xml": 1}, 1) == (dict(authority.asked), authority.not_modified)
    authority.published = "2"
    assert 2 == len(fetch.poll())
    assert 2 == authority.asked["/a.xml"]


def test_one_bad_message_does_not_hide_the_others(authority: Authority) -> None:
    """It is named, and not asked for again until it changes; one that did not come is."""
    fetch = NowcastFetch(authority.url)
    authority.messages = {"bad.xml": b"<!DOCTYPE x><alert/>", "gone.xml": b"", "good.xml": message()}
    authority.answers = {"/gone.xml": (500, {}, b"")}
    for _ in range(2):
        assert ["uji-1"] == [each.identifier for each in fetch.poll()]
    assert (1, 2, 1) == tuple(authority.asked[f"/{name}.xml"] for name in ("bad", "gone", "good"))
    authority.published = "2"
    fetch.poll()
    assert ["DOCTYPE" in fault or "500" in fault for fault in fetch.faults] == [True, True]


def test_no_other_host_is_asked(authority: Authority) -> None:
    """Neither by a link in the feed nor by a redirect."""
    fetch = NowcastFetch(authority.url)
    authority.messages = {"http://169.254.169.254/x.xml": b"", "file:///etc/hostname": b"", "moved.xml": b""}
    authority.answers = {"/moved.xml": (302, {"Location": "http://169.254.169.254/"}, b"")}
    assert () == fetch.poll()
    assert 3 == len(fetch.faults)
    assert {"/feed": 1, "/moved.xml": 1} == dict(authority.asked)


def test_a_long_feed_is_fetched_in_portions(authority: Authority) -> None:
    """BMKG answers sixty requests a minute."""
    fetch = NowcastFetch(authority.url)
    authority.messages = {f"{number}.xml": message(f"uji-{number}") for number in range(MOST_REQUESTS + 3)}
    assert MOST_REQUESTS == len(fetch.poll())
    assert MOST_REQUESTS + 3 == len(fetch.poll())


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((503, {}, b""), "server menjawab 503"),
        ((200, {}, b"x" * (MOST_BYTES + 1)), "lebih besar dari 2 MB"),
        ((200, {}, b"<html/>"), "tidak dapat dipakai"),
        ((200, {"Content-Length": "1000"}, b"<rss>"), "tidak dapat dipakai"),
        ((302, {"Location": "https://contoh.example/"}, b""), "dialihkan ke contoh.example"),
    ],
    ids=["busy", "large", "html", "cut", "redirect"],
)
def test_a_feed_that_cannot_be_had_is_a_sentence(
    authority: Authority, answer: tuple[int, dict[str, str], bytes], says: str
) -> None:
    """Never a crash, never half a feed."""
    authority.answers = {"/feed": answer}
    with pytest.raises(FetchFailed, match=says):
        NowcastFetch(authority.url).poll()


def test_failures_are_told_late_and_tried_ever_later(post: NoticePost, authority: Authority) -> None:
    """After three failures officers are told; what was known stays; the first success ends it."""
    watch = Watch()
    job = poll_of(post, authority, watch)
    authority.messages = {"a.xml": message(end=600)}
    asyncio.run(job.run())
    authority.answers = {"/feed": (503, {}, b"")}
    asked_at, problems = [], []
    for minute in range(5, 250):
        watch.now, before = minute * 60.0, authority.asked["/feed"]
        asyncio.run(job.run())
        if authority.asked["/feed"] > before:
            asked_at.append(minute)
            problems.append(post.core.nowcast_problem)
    assert [5, 10, 20, 40, 80, 140, 200] == asked_at
    assert MOST_WAIT_S == 60 * (asked_at[-1] - asked_at[-2])
    said = "Peringatan dini BMKG tidak dapat diambil sejak 18:06: server menjawab 503."
    assert [None] * (TOLERATED - 1) + [said] * (len(asked_at) - TOLERATED + 1) == problems
    assert 1 == len(post.core.memory.nowcasts)
    authority.answers = {}
    watch.now += MOST_WAIT_S
    asyncio.run(job.run())
    assert None is post.core.nowcast_problem


def test_a_server_that_asks_for_patience_gets_it(post: NoticePost, authority: Authority) -> None:
    """Retry-After counts when it is longer than our own wait, up to an hour."""
    watch = Watch()
    job = poll_of(post, authority, watch)
    authority.answers = {"/feed": (429, {"Retry-After": "1200"}, b"")}
    asyncio.run(job.run())
    watch.now = 1199
    asyncio.run(job.run())
    assert 1 == authority.asked["/feed"]
    watch.now = 1200
    asyncio.run(job.run())
    assert 2 == authority.asked["/feed"]


def test_places_are_named_as_short_as_they_can_be() -> None:
    """A kecamatan whole; of others the kelurahan."""
    areas = Areas()
    west = [each.code for each in areas.all() if each.code.startswith("35.75.01.")]
    assert ["Kec. Gadingrejo"] == names(west, areas)
    assert ["Karangketug", "Pohjentrek"] == names(["35.75.01.1001", "35.75.02.1001"], areas)


def test_the_command_line_tells_what_it_understands(
    tmp_path: Path, authority: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the feed once, or from files; what is wrong is one sentence."""
    toml = tmp_path / "k.toml"
    toml.write_text(f'[site]\nname = "Uji"\n[nowcast]\nurl = "{authority.url}"\n')
    now = datetime.now(UTC)
    body = message(polygon=WEST).replace(at(200).encode(), (now + timedelta(hours=1)).isoformat()[:19].encode() + b"Z")
    authority.messages = {"a.xml": body, "b.xml": message("uji-2", polygon=JAVA)}
    common = ["--settings", str(toml), "--state", str(tmp_path / "s")]
    assert 0 == cli.main(["cap", "fetch", *common])
    told = capsys.readouterr().out
    assert "Hujan Lebat (BMKG Juanda)\n    Karangketug" in told
    assert "2 messages, 1 that count now, 1 of them here" in told
    (tmp_path / "a.xml").write_bytes(body)
    assert 0 == cli.main(["cap", "fetch", "--file", str(tmp_path / "a.xml"), *common])
    assert "1 messages, 1 that count now, 1 of them here" in capsys.readouterr().out
    assert 2 == cli.main(["cap", "fetch", "--url", "file:///etc/hostname", *common])
    assert "must begin with https://" in capsys.readouterr().err
    authority.answers = {"/feed": (503, {}, b"")}
    assert 2 == cli.main(["cap", "fetch", *common])
    assert "server menjawab 503" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (
            '[nowcast]\nurl = "http://contoh.example/feed"',
            "nowcast.url: 'http://contoh.example/feed' must begin with https",
        ),
        ('[nowcast]\nurl = "https://contoh.example/feed"\nevery_minutes = 0', "nowcast.every_minutes"),
        ('[cap]\nsender = "a b"', "cap.sender: 'a b' has a space"),
        ('[cap]\nweb = "peringatan.example"', "cap.web: 'peringatan.example' is no address"),
        ("[cap]\nlifetime_minutes = 1", "cap.lifetime_minutes"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, table: str, says: str) -> None:
    """File, key and remedy, before anything starts."""
    path = tmp_path / "k.toml"
    path.write_text(f'[site]\nname = "Uji"\n{table}\n')
    with pytest.raises(BadSettings) as refused:
        load(path)
    assert says in str(refused.value)
