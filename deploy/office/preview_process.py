"""The process of one preview: both rules, past and library (``python -m deploy.office.preview_process``)."""

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgspec

from alerting.rules import BadRules, LevelRule, StationRules, Thresholds
from alerting.web.admin.office import RuleDecision, RulePreview, RuleSide, RuleWish, Wrong
from broker.levels import Level
from broker.station import Station
from deploy.assembly import history_reader_of
from deploy.office.asking import AskingCore
from deploy.office.preview import Order, Said
from deploy.replay.case import LIBRARY, read_library
from deploy.replay.gate import ratio
from deploy.replay.preview import Preview, Side, past_points, preview_library, preview_past, same_but_thresholds
from deploy.replay.score import Summary
from deploy.state_folder import StateFolder
from ingest.history import HistoryUnavailable, Point

DAY_MS: Final = 86_400_000
MINUTE_MS: Final = 60_000
MOST: Final = 200  # decisions that a page shows
EVERY: Final = 500  # readings between two lines of progress
LEVELS: Final = (Level.WASPADA, Level.SIAGA, Level.AWAS)
ACTOR: Final = "web:pratinjau"


def say(said: Said) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
    sys.stdout.buffer.flush()


def look(order: Order) -> RulePreview:
    """Both rules beside each other; raises Wrong."""
    ask, wish = AskingCore(StateFolder(Path(order.state)), ACTOR), order.wish
    station = msgspec.convert(ask("station-document", {"id": wish.station}), Station)
    active = msgspec.convert(ask("station-show", {"id": wish.station})["rules"], StationRules)
    if station.datum_m is None:
        raise Wrong(f"{wish.station} tidak mengukur muka air; pratinjau ini hanya untuk yang mengukurnya.")
    candidate = proposed(active, wish)
    say(Said(sentence="Membaca riwayat."))
    past = _past(order, station, active, candidate, _points(order))
    say(Said(sentence="Menilai perpustakaan kasus."))
    return _told(past, tuple(_library(active.level, candidate.level)))


def proposed(active: StationRules, wish: RuleWish) -> StationRules:
    """``active`` with what is wished; raises Wrong when that is no rule."""
    try:
        changes: dict[str, Any] = {
            "thresholds": Thresholds(waspada=wish.waspada, siaga=wish.siaga, awas=wish.awas),
            "hysteresis_m": wish.hysteresis_m,
            "hold_up": wish.hold_up_samples,
            "hold_down_ms": round(wish.hold_down_minutes * MINUTE_MS),
            "early_siaga_ms": round(wish.early_siaga_minutes * MINUTE_MS),
        }
        known = active.level
        rule = LevelRule(**changes) if known is None else msgspec.structs.replace(known, **changes)
    except BadRules as error:
        raise Wrong(f"Aturan {wish.station}: {error}.") from None
    return msgspec.structs.replace(active, level=rule, version=active.version + 1)


def _points(order: Order) -> list[Point]:
    start = order.now - order.wish.days * DAY_MS
    try:
        with closing(
            history_reader_of(order.settings, StateFolder(Path(order.state)), base=Path(order.base))
        ) as reader:
            return past_points(reader, order.wish.station, start, order.now)
    except HistoryUnavailable as error:
        raise Wrong(f"Riwayat tidak terbaca: {error}.") from None


def _past(
    order: Order, station: Station, active: StationRules, candidate: StationRules, points: list[Point]
) -> Preview | None:
    """None where history holds no water level of that time."""
    if not points:
        return None

    def progress(done: int) -> None:
        if done % EVERY == 0:
            say(Said(sentence=f"{done} dari {len(points)} bacaan diuji.", share=done / len(points)))

    zone = order.settings.site.timezone
    return preview_past(points, station=station, active=active, candidate=candidate, timezone=zone, progress=progress)


def _told(past: Preview | None, library: tuple[str, ...]) -> RulePreview:
    if past is None:
        return RulePreview(
            start=0, end=0, readings=0, active=None, candidate=None, decisions=(), dropped=0, library=library
        )
    decisions = sorted((*_decisions(past.active, False), *_decisions(past.candidate, True)), key=lambda each: each.at)
    return RulePreview(
        start=past.start,
        end=past.end,
        readings=past.readings,
        active=_side(past.active),
        candidate=_side(past.candidate),
        decisions=tuple(decisions[-MOST:]),
        dropped=max(0, len(decisions) - MOST),
        library=library,
    )


def _decisions(side: Side, is_candidate: bool) -> Iterator[RuleDecision]:
    for at, decision, why in side.decisions:
        level = Level(decision.level).name
        yield RuleDecision(at=at, is_candidate=is_candidate, kind=decision.kind, level=level, why=why)


def _side(side: Side) -> RuleSide:
    rule = side.rules.level
    limits = None if rule is None else rule.thresholds
    times = [side.times.get(level, 0) for level in LEVELS]
    minutes = [side.minutes.get(level, 0.0) for level in LEVELS]
    return RuleSide(
        heights=None if limits is None else (limits.waspada, limits.siaga, limits.awas),
        times=(times[0], times[1], times[2]),
        minutes=(minutes[0], minutes[1], minutes[2]),
        raised=side.raised,
        worst_hour=side.worst_hour,
    )


def _library(active: LevelRule | None, candidate: LevelRule | None) -> Iterator[str]:
    """The thresholds belong to each case, all else to the rule: a rule that changes only them is not judged here."""
    if candidate is None or same_but_thresholds(active, candidate):
        yield "Usulan hanya mengubah ambang: pada perpustakaan kasus, yang punya ambang sendiri, hasilnya sama."
        return
    cases = read_library(LIBRARY)
    if active is not None:
        yield f"Sekarang: {_line(preview_library(cases, active))}"
    yield f"Usulan: {_line(preview_library(cases, candidate))}"


def _line(summary: Summary) -> str:
    leads = summary.leads_min
    middle = f"{leads[len(leads) // 2]:.0f}" if leads else "-"
    return (
        f"{summary.detected} dari {summary.floods} banjir dikenali (POD {ratio(summary.pod)}), {summary.false_alarms} "
        f"dari {summary.alarms} peringatan palsu (FAR {ratio(summary.far)}), AWAS palsu ke warga "
        f"{summary.false_public_awas}, SIAGA {middle} menit sebelum AWAS (median)."
    )


def main() -> None:
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    try:
        say(Said(preview=look(order)))
    except Wrong as error:
        say(Said(wrong=str(error)))


if __name__ == "__main__":
    main()
