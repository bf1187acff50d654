"""Logs: lines for people and for programs, by the settings, and nobody's number in them."""

import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import redirect_stderr
from pathlib import Path

import pytest

from deploy import logs
from deploy.settings import Log
from deploy.soak.day import play
from deploy.soak.installation import Installation, folder
from deploy.soak.plan import plan_of
from tests.notice_post import KARANGKETUG, NoticePost

log = logging.getLogger("ingest.uji")
SEEDS = range(1, 3)
SECRET = re.compile(r"[A-Za-z0-9+/_-]{20,}")
ANY_NUMBER = re.compile(r"(?<!\d)(?:\+?628|08)\d{7,11}(?!\d)")


@pytest.fixture
def stderr() -> Iterator[io.StringIO]:
    """What a process writes; afterwards the root logger is as it was."""
    root = logging.getLogger()
    known, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = known
    root.setLevel(level)


def begin(stderr: io.StringIO, process: str, *, is_verbose: bool = False) -> None:
    """As a new process begins: pytest's own handlers are of this one."""
    logging.getLogger().handlers.clear()
    with redirect_stderr(stderr):
        logs.begin(process, is_verbose=is_verbose)


def failing(text: str) -> None:
    raise ValueError(text)


def test_lines_are_plain_until_the_settings_say_otherwise(stderr: io.StringIO) -> None:
    """What is told while they are read, too; then one object a line, with the traceback in it."""
    begin(stderr, "core")
    log.info("sebelum")
    logs.follow(Log(format="json"))
    try:
        failing("disk\nrusak")
    except ValueError:
        log.exception("sesudah %d", 1)
    first, second = stderr.getvalue().splitlines()
    assert re.fullmatch(r"[-\d]+ [:,\d]+ INFO ingest\.uji: sebelum", first)
    found = json.loads(second)
    assert ("error", "core", "ingest.uji", "sesudah 1") == tuple(
        found[key] for key in ("level", "process", "logger", "message")
    )
    assert "ValueError: disk\nrusak" in found["error"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", found["time"])


def test_on_a_terminal_lines_stay_plain(stderr: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever gives a command by hand reads it, whatever the collector wants."""
    monkeypatch.setattr(stderr, "isatty", lambda: True)
    begin(stderr, "check")
    logs.follow(Log(format="json"))
    log.warning("halo")
    assert "WARNING ingest.uji: halo" in stderr.getvalue()


def test_the_level_is_the_settings_and_verbose_stands_above(stderr: io.StringIO) -> None:
    """A quiet installation can still be looked into."""
    begin(stderr, "core")
    logs.follow(Log(level="error"))
    log.warning("satu")
    begin(stderr, "core", is_verbose=True)
    logs.follow(Log(level="error"))
    log.debug("dua")
    assert [False, True] == [word in stderr.getvalue() for word in ("satu", "dua")]


@pytest.mark.parametrize(
    "number", ["+6281234567890", "081234567890", "6281234567890", "0812-3456-7890", "+62 812 3456 7890"]
)
def test_a_number_that_somebody_else_logs_is_hidden(stderr: io.StringIO, number: str) -> None:
    """In both forms, in a message and in a traceback."""
    begin(stderr, "core")
    for form in (Log(), Log(format="json")):
        logs.follow(form)
        try:
            failing(f"to {number} refused")
        except ValueError:
            log.exception("sending to %s", number)
    assert 4 == stderr.getvalue().count(logs.HIDDEN)
    assert number not in stderr.getvalue()


@pytest.mark.parametrize(
    "text", ["1795028400081", "2026-11-19 08:12:34", "0.0812345678", "took 812 ms", "id 881234567890"]
)
def test_what_is_no_number_of_a_phone_stays(text: str) -> None:
    """Times, amounts and ids are read by whoever mends something."""
    assert text == logs.without_numbers(text)


def test_days_of_warnings_log_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """The real core, officers who are warned, a provider that fails, kills: each record before anything is hidden."""
    caplog.set_level(logging.DEBUG)
    told, alarms = set[str](), 0
    formatter = logging.Formatter()
    with folder() as root:
        installation = Installation(Path(root))
        for seed in SEEDS:
            alarms += len(play(installation, plan_of(seed)).story)
            told |= {formatter.format(record) for record in caplog.records}
            caplog.clear()
        secrets = (installation.state.people_key, installation.state.services)
        words = {word for path in secrets if path.exists() for word in SECRET.findall(path.read_text(errors="replace"))}
    assert alarms
    assert told
    assert [] == [line for line in told if ANY_NUMBER.search(line) or any(word in line for word in words)]


def test_residents_who_are_warned_are_not_logged(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    """Entered, warned, their messages delivered, core killed and started again: no number is told."""
    caplog.set_level(logging.DEBUG)
    post = NoticePost(tmp_path)
    post.person([KARANGKETUG])
    post.level(4.6)
    post.level(5.6)
    post.deliver()
    post.crash()
    post.wait(3600, turns=3)
    post.close()
    told = [logging.Formatter().format(record) for record in caplog.records]
    assert post.sent
    assert told
    assert [] == [line for line in told if ANY_NUMBER.search(line)]
