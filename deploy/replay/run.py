"""Play a recording through the code that judges live data, and keep what it said.

The clock is the recording's: time passes with the arrivals, and stops at each deadline on the way.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal
from zoneinfo import ZoneInfo

from alerting import explain, policy
from alerting.blind import EVERYTHING
from alerting.engine import Decision, forecast, trend_of
from alerting.events import Maintained, TideWindow
from alerting.texts import AlertText, sms
from broker.levels import Level
from deploy.judgement import Judgement
from deploy.memory import ScopeState
from deploy.messages.alert_text import alert_text
from deploy.replay.installation import DUTY_OFFICERS, memory_of, registry_of, settings_of
from deploy.replay.recording import AirNote, Delivery, Recording, TideNote, UpkeepNote
from ingest.readings import Reading

FORECAST_EVERY_MS: Final = 5 * 60_000
PROGRESS_EVERY: Final = 4096
_KEPT_ROWS: Final = 4096  # quality control revises the last few; nobody asks for older ones

Progress = Callable[[int], None]


@dataclass(slots=True, kw_only=True)
class Track:
    """Every reading of one quantity of a station in order of arrival, with its last flag."""

    times: "array[int]" = field(default_factory=lambda: array("q"))
    values: "array[float]" = field(default_factory=lambda: array("d"))  # NaN: nothing was measured
    flags: "array[int]" = field(default_factory=lambda: array("b"))
    reasons: dict[int, str] = field(default_factory=dict)  # by position, where the flag is not good


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one recipient would have got."""

    at: int  # ms UTC, when it was decided
    scope: str  # a station or an area
    audience: Literal["petugas", "warga"]
    recipient: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """A time to AWAS as it stands on the page; ``latest`` None is "paling cepat"."""

    station: str
    at: int
    earliest: int
    latest: int | None


@dataclass(slots=True, kw_only=True)
class Outcome:
    """All that came of a recording. Decisions carry the time at which core would have taken them."""

    recording: Recording
    tracks: dict[tuple[str, str], Track] = field(default_factory=dict)  # by station and quantity
    decisions: list[tuple[int, Decision, str]] = field(default_factory=list)  # core's clock, decision, why
    messages: list[Message] = field(default_factory=list)
    forecasts: list[Forecast] = field(default_factory=list)
    upkeep: list[UpkeepNote] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def play(recording: Recording, *, progress: Progress | None = None) -> Outcome:
    """Everything that the installation of ``recording`` would have said; the same recording gives the same outcome."""
    return _Player(recording).play(progress)


