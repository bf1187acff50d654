"""The network between core and its broker, and between core and the provider: half-open, cut, slow, in pieces."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.faults.episode import EpisodeField
from tests.faults.stage import Stage
from tests.faults.tcp_proxy import TcpProxy
from tests.installation import eventually

SILENT_S: Final = 60.0  # nothing passes, nobody is told: longer than core's keep-alive
NOTICED_S: Final = 45.0  # twice the keep-alive of 15 s, and a look every half a second; on a slow machine
SLOW_S: Final = 0.001
PIECE: Final = 13


@contextmanager
def _through_a_proxy(field: EpisodeField, proxy: TcpProxy) -> Iterator[None]:
    """Core reaches its broker through ``proxy``; nodes do not."""
    toml = field.installation.toml
    before = toml.read_text()
    field.installation.kill("core")
    toml.write_text(re.sub(r"loopback_port = \d+", f"loopback_port = {proxy.port}", before))
    field.installation.start_core()
    try:
        yield
    finally:
        field.installation.kill("core")
        toml.write_text(before)
        field.installation.start_core()


def half_open_broker(stage: Stage) -> None:
    """The connection stands and nothing passes: core notices by itself, connects anew and takes everything."""
    field = stage.field()
    with TcpProxy(field.installation.settings.broker.loopback_port) as proxy, _through_a_proxy(field, proxy):
        rise = field.rise()
        field.node.insist(rise[0], mend=field.mend)
        proxy.is_open = False
        began = time.monotonic()
        for observation in rise[1:]:
            field.node.publish(observation)
        eventually(lambda: not field.installation.status().get("broker_connected"), "core to notice", NOTICED_S)
        noticed_s = time.monotonic() - began
        time.sleep(max(0.0, stage.seconds(SILENT_S, least=0) - noticed_s))
        proxy.cut()
        proxy.is_open = True
        well = time.monotonic()
        field.node.insist(*rise, mend=field.mend)
        recovered_s = time.monotonic() - well
        field.fall()
        field.settle()
    stage.did(
        f"nothing passed between core and broker: core noticed after {noticed_s:.0f} s, and had everything "
        f"{recovered_s:.1f} s after the network was back"
    )
    stage.found(field.faults())


def slow_network(stage: Stage) -> None:
    """Packets in pieces of a few bytes, each late, and connections cut in the middle of them."""
    field, cuts = stage.field(), stage.count(20, least=2)
    with TcpProxy(field.installation.settings.broker.loopback_port) as proxy, _through_a_proxy(field, proxy):
        proxy.piece, proxy.delay_s = PIECE, SLOW_S
        for _ in range(cuts):
            rise = field.rise()
            for observation in rise:
                field.node.publish(observation)
            time.sleep(stage.chance.uniform(0.0, 0.3))
            proxy.cut()
            field.node.insist(*rise, mend=field.mend)
            field.fall()
            field.settle()
        passed = proxy.passed
    stage.did(f"{passed} bytes in pieces of {PIECE} between core and broker, cut {cuts} times in a rise")
    stage.found(field.faults())
