"""What a number is answered: one GSM 03.38 part each, in the language of whoever asked, LATIHAN in front in drills."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from alerting.gsm7 import septets
from alerting.public_templates import TEMPLATES, Language
from alerting.public_texts import LIMIT
from alerting.text_names import SIAGA_NUMBER, area_name, plain_name

Reply = Literal[
    "code_join",
    "code_leave",
    "joined",
    "which",
    "no_place",
    "left",
    "help",
    "water",
    "safe",
    "noted",
    "acknowledged",
    "nothing_open",
    "officer_stays",
]

# The last form of each is of our own words alone, so that it fits whatever the names.
_INDONESIAN: Final[Mapping[Reply, tuple[str, ...]]] = {
    "code_join": (
        "kode Anda {code} untuk menerima peringatan, berlaku 10 menit. Jangan beri tahu siapa pun. Bukan Anda? Abaikan",
    ),
    "code_leave": (
        "kode Anda {code} untuk berhenti, berlaku 10 menit. Jangan beri tahu siapa pun. Bukan Anda? Abaikan",
    ),
    "joined": (
        "Anda terdaftar untuk peringatan {place}. Keluar: balas BERHENTI. Keadaan: balas INFO. Darurat 112",
        "Anda terdaftar untuk peringatan. Keluar: balas BERHENTI. Keadaan: balas INFO. Darurat 112",
    ),
    "which": (
        "mana yang dimaksud? Balas DAFTAR {places}",
        "nama itu belum jelas. Balas DAFTAR KEL lalu nama kelurahan, misalnya DAFTAR KEL GADINGREJO",
    ),
    "no_place": ("kelurahan itu tidak dikenal. Tulis misalnya DAFTAR KARANGKETUG atau DAFTAR KARANGKETUG RT03 RW02",),
    "left": ("nomor ini tidak menerima peringatan lagi. Ingin ikut lagi? Balas DAFTAR dan nama kelurahan.",),
    "help": (
        "balas DAFTAR dan nama kelurahan untuk ikut, BERHENTI untuk keluar, INFO untuk keadaan sekarang. Darurat 112",
    ),
    "water": ("laporan diterima: ada air di rumah Anda. Petugas melihatnya. Butuh pertolongan? Telepon 112",),
    "safe": ("laporan diterima: Anda aman. Terima kasih. Darurat 112",),
    "noted": (
        "pesan Anda diteruskan ke petugas. Balas 1 bila air masuk rumah, 2 bila aman. Butuh pertolongan? Telepon 112",
    ),
    "acknowledged": ("tercatat, Anda menangani {alert}.", "tercatat, Anda yang menangani."),
    "nothing_open": ("tidak ada peringatan yang menunggu jawaban Anda.",),
    "officer_stays": ("nomor ini milik petugas, jadi tetap menerima peringatan. Minta admin untuk mengubahnya.",),
}
_ENGLISH: Final[Mapping[Reply, tuple[str, ...]]] = {
    "code_join": ("your code to get warnings is {code}. Valid for 10 minutes. Tell nobody. Not you? Ignore this.",),
    "code_leave": ("your code to stop warnings is {code}. Valid for 10 minutes. Tell nobody. Not you? Ignore this.",),
    "joined": (
        "you will get warnings for {place}. To leave reply BERHENTI, for the state INFO. Emergency 112",
        "you will get warnings. To leave reply BERHENTI, for the state INFO. Emergency 112",
    ),
    "which": (
        "which one do you mean? Reply DAFTAR {places}",
        "that name is not clear. Reply DAFTAR KEL and the kelurahan, such as DAFTAR KEL GADINGREJO",
    ),
    "no_place": ("that kelurahan is not known. Write DAFTAR KARANGKETUG or DAFTAR KARANGKETUG RT03 RW02",),
    "left": ("this number gets no more warnings. To join again reply DAFTAR and your kelurahan.",),
    "help": ("reply DAFTAR and your kelurahan to join, BERHENTI to leave, INFO for the state. Emergency 112",),
    "water": ("report received: water in your house. An officer sees it. Need help? Call 112",),
    "safe": ("report received: you are safe. Thank you. Emergency 112",),
    "noted": ("an officer sees your message. Reply 1 if water enters your house, 2 if safe. Need help? Call 112",),
    "acknowledged": ("noted, you deal with {alert}.", "noted, you deal with it."),
    "nothing_open": ("no warning waits for your answer.",),
    "officer_stays": ("this is an officer's number and keeps getting warnings. Ask the administrator to change it.",),
}
_REPLIES: Final[Mapping[Language, Mapping[Reply, tuple[str, ...]]]] = {"id": _INDONESIAN, "en": _ENGLISH}
_OR: Final[Mapping[Language, str]] = {"id": " atau DAFTAR ", "en": " or DAFTAR "}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies:
    """The replies of one installation."""

    sender: str
    is_drill: bool

    def text(
        self,
        reply: Reply,
        language: Language,
        *,
        code: str = "",
        place: str = "",
        places: Sequence[str] = (),
        alert: str = "",
    ) -> str:
        """One part, whatever the names."""
        filled = {
            "code": code,
            "place": area_name(place),
            "places": _OR[language].join(area_name(each).upper() for each in places),
            "alert": plain_name(alert),
        }
        return self.first([form.format_map(filled) for form in _REPLIES[language][reply]], language)

    def first(self, forms: Sequence[str], language: Language) -> str:
        """The first of ``forms``, made of our own words and of plain names, that is one part; the last one must be."""
        drill = f"{TEMPLATES[language].drill[0]} " if self.is_drill else ""
        name = plain_name(self.sender) or "BPBD"
        for form in forms:
            for sender in dict.fromkeys((name, name.split(" ")[0], "BPBD")):
                text = f"{drill}{sender}: {form}"
                if _is_one_part(text) and not SIAGA_NUMBER.search(text):
                    return text
        raise AssertionError("the last form is of our own words and fits")


def _is_one_part(text: str) -> bool:
    try:
        return septets(text) <= LIMIT and text.isprintable()
    except ValueError:
        return False
