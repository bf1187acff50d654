"""The alphabet of an SMS, GSM 03.38: one character outside it makes 70 characters of 160."""

import unicodedata
from typing import Final

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION: Final = frozenset("\f^{}\\[~]|€")
# Characters with a plain twin that decomposition does not find: quotes, apostrophes, dashes, signs, letters.
_TWINS: Final = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201b\u2032\u02bb\u02bc\u00b4`", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        "\u00d7": "x",
        "\u0142": "l",
        "\u0111": "d",
        "\u0131": "i",
    }
)


def septets(text: str) -> int:
    """Length of ``text`` in GSM 03.38; raises ValueError naming a character that has no place in it."""
    if _BASIC.issuperset(text):
        return len(text)
    count = 0
    for character in text:
        if character in _BASIC:
            count += 1
        elif character in _EXTENSION:
            count += 2
        else:
            raise ValueError(f"{character!r} is not in the GSM alphabet")
    return count


def transliterated(text: str) -> str:
    """``text`` in GSM characters: letters lose their marks; what has no plain form, such as an emoji, is dropped."""
    result = []
    for character in unicodedata.normalize("NFC", text.translate(_TWINS)):
        if character in _BASIC or character.isspace():
            result.append(character)
        else:
            result += [part for part in unicodedata.normalize("NFKD", character) if part in _BASIC]
    return "".join(result)
