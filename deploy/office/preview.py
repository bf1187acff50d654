"""A preview of a rule, in a process of its own at low priority: it takes minutes of a processor, and web must answer.

What the process is told, and what it says on the way and in the end, are lines of JSON on its standard streams.
"""

import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from alerting.web.admin.office import RulePreview, RuleWish, Say, Wrong
from deploy.settings import Settings
from deploy.state_folder import StateFolder

LIMIT_S: Final = 600.0
NICE: Final = 10


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the process is told; ``now`` is ms UTC of core's clock."""

    settings: Settings
    state: str
    base: str
    now: int
    wish: RuleWish


class Said(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of its answer: how far it is, or the end of it."""

    sentence: str = ""
    share: float | None = None
    wrong: str | None = None
    preview: RulePreview | None = None


class OfficePreviews:
    """As :class:`alerting.web.admin.office.Previews` says."""

    def __init__(self, settings: Settings, state: StateFolder, base: Path, *, limit_s: float = LIMIT_S) -> None:
        self._settings, self._state, self._base, self._limit_s = settings, state, base, limit_s

    def look(self, wish: RuleWish, now: int, say: Say) -> RulePreview:
        order = Order(settings=self._settings, state=str(self._state.root), base=str(self._base), now=now, wish=wish)
        command = [sys.executable, "-m", "deploy.office.preview_process"]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        ) as process:
            os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
            timer = threading.Timer(self._limit_s, process.kill)
            timer.daemon = True
            timer.start()
            try:
                return self._answer(process, order, say)
            finally:
                timer.cancel()
                process.kill()

    def _answer(self, process: "subprocess.Popen[bytes]", order: Order, say: Say) -> RulePreview:
        assert process.stdin is not None  # noqa: S101 - a pipe was asked for, for the type checker
        assert process.stdout is not None  # noqa: S101
        with suppress(BrokenPipeError):  # a process that is gone already says nothing below
            process.stdin.write(msgspec.json.encode(order))
            process.stdin.close()
        for line in process.stdout:
            if not line.endswith(b"\n"):
                break  # it was ended in the middle of a line
            said = msgspec.json.decode(line, type=Said)
            if said.wrong is not None:
                raise Wrong(said.wrong)
            if said.preview is not None:
                return said.preview
            say(said.sentence, said.share)
        raise Wrong(
            f"Pratinjau tidak selesai dalam {self._limit_s / 60:.0f} menit, atau prosesnya berhenti. "
            "Pilih waktu yang lebih pendek, lalu lihat log web."
        )