class _Player:
    def __init__(self, recording: Recording) -> None:
        self.outcome = Outcome(recording=recording)
        self._settings = settings_of(recording)
        self._registry = registry_of(recording)
        self._memory = memory_of(recording, self._registry)
        self._zone = ZoneInfo(recording.timezone)
        self._next_id = 1
        self._rows: dict[int, Reading] = {}
        self._older_rows: dict[int, Reading] = {}
        self._positions: dict[tuple[str, int, int, str], int] = {}
        self._older_positions: dict[tuple[str, int, int, str], int] = {}
        self._told_until: dict[str, int] = {}  # when the next forecast of a station is noted
        # The silence of everything is left out: a recording holds a few stations of many.
        self._scopes = list(self._memory.states)
        self._judgement = Judgement(
            registry=self._registry, memory=self._memory, ids=self._ids, recall=self._recall, decided=self._decided
        )

    def play(self, progress: Progress | None) -> Outcome:
        recording = self.outcome.recording
        for number, happening in enumerate(recording.happenings):
            self._pass_time(happening.received_at)
            match happening:
                case Delivery():
                    self._take(happening)
                case UpkeepNote():
                    self._upkeep(happening)
                case TideNote(at, station, window):
                    self._judgement.scopes.step(station, TideWindow(at, window), at)
                case AirNote(at, station, index):
                    self._judgement.scopes.step(station, index, at)
            if progress is not None and number % PROGRESS_EVERY == 0:
                progress(number)
        self._pass_time(recording.end)
        return self.outcome

    # -- time ----------------------------------------------------------------------------------------------------

    def _pass_time(self, until: int) -> None:
        """Tick what is due before ``until``, the earliest first, each a millisecond after its deadline."""
        begun = self.outcome.recording.start
        ticked: set[tuple[int, str]] = set()
        while due := [one for one in self._deadlines(until) if one not in ticked]:
            deadline, scope = one = min(due)
            ticked.add(one)
            self._judgement.scopes.tick(scope, deadline + 1, listening_since=begun, linked_since=begun)

    def _deadlines(self, until: int) -> Iterator[tuple[int, str]]:
        begun, scopes = self.outcome.recording.start, self._judgement.scopes
        for scope in self._scopes:
            deadline = scopes.deadline(scope, listening_since=begun, linked_since=begun)
            if deadline is not None and deadline < until:
                yield deadline, scope

    # -- what happens --------------------------------------------------------------------------------------------

    def _take(self, delivery: Delivery) -> None:
        node, observation = self._memory.nodes[delivery.node], delivery.observation
        if not node.received.take(observation.boot, observation.seq):
            self.outcome.counts["duplicates"] += 1
            return
        for reading in self._judgement.take(observation, node=node, received_at=delivery.received_at):
            self._keep(reading)
        self._note_forecast(node.station, delivery.received_at)

    def _upkeep(self, note: UpkeepNote) -> None:
        self.outcome.upkeep.append(note)
        event = Maintained(at=note.received_at, by=note.author, reason=note.reason, until=note.until)
        self._judgement.scopes.step(note.station, event, note.received_at)

    # -- what judgement asks for and hands out -------------------------------------------------------------------

    def _ids(self, count: int) -> int:
        first, self._next_id = self._next_id, self._next_id + count
        return first

    def _recall(self, row_id: int) -> Reading | None:
        return self._rows.get(row_id) or self._older_rows.get(row_id)

    def _decided(self, scope: str, state: ScopeState, decisions: tuple[Decision, ...], now: int) -> None:
        self._memory.put(scope, state)
        for decision in decisions:
            self.outcome.decisions.append((now, decision, explain.why(decision, self._zone, self._named)))
            self.outcome.messages += self._messages(decision, now)
        if scope not in self._scopes and scope != EVERYTHING:
            self._scopes.append(scope)

    def _messages(self, decision: Decision, now: int) -> list[Message]:
        """To officers what the policy sends them; to the public what its approval would let out."""
        is_public = decision.hazard == "area" and decision.public_ok
        if not is_public and not policy.is_for_officers(decision):
            return []
        if is_public:
            area = self._registry.areas.name(decision.station)
            text = f"{Level(decision.level).name}: boleh disiarkan; teks untuk warga belum dibuat"
            return [Message(at=now, scope=decision.station, audience="warga", recipient=area, text=text)]
        text = sms(self._text(decision))
        first_id = self._ids(len(DUTY_OFFICERS))
        entries = policy.messages(decision, officers=DUTY_OFFICERS, body=text, now=now, first_id=first_id)
        return [
            Message(at=now, scope=decision.station, audience="petugas", recipient=entry.recipient, text=entry.body)
            for entry in entries
        ]

    def _named(self, scope: str) -> str:
        station = self._registry.stations.get(scope)
        return self._registry.areas.name(scope) if station is None else station.name

    def _text(self, decision: Decision) -> AlertText:
        station = self._registry.stations.get(decision.station)
        name = self._named(decision.station)
        kelurahan = () if station is None else self._registry.areas.names(station.kelurahan)
        return alert_text(decision, name=(name, True), station=station, kelurahan=kelurahan, settings=self._settings)

    # -- what is kept --------------------------------------------------------------------------------------------

    def _keep(self, reading: Reading) -> None:
        if len(self._rows) >= _KEPT_ROWS:
            self._rows, self._older_rows = {}, self._rows
            self._positions, self._older_positions = {}, self._positions
        self._rows[reading.id] = reading
        key = (reading.node, reading.boot, reading.seq, reading.series)
        track = self.outcome.tracks.get((reading.station, reading.quantity))
        if track is None:
            track = self.outcome.tracks[reading.station, reading.quantity] = Track()
        if reading.revision:
            at = self._positions.get(key, self._older_positions.get(key))
            if at is None:
                return
            track.flags[at] = reading.flag
            self.outcome.counts["revisions"] += 1
        else:
            at = self._positions[key] = len(track.times)
            track.times.append(reading.time)
            track.values.append(float("nan") if reading.value is None else reading.value)
            track.flags.append(reading.flag)
        if reading.reason is not None:
            track.reasons[at] = reading.reason
        elif reading.revision:
            track.reasons.pop(at, None)

    def _note_forecast(self, station: str, now: int) -> None:
        state = self._memory.states[station]
        if state.level < Level.WASPADA or now < self._told_until.get(station, 0):
            return
        expected = forecast(state, self._memory.rules[station], trend_of(state))
        if expected is not None and expected[0] == Level.AWAS:
            eta = expected[1]
            self.outcome.forecasts.append(Forecast(station=station, at=now, earliest=eta.earliest, latest=eta.latest))
            self._told_until[station] = now + FORECAST_EVERY_MS
