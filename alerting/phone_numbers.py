"""Phone numbers as people write them, made into the one form in which they are kept: E.164, Indonesian mobiles only.

National part of a mobile: ``8[1-35-9]`` and 7 to 10 digits more, as phonenumbers' metadata of ID have it. No sentence
of this module repeats the number that it is about.
"""

import re
import unicodedata
from typing import Final, Literal

import phonenumbers
from phonenumbers import PhoneNumberType

Why = Literal["empty", "letters", "rounded", "short", "long", "landline", "premium", "foreign", "unknown"]

MOBILE: Final = re.compile(r"\+628[1-35-9][0-9]{7,10}\Z")
ROUNDED: Final = re.compile(r"[0-9][.,]?[0-9]*[eE][+]?[0-9]+\Z")  # 8,12346E+11: what a spreadsheet makes of a number
BETWEEN: Final = re.compile(r"[\s().\-\u2010-\u2015\u200b-\u200e\u202a-\u202e\u2060-\u2069\ufeff]")
MOST_DIGITS: Final = 12  # of the national part
COSTLY: Final = (
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.UAN,
    PhoneNumberType.VOIP,
)
WORDS: Final[dict[Why, tuple[str, str]]] = {
    "empty": (
        "the number is missing; write it like 0812 3456 7890",
        "Nomor belum diisi. Tulis seperti 0812 3456 7890.",
    ),
    "letters": (
        "there are letters or signs in the number; write digits only, one number, like 0812 3456 7890",
        "Nomor berisi huruf atau tanda lain. Tulis satu nomor dengan angka saja, seperti 0812 3456 7890.",
    ),
    "rounded": (
        "a spreadsheet has rounded the number; format the column as text and type the number again",
        "Nomor dibulatkan oleh lembar kerja. Jadikan kolomnya teks, lalu ketik ulang nomornya.",
    ),
    "short": (
        "digits are missing; write all of it, like 0812 3456 7890",
        "Nomor kurang lengkap. Tulis semua angkanya.",
    ),
    "long": (
        "there are too many digits; write one number, like 0812 3456 7890",
        "Angkanya terlalu banyak. Tulis satu nomor.",
    ),
    "landline": (
        "this is a fixed line, which gets no SMS; write a mobile number (08...)",
        "Ini telepon rumah, tidak bisa menerima SMS. Tulis nomor HP (08...).",
    ),
    "premium": (
        "this is a service number, not a person's; write a mobile number (08...)",
        "Ini nomor layanan, bukan nomor pribadi. Tulis nomor HP (08...).",
    ),
    "foreign": (
        "this is a number of another country; write an Indonesian mobile number (08... or +628...)",
        "Ini nomor luar negeri. Tulis nomor HP Indonesia (08... atau +628...).",
    ),
    "unknown": (
        "this is no Indonesian mobile number; write one like 0812 3456 7890",
        "Ini bukan nomor HP Indonesia. Tulis seperti 0812 3456 7890.",
    ),
}


class BadNumber(ValueError):
    """Not a number that can be told anything. The text is English; ``indonesian`` says the same on a page."""

    def __init__(self, why: Why) -> None:
        super().__init__(WORDS[why][0])
        self.why, self.indonesian = why, WORDS[why][1]


def is_normal(text: str) -> bool:
    """Whether ``text`` is an Indonesian mobile number in E.164 already."""
    return MOBILE.match(text) is not None


def normalise(text: str) -> str:
    """An Indonesian mobile number in E.164, from any of its spellings; raises BadNumber.

    08.., 8.. (a spreadsheet took the zero), 628.., 00628.., +62 8.., +62 (0) 8.. are the same number.
    """
    number = _international(_digits(text))
    if not MOBILE.match(number) or _kind(number) is not PhoneNumberType.MOBILE:
        raise BadNumber(_fault(number))
    return number


def _digits(text: str) -> str:
    """Digits, with a plus before them or not; raises BadNumber for anything else."""
    plain = unicodedata.normalize("NFKC", text).strip().removeprefix("'").removeprefix("tel:")
    if ROUNDED.match(plain):
        raise BadNumber("rounded")
    bare = BETWEEN.sub("", plain)
    if not bare.strip("+"):
        raise BadNumber("empty")
    if not re.fullmatch(r"\+?[0-9]+", bare):
        raise BadNumber("letters")
    return bare


def _international(bare: str) -> str:
    """With the country's code. A leading 62 is that code: phonenumbers reads 62812.. as a fixed line of area 62."""
    for prefix, country in (("+620", "+62"), ("+", "+"), ("00", "+"), ("620", "+62"), ("62", "+62"), ("0", "+62")):
        if bare.startswith(prefix):
            return country + bare[len(prefix) :]
    return f"+62{bare}" if bare.startswith("8") else bare


def _kind(number: str) -> int | None:
    """What the numbering plan says it is; None for what is no number at all."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return None
    kind: int = phonenumbers.number_type(parsed)
    return kind


def _fault(number: str) -> Why:
    if not number.startswith("+62"):
        return "foreign" if number.startswith("+") and len(number) > 7 else "unknown"
    national, kind = number.removeprefix("+62"), _kind(number)
    if kind == PhoneNumberType.FIXED_LINE:
        return "landline"
    if kind in COSTLY or re.match(r"80[0-9]{5,}", national):
        return "premium"
    if re.match(r"8[1-35-9]", national):
        return "long" if len(national) > MOST_DIGITS else "short"
    return "unknown"
