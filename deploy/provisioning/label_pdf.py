"""A node's label as a PDF page of A6: to be printed, laminated and glued into the lid of its box."""

from typing import TYPE_CHECKING, Final

import segno
from fpdf import FPDF

from deploy.provisioning.label import Label

if TYPE_CHECKING:
    from pathlib import Path

WIDTH_MM: Final = 105.0
HEIGHT_MM: Final = 148.0
MARGIN_MM: Final = 8.0
CODE_MM: Final = 62.0
QUIET_MODULES: Final = 4  # ISO/IEC 18004: the light border that a reader needs
WARNING: Final = "Alat peringatan dini. Jangan dibuka, ditutup, atau dipindahkan."
NOTE: Final = "Teknisi: pindai kode ini saat memasang. Label ini tidak memuat sandi."


def label_pdf(label: Label, *, site: str, station: str, owner: str) -> bytes:
    """One page; ``site``, ``station`` and ``owner`` are names as people know them."""
    page = FPDF(orientation="portrait", unit="mm", format=(WIDTH_MM, HEIGHT_MM))
    page.set_title(f"Kentongan {label.node}")
    page.set_margin(MARGIN_MM)
    page.set_auto_page_break(auto=False)
    page.add_page()
    _line(page, 12.0, 14, owner, is_bold=True)
    _line(page, 20.0, 10, site)
    _draw_code(page, label.code, (WIDTH_MM - CODE_MM) / 2, 26.0)
    _line(page, 98.0, 24, label.node, is_bold=True)
    _line(page, 106.0, 12, station)
    _line(page, 118.0, 11, WARNING, is_bold=True)
    _line(page, 130.0, 9, NOTE)
    _line(page, 140.0, 8, f"situs {label.site}")
    return bytes(page.output())


def write_label(path: "Path", label: Label, *, site: str, station: str, owner: str) -> None:
    """Raises OSError."""
    path.write_bytes(label_pdf(label, site=site, station=station, owner=owner))


def _line(page: FPDF, at_mm: float, points: int, text: str, *, is_bold: bool = False) -> None:
    """Centred text whose first line's middle is at ``at_mm``, made smaller until a long word fits."""
    # The standard fonts know Latin letters only; another letter shows as a question mark.
    words = text.encode("latin-1", "replace").decode("latin-1")
    width = WIDTH_MM - 2 * MARGIN_MM
    page.set_font("Helvetica", "B" if is_bold else "", points)
    longest = max((page.get_string_width(word) for word in words.split()), default=0.0)
    if longest > width:
        page.set_font_size(points * width / longest * 0.95)
    page.set_xy(MARGIN_MM, at_mm)
    page.multi_cell(width, points * 0.42, words, align="C")


def _draw_code(page: FPDF, code: str, x: float, y: float) -> None:
    matrix = [bytes(row) for row in segno.make(code, error="q", micro=False).matrix]
    module = CODE_MM / (len(matrix) + 2 * QUIET_MODULES)
    page.set_fill_color(0, 0, 0)
    for row, line in enumerate(matrix):
        for column, is_dark in enumerate(line):
            if is_dark:
                left, top = x + (column + QUIET_MODULES) * module, y + (row + QUIET_MODULES) * module
                page.rect(left, top, module, module, style="F")
