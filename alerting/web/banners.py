"""What must be said loudly: that nothing comes, that nobody can be told, that somebody is blind."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from alerting.web import words
from alerting.web.alert_card import DEMO_CHANNEL
from alerting.web.blindness import Blindness, held_of
from alerting.web.link import Outage
from broker.live import HealthView, NowcastView, StationView

BLIND: Final = "BUTA"  # how core's own problem begins that says the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """``title`` in capitals, then what it means and what to do. ``loud`` ones are hatched, the others are notes."""

    title: str
    text: str
    loud: bool = True


def banners_of(
    *,
    outage: Outage | None,
    health: HealthView | None,
    stations: Collection[StationView],
    blindness: Blindness | None,
    demo: bool,
    now: int,
) -> list[Banner]:
    """Worst first; the note of a demonstration last."""
    found = [_lost(outage, now)] if outage is not None else []
    found += [_blind(blindness, now)] if blindness is not None else _silent(held_of(stations))
    if health is not None and outage is None:
        found += _of_health(health, is_blind=blindness is not None)
    if health is not None and outage is None:
        found += [_forecast(nowcast, now) for nowcast in health.nowcasts]
    if demo or (health is not None and health.demo):
        found.append(_demonstration(health))
    return found


def _lost(outage: Outage, now: int) -> Banner:
    if outage.since is None:
        text = f"Halaman ini belum menerima apa pun: {outage.reason}. Mencoba lagi terus."
        return Banner(title="BELUM ADA DATA DARI INTI", text=text)
    since = words.moment(outage.since, now)
    text = f"Yang tampak di bawah adalah keadaan terakhir: {outage.reason}. Peringatan mungkin tidak berjalan."
    return Banner(title=f"DATA TERPUTUS sejak {since}", text=text)


def _blind(blindness: Blindness, now: int) -> Banner:
    """Once for all stations, with those that stood above normal when the data stopped."""
    held = f" {', '.join(blindness.held)}." if blindness.held else ""
    text = f"{held} Bukan tanda aman: pantau langsung, periksa gateway, jaringan dan listrik.".lstrip()
    return Banner(title=f"{BLIND}: {blindness.words(now)}", text=text)


def _silent(held: list[str]) -> list[Banner]:
    """One banner, however many stations fell silent above normal."""
    if not held:
        return []
    text = "Tingkat ditahan sampai ada data baik. Kirim orang untuk melihat; jangan anggap surut."
    if len(held) == 1:
        return [Banner(title=f"DIAM: {held[0]}", text=text)]
    return [Banner(title=f"{len(held)} STASIUN DIAM DI ATAS NORMAL", text=f"{', '.join(held)}. {text}")]


def _of_health(health: HealthView, *, is_blind: bool) -> list[Banner]:
    found = []
    if not health.broker_connected:
        text = "Bacaan baru tidak masuk. Alat menyimpannya dan mengirim lagi setelah broker kembali."
        found.append(Banner(title="BROKER TERPUTUS", text=text))
    if not health.channels:
        text = "Peringatan tidak dapat dikirim kepada siapa pun. Atur saluran di berkas pengaturan."
        found.append(Banner(title="TIDAK ADA SALURAN PESAN", text=text))
    problems = [problem for problem in health.problems if not (is_blind and problem.startswith(BLIND))]
    return found + [Banner(title="PERLU DIPERIKSA", text=problem) for problem in problems]


def _forecast(nowcast: NowcastView, now: int) -> Banner:
    """Another authority's word, named as its own."""
    title = "BMKG" if "BMKG" in nowcast.sender else nowcast.sender  # not with its station's whole name
    span = f"{words.minute(nowcast.onset, now).removesuffix(' WIB')}-{words.minute(nowcast.expires, now)}"
    return Banner(
        title=title, text=f"{nowcast.event.lower()} diperkirakan {span}, {', '.join(nowcast.areas)}.", loud=False
    )


def _demonstration(health: HealthView | None) -> Banner:
    speed = health.speed if health is not None else 1
    clock = f" Jam berjalan {words.number(speed, 0)} kali lebih cepat." if speed != 1 else ""
    reaches_nobody = health is not None and set(health.channels) <= {DEMO_CHANNEL}
    phones = " Pesan ditulis ke berkas, tidak ke telepon." if reaches_nobody else ""
    text = f"Sungai, ambang dan penerima adalah contoh, belum resmi.{phones}{clock}"
    return Banner(title="PERAGAAN", text=text, loud=False)
