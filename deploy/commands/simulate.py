"""kentongan simulate: stories of the simulated field, and a field of many nodes to find out what is borne."""

import argparse
import os
import secrets
import signal
import sys
from pathlib import Path

import msgspec

from broker.control import CommandFailed, CoreUnreachable, Request, command
from deploy.commands.common import Asking, Refused, add_settings, open_settings
from deploy.replay.story import demo_thresholds
from deploy.settings import Settings
from deploy.state_folder import StateFolder
from firmware_sim import fleet_record
from firmware_sim.field import Scenario, load, load_file, scenario_names
from firmware_sim.fleet import Publisher
from firmware_sim.fleet_mqtt import FleetRefused
from firmware_sim.fleet_plan import SHAPES, Client, Fleet, Load, LoadRefused

INTERRUPTED = 130
GENERATOR_WAS_THE_LIMIT = 3

_STATION = """
[[stations]]
id = "{id}"
name = "Pos {number:06d}"
example = true
datum_m = 6.5
silence_minutes = 60
# The water of a load test jumps, and its readings come faster than from any river.
quality = {{ noise = 10.0, spike_suspect = 20.0, spike_fail = 20.0 }}
[stations.thresholds]
waspada = 3.5
siaga = 4.5
awas = 5.5
early_siaga_minutes = 0
author = "contoh"
reason = "beban tiruan"
"""


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("list", help="list the scenarios that there are, and how long each takes")
    drawn = verbs.add_parser("draw", help="draw a scenario: rain, rivers, sea, air, and what fails when")
    drawn.add_argument("scenario", metavar="FILE", help="a scenario's file, or the name of one that there is")
    drawn.add_argument("--out", type=Path, required=True, metavar="FILE", help="the picture, .png or .svg")
    stations = verbs.add_parser("stations", help="print N example stations, to be imported for a load test")
    stations.add_argument("count", type=_positive, metavar="N")
    fleet = verbs.add_parser(
        "fleet",
        help="publish as many nodes at a steady rate, whatever becomes of it, and say how it went",
        description="An open-loop load of example stations over real MQTT connections. Exit code 3: the generator "
        "itself was the limit, so its figures say nothing about the installation.",
    )
    add_settings(fleet)
    fleet.add_argument("--fleet", type=Path, metavar="FILE", help="connections and nodes, instead of --settings")
    fleet.add_argument("--tls", action="store_true", help="connect as nodes do; otherwise by the loopback listener")
    fleet.add_argument("--rate", type=_positive_float, default=100.0, help="observations a second of all nodes (100)")
    fleet.add_argument("--seconds", type=_positive_float, default=60.0, help="for so long (60)")
    fleet.add_argument("--shape", choices=SHAPES, default="calm", help="what the rivers do (calm)")
    fleet.add_argument("--breaches", type=int, default=0, metavar="N", help="stations that rise over AWAS, each once")
    fleet.add_argument("--duplicates", type=_share, default=0.0, metavar="SHARE", help="observations sent twice")
    fleet.add_argument("--garbage", type=float, default=0.0, metavar="RATE", help="bad messages a second beside")
    fleet.add_argument("--wrong-clocks", type=_share, default=0.0, metavar="SHARE", help="nodes with a wrong clock")
    fleet.add_argument("--reconnects", type=int, default=0, metavar="N", help="times that all nodes reconnect at once")
    fleet.add_argument("--backlog-minutes", type=int, default=0, metavar="N", help="stored observations to begin with")
    fleet.add_argument("--record", type=Path, metavar="FILE", help="write every stamp there")


def run(args: argparse.Namespace) -> int:
    verbs = {"list": _list, "draw": _draw, "stations": _print_stations, "fleet": _run_fleet}
    return verbs[args.verb](args)


def _list(_args: argparse.Namespace) -> int:
    for name in scenario_names():
        story = load(name)
        print(f"{name:<16}  {story.minutes / 60:4.1f} h  {story.title}")
    return 0


def _draw(args: argparse.Namespace) -> int:
    from firmware_sim.draw import draw  # noqa: PLC0415  matplotlib is slow to import

    if args.out.suffix not in (".png", ".svg"):
        raise Refused(f"--out {args.out}: the name must end in .png or .svg")
    story = _story(args.scenario)
    limits = {
        station: {"WASPADA": each.waspada, "SIAGA": each.siaga, "AWAS": each.awas}
        for station, each in demo_thresholds().items()
    }
    try:
        draw(story, args.out, limits)
    except OSError as error:
        raise Refused(f"{args.out}: {error.strerror}") from None
    print(f"wrote {args.out}: {story.title}")
    return 0


