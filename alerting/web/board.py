"""The page as named fragments of HTML: drawn once per change, then sent to every watcher as the same bytes.

A patch is ``{"now":MS,"rev":ID,"title":T,"set":{fragment:html},"lists":{list:[fragments]}}``; its event id is the
journal id up to which it is whole. The first paint is made of the same fragments.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from heapq import nlargest
from html import escape
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import jinja2
import msgspec
from fastapi.sse import format_sse_event
from markupsafe import Markup

from alerting.web import words
from alerting.web.access import NOBODY, Visitor
from alerting.web.alert_card import alert_card, areas_card, group_card, named_areas, tally_words
from alerting.web.alert_list import AlertList, alert_order, arrange
from alerting.web.banners import banners_of
from alerting.web.blindness import Blindness, blindness_of
from alerting.web.catalogue import LANGUAGE_NAMES, language, other_language, tr
from alerting.web.link import Outage
from alerting.web.notice_list import notice_cards
from alerting.web.readings import LastHour
from alerting.web.replica import Change, GroupKey, Replica
from alerting.web.sentence import headline_of
from alerting.web.station_card import place, station_card
from broker.clock import Clock
from broker.live import AlertView, StationView

HERE: Final = Path(__file__).parent
MAX_ENDED_ALERTS: Final = 6
MAX_GROUPS: Final = 12
LOOSE_AREAS: Final = "alert-wilayah"
# Made of many entities: always compared, small.
DERIVED: Final = ("sentence", "banners", "notices", "count", "untaken", "areas", "tally", "health")
TIMES: Final = re.compile(r'<time data-(age|running|until|at|minute)="(\d+)">[^<]*</time>')
UNSIGNED: Final = 'name="csrf" value=""'  # a form in a fragment, which is the same for everybody


def environment() -> jinja2.Environment:
    """Templates escape everything; a missing variable is an error, not an empty place."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        auto_reload=False,  # a card a station: looking each time whether its file has changed costs more than it tells
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals["words"] = words
    templates.globals["tr"] = tr
    templates.globals["spoken"] = language
    templates.globals["LANGUAGE_NAMES"] = LANGUAGE_NAMES
    return templates


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Around the board: who looks, where he may go (path and word), on which screen, and what a map is drawn with."""

    visitor: Visitor = NOBODY
    sections: tuple[tuple[str, str], ...] = ()
    is_kiosk: bool = False
    has_map: bool = False
    tiles: str = ""  # URL with {z}, {x} and {y}; empty: no tiles
    credit: str = ""  # whose tiles they are


NO_ROOM: Final = Room()


@dataclass(frozen=True, slots=True)
class Fragment:
    html: str
    rev: int


@dataclass(slots=True, kw_only=True)
class Board:
    last_hour: LastHour
    outage: Callable[[], Outage | None]
    is_ready: Callable[[], bool]
    clock: Clock
    demo: bool
    replica: Replica = field(default_factory=Replica)
    templates: jinja2.Environment = field(default_factory=environment)
    fragments: dict[str, Fragment] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    alerts: AlertList = field(default_factory=partial(arrange, (), {}))
    rev: int = 0
    title: str = "Kentongan"

    def refresh(self, changes: Iterable[Change]) -> bytes | None:
        """Draw what ``changes`` touched; the patch as bytes of an event, or None when nothing looks different."""
        now, told = self.clock.now(), tuple(changes)
        self.rev = self.replica.last_id
        before, self.alerts = self.alerts, arrange(self.replica.alerts.values(), self.replica.stations)
        dirty = {name for change in told for name in self._touched(change)}
        dirty.update(self._rearranged(before), self._about({change.id for change in told if change.kind == "station"}))
        sources, lists = self._sources(now)
        redrawn = [name for name, source in sources.items() if self._redraw(name, source, is_dirty=name in dirty)]
        for name in self.fragments.keys() - sources.keys():
            del self.fragments[name]
        moved = {name: members for name, members in lists.items() if self.lists.get(name) != members}
        self.lists = lists
        return self._patch(redrawn, moved, now) if redrawn or moved else None

    def catch_up(self, after: int | None) -> bytes:
        """Everything that changed after journal id ``after``; everything there is when that id is not ours."""
        known = after if after is not None and after <= self.rev else -1
        names = [name for name, fragment in self.fragments.items() if fragment.rev >= known or name in DERIVED]
        return self._patch(names, self.lists if self.is_ready() else {}, self.clock.now())

    def page(self, *, has_charts: bool, room: Room = NO_ROOM) -> str:
        """The first paint, with ages as of now and the visitor's own token in its forms."""
        now = self.clock.now()
        html = self.templates.get_template("page.html").render(
            html={name: Markup(self.fragments[name].html) for name in DERIVED},  # noqa: S704 - drawn by our templates
            lists={
                name: Markup("".join(self.fragments[member].html for member in members))  # noqa: S704 - likewise
                for name, members in self.lists.items()
            },
            title=self._title(),
            rev=self.rev,
            now=now,
            speed=self.clock.speed,
            realm=self.replica.health.realm if self.replica.health else "ews",
            lost=self.outage() is not None,
            has_charts=has_charts,
            room=room,
            language=language(),
            other_language=other_language(),
        )
        html = html.replace(UNSIGNED, f'name="csrf" value="{escape(room.visitor.csrf)}"')
        return TIMES.sub(partial(_fill, now=now), html)

    def _title(self) -> str:
        return self.title if self.outage() is None else f"{tr('DATA TERPUTUS')} · Kentongan"

    def _patch(self, names: Iterable[str], lists: dict[str, list[str]], now: int) -> bytes:
        patch: dict[str, Any] = {
            "now": now,
            "rev": self.rev,
            "title": self._title(),
            "lost": self.outage() is not None,
            "set": {name: self.fragments[name].html for name in names},
            "lists": lists,
        }
        return format_sse_event(data_str=msgspec.json.encode(patch).decode(), event="patch", id=str(self.rev))

    def _redraw(self, name: str, source: Callable[[], str], *, is_dirty: bool) -> bool:
        before = self.fragments.get(name)
        if before is not None and not is_dirty and name not in DERIVED:
            return False
        html = source()
        if before is not None and before.html == html:
            return False
        self.fragments[name] = Fragment(html, self.rev)
        return True

    def _touched(self, change: Change) -> Iterator[str]:
        if change.kind == "message":
            yield from (f"group-{change.id}.{change.version}", f"alert-{change.id}")
        elif change.kind == "alert":
            yield f"alert-{change.id}"
            yield from (f"group-{alert}.{version}" for alert, version in self.replica.groups if alert == change.id)
        else:
            yield f"{change.kind}-{change.id}"

    def _about(self, stations: set[str]) -> Iterator[str]:
        """Cards of active alerts say what their station is like now."""
        yield from (f"alert-{alert.id}" for alert in self.alerts.active if alert.station in stations)

    def _rearranged(self, before: AlertList) -> Iterator[str]:
        """Cards that show an alert which is not their own: areas in an alert's card, rain and air in a station's."""
        after = self.alerts
        hosts = before.areas.keys() | after.areas.keys()
        yield from (f"alert-{host}" for host in hosts if before.areas.get(host) != after.areas.get(host))
        stations = before.weather.keys() | after.weather.keys()
        yield from (f"station-{name}" for name in stations if before.weather.get(name) != after.weather.get(name))
        if before.loose != after.loose:
            yield LOOSE_AREAS

    def _sources(self, now: int) -> tuple[dict[str, Callable[[], str]], dict[str, list[str]]]:
        """How each fragment that belongs on the page is drawn, and the order of those that stand in lists."""
        stations = {
            f"station-{station.id}": partial(self._station, station, now)
            for station in sorted(self.replica.stations.values(), key=place)
        }
        alerts = self._alert_sources(now)
        groups = {f"group-{group[0]}.{group[1]}": partial(self._group, group, now) for group in self._newest()}
        derived: dict[str, Callable[[], str]] = {
            "sentence": partial(self._sentence, now),
            "banners": partial(self._banners, now),
            "notices": partial(self._notices, now),
            "count": self._count,
            "untaken": self._untaken,
            "areas": self._areas,
            "tally": self._tally,
            "health": self._health,
        }
        lists = {"stations": list(stations), "alerts": list(alerts), "groups": list(groups)}
        return {**derived, **stations, **alerts, **groups}, lists

    def _alert_sources(self, now: int) -> dict[str, Callable[[], str]]:
        """Active ones, loose areas among them by their worst level, and the last few that are over."""
        shown = [(alert_order(alert), f"alert-{alert.id}", partial(self._alert, alert, now)) for alert in self._shown()]
        if self.alerts.loose:
            shown.append((alert_order(self.alerts.loose[0]), LOOSE_AREAS, partial(self._loose, now)))
        return {name: source for _, name, source in sorted(shown, key=itemgetter(0))}

    def _shown(self) -> list[AlertView]:
        return [*self.alerts.active, *self.alerts.ended[:MAX_ENDED_ALERTS]]

    def _newest(self) -> list[GroupKey]:
        groups = self.replica.groups
        return nlargest(MAX_GROUPS, groups, key=lambda group: next(iter(groups[group])))

    def _render(self, template: str, **values: object) -> str:
        return self.templates.get_template(template).render(**values)

    def _station(self, station: StationView, now: int) -> str:
        weather = self.alerts.weather.get(station.id, ())
        card = station_card(station, weather=weather, tail=self.last_hour.tail(station.id), now=now)
        return self._render("station.html", card=card, now=now)

    def _alert(self, alert: AlertView, now: int) -> str:
        versions = [messages for (of, _), messages in self.replica.groups.items() if of == alert.id]
        card = alert_card(
            alert,
            station=self.replica.stations.get(alert.station),
            areas=self.alerts.areas.get(alert.id, ()),
            messages=[message for version in versions for message in version.values()],
        )
        return self._render("alert.html", card=card, now=now)

    def _loose(self, now: int) -> str:
        return self._render("alert.html", card=areas_card(self.alerts.loose), now=now)

    def _group(self, group: GroupKey, now: int) -> str:
        alert = self.replica.alerts.get(group[0])
        station_name = alert.station_name if alert is not None else group[0]
        card = group_card(list(self.replica.groups[group].values()), station_name=station_name)
        return self._render("group.html", card=card, now=now)

    def _sentence(self, now: int) -> str:
        health = self.replica.health
        site = health.site if health else ""
        if not self.is_ready() and not self.replica.stations:
            return self._render("sentence.html", headline=None, site=site)
        stations = self.replica.stations.values()
        waiting = len(notice_cards(self.replica.notices.values()))
        headline = headline_of(
            stations, alerts=self.alerts, blindness=self._blindness(), site=site, now=now, waiting=waiting
        )
        self.title = headline.title
        return self._render("sentence.html", headline=headline, site=site)

    def _banners(self, now: int) -> str:
        banners = banners_of(
            outage=self.outage(),
            health=self.replica.health,
            stations=self.replica.stations.values(),
            blindness=self._blindness(),
            demo=self.demo,
            now=now,
        )
        return self._render("banners.html", banners=banners)

    def _blindness(self) -> Blindness | None:
        return blindness_of(self.replica.stations.values(), self.alerts.blind)

    def _notices(self, now: int) -> str:
        return self._render("notices.html", cards=notice_cards(self.replica.notices.values()), now=now)

    def _count(self) -> str:
        return self._render("count.html", count=self.alerts.count)

    def _untaken(self) -> str:
        return self._render("untaken.html", count=self.alerts.untaken)

    def _areas(self) -> str:
        return self._render("areas.html", areas=named_areas(self.alerts.named))

    def _tally(self) -> str:
        health = self.replica.health
        return self._render(
            "tally.html",
            tally=tally_words(self.replica.tally),
            has_channel=health is None or bool(health.channels),
        )

    def _health(self) -> str:
        return self._render("health.html", health=self.replica.health, outage=self.outage())


def _fill(found: re.Match[str], *, now: int) -> str:
    """Fragments stay the same while time goes by, so that ages are old in them and a day may have passed."""
    name, ms = found[1], int(found[2])
    return f'<time data-{name}="{ms}">{TIME_WORDS[name](ms, now)}</time>'


TIME_WORDS: Final[dict[str, Callable[[int, int], str]]] = {
    "age": lambda ms, now: words.age(now - ms),
    "running": lambda ms, now: words.duration(now - ms),
    "until": lambda ms, now: words.countdown(ms - now),
    "at": words.moment,
    "minute": words.minute,
}
