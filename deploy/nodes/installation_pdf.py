"""The record of an installation as a PDF of A4: who put up what, where, by which readings, and how it looked. Pure."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any, Final

import msgspec
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from alerting.web import words
from alerting.web.catalogue import NATIVE, speaking
from alerting.web.technician.install_words import limits, step_lines
from deploy.nodes.installation import Installation

MARGIN_MM: Final = 18.0
PHOTO_HEIGHT_MM: Final = 90.0
TITLE: Final = "BERITA ACARA PEMASANGAN"
HAZARDS: Final = {"level": "muka air", "tide": "pasang", "rain": "hujan", "air": "mutu udara"}
NOT_SET: Final = "BELUM DITETAPKAN: stasiun ini belum memperingatkan siapa pun"


def installation_pdf(found: Installation, photo: bytes | None) -> bytes:
    """The same bytes for the same installation; ``found`` is done. ``photo`` is a JPEG."""
    with speaking(NATIVE):
        page = FPDF(orientation="portrait", unit="mm", format="A4")
        page.set_creation_date(words.local(found.ended_at or 0))
        page.set_title(_latin(f"{TITLE} {found.node}"))
        page.set_margin(MARGIN_MM)
        page.set_auto_page_break(auto=True, margin=MARGIN_MM)
        page.add_page()
        _heading(page, found)
        _table(page, _facts(found), widths=(38, 62))
        _section(page, "Langkah")
        _table(page, _steps(found), widths=(22, 46, 16, 16), heads=("Langkah", "Hasil", "Oleh", "Pukul"))
        if found.gauge:
            is_unused = "gauge" not in found.steps or bool(found.steps["gauge"].skipped)
            _section(page, f"Bacaan papan duga{' (tidak dipakai)' if is_unused else ''}")
            _table(page, _gauge(found), widths=(25, 25, 25, 25), heads=("Pukul", "Papan", "Jarak sensor", "Datum"))
        if photo is not None:
            _section(page, "Foto")
            page.image(BytesIO(photo), h=PHOTO_HEIGHT_MM, w=page.epw, keep_aspect_ratio=True)
        return bytes(page.output())


def _heading(page: FPDF, found: Installation) -> None:
    page.set_font("Helvetica", "B", 16)
    _line(page, TITLE, 8)
    page.set_font("Helvetica", "", 11)
    _line(page, f"{found.result['city']} - {found.result['name']} - node {found.node}", 6)
    page.ln(3)


def _section(page: FPDF, title: str) -> None:
    page.ln(3)
    page.set_font("Helvetica", "B", 12)
    _line(page, title, 7)


def _line(page: FPDF, text: str, height_mm: float) -> None:
    page.cell(0, height_mm, _latin(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _table(
    page: FPDF, rows: Sequence[Sequence[str]], *, widths: tuple[int, ...], heads: Sequence[str] | None = None
) -> None:
    page.set_font("Helvetica", "", 9)
    first = "SINGLE_TOP_LINE" if heads is None else "HORIZONTAL_LINES"
    with page.table(
        col_widths=widths,
        borders_layout=first,
        text_align="LEFT",
        line_height=5,
        first_row_as_headings=heads is not None,
        headings_style=FontFace(emphasis="BOLD"),
    ) as table:
        for row in [*([heads] if heads is not None else []), *rows]:
            table.row([_latin(cell) for cell in row])


def _facts(found: Installation) -> list[tuple[str, str]]:
    said = found.result
    rows = [
        ("Stasiun", f"{said['name']} ({said['station']}), {HAZARDS[said['hazard']]} {said['river']}".strip()),
        ("Letak", _place(said)),
        ("Mulai", f"{_moment(found.begun_at)} oleh {found.begun_by}"),
        ("Selesai", f"{_moment(found.ended_at or 0)} oleh {found.ended_by}"),
        (
            "Perangkat keras, firmware",
            f"{said['hardware'] or 'belum dicatat'}, {said['firmware'] or 'belum dilaporkan'}",
        ),
    ]
    if said["datum_m"] is not None:
        rows.append(("Datum", f"{words.number(said['datum_m'], 3)} m di atas nol papan, epoch {said['epoch']}"))
    rows += [
        ("Ambang", _limits(found)),
        ("Data baik sejak", _moment(said["good_since"])),
        ("Bacaan terakhir", _last(said)),
    ]
    return rows


def _place(said: dict[str, Any]) -> str:
    if said["latitude"] is None:
        return "belum dicatat"
    return f"{words.number(said['latitude'], 6)}; {words.number(said['longitude'], 6)} (WGS 84)"


def _limits(found: Installation) -> str:
    return limits(found.steps["thresholds"].facts) or NOT_SET


def _last(said: dict[str, Any]) -> str:
    if said["last"] is None:
        return "belum ada"
    quantity, value, time = said["last"]
    kind = words.quantity_of(quantity)
    return f"{kind.name} {words.measured(quantity, value)} {kind.unit}, {_moment(time)}"


def _steps(found: Installation) -> list[tuple[str, ...]]:
    view = {"open": [], "steps": msgspec.to_builtins(found.steps)}
    return [
        (line.title, line.came_to, found.steps[line.name].by, _clock(found.steps[line.name].at))
        for line in step_lines(view)
        if line.name in found.steps
    ]


def _gauge(found: Installation) -> list[tuple[str, ...]]:
    return [
        (
            _clock(each.at),
            f"{words.number(each.gauge_m, 2)} m",
            f"{words.number(each.distance_m, 3)} m",
            f"{words.number(each.datum_m, 3)} m",
        )
        for each in found.gauge
    ]


def _moment(at: int) -> str:
    return f"{words.local(at):%d-%m-%Y %H:%M} WIB"


def _clock(at: int) -> str:
    return f"{words.local(at):%H:%M:%S}"


def _latin(text: str) -> str:
    """The standard fonts know Latin letters only; another letter shows as a question mark."""
    return text.encode("latin-1", "replace").decode("latin-1")
