"""A gateway that is lost is one alert, and its nodes' silences are told to nobody."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from broker.control import CommandFailed, Request
from deploy.arrival import Arrival
from deploy.assembly import core_of, credentials_of
from deploy.core_commands.commands import Commands
from deploy.settings import load
from deploy.state_folder import StateFolder
from tests.bare_core import SetClock, Wire

T0 = 1_795_000_000_000  # 18:06:40 WIB
MINUTE = 60_000
SETTINGS = """
[site]
name = "Uji"
[channels]
demo = true
[[officers]]
name = "Petugas jaga"
phone = "+6281200000001"
"""


class Field:
    """Three stations: two behind the gateway "kraton", one on its own."""

    def __init__(self, folder: Path) -> None:
        (folder / "k.toml").write_text(SETTINGS)
        self.settings = load(folder / "k.toml")
        self.state = StateFolder(folder / "s")
        self.state.prepare()
        self.state.broker.mkdir()
        SetClock.time = T0
        self.seq = 0
        self.open()
        for name in ("satu", "dua", "tiga"):
            station = {"id": name, "name": name.title(), "datum_m": 6.5}
            assert [] == self.ask("station-put", stations=[station], mode="add", reason="uji")["faults"]
            gateway = {} if name == "tiga" else {"gateway": "kraton"}
            self.ask("node-new", node=f"node-{name}", station=name, **gateway)

    def open(self) -> None:
        self.core = core_of(self.settings, self.state, SetClock(), channels={})
        self.core.link, self.core.sender = Wire(), Wire()
        self.commands = Commands(self.core, credentials_of(self.state), lambda: True)

    def crash(self) -> None:
        self.core.journal.close()
        self.open()

    def ask(self, command: str, /, **arguments: Any) -> Any:
        return self.commands.run(Request(name=command, args=arguments, actor="Budi"))

    def minutes(self, count: int, *speaking: str) -> None:
        """Time passes; these nodes give a sample each minute."""
        for _ in range(count):
            SetClock.time += MINUTE
            self.seq += 1
            body = {"v": 1, "boot": 7, "seq": self.seq, "t": SetClock.time, "s": {"distance_mm": 3500}}
            payload = json.dumps(body).encode()
            arrivals = [
                Arrival(f"ews/v1/node-{name}/obs".encode(), payload, 1, 1, retain=False, generation=1)
                for name in speaking
            ]
            self.core.turn(arrivals)

    def active(self) -> list[str]:
        return sorted(alert["alert"] for alert in self.ask("alert-list", active=True))

    def texts(self) -> list[str]:
        rows = self.core.journal.connection.execute("SELECT body FROM outbox ORDER BY id").fetchall()
        return [str(body) for (body,) in rows]


@pytest.fixture
def field(tmp_path: Path) -> Iterator[Field]:
    made = Field(tmp_path)
    made.minutes(5, "satu", "dua", "tiga")
    yield made
    made.core.journal.close()


def test_a_lost_gateway_is_one_message(field: Field) -> None:
    """Also over a crash; its stations are silent, say why nobody was told, and all of it ends with the data."""
    field.minutes(6, "tiga")
    assert ["gateway:kraton.data.1"] == field.active()
    field.crash()
    field.minutes(12, "tiga")  # silence counts from when core could hear
    assert ["dua.data.1", "gateway:kraton.data.1", "satu.data.1"] == field.active()
    assert 1 == len(field.texts())
    assert "BPBD KOTA PASURUAN: GATEWAY PUTUS kraton, 18:17 WIB." in field.texts()[0]
    (why,) = field.ask("why", about="gateway:kraton.data.1")["sentences"]
    assert why.startswith("Gateway kraton putus: tidak ada data selama 6 menit")
    (why,) = field.ask("why", about="satu.data.1")["sentences"]
    assert "tidak diberitakan sendiri karena Gateway kraton putus" in why
    field.minutes(3, "satu", "dua", "tiga")
    assert [] == field.active()
    assert ["GATEWAY PUTUS", "DATA KEMBALI"] == [text.split(": ")[1].split(" kraton")[0] for text in field.texts()]


def test_a_node_behind_a_living_gateway_tells_of_itself(field: Field) -> None:
    """One station dead, its neighbour heard: the gateway is there."""
    field.minutes(12, "dua", "tiga")
    assert ["satu.data.1"] == field.active()
    assert 1 == len(field.texts())


def test_everything_stands_for_its_gateways(field: Field) -> None:
    """Nobody speaks: BUTA alone. When the others are back and the gateway is not, it is told then."""
    field.minutes(14)
    assert "semua.data.1" in field.active()
    assert "gateway:kraton.data.1" not in field.active()
    assert 1 == len(field.texts())
    field.minutes(2, "tiga")
    assert ["gateway:kraton.data.1"] == [each for each in field.active() if not each.startswith(("satu", "dua"))]


def test_a_gateway_that_nobody_uses_any_more_is_forgotten(field: Field) -> None:
    """Its nodes got radios of their own: the alert ends in the name of who said so."""
    field.minutes(6, "tiga")
    for name in ("satu", "dua"):
        field.ask("node-change", node=f"node-{name}", gateway="", reason="modem sendiri")
    (why,) = field.ask("why", about="gateway:kraton.data.1")["sentences"]
    assert "Budi melepas Gateway kraton." in why
    assert [] == [each for each in field.active() if each.startswith("gateway")]
    field.minutes(12, "tiga")
    assert ["dua.data.1", "satu.data.1"] == field.active()


@pytest.mark.parametrize("command", ["node-change", "node-put"])
def test_a_gateway_has_a_name_like_a_node(field: Field, command: str) -> None:
    """Anything else is refused in one sentence, and nothing is changed."""
    if command == "node-put":
        table = {"id": "node-satu", "gateway": "Kraton 1"}
        (fault,) = field.ask(command, nodes=[table], reason="uji")["faults"]
        assert "'Kraton 1' is not 3 to 32 of a-z" in fault["text"]
    else:
        with pytest.raises(CommandFailed, match="gateway 'Kraton 1' is not 3 to 32 of a-z"):
            field.ask(command, node="node-satu", gateway="Kraton 1", reason="uji")
    assert "kraton" == field.ask("node-show", node="node-satu")["gateway"]
