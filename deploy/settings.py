"""The one settings file: read once at start, checked whole, never touching the network.

A fault is one sentence with the file, the key, and what to write instead.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from alerting.rules import BadRules, LevelRule, StationRules, Thresholds
from broker.topics import Realm, is_id

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
MINUTE_MS = 60_000


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


class Level(Table, frozen=True, kw_only=True):
    """Thresholds in metres above the gauge's zero; all three or none. Without them: BELUM DITETAPKAN."""

    waspada: float | None = None
    siaga: float | None = None
    awas: float | None = None
    hysteresis_m: float = 0.1
    hold_up_samples: int = 2
    hold_down_minutes: float = 15
    early_siaga_minutes: float = 45
    author: str = ""
    reason: str = ""


class Station(Table, frozen=True, kw_only=True):
    id: str
    name: str
    hazard: Literal["level", "air"] = "level"
    river: str | None = None
    kelurahan: list[str] = []
    example: bool = False
    datum_m: float | None = None
    low_m: float = 0.0
    high_m: float | None = None
    sensor_mm: tuple[float, float] = (30.0, 4500.0)
    site_m: tuple[float, float] | None = None
    silence_minutes: Positive = 10.0
    mm_per_tip: Positive = 0.2
    thresholds: Level = Level()


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
    channels: Channels = Channels()
    stations: list[Station] = []
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
    seen: set[str] = set()
    for number, station in enumerate(settings.stations):
        where = f"{path}: stations[{number}] ({station.id})"
        if not is_id(station.id):
            raise BadSettings(f"{where}: id must be 3 to 32 of a-z, 0-9 and hyphen")
        if station.id in seen:
            raise BadSettings(f"{where}: id is used twice; give each station its own")
        seen.add(station.id)
        _check_station(station, where)
    for officer in settings.officers:
        unknown = set(officer.channels) - set(channel_names(settings))
        if unknown:
            raise BadSettings(
                f"{path}: officers ({officer.name}): channel {min(unknown)!r} is not configured; "
                f"add [channels.{min(unknown)}] or leave channels out"
            )


def _check_station(station: Station, where: str) -> None:
    if station.hazard == "level" and station.datum_m is None:
        raise BadSettings(f"{where}: datum_m is missing: the sensor's height above the gauge's zero, in metres")
    try:
        rules_of(station, version=1)
    except BadRules as error:
        raise BadSettings(f"{where}: thresholds: {error}") from None
    limits = station.thresholds
    if limits.awas is not None and station.datum_m is not None and limits.awas >= station.datum_m:
        raise BadSettings(
            f"{where}: thresholds.awas {limits.awas} m is not below the sensor at datum_m {station.datum_m} m; "
            "metres above the gauge's zero are due in both (not centimetres)"
        )
    if limits.awas is not None and not limits.author:
        raise BadSettings(f"{where}: thresholds.author is missing: who set them")


def channel_names(settings: Settings) -> list[str]:
    names = ["twilio"] if settings.channels.twilio else []
    return names + (["demo"] if settings.channels.demo else [])


def rules_of(station: Station, *, version: int) -> StationRules:
    """The engine's rules of a station; raises BadRules when its thresholds contradict themselves."""
    limits = station.thresholds
    given = [limits.waspada, limits.siaga, limits.awas]
    rule = None
    if limits.waspada is not None and limits.siaga is not None and limits.awas is not None:
        rule = LevelRule(
            thresholds=Thresholds(waspada=limits.waspada, siaga=limits.siaga, awas=limits.awas),
            hysteresis_m=limits.hysteresis_m,
            hold_up=limits.hold_up_samples,
            hold_down_ms=int(limits.hold_down_minutes * MINUTE_MS),
            early_siaga_ms=int(limits.early_siaga_minutes * MINUTE_MS),
        )
    elif any(value is not None for value in given):
        raise BadRules("waspada, siaga and awas are given together or not at all")
    return StationRules(
        station=station.id,
        version=version,
        quantity="level_m" if station.hazard == "level" else "pm25_ugm3",
        level=rule if station.hazard == "level" else None,
        silence_after_ms=int(station.silence_minutes * MINUTE_MS),
    )
