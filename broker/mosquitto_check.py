"""What the rest relies on, read back from the files that the broker will read.

The files are generated, but a disk, a restored backup or a helpful hand may change them; a broker that lets anyone in,
or forgets what waits for core, must be noticed before it starts and not after a flood.
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from broker import private_file
from broker.credentials import RESERVED, SERVICES
from broker.mosquitto import BrokerSettings, Rule, access_rules
from broker.topics import is_id
from broker.wire import MAX_ARRAY, MAX_PAYLOAD

LEAST_QUEUED_MESSAGES: Final = 360_000  # an hour at 100 a second
LEAST_QUEUED_BYTES: Final = 64 * 1024 * 1024
MOST_QUEUED_BYTES: Final = 1024 * 1024 * 1024
MOST_AUTOSAVE_S: Final = 300

_GLOBAL: Final = frozenset(
    {
        "acl_file",
        "allow_anonymous",
        "autosave_interval",
        "log_dest",
        "log_timestamp",
        "log_timestamp_format",
        "log_type",
        "max_inflight_messages",
        "max_packet_size",
        "max_queued_bytes",
        "max_queued_messages",
        "password_file",
        "persistence",
        "persistence_file",
        "persistence_location",
        "persistent_client_expiration",
        "set_tcp_nodelay",
        "user",
    }
)
_LISTENER: Final = frozenset({"listener", "use_username_as_clientid", "certfile", "keyfile", "tls_version"})
_REPEATED: Final = frozenset({"log_type"})


class MosquittoMisconfigured(Exception):
    """The broker must not be started like this; one line a problem, naming file, key and what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parsed:
    options: dict[str, str]
    listeners: tuple[dict[str, str], ...]
    problems: tuple[str, ...]  # of the file's form


def check(settings: BrokerSettings) -> None:
    """Raises :class:`MosquittoMisconfigured` with every problem found; reads files and nothing else."""
    parsed = _parse(settings.config) if settings.config.is_file() else None
    problems = [f"{settings.config}: missing"] if parsed is None else [*parsed.problems]
    if parsed is not None:
        problems += _option_problems(settings, parsed.options)
        problems += _listener_problems(settings, parsed.listeners)
    problems += _access_problems(settings)
    problems += _password_problems(settings.passwords)
    problems += _privacy_problems(settings)
    if problems:
        raise MosquittoMisconfigured("\n".join(problems))


def _parse(path: Path) -> _Parsed:
    options: dict[str, str] = {}
    listeners: list[dict[str, str]] = []
    problems = []
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        key, _, value = line.strip().partition(" ")
        if not key or key.startswith("#"):
            continue
        if key == "listener":
            listeners.append({})
        section = listeners[-1] if key in _LISTENER and listeners else options
        if key not in _GLOBAL | _LISTENER:
            problems.append(f"{path}:{number}: {key} is not an option of ours: remove it")
        elif key in section and key not in _REPEATED:
            problems.append(f"{path}:{number}: {key} stands twice: remove one")
        section[key] = value.strip()
    return _Parsed(options=options, listeners=tuple(listeners), problems=tuple(problems))


def _option_problems(settings: BrokerSettings, options: dict[str, str]) -> Iterator[str]:
    wanted = {
        "allow_anonymous": "false",
        "password_file": str(settings.passwords),
        "acl_file": str(settings.access_list),
        "persistence": "true",
        "persistence_location": f"{settings.data}/",
    }
    for key, value in wanted.items():
        if options.get(key) != value:
            yield f"{settings.config}: {key} is {options.get(key, 'not set')}: write {key} {value}"
    ranges = {
        "autosave_interval": (1, MOST_AUTOSAVE_S),
        "max_inflight_messages": (MAX_ARRAY, 65535),
        "max_queued_messages": (LEAST_QUEUED_MESSAGES, 10_000_000),
        "max_queued_bytes": (LEAST_QUEUED_BYTES, MOST_QUEUED_BYTES),
        "max_packet_size": (MAX_PAYLOAD + 1024, 1024 * 1024),
    }
    for key, (least, most) in ranges.items():
        value = options.get(key, "")
        if not value.isdecimal() or not least <= int(value) <= most:
            yield f"{settings.config}: {key} is {value or 'not set'}: write a number from {least} to {most}"


