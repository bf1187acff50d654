"""What the cards of alerts and of messages show."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from alerting.web import words
from alerting.web.alert_list import is_active, is_of_everything, is_unverified, wants_somebody
from alerting.web.catalogue import tr
from alerting.web.station_facts import weather_now
from alerting.web.station_state import Badge, unverified
from broker.levels import State
from broker.live import AlertView, MessageView, StationView

DEMO_CHANNEL: Final = "demo"
ONE_SMS: Final = 160
MAX_ROWS: Final = 12
MAX_AREAS: Final = 8  # names in a line
UNITS: Final = {"level": ("m", 2), "rain": ("mm", 1), "air": ("µg/m³", 1)}

KINDS: Final = {
    "raised": "peringatan dibuat",
    "raised_higher": "dinaikkan",
    "lowered": "diturunkan",
    "ended": "dinyatakan berakhir",
    "cancelled": "dibatalkan",
}
# State of a message: class of its mark, and the word. "Sampai" only when a delivery report said so.
SENT_STATES: Final = {
    "queued": ("waiting", "antri"),
    "sending": ("waiting", "sedang dikirim"),
    "accepted": ("passed", "dikirim ke penyedia"),
    "delivered": ("arrived", "sampai"),
    "undelivered": ("failed", "gagal"),
    "dead": ("failed", "gagal"),
    "expired": ("failed", "tidak dikirim: sudah tidak berlaku"),
    "unknown": ("doubtful", "tidak diketahui"),
}
WRITTEN: Final = ("passed", "ditulis ke berkas contoh")  # the demonstration reaches no phone, whatever it is told
TALLY_ORDER: Final = (
    "antri",
    "sedang dikirim",
    "dikirim ke penyedia",
    "sampai",
    "gagal",
    "tidak dikirim: sudah tidak berlaku",
    "tidak diketahui",
    "ditulis ke berkas contoh",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaLine:
    """The areas at one level, or those that were cancelled, by name."""

    title: str
    mark: str
    names: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedArea:
    code: str
    name: str
    level: str
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCard:
    """``announced``: the card calls for attention when this changes. ``sent`` is None where nobody is written to.

    ``wants``: somebody must say that he deals with it. ``has_page``: it is one alert, which can be opened.
    """

    id: str
    title: str  # a level, or what happened to the data
    mark: str
    station_name: str
    subject: str | None  # what it is about
    warnings: tuple[Badge, ...]  # what speaks against believing it
    now: str | None  # what rain or air is like at this moment
    areas: tuple[AreaLine, ...]
    kind: str
    version: int
    announced: str
    active: bool
    example: bool
    raised_at: int
    changed_at: int
    why: str
    value: str | None
    latency: str | None
    sent: str | None
    wants: bool = False
    taken_by: str = ""
    taken_at: int | None = None
    has_page: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    id: int
    recipient: str
    address: str
    channel: str
    mark: str
    word: str
    reason: str | None
    latency: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCard:
    """One text and whom it went to. ``more`` counts the rows that are not listed, in words."""

    id: str
    station_name: str
    version: int
    created_at: int
    text: str
    length: str
    is_long: bool
    example: bool
    rows: tuple[MessageRow, ...]
    more: str | None


def alert_card(
    alert: AlertView, *, station: StationView | None, areas: Sequence[AlertView], messages: Iterable[MessageView]
) -> AlertCard:
    """``station`` is the one that it is about, None for a group; ``areas`` are the alerts of areas that stand in it."""
    title, mark = _title(alert)
    active = is_active(alert)
    return AlertCard(
        id=alert.id,
        title=title,
        mark=mark,
        station_name=alert.station_name,
        subject=_subject(alert.hazard),
        warnings=_warnings(alert, station),
        now=weather_now(station, alert.hazard) if station is not None and active else None,
        areas=area_lines(areas),
        kind=tr(KINDS.get(alert.kind, alert.kind)),
        version=alert.version,
        announced=str(alert.version),
        active=active,
        example=alert.example,
        raised_at=alert.raised_at,
        changed_at=alert.changed_at,
        why=alert.why,
        value=_value(alert),
        latency=None if alert.latency_ms is None else words.latency(alert.latency_ms),
        sent=tally_words(Counter((message.channel, message.state) for message in messages)),
        wants=wants_somebody(alert),
        taken_by=alert.acknowledged_by,
        taken_at=alert.acknowledged_at,
    )


def _subject(hazard: str) -> str | None:
    subject = words.SUBJECTS.get(hazard)
    return None if subject is None else tr(subject)


def areas_card(areas: Sequence[AlertView]) -> AlertCard:
    """The one card of active areas without a station's alert, the worst first, at least one."""
    worst = areas[0].level
    return AlertCard(
        id="wilayah",
        title=worst,
        mark=words.mark_of(worst),
        station_name=tr("Wilayah"),
        subject=tr("tanpa peringatan stasiun yang aktif"),
        warnings=(),
        now=None,
        areas=area_lines(areas),
        kind=_some([area.station_name for area in areas if area.level == worst]),
        version=1,
        announced=worst,
        active=True,
        example=any(area.example for area in areas),
        raised_at=min(area.raised_at for area in areas),
        changed_at=max(area.changed_at for area in areas),
        why=" ".join(area.why for area in areas),
        value=None,
        latency=None,
        sent=None,
        has_page=False,
    )


