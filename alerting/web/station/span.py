"""Which stretch of time a station's plot shows, as its address says it: a preset that ends now or then, or two moments.

``?rentang=24-jam`` follows the clock; ``?rentang=24-jam&sampai=...`` and ``?dari=...&sampai=...`` stand still.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from alerting.web import words
from alerting.web.api import instants
from alerting.web.catalogue import tr
from alerting.web.words import DAY_MS, HOUR_MS, MINUTE_MS

PRESETS: Final = {
    "1-jam": (HOUR_MS, "1 jam"),
    "6-jam": (6 * HOUR_MS, "6 jam"),
    "24-jam": (DAY_MS, "24 jam"),
    "7-hari": (7 * DAY_MS, "7 hari"),
    "30-hari": (30 * DAY_MS, "30 hari"),
    "1-tahun": (366 * DAY_MS, "1 tahun"),
}
USUAL: Final = "24-jam"
LEAST_MS: Final = 5 * MINUTE_MS
MOST_MS: Final = 3 * 366 * DAY_MS
PARAMETERS: Final = ("rentang", "dari", "sampai")


class BadSpan(Exception):
    """The address names no stretch of time; the text is one sentence with the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """``start`` to ``end`` in ms UTC; ``is_live`` when the end is now and moves on."""

    start: int
    end: int
    preset: str | None
    is_live: bool

    @property
    def length(self) -> int:
        return self.end - self.start

    @property
    def query(self) -> str:
        """What finds it again in an address."""
        if self.preset is not None:
            still = {} if self.is_live else {"sampai": moment(self.end)}
            return urlencode({"rentang": self.preset, **still})
        return urlencode({"dari": moment(self.start), "sampai": moment(self.end)})

    def moved(self, by: int, now: int) -> "Span":
        """Earlier or later by ``by`` ms, never beyond now: there it follows the clock again."""
        end = self.end + by
        is_live = self.preset is not None and end >= now
        end = min(end, now)
        return Span(start=end - self.length, end=end, preset=self.preset, is_live=is_live)


def span_of(query: Mapping[str, str], *, now: int) -> Span:
    """The stretch that an address asks for, the last 24 hours when it says nothing; raises BadSpan."""
    end = _instant(query, "sampai")
    start = _instant(query, "dari")
    preset = query.get("rentang", USUAL)
    if start is not None:
        return _between(start, now if end is None else end)
    if preset not in PRESETS:
        raise BadSpan(
            tr("Rentang {said} tidak dikenal; pilih {known}.", said=f'"{preset[:20]}"', known=", ".join(PRESETS))
        )
    last = now if end is None else min(end, now)
    return Span(start=last - PRESETS[preset][0], end=last, preset=preset, is_live=end is None or end >= now)


def _between(start: int, end: int) -> Span:
    if not LEAST_MS <= end - start <= MOST_MS:
        raise BadSpan(tr('Antara "dari" dan "sampai" harus ada 5 menit sampai 3 tahun; ubah salah satunya.'))
    return Span(start=start, end=end, preset=None, is_live=False)


def _instant(query: Mapping[str, str], name: str) -> int | None:
    said = query.get(name)
    if said is None:
        return None
    try:
        return instants.parse(said)
    except ValueError as error:
        raise BadSpan(f"{name}: {error}.") from None


def moment(ms: int) -> str:
    """``2026-11-22T11:40:00Z``: short, and without a plus sign that an address would spoil."""
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def said(span: Span, now: int) -> str:
    """``22 Nov 06:40 sampai 18:40 WIB``; with years where they differ from this one."""
    year = words.local(now).year
    return tr("{start} sampai {end} WIB", start=_day(span.start, year), end=_day(span.end, year))


def _day(ms: int, year: int) -> str:
    then = words.local(ms)
    of_year = "" if then.year == year else f" {then.year}"
    return f"{words.day_month(then)}{of_year} {then:%H:%M}"
