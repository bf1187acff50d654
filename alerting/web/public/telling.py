"""Numbers, times and lines as the residents' pages print them, in either language. Times are ms UTC, printed in WIB."""

from dataclasses import dataclass
from typing import Final

from alerting.public_clauses import PublicText, advice
from alerting.public_templates import TEMPLATES, Language
from alerting.text_names import SIAGA_NUMBER
from alerting.web import words
from alerting.web.ladder import LEVELS, Ladder, draw
from alerting.web.public.phrases import (
    AIR,
    HOUR_WORDS,
    MONTHS,
    PHRASES,
    RAIN_CLASSES,
    SENTENCES,
    state_name,
)
from alerting.web.public.stand import Stand
from alerting.web.public.told import Told
from alerting.web.readings import LEVEL
from alerting.web.station_card import headline
from alerting.web.station_facts import ISPU_MARKS
from alerting.web.station_state import direction
from alerting.web.words import DAY_MS, HOUR_MS, MINUTE_MS
from broker.levels import Level, State
from broker.live import AirView, RainView, StationView, TideView, TrendView

RAIN_WINDOWS: Final = (60, 1440)  # minutes: now, and the day
ZONE: Final = "Asia/Jakarta"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterLine:
    """One gauge: ``value`` is None when there is no number to use."""

    name: str
    value: str | None
    note: str | None
    trend: str | None
    direction: str | None
    outlook: str | None
    time: str
    is_old: bool
    ladder: Ladder | None
    ladder_words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AirLine:
    name: str
    title: str
    mark: str | None
    basis: str | None
    advice: str | None
    hour: str | None


