"""An installation for a benchmark: real broker, real core, a provider that takes messages, and nodes by the thousand.

Up to 200 nodes have a connection each. More than that come through gateways: users of this installation's broker alone,
whose access list lets them publish for any node. The table says which.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import msgspec

from deploy.assembly import credentials_of
from deploy.commands.simulate import fleet_over, station_toml
from deploy.core_commands.nodes import NodeRow
from deploy.journal import Group, Journal
from firmware_sim.fleet_plan import Client, Fleet
from tests.emulators.twilio_account import Behaviour
from tests.emulators.twilio_process import TwilioProcess
from tests.installation import Installation

CONNECTIONS_OF_THEIR_OWN = 200
GATEWAYS = 16
COMPLAINTS = 40  # lines


class BenchField:
    """A context manager; everything that it started is gone when it ends."""

    def __init__(self, stations: int, *, tls: bool = False, more: str = "") -> None:
        self.stations, self.tls = stations, tls
        self._more = more
        self._stack = contextlib.ExitStack()
        self.provider: TwilioProcess
        self.installation: Installation
        self.fleet_file: Path
        self.core_pid = 0
        self.nodes = [f"pos-{number:06d}" for number in range(stations)]

    @property
    def connections(self) -> str:
        if self.stations <= CONNECTIONS_OF_THEIR_OWN:
            return f"{self.stations} nodes, a connection each{' (TLS)' if self.tls else ''}"
        return f"{self.stations} nodes through {GATEWAYS} gateways{' (TLS)' if self.tls else ''}"

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ktb-")))
            # Delivery reports would only add to what the emulator does beside.
            self.provider = stack.enter_context(TwilioProcess(folder / "posts.jsonl", behaviour=Behaviour(step_s=None)))
            self.installation = stack.enter_context(
                Installation(
                    channels=_twilio(self.provider, folder),
                    stations="".join(station_toml(number) for number in range(self.stations)),
                    officers=1,
                    more=self._more,
                )
            )
            self.add_nodes()
            self.fleet_file = folder / "fleet.json"
            self.fleet_file.write_bytes(msgspec.json.encode(self._fleet()))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add_nodes(self) -> None:
        """Put every node into the journal at once, as that many ``kentongan node new`` would."""
        journal = Journal(self.installation.state.journal)
        group = Group()
        now = time.time_ns() // 1_000_000
        group.nodes += [
            msgspec.structs.astuple(NodeRow(node, node, created_at=now, created_by="bench", version=1))
            for node in self.nodes
        ]
        journal.write(group)
        journal.close()

    def _fleet(self) -> Fleet:
        installation = self.installation
        credentials = credentials_of(installation.state)
        if self.stations <= CONNECTIONS_OF_THEIR_OWN:
            known = [(node, credentials.add(node)) for node in self.nodes]
            return fleet_over(installation.settings, installation.state, known, tls=self.tls)
        users = [(f"gateway-{number}", credentials.add(f"gateway-{number}")) for number in range(GATEWAYS)]
        with installation.broker_settings.access_list.open("a") as rules:
            for number, (user, _) in enumerate(users):
                rules.write(f"user {user}\ntopic write ews/v1/+/obs\n")
                if number == 0:
                    rules.write("topic read ews/v1/+/ack\n")
        direct = fleet_over(installation.settings, installation.state, [], tls=self.tls)
        clients = [
            Client(
                user=user,
                password=password,
                nodes=list(range(number, self.stations, GATEWAYS)),
                acks="" if number else "ews/v1/+/ack",
            )
            for number, (user, password) in enumerate(users)
        ]
        return msgspec.structs.replace(direct, nodes=self.nodes, clients=clients)

    # -- processes -----------------------------------------------------------------------------------------------------

    def start(self, *, wrapper: Sequence[str] = (), history: bool = False) -> None:
        """Broker and core, and history beside them if asked for."""
        self.installation.start_broker()
        self.start_core(wrapper=wrapper)
        if history:
            self.start_command("history")

    def start_core(self, *, wrapper: Sequence[str] = ()) -> None:
        self.installation.start_core(wrapper=wrapper)
        self.core_pid = int(self.installation.status()["pid"])
        self._stack.callback(_kill, self.core_pid)  # it outlives a wrapper that is killed

    def start_command(self, name: str) -> int:
        """Another of our processes, until the field ends; its number."""
        argv = [sys.executable, "-m", "deploy.cli", name, "--settings", str(self.installation.toml)]
        with (self.installation.root / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        return process.pid

    # -- asking --------------------------------------------------------------------------------------------------------

    def core_cpu_s(self) -> float:
        return cpu_s(self.core_pid)

    def broker_cpu_s(self) -> float:
        assert self.installation.broker is not None
        return cpu_s(self.installation.broker.pid)

    def complaints(self) -> list[str]:
        """What broker and core logged beside alerts and arrivals: where to look when an audit fails."""
        broker = (self.installation.root / "broker.log").read_text().splitlines()
        core = self.installation.core_log.read_text().splitlines()
        found = [line for line in broker if "New " not in line] + [line for line in core if " raised: " not in line]
        return found[-COMPLAINTS:]

    def core_waited_s(self) -> float:
        """How long core's loop was ready to run and had no CPU: what others on the machine cost it."""
        return int(Path(f"/proc/{self.core_pid}/schedstat").read_text().split()[1]) / 1e9

    def core_memory_mib(self) -> float:
        """Resident, of the core process."""
        status = Path(f"/proc/{self.core_pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def cpu_s(pid: int) -> float:
    """CPU seconds of a process so far, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _twilio(provider: TwilioProcess, folder: Path) -> str:
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text(provider.auth_token)
    return (
        f'[channels.twilio]\naccount_sid = "{provider.account_sid}"\ntoken_file = "{token}"\n'
        f'sender = "{provider.from_number}"\napi_base = "{provider.base_url}"\n'
    )