def named_areas(areas: Sequence[AlertView]) -> list[NamedArea]:
    """Active alerts of areas, as the map and the list beside it name them."""
    return [
        NamedArea(code=area.station, name=area.station_name, level=area.level, mark=words.mark_of(area.level))
        for area in areas
    ]


def area_lines(areas: Sequence[AlertView]) -> tuple[AreaLine, ...]:
    """One line a level, the worst first, then those that were cancelled."""
    names: dict[str, list[str]] = {}
    for area in sorted(areas, key=lambda each: (not is_active(each), -words.rank(each.level), each.station_name)):
        names.setdefault(area.level if is_active(area) else tr("dibatalkan"), []).append(area.station_name)
    return tuple(
        AreaLine(title=title, mark=words.mark_of(title) if words.rank(title) else "notset", names=_some(members))
        for title, members in names.items()
    )


def _some(names: list[str]) -> str:
    more = tr(" dan {n} lainnya", n=len(names) - MAX_AREAS) if len(names) > MAX_AREAS else ""
    return f"{', '.join(names[:MAX_AREAS])}{more}"


def _title(alert: AlertView) -> tuple[str, str]:
    if alert.hazard == "data" and is_active(alert):  # whatever the level, the news is the silence
        return (tr("BUTA") if is_of_everything(alert) else tr(State.NO_DATA.value)), "nodata"
    if alert.kind == "cancelled":
        return tr("DIBATALKAN"), "notset"
    if not alert.active:
        return (tr("DATA KEMBALI") if alert.hazard == "data" else tr("BERAKHIR")), "normal"
    return alert.level, words.mark_of(alert.level)


def _warnings(alert: AlertView, station: StationView | None) -> tuple[Badge, ...]:
    if is_active(alert) and station is not None and station.maintenance is not None:
        return (Badge(text=tr("PEMELIHARAAN ALAT"), mark="maintenance"),)
    return (unverified(),) if is_unverified(alert) else ()


def _value(alert: AlertView) -> str | None:
    unit = UNITS.get(alert.hazard)
    return None if unit is None or alert.value is None else f"{words.number(alert.value, unit[1])} {unit[0]}"


def state_of(channel: str, state: str) -> tuple[str, str]:
    """Mark and word of a message's state; one that this page does not know is "tidak diketahui"."""
    if channel == DEMO_CHANNEL and state in ("accepted", "delivered"):
        return WRITTEN
    return SENT_STATES.get(state, SENT_STATES["unknown"])


def tally_words(tally: Counter[tuple[str, str]]) -> str:
    """How many messages are in which state, as ``antri 2 · gagal 1``; empty without messages."""
    by_word: Counter[str] = Counter()
    for (channel, state), count in tally.items():
        by_word[state_of(channel, state)[1]] += count
    return " · ".join(f"{tr(word)} {by_word[word]}" for word in TALLY_ORDER if by_word[word] > 0)


def group_card(messages: list[MessageView], *, station_name: str) -> GroupCard:
    """``messages`` of one alert version, at least one."""
    first = messages[0]
    hidden = messages[MAX_ROWS:]
    return GroupCard(
        id=f"{first.alert}.{first.version}",
        station_name=station_name,
        version=first.version,
        created_at=first.created_at,
        text=first.text,
        length=tr("{n} huruf", n=f"{len(first.text)}/{ONE_SMS}"),
        is_long=len(first.text) > ONE_SMS,
        example=any(message.channel == DEMO_CHANNEL for message in messages),
        rows=tuple(_row(message) for message in messages[:MAX_ROWS]),
        more=_more(hidden) if hidden else None,
    )


def _more(hidden: list[MessageView]) -> str:
    counted = tally_words(Counter((message.channel, message.state) for message in hidden))
    return tr("dan {n} penerima lain: {counted}", n=len(hidden), counted=counted)


def _row(message: MessageView) -> MessageRow:
    mark, word = state_of(message.channel, message.state)
    return MessageRow(
        id=message.id,
        recipient=message.recipient,
        address=message.address,
        channel="contoh" if message.channel == DEMO_CHANNEL else message.channel,
        mark=mark,
        word=tr(word),
        reason=message.reason,
        latency=None if message.latency_ms is None else words.latency(message.latency_ms),
    )
