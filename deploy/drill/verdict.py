"""Whether a drill was what it must be: everybody of the group reached, nobody else, LATIHAN in the text, and apart."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from deploy.drill.isolation import Ground
from deploy.drill.results import Told

GOOD: Final = ("accepted", "delivered")


def fault(ground: Ground, told: Sequence[Told], *, alert: str, station: str, node: str) -> str | None:
    """The first thing that was not as it must be, one Indonesian sentence."""
    group = {person.name for person in ground.people}
    reached = {message.person for message in told if message.state in GOOD}
    if strangers := sorted({message.person for message in told} - group):
        return f"Pesan latihan dibuat untuk orang di luar kelompok: {', '.join(strangers)}."
    if missed := sorted(group - reached):
        why = next((message.reason for message in told if message.person == missed[0] and message.reason), "")
        return f"Tidak sampai ke {', '.join(missed)}{f' ({why.rstrip(chr(46))})' if why else ''}."
    texts = read(ground.state.journal, "SELECT body FROM outbox WHERE alert = ?", alert)
    if any("LATIHAN" not in text for (text,) in texts):
        return "Pesan latihan tidak memuat kata LATIHAN."
    if _is_in(ground.real_journal, station, node):
        return "Latihan tercatat di jurnal yang asli; periksa pengaturan broker."
    return None


def _is_in(journal: Path, station: str, node: str) -> bool:
    if not journal.exists():
        return False
    query = "SELECT (SELECT count(*) FROM alerts WHERE station = ?) + (SELECT count(*) FROM readings WHERE node = ?)"
    return read(journal, query, station, node) != [(0,)]


def read(journal: Path, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Rows of a journal that another process writes; raises sqlite3.Error."""
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True, timeout=10)) as connection:
        return connection.execute(query, parameters).fetchall()


def praise(ground: Ground, told: Sequence[Told]) -> str:
    """What a drill that passed says of itself."""
    last = max((message.seconds for message in told if message.seconds is not None), default=0.0)
    seconds = f"{last:.1f}".replace(".", ",")
    group = f"{len(ground.people)} orang dalam kelompok {ground.group}"
    return f"{group} menerima pesan, yang terakhir setelah {seconds} detik."
