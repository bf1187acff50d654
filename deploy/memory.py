"""What core keeps in memory, by station and by node."""

from dataclasses import dataclass, field

from alerting.area_state import AreaState
from alerting.engine import Decision, StationState
from alerting.group_state import GroupState
from alerting.nowcasts import Matched
from alerting.outbox import Outbox
from alerting.rules import StationRules
from broker.live import AirView
from ingest.rain import RainGauge
from ingest.readings import Reading
from ingest.stations import Node
from ingest.tide_table import TideTable

ScopeState = StationState | AreaState | GroupState


@dataclass(slots=True, kw_only=True)
class Memory:
    """``untold`` are decisions that came out only when the journal's tail was folded after a restart."""

    states: dict[str, StationState]
    rules: dict[str, StationRules]
    nodes: dict[str, Node]
    outbox: Outbox
    areas: dict[str, AreaState] = field(default_factory=dict)
    groups: dict[str, GroupState] = field(default_factory=dict)
    rain: dict[str, RainGauge] = field(default_factory=dict)
    air: dict[str, AirView] = field(default_factory=dict)
    tide: TideTable | None = None
    nowcasts: tuple[Matched, ...] = ()
    latest: dict[str, dict[str, Reading]] = field(default_factory=dict)
    replayed_stations: list[str] = field(default_factory=list)
    replayed_nodes: list[str] = field(default_factory=list)
    untold: list[Decision] = field(default_factory=list)

    _served: dict[str, list[str]] | None = field(default=None, init=False)  # node ids by station; None: to be made
    _behind: dict[str, list[str]] | None = field(default=None, init=False)  # by gateway; None: to be made

    def put(self, name: str, state: ScopeState) -> None:
        """Take the new state of a station, an area or a group."""
        match state:
            case StationState():
                self.states[name] = state
            case AreaState():
                self.areas[name] = state
            case GroupState():
                self.groups[name] = state

    def remember(self, reading: Reading) -> None:
        """Keep the newest reading of each quantity, by its own time."""
        of_station = self.latest.setdefault(reading.station, {})
        known = of_station.get(reading.quantity)
        if known is None or reading.time >= known.time:
            of_station[reading.quantity] = reading

    def nodes_of(self, station: str) -> list[str]:
        """Ids of the nodes that serve a station, in order."""
        if self._served is None:
            self._served = {}
            for name in sorted(self.nodes):
                self._served.setdefault(self.nodes[name].station, []).append(name)
        return self._served.get(station, [])

    def behind(self, gateway: str) -> list[str]:
        """Ids of the nodes that are heard through a gateway."""
        return self.gateways().get(gateway, [])

    def gateways(self) -> dict[str, list[str]]:
        """Nodes by the gateway through which they are heard."""
        if self._behind is None:
            self._behind = {}
            for name, node in self.nodes.items():
                if node.gateway:
                    self._behind.setdefault(node.gateway, []).append(name)
        return self._behind

    def assign(self, node: str, station: str, gateway: str = "") -> Node:
        """Have a node serve a station, and be heard through a gateway; a new node is remembered."""
        known = self.nodes.get(node)
        if known is None:
            known = self.nodes[node] = Node(id=node, station=station)
        known.station, known.gateway = station, gateway
        self._served = self._behind = None
        return known

    def forget_node(self, node: str) -> None:
        self.nodes.pop(node, None)
        self._served = self._behind = None
