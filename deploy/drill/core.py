"""The drill's core: ``python -m deploy.drill.core FILE PERSON...`` tells these officers of its settings, no others."""

import sys
from pathlib import Path

import msgspec

from broker.clock import Clock
from deploy import logs, run_core
from deploy.settings import load
from deploy.state_folder import StateFolder


def main() -> None:
    logs.begin("drill-core")
    file, people = Path(sys.argv[1]), set(sys.argv[2:])
    settings = load(file)
    logs.follow(settings.log)
    officers = [officer for officer in settings.officers if officer.name in people]
    state = StateFolder((file.parent / settings.site.state_dir).resolve())
    run_core.run(msgspec.structs.replace(settings, officers=officers), state, Clock(), base=file.parent, file=file)


if __name__ == "__main__":
    main()
