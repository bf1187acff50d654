"""A node's label: what its code says, and that the page bears it."""

import re
import zlib
from pathlib import Path

import pytest
import segno

from deploy.provisioning.label import BadLabel, Label, read_label, site_id
from deploy.provisioning.label_pdf import CODE_MM, HEIGHT_MM, QUIET_MODULES, WIDTH_MM, label_pdf

MM = 72 / 25.4  # PDF counts in points


def content_of(pdf: bytes) -> str:
    (stream,) = re.findall(rb"/FlateDecode.*?stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    return zlib.decompress(stream).decode("latin-1")


@pytest.mark.parametrize("web", ["", "https://peringatan.kota.example", "https://peringatan.kota.example/"])
def test_a_code_says_what_it_was_made_of(web: str) -> None:
    """Node and installation survive; with an address a phone's own camera can open it."""
    label = Label(node="wl-01", site="ab12cd34", web=web)
    found = read_label(f" {label.code}\n")
    assert ("wl-01", "ab12cd34", web.rstrip("/")) == (found.node, found.site, found.web)
    assert label.code.startswith("https://peringatan.kota.example/teknisi?" if web else "kentongan:teknisi?")


@pytest.mark.parametrize(
    "code",
    [
        "",
        "wl-01",
        "https://example.org/",
        "kentongan:teknisi?simpul=wl-01",
        "kentongan:teknisi?situs=ab12cd34",
        "kentongan:teknisi?simpul=../../etc&situs=ab12cd34",
        "http://[",
    ],
)
def test_what_is_no_label_is_refused(code: str) -> None:
    """By one Indonesian sentence that says what to scan."""
    with pytest.raises(BadLabel, match="Pindai kode QR pada kotak alat"):
        read_label(code)


def test_two_installations_have_two_names(tmp_path: Path) -> None:
    """Of their authorities; before there is one there is no name."""
    for name, data in (("a", b"one"), ("b", b"two")):
        (tmp_path / name).write_bytes(data)
    names = {site_id(tmp_path / name) for name in ("a", "b")}
    assert 2 == len(names)
    assert all(re.fullmatch("[0-9a-f]{8}", name) for name in names)
    assert "" == site_id(tmp_path / "none")


def test_the_page_is_a6_and_bears_the_code() -> None:
    """Every dark module is a square of the page, in its place; the node's id stands in plain letters below."""
    label = Label(node="wl-01", site="ab12cd34", web="https://peringatan.kota.example")
    pdf = label_pdf(label, site="Kota Pasuruan", station="Welang Kraton", owner="BPBD KOTA PASURUAN")
    page = content_of(pdf)
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert box is not None
    assert (WIDTH_MM, HEIGHT_MM) == tuple(round(float(size) / MM) for size in box.groups())
    assert all(f"({words})" in page for words in ("wl-01", "Welang Kraton", "BPBD KOTA PASURUAN"))
    matrix = [bytes(row) for row in segno.make(label.code, error="q", micro=False).matrix]
    module = CODE_MM / (len(matrix) + 2 * QUIET_MODULES) * MM
    squares = [tuple(map(float, each)) for each in re.findall(r"([\d.]+) ([\d.]+) ([\d.]+) -[\d.]+ re f", page)]
    left, top = min(x for x, *_ in squares), max(y for _, y, *_ in squares)
    dark = {(round((top - y) / module), round((x - left) / module)) for x, y, *_ in squares}
    assert {(r, c) for r, row in enumerate(matrix) for c, is_dark in enumerate(row) if is_dark} == dark


def test_a_name_that_no_font_has_and_a_long_one() -> None:
    """Neither stops the label: a letter becomes a question mark, a long word smaller."""
    label = Label(node="n" * 32, site="ab12cd34")
    page = content_of(label_pdf(label, site="ꦥꦱꦸꦫꦸꦮꦤ꧀", station="W" * 60, owner="BPBD"))
    assert "(" + "n" * 32 + ")" in page
    assert "????" in page
