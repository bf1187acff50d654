"""Moments as people type them."""

import argparse
import re
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from deploy.commands.common import Refused


def milliseconds(text: str, timezone: str, key: str) -> int:
    """``2026-01-31T07:00:00+07:00`` or, for today in ``timezone``, ``07:00``; raises Refused naming ``key``."""
    if re.fullmatch(r"\d\d:\d\d", text):
        try:
            today = datetime.now(UTC).astimezone(ZoneInfo(timezone))
            moment = datetime.combine(today.date(), time.fromisoformat(text), today.tzinfo)
        except ValueError:
            raise Refused(f"{key} {text}: there is no such time of day") from None
        return round(moment.timestamp() * 1000)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(f"{key} {text!r} is no moment; write it as 2026-01-31T07:00:00+07:00") from None
    if moment.tzinfo is None:
        raise Refused(f"{key} {text} has no offset from UTC; write it as 2026-01-31T07:00:00+07:00")
    return round(moment.timestamp() * 1000)


def day_count(said: str) -> float:
    """How many days back or ahead, for argparse; raises its ArgumentTypeError."""
    try:
        count = float(said)
    except ValueError:
        count = 0
    if not 0 < count <= 400:
        raise argparse.ArgumentTypeError(f"{said!r} is not a number of days up to 400")
    return count
