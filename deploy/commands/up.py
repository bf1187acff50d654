"""kentongan up: everything for one machine, started and kept running; with --demo also a field of simulated nodes."""

import argparse
import signal
import socket
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any, Final

from broker import control
from broker.clock import Clock
from broker.control import CommandFailed, CoreUnreachable, Request
from deploy import demonstration
from deploy.broker_process import start_broker
from deploy.channels.assembly import channels_of, modems_of
from deploy.commands.common import DEFAULT_SETTINGS, DEMO_SETTINGS, DEMO_STATE, Refused, add_settings, open_settings
from deploy.settings import Settings
from deploy.state_folder import StateFolder
from deploy.supervisor import Program, Supervisor
from deploy.watch import settings as watch_settings

READY_S: Final = 120.0
DEMO_SPEED: Final = 60.0
MOST_SPEED: Final = 120.0


def add(parser: argparse.ArgumentParser) -> None:
    add_settings(parser)
    parser.add_argument("--demo", action="store_true", help="the demonstration: simulated nodes, example recipients")
    parser.add_argument("--scenario", default="badai", metavar="NAME", help="the demonstration's story (badai)")
    parser.add_argument(
        "--speed", type=float, metavar="N", help="clocks run N times as fast (demonstration: 60; else 1)"
    )
    parser.add_argument("--web-port", type=int, metavar="PORT", help="port of the live page, instead of web.port")


def run(args: argparse.Namespace) -> int:
    began = time.monotonic()
    settings, state, base = _open(args)
    clock = _clock(args)
    scenario = demonstration.load(args.scenario) if args.demo else None
    if scenario is not None:
        demonstration.wipe(state)
    watch = None if settings.watch.settings is None else base / settings.watch.settings
    if watch is not None:
        watch_settings.load(watch)  # as the channels: refuses what cannot work before anything starts
    channels_of(settings, state, clock, base=base)
    _check_ports(settings)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    supervisor = Supervisor(state.log, _say)
    try:
        _start(supervisor, settings, state, clock, args)
        if scenario is not None:
            demonstration.import_stations(settings, state)
            demonstration.make_residents(settings, state)
            users = demonstration.make_users(settings, state)
            demonstration.start_nodes(supervisor, scenario, settings, state, clock)
        _start_readers(supervisor, settings, args, clock)
        if watch is not None:
            argv = [sys.executable, "-m", "deploy.cli", "watch", "run", str(watch)]
            supervisor.add(Program(name="watch", argv=argv, is_echoed=True, stop_rank=0, speaks=True))
        print(f"Siap dalam {time.monotonic() - began:.1f} s: http://127.0.0.1:{settings.web.port}/", flush=True)
        if scenario is not None:
            _say(users)
            demonstration.tell(scenario, state, clock)
        print("Ctrl-C mengakhiri semuanya (ends everything).", flush=True)
        supervisor.watch(stop)
    finally:
        print("\nBerhenti ...", flush=True)
        supervisor.stop()
    return 0


def _open(args: argparse.Namespace) -> tuple[Settings, StateFolder, Path]:
    overrides: dict[str, Any] = {} if args.web_port is None else {"web.port": args.web_port}
    if args.demo:
        args.settings = DEMO_SETTINGS if args.settings == DEFAULT_SETTINGS else args.settings
        args.state = args.state or DEMO_STATE
    elif args.scenario != "badai":
        raise Refused("--scenario tells the demonstration's story; it needs --demo")
    return open_settings(args, overrides)


def _clock(args: argparse.Namespace) -> Clock:
    speed = args.speed if args.speed is not None else DEMO_SPEED if args.demo else 1.0
    if speed > MOST_SPEED:
        raise Refused(f"--speed {speed:g}: at most {MOST_SPEED:g}; a TLS handshake takes real time, and nodes time out")
    try:
        return Clock.parse(f"{speed:g}@{time.time_ns() // 1_000_000}") if speed != 1 else Clock()
    except ValueError as error:
        raise Refused(f"--speed: {error}") from None


def _check_ports(settings: Settings) -> None:
    for key, host, port in (
        ("broker.tls_port", settings.broker.listen, settings.broker.tls_port),
        ("broker.loopback_port", "127.0.0.1", settings.broker.loopback_port),
        ("web.port (--web-port)", "127.0.0.1", settings.web.port),
    ):
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((host, port))
            except OSError as error:
                raise Refused(f"port {port} on {host} cannot be used ({error.strerror}): change {key}") from None


def _start(
    supervisor: Supervisor, settings: Settings, state: StateFolder, clock: Clock, args: argparse.Namespace
) -> None:
    start_broker(supervisor, settings, state, stop_rank=4, timeout_s=READY_S)
    for modem in modems_of(settings, state):  # their configuration was written when the channels were checked
        supervisor.add(Program(name=f"modem-{modem.name}", argv=["/bin/sh", str(modem.start_script)], stop_rank=2))
    core = _ours("core", args, "--clock", str(clock))
    supervisor.add(Program(name="core", argv=core, is_echoed=True, stop_rank=1, speaks=True))
    supervisor.wait_until("core", lambda: _core_is_ready(state), timeout_s=READY_S)


def _start_readers(supervisor: Supervisor, settings: Settings, args: argparse.Namespace, clock: Clock) -> None:
    supervisor.add(
        Program(name="history", argv=_ours("history", args), is_echoed=True, stop_rank=2, nice=10, speaks=True)
    )
    web = _ours("web", args, "--clock", str(clock))
    supervisor.add(Program(name="web", argv=web, is_echoed=True, stop_rank=3, speaks=True))
    supervisor.wait_until("web", lambda: _page_is_ready(settings.web.port), timeout_s=READY_S)


def _ours(name: str, args: argparse.Namespace, *more: str) -> list[str]:
    argv = [sys.executable, "-m", "deploy.cli", name, "--settings", str(args.settings.absolute()), *more]
    if args.state is not None:
        argv += ["--state", str(args.state.absolute())]
    if name == "web" and args.web_port is not None:
        argv += ["--port", str(args.web_port)]
    return argv


def _core_is_ready(state: StateFolder) -> bool:
    try:
        status = control.command(state.socket, Request(name="status", actor="up"), timeout_s=2)
    except (CoreUnreachable, CommandFailed):
        return False
    return bool(status["broker_connected"])


def _page_is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
            return True
    except OSError:  # urllib's errors are among them
        return False


def _say(text: str) -> None:
    print(text, flush=True)
