"""What a request may ask: parameters declared once, for the checks and for OpenAPI alike."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request

from alerting.web.api import instants
from alerting.web.api.problem import BAD_PARAMETER, NOT_ACCEPTABLE, Refused, refused

JSON: Final = "application/json"
CSV: Final = "text/csv"
NO_PARAMETERS: Final = "hapus parameter itu; alamat ini tidak memakai parameter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """``schema`` is its JSON schema, ``example`` a value that works in the demonstration."""

    name: str
    description: str
    schema: dict[str, Any]
    example: str | int
    required: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """The query of one request; each reader of a value raises Refused with the parameter's name and the remedy."""

    values: dict[str, str]

    def text(self, name: str) -> str | None:
        return self.values.get(name)

    def whole(self, name: str, *, default: int, most: int) -> int:
        given = self.values.get(name)
        if given is None:
            return default
        if not (given.isascii() and given.isdecimal()) or len(given) > 9 or int(given) < 1:
            raise _bad(name, given, "bukan bilangan bulat mulai dari 1", f"tulis 1 sampai {most}")
        if int(given) > most:
            remedy = f'tulis paling banyak {most}, lalu ikuti alamat di "next" untuk sisanya'
            raise _bad(name, given, f"lebih besar dari batas {most}", remedy)
        return int(given)

    def instant(self, name: str) -> int | None:
        """Milliseconds UTC."""
        given = self.values.get(name)
        if given is None:
            return None
        try:
            return instants.parse(given)
        except ValueError as error:
            remedy = f"tulis waktu dengan offset, misalnya {name}={instants.EXAMPLE.replace('+', '%2B')}"
            raise _bad(name, given, str(error), remedy) from None

    def choice(self, name: str, choices: Sequence[str]) -> str | None:
        given = self.values.get(name)
        if given is None or given in choices:
            return given
        raise _bad(name, given, "tidak dikenal", f"pilih {_either(choices)}", choices)


def read(request: Request, parameters: Sequence[Parameter]) -> Asked:
    """The query, each parameter known, given once and not empty; a required one is there."""
    values: dict[str, str] = {}
    known = [parameter.name for parameter in parameters]
    for name, value in request.query_params.multi_items():
        if name not in known:
            raise _unknown(name, known)
        if name in values:
            raise _bad(name, value, "diberikan lebih dari sekali", "berikan sekali saja")
        if not value:
            raise _bad(name, value, "kosong", "isi, atau hapus")
        values[name] = value
    for parameter in parameters:
        if parameter.required and parameter.name not in values:
            raise _bad(parameter.name, None, "belum diisi", f"tambahkan, misalnya {parameter.name}={parameter.example}")
    return Asked(values)


def bad_span(asked: Asked) -> Refused:
    end = '"end"' if asked.text("end") is not None else "sekarang"
    return refused(
        BAD_PARAMETER,
        f'Parameter "start" tidak lebih awal dari {end}.',
        remedy="Tulis start yang lebih awal, atau end yang lebih akhir.",
        parameter="start",
        given=asked.text("start"),
    )


def wanted_form(accept: str | None, forms: Sequence[str]) -> str:
    """The best of ``forms`` that the Accept header takes, the first one when it takes all alike; raises Refused."""
    if accept is None or not accept.strip():
        return forms[0]
    ranges = [_media_range(part) for part in accept.split(",") if part.strip()]
    weights = {form: _weight(form, ranges) for form in forms}
    best = max(forms, key=lambda form: weights[form])  # the first among equals
    if weights[best] > 0:
        return best
    raise refused(
        NOT_ACCEPTABLE,
        f"Jawaban hanya ada sebagai {_either(forms)}.",
        remedy=f"Kirim kepala Accept: {forms[0]}, atau tanpa Accept.",
        given=accept,
        known=forms,
    )


def _media_range(part: str) -> tuple[str, float]:
    media, *details = (piece.strip().lower() for piece in part.split(";"))
    quality = next((detail[2:].strip() for detail in details if detail.startswith("q=")), "1")
    try:
        return media, float(quality)
    except ValueError:
        return media, 0.0


def _weight(form: str, ranges: Iterable[tuple[str, float]]) -> float:
    """The most specific range that matches decides (RFC 9110, 12.5.1)."""
    taken = dict(ranges)
    for media in (form, f"{form.partition('/')[0]}/*", "*/*"):
        if media in taken:
            return taken[media]
    return 0.0


def _bad(name: str, given: str | None, fault: str, remedy: str, known: Iterable[str] = ()) -> Refused:
    detail = f'Parameter "{name}" {fault}.'
    remedy = f"{remedy[0].upper()}{remedy[1:]}."
    return refused(BAD_PARAMETER, detail, remedy=remedy, parameter=name, given=given, known=known)


def _unknown(name: str, known: Sequence[str]) -> Refused:
    shown = name[:40]
    near = difflib.get_close_matches(shown, known, 1)
    remedy = f'Mungkin "{near[0]}"' if near else f"Yang ada: {_either(known)}" if known else NO_PARAMETERS.capitalize()
    return refused(
        BAD_PARAMETER,
        f'Parameter "{shown}" tidak dikenal di alamat ini.',
        remedy=f"{remedy}.",
        parameter=shown,
        known=near or known,
    )


def _either(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} atau {words[-1]}"
