"""One drill, from invented water to the messages: real broker, core, engine, texts, outbox and channels of its realm.

    node (TLS) -> broker -> core -> alert at AWAS -> messages to the group -> low water -> all clear -> result

Broker and core are started for it and stopped after it, so nothing of the realm runs between two drills.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from broker import control
from broker.control import CommandFailed, CoreUnreachable, Request
from deploy.broker_process import start_broker
from deploy.drill import verdict
from deploy.drill.isolation import Ground
from deploy.drill.node import DATUM_M, NODE, DrillFailed, DrillNode
from deploy.drill.results import Result, Step, Told
from deploy.supervisor import Program, StartFailed, Supervisor

STATION: Final = "pos-latihan"
CALM_M, AWAS_M = 3.0, 5.6
SAMPLE_S: Final = 0.5
READY_S: Final = 60.0
TOLD_S: Final = 120.0
ENDED_S: Final = 60.0
_STATION: Final[dict[str, Any]] = {
    "id": STATION,
    "name": "Pos Latihan",
    "datum_m": DATUM_M,
    "site_m": [0.0, 6.6],
    "silence_minutes": 1440,
    # Its water jumps within a second, as no river does.
    "quality": {"noise": 10.0, "spike_suspect": 20.0, "spike_fail": 20.0},
    "thresholds": {
        "waspada": 3.5,
        "siaga": 4.5,
        "awas": 5.5,
        "author": "latihan",
        "reason": "angka untuk latihan saja",
        "early_siaga_minutes": 0,
        "hold_down_minutes": 0.01,
    },
}
_STANDING: Final = "SELECT kind FROM alerts WHERE station = ? AND hazard = 'level' ORDER BY id DESC LIMIT 1"
_ALERT: Final = (
    "SELECT alert, version, decided_at FROM alerts WHERE station = ? AND kind = 'raised' AND id > ? ORDER BY id"
)
_TOLD: Final = "SELECT recipient, channel, state, settled_at, reason, body FROM outbox WHERE alert = ? AND version = ?"

Say = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Diary:
    """What has happened so far. ``sampled_at``, ms UTC, is when the sample that completes the rule was taken."""

    sampled_at: int = 0
    alert: str = ""
    version: int = 0
    text: str = ""
    steps: list[Step] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    def step(self, name: str, at: float | None = None) -> None:
        """``at`` is ms UTC, by default now."""
        moment = time.time() * 1000 if at is None else at
        self.steps.append(Step(name=name, seconds=(moment - self.sampled_at) / 1000))


def rehearse(ground: Ground, *, by: str, say: Say) -> Result:
    """Hold one drill; its result is not kept yet. Raises OSError, and CoreRuns when a core runs there already."""
    with ground.state.core_lock():
        began = time.time_ns() // 1_000_000  # nobody else is there; core takes the lock itself
    supervisor, diary = Supervisor(ground.state.log, say), Diary()
    try:
        _start(supervisor, ground)
        say(f"broker and core of the realm latihan run; telling {len(ground.people)} of group {ground.group}")
        _prepare(ground)
        with _node(ground) as node:
            _raise(ground, node, diary)
            _wait_for_messages(ground, diary)
            _end(ground, node)
            diary.step("ended")
        fault = verdict.fault(ground, diary.told, alert=diary.alert, station=STATION, node=NODE)
    except DrillFailed as error:
        fault = str(error)
    except (StartFailed, CommandFailed, CoreUnreachable) as error:
        fault = f"Latihan terhenti: {error}."
    finally:
        supervisor.stop()
    return Result(
        at=began,
        by=by,
        group=ground.group,
        people=len(ground.people),
        passed=fault is None,
        why=fault or verdict.praise(ground, diary.told),
        alert=diary.alert,
        text=diary.text,
        steps=diary.steps,
        told=diary.told,
    )


# -- start -------------------------------------------------------------------------------------------------------------


def _start(supervisor: Supervisor, ground: Ground) -> None:
    start_broker(supervisor, ground.settings, ground.state, stop_rank=2, timeout_s=READY_S)
    names = [person.name for person in ground.people]
    argv = [sys.executable, "-m", "deploy.drill.core", str(ground.file), *names]
    supervisor.add(Program(name="core", argv=argv, stop_rank=1))
    supervisor.wait_until("core", lambda: _core_is_ready(ground), timeout_s=READY_S)


def _core_is_ready(ground: Ground) -> bool:
    try:
        return bool(_ask(ground, "status")["broker_connected"])
    except (CoreUnreachable, CommandFailed):
        return False


def _ask(ground: Ground, name: str, **arguments: Any) -> Any:
    return control.command(ground.state.socket, Request(name=name, args=arguments, actor="drill"))


def _prepare(ground: Ground) -> None:
    answer = _ask(ground, "station-put", stations=[_STATION], mode="import", reason="latihan")
    if answer["faults"]:
        raise DrillFailed(f"Pos latihan tidak dapat dibuat: {answer['faults'][0]['text']}.")


def _node(ground: Ground) -> DrillNode:
    password = _ask(ground, "node-new", node=NODE, station=STATION, replace=True)["password"]
    broker = ground.settings.broker
    host = "127.0.0.1" if broker.listen == "0.0.0.0" else broker.listen
    return DrillNode(host, broker.tls_port, authority=ground.state.authority / "ca.pem", password=password)


# -- the story ---------------------------------------------------------------------------------------------------------


def _raise(ground: Ground, node: DrillNode, diary: Diary) -> None:
    """Calm water, then two samples over AWAS, which complete the rule."""
    if _rows(ground, _STANDING, STATION) not in ([], [("ended",)], [("cancelled",)]):
        _end(ground, node)  # a drill before was broken off
    known = _rows(ground, "SELECT coalesce(max(id), 0) FROM alerts")[0][0]
    node.wait(node.publish(CALM_M), READY_S)
    for _ in range(2):
        time.sleep(SAMPLE_S)
        diary.sampled_at = time.time_ns() // 1_000_000
        number = node.publish(AWAS_M)
    node.wait(number, READY_S)
    diary.step("stored")
    found = _wait(lambda: _rows(ground, _ALERT, STATION, known), TOLD_S)
    if not found:
        raise DrillFailed(f"Air latihan melewati AWAS dan tidak ada peringatan dalam {TOLD_S:g} detik.")
    diary.alert, diary.version, decided_at = found[0]
    diary.step("decided", decided_at)


def _wait_for_messages(ground: Ground, diary: Diary) -> None:
    """Each message with its last word, as far as it has come; and the text, which is the same for all."""
    alert = (diary.alert, diary.version)
    _wait(lambda: all(row[3] is not None for row in _rows(ground, _TOLD, *alert)), TOLD_S)
    for person, channel, state, settled_at, reason, body in _rows(ground, _TOLD, *alert):
        seconds = None if settled_at is None else (settled_at - diary.sampled_at) / 1000
        told = Told(person=person, channel=channel, state=state, seconds=seconds, reason=reason or "")
        diary.told.append(told)
        diary.text = body
        if state in verdict.GOOD and settled_at is not None:
            diary.step(f"message to {person} by {channel}", settled_at)


def _end(ground: Ground, node: DrillNode) -> None:
    """Low water until the alert has ended and its messages have left."""
    deadline = time.monotonic() + ENDED_S
    while _rows(ground, _STANDING, STATION) != [("ended",)]:
        if time.monotonic() > deadline:
            raise DrillFailed(f"Air latihan surut dan peringatannya tidak berakhir dalam {ENDED_S:g} detik.")
        node.wait(node.publish(CALM_M), READY_S)
        time.sleep(SAMPLE_S)
    _wait(lambda: _ask(ground, "status")["open_messages"] == 0, TOLD_S)


def _wait(condition: Callable[[], Any], seconds: float) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def _rows(ground: Ground, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    return verdict.read(ground.state.journal, query, *parameters)
