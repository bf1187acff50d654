"""The page's copy of what core tells: every entity as it last was, by kind and id."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec

from broker.live import AlertView, EntityKind, Event, HealthView, MessageView, NoticeView, StationView

MAX_ALERTS: Final = 1000
MAX_MESSAGES: Final = 20_000

_station: Final = msgspec.json.Decoder(StationView)
_alert: Final = msgspec.json.Decoder(AlertView)
_message: Final = msgspec.json.Decoder(MessageView)
_notice: Final = msgspec.json.Decoder(NoticeView)
_health: Final = msgspec.json.Decoder(HealthView)

GroupKey = tuple[str, int]  # alert and version: one text to several people


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Which entity an event changed; for a message ``id`` is its alert and ``version`` the alert's version."""

    kind: EntityKind
    id: str
    version: int | None = None


@dataclass(slots=True, kw_only=True)
class Replica:
    """Bounded: beyond the caps the oldest ended alerts and the oldest messages leave, and are counted."""

    stations: dict[str, StationView] = field(default_factory=dict)
    alerts: dict[str, AlertView] = field(default_factory=dict)
    messages: dict[int, MessageView] = field(default_factory=dict)
    groups: dict[GroupKey, dict[int, MessageView]] = field(default_factory=dict)
    tally: Counter[tuple[str, str]] = field(default_factory=Counter)  # messages by channel and state
    notices: dict[str, NoticeView] = field(default_factory=dict)  # those that are not over
    health: HealthView | None = None
    last_id: int = 0
    forgotten: int = 0

    def apply(self, event: Event) -> Change:
        """Take the entity as it is now; raises msgspec.DecodeError when it is outside the contract."""
        match event.kind:
            case "station":
                change = self._take_station(_station.decode(event.data))
            case "alert":
                change = self._take_alert(_alert.decode(event.data))
            case "message":
                change = self._take_message(_message.decode(event.data))
            case "notice":
                change = self._take_notice(_notice.decode(event.data))
            case "health":
                change = self._take_health(_health.decode(event.data))
        self.last_id = max(self.last_id, event.id)
        return change

    def everything(self) -> Iterator[Change]:
        """Every entity, as if it had just changed."""
        yield from (Change(kind="station", id=station) for station in self.stations)
        yield from (Change(kind="alert", id=alert) for alert in self.alerts)
        yield from (Change(kind="notice", id=notice) for notice in self.notices)
        yield from (Change(kind="message", id=alert, version=version) for alert, version in self.groups)

    def _take_station(self, station: StationView) -> Change:
        if station.retired:
            self.stations.pop(station.id, None)
        else:
            self.stations[station.id] = station
        return Change(kind="station", id=station.id)

    def _take_alert(self, alert: AlertView) -> Change:
        self.alerts[alert.id] = alert
        if len(self.alerts) > MAX_ALERTS:
            self._forget_alert()
        return Change(kind="alert", id=alert.id)

    def _forget_alert(self) -> None:
        ended = [alert for alert in self.alerts.values() if not alert.active]
        if ended:
            del self.alerts[min(ended, key=lambda alert: alert.changed_at).id]
            self.forgotten += 1

    def _take_message(self, message: MessageView) -> Change:
        before = self.messages.get(message.id)
        if before is not None:
            self.tally[before.channel, before.state] -= 1
        self.tally[message.channel, message.state] += 1
        self.messages[message.id] = message
        self.groups.setdefault((message.alert, message.version), {})[message.id] = message
        if len(self.messages) > MAX_MESSAGES:
            self._forget_message()
        return Change(kind="message", id=message.alert, version=message.version)

    def _forget_message(self) -> None:
        oldest = self.messages.pop(next(iter(self.messages)))
        self.tally[oldest.channel, oldest.state] -= 1
        group = self.groups[oldest.alert, oldest.version]
        del group[oldest.id]
        if not group:
            del self.groups[oldest.alert, oldest.version]
        self.forgotten += 1

    def _take_notice(self, notice: NoticeView) -> Change:
        if notice.active:
            self.notices[notice.id] = notice
        else:
            self.notices.pop(notice.id, None)
        return Change(kind="notice", id=notice.id)

    def _take_health(self, health: HealthView) -> Change:
        self.health = health
        return Change(kind="health", id=health.id)
