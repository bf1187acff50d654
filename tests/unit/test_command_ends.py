"""How a command ends that cannot go on: one sentence and a code, never a traceback."""

import getpass
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import cli
from deploy.commands import settings, station
from deploy.commands.common import Asking, Refused
from deploy.settings import Settings, Site
from deploy.state_folder import StateFolder


def test_ctrl_c_is_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever a command does: it says that it was stopped, with the shell's own code."""

    def stopped(_args: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(settings, "run", stopped)
    assert 130 == cli.main(["settings"])
    assert "kentongan: stopped" == capsys.readouterr().err.strip()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux alone has a device that is always full")
def test_a_full_disk_behind_the_output_is_one_sentence() -> None:
    """As in ``kentongan settings > file`` on a full disk."""
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "deploy.cli", "settings"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    said = ended.stderr.decode()
    assert (2, 1) == (ended.returncode, len(said.splitlines())), said
    assert "No space left on device; make room and repeat it" in said


@pytest.mark.parametrize("words", [["thresholds=3", "thresholds.awas=5"], ["a.b=1", "a.b.c=2"]])
def test_a_key_with_a_value_takes_no_further_keys(words: list[str]) -> None:
    """What cannot be laid together is refused with the word that does not fit."""
    with pytest.raises(Refused, match="has been given a value already"):
        station.assigned(words)


def test_a_user_without_a_name_gives_commands_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container a user may have a number alone; the audit log has that number."""

    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr(getpass, "getuser", unknown)
    site = Settings(site=Site(name="uji"))
    assert f"cli:uid-{os.getuid()}" == Asking(site, StateFolder(tmp_path)).actor
