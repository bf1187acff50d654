"""Water, officers and crashes in any order, by seed: who was warned is told that it is over, nobody twice, in order."""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from alerting.recipients import Kind
from broker.control import CommandFailed
from tests.notice_post import BLANDONGAN, KARANGKETUG, RANDUSARI, NoticePost

AREAS = (KARANGKETUG, RANDUSARI, BLANDONGAN)
LEVELS = ("WASPADA", "SIAGA", "AWAS")
STEPS = 70
KINDS: tuple[Kind, ...] = ("resident", "head", "resident", "institution", "resident")


class Story:
    """``doubtful`` are messages that the provider may have had when core died."""

    def __init__(self, post: NoticePost, seed: int) -> None:
        self.post, self.chance = post, random.Random(f"notices/{seed}")
        self.doubtful: set[str] = set()
        self.people = {post.person([area], kind=kind): area for area in AREAS for kind in KINDS}

    def play(self) -> None:
        steps = (
            *(self.raise_or_lower, self.raise_or_lower, self.approve, self.approve, self.approve),
            *(self.some_arrive, self.some_arrive, self.some_arrive, self.veto, self.cancel, self.crash, self.time),
        )
        for _ in range(STEPS):
            self.chance.choice(steps)()
        for area in AREAS:
            self.try_("alert-cancel", scope=area, by="Rini", note="selesai")
        for _ in range(6):
            self.post.wait(10, turns=2)
            self.post.deliver()

    def try_(self, command: str, **said: Any) -> None:
        """What may be refused."""
        try:
            self.post.ask(command, **said)
        except CommandFailed:
            return

    def raise_or_lower(self) -> None:
        verb = self.chance.choice(("alert-raise", "alert-raise", "alert-lower"))
        area = self.chance.choice(AREAS)
        self.try_(verb, scope=area, level=self.chance.choice(LEVELS), by="Rini", note="lihat")

    def notice(self) -> str:
        return str(self.chance.choice(self.post.ask("notice-list", limit=4) or [{"notice": "n0"}])["notice"])

    def approve(self) -> None:
        notice = self.notice()
        for by in self.chance.sample(("Rini", "Joko", "Budi"), 2):
            self.try_("notice-approve", notice=notice, by=by)

    def veto(self) -> None:
        self.try_("notice-veto", notice=self.notice(), by="Joko", reason="tidak yakin")

    def cancel(self) -> None:
        self.try_("notice-cancel", notice=self.notice(), by="Joko", reason="salah")

    def some_arrive(self) -> None:
        """The provider takes what it has, and what comes after it waits."""
        for _ in range(self.chance.randint(1, 4)):
            self.post.answer()

    def time(self) -> None:
        self.post.wait(self.chance.choice((1, 20, 61)))

    def crash(self) -> None:
        """Some of what is on its way has reached the provider, and core never heard of it."""
        for attempt in self.post.waiting:
            self.doubtful.add(attempt.entry.key)
            if not attempt.is_lookup and self.chance.random() < 0.5:
                self.post.sent.append(attempt.entry.key)
        self.post.crash()

    # -- the verdict ---------------------------------------------------------------------------------------------

    def faults(self) -> list[str]:
        counts = Counter(self.post.sent)
        faults = [f"{key} was taken {count} times" for key, count in counts.items() if count > 1]
        for person, area in self.people.items():
            versions = [tuple(map(int, (alert.split(".")[-1], version))) for alert, version in self.sent_to(person)]
            if versions != sorted(versions):
                faults.append(f"{person} was told out of order: {versions}")
            faults += self.over(person, area)
        return faults

    def sent_to(self, person: str) -> list[tuple[str, str]]:
        found = [key.split("/") for key in self.post.sent if f"/{person}/" in key]
        return [(parts[0], parts[1]) for parts in found]

    def over(self, person: str, area: str) -> list[str]:
        """Every alert that a person was warned of has ended for him, or a newer one took its place; no other has."""
        ends = dict(
            self.post.rows(
                "SELECT alert, version FROM alerts WHERE station = ? AND kind IN ('ended', 'cancelled')", area
            )
        )
        had: dict[str, set[int]] = {}
        for alert, version in self.sent_to(person):
            had.setdefault(alert, set()).add(int(version))
        warned = {alert for alert, versions in had.items() if versions - {ends[alert]}}
        told = {alert for alert, versions in had.items() if ends[alert] in versions}
        unsure = {alert for alert in told if any(key.startswith(f"{alert}/") for key in self.doubtful)}
        last = max(had, key=number, default="")
        missed = [
            f"{person} was warned of {alert} and not told that it is over"
            for alert in sorted(warned - told)
            if number(alert) >= number(last)
        ]
        return missed + [f"{person} was told the end of {alert} alone" for alert in sorted(told - warned - unsure)]


def number(alert: str) -> int:
    return int(alert.rpartition(".")[2])


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_the_end_follows_the_warning(tmp_path: Path, seed: int) -> None:
    """Raised, approved, vetoed, cancelled, killed in any order."""
    post = NoticePost(tmp_path, room=4)
    post.ask("policy-set", changes={"most_a_day": 100, "quiet_until": 0, "quiet_from": 0}, by="uji", reason="uji")
    story = Story(post, seed)
    story.play()
    assert [] == story.faults()
    post.close()


def test_the_verdict_sees_who_was_forgotten(tmp_path: Path) -> None:
    """One message taken out of the ledger is one fault."""
    post = NoticePost(tmp_path, room=100)
    story = Story(post, 0)
    post.ask("alert-raise", scope=KARANGKETUG, level="SIAGA", by="Rini", note="x")
    for by in ("Rini", "Joko"):
        post.ask("notice-approve", notice=post.notice()["notice"], by=by)
    post.deliver()
    post.ask("alert-cancel", scope=KARANGKETUG, by="Rini", note="x")
    post.deliver()
    assert [] == story.faults()
    forgotten = next(key for key in post.sent if ".area.1/2/" in key and key.split("/")[2] in story.people)
    post.sent.remove(forgotten)
    person = forgotten.split("/")[2]
    assert [f"{person} was warned of {KARANGKETUG}.area.1 and not told that it is over"] == story.faults()
    post.close()
