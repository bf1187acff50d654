"""Core's refusals of a decision, in the words of the room: what happened meanwhile, and what to do now."""

from typing import Final

from alerting.web.catalogue import tr
from alerting.web.refusals import Refusals, fitting

# What core says (a pattern), and what the page says. Tests make core say each of them.
REFUSALS: Final[Refusals] = (
    (
        r"(?P<id>n\d+) was approved by (?P<by>.+) already",
        "{id} sudah disetujui oleh {by}. Tidak ada yang dikirim dua kali.",
    ),
    (r"(?P<id>n\d+) was vetoed by (?P<by>.+) already", "{id} sudah ditahan oleh {by}."),
    (
        r"(?P<id>n\d+) was replaced by (?P<by>n\d+)",
        "{id} sudah diganti oleh {by} karena keadaannya berubah. Buka {by}.",
    ),
    (r"(?P<id>n\d+) was replaced", "{id} tidak berlaku lagi: peringatannya berubah atau sudah berakhir."),
    (r"(?P<by>.+) has approved (?P<id>n\d+) already", "{by} sudah menyetujui {id}. Perlu orang kedua."),
    (r"the text of (?P<id>n\d+) was changed", "Teks {id} diubah sesudah Anda membacanya. Baca lagi, lalu setujui."),
    (r"(?P<id>n\d+) is on its way already", "{id} sudah dikirim. Kalau keliru, batalkan peringatannya."),
    (r"the alerts of (?P<id>n\d+) are over", "Peringatan {id} sudah berakhir. Tidak ada yang perlu dibatalkan."),
    (r"(?P<id>n\d+) warns of nothing", "{id} bukan peringatan. Tempat aman hanya untuk peringatan."),
    (r"no notice '(?P<id>.*)' is known", "Pemberitahuan {id} tidak ada."),
    (r"'(?P<place>.*)' does not fit into one SMS", "Tempat itu tidak muat dalam satu SMS. Tulis lebih pendek."),
    (r"the place has (?P<n>\d+) letters; write at most (?P<most>\d+)", "Tempat itu {n} huruf; paling banyak {most}."),
    (
        r"an SMS cannot hold the place as written; write it as '(?P<plain>.*)'",
        "SMS tidak memuat huruf itu. Tulis: {plain}",
    ),
    (r"'(?P<time>.*)' is no time of day", "Tulis jam seperti 18:30, atau kosongkan."),
    (r"--(reason|note): write why", "Tulis alasannya, 1 sampai 200 huruf. Alasan disimpan dan ditampilkan."),
    (r"(?P<area>\S+) stands at (?P<level>[A-Z]+); to bring it down", "Wilayah itu sudah {level}. Pilih menurunkan."),
    (r"(?P<area>\S+) stands at (?P<level>[A-Z]+), so", "Wilayah itu sekarang {level}, jadi tidak turun."),
    (r"no alert stands in (?P<area>\S+)", "Tidak ada peringatan di wilayah itu."),
    (r"no station or area '(?P<area>.*)' is known", "Wilayah {area} tidak dikenal. Pilih dari daftar."),
    (r"(?P<area>\S+) is a station", "{area} adalah stasiun. Pilih wilayah."),
    (r"--until (?P<time>.*?): ", "Sampai jam {time}: tulis jam yang belum lewat, paling lama 7 hari."),
    (r"(?P<alert>\S+) was acknowledged by (?P<by>.+) already", "Peringatan ini sudah ditangani oleh {by}."),
    (r"(?P<alert>\S+) does not wait to be acknowledged", "Peringatan ini tidak menunggu untuk ditangani."),
    (r"a comment has 1 to (?P<most>\d+)", "Tulis catatan 1 sampai {most} huruf, satu paragraf."),
    (r"no alert '(?P<alert>.*?)' is known", "Peringatan {alert} tidak ada."),
    (r"not stored:", "Belum tersimpan: ruang disk penuh. Kosongkan, lalu ulangi."),
)


def in_words(said: str) -> str:
    """What a page says for core's ``said``; the sentence itself where there are no words for it."""
    words, given = fitting(said, REFUSALS)
    return tr(words, **given) if words else tr("Inti menolak: {said}", said=said)
