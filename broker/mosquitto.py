"""Mosquitto as we run it: its folder, its generated configuration and access list, and how it is started.

The same files serve 2.0.11 and 2.1. One broker serves one realm: nodes reach it by TLS on one listener, our own
services on another that is bound to this machine. Everybody has a password, and a client's id is its username, so
nobody can take over another's session. Nothing here makes a reading durable: a node keeps it until core has it.
"""

import ipaddress
import os
import pwd
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from broker import private_file
from broker.topics import FROM_NODES, TO_NODES, VERSION, Realm, subscription
from broker.wire import MAX_PAYLOAD

OLDEST: Final = (2, 0, 0)
SYSTEM_PLACES: Final = ("/usr/local/sbin", "/usr/sbin")  # Debian puts it there, and not every user's PATH has that

# What waits for core while it is down: an hour at 100 messages a second, with room, and never more than this memory.
# A message costs some 0.35 kB beside its payload (measured), so the worst case is near 430 MiB.
MAX_QUEUED_MESSAGES: Final = 500_000
MAX_QUEUED_BYTES: Final = 256 * 1024 * 1024
# Core acknowledges after its commit, up to 500 messages at once; on a slow disk several commits' worth are under way.
MAX_INFLIGHT: Final = 4000
# A payload somewhat over the contract must still reach core, to become a dead letter with a reason. Past this the
# broker hangs up.
MAX_PACKET: Final = MAX_PAYLOAD + 8 * 1024
# Saving stops the broker for as long as it takes (0.4 s for a full queue, measured) and buys only sessions and retained
# messages: readings are safe with their nodes.
AUTOSAVE_S: Final = 30
SESSION_DAYS: Final = 14


class MosquittoMissing(Exception):
    """The program cannot be used; the text says what to install."""


class BadBrokerSettings(ValueError):
    """Settings that no configuration can be made of."""


class Rule(NamedTuple):
    """One line of the access list; ``user`` None: a pattern that holds for everyone, ``%u`` being their name."""

    user: str | None
    access: str  # read | write
    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """Where a broker keeps its files and what it listens on.

    ``folder`` is for the broker alone: the authority's key and our services' passwords do not belong in it.
    """

    realm: Realm
    folder: Path
    node_host: str = "0.0.0.0"
    node_port: int = 8883
    local_port: int = 1883

    def __post_init__(self) -> None:
        if not self.folder.is_absolute() or not str(self.folder).isprintable():
            raise BadBrokerSettings(
                f"broker folder {str(self.folder)!r} is not an absolute path of printable characters"
            )
        try:
            ipaddress.ip_address(self.node_host)
        except ValueError:
            raise BadBrokerSettings(f"node_host {self.node_host!r} is not an IP address, such as 0.0.0.0") from None
        for name, port in (("node_port", self.node_port), ("local_port", self.local_port)):
            if not 0 < port < 65536:
                raise BadBrokerSettings(f"{name} {port} is not 1 to 65535")
        if self.node_port == self.local_port:
            raise BadBrokerSettings(f"node_port and local_port are both {self.node_port}; they must differ")

    @property
    def config(self) -> Path:
        return self.folder / "mosquitto.conf"

    @property
    def access_list(self) -> Path:
        return self.folder / "acl"

    @property
    def passwords(self) -> Path:
        return self.folder / "passwords"

    @property
    def certificate(self) -> Path:
        """Key and certificate in one PEM file, as made by ``broker.certificates``."""
        return self.folder / "server.pem"

    @property
    def data(self) -> Path:
        return self.folder / "data"


def prepare_folder(settings: BrokerSettings) -> None:
    """Make the broker's folder, for its owner only; call it before anything is written there.

    As root it goes to the system's user ``mosquitto``, if there is one and it can get there: the broker runs as its
    folder's owner. Raises :class:`BadBrokerSettings` when the folder is another user's, and OSError.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        user, group = _unprivileged_owner(settings.folder)
        for path in (settings.folder, *settings.folder.rglob("*")):
            os.chown(path, user, group, follow_symlinks=False)
    elif settings.folder.stat().st_uid != os.geteuid():
        owner = settings.folder.stat().st_uid
        remedy = "run as that user, or choose another folder"
        raise BadBrokerSettings(f"{settings.folder} belongs to user id {owner}: {remedy}")
    settings.folder.chmod(0o700)
    settings.data.chmod(0o700)


def write_configuration(settings: BrokerSettings) -> None:
    """Write configuration and access list; a file that already says so is left alone. Raises OSError."""
    private_file.replace_if_changed(settings.access_list, access_list(settings.realm).encode())
    private_file.replace_if_changed(settings.config, configuration(settings).encode())


def access_rules(realm: Realm) -> frozenset[Rule]:
    """Who may do what; everything else is refused."""
    everyone = f"{realm}/{VERSION}/%u"
    nodes = [Rule(None, "write", f"{everyone}/{kind}") for kind in FROM_NODES]
    nodes += [Rule(None, "read", f"{everyone}/{kind}") for kind in TO_NODES]
    core = [Rule("core", "read", subscription(realm, kind)) for kind in FROM_NODES]
    core += [Rule("core", "write", subscription(realm, kind)) for kind in TO_NODES]
    core.append(Rule("core", "write", f"{realm}/{VERSION}/out/#"))
    # The probe asks how the broker is: queue drops, clients, memory.
    return frozenset([*nodes, *core, Rule("probe", "read", "$SYS/broker/#")])


def access_list(realm: Realm) -> str:
    lines = ["# Generated: changes are overwritten at the next start."]
    user = None
    for rule in sorted(access_rules(realm), key=lambda rule: (rule.user or "", rule.access, rule.topic)):
        if rule.user != user:
            user = rule.user
            lines.append(f"user {user}")
        lines.append(f"{'topic' if rule.user else 'pattern'} {rule.access} {rule.topic}")
    return "\n".join(lines) + "\n"


def configuration(settings: BrokerSettings) -> str:
    """The text of ``mosquitto.conf``. Comments have their own lines: elsewhere Mosquitto reads them as values."""
    return f"""\
