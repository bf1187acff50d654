"""What was typed into a form: each field is read once, and what is wrong with it stays beside what was typed."""

import math
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from starlette.datastructures import FormData

from alerting.web import words
from alerting.web.catalogue import tr

TEXT: Final = 200  # letters
KEY: Final = 64


class Form:
    """``said`` has every field as text, ``wrong`` a sentence for a field's name; for the whole form under ""."""

    def __init__(self, fields: FormData | None = None, *, said: Mapping[str, Any] | None = None) -> None:
        self._lists: dict[str, list[str]] = {}
        for name, value in fields.multi_items() if fields is not None else ():
            if isinstance(value, str):
                self._lists.setdefault(name, []).append(value)
        for name, value in (said or {}).items():
            many = value if isinstance(value, list | tuple) else [value]
            self._lists[name] = ["" if each is None else str(each) for each in many]
        self.wrong: dict[str, str] = {}

    @property
    def is_good(self) -> bool:
        return not self.wrong

    def refuse(self, sentence: str, name: str = "") -> None:
        """Keep what is wrong; the first sentence about a field stays."""
        self.wrong.setdefault(name, sentence)

    def shown(self, name: str) -> str:
        """As it was typed."""
        return self._lists.get(name, [""])[0]

    def has(self, name: str, value: str) -> bool:
        return value in self._lists.get(name, [])

    def many(self, name: str) -> list[str]:
        """Every value of a field that is there more than once, empty ones aside."""
        return [each.strip() for each in self._lists.get(name, []) if each.strip()]

    def text(self, name: str, *, due: bool = False, most: int = TEXT) -> str:
        value = " ".join(self.shown(name).split())
        if due and not value:
            self.refuse(tr("Isi kolom ini."), name)
        if len(value) > most:
            self.refuse(tr("Terlalu panjang: paling banyak {most} huruf.", most=most), name)
        return value

    def listed(self, name: str) -> list[str]:
        """Values between commas."""
        return [each for part in self.shown(name).split(",") if (each := " ".join(part.split()))]

    def chosen(self, name: str, options: Collection[str]) -> str:
        value = self.text(name)
        if value not in options:
            self.refuse(tr("Pilih salah satu."), name)
        return value

    def number(self, name: str, *, due: bool = False) -> float | None:
        """With a decimal comma or point; None when the field is empty or wrong."""
        value = self.text(name, due=due).replace(",", ".")
        if not value:
            return None
        try:
            found = float(value)
        except ValueError:
            found = math.nan
        if not math.isfinite(found):
            self.refuse(tr("Tulis sebuah angka, misalnya 3,50."), name)
            return None
        return found

    def whole(self, name: str, *, due: bool = False) -> int | None:
        found = self.number(name, due=due)
        if found is None:
            return None
        if not found.is_integer():
            self.refuse(tr("Tulis bilangan bulat, misalnya 3."), name)
            return None
        return int(found)

    def moment(self, name: str) -> int | None:
        """A date and time of day in WIB as ms UTC; None when the field is empty or wrong."""
        value = self.text(name)
        if not value:
            return None
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            self.refuse(tr("Tulis tanggal dan jam, misalnya 2026-12-01T07:00."), name)
            return None
        at = found if found.tzinfo is not None else found.replace(tzinfo=words.WIB)
        return round(at.timestamp() * 1000)

    @property
    def key(self) -> str | None:
        """The form's own mark, by which doing it twice is doing it once."""
        return self.text("key", most=KEY) or None
