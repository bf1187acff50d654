"""The plot as a table, and as CSV: exact numbers with their unit and flag, in UTC with its offset and in WIB. Pure."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from alerting.web import words
from alerting.web.api.instants import iso
from alerting.web.api.units import unit_of
from alerting.web.catalogue import tr
from alerting.web.past import PastBucket, PastReading
from alerting.web.station.reading import Drawn
from alerting.web.station_card import LOOKS
from broker.quality_flags import Flag, explain_flag

MOST_ROWS: Final = 200  # on a page; the rest is in the CSV


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``why`` explains the flag, None when it is good; ``look`` is how the numbers look under it."""

    utc: str
    local: str
    cells: tuple[str, ...]
    look: str
    quality: str
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The newest first; ``total`` of which ``rows`` are shown."""

    headings: tuple[str, ...]
    rows: list[Row]
    total: int
    is_raw: bool


def listing(drawn: Drawn, quantity: str) -> Listing:
    unit = words.quantity_of(quantity).unit
    if drawn.is_raw:
        rows = [_reading(each, quantity) for each in reversed(drawn.readings[-MOST_ROWS:])]
        headings: tuple[str, ...] = (tr("nilai ({unit})", unit=unit) if unit else tr("nilai"), tr("mentah"))
        return Listing(headings=headings, rows=rows, total=len(drawn.readings), is_raw=True)
    values = 1 if drawn.is_sum else 3
    rows = [_bucket(each, quantity, values) for each in reversed(drawn.buckets[-MOST_ROWS:])]
    names = (tr("jumlah"),) if drawn.is_sum else (tr("rata-rata"), tr("terendah"), tr("tertinggi"))
    headings = (*(f"{name} ({unit})" if unit else name for name in names), tr("bacaan"), tr("baik"))
    return Listing(headings=headings, rows=rows, total=len(drawn.buckets), is_raw=False)


def _reading(each: PastReading, quantity: str) -> Row:
    is_good = each.flag == Flag.GOOD
    raw = "–" if each.raw is None else f"{each.raw:g}".replace(".", ",")  # noqa: RUF001 — a dash is meant
    return Row(
        utc=iso(each.time),
        local=_local(each.time),
        cells=(words.measured(quantity, each.value), raw),
        look=LOOKS.get(each.flag, "doubtful"),
        quality=words.quality(each.flag),
        why=None if is_good else explain_flag(each.flag, each.reason),
    )


def _bucket(each: PastBucket, quantity: str, values: int) -> Row:
    is_good = each.good == each.count
    return Row(
        utc=iso(each.start),
        local=_local(each.start),
        cells=(
            *(words.measured(quantity, value) for value in (each.mean, each.min, each.max)[:values]),
            str(each.count),
            str(each.good),
        ),
        look="good" if is_good else "doubtful" if each.good else "missing",
        quality=tr("baik")
        if is_good
        else tr("sebagian belum terverifikasi")
        if each.good
        else tr("tidak ada yang baik"),
        why=None
        if is_good
        else tr("{bad} dari {count} bacaan tidak dipakai.", bad=each.count - each.good, count=each.count),
    )


def _local(ms: int) -> str:
    then = words.local(ms)
    return f"{words.day_month(then)} {then:%H:%M:%S}"


def _wib(ms: int) -> str:
    return words.local(ms).isoformat(timespec="milliseconds")


def csv_headings(quantity: str, *, is_raw: bool) -> list[str]:
    unit = f" [{unit_of(quantity)}]" if unit_of(quantity) else ""
    if not is_raw:
        return ["start_utc", "start_wib", f"mean{unit}", f"min{unit}", f"max{unit}", "count", "good"]
    return ["time_utc", "time_wib", f"value{unit}", "raw", "flag [QARTOD]", "quality", "reason", "node", "epoch"]


def csv_readings(readings: Sequence[PastReading]) -> bytes:
    return written(
        (
            *(iso(each.time), _wib(each.time), each.value, each.raw, each.flag, words.quality(each.flag), each.reason),
            *(each.node, each.epoch),
        )
        for each in readings
    )


def csv_buckets(buckets: Sequence[PastBucket]) -> bytes:
    return written(
        (iso(each.start), _wib(each.start), each.mean, each.min, each.max, each.count, each.good) for each in buckets
    )


def written(rows: Iterable[Iterable[object]]) -> bytes:
    """Rows by RFC 4180; None is empty."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
