"""The one settings file: read once at start, checked whole, never touching the network.

A fault is one sentence with the file, the key, and what to write instead. What the environment gives stands above it.
"""

import os
import re
import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from broker.topics import Realm
from deploy import settings_environment
from deploy.channels import settings as channel_settings
from deploy.channels.settings import Channels

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Days = Annotated[float, msgspec.Meta(ge=0)]  # 0 is for ever


class BadSettings(Exception):
    """The settings cannot be used; the text says where and what to write instead."""


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file: unknown keys are refused, so that a slip of the pen is not a silent default."""


class Site(Table, frozen=True, kw_only=True):
    name: str
    sender: str = "BPBD KOTA PASURUAN"
    realm: Realm = "ews"
    timezone: str = "Asia/Jakarta"
    state_dir: str = "var"


class Log(Table, frozen=True, kw_only=True):
    """What the processes write about themselves; ``json`` is one object a line, for whoever collects logs."""

    format: Literal["plain", "json"] = "plain"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Broker(Table, frozen=True, kw_only=True):
    tls_port: Port = 8883
    loopback_port: Port = 1883
    node_host: str = "127.0.0.1"  # where nodes find the broker
    listen: str = "127.0.0.1"  # the address of the TLS listener
    names: list[str] = []  # further names and addresses in the server certificate


class Web(Table, frozen=True, kw_only=True):
    """``trusted_proxies`` are the addresses of servers in front whose X-Forwarded headers are believed."""

    port: Port = 8080
    open_to_everybody: bool = False  # whoever reaches the pages looks without a login
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    metrics_token_file: str | None = None  # without it /metrics answers this machine alone
    rivers: str | None = None  # GeoJSON file of lines
    map_tiles: Annotated[str, msgspec.Meta(pattern=r"^(https://[^\s'\";,]+)?$")] = ""
    map_credit: str = ""


class History(Table, frozen=True, kw_only=True):
    kind: Literal["sqlite", "influxdb"] = "sqlite"
    url: str = "http://127.0.0.1:8086"
    org: str = ""
    bucket: str = "kentongan/autogen"
    token_file: str | None = None
    username: str | None = None
    password_file: str | None = None


class Retention(Table, frozen=True, kw_only=True):
    readings_days: Positive = 7.0
    dead_letters: Annotated[int, msgspec.Meta(ge=100)] = 10_000
    history_readings_days: Days = 400.0
    history_minute_days: Days = 1200.0
    history_hour_days: Days = 3660.0
    history_day_days: Days = 0.0
    recipients_pending_days: Days = 7.0
    recipients_left_days: Days = 30.0


class Tide(Table, frozen=True, kw_only=True):
    """``model`` is a file that ``kentongan tide fit`` wrote; None: nothing is predicted."""

    model: str | None = None
    above_m: float | None = None


class Cap(Table, frozen=True, kw_only=True):
    """Without a ``sender`` every message of the feed has the status Test."""

    sender: str = ""
    web: str = ""  # the address of the pages as the public reaches them
    contact: str = ""
    lifetime_minutes: Annotated[float, msgspec.Meta(ge=10, le=1440)] = 60.0


class Nowcast(Table, frozen=True, kw_only=True):
    """Without a ``url`` nothing is fetched."""

    url: str = ""
    every_minutes: Annotated[float, msgspec.Meta(ge=1, le=60)] = 5.0


class Subscription(Table, frozen=True, kw_only=True):
    """How much may be asked in any 24 hours. While it is not ``enabled`` nobody joins by himself."""

    enabled: bool = False
    messages_a_day: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 200
    codes_a_number: Annotated[int, msgspec.Meta(ge=1, le=20)] = 3
    requests_an_address: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 20
    replies_a_number: Annotated[int, msgspec.Meta(ge=1, le=50)] = 10


class OpenData(Table, frozen=True, kw_only=True):
    """What the page of open data says: the city's own choice, and nothing while it has not made one."""

    licence: str = ""
    licence_url: str = ""


