"""kentongan tide: harmonic constants from a gauge's own record, and the tide that they predict."""

import argparse
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import fmean
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from deploy.assembly import history_reader_of
from deploy.commands.common import Refused, add_settings, open_settings
from deploy.commands.moments import day_count
from ingest.history import HistoryUnavailable
from ingest.tide import BadTideModel, TideModel, read_model, write_model
from ingest.tide_series import METRES, BadSeries, Columns, Levels, read_levels
from ingest.tide_table import DAY_MS, TideTable, make_table, windows_above

HOUR_MS = 3_600_000
LOCAL = "Asia/Jakarta"
LEVEL = "level_m"
PAGE = 10_000


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    fit = verbs.add_parser("fit", help="fit harmonic constants to a gauge's record: a CSV file or a station's history")
    _add_series(fit)
    fit.add_argument("--station", metavar="ID", help="the hourly levels of this station in history, instead of a file")
    fit.add_argument("--latitude", type=_latitude, required=True, help="of the gauge, degrees, south is negative")
    fit.add_argument("--datum", default="nol alat ukur", help="what the levels are counted from (nol alat ukur)")
    fit.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="write the constants there")
    add_settings(fit)
    check = verbs.add_parser("check", help="compare a prediction with a record that it was not fitted to")
    check.add_argument("model", type=Path, metavar="FILE", help="constants made by kentongan tide fit")
    _add_series(check, required=True)
    check.add_argument("--plot", type=Path, metavar="PNG", help="draw both there")
    predict = verbs.add_parser("predict", help="print times and heights of high and low water")
    predict.add_argument("model", type=Path, metavar="FILE", help="constants made by kentongan tide fit")
    predict.add_argument("--days", type=day_count, default=7.0, metavar="N", help="for so many days (7)")
    predict.add_argument("--from", dest="start", type=_moment, metavar="TIME", help="from then on (now); ISO 8601")
    predict.add_argument("--above", type=float, metavar="M", help="print the times at or over this height, too")
    predict.add_argument("--timezone", type=_zone, default=LOCAL, metavar="ZONE", help=f"of what is printed ({LOCAL})")
    predict.add_argument("--plot", type=Path, metavar="PNG", help="draw it there")


