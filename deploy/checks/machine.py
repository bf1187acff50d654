"""The machine: room on its disk, its clock, the broker's program, and the ports that are to be ours."""

import json
import shutil
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from broker import mosquitto, probe
from broker.credentials import CredentialRefused
from broker.mosquitto import MosquittoMissing
from deploy.assembly import credentials_of
from deploy.checks.finding import Examined, Finding, good, warning, wrong
from deploy.health.machine_clock import ClockState, clock_state
from deploy.health.parts import CLOCK_OFF_MS, DISK_BROKEN, DISK_LOW, MB

GROUP: Final = "machine"
ANSWER_S: Final = 2.0


def look(
    found: Examined,
    *,
    free_bytes: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
    clock: Callable[[], ClockState | None] = clock_state,
    find_broker: Callable[[], Path] = mosquitto.find_mosquitto,
) -> Iterator[Finding]:
    """The last three are where the figures come from."""
    yield _disk(free_bytes(_existing(found.state.root)))
    yield _clock(clock())
    yield _program(find_broker)
    is_broker_ours = _answers_as_ours(found)
    broker, web = found.settings.broker, found.settings.web
    yield _port("broker.loopback_port", broker.loopback_port, is_ours=is_broker_ours)
    yield _port("broker.tls_port", broker.tls_port, is_ours=is_broker_ours, host=_reached(broker.listen))
    yield _port("web.port", web.port, is_ours=_is_our_page(web.port))


def _disk(free: int) -> Finding:
    told = f"{free / 1e9:.1f} GB free in the state folder"
    remedy = "make room: remove old files, or keep backups on another disk"
    if free < DISK_BROKEN:
        return wrong(GROUP, "disk", f"{told}: the journal soon cannot be written", remedy)
    if free < DISK_LOW:
        return warning(GROUP, "disk", f"{told}, under {DISK_LOW / MB / 1000:g} GB", remedy)
    return good(GROUP, "disk", told)


def _clock(state: ClockState | None) -> Finding:
    if state is None:
        return warning(GROUP, "clock", "the kernel does not tell whether it is right", "look at it: timedatectl")
    if not state.is_synchronised:
        return warning(GROUP, "clock", "not kept right by NTP", "switch NTP on: timedatectl set-ntp true")
    off_ms = max(abs(state.offset_ms), state.error_ms)
    if off_ms > CLOCK_OFF_MS:
        return warning(GROUP, "clock", f"may be off by {off_ms:.0f} ms", "look at the NTP servers: timedatectl")
    return good(GROUP, "clock", f"kept right by NTP, off by {off_ms:.0f} ms at most")


def _program(find: Callable[[], Path]) -> Finding:
    try:
        path = find()
    except MosquittoMissing as error:
        return wrong(GROUP, "mosquitto", str(error), "install it: apt-get install mosquitto")
    return good(GROUP, "mosquitto", str(path))


def _port(key: str, port: int, *, is_ours: bool, host: str = "127.0.0.1") -> Finding:
    if is_ours:
        return good(GROUP, key, f"{port}: our own program answers")
    try:
        socket.create_connection((host, port), timeout=ANSWER_S).close()
    except ConnectionRefusedError:
        return good(GROUP, key, f"{port}: free")
    except OSError as error:
        remedy = f"is {host} an address of this machine? Correct broker.listen"
        return wrong(GROUP, key, f"{port} on {host} cannot be reached: {error}", remedy)
    who = f"find out which program it is, as root: ss -ltnp 'sport = :{port}'; stop it, or write another {key}"
    return wrong(GROUP, key, f"{port}: taken by a program that is not ours", who)


def _reached(listen: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listen, listen)


def _answers_as_ours(found: Examined) -> bool:
    """Whether a broker is there that knows the probe's password."""
    try:
        password = credentials_of(found.state).service_password("probe")
    except (CredentialRefused, OSError, KeyError):
        return False
    return probe.ask(found.settings.broker.loopback_port, password, timeout_s=ANSWER_S) is probe.Answer.READY


def _is_our_page(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=ANSWER_S) as answer:
            told = answer.read()
    except urllib.error.HTTPError as error:
        told = error.read()  # 503 while core is away
    except (OSError, ValueError):
        return False
    try:
        return "rev" in json.loads(told)
    except (ValueError, TypeError):
        return False


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())
