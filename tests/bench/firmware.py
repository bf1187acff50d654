"""A release of the firmware: what heap it leaves, how long one of its parts keeps the others waiting, when its siren
sounds with the network cut.

The node is the firmware in MicroPython's Unix port, with every driver, siren and TLS, at the pace of the real clock, in
200 kB of heap: as much as 100 kB on an ESP32, whose words are half as long. The times are this machine's, not a chip's.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from broker.clock import Clock
from broker.releases import Release
from deploy.provisioning.node_files import node_document, write_node_folder
from firmware_sim import field
from firmware_sim.scenario import Fault
from tests.bench.audit import AuditFailed
from tests.bench.table import Row
from tests.firmware_interpreter import FIRMWARE
from tests.flashed_chip import kentongan
from tests.installation import Installation, eventually

SECTION: Final = "firmware"
NODE: Final = "wl-bench"
HEAP_BYTES: Final = 200 * 1024
HORN: Final = 32
SAMPLE_S: Final = 10
FLOOD_AFTER_S: Final = 60
FLOOD_MM: Final = 850.0
PATIENCE_S: Final = 120.0
_LEVEL: Final = {"series": "distance_mm", "uart": 1, "tx": 17, "rx": 16}
_BUS: Final = {"i2c": 0, "sda": 21, "scl": 22}
EVERYTHING: Final[tuple[dict[str, Any], ...]] = (
    {"driver": "a02yyuw"} | _LEVEL,
    {"driver": "maxbotix"} | _LEVEL | {"series": "distance_mm.2", "uart": 3},
    {"driver": "jsn_sr04t", "series": "distance_mm.3", "trigger": 18, "echo": 19},
    {"driver": "ads1115", "series": "distance_mm.4", "channel": 0, "signal": "4-20mA", "low_mm": 5000, "high_mm": 0}
    | _BUS,
    {"driver": "tipping_bucket", "series": "rain_tips", "pin": 27},
    {"driver": "pms5003", "uart": 2, "tx": 25, "rx": 26},
    {"driver": "bme280"} | _BUS,
    {"driver": "switch", "series": "lid_open", "pin": 14, "rest": 0},
    {"driver": "switch", "series": "tilted", "pin": 13, "rest": 1},
    {"driver": "battery", "series": "batt_mv", "adc": 35, "ratio": 2.0},
    {"driver": "solar", "series": "solar_mv", "adc": 34, "ratio": 3.0},
)


def rows() -> Iterator[Row]:
    """Raises AuditFailed when the siren is later than two samples, or the memory runs out."""
    print("-- firmware, some two minutes", file=sys.stderr, flush=True)
    release = Release.of_source(FIRMWARE)
    with Installation() as installation, tempfile.TemporaryDirectory(prefix="ktb-") as name:
        installation.start()
        folder = Path(name)
        flood_ms = _provision(installation, folder)
        process = _start(folder)
        try:
            eventually(lambda: _state(installation)["stored"] is not None, "the node", PATIENCE_S)
            kentongan(installation, "node", "configure", NODE, "--siren", "awas", "--sample-s", str(SAMPLE_S))
            eventually(lambda: _answer(installation) == "configured", "the configuration", PATIENCE_S)
            kentongan(installation, "node", "command", NODE, "identify", "--for", "1")
            eventually(lambda: _answer(installation) == "identify", "the answer", PATIENCE_S)
            state = _state(installation)
            installation.kill("core")
            installation.kill("broker")
            eventually(lambda: _horn_ms(folder) is not None, "the horn", PATIENCE_S)
        finally:
            process.kill()
            process.wait()
        horn_ms = _horn_ms(folder)
        log = (folder / "node.log").read_text()
    assert horn_ms is not None
    late_s = (horn_ms - flood_ms) / 1000
    if "MemoryError" in log or late_s > 2 * SAMPLE_S + 1:
        raise AuditFailed(f"the horn sounded {late_s:.1f} s after the water; {log[-2000:]}")
    what = f"firmware {state['firmware']}"
    size = f"{release.size} bytes in {len(release.files)} files"
    free, waited = state["free_bytes"], state["late_ms"]
    yield Row(section=SECTION, what=f"{what}: heap free", figure=f"{free} of {HEAP_BYTES} bytes", note=size)
    yield Row(
        section=SECTION, what=f"{what}: a part waits at most", figure=f"{waited} ms", note="since the last status"
    )
    yield Row(
        section=SECTION,
        what=f"{what}: water -> horn, network cut",
        figure=f"{late_s:.1f} s, {late_s / SAMPLE_S:.1f} samples",
        goal="two samples",
        note=f"a sample every {SAMPLE_S} s",
    )


def _provision(installation: Installation, folder: Path) -> int:
    """The node's folder and its world; when the water comes in it, ms UTC."""
    made = installation.ask("node-new", node=NODE, station="welang")
    document = node_document(installation.settings, NODE, made["password"], list(EVERYTHING), made["order_key"])
    siren = {"horn": HORN, "lamp": 33}
    write_node_folder(folder, document | {"sample_s": SAMPLE_S, "siren": siren}, installation.state)
    story = field.load("badai")
    plan = msgspec.structs.replace(story.node("node-gembong"), sensors=EVERYTHING)
    flood = {"node": plan.id, "series": "distance_mm", "kind": "spike", "value": FLOOD_MM}
    flood |= {"from_min": FLOOD_AFTER_S / 60, "for_min": 1000.0}
    story = msgspec.structs.replace(story, nodes=(plan,), faults=(msgspec.convert(flood, Fault),))
    start_ms = time.time_ns() // 1_000_000
    field.write_world(story, plan.id, folder / "world.bin", start_ms)
    return start_ms + FLOOD_AFTER_S * 1000


def _start(folder: Path) -> subprocess.Popen[bytes]:
    argv, environment = field.node_command(folder, folder / "world.bin", Clock(), heap_bytes=HEAP_BYTES)
    environment |= {"KENTONGAN_OUTPUTS": str(folder / "outputs")}
    with (folder / "node.log").open("ab") as log:
        return subprocess.Popen(argv, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _state(installation: Installation) -> dict[str, Any]:
    return dict(installation.ask("node-state", node=NODE))


def _answer(installation: Installation) -> str | None:
    order = _state(installation)["order"]
    return None if order is None else str(order[1])


def _horn_ms(folder: Path) -> int | None:
    """When the horn's pin first went up."""
    path = folder / "outputs"
    lines = path.read_text().splitlines() if path.exists() else []
    found = [int(line.split()[0]) for line in lines if line.split()[1:] == [str(HORN), "1"]]
    return found[0] if found else None