class BackupBucket(Table, frozen=True, kw_only=True):
    """A second place for backups, by the S3 protocol. ``authority`` is a certificate; ``keep_days`` 0 is for ever."""

    endpoint: str
    name: str
    access_key: str
    secret_file: str
    region: str = "us-east-1"
    prefix: str = ""
    authority: str | None = None
    keep_days: Days = 30.0


class Backup(Table, frozen=True, kw_only=True):
    """Without a ``folder`` none is taken. ``hour`` is of the site's day."""

    folder: str | None = None
    key_file: str | None = None
    hour: Annotated[int, msgspec.Meta(ge=0, le=23)] = 2
    keep_days: Annotated[float, msgspec.Meta(ge=1)] = 30.0
    history: bool = True
    bucket: BackupBucket | None = None


class Installing(Table, frozen=True, kw_only=True):
    """A node that is put up is in service only after good data for so long."""

    good_minutes: Annotated[float, msgspec.Meta(ge=1, le=1440)] = 10.0


class DrillGroup(Table, frozen=True, kw_only=True):
    """``people`` are officers of the drill's own settings, by name."""

    name: str
    people: list[str]


class Watch(Table, frozen=True, kw_only=True):
    """``settings`` is the file of a watch on this very machine, which ``kentongan up`` then runs too."""

    settings: str | None = None


class Drill(Table, frozen=True, kw_only=True):
    """``settings`` is the file of the drill's own installation; while it is not ``enabled`` none is held by itself."""

    enabled: bool = False
    settings: str | None = None
    group: str = "petugas"
    day: Annotated[int, msgspec.Meta(ge=1, le=28)] = 1  # of the month
    hour: Annotated[int, msgspec.Meta(ge=0, le=23)] = 10  # of the site's day
    groups: list[DrillGroup] = []


class Officer(Table, frozen=True, kw_only=True):
    name: str
    phone: str
    channels: list[str] = []  # empty: every channel that is configured


class Settings(Table, frozen=True, kw_only=True):
    site: Site
    log: Log = Log()
    broker: Broker = Broker()
    web: Web = Web()
    history: History = History()
    retention: Retention = Retention()
    tide: Tide = Tide()
    cap: Cap = Cap()
    nowcast: Nowcast = Nowcast()
    subscription: Subscription = Subscription()
    drill: Drill = Drill()
    backup: Backup = Backup()
    watch: Watch = Watch()
    installation: Installing = Installing()
    open_data: OpenData = OpenData()
    channels: Channels = Channels()
    officers: list[Officer] = []