def _story(what: str) -> Scenario:
    """A file where there is one of that name, else one of those that there are; raises ScenarioError."""
    path = Path(what)
    return load_file(path) if path.suffix == ".toml" or path.is_file() else load(what)


def station_toml(number: int) -> str:
    """An example station of a load test, as a file of stations has it."""
    return _STATION.format(id=f"pos-{number:06d}", number=number)


def _print_stations(args: argparse.Namespace) -> int:
    sys.stdout.writelines(station_toml(number) for number in range(args.count))
    return 0


def _run_fleet(args: argparse.Namespace) -> int:
    fleet = _read_fleet(args.fleet) if args.fleet else _fleet_of(args)
    load = Load(
        rate=args.rate,
        seconds=args.seconds,
        shape=args.shape,
        breaches=args.breaches,
        duplicates=args.duplicates,
        garbage=args.garbage,
        wrong_clocks=args.wrong_clocks,
        reconnects=args.reconnects,
        backlog_minutes=args.backlog_minutes,
        boot=secrets.randbits(32),
    )
    try:
        publisher = Publisher(fleet, load, _report)
    except LoadRefused as error:
        raise Refused(str(error)) from None
    code = _publish(publisher)
    print(fleet_record.summary(publisher.record))
    if args.record is not None:
        publisher.record.save(args.record)
    return code or (GENERATOR_WAS_THE_LIMIT if publisher.record.limits() else 0)


def _publish(publisher: Publisher) -> int:
    # A shell starts background commands with SIGINT ignored, and Python would leave it so.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        publisher.run()
    except KeyboardInterrupt:
        return INTERRUPTED
    except FleetRefused as error:
        raise Refused(str(error)) from None
    except OSError as error:
        raise Refused(f"the broker cannot be reached: {error}; is kentongan up running?") from None
    finally:
        if sys.stderr.isatty():
            print(file=sys.stderr)
    return 0


def _report(text: str) -> None:
    """A bar that stays on its line for a person, a line a second for a log."""
    is_terminal = sys.stderr.isatty()
    print(f"\r\x1b[K{text}" if is_terminal else text, end="" if is_terminal else "\n", file=sys.stderr, flush=True)


def _read_fleet(path: Path) -> Fleet:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Fleet)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from None
    except msgspec.DecodeError as error:
        raise Refused(f"{path} is not a fleet: {error}") from None


def _fleet_of(args: argparse.Namespace) -> Fleet:
    """One node and one connection for each station of the settings; their credentials are made or made anew."""
    settings, state, _ = open_settings(args)
    with Asking(settings, state) as core:
        stations = core("station-list", {})
    real = [station["id"] for station in stations if not station["example"]]
    if real:
        raise Refused(
            f"station {real[0]} is not an example, and a fleet publishes invented water: use an installation of its "
            "own, with stations from kentongan simulate stations"
        )
    if not stations:
        raise Refused("no station in the registry: make some with kentongan simulate stations, and import them")
    return fleet_over(settings, state, [_credential(state, station["id"]) for station in stations], tls=args.tls)


def fleet_over(settings: Settings, state: StateFolder, nodes: list[tuple[str, str]], *, tls: bool) -> Fleet:
    """``nodes`` are (id, password), each with a connection of its own."""
    realm = settings.site.realm
    return Fleet(
        host=settings.broker.node_host if tls else "127.0.0.1",
        port=settings.broker.tls_port if tls else settings.broker.loopback_port,
        authority=str(state.authority / "ca.pem") if tls else None,
        realm=realm,
        nodes=[node for node, _ in nodes],
        clients=[
            Client(user=node, password=password, nodes=[number], acks=f"{realm}/v1/{node}/ack")
            for number, (node, password) in enumerate(nodes)
        ],
    )


def _credential(state: StateFolder, station: str) -> tuple[str, str]:
    arguments = {"node": station, "station": station, "replace": True}
    actor = f"simulate:{os.getpid()}"
    try:
        made = command(state.socket, Request(name="node-new", args=arguments, actor=actor))
    except CoreUnreachable:
        raise Refused(f"core does not run on {state.root}: start it with kentongan up") from None
    except CommandFailed as error:
        raise Refused(str(error)) from None
    return station, str(made["password"])


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def _positive_float(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e7:
        raise argparse.ArgumentTypeError("more than 0")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("a share between 0 and 1")
    return value
