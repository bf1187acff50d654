"""What must be said loudly: that nothing comes, that nobody can be told, that somebody is blind."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from alerting.web import words
from alerting.web.alert_card import DEMO_CHANNEL
from alerting.web.blindness import Blindness, held_of
from alerting.web.catalogue import tr
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
        text = tr("Halaman ini belum menerima apa pun: {reason}. Mencoba lagi terus.", reason=outage.reason)
        return Banner(title=tr("BELUM ADA DATA DARI INTI"), text=text)
    since = words.moment(outage.since, now)
    text = tr(
        "Yang tampak di bawah adalah keadaan terakhir: {reason}. Peringatan mungkin tidak berjalan.",
        reason=outage.reason,
    )
    return Banner(title=tr("DATA TERPUTUS sejak {since}", since=since), text=text)


def _blind(blindness: Blindness, now: int) -> Banner:
    """Once for all stations, with those that stood above normal when the data stopped."""
    held = f" {', '.join(blindness.held)}." if blindness.held else ""
    advice = tr("Bukan tanda aman: pantau langsung, periksa gateway, jaringan dan listrik.")
    return Banner(title=f"{tr(BLIND)}: {blindness.words(now)}", text=f"{held} {advice}".lstrip())


def _silent(held: list[str]) -> list[Banner]:
    """One banner, however many stations fell silent above normal."""
    if not held:
        return []
    text = tr("Tingkat ditahan sampai ada data baik. Kirim orang untuk melihat; jangan anggap surut.")
    if len(held) == 1:
        return [Banner(title=tr("DIAM: {held}", held=held[0]), text=text)]
    title = tr("{n} STASIUN DIAM DI ATAS NORMAL", n=len(held))
    return [Banner(title=title, text=f"{', '.join(held)}. {text}")]


def _of_health(health: HealthView, *, is_blind: bool) -> list[Banner]:
    found = []
    if not health.broker_connected:
        text = tr("Bacaan baru tidak masuk. Alat menyimpannya dan mengirim lagi setelah broker kembali.")
        found.append(Banner(title=tr("BROKER TERPUTUS"), text=text))
    if not health.channels:
        text = tr("Peringatan tidak dapat dikirim kepada siapa pun. Atur saluran di berkas pengaturan.")
        found.append(Banner(title=tr("TIDAK ADA SALURAN PESAN"), text=text))
    problems = [problem for problem in health.problems if not (is_blind and problem.startswith(BLIND))]
    return found + [Banner(title=tr("PERLU DIPERIKSA"), text=problem) for problem in problems]


def _forecast(nowcast: NowcastView, now: int) -> Banner:
    """Another authority's word, named as its own."""
    title = "BMKG" if "BMKG" in nowcast.sender else nowcast.sender  # not with its station's whole name
    span = f"{words.minute(nowcast.onset, now).removesuffix(' WIB')}-{words.minute(nowcast.expires, now)}"
    text = tr(
        "{event} diperkirakan {span}, {areas}.", event=nowcast.event.lower(), span=span, areas=", ".join(nowcast.areas)
    )
    return Banner(title=title, text=text, loud=False)


def _demonstration(health: HealthView | None) -> Banner:
    speed = health.speed if health is not None else 1
    clock = f" {tr('Jam berjalan {n} kali lebih cepat.', n=words.number(speed, 0))}" if speed != 1 else ""
    reaches_nobody = health is not None and set(health.channels) <= {DEMO_CHANNEL}
    phones = f" {tr('Pesan ditulis ke berkas, tidak ke telepon.')}" if reaches_nobody else ""
    text = f"{tr('Sungai, ambang dan penerima adalah contoh, belum resmi.')}{phones}{clock}"
    return Banner(title=tr("PERAGAAN"), text=text, loud=False)
