"""What goes onto a node that was made on a page."""

import json
from typing import Any

from alerting.web.admin.office import Wrong
from deploy.provisioning.node_files import node_document, sensors_of
from deploy.settings import Settings
from deploy.state_folder import StateFolder


class OfficeProvision:
    """As :class:`alerting.web.admin.office.Provision` says."""

    def __init__(self, settings: Settings, state: StateFolder) -> None:
        self._settings, self._state = settings, state

    def document(self, made: dict[str, Any]) -> str:
        sensors = sensors_of(made["hazard"])
        node, password, key = made["node"], made["password"], made["order_key"]
        document = node_document(self._settings, node, password, sensors, key, seal=made["seal"])
        return json.dumps(document, indent=2)

    def authority(self) -> bytes:
        path = self._state.authority / "ca.der"
        try:
            return path.read_bytes()
        except OSError as error:
            raise Wrong(f"{path.name} belum ada ({error.strerror}): jalankan kentongan up sekali.") from None
