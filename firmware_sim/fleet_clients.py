"""All connections of a fleet at once: one epoll, one flush, and coming back after a loss."""

import select
import ssl
from collections.abc import Iterable
from typing import Final

from firmware_sim.fleet_mqtt import FleetConnection, FleetRefused, topic_field
from firmware_sim.fleet_plan import Fleet

ASIDE: Final = -1  # token of a message whose acknowledgement by the broker nobody waits for
ONCE: Final = -2  # the same, of one that nobody sends again when its connection is lost


class FleetClients:
    """Messages of nodes out, acknowledgements in. Raises FleetRefused and OSError when the broker takes nobody."""

    def __init__(self, fleet: Fleet) -> None:
        self._numbers = {f"{fleet.realm}/v1/{node}/ack".encode(): n for n, node in enumerate(fleet.nodes)}
        self._topics = [topic_field(f"{fleet.realm}/v1/{node}/obs") for node in fleet.nodes]
        self._epoll = select.epoll()
        self._by_file: dict[int, FleetConnection] = {}
        self._touched: set[FleetConnection] = set()
        tls = _tls(fleet.authority)
        self._connections = [
            FleetConnection(
                (fleet.host, fleet.port), user=client.user, password=client.password, acks=client.acks, tls=tls
            )
            for client in fleet.clients
        ]
        owners = {
            node: made for made, client in zip(self._connections, fleet.clients, strict=True) for node in client.nodes
        }
        self._of_node = [owners[node] for node in range(len(fleet.nodes))]
        self.reconnected = self.lost = self.held = 0
        self.unsure = 0  # of the messages sent once, those that the broker had not acknowledged when it lost them

    def open(self) -> None:
        for connection in self._connections:
            self._open(connection)

    def publish(self, node: int, payload: bytes, token: int = ASIDE) -> None:
        """Queue a message for the next :meth:`flush`; :meth:`news` brings ``token`` when the broker has it.

        A connection with 65 000 messages that the broker has not acknowledged takes none: they are counted in ``held``.
        """
        connection = self._of_node[node]
        if connection.is_full:
            self.held += 1
            return
        connection.publish(self._topics[node], payload, token)
        self._touched.add(connection)

    def flush(self) -> None:
        """Send what waits, as far as the sockets take it."""
        self._touched = {connection for connection in self._touched if not connection.flush()}

    def news(self) -> tuple[list[int], list[tuple[int, bytes]], bool]:
        """Tokens that the broker has, application ACKs by node, and whether a connection was lost and opened again."""
        tokens: list[int] = []
        acks: list[tuple[bytes, bytes]] = []
        broken = []
        for file, _ in self._epoll.poll(0):
            connection = self._by_file[file]
            of_broker, of_core = connection.receive()
            tokens += of_broker
            acks += of_core
            if not connection.is_open:
                broken.append(connection)
            elif connection.out:
                self._touched.add(connection)
        self.lost += len(broken)
        self._reopen(broken)
        heard = [(self._numbers[topic], payload) for topic, payload in acks if topic in self._numbers]
        return [token for token in tokens if token >= 0], heard, bool(broken)

    def reconnect(self) -> None:
        """Drop every connection and open it again, all at once."""
        for connection in self._connections:
            connection.drop()
        self._reopen(self._connections)

    def wait(self, seconds: float) -> None:
        """Until something comes in, for ``seconds`` at most."""
        # epoll's own time-out counts in milliseconds; select's does not, and an epoll can be selected.
        select.select([self._epoll.fileno()], [], [], seconds)

    def ping(self) -> None:
        for connection in self._connections:
            connection.ping()
        self._touched.update(self._connections)

    def close(self) -> None:
        for connection in self._connections:
            connection.close()
        self._epoll.close()

    def _reopen(self, connections: Iterable[FleetConnection]) -> None:
        for connection in connections:
            self.unsure += sum(token == ONCE for token in connection.in_flight.values())
            connection.in_flight.clear()
            self._open(connection)
            self.reconnected += 1

    def _open(self, connection: FleetConnection) -> None:
        """A socket that was closed has left the epoll by itself."""
        connection.open()
        self._by_file[connection.fileno()] = connection
        self._epoll.register(connection.fileno(), select.EPOLLIN)


def _tls(authority: str | None) -> ssl.SSLContext | None:
    if authority is None:
        return None
    # A node trusts one authority, whatever address its broker has.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    try:
        context.load_verify_locations(authority)
    except OSError as error:
        raise FleetRefused(f"{authority} is not a certificate that can be read: {error}") from None
    return context
