"""What somebody typed into a station's forms, parsed once; what is wrong is one sentence with the remedy. Pure."""

import re
from datetime import datetime, timedelta
from typing import Final

from alerting.web import words
from alerting.web.catalogue import tr
from alerting.web.words import MINUTE_MS

AHEAD_MS: Final = 5 * MINUTE_MS
LOWEST_M, HIGHEST_M = -10.0, 100.0
MOST_NOTE: Final = 200
MOST_SIGHTING: Final = 500
LENGTHS: Final = {
    "60": "1 jam",
    "240": "4 jam",
    "720": "12 jam",
    "1440": "1 hari",
    "4320": "3 hari",
    "10080": "7 hari",
}
LEVELS: Final = ("WASPADA", "SIAGA", "AWAS")


class Mistyped(Exception):
    """One sentence: which field, and what to write instead."""


def metres(said: str) -> float:
    """``1,45`` or ``1.45``; a number over 100 is taken for centimetres and refused."""
    text = said.strip().removesuffix("m").strip().replace("−", "-")  # noqa: RUF001 — people paste it
    if not re.fullmatch(r"-?[0-9]{1,6}([.,][0-9]{1,4})?", text):
        raise Mistyped(tr("Tinggi muka air: tulis dalam meter, misalnya 1,45."))
    value = float(text.replace(",", "."))
    if not LOWEST_M <= value <= HIGHEST_M:
        raise Mistyped(tr("Tinggi muka air: {said} m tidak mungkin; tulis dalam meter, bukan sentimeter.", said=text))
    return value


def time_of_day(said: str, *, now: int) -> int | None:
    """The last ``18:40`` of local time that is not ahead, in ms UTC; None when nothing was typed."""
    text = said.strip().replace(".", ":")
    if not text:
        return None
    found = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})", text)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise Mistyped(tr("Waktu: tulis jam dan menit, misalnya 18:40, atau kosongkan untuk sekarang."))
    today = words.local(now + AHEAD_MS)
    then = today.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
    return _ms(then if then <= today else then - timedelta(days=1))


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def note(said: str, *, of: str, most: int = MOST_NOTE, must: bool = False) -> str:
    """One line of text; ``of`` is what the form calls it."""
    text = " ".join(said.split())
    if must and not text:
        raise Mistyped(tr("{field}: tulis satu kalimat; ini disimpan dan ditampilkan.", field=of))
    if len(text) > most or not text.isprintable():
        raise Mistyped(tr("{field}: paling banyak {most} huruf, tanpa tanda kendali.", field=of, most=most))
    return text


def minutes(said: str) -> int:
    if said not in LENGTHS:
        raise Mistyped(tr("Lama pemeliharaan: pilih salah satu, paling lama 7 hari."))
    return int(said)


def level(said: str) -> str:
    if said not in LEVELS:
        raise Mistyped(tr("Tingkat: pilih WASPADA, SIAGA atau AWAS."))
    return said
