"""What of an installation is kept: everything that cannot be made anew."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.state_folder import StateFolder

JOURNAL: Final = "journal.db"
HISTORY: Final = "history.db"
SETTINGS: Final = "settings.toml"
# Logs, sockets and locks are not kept, nor the sessions of who is logged in, nor what nodes of a demonstration hold.
FILES: Final = ("people.key", "cap-key.pem", "order.key", "services.json", "history-cursor.db")
FOLDERS: Final = ("authority", "cap", "sent", "photos", "records", "releases")
BROKER: Final = ("passwords", "server.pem")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A file as it lies there, and its name in the backup. ``is_database``: it is copied by SQLite itself."""

    name: str
    path: Path
    is_database: bool = False


def items(state: StateFolder, settings: Path, *, has_history: bool) -> Iterator[Item]:
    """What there is to keep, the journal first."""
    yield Item(name=JOURNAL, path=state.journal, is_database=True)
    if has_history and state.history.exists():
        yield Item(name=HISTORY, path=state.history, is_database=True)
    yield Item(name=SETTINGS, path=settings)
    for name in FILES:
        if (path := state.root / name).is_file():
            yield Item(name=name, path=path, is_database=path.suffix == ".db")
    for name in BROKER:
        if (path := state.broker / name).is_file():
            yield Item(name=f"broker/{name}", path=path)
    for folder in FOLDERS:
        for path in sorted((state.root / folder).rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                yield Item(name=path.relative_to(state.root).as_posix(), path=path)
