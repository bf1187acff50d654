"""An admin requires a node's seal on its page, and no longer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.assembly import prepare_broker
from tests.office_desk import OfficeDesk, office_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[OfficeDesk]:
    with office_desk(tmp_path) as found:
        yield found


def test_a_seal_is_required_with_a_reason_and_let_go(desk: OfficeDesk) -> None:
    """Without a reason nothing changes; both steps are in the audit log by name; the page shows how it stands."""
    prepare_broker(desk.core.settings, desk.core.state)
    desk.say("/kelola/node/baru", node="node-1", station="welang")
    page = desk.look("/kelola/node/node-1").text
    assert "belum wajib bersegel" in page
    assert "Pesan terakhirnya tidak bersegel" in page
    said = desk.say("/kelola/node/node-1/segel", seal="required", seal_reason="")
    assert "belum wajib bersegel" in said.text
    required = desk.say("/kelola/node/node-1/segel", seal="required", seal_reason="broker di luar")
    assert "Tersimpan." in required.text
    assert "wajib bersegel: yang tidak bersegel ditolak" in desk.look("/kelola/node/node-1").text
    desk.say("/kelola/node/node-1/segel", seal="accepted", seal_reason="alat lama")
    assert "belum wajib bersegel" in desk.look("/kelola/node/node-1").text
    sealed = [(actor, subject) for actor, action, subject in desk.audited() if action == "node seal"]
    assert [("web:Rini", "node-1")] * 2 == sealed
