"""The one settings file: read once at start, checked whole, never touching the network.

A fault is one sentence with the file, the key, and what to write instead.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from broker.topics import Realm

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


class Broker(Table, frozen=True, kw_only=True):
    tls_port: Port = 8883
    loopback_port: Port = 1883
    node_host: str = "127.0.0.1"  # where nodes find the broker
    listen: str = "127.0.0.1"  # the address of the TLS listener
    names: list[str] = []  # further names and addresses in the server certificate


class Web(Table, frozen=True, kw_only=True):
    port: Port = 8080


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


class Tide(Table, frozen=True, kw_only=True):
    """``model`` is a file that ``kentongan tide fit`` wrote; None: nothing is predicted."""

    model: str | None = None
    above_m: float | None = None


class Officer(Table, frozen=True, kw_only=True):
    name: str
    phone: str
    channels: list[str] = []  # empty: every channel that is configured


class Twilio(Table, frozen=True, kw_only=True):
    account_sid: str
    token_file: str
    sender: str  # a number in E.164, or a Messaging Service SID (MG...)
    api_base: str = "https://api.twilio.com"
    max_parallel: Annotated[int, msgspec.Meta(ge=1, le=64)] = 8


class Channels(Table, frozen=True, kw_only=True):
    twilio: Twilio | None = None
    demo: bool = False


class Settings(Table, frozen=True, kw_only=True):
    site: Site
    broker: Broker = Broker()
    web: Web = Web()
    history: History = History()
    retention: Retention = Retention()
    tide: Tide = Tide()
    channels: Channels = Channels()
    officers: list[Officer] = []


def load(path: Path, *, overrides: dict[str, Any] | None = None) -> Settings:
    """Read and check ``path``; raises :class:`BadSettings`. ``overrides`` maps "broker.tls_port" to a value."""
    try:
        with path.open("rb") as file:
            document = tomllib.load(file)
    except FileNotFoundError:
        raise BadSettings(f"{path}: no such file. Copy the sample: kentongan settings > {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{path}: not valid TOML: {error}") from None
    if "stations" in document:
        raise BadSettings(
            f"{path}: stations: they live in the registry now: move the [[stations]] tables into a file of their own "
            "and give it to kentongan station import"
        )
    for key, value in (overrides or {}).items():
        table, _, name = key.partition(".")
        document.setdefault(table, {})[name] = value
    try:
        settings = msgspec.convert(document, Settings)
    except msgspec.ValidationError as error:
        raise BadSettings(f"{path}: {_sentence(str(error))}") from None
    _check(settings, path)
    return settings


def _sentence(fault: str) -> str:
    what, _, where = fault.partition(" - at `$")
    key = where.rstrip("`").lstrip(".") or "top level"
    return f"{key}: {what}"


def _check(settings: Settings, path: Path) -> None:
    try:
        ZoneInfo(settings.site.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        zone = settings.site.timezone
        raise BadSettings(f"{path}: site.timezone: {zone!r} is not known; write Asia/Jakarta") from None
    if settings.broker.tls_port == settings.broker.loopback_port:
        raise BadSettings(f"{path}: broker: tls_port and loopback_port are both {settings.broker.tls_port}")
    for officer in settings.officers:
        unknown = set(officer.channels) - set(channel_names(settings))
        if unknown:
            raise BadSettings(
                f"{path}: officers ({officer.name}): channel {min(unknown)!r} is not configured; "
                f"add [channels.{min(unknown)}] or leave channels out"
            )


def channel_names(settings: Settings) -> list[str]:
    names = ["twilio"] if settings.channels.twilio else []
    return names + (["demo"] if settings.channels.demo else [])
