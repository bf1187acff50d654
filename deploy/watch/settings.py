"""The settings file of a watch: where its broker is, its own channels, and who is told. Checked whole at start.

It holds no secret: those are files beside it, readable by their owner alone.
"""

import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from alerting.contacts import ContactKind
from alerting.phone_numbers import BadNumber, normalise
from broker.topics import Realm, is_id
from deploy import secret_file
from deploy.channels import settings as channel_settings
from deploy.channels.settings import Channels, Port, Table
from deploy.channels.ways import KINDS
from deploy.settings import BadSettings, fault_sentence

Seconds = Annotated[float, msgspec.Meta(gt=0)]


class Watch(Table, frozen=True, kw_only=True):
    """``host`` and ``port`` are the broker's as nodes reach it; paths start from the file's folder.

    ``patience_s`` after the last beat that came back whole is the alarm, at most 75 for the 90 s that are promised.
    """

    id: str
    site: str
    realm: Realm = "ews"
    host: str
    port: Port = 8883
    authority_file: str = "ca.pem"
    password_file: str = "password"  # noqa: S105 - a file's name
    order_key_file: str = "order.key"
    state_dir: str = "state"
    timezone: str = "Asia/Jakarta"
    beat_s: Annotated[float, msgspec.Meta(ge=1, le=60)] = 20.0
    patience_s: Annotated[float, msgspec.Meta(ge=3, le=75)] = 60.0
    repeat_minutes: Seconds = 15.0
    daily_hour: Annotated[int, msgspec.Meta(ge=0, le=23)] = 8  # of the site's day


class Keeper(Table, frozen=True, kw_only=True):
    """Somebody who is told when the installation is silent, by one of the watch's own channels."""

    name: str
    channel: str
    to: str


class WatchFile(Table, frozen=True, kw_only=True):
    watch: Watch
    channels: Channels = Channels()
    keepers: tuple[Keeper, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """What a file says, with its secrets; ``base`` is its folder."""

    file: WatchFile
    base: Path
    password: str
    order_key: str

    @property
    def authority(self) -> Path:
        return self.base / self.file.watch.authority_file

    @property
    def state(self) -> Path:
        return (self.base / self.file.watch.state_dir).absolute()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.file.watch.timezone)


def load(path: Path) -> WatchSettings:
    """Read and check ``path`` and the secrets that it names; raises BadSettings. Touches no network."""
    file = _parsed(path)
    base = path.absolute().parent
    fault = _fault(file) or _keepers_fault(file)
    if fault is not None:
        raise BadSettings(f"{path}: {fault}")
    authority = base / file.watch.authority_file
    if not authority.is_file():
        raise BadSettings(f"watch.authority_file: {authority} is not there; kentongan watch new wrote one: ca.pem")
    return WatchSettings(
        file=file,
        base=base,
        password=secret_file.read(base / file.watch.password_file, "watch.password_file"),
        order_key=_key(base / file.watch.order_key_file),
    )


def _parsed(path: Path) -> WatchFile:
    try:
        with path.open("rb") as opened:
            document: dict[str, Any] = tomllib.load(opened)
        return msgspec.convert(document, WatchFile)
    except FileNotFoundError:
        raise BadSettings(f"{path}: no such file. Make one: kentongan watch new ID --out DIR") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{path}: not valid TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise BadSettings(f"{path}: {fault_sentence(str(error))}") from None


def _fault(file: WatchFile) -> str | None:
    watch = file.watch
    if not is_id(watch.id):
        return f"watch.id: {watch.id[:40]!r} is not 3 to 32 of a-z, 0-9 and hyphen"
    try:
        ZoneInfo(watch.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return f"watch.timezone: {watch.timezone!r} is not known; write Asia/Jakarta"
    if watch.patience_s < 2 * watch.beat_s:
        return f"watch.patience_s: {watch.patience_s:g} is less than twice beat_s: one lost beat would alarm; raise it"
    return channel_settings.fault(file.channels)


def _keepers_fault(file: WatchFile) -> str | None:
    names = file.channels.names()
    twice = [name for name, count in Counter(keeper.name for keeper in file.keepers).items() if count > 1]
    if twice:
        return f"keepers: two are called {twice[0]!r}; give each a name of its own"
    if not file.keepers:
        return "keepers: nobody would be told; add a [[keepers]] with name, channel and to"
    for keeper in file.keepers:
        if keeper.channel not in names:
            known = ", ".join(names) or "none yet"
            return f"keepers ({keeper.name}): channel {keeper.channel!r} is not configured here; there is {known}"
        if KINDS.get(keeper.channel, "phone") == "phone":
            try:
                normalise(keeper.to)
            except BadNumber as error:
                return f"keepers ({keeper.name}): to: {error}"
    return None


def kind_of(channel: str) -> ContactKind:
    """What a channel carries messages to."""
    return KINDS.get(channel, "phone")


def _key(path: Path) -> str:
    key = secret_file.read(path, "watch.order_key_file")
    if len(key) != 64 or set(key) - set("0123456789abcdef"):
        raise BadSettings(f"watch.order_key_file: {path} does not hold 64 hexadecimal digits; make it anew: --replace")
    return key


SAMPLE = """\
# A watch of Kentongan, written by `kentongan watch new`. Copy this folder to where the watch runs; see docs/watch.md.

[watch]
id = "{id}"
site = "{site}"
realm = "{realm}"
# The broker, as nodes reach it: by TLS, and by a name that stands in its certificate.
host = "{host}"
port = {port}
# Files beside this one, readable by their owner alone.
authority_file = "ca.pem"
password_file = "password"
order_key_file = "order.key"
state_dir = "state"
timezone = "{timezone}"
# A beat so often; the alarm when none has come back whole for so long (75 at most: 90 s are promised).
beat_s = 20
patience_s = 60
repeat_minutes = 15
# From this hour on one real message a day goes the whole way, to the recipient given with --keeper.
daily_hour = 8

# The watch's own ways out, with accounts of their own, in the same form as in kentongan.toml:
# [channels.email], [channels.telegram], [channels.twilio], [[channels.modems]], and webhook:
[channels]
webhook = false

# Who is told when Kentongan is silent; at least one.
# [[keepers]]
# name = "Petugas TI"
# channel = "email"
# to = "ti@kota.example"
"""
