"""A node's own files: ``node.json``, which holds its secrets, and ``ca.der``, the authority that it believes."""

import json
from pathlib import Path
from typing import Any, Final

from deploy.commands.common import Refused
from deploy.settings import Settings
from deploy.state_folder import StateFolder

SERVER_NAME: Final = "kentongan"


def node_document(
    settings: Settings,
    node: str,
    password: str,
    sensors: list[dict[str, Any]],
    order_key: str = "",
    *,
    seal: bool = False,
) -> dict[str, Any]:
    """The content of a node's ``node.json``; without ``order_key`` it obeys no commands, and seals nothing."""
    return {
        "node": node,
        "realm": settings.site.realm,
        "host": settings.broker.node_host,
        "port": settings.broker.tls_port,
        "server_name": SERVER_NAME,
        "password": password,
        "order_key": order_key,
        "seal": seal,
        "wifi": {"ssid": "", "password": ""},
        "sample_s": 60,
        "sensors": sensors,
    }


def write_node_folder(folder: Path, document: dict[str, Any], state: StateFolder) -> None:
    """``node.json`` and ``ca.der``, readable by their owner alone; raises Refused."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / "node.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(document, indent=2) + "\n")
        (folder / "ca.der").write_bytes((state.authority / "ca.der").read_bytes())
    except OSError as error:
        raise Refused(f"{folder}: {error.strerror}: {error.filename}") from None


def read_node_folder(folder: Path, node: str) -> dict[str, bytes]:
    """The two files of ``node`` by name, as :func:`write_node_folder` wrote them; raises Refused."""
    try:
        files = {name: (folder / name).read_bytes() for name in ("node.json", "ca.der")}
        document = json.loads(files["node.json"])
    except OSError as error:
        raise Refused(f"{error.filename}: {error.strerror}; node new --out DIR writes both files") from None
    except ValueError as error:
        raise Refused(f"{folder / 'node.json'}: not JSON: {error}") from None
    found = document.get("node") if isinstance(document, dict) else None
    if found != node:
        raise Refused(f"{folder / 'node.json'}: it is of node {found!r}, not of {node!r}")
    return files


def sensors_of(hazard: str) -> list[dict[str, Any]]:
    """The usual sensors of a station of ``hazard``, on the pins of the reference board."""
    battery: dict[str, Any] = {"driver": "battery", "series": "batt_mv", "adc": 35, "ratio": 2.0}
    if hazard == "air":
        return [
            {"driver": "pms5003", "uart": 2, "tx": 25, "rx": 26},
            {"driver": "bme280", "i2c": 0, "sda": 21, "scl": 22},
            battery,
        ]
    return [
        {"driver": "a02yyuw", "series": "distance_mm", "uart": 1, "tx": 17, "rx": 16},
        {"driver": "tipping_bucket", "series": "rain_tips", "pin": 27},
        battery,
    ]
