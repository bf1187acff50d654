"""Quality flags of IOOS QARTOD: the standard's numbers and names, and what a flag means to people.

A reason is a compact sentence of the machine, written by quality control and read here: the test's name, a colon, and
the figures. ``explain_flag`` says the same to an officer.
"""

import re
from collections.abc import Iterable
from enum import IntEnum
from typing import Final


class Flag(IntEnum):
    GOOD = 1
    NOT_EVALUATED = 2
    SUSPECT = 3
    FAIL = 4
    MISSING = 9


_WORST_FIRST: Final = (Flag.FAIL, Flag.SUSPECT, Flag.GOOD, Flag.NOT_EVALUATED, Flag.MISSING)
_RANK: Final = {flag: rank for rank, flag in enumerate(_WORST_FIRST)}
REASON_LENGTH: Final = 120


def worst(flags: Iterable[Flag]) -> Flag:
    """The flag of a reading tested several times: the worst wins in the order 4, 3, 1, 2, 9."""
    return min(flags, key=_RANK.__getitem__, default=Flag.NOT_EVALUATED)


def explain_flag(flag: int, reason: str | None) -> str:
    """One plain Indonesian sentence that says why a reading has its flag, with the figures of ``reason``.

    A reason that this version does not know is shown as it is, never left out.
    """
    for pattern, sentence in _SENTENCES:
        found = pattern.match(reason or "")
        if found:
            return sentence.format_map({name: _said(text) for name, text in found.groupdict("").items()})
    plain = _PLAIN.get(flag, f"Bacaan bertanda {flag}")
    return f"{plain} ({reason})." if reason else f"{plain}."


_PLAIN: Final[dict[int, str]] = {
    Flag.GOOD: "Bacaan lolos semua uji",
    Flag.NOT_EVALUATED: "Bacaan belum diperiksa",
    Flag.SUSPECT: "Bacaan belum terverifikasi",
    Flag.FAIL: "Bacaan tidak lolos uji",
    Flag.MISSING: "Bacaan hilang",
}
# What a node or a sensor's code says, in words.
_FAULTS: Final = {
    "failed": "sensor gagal mengukur",
    "comms": "sambungan ke sensor terputus",
    "no_return": "sensor tidak menerima pantulan",
    "obstructed": "sensor terhalang",
    "checksum": "data sensor rusak",
    "out_of_range": "di luar jangkauan sensor",
    "warming_up": "sensor masih pemanasan",
    "stuck": "sensor macet",
    "condensed": "sensor berembun",
    "the node sent null": "sensor tidak memberi nilai",
}
_NUMBER: Final = re.compile(r"[-+]?\d")


def _said(text: str) -> str:
    """A figure with a decimal comma, a fault in words."""
    return text.replace(".", ",") if _NUMBER.match(text) else _FAULTS.get(text, text)


def _sentences(*pairs: tuple[str, str]) -> list[tuple[re.Pattern[str], str]]:
    """Patterns with ``<name>`` for a figure and ``<name:word>`` for words."""
    compiled = []
    for pattern, sentence in pairs:
        figures = re.sub(r"<(\w+)>", r"(?P<\1>[-+]?[0-9.einf+-]+)", re.escape(pattern))
        compiled.append((re.compile(re.sub(r"<(\w+):word>", r"(?P<\1>[^;,]+?)", figures) + r"\Z"), sentence))
    return compiled


