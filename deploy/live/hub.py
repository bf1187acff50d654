"""What followers see: entities as they are now, encoded once for all of them.

Alerts and messages go out with the turn that changed them; stations at most ten times a second, so that no number of
readings can drown the watchers.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from typing import Final, TypeVar

import msgspec

from alerting.engine import Decision
from alerting.outbox import Entry
from alerting.policy import alert_id
from broker.control import frame
from broker.live import AlertView, EntityKind, Event, HealthView, MessageView, NoticeView, StationView
from deploy.live.views import alert_view, message_view

ALERTS_KEPT: Final = 200
MESSAGES_KEPT: Final = 500
NOTICES_KEPT: Final = 500
STATION_INTERVAL_S: Final = 0.1
HEALTH_INTERVAL_S: Final = 1.0
QUEUE: Final = 20_000

K = TypeVar("K")
V = TypeVar("V")
StationSource = Callable[[str], StationView]
HealthSource = Callable[[], HealthView]


class Follower:
    """One stream. A follower that cannot keep up is closed; it comes back with the last id that it has seen."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[bytes] = asyncio.Queue(QUEUE)
        self.is_slow = False

    def put(self, data: bytes) -> None:
        try:
            self.frames.put_nowait(data)
        except asyncio.QueueFull:
            self.is_slow = True


class LiveHub:
    """``names`` are (station name, is example) by id; the sources build a view on demand."""

    def __init__(self, names: dict[str, tuple[str, bool]]) -> None:
        self._names = names
        self.station_source: StationSource
        self.health_source: HealthSource
        self.label: Callable[[str], str] = str  # what screens call a recipient
        self._alerts: OrderedDict[str, AlertView] = OrderedDict()
        self._messages: OrderedDict[int, MessageView] = OrderedDict()
        self._notices: OrderedDict[str, NoticeView] = OrderedDict()
        self._retired: dict[str, StationView] = {}
        self._followers: set[Follower] = set()
        self._marked: set[str] = set()
        self._changed: dict[int, Entry] = {}
        self._ready: list[tuple[EntityKind, int, msgspec.Struct]] = []
        self._stations_at = self._health_at = 0.0

    # -- what changed ----------------------------------------------------------------------------------------------

    def mark_station(self, station: str) -> None:
        self._marked.add(station)

    def retire_station(self, view: StationView) -> None:
        """A station is measured no more."""
        self._marked.discard(view.id)
        self._retired[view.id] = view
        self._emit("station", view.rev, view)

    def add_alert(self, decision: Decision, rev: int, why: str, now: int, *, named: tuple[str, bool]) -> None:
        """``named`` is the name of what it is about, and whether that is an example."""
        known = self._alerts.get(alert_id(decision))
        view = alert_view(
            decision,
            rev=rev,
            why=why,
            decided_at=now,
            raised_at=known.raised_at if known else decision.at,
            station=named,
        )
        self._keep_alert(view)

    def add_message(self, entry: Entry) -> None:
        """Its last state within a turn is shown; it is made when the warnings have left."""
        self._changed[entry.id] = entry

    def _show_messages(self) -> None:
        for entry in self._changed.values():
            view = message_view(entry, recipient=self.label(entry.recipient))
            _keep(self._messages, view.id, view, MESSAGES_KEPT)
            self._emit("message", view.rev, view)
            alert = self._alerts.get(entry.alert)
            if alert and alert.version == entry.version and entry.latency_ms is not None and alert.latency_ms is None:
                self._keep_alert(msgspec.structs.replace(alert, rev=entry.rev, latency_ms=entry.latency_ms))
        self._changed.clear()

    def forget_recipient(self, label: str, addresses: Collection[str], *, called: str, rev: int) -> None:
        """Somebody was erased: messages to him are shown as ``called`` from now on, without the masked address."""
        self._show_messages()
        for view in list(self._messages.values()):
            if view.recipient == label and view.address in addresses:
                shown = msgspec.structs.replace(view, rev=rev, recipient=called, address="")
                self._messages[view.id] = shown
                self._emit("message", rev, shown)

    def add_notice(self, view: NoticeView) -> None:
        _keep(self._notices, view.id, view, NOTICES_KEPT)
        self._emit("notice", view.rev, view)

    def acknowledged(self, alert: str, *, by: str, at: int, rev: int) -> None:
        """An officer deals with an alert's last version."""
        known = self._alerts.get(alert)
        if known is not None:
            self._keep_alert(msgspec.structs.replace(known, rev=rev, acknowledged_by=by, acknowledged_at=at))

    def load(self, alerts: list[AlertView], entries: list[Entry]) -> None:
        """What earlier runs left, oldest first."""
        for alert in alerts[-ALERTS_KEPT:]:
            self._alerts[alert.id] = alert
        for entry in entries[-MESSAGES_KEPT:]:
            self._messages[entry.id] = message_view(entry, recipient=self.label(entry.recipient))

    # -- who watches -----------------------------------------------------------------------------------------------

    def follow(self, after: int) -> Follower:
        """A stream that begins with everything changed after journal id ``after``."""
        follower = Follower()
        for data in self._since(after):
            follower.put(data)
        self._followers.add(follower)
        return follower

    def leave(self, follower: Follower) -> None:
        self._followers.discard(follower)

    def flush(self) -> None:
        """Give followers what the turn changed. Called after the commit."""
        self._show_messages()
        if not self._followers:
            self._ready.clear()
            self._marked.clear()
            return
        moment = time.monotonic()
        if self._marked and (self._ready or moment - self._stations_at >= STATION_INTERVAL_S):
            self._stations_at = moment
            for station in self._marked:
                view = self.station_source(station)
                self._emit("station", view.rev, view)
            self._marked.clear()
        if moment - self._health_at >= HEALTH_INTERVAL_S:
            self._health_at = moment
            health = self.health_source()
            self._emit("health", health.rev, health)
        if self._ready:
            self._give(b"".join(_encode(*each) for each in self._ready))
            self._ready.clear()

    def _give(self, data: bytes) -> None:
        for follower in list(self._followers):
            follower.put(data)
            if follower.is_slow:
                self._followers.discard(follower)

    def _since(self, after: int) -> Iterator[bytes]:
        self._show_messages()
        health = self.health_source()
        yield _encode("health", health.rev, health)
        yield from self._stations_since(after)
        for alert in list(self._alerts.values()):
            if alert.rev > after:
                yield _encode("alert", alert.rev, alert)
        for message in list(self._messages.values()):
            if message.rev > after:
                yield _encode("message", message.rev, message)
        for notice in list(self._notices.values()):
            if notice.rev > after:
                yield _encode("notice", notice.rev, notice)

    def _stations_since(self, after: int) -> Iterator[bytes]:
        for name in self._names:
            view = self.station_source(name)
            if view.rev > after or after == 0:
                yield _encode("station", view.rev, view)
        for retired in list(self._retired.values()):
            if retired.rev > after > 0:
                yield _encode("station", retired.rev, retired)

    def _keep_alert(self, view: AlertView) -> None:
        _keep(self._alerts, view.id, view, ALERTS_KEPT)
        self._emit("alert", view.rev, view)

    def _emit(self, kind: EntityKind, rev: int, view: msgspec.Struct) -> None:
        self._ready.append((kind, rev, view))  # put into bytes when the warnings have left


def _encode(kind: EntityKind, rev: int, view: msgspec.Struct) -> bytes:
    return frame(Event(id=rev, kind=kind, data=msgspec.Raw(msgspec.json.encode(view))))


def _keep(kept: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
