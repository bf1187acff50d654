"""BMKG's nowcast in core: polled beside the turns, matched to our areas by place, told to officers and to the engine.

Rain that is expected over an area keeps it armed (:class:`alerting.events.RainExpected`): it raises nothing.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from alerting.cap_areas import bounds
from alerting.cap_in import Nowcast, standing
from alerting.events import RainExpected
from alerting.nowcasts import Matched, expected, matched
from alerting.text_clauses import clock
from broker.live import NowcastView
from deploy.cap.nowcast_fetch import FetchFailed, NowcastFetch
from deploy.cap.places import CapPlaces
from deploy.registry.areas import Areas

if TYPE_CHECKING:
    from deploy.core import Core

log: Final = logging.getLogger(__name__)

MOST_WAIT_S: Final = 3600.0
MARGIN_DEGREES: Final = 0.2  # around the city: room for polygons that are imported later
EARLY_S: Final = 5.0  # the job looks once a minute, and not by the second
TOLERATED: Final = 3  # failures in a row before somebody is told


class NowcastJob:
    """A job of core's scheduler; ``every_s`` is how often the feed is asked while it answers."""

    def __init__(
        self,
        core: "Core",
        fetch: NowcastFetch,
        *,
        every_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._core, self._fetch, self._every_s, self._monotonic = core, fetch, every_s, monotonic
        self._failures = 0
        self._failed_since = 0
        self._next_at = monotonic()
        self._places = CapPlaces(core.registry.areas)
        self._told_faults: set[str] = set()

    async def run(self) -> None:
        """Poll when it is time; after a failure ever later, up to an hour, or as late as the server asks."""
        began = self._monotonic()
        if began < self._next_at:
            return
        now = self._core.clock.now()
        try:
            found = await asyncio.to_thread(self._poll)
        except FetchFailed as error:
            self._failed(error, now)
            return
        if self._failures:
            log.info("BMKG's warnings can be fetched again")
        self._failures, self._core.nowcast_problem = 0, None
        self._next_at = began + self._every_s - EARLY_S
        self._report_faults()
        ours = list(self._core.judgement.scopes.places.all_areas())
        self._take(await asyncio.to_thread(self._matched, standing(found, now), ours))

    def _poll(self) -> tuple[Nowcast, ...]:
        if self._fetch.around is None:
            self._fetch.around = bounds((area for _, area in self._places.all()), margin=MARGIN_DEGREES)
        return self._fetch.poll()

    def _failed(self, error: FetchFailed, now: int) -> None:
        if not self._failures:
            self._failed_since = now
            log.warning("BMKG's warnings cannot be fetched: %s", error)
        self._failures += 1
        wait_s = min(max(self._every_s * 2 ** (self._failures - 1), error.wait_s), MOST_WAIT_S)
        self._next_at = self._monotonic() + wait_s
        if self._failures >= TOLERATED:
            since = clock(self._failed_since, ZoneInfo(self._core.settings.site.timezone))
            self._core.nowcast_problem = f"Peringatan dini BMKG tidak dapat diambil sejak {since}: {error}."

    def _report_faults(self) -> None:
        """Each fault once, as long as it lasts."""
        faults = set(self._fetch.faults)
        for fault in sorted(faults - self._told_faults):
            log.warning("a warning of BMKG is left out: %s", fault)
        self._told_faults = faults

    def _matched(self, found: tuple[Nowcast, ...], ours: list[str]) -> tuple[Matched, ...]:
        """Against every kelurahan, and ``ours``, of which some are below it."""
        places = dict(self._places.all())
        return matched(found, places | {code: self._places.of(code) for code in ours if code not in places})

    def _take(self, found: tuple[Matched, ...]) -> None:
        core, now = self._core, self._core.clock.now()
        core.memory.nowcasts = found
        scopes = core.judgement.scopes
        for area in list(scopes.places.all_areas()):
            start, end = expected(found, area, now)
            known = core.memory.areas.get(area)
            before = (0, 0) if known is None else (known.expected_from, known.expected_until)
            if (start, end) != before:
                scopes.area(area, RainExpected(now, start, end), now)
        core.turn()


def views(found: Iterable[Matched], areas: Areas, now: int) -> list[NowcastView]:
    """What officers see of warnings that have not run out."""
    return [
        NowcastView(
            sender=each.nowcast.sender_name or each.nowcast.sender,
            event=each.nowcast.event,
            headline=each.nowcast.headline,
            onset=each.nowcast.onset,
            expires=each.nowcast.expires,
            areas=names(each.areas, areas),
            is_rain=each.nowcast.is_rain,
        )
        for each in found
        if each.nowcast.expires > now
    ]


def names(codes: Iterable[str], areas: Areas) -> list[str]:
    """As short as they can be said: a kecamatan whole, and the kelurahan of the others."""
    wanted = {code for code in codes if "/" not in code}
    kelurahan = [area.code for area in areas.all() if area.kind == "kelurahan"]
    found: list[str] = []
    for district in sorted({code.rpartition(".")[0] for code in wanted}):
        members = [code for code in kelurahan if code.startswith(f"{district}.")]
        inside = [code for code in members if code in wanted]
        found += [areas.name(district)] if inside == members else areas.names(inside)
    return found