# Generated: changes are overwritten at the next start.
allow_anonymous false
password_file {settings.passwords}
acl_file {settings.access_list}
{_user_line(settings.folder)}
persistence true
persistence_location {settings.data}/
persistence_file mosquitto.db
autosave_interval {AUTOSAVE_S}
persistent_client_expiration {SESSION_DAYS}d

max_inflight_messages {MAX_INFLIGHT}
max_queued_messages {MAX_QUEUED_MESSAGES}
max_queued_bytes {MAX_QUEUED_BYTES}
max_packet_size {MAX_PACKET}
set_tcp_nodelay true

# Not stdout: 2.0 leaves that in a buffer, so a killed broker would take its last lines along.
log_dest stderr
log_type error
log_type warning
log_type notice
log_timestamp true
log_timestamp_format %Y-%m-%dT%H:%M:%S%z

# Our own services, on this machine.
listener {settings.local_port} 127.0.0.1
use_username_as_clientid true

# Nodes.
listener {settings.node_port} {settings.node_host}
use_username_as_clientid true
certfile {settings.certificate}
keyfile {settings.certificate}
tls_version tlsv1.2
"""


def find_mosquitto() -> Path:
    """The program, 2.0 or later; raises :class:`MosquittoMissing`."""
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), *SYSTEM_PLACES])
    found = shutil.which("mosquitto", path=places)
    if found is None:
        raise MosquittoMissing("Mosquitto is not installed: apt-get install mosquitto")
    version = mosquitto_version(Path(found))
    if version < OLDEST:
        raise MosquittoMissing(f"{found} is {'.'.join(map(str, version))}; 2.0 or later is needed")
    return Path(found)


def mosquitto_version(program: Path) -> tuple[int, ...]:
    """Such as (2, 0, 11); raises :class:`MosquittoMissing` when ``program`` does not say or cannot run."""
    try:
        # It exits with 3 after its help.
        help_text = subprocess.run([program, "-h"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MosquittoMissing(f"{program} cannot be run: {error}") from None
    found = re.search(r"mosquitto version (\d+)\.(\d+)\.(\d+)", help_text)
    if found is None:
        raise MosquittoMissing(f"{program} does not tell its version; is it Mosquitto?")
    return tuple(int(number) for number in found.groups())


def command(program: Path, settings: BrokerSettings) -> list[str]:
    """What to start: it stays in the foreground, logs to stderr, saves and ends on SIGTERM."""
    return [str(program), "-c", str(settings.config)]


def reload(pid: int) -> None:
    """Have the broker ``pid`` read passwords, access list and certificate again; raises ProcessLookupError.

    Connections whose password is no longer good are closed, others stay. Ports stay too: they need a restart.
    Do it while core is connected: 2.0 forgets what an absent client may read if its session was restored from disk, and
    then keeps nothing new for it until it returns (nodes send that again). And do it after the broker has answered a
    CONNECT (``broker.probe``): it listens before it handles signals, and would be ended by this one.
    """
    os.kill(pid, signal.SIGHUP)


def _user_line(folder: Path) -> str:
    if os.geteuid() != 0:
        return "# Not started as root: it runs as the user who starts it."
    return f"user {folder.owner()}"


def _unprivileged_owner(folder: Path) -> tuple[int, int]:
    try:
        user = pwd.getpwnam("mosquitto")
    except KeyError:
        return 0, 0
    for parent in folder.parents:
        entry = parent.stat()
        if entry.st_uid != user.pw_uid and not entry.st_mode & 0o001:
            return 0, 0  # it could not get through, as under /root
    return user.pw_uid, user.pw_gid
