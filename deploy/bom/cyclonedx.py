"""The parts as a CycloneDX bill of materials, JSON, version 1.6 (https://cyclonedx.org/docs/1.6/json/)."""

import base64
import json
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from deploy.bom.components import Component

_TYPES: Final = {"python": "library", "javascript": "library", "program": "application", "firmware": "firmware"}
_PURLS: Final = {"python": "pypi", "javascript": "npm"}
_SPACE: Final = uuid.UUID("6f2d6a0c-0b3e-5c0e-9d0a-3f5f6f1c2a11")


def bill(components: Iterable[Component], *, version: str, made_at_ms: int) -> str:
    """The document; the same parts at the same moment give the same bytes. ``made_at_ms`` is UTC."""
    parts = [_component(each) for each in components]
    made_at = datetime.fromtimestamp(made_at_ms // 1000, UTC).isoformat().replace("+00:00", "Z")
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_SPACE, json.dumps([version, made_at, parts]))}",
        "version": 1,
        "metadata": {
            "timestamp": made_at,
            "component": {
                "type": "application",
                "bom-ref": "kentongan",
                "name": "kentongan",
                "version": version,
                "licenses": [{"expression": "Apache-2.0"}],
            },
        },
        "components": parts,
        "dependencies": [{"ref": "kentongan", "dependsOn": sorted(part["bom-ref"] for part in parts)}],
    }
    return json.dumps(document, indent=2) + "\n"


def _component(part: Component) -> dict[str, Any]:
    said: dict[str, Any] = {
        "type": _TYPES[part.kind],
        "bom-ref": f"{part.kind}:{part.name}",
        "name": part.name,
        "licenses": [{"expression": part.licence}],
    }
    if part.version:
        said["version"] = part.version
    if part.kind in _PURLS:
        said["purl"] = f"pkg:{_PURLS[part.kind]}/{quote(part.name, safe='/')}@{part.version}"
    if part.sha512:
        said["hashes"] = [{"alg": "SHA-512", "content": base64.b64decode(part.sha512).hex()}]
    return said
