"""Core's refusals of what administration asks, in the words of its pages."""

from typing import Final

from alerting.web.catalogue import tr
from alerting.web.refusals import Refusals, fitting

# What core says (a pattern), and what the page says. Tests make core say each of them.
REFUSALS: Final[Refusals] = (
    (
        r"(node id|gateway) '(?P<id>.*)' is not 3 to 32",
        "“{id}” tidak bisa dipakai: tulis 3 sampai 32 huruf kecil, angka atau tanda hubung.",
    ),
    (r"node id '(?P<id>.*)' (is reserved|stands for readings)", "Nama {id} dipakai sistem. Pilih nama lain."),
    (
        r"node (?P<id>\S+) was retired",
        "Node {id} sudah dipensiunkan, dan namanya tidak dipakai lagi. Pilih nama lain.",
    ),
    (r"node (?P<id>\S+) exists", "Node {id} sudah ada. Pilih nama lain, atau ganti kredensialnya di halaman node itu."),
    (r"node '(?P<id>.*)' has a credential already", "Node {id} sudah punya kredensial. Ganti kalau hilang atau bocor."),
    (r"node '(?P<id>.*)' has no credential", "Node {id} belum punya kredensial."),
    (r"no node '(?P<id>.*)' is known", "Node {id} tidak dikenal."),
    (r"no station '(?P<id>.*?)' (is known|in the registry)", "Stasiun {id} tidak dikenal. Pilih dari daftar."),
    (
        r"node (?P<id>\S+) is not connected",
        "Node {id} sedang tidak terhubung. Coba lagi saat terhubung, atau pasang ulang kredensialnya dengan kabel.",
    ),
    (r"(?P<id>\S+) cannot take its own place", "{id} tidak bisa menggantikan dirinya sendiri. Pilih node lain."),
    (r"(node (?P<id>\S+) serves no station)", "Node {id} tidak bertugas di stasiun mana pun."),
    (r"core has no connection to the broker", "Inti tidak terhubung ke broker, jadi node tidak bisa diberi tahu."),
    (r"(?P<id>\S+) runs (?P<version>\S+) already", "{id} sudah memakai versi {version}."),
    (r"(?P<id>\S+) runs (?P<version>\S+), which is later", "{id} memakai versi {version}, yang lebih baru."),
    (r"area (?P<code>\S+) exists", "Wilayah {code} sudah ada."),
    (
        r"'(?P<code>.*)' is no area code",
        "“{code}” bukan kode wilayah. Tulis seperti 35.75.01.1001/RW03 atau 35.75.01.1001/RW03/RT02.",
    ),
    (r"the area above it, (?P<code>\S+), is not known", "Wilayah di atasnya, {code}, belum ada. Tambahkan dahulu."),
    (r"no area '(?P<code>.*)' is known", "Wilayah {code} tidak dikenal."),
    (r"the roster was changed meanwhile", "Jadwal jaga sudah diubah orang lain. Muat ulang halaman ini, lalu ulangi."),
    (r"this user was changed meanwhile", "Pengguna ini baru saja diubah. Masuk lagi."),
    (
        r"\S+: belongs to (?P<id>\S+) already",
        "Nomor atau alamat itu sudah dipakai {id}. Satu orang diberi tahu sekali.",
    ),
    (r"(\S+ )?--(reason|note): write why", "Tulis alasannya, 1 sampai 200 huruf. Alasan disimpan dan ditampilkan."),
    (
        r"'(?P<said>.*)' is no reason to see who",
        "“{said}” belum menjelaskan mengapa. Tulis dengan beberapa kata, misalnya: nomor mati, dicek lewat RW.",
    ),
    (r"say why with --reason", "Tulis alasannya. Alasan disimpan dan ditampilkan."),
    (
        r"nobody has looked at this rule",
        "Aturan ini belum dilihat pratinjaunya, atau lebih dari sehari yang lalu. Buat pratinjau lagi.",
    ),
    (r"not stored:", "Belum tersimpan: ruang disk penuh. Kosongkan, lalu ulangi."),
)


def in_words(said: str) -> str:
    """What a page says for core's ``said``; the sentence itself where there are no words for it."""
    words, given = fitting(said, REFUSALS)
    return tr(words, **given) if words else said
