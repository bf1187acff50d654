"""Every reason that quality control gives is a plain sentence for the officer."""

import re
from pathlib import Path

import pytest

from broker.quality_flags import REASON_LENGTH, Flag, explain_flag
from deploy.quality.score import judge
from firmware_sim.faults import MAKERS, specimen

SAID = {
    "gross_range: 7.1 outside site 0..6.6": "Nilai 7,1 di luar rentang wajar di tempat ini (0 sampai 6,6).",
    "gross_range: raw 29.9 outside sensor 30..4500": "Nilai mentah 29,9 di luar jangkauan sensor (30 sampai 4500).",
    "gross_range: 20 in 60 s, limit 6 (300/h)": "Jumlah 20 dalam 60 detik melebihi batas wajar 6.",
    "hardware_code: raw 5000 = no_return": "Kode sensor 5000, bukan hasil ukur: sensor tidak menerima pantulan.",
    "hardware_code: raw 300 = obstructed; fits the last 4.05": (
        "Kode sensor 300 (sensor terhalang), tetapi cocok dengan bacaan terakhir 4,05: periksa di tempat."
    ),
    "missing: checksum": "Tidak ada nilai: data sensor rusak.",
    "missing: the node sent null": "Tidak ada nilai: sensor tidak memberi nilai.",
    "fault: odd": "Alat melaporkan gangguan: odd.",
    "impossible_date: node says -5; filed at arrival": (
        "Jam alat salah, jadi dicatat menurut waktu tiba; nilainya sendiri wajar."
    ),
    "no_clock: filed at arrival": "Alat belum tahu jam, jadi dicatat menurut waktu tiba.",
    "stale: 31 min old, limit 30 min": "Bacaan terakhir sudah 31 menit yang lalu, batasnya 30 menit.",
    "time_gap: 4.02 h without a sample, limit 3 h; not compared": (
        "Bacaan pertama setelah 4,02 jam tanpa data, jadi tidak dibandingkan dengan yang sebelumnya."
    ),
    "spike: 4 by 2.98 off both sides, limit 0.15": (
        "Lonjakan sesaat ke 4, beda 2,98 dari bacaan sebelum dan sesudahnya (batas 0,15)."
    ),
    "spike: 2.5 by 1.49 off both sides, limit 0.3; came out of order": (
        "Bacaan susulan 2,5 beda 1,49 dari bacaan sebelum dan sesudahnya (batas 0,3)."
    ),
    "spike: 4 by 3 off what follows, limit 0.3": "Bacaan pertama 4 beda 3 dari semua bacaan sesudahnya (batas 0,3).",
    "rate_of_change: +0.98 in 60 s, limit 0.15 (6/h)": (
        "Berubah +0,98 dalam 60 detik, lebih cepat dari batas 0,15; menunggu bacaan berikutnya."
    ),
    "rate_of_change: +0.39 in 60 s, limit 0.15 (6/h); rain 32 mm in 180 min": (
        "Berubah cepat (+0,39 dalam 60 detik), diterima karena hujan 32 mm dalam 180 menit."
    ),
    "rate_of_change: +0.39 in 60 s, limit 0.15 (6/h); neighbour rises 0.8 m/h": (
        "Berubah cepat (+0,39 dalam 60 detik), diterima karena pos tetangga naik 0,8 m per jam."
    ),
    "rate_of_change: -1.5 in 60 s, last good 1.01": (
        "Melompat -1,5 dalam 60 detik dan tidak ajek; nilai baik terakhir 1,01."
    ),
    "rate_of_change: +0.98 off 1.02 for 2 min, 3 samples; not confirmed": (
        "Beda +0,98 dari nilai baik terakhir 1,02 selama 2 menit, belum terbukti benar."
    ),
    "rate_of_change: +0.98 off 1.02 confirmed by 3 consistent samples": (
        "Perubahan +0,98 dari 1,02 terbukti benar oleh 3 bacaan yang sejalan."
    ),
    "rate_of_change: -2.9 off 3.93 confirmed by return to 1.05": (
        "Perubahan -2,9 dari 3,93 terbukti benar: kembali ke 1,05 seperti semula."
    ),
    "box: +0.98 off 1.02, within 0.02 for 5 min, limit 0.05; nothing supports it": (
        "Melompat +0,98 dari 1,02 lalu diam 5 menit, tanpa hujan atau kenaikan pos lain: mungkin ada benda."
    ),
    "unit_mix_up: 640 is 100 x 6.4, site 0..6.6": "Nilai 640 mustahil, mungkin salah satuan: 6,4 dikali 100.",
    "unit_mix_up: 640 after 6.4, a factor near 100": (
        "Nilai 640 setelah 6,4 berbeda sekitar 100 kali, mungkin salah satuan."
    ),
    "flat_line: 1.234 for 24 h, limit 24 h, tolerance 0.0005": (
        "Nilai tetap 1,234 selama 24 jam (batas 24 jam), mungkin sensor macet."
    ),
    "flat_line: condensed at 100 for 13 h, limit 12 h": (
        "Nilai tetap 100 selama 13 jam (batas 12 jam): sensor berembun."
    ),
    "attenuated_signal: range 0.05 in 25 h, limit 0.2": (
        "Nilai hanya bergerak 0,05 dalam 25 jam (wajarnya 0,2 atau lebih), mungkin sensor tersumbat."
    ),
    "neighbour: clogged, 0 here in 180 min, 25 near by, limit 20": (
        "Penakar ini 0 mm selama 180 menit padahal di dekatnya hujan 25 mm; mungkin tersumbat."
    ),
    "maintenance: 30 while somebody works here": (
        "Tercatat 30 saat stasiun sedang dikerjakan, jadi tidak dihitung sebagai hujan."
    ),
}


@pytest.mark.parametrize("reason", SAID)
def test_a_reason_is_a_sentence_with_its_figures(reason: str) -> None:
    """Indonesian, with decimal commas and without the machine's words."""
    assert SAID[reason] == explain_flag(Flag.SUSPECT, reason)


@pytest.mark.parametrize("name", MAKERS)
def test_everything_that_faults_can_cause_is_explained(name: str) -> None:
    """Run the specimens of each fault; no reason falls through to the raw text, none is too long."""
    judged = judge(specimen(name, 3))
    said = {
        reason: explain_flag(int(flag), reason)
        for flag, reason in zip(judged.final, judged.reasons, strict=True)
        if reason is not None
    }
    assert [] == [reason for reason, sentence in said.items() if reason in sentence or "_" in sentence]
    assert [] == [reason for reason in said if len(reason) > REASON_LENGTH]
    assert [] == [sentence for sentence in said.values() if re.search(r"\d\.\d", sentence)]


def test_a_flag_without_a_reason_and_a_reason_of_tomorrow() -> None:
    """Nothing is left out."""
    assert "Bacaan lolos semua uji." == explain_flag(Flag.GOOD, None)
    assert "Bacaan belum diperiksa." == explain_flag(Flag.NOT_EVALUATED, None)
    assert "Bacaan tidak lolos uji (new_test: 5)." == explain_flag(Flag.FAIL, "new_test: 5")
    assert "Bacaan bertanda 7." == explain_flag(7, None)


def test_the_technician_finds_every_reason_in_his_guide() -> None:
    """By the word before its colon."""
    guide = (Path(__file__).parents[2] / "docs" / "node-lapangan.md").read_text()
    assert [] == sorted(word for word in {said.partition(":")[0] for said in SAID} if f"`{word}`" not in guide)
