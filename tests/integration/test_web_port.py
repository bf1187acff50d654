"""``kentongan web`` on a port that another program has."""

import socket
import subprocess
import sys
from pathlib import Path


def test_a_taken_port_ends_the_pages_with_one_sentence(tmp_path: Path) -> None:
    """It does not stay as a process that never answers: a service manager would wait for it in vain."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (tmp_path / "k.toml").write_text(f'[site]\nname = "Uji"\nstate_dir = "s"\n[web]\nport = {port}\n')
        command = [sys.executable, "-m", "deploy.cli", "web", "--settings", str(tmp_path / "k.toml")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert 2 == done.returncode
    assert f"kentongan web: port {port} on 127.0.0.1 cannot be used" in done.stderr.splitlines()[-1]
    assert done.stderr.endswith("change web.port\n")
