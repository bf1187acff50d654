"""The broker as a process of this machine: started with the configuration of the settings, awaited until it answers."""

import os

from broker import mosquitto, probe
from deploy.assembly import credentials_of, prepare_broker
from deploy.settings import Settings
from deploy.state_folder import StateFolder
from deploy.supervisor import Program, Supervisor


def start_broker(
    supervisor: Supervisor, settings: Settings, state: StateFolder, *, stop_rank: int, timeout_s: float
) -> None:
    """Write its files, start it, and return when it answers; raises what these raise, StartFailed among them."""
    program = mosquitto.find_mosquitto()
    broker = prepare_broker(settings, state)
    owner = broker.folder.stat()
    supervisor.add(
        Program(
            name="mosquitto",
            argv=mosquitto.command(program, broker),
            pid_file=state.broker_pid,
            stop_rank=stop_rank,
            owner=(owner.st_uid, owner.st_gid) if os.geteuid() == 0 else None,
        )
    )
    password, port = credentials_of(state).service_password("probe"), settings.broker.loopback_port
    supervisor.wait_until("mosquitto", lambda: probe.ask(port, password) is probe.Answer.READY, timeout_s=timeout_s)