_SENTENCES: Final = _sentences(
    (
        "gross_range: raw <raw> outside sensor <low>..<high>",
        "Nilai mentah {raw} di luar jangkauan sensor ({low} sampai {high}).",
    ),
    (
        "gross_range: <value> outside site <low>..<high>",
        "Nilai {value} di luar rentang wajar di tempat ini ({low} sampai {high}).",
    ),
    (
        "gross_range: <value> outside site <low>..<high>; reached by consistent samples",
        "Nilai {value} melebihi rentang wajar ({low} sampai {high}), tetapi dicapai bertahap, jadi diterima.",
    ),
    (
        "hardware_code: raw <raw> = <fault:word>; fits the last <last>",
        "Kode sensor {raw} ({fault}), tetapi cocok dengan bacaan terakhir {last}: periksa di tempat.",
    ),
    (
        "maintenance: <value> while somebody works here",
        "Tercatat {value} saat stasiun sedang dikerjakan, jadi tidak dihitung sebagai hujan.",
    ),
    ("hardware_code: raw <raw> = <fault:word>", "Kode sensor {raw}, bukan hasil ukur: {fault}."),
    ("missing: <fault:word>", "Tidak ada nilai: {fault}."),
    ("fault: <fault:word>", "Alat melaporkan gangguan: {fault}."),
    (
        "impossible_date: node says <t>; filed at arrival",
        "Jam alat salah, jadi dicatat menurut waktu tiba; nilainya sendiri wajar.",
    ),
    ("no_clock: filed at arrival", "Alat belum tahu jam, jadi dicatat menurut waktu tiba."),
    (
        "clock_behind: <minutes> min; filed at arrival",
        "Jam alat terlambat {minutes} menit, jadi dicatat menurut waktu tiba; nilainya sendiri wajar.",
    ),
    ("stale: <age> min old, limit <limit> min", "Bacaan terakhir sudah {age} menit yang lalu, batasnya {limit} menit."),
    (
        "time_gap: <gap> h without a sample, limit <limit> h; not compared",
        "Bacaan pertama setelah {gap} jam tanpa data, jadi tidak dibandingkan dengan yang sebelumnya.",
    ),
    (
        "spike: <value> by <off> off both sides, limit <limit>",
        "Lonjakan sesaat ke {value}, beda {off} dari bacaan sebelum dan sesudahnya (batas {limit}).",
    ),
    (
        "spike: <value> by <off> off both sides, limit <limit>; came out of order",
        "Bacaan susulan {value} beda {off} dari bacaan sebelum dan sesudahnya (batas {limit}).",
    ),
    (
        "spike: <value> by <off> off what follows, limit <limit>",
        "Bacaan pertama {value} beda {off} dari semua bacaan sesudahnya (batas {limit}).",
    ),
    (
        "rate_of_change: <step> in <seconds> s, limit <limit> (<rate>/h)",
        "Berubah {step} dalam {seconds} detik, lebih cepat dari batas {limit}; menunggu bacaan berikutnya.",
    ),
    (
        "rate_of_change: <step> in <seconds> s, limit <limit> (<rate>/h); rain <rain> mm in <minutes> min",
        "Berubah cepat ({step} dalam {seconds} detik), diterima karena hujan {rain} mm dalam {minutes} menit.",
    ),
    (
        "rate_of_change: <step> in <seconds> s, limit <limit> (<rate>/h); neighbour rises <rise> m/h",
        "Berubah cepat ({step} dalam {seconds} detik), diterima karena pos tetangga naik {rise} m per jam.",
    ),
    (
        "gross_range: <value> in <seconds> s, limit <limit> (<rate>/h)",
        "Jumlah {value} dalam {seconds} detik melebihi batas wajar {limit}.",
    ),
    (
        "rate_of_change: <step> in <seconds> s, last good <base>",
        "Melompat {step} dalam {seconds} detik dan tidak ajek; nilai baik terakhir {base}.",
    ),
    (
        "rate_of_change: <off> off <base> for <minutes> min, <count> samples; not confirmed",
        "Beda {off} dari nilai baik terakhir {base} selama {minutes} menit, belum terbukti benar.",
    ),
    (
        "rate_of_change: <off> off <base> confirmed by rain <rain> mm in <minutes> min",
        "Perubahan {off} dari {base} terbukti benar: hujan {rain} mm dalam {minutes} menit.",
    ),
    (
        "rate_of_change: <off> off <base> confirmed by neighbour rises <rise> m/h",
        "Perubahan {off} dari {base} terbukti benar: pos tetangga naik {rise} m per jam.",
    ),
    (
        "rate_of_change: <off> off <base> confirmed by return to <former>",
        "Perubahan {off} dari {base} terbukti benar: kembali ke {former} seperti semula.",
    ),
    (
        "rate_of_change: <off> off <base> confirmed by <count> consistent samples",
        "Perubahan {off} dari {base} terbukti benar oleh {count} bacaan yang sejalan.",
    ),
    (
        "rate_of_change: <off> off <base> confirmed by <count> samples against <against>",
        "Nilai ini didukung {count} bacaan, yang sebelumnya ({base}) hanya {against}.",
    ),
    (
        "box: <off> off <base>, within <range> for <minutes> min, limit <limit>; nothing supports it",
        "Melompat {off} dari {base} lalu diam {minutes} menit, tanpa hujan atau kenaikan pos lain: mungkin ada benda.",
    ),
    (
        "unit_mix_up: <value> is <factor> x <fits>, site <low>..<high>",
        "Nilai {value} mustahil, mungkin salah satuan: {fits} dikali {factor}.",
    ),
    (
        "unit_mix_up: <value> after <before>, a factor near <factor>",
        "Nilai {value} setelah {before} berbeda sekitar {factor} kali, mungkin salah satuan.",
    ),
    (
        "flat_line: <value> for <hours> h, limit <limit> h, tolerance <tolerance>",
        "Nilai tetap {value} selama {hours} jam (batas {limit} jam), mungkin sensor macet.",
    ),
    (
        "flat_line: <fault:word> at <value> for <hours> h, limit <limit> h",
        "Nilai tetap {value} selama {hours} jam (batas {limit} jam): {fault}.",
    ),
    (
        "attenuated_signal: range <range> in <hours> h, limit <limit>",
        "Nilai hanya bergerak {range} dalam {hours} jam (wajarnya {limit} atau lebih), mungkin sensor tersumbat.",
    ),
    (
        "neighbour: clogged, 0 here in <minutes> min, <near> near by, limit <limit>",
        "Penakar ini 0 mm selama {minutes} menit padahal di dekatnya hujan {near} mm; mungkin tersumbat.",
    ),
)
