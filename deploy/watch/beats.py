"""The core's side of a watch: takes its beats, sends each the way of a warning, and answers when all is on disk.

    beat -> broker -> turn -> outbox -> COMMIT -> sender's thread -> channel's probe -> outbox -> COMMIT -> answer

An answer is sealed with the watch's own key and names its beat, so that neither the broker nor an old answer can say
that all is well.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from alerting.messages import OF_BEAT, OF_DAILY, Entry, is_beat, key_of, message
from broker import orders, wire
from broker.credentials import CredentialRefused
from broker.topics import topic
from deploy.watch.record import DAILY, SEEN, WATCHES, Seen, Watch, day_of, load, own_problem
from ingest.received import ranges

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.core import Core, Link

PRIORITY: Final = 40  # no breaker and no pace holds it up, an officer's message goes before it
DAILY_PRIORITY: Final = 890  # after every warning
VALID_MS: Final = 60_000
DAILY_VALID_MS: Final = 30 * 60_000
LEAST_MS: Final = 500  # between two beats that are carried: a stolen credential must not keep providers busy
SILENT_S: Final = 180.0
OK: Final = "ok"
UNWATCHED: Final = "bila sistem ini mati, tidak ada yang memberi tahu. Periksa prosesnya."
NO_KEEPER: Final = "penerima pesan harian tidak dikenal, atau tidak punya alamat untuk saluran mana pun"

Beat = tuple[int, int]  # boot and number


class Beats:
    """``key_of_watch`` gives the key that seals orders to a watch; raises CredentialRefused."""

    def __init__(self, core: "Core") -> None:
        self._core = core
        self.watches = load({WATCHES: core.journal.value(WATCHES) or ""})
        self.seen: dict[str, Seen] = {}
        for name in self.watches:
            self.seen[name] = msgspec.json.decode(core.journal.value(SEEN + name) or "{}", type=Seen)
        self.key_of_watch: Callable[[str], str] = _no_key
        self._keys: dict[str, str] = {}
        self._carried_at: dict[str, int] = {}
        self._taken: dict[str, list[Beat]] = {}
        self._found: dict[tuple[str, Beat], dict[str, str | None]] = {}
        core.sending.watched = self._settled

    def put(self, watch: Watch) -> None:
        """Take a watch that is new or changed; it is in the turn's group."""
        self.watches[watch.id] = watch
        self.seen.setdefault(watch.id, Seen())
        self._keys.pop(watch.id, None)
        found = msgspec.json.encode(list(self.watches.values())).decode()
        self._core.group.values[WATCHES] = found

    def active(self) -> list[Watch]:
        return [watch for watch in self.watches.values() if watch.retired_at is None]

    # -- in ------------------------------------------------------------------------------------------------------

    def hear(self, name: str, payload: bytes, now: int) -> bool:
        """Take what a watch sent; False when ``name`` is none. Raises :class:`wire.BadPayload`."""
        watch = self.watches.get(name)
        if watch is None or watch.retired_at is not None:
            return False
        observations = wire.decode_observations(payload)
        self._taken.setdefault(name, []).extend((each.boot, each.seq) for each in observations)
        last = observations[-1]
        seen = replace(self.seen[name], at=now, own_problem=own_problem(last.fault))
        if last.s.get(DAILY) is not None and watch.keeper:
            seen = self._daily(watch, seen, now)
        self._see(name, seen)
        if now - self._carried_at.get(name, -LEAST_MS) >= LEAST_MS or now < self._carried_at[name]:
            self._carried_at[name] = now
            self._carry(name, (last.boot, last.seq), now)
        return True

    def _see(self, name: str, seen: Seen) -> None:
        self.seen[name] = seen
        self._core.group.values[SEEN + name] = msgspec.json.encode(seen).decode()

    def _carry(self, name: str, beat: Beat, now: int) -> None:
        """One message for each channel; one that is still under way, from an earlier beat, is waited for."""
        channels = self._channels()
        if not channels:
            self._found.setdefault((name, beat), {})
        sending, alert, body = self._core.sending, OF_BEAT + name, f"{beat[0]}/{beat[1]}"
        for channel in channels:
            if key_of(alert, 0, name, channel) not in sending.outbox.open:
                entry = self._message(alert=alert, version=0, recipient=name, channel=channel, body=body, now=now)
                sending.queue(self._core.group, entry)

    def _channels(self) -> list[str]:
        return [lane.name for lane in self._core.sending.outbox.lanes.values() if lane.room]

    def _message(self, *, alert: str, version: int, recipient: str, channel: str, body: str, now: int) -> Entry:
        made = message(
            entry_id=self._row_of(key_of(alert, version, recipient, channel)),
            alert=alert,
            version=version,
            recipient=recipient,
            address="",
            channel=channel,
            body=body,
            priority=PRIORITY,
            now=now,
            valid_until=now + VALID_MS,
            public=True,  # no officer's: it stands in no list of messages
        )
        return replace(made, rev=self._core.journal.take_ids())

    def _row_of(self, key: str) -> int:
        """A channel's beats have one row, that of the first: the last one is enough."""
        waiting = self._core.group.messages.get(key)
        if waiting is not None:
            return waiting.id
        found = self._core.journal.connection.execute("SELECT id FROM outbox WHERE key = ?", (key,)).fetchone()
        return self._core.journal.take_ids() if found is None else int(found[0])

    # -- the day's message ---------------------------------------------------------------------------------------

    def _daily(self, watch: Watch, seen: Seen, now: int) -> Seen:
        """One real message a day to the keeper, however often it is asked for."""
        core = self._core
        at = datetime.fromtimestamp(now / 1000, UTC).astimezone(ZoneInfo(core.settings.site.timezone))
        if seen.day == day_of(at):
            return seen
        keeper = core.directory.get(watch.keeper)
        way = core.telling.ways.first(keeper) if keeper is not None else None
        if keeper is None or way is None:
            return replace(seen, day=day_of(at), daily=NO_KEEPER)
        drill = "LATIHAN. " if core.settings.site.realm == "latihan" else ""
        body = (
            f"{drill}UJI HARIAN {core.settings.site.sender} {at:%H:%M}: bukan peringatan, abaikan. "
            f"Rantai peringatan bekerja, diawasi {watch.id}."
        )
        alert, day = OF_DAILY + watch.id, day_of(at)
        entry = self._message(alert=alert, version=day, recipient=keeper.id, channel=way[0], body=body, now=now)
        later = replace(entry, priority=DAILY_PRIORITY, valid_until=now + DAILY_VALID_MS)
        core.sending.queue(core.group, later)
        return replace(seen, day=day, daily="")

    # -- out -----------------------------------------------------------------------------------------------------

    def _settled(self, entry: Entry) -> None:
        """A beat, or a day's message, has come to its end."""
        if is_beat(entry):
            self._beat_back(entry)
            return
        name = entry.alert.removeprefix(OF_DAILY)
        seen = self.seen.get(name)
        if seen is None or seen.day != entry.version or entry.moved_to is not None:
            return
        is_taken = entry.state in ("accepted", "delivered")
        self._see(name, replace(seen, daily=OK if is_taken else entry.reason or "gagal"))

    def _beat_back(self, entry: Entry) -> None:
        problem = None if entry.state == "delivered" else entry.reason or "gagal"
        boot, _, number = entry.body.partition("/")
        self._found.setdefault((entry.recipient, (int(boot), int(number))), {})[entry.channel] = problem
        if entry.attempts:
            self._core.sending.probed(entry.channel, problem)

    def answer(self, link: "Link", now: int) -> None:
        """Tell watches what is on disk now: what was taken, and what came back from the channels."""
        if not self._taken and not self._found:
            return
        realm = self._core.settings.site.realm
        taken, self._taken = self._taken, {}
        for name, numbers in taken.items():
            link.publish(
                topic(realm, name, "ack"), wire.encode(wire.Ack(now=now, acked=ranges(numbers)[: wire.MAX_RANGES]))
            )
        found, self._found = self._found, {}
        for (name, beat), ways in found.items():
            key = self._key(name)
            if key is not None:
                where = topic(realm, name, "cmd")
                link.publish(where, orders.seal(key, where, self._answer(name, beat, ways, now)))

    def _answer(self, name: str, beat: Beat, ways: dict[str, str | None], now: int) -> dict[str, Any]:
        seen = self.seen[name]
        return {
            "v": 1,
            "do": "beat",
            "at": now,
            "boot": beat[0],
            "seq": beat[1],
            "all": self._channels(),
            "ways": ways,
            "day": seen.day,
            "daily": seen.daily,
        }

    def _key(self, name: str) -> str | None:
        if name not in self._keys:
            try:
                self._keys[name] = self.key_of_watch(name)
            except CredentialRefused:
                return None
        return self._keys[name]

    # -- shown ---------------------------------------------------------------------------------------------------

    def views(self) -> list[dict[str, Any]]:
        """Each watch for the figures and the pages of administration."""
        return [
            {
                "id": watch.id,
                "keeper": watch.keeper,
                "created_at": watch.created_at,
                "seen_at": self.seen[watch.id].at,
                "own_problem": self.seen[watch.id].own_problem,
                "is_silent": self._is_silent(watch),
                "daily": self.seen[watch.id].daily,
            }
            for watch in self.active()
        ]

    def _is_silent(self, watch: Watch) -> bool:
        """A core that starts gives it the same time again: it could not be seen meanwhile."""
        since = max(self.seen[watch.id].at or watch.created_at, self._core.started_at)
        return self._core.clock.real_seconds(self._core.clock.now() - since) > SILENT_S

    def problems(self) -> list[str]:
        """What stands on the board, one Indonesian sentence each."""
        zone = ZoneInfo(self._core.settings.site.timezone)
        return [sentence for watch in self.active() if (sentence := self._problem(watch, zone)) is not None]

    def _problem(self, watch: Watch, zone: ZoneInfo) -> str | None:
        seen = self.seen[watch.id]
        if self._is_silent(watch):
            since = (
                "" if seen.at is None else f"{datetime.fromtimestamp(seen.at / 1000, UTC).astimezone(zone):%d-%m %H:%M}"
            )
            told = f"tidak terlihat sejak {since}" if since else "belum pernah terlihat"
            return f"Pengawas {watch.id} {told}: bila sistem ini mati, tidak ada yang memberi tahu. Periksa prosesnya."
        if seen.own_problem:
            return f"Pengawas {watch.id} tidak dapat memakai salurannya sendiri ({seen.own_problem.rstrip('.')})."
        if seen.daily not in ("", OK):
            return f"Pesan harian pengawas {watch.id} tidak terkirim ({seen.daily.rstrip('.')})."
        return None


def _no_key(name: str) -> str:
    raise CredentialRefused(f"nothing seals orders to {name} here")
