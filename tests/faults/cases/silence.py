"""Nodes fall silent: one, a tenth, all of them."""

import threading
import time
from contextlib import ExitStack
from functools import partial
from typing import Any, Final, Self

from tests.faults import oracle
from tests.faults.many_nodes import ManyNodes, stations
from tests.faults.stage import Stage
from tests.installation import Installation, eventually

NODES: Final = 100
SILENCE_S: Final = 12.0  # of everything it is half of that: the rule that installations have
BEAT_S: Final = 1.0
CALM_M: Final = 3.0
LATEST_MS: Final = 1000


def nodes_fall_silent(stage: Stage) -> None:
    """1 %, then 10 %, then all: each station of its own, and everything as one alert, within a second (I6)."""
    count = stage.count(NODES, least=20)
    with ExitStack() as stack:
        installation = stack.enter_context(
            Installation(stations=stations(count, silence_minutes=SILENCE_S / 60), officers=1)
        )
        nodes = ManyNodes(installation, count)
        installation.start()
        oracle.gather_late(installation)
        stack.enter_context(nodes)
        beating = _Beating(nodes)
        stack.enter_context(beating)
        nodes.await_stored()
        one, tenth = count // 100 or 1, count // 10
        for silent in (one, tenth):
            beating.names = nodes.names[silent:]
            eventually(partial(_are_told, installation, silent), f"{silent} alarms of silence")
        beating.names = []
        eventually(lambda: len(_told(installation)) > tenth, "the alarm of all")
        time.sleep(SILENCE_S)  # nobody else speaks up after that
        told, late = _told(installation), _late_ms(installation)
        beating.names = nodes.names
        eventually(lambda: not installation.status()["open_messages"], "the messages")
        stage.did(
            f"{one}, {tenth} and all of {count} nodes silent: {len(told)} alarms told, the slowest "
            f"{max(late):.0f} ms after its deadline"
        )
        stage.expect(len(told) == tenth + 1, f"{len(told)} alarms told, {tenth} of stations and 1 of all expected")
        stage.expect(told[-1].startswith("semua."), f"the last alarm is {told[-1]}, not that of all")
        stage.found(f"an alarm {ms} ms after its deadline" for ms in late if not 0 <= ms <= LATEST_MS)
        stage.found(oracle.reading_faults(installation, nodes.log.acked))
        stage.found(oracle.journal_faults(installation))


class _Beating:
    """All nodes that still speak, once a beat."""

    def __init__(self, nodes: ManyNodes) -> None:
        self.names = nodes.names
        self._nodes, self._ended = nodes, threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._nodes.publish(CALM_M)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(BEAT_S):
            if names := self.names:
                self._nodes.publish(CALM_M, names=names)


def _are_told(installation: Installation, count: int) -> bool:
    return len(_told(installation)) >= count


def _told(installation: Installation) -> list[str]:
    """Alarms that went to the officer; those of stations that are silent with all others are on record only."""
    rows = installation.rows("SELECT alert FROM outbox WHERE version = 1 ORDER BY id")
    return [alert for (alert,) in rows]


def _raised(installation: Installation) -> list[tuple[Any, ...]]:
    return installation.rows("SELECT alert, decided_at, station FROM alerts WHERE kind = 'raised' ORDER BY id")


def _late_ms(installation: Installation) -> list[int]:
    """How long after its deadline each alarm was decided, by core's own clock."""
    heard = dict(installation.rows("SELECT station, max(received_at) FROM readings GROUP BY station"))
    everything = max(heard.values()) + SILENCE_S * 500
    return [
        round(decided - (heard[station] + SILENCE_S * 1000 if station in heard else everything))
        for _, decided, station in _raised(installation)
    ]
