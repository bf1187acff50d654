"""Where an installation's own secrets may be seen while it runs: on no command line, in no environment, in no log."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation, SimpleNode, eventually

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    with Installation() as made:
        made.start()
        yield made


def test_no_secret_is_on_a_command_line_in_an_environment_or_in_a_log(installation: Installation) -> None:
    """The passwords of our services, of a node, its key and the key of all keys: the broker's and core's processes
    were given none of them as words, and wrote none down; the broker's files have hashes.
    """
    made = installation.ask("node-new", node="wl-01", station="welang")
    SimpleNode(installation, "wl-01", made["password"]).close()
    installation.ask("node-revoke", node="wl-01", reason="uji")
    services = json.loads(installation.state.services.read_text())
    master = installation.state.services.with_name("order.key").read_bytes()
    secrets = [*services.values(), made["password"], made["order_key"], master.hex()]
    assert installation.core is not None
    assert installation.broker is not None
    shown = []
    for process in (installation.core, installation.broker):
        shown += [Path(f"/proc/{process.pid}/{name}").read_bytes() for name in ("cmdline", "environ")]
    eventually(lambda: installation.core_log.stat().st_size > 0, "a line in core's log")
    written = [each for each in installation.root.rglob("*.log") if each.is_file()]
    broker = [each for each in installation.state.broker.rglob("*") if each.is_file()]
    shown += [each.read_bytes() for each in [*written, *broker]]
    shown += [each.read_bytes() for each in installation.state.root.glob("journal.db*")]
    assert [] == [secret[:4] for secret in secrets if any(secret.encode() in each for each in shown)]
    assert all(master not in each for each in shown)