def load(path: Path, *, overrides: dict[str, Any] | None = None) -> Settings:
    """Read and check ``path``; raises :class:`BadSettings`. ``overrides`` maps "broker.tls_port" to a value.

    They stand above the environment's ``KENTONGAN_BROKER__TLS_PORT``, and that stands above the file.
    """
    try:
        with path.open("rb") as file:
            document = tomllib.load(file)
    except FileNotFoundError:
        raise BadSettings(f"{path}: no such file. Copy the sample: kentongan settings > {path}") from None
    except OSError as error:
        raise BadSettings(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise BadSettings(f"{path}: not UTF-8 at byte {error.start}: save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{path}: not valid TOML: {error}") from None
    if "stations" in document:
        raise BadSettings(
            f"{path}: stations: they live in the registry now: move the [[stations]] tables into a file of their own "
            "and give it to kentongan station import"
        )
    environment = settings_environment.given(os.environ)
    for key, value in (settings_environment.values(os.environ) | (overrides or {})).items():
        if not settings_environment.put(document, key, value):
            raise BadSettings(
                f"{path}: {environment.get(key, key)}: {key.rpartition('.')[0]} is no table of the settings"
            )
    try:
        settings = msgspec.convert(document, Settings)
    except msgspec.ValidationError as error:
        also = f" (with {', '.join(environment.values())} of the environment)" if environment else ""
        raise BadSettings(f"{path}: {fault_sentence(str(error))}{also}") from None
    _check(settings, path)
    return settings


def fault_sentence(fault: str) -> str:
    """A fault that msgspec found, with the key first."""
    what, _, where = fault.partition(" - at `$")
    key = where.rstrip("`").lstrip(".") or "top level"
    return f"{key}: {what}"


def _check(settings: Settings, path: Path) -> None:
    try:
        ZoneInfo(settings.site.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = settings.site.timezone
        raise BadSettings(f"{path}: site.timezone: {zone!r} is not known; write Asia/Jakarta") from None
    if settings.broker.tls_port == settings.broker.loopback_port:
        raise BadSettings(f"{path}: broker: tls_port and loopback_port are both {settings.broker.tls_port}")
    _check_addresses(settings, path)
    _check_web(settings, path)
    if (fault := channel_settings.fault(settings.channels)) is not None:
        raise BadSettings(f"{path}: {fault}")
    if settings.backup.folder is not None and settings.backup.key_file is None:
        raise BadSettings(f"{path}: backup.key_file: not set; make a key: kentongan backup key --out FILE")
    if settings.backup.bucket is not None:
        if settings.backup.folder is None:
            raise BadSettings(f"{path}: backup.folder: not set; what goes to the bucket is taken there first")
        check_bucket(settings.backup.bucket, path)
    for officer in settings.officers:
        unknown = set(officer.channels) - set(channel_names(settings))
        if unknown:
            raise BadSettings(
                f"{path}: officers ({officer.name}): channel {min(unknown)!r} is not configured; "
                f"add [channels.{min(unknown)}] or leave channels out"
            )


def check_bucket(bucket: BackupBucket, path: Path) -> None:
    """Refuse what cannot be a bucket's address; raises BadSettings."""
    endpoint, name, prefix = bucket.endpoint, bucket.name, bucket.prefix
    if not re.fullmatch(r"https://[^/\s]+|http://(127\.0\.0\.1|localhost)(:\d+)?", endpoint):
        raise BadSettings(f"{path}: backup.bucket.endpoint: {endpoint!r} must be https://HOST or https://HOST:PORT")
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name) or ".." in name:
        raise BadSettings(f"{path}: backup.bucket.name: {name!r} is no bucket's name: 3-63 of a-z, 0-9, dot and hyphen")
    if not re.fullmatch(r"([A-Za-z0-9_.-]+/)*", prefix):
        raise BadSettings(f"{path}: backup.bucket.prefix: {prefix!r} must end with a slash; write pasuruan/")


def _check_web(settings: Settings, path: Path) -> None:
    if settings.web.open_to_everybody and (real := set(channel_names(settings)) - {"demo"}):
        raise BadSettings(
            f"{path}: web.open_to_everybody: is for demonstrations, and channel {min(real)!r} reaches people; "
            "leave it out, and make users: kentongan user add"
        )
    for proxy in settings.web.trusted_proxies:
        try:
            ip_network(proxy)
        except ValueError:
            raise BadSettings(
                f"{path}: web.trusted_proxies: {proxy!r} is no address; write 127.0.0.1, or 10.0.0.0/24"
            ) from None


def _check_addresses(settings: Settings, path: Path) -> None:
    sender, web, url = settings.cap.sender, settings.cap.web, settings.nowcast.url
    licence_url = settings.open_data.licence_url
    if licence_url and not re.match(r"https?://[^/\s]+", licence_url):
        raise BadSettings(f"{path}: open_data.licence_url: {licence_url!r} is no address; write https://...")
    if licence_url and not settings.open_data.licence:
        raise BadSettings(f"{path}: open_data.licence: write the licence's name, or take licence_url out")
    if re.search(r"[\s,<&]", sender):
        raise BadSettings(f"{path}: cap.sender: {sender!r} has a space, comma, < or &; write peringatan@kota.example")
    if web and not re.match(r"https?://[^/\s]+", web):
        raise BadSettings(f"{path}: cap.web: {web!r} is no address; write https://peringatan.kota.example")
    if url and not is_feed_address(url):
        raise BadSettings(f"{path}: nowcast.url: {url!r} must begin with https://")


def is_feed_address(url: str) -> bool:
    """Whether a feed may be fetched from there: by https, or from this machine."""
    return re.match(r"https://[^/\s]+|http://(127\.0\.0\.1|localhost)[:/]", url) is not None


def channel_names(settings: Settings) -> list[str]:
    return settings.channels.names()