@dataclass(frozen=True, slots=True)
class Teller:
    """Says things in one language at ``now``. ``is_lost``: nothing comes from core, so that every value is old."""

    language: Language
    now: int
    is_lost: bool = False

    def say(self, key: str, **values: object) -> str:
        said = PHRASES[self.language][key]
        return said.format(**values) if values else said

    def number(self, value: float, digits: int) -> str:
        shown = words.number(value, digits)
        return shown if self.language == "id" else shown.replace(",", ".")

    def clock(self, ms: int) -> str:
        return f"{words.local(ms):%H:%M}"

    def moment(self, ms: int) -> str:
        """``18:40 WIB``, with the day before it when that is not today."""
        then = words.local(ms)
        clock = f"{then:%H:%M} WIB"
        is_today = then.date() == words.local(self.now).date()
        return clock if is_today else f"{then.day} {MONTHS[self.language][then.month - 1]} {clock}"

    def duration(self, ms: int) -> str:
        """One unit, rounded down: what is old looks no younger by more than that."""
        if ms < HOUR_MS:
            return self.say("minutes", n=max(ms, 0) // MINUTE_MS)
        return self.say("hours", n=ms // HOUR_MS) if ms < 2 * DAY_MS else self.say("days", n=ms // DAY_MS)

    def state(self, stand: Stand) -> str:
        name = state_name(stand.state, self.language)
        return f"{self.say('at_least')} {name}" if stand.at_least else name

    def sentence(self, stand: Stand) -> str:
        """What to do: the approved advice of the level that was told, or what the state means."""
        if stand.told is None:
            return SENTENCES[self.language][stand.state]
        full = self.advice(stand.told)
        return f"{full[0].upper()}{full[1:]}."

    def advice(self, told: Told) -> str:
        return advice(
            PublicText(
                kind="lowered" if told.kind == "lowered" else "raised",
                level=told.level,
                level_before=told.highest,
                areas=(),
                at=told.since,
                timezone=ZONE,
                language=self.language,
                hazard=told.hazard,
            )
        )[0]

    def meaning(self, level: Level) -> str:
        """What a level of the river asks for."""
        full = TEMPLATES[self.language].advice["level"][level][0]
        return f"{full[0].upper()}{full[1:]}."

    def impact(self, stand: Stand, stations: tuple[StationView, ...]) -> str | None:
        """What the told level means on the ground here; the city writes it, in Indonesian."""
        if stand.told is None:
            return None
        found = (station.impact.get(stand.told.level.name) for station in stations)
        text = next((each for each in found if each), None)
        return self.say("impact", text=SIAGA_NUMBER.sub(r"\1", text)) if text else None

    def water(self, station: StationView) -> WaterLine:
        head = headline(station)
        value = head.value if head is not None and head.quantity == LEVEL else None
        is_old = self.is_lost or station.silent or station.state == State.NO_DATA.value
        trend = None if is_old or value is None else station.trend
        return WaterLine(
            name=station.name,
            value=None if value is None else self.number(value, 2),
            note=self._note(station, is_doubtful=head is not None and head.look == "doubtful" and value is not None),
            trend=self._trend(trend),
            direction=direction(trend),
            outlook=self._outlook(trend),
            time=self._taken(None if head is None else head.time, is_old=is_old),
            is_old=is_old,
            ladder=None if value is None else draw(station, level=value, tail=None, now=self.now),
            ladder_words=self._ladder(station, value),
        )

    def _note(self, station: StationView, *, is_doubtful: bool) -> str | None:
        if station.maintenance is not None:
            return self.say("maintenance", time=self.moment(station.maintenance.until))
        if station.state == State.NOT_SET.value:
            return self.say("not_set")
        return self.say("doubtful") if is_doubtful else None

    def _taken(self, time: int | None, *, is_old: bool) -> str:
        if time is None:
            return self.say("never")
        if is_old:
            return self.say("old", time=self.moment(time), age=self.duration(self.now - time))
        return self.say("data", time=self.moment(time))

    def _trend(self, trend: TrendView | None) -> str | None:
        if trend is None or trend.rate_m_per_h is None:
            return None
        cm = round(trend.rate_m_per_h * 100)
        return self.say("up" if cm > 0 else "down" if cm < 0 else "flat", rate=abs(cm))

    def _outlook(self, trend: TrendView | None) -> str | None:
        if trend is None or trend.next_level is None or trend.eta_from is None:
            return None
        level, first = trend.next_level, self.clock(max(trend.eta_from, self.now))
        if trend.eta_to is None:
            return self.say("reach_from", level=level, first=first)
        last = self.clock(max(trend.eta_to, self.now))
        if first == last:
            return self.say("reach_at", level=level, first=first)
        return self.say("reach", level=level, first=first, last=last)

    def _ladder(self, station: StationView, value: float | None) -> str:
        shown = "?" if value is None else self.number(value, 2)
        limits = ", ".join(
            self.say("at", level=name, value=self.number(station.thresholds[name], 2))
            for name in LEVELS
            if name in station.thresholds
        )
        return self.say("ladder", value=shown, limits=limits) if limits else self.say("ladder_bare", value=shown)

    def rain(self, rain: RainView | None) -> tuple[str, ...]:
        """Sums of an hour and a day, with BMKG's class of the hour; what nobody observed is no data and not 0 mm."""
        if rain is None:
            return (self.say("no_value"),)
        found = []
        for each in rain.sums:
            if each.minutes not in RAIN_WINDOWS:
                continue
            window = self.duration(each.minutes * MINUTE_MS)
            if each.mm is None:
                found.append(self.say("sum_none", window=window))
                continue
            kind = self._rain_class(rain.hour_class) if each.minutes == RAIN_WINDOWS[0] else ""
            found.append(f"{self.say('sum', window=window, mm=self.number(each.mm, 1))}{kind}")
        return tuple(found) or (self.say("no_value"),)

    def upstream(self, stations: tuple[StationView, ...]) -> str | None:
        """Rain over the longest window upstream of the first gauge that knows it."""
        for station in stations:
            for each in station.rain.upstream if station.rain is not None else ():
                if each.mean_mm is not None:
                    window = self.duration(each.minutes * MINUTE_MS)
                    return self.say("upstream", window=window, mm=self.number(each.mean_mm, 1))
        return None

    def _rain_class(self, name: str | None) -> str:
        if not name:
            return ""
        return f" ({name if self.language == 'id' else RAIN_CLASSES.get(name, name)})"

    def tide(self, tide: TideView) -> tuple[str, ...]:
        way = self.say("tide_up" if tide.rising else "tide_down")
        found = [self.say("tide_now", height=self.number(tide.height_m, 2), way=way)]
        if tide.high_at is not None and tide.high_m is not None:
            found.append(self.say("tide_high", height=self.number(tide.high_m, 2), time=self.moment(tide.high_at)))
        if tide.above_m is not None and tide.above_from is not None:
            height = self.number(tide.above_m, 2)
            key = "tide_above_now" if tide.above_from <= self.now else "tide_above"
            until = f" {self.say('until', time=self.moment(tide.above_until))}" if tide.above_until is not None else ""
            found.append(f"{self.say(key, height=height, time=self.moment(tide.above_from))}{until}")
        return tuple(found)

    def air(self, station: StationView) -> AirLine:
        air = station.air
        if air is None or air.index is None:
            return AirLine(
                name=station.name,
                title=self._no_index(air),
                mark=None,
                basis=None,
                advice=None,
                hour=self._hour(air) if air is not None else None,
            )
        category, advised = (air.category, air.advice)
        if self.language == "en":
            category, advised = AIR.get(air.colour or "", (category, advised))
        return AirLine(
            name=station.name,
            title=f"ISPU {air.index} {category or ''}".rstrip(),
            mark=ISPU_MARKS.get(air.colour or ""),
            basis=self.say("day", time=self.moment(air.until)) if air.until is not None else None,
            advice=advised,
            hour=self._hour(air),
        )

    def _no_index(self, air: AirView | None) -> str:
        """Core's own sentence, which is Indonesian."""
        said = air.reason if air is not None and self.language == "id" else None
        return said or self.say("ispu_none")

    def _hour(self, air: AirView) -> str | None:
        if air.hour_mean_ugm3 is None:
            return None
        parameter = air.hour_parameter or ""
        parameter = parameter if self.language == "id" else parameter.replace(",", ".")
        said = self.say("hour", parameter=parameter, value=self.number(air.hour_mean_ugm3, 0))
        word = air.hour_word if self.language == "id" else HOUR_WORDS.get(air.hour_word or "", air.hour_word)
        until = f", {self.say('until', time=self.moment(air.hour_until))}" if air.hour_until is not None else ""
        return f"{said}{f', {word}' if word else ''}{until}"
