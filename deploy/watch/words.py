"""What a watch says to its keepers, in Indonesian: one GSM-7 part, the worst first, and what to do."""

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from alerting import gsm7
from alerting.channels.port import Message
from alerting.text_clauses import clock
from deploy.watch.heard import Finding
from deploy.watch.settings import Watch

PART: Final = 160
WHY: Final = {
    "broker": "broker atau jaringannya tidak terjangkau",
    "core": "broker hidup, inti tidak menjawab",
    "sender": "data masuk, pengirim pesan tidak bergerak",
    "no_channel": "tidak ada saluran pesan",
}


def alarm(watch: Watch, finding: Finding, *, since: int, zone: ZoneInfo, is_again: bool) -> str:
    """``since`` is ms UTC."""
    still = "MASIH " if is_again else ""
    at = clock(since, zone)
    if finding.kind == "daily":
        return _fitted(watch, f"{still}GANGGUAN {watch.site}: pesan harian tidak terkirim (", finding.detail, ").")
    if finding.is_broken:
        head = f"{still}PERINGATAN DINI {watch.site} TERPUTUS sejak {at}: "
        tail = ". Warga TIDAK diberi tahu! Pantau sungai, hubungi TI."
        return _fitted(watch, head, _why(finding), tail)
    head, tail = f"{still}GANGGUAN {watch.site} sejak {at}: ", f". Saluran {', '.join(finding.working)} bekerja."
    return _fitted(watch, head, _why(finding), tail)


def well(watch: Watch, *, since: int, now: int, zone: ZoneInfo) -> str:
    minutes = max(1, round((now - since) / 60_000))
    head = f"PULIH: peringatan dini {watch.site} bekerja lagi {clock(now, zone)}"
    return _fitted(watch, head, "", f" (terputus {minutes} menit).")


def own(watch: Watch, bad: Sequence[str]) -> str:
    """About the watch's own channels; "" in ``bad`` for none."""
    if not bad:
        return _fitted(watch, f"PULIH: semua saluran pengawas {watch.id} bekerja lagi.", "", "")
    head = f"PENGAWAS {watch.id} tidak dapat memakai saluran {', '.join(bad)}"
    return _fitted(watch, head, "", ": periksa akun dan jaringannya.")


def trial_message(watch: Watch, address: str, *, now: int, zone: ZoneInfo) -> Message:
    """By hand, to one keeper; ``now`` is ms UTC."""
    body = _fitted(watch, f"UJI COBA pengawas {watch.id} {clock(now, zone)}: bukan peringatan, abaikan.", "", "")
    return Message(key=f"watch/{watch.id}/test/{now}", address=address, body=body, created_at=now)


def _why(finding: Finding) -> str:
    if finding.kind == "channel":
        return "; ".join(f"saluran {name}: {problem.rstrip('.')}" for name, problem in finding.ways.items())
    return WHY.get(finding.kind, finding.kind) + (f" ({finding.detail})" if finding.detail else "")


def _fitted(watch: Watch, head: str, middle: str, tail: str) -> str:
    """One part: what stands in the middle is cut when it is too long, head and tail never."""
    drill = "LATIHAN. " if watch.realm == "latihan" else ""
    head, middle, tail = (gsm7.transliterated(each) for each in (drill + head, middle, tail))
    room = PART - gsm7.septets(head + tail)
    if gsm7.septets(middle) > room:
        middle = (middle[: room + 1].rpartition(" ")[0] or middle[:room]).rstrip(" :;,.(")
    return head + middle + tail
