"""Whatever bytes somebody publishes, core files them as dead letters and goes on; they decide nothing."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.clock import Clock
from broker.control import Request
from deploy.arrival import Arrival
from deploy.assembly import core_of, credentials_of
from deploy.core import Core
from deploy.core_commands.commands import Commands
from deploy.settings import load
from deploy.state_folder import StateFolder

T0 = 1_795_000_000_000
OBS = b"ews/v1/wl-01/obs"
STATION = {"id": "welang", "name": "Welang", "datum_m": 6.5, "kelurahan": ["Karangketug"]}
NUMBERS = st.one_of(st.integers(-(2**70), 2**70), st.floats(), st.none(), st.booleans(), st.text(max_size=5))
OBSERVATIONS = st.fixed_dictionaries(
    {"v": NUMBERS, "boot": NUMBERS, "seq": NUMBERS, "t": NUMBERS, "s": st.dictionaries(st.text(max_size=8), NUMBERS)}
)
PAYLOADS = st.one_of(
    st.binary(max_size=200),
    OBSERVATIONS.map(lambda found: json.dumps(found).encode()),
    st.lists(OBSERVATIONS, max_size=4).map(lambda found: json.dumps(found).encode()),
    st.binary(max_size=100).map(lambda body: b"a" * 64 + b"\n" + body),
    st.integers(1, 20_000).map(lambda depth: b"[" * depth),
)
TOPICS = st.one_of(
    st.sampled_from([OBS, b"ews/v1/wl-01/status", b"ews/v1/wl-01/want", b"ews/v1/core/obs", b"latihan/v1/wl-01/obs"]),
    st.binary(min_size=1, max_size=60),
    st.text(min_size=1, max_size=30).map(lambda text: f"ews/v1/{text}/obs".encode("utf-8", "surrogatepass")),
)


class SetClock(Clock):
    """Says what it is told."""

    def now(self) -> int:
        return T0


class Wire:
    """The broker's side: counts what is acknowledged to it."""

    is_connected = True
    acknowledged = 0

    def acknowledge(self, arrivals: Any) -> None:
        self.acknowledged += len(arrivals)

    def publish(self, topic: str, payload: bytes) -> None:
        """Nobody listens."""

    def carry(self, attempt: Any) -> None:
        """There is no channel."""


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Core]:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "k.toml").write_text('[site]\nname = "Uji"\n')
    state = StateFolder(folder / "s")
    state.prepare()
    state.broker.mkdir()
    made = core_of(load(folder / "k.toml"), state, SetClock(), channels={})
    wire: Any = Wire()
    made.link, made.sender = wire, wire
    commands = Commands(made, credentials_of(state), lambda: True)
    stations = {"stations": [STATION], "mode": "import", "reason": "uji"}
    commands.run(Request(name="station-put", args=stations, actor="uji"))
    commands.run(Request(name="node-new", args={"node": "wl-01", "station": "welang"}, actor="uji"))
    yield made
    made.journal.close()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(messages=st.lists(st.tuples(TOPICS, PAYLOADS), min_size=1, max_size=5))
def test_no_bytes_break_a_turn_or_decide_anything(core: Core, messages: list[tuple[bytes, bytes]]) -> None:
    """Each message is acknowledged to the broker, so that it does not come for ever, and none is a fault of ours."""
    wire: Any = core.link
    before = wire.acknowledged
    core.turn([Arrival(topic, payload, 1, 1, retain=False, generation=1) for topic, payload in messages])
    assert before + len(messages) == wire.acknowledged
    assert core.failed_write is None
    faults = "SELECT reason FROM dead_letters WHERE reason LIKE 'internal%'"
    assert [] == core.journal.connection.execute(faults).fetchall()
    assert 0 == core.journal.connection.execute("SELECT count(*) FROM alerts").fetchone()[0]