def _add_series(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    parser.add_argument("csv", type=Path, nargs=None if required else "?", metavar="CSV", help="levels of the sea")
    parser.add_argument(
        "--time-column", nargs="+", default=["time"], metavar="NAME", help="one, or date and time (time)"
    )
    parser.add_argument(
        "--time-format", metavar="FORMAT", help="as of strptime, such as %%d/%%m/%%Y %%H:%%M (ISO 8601)"
    )
    parser.add_argument("--value-column", default="value", metavar="NAME", help="(value)")
    parser.add_argument("--unit", choices=METRES, help="of the levels in the file")
    parser.add_argument("--timezone", type=_zone, metavar="ZONE", help="of the times in the file, such as Asia/Jakarta")
    parser.add_argument("--from", dest="start", type=_moment, metavar="TIME", help="leave out what is before")
    parser.add_argument("--to", dest="end", type=_moment, metavar="TIME", help="leave out what is at or after")


def run(args: argparse.Namespace) -> int:
    try:
        return {"fit": _fit, "check": _check, "predict": _predict}[args.verb](args)
    except (BadTideModel, BadSeries, HistoryUnavailable) as error:
        raise Refused(str(error)) from None


def _fit(args: argparse.Namespace) -> int:
    from ingest.tide_fit import CannotFit, fit, hourly  # noqa: PLC0415  seconds to import

    if (args.csv is None) == (args.station is None):
        raise Refused("give either a CSV file or --station ID")
    levels = _levels_of_file(args) if args.csv else _levels_of_station(args)
    times, heights, averaged = levels.times_ms, levels.levels_m, HOUR_MS if args.station else 0
    if levels.is_dense:
        times, heights = hourly(times, heights)
        averaged = HOUR_MS
    try:
        model = fit(
            times,
            heights,
            latitude=args.latitude,
            datum=args.datum,
            source=f"utide, {args.station or args.csv.name}",
            averaged_over_ms=averaged,
        )
        write_model(args.output, model)
    except CannotFit as error:
        raise Refused(f"{args.station or args.csv}: {error}") from None
    except OSError as error:
        raise Refused(f"{args.output}: cannot be written: {error.strerror}") from None
    _print_fit(model, args.output, len(times))
    return 0


def _print_fit(model: TideModel, output: Path, count: int) -> None:
    if model.fitted_from is None or model.fitted_to is None or model.rms_m is None:
        raise AssertionError("a fit names its record")
    days = (model.fitted_to - model.fitted_from) / timedelta(days=1)
    inferred = [name for name, part in model.constituents.items() if part.inferred]
    print(f"{count} levels over {days:.1f} days; mean {model.mean_m:.3f} m; left over {model.rms_m:.3f} m rms")
    for name, part in list(model.constituents.items())[:8]:
        note = "  inferred" if part.inferred else ""
        print(f"  {name:<5} {part.amplitude_m:.3f} m  {part.phase_deg:5.1f} deg{note}")
    print(f"{len(model.constituents)} constituents, written to {output}")
    if inferred:
        print(
            f"The record is too short to tell {', '.join(inferred)} from their neighbours: they are inferred. "
            f"Fit again when there are {'28 days' if 'N2' in inferred else '183 days'} or more."
        )


def _check(args: argparse.Namespace) -> int:
    from ingest.tide_fit import predict  # noqa: PLC0415  seconds to import

    model = read_model(args.model)
    levels = _levels_of_file(args)
    try:
        predicted = predict(model, levels.times_ms)
    except ValueError as error:
        raise Refused(f"{args.model}: {error}") from None
    left = [level - tide for level, tide in zip(levels.levels_m, predicted, strict=True)]
    mean = fmean(left)
    rms = fmean((each - mean) ** 2 for each in left) ** 0.5
    worst = max(range(len(left)), key=lambda at: abs(left[at]))
    at = datetime.fromtimestamp(levels.times_ms[worst] / 1000, args.timezone or UTC)
    print(f"{len(left)} levels: observed less predicted is {mean:+.3f} m on average and {rms:.3f} m rms around that")
    print(f"greatest {left[worst]:+.3f} m at {at.isoformat(timespec='minutes')}")
    if args.plot:
        from deploy.commands.tide_plot import plot_check  # noqa: PLC0415  matplotlib takes a second

        plot_check(args.plot, levels, predicted, zone=args.timezone or UTC)
        print(f"drawn in {args.plot}")
    return 0


def _predict(args: argparse.Namespace) -> int:
    model = read_model(args.model)
    start = args.start or int(time.time() * 1000)
    try:
        # A day more at both ends: a turn is known by what follows it, a window by where it began.
        table = make_table(model, start - DAY_MS, args.days + 2)
    except ValueError as error:
        raise Refused(f"{args.model}: {error}") from None
    end = start + int(args.days * DAY_MS)
    zone = args.timezone
    off = "" if model.rms_m is None else f"; without wind and rain, {model.rms_m:.2f} m rms off where it was fitted"
    print(f"metres over {model.datum}{off}")
    for turn in table.turns:
        if start <= turn.time < end:
            print(f"{_local(turn.time, zone)}  {'high' if turn.is_high else 'low '}  {turn.height_m:6.2f} m")
    if args.above is not None:
        _print_windows(table, args.above, (start, end), zone)
    if args.plot:
        from deploy.commands.tide_plot import plot_prediction  # noqa: PLC0415  matplotlib takes a second

        plot_prediction(args.plot, table, start, end, above_m=args.above, zone=zone)
        print(f"drawn in {args.plot}")
    return 0


def _print_windows(table: TideTable, level_m: float, bounds: tuple[int, int], zone: ZoneInfo) -> None:
    start, end = bounds
    found = [
        window
        for window in windows_above(table, level_m, start - DAY_MS, end + DAY_MS) or ()
        if (window.end is None or window.end > start) and (window.start is None or window.start < end)
    ]
    print(f"at or over {level_m:.2f} m: {len(found) or 'never'}{' times' if len(found) > 1 else ''}")
    for window in found:
        began, ended = (_local(each, zone) if each is not None else "?" for each in (window.start, window.end))
        print(f"{began} to {ended}, highest {window.highest_m:.2f} m at {_local(window.highest_at, zone)}")


def _levels_of_file(args: argparse.Namespace) -> Levels:
    if args.unit is None or args.timezone is None:
        missing = "--unit" if args.unit is None else "--timezone"
        raise Refused(f"{missing} is missing: say what the file holds; nothing is guessed")
    columns = Columns(
        time=args.time_column,
        value=args.value_column,
        unit=args.unit,
        zone=args.timezone,
        time_format=args.time_format,
    )
    levels = read_levels(args.csv, columns)
    for line in levels.bad:
        print(line, file=sys.stderr)
    if levels.bad_lines or levels.missing:
        print(f"left out: {levels.bad_lines} bad lines, {levels.missing} without a level", file=sys.stderr)
    return levels.between(args.start, args.end)


def _levels_of_station(args: argparse.Namespace) -> Levels:
    """Hourly means at the middle of their hours, of good readings only."""
    settings, state, base = open_settings(args)
    reader = history_reader_of(settings, state, base=base)
    times: list[int] = []
    levels: list[float] = []
    at, end = args.start or 0, args.end or int(time.time() * 1000)
    try:
        while buckets := reader.aggregates(args.station, LEVEL, at, end, "hour", PAGE):
            good = [(bucket.start + HOUR_MS // 2, bucket.mean) for bucket in buckets if bucket.mean is not None]
            times += [moment for moment, _ in good]
            levels += [mean for _, mean in good]
            at = buckets[-1].start + 1
    finally:
        reader.close()
    if not times:
        raise Refused(f"history holds no good {LEVEL} of station {args.station!r}")
    return Levels(times_ms=times, levels_m=levels, missing=0, bad_lines=0, bad=[])


def _local(time_ms: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(time_ms / 1000, zone).strftime("%a %Y-%m-%d %H:%M %Z")


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise argparse.ArgumentTypeError(f"time zone {text!r} is not known; write Asia/Jakarta or UTC") from None


def _moment(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 2026-11-22T07:00+07:00") from None
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no offset; write {text}+07:00 or {text}Z")
    return int(moment.timestamp() * 1000)


def _latitude(text: str) -> float:
    try:
        latitude = float(text)
    except ValueError:
        latitude = 100
    if not -90 <= latitude <= 90:
        raise argparse.ArgumentTypeError(f"{text!r} is not a latitude: degrees from -90 (south) to 90, such as -7.64")
    return latitude