def _listener_problems(settings: BrokerSettings, listeners: tuple[dict[str, str], ...]) -> Iterator[str]:
    ports = []
    for options in listeners:
        port, _, host = options["listener"].partition(" ")
        ports.append(port)
        where = f"{settings.config}: listener {options['listener']}"
        if options.get("use_username_as_clientid") != "true":
            yield f"{where}: one client could take another's session: write use_username_as_clientid true"
        if "certfile" not in options:
            if not _is_loopback(host):
                yield f"{where}: not encrypted and open to the network: write listener {port} 127.0.0.1"
            continue
        if {options["certfile"], options.get("keyfile")} != {str(settings.certificate)}:
            yield f"{where}: certfile and keyfile must both be {settings.certificate}"
        if options.get("tls_version") not in {"tlsv1.2", "tlsv1.3"}:
            yield f"{where}: old versions of TLS are open: write tls_version tlsv1.2"
    if sorted(ports) != sorted(map(str, (settings.local_port, settings.node_port))):
        wanted = f"{settings.local_port} and {settings.node_port}"
        yield f"{settings.config}: listens on {', '.join(ports) or 'nothing'}: write listeners for {wanted}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _access_problems(settings: BrokerSettings) -> Iterator[str]:
    path = settings.access_list
    if not path.is_file():
        yield f"{path}: missing"
        return
    found: set[Rule] = set()
    user: str | None = None
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        match line.split():
            case []:
                continue
            case [word, *_] if word.startswith("#"):
                continue
            case ["user", name]:
                user = name
            case ["pattern", access, topic]:
                found.add(Rule(None, access, topic))
            case ["topic", access, topic]:
                # A topic line before the first user would be for clients without a name.
                found.add(Rule(user or "", access, topic))
            case _:
                yield f"{path}:{number}: {line[:60]!r} is not a line of ours: remove it"
    expected = access_rules(settings.realm)
    yield from (
        f"{path}: {_text(rule)} gives more than is due: remove it" for rule in sorted(found - expected, key=str)
    )
    yield from (f"{path}: {_text(rule)} is missing" for rule in sorted(expected - found, key=str))


def _text(rule: Rule) -> str:
    who = f"user {rule.user!r}: topic" if rule.user is not None else "pattern"
    return f"{who} {rule.access} {rule.topic}"


def _password_problems(path: Path) -> Iterator[str]:
    if not path.is_file():
        yield f"{path}: missing"
        return
    users = []
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        user, _, hashed = line.partition(":")
        users.append(user)
        if user not in SERVICES and (not is_id(user) or user in RESERVED):
            yield f"{path}:{number}: {user[:40]!r} may not name a node: remove the line"
        if not hashed.startswith("$7$"):
            # The value stays out of the message: it may be a password.
            yield f"{path}:{number}: {user[:40]!r} has no hash: remove the line and make a new credential"
    yield from (f"{path}: our service {name!r} is missing" for name in SERVICES if name not in users)
    yield from (f"{path}: {name[:40]!r} stands twice" for name in sorted({u for u in users if users.count(u) > 1}))


def _privacy_problems(settings: BrokerSettings) -> Iterator[str]:
    if not settings.certificate.is_file():
        yield f"{settings.certificate}: missing"
    if not settings.data.is_dir():
        yield f"{settings.data}: missing folder"
    paths = (settings.config, settings.access_list, settings.passwords, settings.certificate, settings.data)
    yield from (
        f"{path}: others can read or change it: chmod go= {path}"
        for path in paths
        if path.exists() and not private_file.is_private(path)
    )
