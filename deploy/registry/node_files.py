"""Nodes in files: what they are and which stations they serve. Credentials are never in them."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from deploy.registry.station_files import BadFile, TablesFile, read, toml_text

COLUMNS: Final = ("id", "station", "gateway", "hardware", "firmware", "note")


def read_nodes(path: Path) -> TablesFile:
    """Nodes of a TOML or CSV file; raises BadFile."""
    return read(path, what="nodes", columns=COLUMNS, words=frozenset(COLUMNS))


def export_text(path: Path, nodes: Sequence[dict[str, Any]]) -> str:
    """The nodes as ``node-list`` gives them, in the form that the name of ``path`` asks for; raises BadFile."""
    tables = [{"id": node["node"], **{name: node[name] for name in COLUMNS[1:] if node[name]}} for node in nodes]
    if path.suffix == ".toml":
        return toml_text(tables, "nodes")
    if path.suffix != ".csv":
        raise BadFile(f"{path}: the name must end in .toml or .csv")
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(tables)
    return out.getvalue()
