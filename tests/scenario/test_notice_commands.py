"""The command line of notices and of the policy, as an officer types it; core is stopped and each stands in for it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.cli import main

SETTINGS = """
[site]
name = "Uji"
[channels]
demo = true
[[officers]]
name = "Petugas jaga"
phone = "+6281200000001"
"""
STATIONS = """
[[stations]]
id = "welang"
name = "Welang Kraton"
river = "Welang"
kelurahan = ["Karangketug", "Randusari"]
datum_m = 6.5
"""
PEOPLE = "nama,rt,rw,kelurahan,nomor\nBudi,1,2,Karangketug,081298765432\nSiti,1,3,Randusari,081298765433\n"

Type = Callable[..., str]


@pytest.fixture
def say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Type:
    """Types a command; what it prints, or why it refuses."""
    (tmp_path / "k.toml").write_text(SETTINGS)
    (tmp_path / "stations.toml").write_text(STATIONS)
    (tmp_path / "people.csv").write_text(PEOPLE)

    def typed(*words: str) -> str:
        code = main([*words, "--settings", str(tmp_path / "k.toml")])
        found = capsys.readouterr()
        return found.out if code == 0 else f"{code}: {found.err.splitlines()[-1]}"

    typed("station", "import", str(tmp_path / "stations.toml"), "--reason", "uji")
    typed("recipient", "import", str(tmp_path / "people.csv"), "--kind", "resident", "--consent", "formulir")
    return typed


def raised(say: Type, area: str = "Karangketug") -> str:
    """Raise an alert of an area by hand; its notice's id."""
    told = say("alert", "raise", area, "AWAS", "--note", "tanggul jebol", "--by", "Rini")
    assert "the public is told when somebody approves: kentongan notice list --waiting" in told
    return say("notice", "list", "--waiting").split()[2]


def test_a_notice_from_the_raise_to_its_cancellation(say: Type) -> None:
    """Shown exactly, approved by two, sent, taken back."""
    assert "no notices\n" == say("notice", "list")
    notice = raised(say)
    shown = say("notice", "show", notice)
    assert "waits for two people" in shown
    assert "of 160, 1 SMS" in shown
    assert "to 1 people (resident 1)\n        Karangketug: 1\n    by (demo 1)" in shown
    first = say("notice", "approve", notice, "--by", "Rini")
    assert f"{notice}: approved by Rini; waits for a second person, or goes out at " in first
    assert "2: kentongan notice: rini has approved" in say("notice", "approve", notice, "--by", "rini")
    assert f"{notice}: approved by Rini, Joko; 0 of 1 made\n" in say("notice", "approve", notice, "--by", "Joko")
    assert "messages (queued 1)" in say("notice", "show", notice)
    cancelled = say("notice", "cancel", notice, "--by", "Joko", "--reason", "salah lihat")
    assert f"{notice}: 35.75.01.1001.area.1 cancelled; 0 people are told" in cancelled
    assert "there is nothing to take back" in say("notice", "cancel", notice, "--by", "Joko", "--reason", "lagi")
    assert "no notices\n" == say("notice", "list", "--waiting")


def test_a_veto_says_who_and_why(say: Type) -> None:
    """And what is not known is said to be so."""
    notice = raised(say)
    assert f"{notice}: vetoed by Joko: belum pasti\n" == say(
        "notice", "veto", notice, "--by", "Joko", "--reason", "belum pasti"
    )
    assert "was vetoed by Joko already" in say("notice", "veto", notice, "--by", "Rini", "--reason", "x")
    assert "no notice 'n999999' is known" in say("notice", "show", "n999999")


def test_the_policy_is_set_with_author_reason_and_paper(say: Type) -> None:
    """Versions are kept; what is wrong changes nothing."""
    assert "in force: what the program comes with" in say("policy", "show")
    assert "a pre-authorisation needs the paper" in say(
        "policy", "set", "--pre-authorise", "AWAS", "--by", "Kepala", "--reason", "hujan"
    )
    assert "write 21:00-05:00, or off" in say("policy", "set", "--quiet", "9-5", "--by", "K", "--reason", "x")
    assert "nothing is changed" in say("policy", "set", "--by", "K", "--reason", "x")
    assert "expected `int` >= 10" in say("policy", "set", "--veto", "1", "--by", "K", "--reason", "x").lower()
    paper = ("--pre-authorise", "AWAS", "--document", "SK 12/2026", "--quiet", "22:00-04:30", "--price", "350")
    assert "policy v1 from" in say("policy", "set", *paper, "--by", "Kepala", "--reason", "musim hujan")
    shown = say("policy", "show")
    for told in (
        "AWAS: goes out unless vetoed within 60 s (SK 12/2026)",
        "WASPADA: waits from 22:00 to 04:30",
        "Rp 350",
        "by Kepala: musim hujan",
    ):
        assert told in shown
    assert "policy v2" in say("policy", "set", "--no-pre-authorise", "--quiet", "off", "--by", "K", "--reason", "habis")
    assert "AWAS: waits for an approval" in say("policy", "show")
    assert "never quiet" in say("policy", "show")


def test_an_alert_is_acknowledged_in_ones_own_name(say: Type) -> None:
    """The list says who deals with it."""
    say("alert", "raise", "welang", "SIAGA", "--note", "naik", "--by", "Rini")
    assert "Joko deals with welang.level.1@1 SIAGA\n" == say("alert", "ack", "welang", "--by", "Joko")
    assert "(acknowledged by Joko)" in say("alert", "list", "--active")
    assert "nothing at welang waits" in say("alert", "ack", "welang", "--by", "Rini")
