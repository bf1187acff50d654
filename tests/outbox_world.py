"""An outbox with two channels, for tests of what leaves by which."""

from collections.abc import Sequence

from msgspec.structs import replace

from alerting.lane import Lane
from alerting.outbox import VALID_MS, Entry, Outbox, State

T0 = 1_764_000_000_000
HORIZON = 15 * 60_000


class Ways:
    """A directory in which everybody has an address for every channel, but who is ``gone``.

    ``only`` names recipients who have nothing but their first channel; ``used`` are messages that exist.
    """

    def __init__(self, *, gone: set[str] | None = None, only: set[str] | None = None) -> None:
        self.gone, self.only = gone or set(), only or set()
        self.used: set[tuple[str, str]] = set()

    def address(self, entry: Entry) -> str | None:
        return None if entry.recipient in self.gone else f"+62812-{entry.recipient}-{entry.channel}"

    def other_channel(self, entry: Entry, among: Sequence[str]) -> str | None:
        if entry.recipient in self.only:
            return None
        return next((name for name in among if (entry.recipient, name) not in self.used), None)

    def masked(self, entry: Entry, channel: str) -> str:
        self.used |= {(entry.recipient, entry.channel), (entry.recipient, channel)}
        return "+62*****001"


def entry(number: int = 1, *, priority: int = 9, channel: str = "sms", state: State = "queued") -> Entry:
    made = Entry(
        id=number,
        rev=number,
        key=f"a/1/p{number}/{channel}",
        alert="a",
        version=1,
        recipient=f"p{number}",
        address="+62*****001",
        channel=channel,
        body="x",
        priority=priority,
        state="queued",
        attempts=0,
        created_at=T0,
        observed_at=T0 - 100,
        valid_until=T0 + VALID_MS,
        next_at=T0,
    )
    return replace(made, state=state)


def outbox(
    *entries: Entry, now: int = T0, room: int = 8, rate: float | None = None, ways: Ways | None = None
) -> Outbox:
    """``room`` and ``rate`` are those of the channel ``sms``; ``gsm`` carries 4 at once, as fast as it can."""
    box = Outbox(entries, now=now, horizon_ms=HORIZON)
    lanes = {"sms": Lane("sms", room=room, rate_per_s=rate), "gsm": Lane("gsm", room=4)}
    box.open_lanes(lanes, ways or Ways())
    return box
