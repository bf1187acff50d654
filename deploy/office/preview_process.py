"""The process of one preview: both rules, past and library (``python -m deploy.office.preview_process``)."""

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from alerting.rules import LevelRule
from alerting.web.admin.office import RuleDecision, RulePreview, RuleSide, Wrong
from broker.levels import Level
from deploy.assembly import history_reader_of
from deploy.office.asking import AskingCore
from deploy.office.preview import Order, Said
from deploy.registry.limit_words import limits_in_words
from deploy.registry.looks import Change, Part
from deploy.replay.case import LIBRARY, read_library
from deploy.replay.gate import ratio
from deploy.replay.preview import Preview, Side, past_points, preview_library, preview_past, same_but_thresholds
from deploy.replay.score import Summary
from deploy.state_folder import StateFolder
from ingest.history import HistoryUnavailable, Point

DAY_MS: Final = 86_400_000
MOST: Final = 200  # decisions that a page shows
EVERY: Final = 500  # readings between two lines of progress
LEVELS: Final = (Level.WASPADA, Level.SIAGA, Level.AWAS)
ACTOR: Final = "web:pratinjau"


def say(said: Said) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
    sys.stdout.buffer.flush()


def look(order: Order) -> RulePreview:
    """Both rules beside each other; core is told that this change was looked at. Raises Wrong."""
    ask, wish = AskingCore(StateFolder(Path(order.state)), ACTOR), order.wish
    found = ask("rules-look", {"stations": [{"id": wish.station, **wish.limits}]})
    if found["faults"]:
        raise Wrong(*(f"{fault['key']}: {fault['text']}" for fault in found["faults"]))
    if not found["looks"]:
        raise Wrong("Usulan ini sama dengan yang berlaku: tidak ada yang berubah.")
    change = msgspec.convert(found["looks"][0], Change)
    told = _looked(order, change)
    ask("rules-looked", {"station": change.id, "fingerprint": change.fingerprint})
    return told


def _looked(order: Order, change: Change) -> RulePreview:
    part = change.parts[0]
    if part == "level" and change.station.datum_m is None:
        raise Wrong(f"{change.id} tidak mengukur muka air; pratinjau ini hanya untuk yang mengukurnya.")
    say(Said(sentence="Membaca riwayat."))
    points, trouble = _points(order, part)
    past = _past(order, change, part, points)
    if part != "level":
        return _told(past, part, (*trouble, *_weather(change, part)))
    say(Said(sentence="Menilai perpustakaan kasus."))
    return _told(past, part, (*trouble, *_library(change.active.level, change.candidate.level)))


def _points(order: Order, part: Part) -> tuple[list[Point], tuple[str, ...]]:
    """What there is to try it on. Without history that is nothing, and said: a limit can be set all the same."""
    start = order.now - order.wish.days * DAY_MS
    try:
        with closing(
            history_reader_of(order.settings, StateFolder(Path(order.state)), base=Path(order.base))
        ) as reader:
            return past_points(reader, order.wish.station, start, order.now, part), ()
    except HistoryUnavailable as error:
        return [], (f"Riwayat tidak terbaca: {error}.",)


def _past(order: Order, change: Change, part: Part, points: list[Point]) -> Preview | None:
    """None where history holds nothing of that time."""
    if not points:
        return None

    def progress(done: int) -> None:
        if done % EVERY == 0:
            say(Said(sentence=f"{done} dari {len(points)} bacaan diuji.", share=done / len(points)))

    return preview_past(
        points,
        station=change.station,
        active=change.active,
        candidate=change.candidate,
        timezone=order.settings.site.timezone,
        part=part,
        progress=progress,
    )


def _weather(change: Change, part: Part) -> Iterator[str]:
    """What a preview of rain or air does not try."""
    yield "Perpustakaan kasus menilai aturan muka air; aturan ini diuji pada data stasiunnya saja."
    rain = change.candidate.rain
    if part == "rain" and rain is not None and any(limit.where == "upstream" for limit in rain.limits):
        yield "Batas hujan di hulu tidak diuji di sini: pratinjau membaca satu stasiun."
    if part == "air":
        yield "Tanda satu jam tidak diuji di sini: riwayat menyimpan ISPU tiap jam, bukan tandanya."


def _told(past: Preview | None, part: Part, library: tuple[str, ...]) -> RulePreview:
    if past is None:
        return RulePreview(
            start=0, end=0, readings=0, active=None, candidate=None, decisions=(), dropped=0, library=library
        )
    decisions = sorted((*_decisions(past.active, False), *_decisions(past.candidate, True)), key=lambda each: each.at)
    return RulePreview(
        start=past.start,
        end=past.end,
        readings=past.readings,
        active=_side(past.active, part),
        candidate=_side(past.candidate, part),
        decisions=tuple(decisions[-MOST:]),
        dropped=max(0, len(decisions) - MOST),
        library=library,
    )


def _decisions(side: Side, is_candidate: bool) -> Iterator[RuleDecision]:
    for at, decision, why in side.decisions:
        level = Level(decision.level).name
        yield RuleDecision(at=at, is_candidate=is_candidate, kind=decision.kind, level=level, why=why)


def _side(side: Side, part: Part) -> RuleSide:
    times = [side.times.get(level, 0) for level in LEVELS]
    minutes = [side.minutes.get(level, 0.0) for level in LEVELS]
    return RuleSide(
        limits=limits_in_words(side.rules, part),
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
