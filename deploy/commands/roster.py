"""kentongan roster: which officers are on duty when - show, set and import it."""

import argparse
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from alerting.roster import Duty, Roster, Shift, Swap
from deploy.commands.common import Asking, Refused, add_settings, open_settings
from deploy.recipients.csv_file import BadCsv
from deploy.recipients.roster_text import clock, days_text, part_of, read_roster


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    show = verbs.add_parser("show", help="who is on duty now and in the coming days, and when nobody is")
    show.add_argument("--days", type=int, default=7, metavar="N")
    new = verbs.add_parser("set", help="set a weekly shift, a date, or a swap; --nobody takes one away")
    when = new.add_mutually_exclusive_group(required=True)
    when.add_argument("--day", metavar="DAYS", help="senin, mon-fri, sabtu,minggu or daily")
    when.add_argument("--date", metavar="DATE", help="2026-11-24: instead of the weekly shifts, as long as it lasts")
    new.add_argument("--from", dest="start", metavar="HH:MM", help="time of day of the site")
    new.add_argument("--to", dest="end", metavar="HH:MM", help="not after --from: on the next day")
    who = new.add_mutually_exclusive_group(required=True)
    who.add_argument("--officer", action="append", metavar="WHO", help="p3 or a name; again for more")
    who.add_argument("--swap", metavar="ABSENT=STANDS_IN", help="with --date: p5 stands in for p3 is p3=p5")
    who.add_argument("--nobody", action="store_true", help="take away what stands there")
    into = verbs.add_parser("import", help="put the roster of a CSV file in the place of the one in force")
    into.add_argument("file", type=Path, help="columns: day,from,to,officer (hari, mulai, selesai, petugas)")
    for parts in (new, into):
        parts.add_argument("--dry-run", action="store_true", help="only say what gaps there would be")
        parts.add_argument("--reason", default="", metavar="TEXT", help="why; it is audited")
    for parts in (show, new, into):
        add_settings(parts)


def run(args: argparse.Namespace) -> int:
    settings, state, _ = open_settings(args)
    zone = ZoneInfo(settings.site.timezone)
    with Asking(settings, state) as core:
        found = core("roster-show", {"days": args.days if args.verb == "show" else 7})
        if args.verb == "show":
            print(_shown(found, zone))
            return 0
        before = msgspec.convert(found["roster"], Roster)
        officer_of = _naming(found["officers"])
        try:
            after = read_roster(args.file, officer_of) if args.verb == "import" else _set(before, args, officer_of)
        except (BadCsv, ValueError) as error:
            raise Refused(str(error)) from None
        answer = core(
            "roster-put",
            {
                "roster": msgspec.to_builtins(after),
                "version": found["version"],
                "reason": args.reason or f"roster {args.verb}",
                "dry_run": args.dry_run,
            },
        )
    for gap in answer["gaps"]:
        print(f"GAP: nobody {_span(gap, zone)}; all officers are told then")
    print("a dry run: nothing was done" if args.dry_run else f"roster version {answer['version']} is in force")
    return 0


def _set(before: Roster, args: argparse.Namespace, officer_of: Callable[[str], str]) -> Roster:
    if args.swap:
        return _swapped(before, args, officer_of)
    if args.nobody and args.date and not args.start:
        day = _date(args.date)
        return _without(before, lambda each: each.day == day)
    if not args.start or not args.end:
        raise ValueError("--from and --to are due, as 06:00 and 14:00")
    officers = tuple(dict.fromkeys(officer_of(each) for each in args.officer or ()))
    part = part_of(args.date or args.day, args.start, args.end, officers)
    kept = _removed(before, part)
    if args.nobody:
        if kept == before:
            raise ValueError("no such shift stands in the roster; see kentongan roster show")
        return kept
    if isinstance(part, Shift):
        return msgspec.structs.replace(kept, shifts=(*kept.shifts, part))
    return msgspec.structs.replace(kept, duties=(*kept.duties, part))


def _removed(before: Roster, part: Shift | Duty) -> Roster:
    """Without what stands at the same days and times, whoever it names."""

    def differs(each: Shift | Duty) -> bool:
        return msgspec.structs.replace(each, officers=part.officers) != part

    return msgspec.structs.replace(
        before, shifts=tuple(filter(differs, before.shifts)), duties=tuple(filter(differs, before.duties))
    )


def _without(before: Roster, is_gone: Callable[[Duty | Swap], bool]) -> Roster:
    after = msgspec.structs.replace(
        before,
        duties=tuple(each for each in before.duties if not is_gone(each)),
        swaps=tuple(each for each in before.swaps if not is_gone(each)),
    )
    if after == before:
        raise ValueError("nothing of that date stands in the roster; see kentongan roster show")
    return after


def _swapped(before: Roster, args: argparse.Namespace, officer_of: Callable[[str], str]) -> Roster:
    absent, mark, stands_in = args.swap.partition("=")
    if not args.date or not mark:
        raise ValueError("a swap is of a date: --date 2026-11-24 --swap p3=p5")
    swap = Swap(day=_date(args.date), absent=officer_of(absent), stands_in=officer_of(stands_in))
    if swap.absent == swap.stands_in:
        raise ValueError("a swap names two officers")
    kept = [each for each in before.swaps if (each.day, each.absent) != (swap.day, swap.absent)]
    return msgspec.structs.replace(before, swaps=(*kept, swap))


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no date; write it like 2026-11-24") from None


def _naming(officers: list[dict[str, Any]]) -> Callable[[str], str]:
    def officer_of(said: str) -> str:
        plain = said.strip().casefold()
        found = [each["id"] for each in officers if plain in (each["id"].casefold(), each["label"].casefold())]
        if len(found) == 1:
            return str(found[0])
        if found:
            raise ValueError(f"officer {said!r} is the name of {' and '.join(found)}; write the id")
        raise ValueError(f"no officer {said!r} is known; see kentongan recipient list --kind officer")

    return officer_of


def _shown(found: dict[str, Any], zone: ZoneInfo) -> str:
    labels = {each["id"]: each["label"] for each in found["officers"]}

    def named(ids: list[str]) -> str:
        return ", ".join(labels.get(each, each) for each in ids) or "nobody"

    lines = [f"on duty now: {named(found['now'])}"]
    if found["is_unrostered"]:
        lines[0] += "  (nobody is rostered now: all officers are told)"
    roster = msgspec.convert(found["roster"], Roster)
    if roster.is_empty:
        return "\n".join([*lines, "there is no roster: all officers are told; see kentongan roster set --help"])
    lines += [
        f"  {days_text(each.weekdays):<16} {_times(each)}  {named(list(each.officers))}" for each in roster.shifts
    ]
    lines += [f"  {each.day.isoformat():<16} {_times(each)}  {named(list(each.officers))}" for each in roster.duties]
    lines += [
        f"  {s.day.isoformat():<16} {named([s.stands_in])} stands in for {named([s.absent])}" for s in roster.swaps
    ]
    lines.append("coming days:")
    for each in found["stretches"]:
        told = named(each["officers"]) if each["officers"] else "GAP: nobody; all officers are told"
        lines.append(f"  {_span(each, zone)}  {told}")
    return "\n".join(lines)


def _times(each: Shift | Duty) -> str:
    return f"{clock(each.starts)}-{clock(each.ends)}"


def _span(each: dict[str, Any], zone: ZoneInfo) -> str:
    start, end = (datetime.fromtimestamp(each[key] / 1000, UTC).astimezone(zone) for key in ("start", "end"))
    return f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"
