"""The whole examination, part after part."""

import time
from pathlib import Path
from typing import Final

from deploy.checks import data, encryption, machine, secrets, ways
from deploy.checks.finding import Examined, Finding, good, wrong
from deploy.settings import BadSettings, Settings, load
from deploy.state_folder import StateFolder

GROUP: Final = "settings"


def examine(file: Path, *, state: Path | None = None, online: bool = False) -> list[Finding]:
    """Every finding, in the order in which a person mends them; ``state`` stands for site.state_dir.

    Nothing is changed: no folder is made, no file is written. Without ``online`` nothing beyond this machine is asked.
    """
    try:
        settings = load(file)
    except BadSettings as error:
        return [
            wrong(GROUP, "settings", str(error), "correct the file, then look again; kentongan settings has a sample")
        ]
    base = file.absolute().parent
    root = (state or base / settings.site.state_dir).absolute()
    found = Examined(settings=settings, state=StateFolder(root), base=base, now=time.time_ns() // 1_000_000)
    if root.exists() and not root.is_dir():
        remedy = "take it away, or write another site.state_dir"
        return [wrong(GROUP, "site.state_dir", f"{root}: is no folder", remedy)]
    return [
        good(GROUP, "settings", f"{file}: {settings.site.name}, realm {settings.site.realm}"),
        *_files(settings, base),
        *machine.look(found),
        *secrets.look(found),
        *encryption.look(found),
        *ways.look(found, online=online),
        *data.look(found),
    ]


def _files(settings: Settings, base: Path) -> list[Finding]:
    """Files that the settings name and that are no secrets."""
    named = {
        "web.rivers": settings.web.rivers,
        "tide.model": settings.tide.model,
        "drill.settings": settings.drill.settings,
    }
    return [
        wrong(GROUP, key, f"{base / name}: no such file", f"bring the file, or take {key} out of the settings")
        for key, name in named.items()
        if name is not None and not (base / name).is_file()
    ]
