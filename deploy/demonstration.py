"""The demonstration's field: simulated nodes with real firmware, a credential each, and what will happen when."""

import shutil
from pathlib import Path
from typing import Final

from alerting import passwords
from broker import control
from broker.clock import Clock
from broker.control import Request
from broker.levels import Level
from deploy.commands.common import Asking, Refused
from deploy.commands.node import node_document, write_node_folder
from deploy.commands.station import import_file
from deploy.registry.station_files import read_stations
from deploy.settings import Settings
from deploy.state_folder import StateFolder
from deploy.supervisor import Program, Supervisor
from firmware_sim import field
from firmware_sim.field import Scenario

STATIONS: Final = Path(__file__).parent / "demo-stations.toml"
USERS: Final = {
    "operator": "operator",
    "sari": "approver",
    "budi": "approver",
    "teknisi": "technician",
    "admin": "admin",
}
RESIDENTS: Final = 5  # of a kelurahan
KEPT: Final = frozenset({"authority", "broker", "services.json"})  # keys and credentials outlive a run


def load(name: str) -> Scenario:
    """The story; raises FieldError naming the known ones."""
    return field.load(name)


def wipe(state: StateFolder) -> None:
    """Forget the last run: each demonstration begins its storm anew."""
    for path in state.root.iterdir():
        if path.name in KEPT:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    shutil.rmtree(state.broker / "data", ignore_errors=True)
    state.prepare()


def import_stations(settings: Settings, state: StateFolder) -> None:
    """Give an empty registry the demonstration's stations."""
    with Asking(settings, state, actor="demo") as core:
        if not core("station-list", {}):
            import_file(core, STATIONS)


def make_users(settings: Settings, state: StateFolder) -> str:
    """Users of each role with one password, which is new with each run; what to tell whoever started it."""
    password = passwords.drawn()
    kept = passwords.keep(password)
    with Asking(settings, state, actor="demo") as core:
        for name, role in USERS.items():
            core("user-add", {"name": name, "role": role, "password_hash": kept})
    names = ", ".join(USERS)
    return f"Melihat tanpa masuk; untuk memutuskan masuk sebagai {names}\ndengan kata sandi {password} (new each time)."


def make_residents(settings: Settings, state: StateFolder) -> None:
    """Some residents in each kelurahan that a station matters to, with numbers that nobody has."""
    names = [name for table in read_stations(STATIONS).tables for name in table.get("kelurahan", ())]
    with Asking(settings, state, actor="demo") as core:
        codes = {each["name"]: each["code"] for each in core("area-list", {})}
        entries = [
            {
                "kind": "resident",
                "name": f"Warga CONTOH {place}-{number}",
                "contacts": {"phone": f"+628125{place:04d}{number:03d}"},
                "areas": [codes[name]],
            }
            for place, name in enumerate(names)
            for number in range(RESIDENTS)
        ]
        answer = core(
            "recipient-put", {"entries": entries, "consent_how": "contoh", "source": "demo", "reason": "contoh"}
        )
        if answer["faults"]:
            raise Refused(f"the demonstration's residents: {answer['faults'][0]['text']}")


def start_nodes(
    supervisor: Supervisor, scenario: Scenario, settings: Settings, state: StateFolder, clock: Clock
) -> None:
    """Give each node its credential and its world, and start its firmware."""
    start_ms = clock.now()
    for plan in scenario.nodes:
        arguments = {"node": plan.id, "station": plan.station, "replace": True}
        made = control.command(state.socket, Request(name="node-new", args=arguments, actor="demo"))
        folder = state.nodes / plan.id
        document = node_document(settings, plan.id, made["password"], list(plan.sensors), made["order_key"])
        write_node_folder(folder, document, state)
        world = folder / "world"
        field.write_world(scenario, plan.id, world, start_ms)
        argv, env = field.node_command(folder, world, clock)
        supervisor.add(Program(name=plan.id, argv=argv, env=env, cwd=folder))


def tell(scenario: Scenario, state: StateFolder, clock: Clock) -> None:
    """Print what the water will do, in minutes of the watcher's own time."""
    thresholds = {
        table["id"]: {level.name: table["thresholds"][level.name.lower()] for level in Level if level}
        for table in read_stations(STATIONS).tables
        if "thresholds" in table
    }
    print(f"\nCONTOH: cerita '{scenario.name}', jam berjalan {clock.speed:g}x.")
    print("Semua tinggi air, ambang dan penerima adalah contoh, tidak resmi.")
    print(f"Pesan ditulis ke {state.demo_messages}, tidak ke telepon siapa pun.")
    for minute, sentence in scenario.timetable(thresholds):
        print(f"  menit {minute / clock.speed:4.1f}  {sentence}")
    print(flush=True)
