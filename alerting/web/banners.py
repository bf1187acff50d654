"""What must be said loudly: that nothing comes, that nobody can be told, that somebody is blind."""

from collections.abc import Iterable
from dataclasses import dataclass

from alerting.web import words
from alerting.web.alert_card import DEMO_CHANNEL
from alerting.web.link import Outage
from alerting.web.station_card import held_words
from broker.live import HealthView, StationView


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """``title`` in capitals, then what it means and what to do. ``loud`` ones are hatched, the others are notes."""

    title: str
    text: str
    loud: bool = True


def banners_of(
    *, outage: Outage | None, health: HealthView | None, stations: Iterable[StationView], demo: bool, now: int
) -> list[Banner]:
    """Worst first; the note of a demonstration last."""
    found = [_lost(outage, now)] if outage is not None else []
    found += _blind(list(stations))
    if health is not None and outage is None:
        found += _of_health(health)
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


def _blind(stations: list[StationView]) -> list[Banner]:
    found = [
        Banner(
            title=f"{station.name} DIAM: {held}",
            text="Tingkat ditahan sampai ada data baik. Kirim orang untuk melihat; jangan anggap surut.",
        )
        for station in stations
        if (held := held_words(station)) is not None
    ]
    if len(stations) > 1 and all(station.silent for station in stations):
        text = "Tidak satu pun alat terdengar. Periksa gateway, jaringan dan listrik."
        found.insert(0, Banner(title=f"BUTA: SEMUA {len(stations)} STASIUN DIAM", text=text))
    return found


def _of_health(health: HealthView) -> list[Banner]:
    found = []
    if not health.broker_connected:
        text = "Bacaan baru tidak masuk. Alat menyimpannya dan mengirim lagi setelah broker kembali."
        found.append(Banner(title="BROKER TERPUTUS", text=text))
    if not health.channels:
        text = "Peringatan tidak dapat dikirim kepada siapa pun. Atur saluran di berkas pengaturan."
        found.append(Banner(title="TIDAK ADA SALURAN PESAN", text=text))
    found += [Banner(title="PERLU DIPERIKSA", text=problem) for problem in health.problems]
    return found


def _demonstration(health: HealthView | None) -> Banner:
    speed = health.speed if health is not None else 1
    clock = f" Jam berjalan {words.number(speed, 0)} kali lebih cepat." if speed != 1 else ""
    reaches_nobody = health is not None and set(health.channels) <= {DEMO_CHANNEL}
    phones = " Pesan ditulis ke berkas, tidak ke telepon." if reaches_nobody else ""
    text = f"Sungai, ambang dan penerima adalah contoh, belum resmi.{phones}{clock}"
    return Banner(title="PERAGAAN", text=text, loud=False)
