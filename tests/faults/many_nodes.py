"""Nodes by the dozen over one connection: a user of this installation's broker that may publish for all of them."""

import json
import time
from typing import Final, Self

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from deploy.assembly import credentials_of
from deploy.core_commands.nodes import NodeRow
from deploy.journal import Group, Journal
from tests.faults.ack_log import AckLog
from tests.installation import Installation, eventually

GATEWAY: Final = "gateway-0"
DATUM_M: Final = 6.5
STATION: Final = """
[[stations]]
id = "pos-{n:03d}"
name = "Pos {n}"
datum_m = 6.5
silence_minutes = {silence}
quality = {{ noise = 10.0, spike_suspect = 20.0, spike_fail = 20.0 }}
[stations.thresholds]
waspada = 4.4
siaga = 4.5
awas = 5.5
author = "test"
reason = "test"
early_siaga_minutes = 0
hold_down_minutes = 0.01
"""


def stations(count: int, *, silence_minutes: float) -> str:
    """TOML of that many stations, each with a node of its own name."""
    return "".join(STATION.format(n=n, silence=silence_minutes) for n in range(count))


class ManyNodes:
    """A context manager. Made before broker and core run; ``log`` holds every acknowledgement."""

    def __init__(self, installation: Installation, count: int) -> None:
        self.names = [f"pos-{n:03d}" for n in range(count)]
        self.log = AckLog(installation)
        self._installation = installation
        self._seqs = dict.fromkeys(self.names, 0)
        password = credentials_of(installation.state).add(GATEWAY)
        with installation.broker_settings.access_list.open("a") as rules:
            rules.write(f"user {GATEWAY}\ntopic write ews/v1/+/obs\n")
        self._register()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id=GATEWAY)
        self.client.username_pw_set(GATEWAY, password)
        self.client.reconnect_delay_set(1, 1)
        self.client.max_inflight_messages_set(2000)

    def _register(self) -> None:
        journal, group, now = Journal(self._installation.state.journal), Group(), time.time_ns() // 1_000_000
        group.nodes += [
            msgspec.structs.astuple(NodeRow(node, node, created_at=now, created_by="test", version=1))
            for node in self.names
        ]
        journal.write(group)
        journal.close()

    def __enter__(self) -> Self:
        self.log.start()
        self.client.connect("127.0.0.1", self._installation.settings.broker.loopback_port)
        self.client.loop_start()
        eventually(self.client.is_connected, "the connection to the broker")
        return self

    def __exit__(self, *_: object) -> None:
        self.log.close()
        self.client.disconnect()
        self.client.loop_stop()

    def publish(self, metres: float, *, names: list[str] | None = None, t: int | None = None) -> None:
        """One observation of each of ``names`` (all), at ``t`` (now), ms UTC."""
        at = time.time_ns() // 1_000_000 if t is None else t
        for node in names or self.names:
            made: dict[str, object] = {"v": 1, "boot": 7, "seq": self._seqs[node], "t": at}
            made["s"] = {"distance_mm": round((DATUM_M - metres) * 1000, 1)}
            self._seqs[node] += 1
            self.client.publish(f"ews/v1/{node}/obs", json.dumps(made).encode(), qos=1)

    def await_stored(self) -> None:
        """Wait until everything that was published is acknowledged."""
        due = sum(self._seqs.values())
        eventually(lambda: len(self.log.acked) >= due, f"{due} acknowledgements")
