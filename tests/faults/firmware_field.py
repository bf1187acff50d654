"""Real firmware in MicroPython over a simulated storm, one process a node, killed and started at will."""

import subprocess
from collections.abc import Sequence

from broker.clock import Clock
from deploy.commands.node import node_document, write_node_folder
from firmware_sim import field
from tests.installation import Installation

SAMPLE_S = 10
# The stations that these nodes of the storm serve, without thresholds: nobody is told of them.
NODES = ("node-welang", "node-gembong")
STATIONS = "".join(
    f'[[stations]]\nid = "{name}"\nname = "{name}"\ndatum_m = {datum}\n'
    for name, datum in (("welang-kraton", 6.5), ("gembong-wirogunan", 4.0))
)


class FirmwareField:
    """Makes the nodes' credentials and folders; core must run."""

    def __init__(self, installation: Installation, clock: Clock, nodes: Sequence[str] = NODES) -> None:
        self._installation, self._clock = installation, clock
        self._scenario = field.load("badai")
        self._start_ms = clock.now()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        for plan in self._scenario.nodes:
            if plan.id in nodes:
                self._provision(plan)

    def _provision(self, plan: field.NodePlan) -> None:
        installation = self._installation
        password = installation.new_node(plan.id, plan.station)
        document = node_document(installation.settings, plan.id, password, list(plan.sensors))
        folder = installation.state.nodes / plan.id
        write_node_folder(folder, document | {"sample_s": SAMPLE_S}, installation.state)
        field.write_world(self._scenario, plan.id, folder / "world", self._start_ms)

    def start(self, node: str) -> None:
        folder = self._installation.state.nodes / node
        argv, environment = field.node_command(folder, folder / "world", self._clock)
        with (self._installation.root / f"{node}.log").open("ab") as log:
            self.processes[node] = subprocess.Popen(
                argv, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def kill(self, node: str) -> None:
        process = self.processes.pop(node)
        process.kill()
        process.wait()

    def close(self) -> None:
        for node in list(self.processes):
            self.kill(node)
