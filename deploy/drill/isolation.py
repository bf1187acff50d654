"""Which installation a drill runs on, and that it shares nothing with the real one: no folder, port or credential."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from deploy.settings import BadSettings, Officer, Settings, load
from deploy.state_folder import StateFolder

SECRETS: Final = ("token_file", "password_file", "pin_file")
ACCOUNTS: Final = ("account_sid", "device")
NOBODYS: Final = ("dummy",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where a drill takes place. ``settings``, read from ``file``, has the group as its only officers."""

    file: Path
    settings: Settings
    state: StateFolder
    group: str
    real_journal: Path

    @property
    def people(self) -> list[Officer]:
        return self.settings.officers


def ground_of(real: Settings, real_state: StateFolder, base: Path, *, group: str = "") -> Ground:
    """The drill's installation as ``[drill]`` names it, for ``group`` or the usual one.

    Raises BadSettings with a sentence when it is not apart from the real one, or when the group is not known there.
    """
    if real.drill.settings is None:
        raise BadSettings('drill.settings: no drill is set up; write settings = "latihan.toml" there (docs/drill.md)')
    file = (base / real.drill.settings).absolute()
    settings = load(file)
    name = group or real.drill.group
    if settings.site.realm != "latihan":
        raise BadSettings(f'{file}: site.realm: a drill runs in a realm of its own; write realm = "latihan"')
    state = StateFolder((file.parent / settings.site.state_dir).resolve())
    _check_folders(file, state, real_state)
    _check_ports(file, settings, real)
    _check_credentials(file, settings, real, base)
    if not settings.channels.names():
        raise BadSettings(
            f"{file}: channels: a drill without a channel tells nobody; configure one, with its own account"
        )
    people = _members(real, settings, file, name)
    return Ground(
        file=file,
        settings=msgspec.structs.replace(settings, officers=people),
        state=state,
        group=name,
        real_journal=real_state.journal,
    )


def _check_folders(file: Path, state: StateFolder, real_state: StateFolder) -> None:
    ours, real = state.root, real_state.root.resolve()
    if ours == real or ours in real.parents or real in ours.parents:
        raise BadSettings(
            f"{file}: site.state_dir: {ours} is not apart from the real {real}; give it a folder of its own"
        )


def _check_ports(file: Path, settings: Settings, real: Settings) -> None:
    taken = {
        real.broker.tls_port: "broker.tls_port",
        real.broker.loopback_port: "broker.loopback_port",
        real.web.port: "web.port",
    }
    for key, port in (("tls_port", settings.broker.tls_port), ("loopback_port", settings.broker.loopback_port)):
        if port in taken:
            raise BadSettings(f"{file}: broker.{key}: {port} is the real {taken[port]}; choose another")


def _check_credentials(file: Path, settings: Settings, real: Settings, base: Path) -> None:
    theirs = dict(_credentials(real, base))
    for value, key in _credentials(settings, file.parent):
        if value in theirs:
            raise BadSettings(
                f"{file}: channels.{key}: it is that of the real installation; a drill needs an account of its own"
            )


def _credentials(settings: Settings, base: Path) -> Iterator[tuple[str, str]]:
    """(what it is, key) of every account, device and secret; a secret is compared by its content."""
    for channel, table in msgspec.to_builtins(settings.channels).items():
        for each in table if isinstance(table, list) else [table]:
            if isinstance(each, dict):
                yield from _of_table(channel, each, base)


def _of_table(channel: str, table: dict[str, Any], base: Path) -> Iterator[tuple[str, str]]:
    for name in ACCOUNTS:
        if table.get(name) and table[name] not in NOBODYS:
            yield f"{name} {table[name]}", f"{channel}.{name}"
    for name in SECRETS:
        if not table.get(name):
            continue
        path = (base / table[name]).resolve()
        yield f"file {path}", f"{channel}.{name}"
        if path.is_file():
            yield f"secret {hashlib.sha256(path.read_bytes().strip()).hexdigest()}", f"{channel}.{name}"


def _members(real: Settings, settings: Settings, file: Path, name: str) -> list[Officer]:
    groups = {group.name: group.people for group in real.drill.groups}
    if name not in groups:
        known = ", ".join(sorted(groups)) or "none yet"
        raise BadSettings(f"drill.groups: no group {name!r}; there is {known}. Add a [[drill.groups]] with it")
    officers = {officer.name: officer for officer in settings.officers}
    unknown = [person for person in groups[name] if person not in officers]
    if unknown:
        raise BadSettings(
            f"{file}: officers: {unknown[0]} of group {name} is not there; add an [[officers]] with a number"
        )
    if not groups[name]:
        raise BadSettings(f"drill.groups ({name}): nobody is in it; write people = [...] with names of {file}")
    return [officers[person] for person in dict.fromkeys(groups[name])]
