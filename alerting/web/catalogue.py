"""The languages of the pages: texts are written in Indonesian where they are used, and looked up for English.

``tr("{n} menit lalu", n=3)`` is Indonesian by itself; in English the same words are the key into
``static/words.en.json``, which the browser reads too. A text without a translation stays Indonesian: nobody is left
without a warning for want of a word, and a test names every text that is missing.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Final, Literal

Language = Literal["id", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("id", "en")
NATIVE: Final = "id"
LANGUAGE_NAMES: Final[dict[Language, str]] = {"id": "Indonesia", "en": "English"}  # each in itself
ENGLISH: Final = Path(__file__).parent / "static" / "words.en.json"

_language: Final[ContextVar[Language]] = ContextVar("language", default=NATIVE)


def language() -> Language:
    """What is spoken now, in this task or thread."""
    return _language.get()


def other_language() -> Language:
    """The one that a page offers to change to."""
    return "en" if _language.get() == NATIVE else NATIVE


@contextmanager
def speaking(spoken: Language) -> Iterator[None]:
    """Everything within is said in ``spoken``."""
    token = _language.set(spoken)
    try:
        yield
    finally:
        _language.reset(token)


def tr(text: str, **values: object) -> str:
    """``text`` in the language that is spoken, its ``{names}`` filled with ``values``."""
    said = text if _language.get() == NATIVE else english().get(text, text)
    return said.format(**values) if values else said


@cache
def english() -> dict[str, str]:
    """Indonesian text to English text."""
    words: dict[str, str] = json.loads(ENGLISH.read_text("utf-8"))
    return words
