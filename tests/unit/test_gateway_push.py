"""HTTP push: who may, what is taken, and what a sender is told; over a real socket."""

import http.client
import json
import ssl
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker import certificates
from edge.gateway.push import BadPush, Fresh, Listener, PushPlan, PushServer, samples_of
from edge.gateway.ring import RingRefused
from edge.gateway.sample import Sample
from edge.gateway.value import ValueRule

TOKEN = "t" * 30
RULES = {"level": ValueRule(series="level_m", unit="cm", high=800), "batt": ValueRule(series="batt_mv", unit="V")}
GOOD = {"time": "2026-11-22T17:40:00+07:00", "values": {"level": 231, "batt": 12.5}}


class Store:
    """Takes everything at once, or refuses it all."""

    def __init__(self) -> None:
        self.taken: list[Sample] = []
        self.refuses = False

    def __call__(self, samples: Sequence[Sample]) -> "Future[Fresh]":
        answer: Future[Fresh] = Future()
        if self.refuses:
            answer.set_exception(RingRefused("disk full"))
        else:
            self.taken += samples
            answer.set_result(Fresh(len(samples), 0))
        return answer


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def server(store: Store) -> Iterator[PushServer]:
    made = PushServer(
        Listener(host="127.0.0.1", port=0), {"lg-01": PushPlan(token=TOKEN, rules=RULES)}, {"lg-01": store}
    )
    made.start()
    yield made
    made.stop()


def post(
    server: PushServer, body: object, *, path: str = "/v1/lg-01", token: str = TOKEN, **headers: str
) -> tuple[int, dict[str, object]]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request("POST", path, data, {"Authorization": f"Bearer {token}", **headers})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_a_sample_is_taken_in_our_units(server: PushServer, store: Store) -> None:
    """One, or an array; a time with its offset, or in ms; what is left out is missing, and no key is one of two."""
    assert (200, {"stored": 1, "repeated": 0}) == post(server, GOOD)
    assert (200, {"stored": 2, "repeated": 0}) == post(
        server, [{"time": 1_795_344_060_000, "values": {"level": 900, "batt": None}}, {**GOOD, "values": {}}]
    )
    first, second, third = store.taken
    assert (1_795_344_000_000, {"level_m": 2.31, "batt_mv": 12500.0}) == (first.time_ms, dict(first.values))
    assert (1_795_344_060_000, {"level_m": "out_of_range", "batt_mv": "missing"}) == (
        second.time_ms,
        dict(second.faults),
    )
    assert first.key != third.key
    assert first.key == samples_of(json.dumps(GOOD).encode(), RULES)[0].key


@pytest.mark.parametrize(
    ("path", "token"),
    [("/v1/lg-01", "x" * 30), ("/v1/lg-01", ""), ("/v1/lg-02", TOKEN), ("/v1/lg-02", ""), ("/", TOKEN)],
)
def test_without_its_token_nobody_is_told_anything(server: PushServer, store: Store, path: str, token: str) -> None:
    """A wrong token and an unknown node have the same answer; nothing is taken."""
    assert (401, {"error": "no such node and token; send the header Authorization: Bearer TOKEN"}) == post(
        server, GOOD, path=path, token=token
    )
    assert [] == store.taken


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{", 'send {"time": "2026-11-22T17:40:00+07:00", "values": {"NAME": 1.23}}'),
        (b'{"time": 1795344000000, "values": {"level": NaN}}', "send {"),
        (b'{"time": 1795344000000, "values": {"level": true}}', "Expected `float | null`"),
        ({"time": "17:40", "values": {}}, "time: '17:40' is not like 2026-11-22T17:40:00+07:00"),
        ({"time": "2026-11-22T17:40:00", "values": {}}, "has no offset; add +07:00, or Z for UTC"),
        ({"time": 1_795_344_000, "values": {}}, "is not a time in ms since 1970"),
        ({"time": GOOD["time"], "values": {"tinggi": 1}}, "'tinggi' is not in the mapping; there is level, batt"),
        ([], "0 samples; send 1 to 500"),
        ([GOOD] * 501, "501 samples; send 1 to 500"),
        ([GOOD, {"time": "kemarin", "values": {}}], "time: 'kemarin'"),
    ],
)
def test_a_body_that_is_no_sample_is_refused_as_a_whole(
    server: PushServer, store: Store, body: object, expected: str
) -> None:
    """The answer says what to write instead."""
    status, said = post(server, body)
    assert 400 == status
    assert expected in str(said["error"])
    assert [] == store.taken


def test_a_body_without_an_honest_length_is_refused(server: PushServer) -> None:
    """Too long, or no number: it is not even read."""
    for length in ("300000", "-1", "many"):
        status, said = post(server, b"", **{"Content-Length": length})
        assert (400, True) == (status, "is not a number of at most" in str(said["error"]))


def test_a_disk_that_takes_nothing_is_answered_with_503(server: PushServer, store: Store) -> None:
    """The sender keeps what it has, and sends it again; then it is taken."""
    store.refuses = True
    assert (503, {"error": "it cannot be stored now: send it again"}) == post(server, GOOD)
    store.refuses = False
    assert 200 == post(server, GOOD)[0]


def test_senders_that_hang_hold_up_nobody(server: PushServer) -> None:
    """Ten open connections that say nothing, and one that does is served."""
    silent = [http.client.HTTPConnection("127.0.0.1", server.port, timeout=30) for _ in range(10)]
    for each in silent:
        each.connect()
    assert 200 == post(server, GOOD)[0]
    for each in silent:
        each.close()


def test_beyond_loopback_it_speaks_tls(tmp_path: Path, store: Store) -> None:
    """With a certificate the same is answered over TLS, and plain HTTP is not."""
    now = datetime.now(UTC)
    authority = certificates.ensure_authority(tmp_path, now=now)
    certificates.ensure_server_certificate(tmp_path / "server.pem", authority, names=["127.0.0.1"], now=now)
    listener = Listener(host="127.0.0.1", port=0, certificate=tmp_path / "server.pem")
    server = PushServer(listener, {"lg-01": PushPlan(token=TOKEN, rules=RULES)}, {"lg-01": store})
    server.start()
    try:
        context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
        secure = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=30, context=context)
        secure.request("POST", "/v1/lg-01", json.dumps(GOOD), {"Authorization": f"Bearer {TOKEN}"})
        assert 200 == secure.getresponse().status
        secure.close()
        with pytest.raises((http.client.HTTPException, OSError)):
            post(server, GOOD)
    finally:
        server.stop()
    assert 1 == len(store.taken)


def test_nothing_is_taken_from_a_nested_body() -> None:
    """A body made to exhaust the parser is refused like any other."""
    with pytest.raises(BadPush):
        samples_of(b"[" * 100_000, RULES)
    assert threading.active_count() < 50
