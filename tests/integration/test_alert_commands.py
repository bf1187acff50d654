"""kentongan alert, why and station maintain as a person types them, with core running and with core stopped."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.installation import Installation, SimpleNode, eventually


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    with Installation() as made:
        made.start()
        yield made


def typed(installation: Installation, *words: object) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "deploy.cli", *map(str, words), "--settings", str(installation.toml)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=90, check=False)


def said(installation: Installation, *words: object) -> str:
    done = typed(installation, *words)
    assert 0 == done.returncode, done.stderr
    return done.stdout


def test_an_alert_from_raising_to_cancelling_also_with_core_stopped(installation: Installation) -> None:
    """Raised in a running core, cancelled while core is stopped, told when it is back: the same words, one history."""
    node = SimpleNode(installation, "wl-01", installation.new_node("wl-01"))
    node.level(3.0)
    raised = said(installation, "alert", "raise", "welang", "Siaga", "--note", "air di gang", "--by", "Rini")
    assert "welang.level.1@1  raised SIAGA" in raised
    assert "1 message to officers" in raised
    eventually(lambda: len(installation.demo_messages()) == 1, "the message")
    assert "ditetapkan Rini" in installation.demo_messages()[0]["body"]
    shown = eventually(
        lambda: (text := said(installation, "alert", "show", "welang.level.1")) and "accepted after" in text and text,
        "its outcome",
    )
    assert "v1  " in shown
    assert "raised SIAGA by Rini" in shown
    node.close()
    installation.kill("core", signal.SIGTERM)
    assert 'Rini menetapkan SIAGA: "air di gang".' in said(installation, "why", "welang.level.1@1")
    cancelled = said(installation, "alert", "cancel", "Welang Kraton", "--note", "salah lihat", "--by", "Joko")
    assert "welang.level.1@2  cancelled NORMAL" in cancelled
    installation.start_core()
    eventually(lambda: len(installation.demo_messages()) == 2, "the cancellation")
    assert "dibatalkan" in installation.demo_messages()[1]["body"]
    assert "no alerts\n" == said(installation, "alert", "list", "--active")


def test_wrong_words_are_one_sentence(installation: Installation) -> None:
    """On standard error, with exit code 2."""
    for words, sentence in (
        (("alert", "raise", "welan", "SIAGA", "--note", "x", "--by", "R"), "did you mean welang"),
        (("alert", "raise", "welang", "Siaga 1", "--note", "x", "--by", "R"), "write WASPADA, SIAGA or AWAS"),
        (("station", "maintain", "welang", "--for", "lama", "--reason", "x", "--by", "R"), "as 30m, 2h, 1h30m or 1d"),
        (("why", "welang.level.99"), "no alert 'welang.level.99' is known"),
    ):
        done = typed(installation, *words)
        assert (2, 1) == (done.returncode, done.stderr.count("\n")), done.stderr
        assert sentence in done.stderr


def test_maintenance_is_typed_and_shown(installation: Installation) -> None:
    """With its length as people say it, and its end."""
    assert "under maintenance until" in said(
        installation, "station", "maintain", "welang", "--for", "1h30m", "--reason", "ganti sensor", "--by", "Joko"
    )
    assert "PEMELIHARAAN" in said(installation, "station", "list")
    assert "Pemeliharaan oleh Joko" in said(installation, "why", "welang")
    assert "maintenance is over" in said(installation, "station", "maintain", "welang", "--end", "--by", "Joko")
    assert "PEMELIHARAAN" not in said(installation, "station", "list")
