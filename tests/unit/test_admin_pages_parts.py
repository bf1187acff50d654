"""What the pages of administration are made of: fields, files that wait, long works, the clock, health since when."""

import threading
from pathlib import Path

import pytest

from alerting.web.admin.fields import Form
from alerting.web.admin.health import Since
from alerting.web.admin.held import KEPT_MS, HeldFiles
from alerting.web.admin.jobs import FAILED, Jobs
from alerting.web.admin.office import BROKEN, GOOD, Part, Say, Word, Wrong
from broker.clock import REAL
from deploy.health.machine_clock import clock_state
from deploy.health.parts import HealthParts
from deploy.health.turn_times import TurnTimes
from deploy.settings import load
from deploy.state_folder import StateFolder
from tests.browser.page_server import wait_for

START = 1_800_000_000_000


@pytest.mark.parametrize(
    ("typed", "number"), [("3,5", 3.5), (" 3.50 ", 3.5), ("-1", -1.0), ("", None), ("nan", None), ("tiga", None)]
)
def test_numbers_have_a_comma_or_a_point(typed: str, number: float | None) -> None:
    """What is none is refused beside its field; an empty one is nothing."""
    form = Form(said={"n": typed})
    assert number == form.number("n")
    assert (number is None and typed != "") == ("n" in form.wrong)


def test_a_moment_without_an_offset_is_in_wib() -> None:
    """As the browser's own field gives it."""
    form = Form(said={"a": "2026-12-01T07:00", "b": "2026-12-01T00:00+00:00", "c": "besok"})
    assert form.moment("a") == form.moment("b") == 1_796_083_200_000
    assert form.moment("c") is None
    assert {"c"} == set(form.wrong)


def test_the_first_sentence_about_a_field_stays() -> None:
    """The later ones follow from it."""
    form = Form(said={"name": "x" * 300})
    form.text("name")
    form.refuse("lagi", "name")
    assert "200" in form.wrong["name"]


def test_a_file_waits_for_its_owner_for_some_minutes() -> None:
    """Nobody else finds it, and the same bytes under other words are another file."""
    now = START
    held = HeldFiles(lambda: now)
    kept = held.keep("Rini", ("resident",), b"data")
    assert kept == held.get(kept.id, "Rini")
    assert held.get(kept.id, "Joko") is None
    assert kept.id != held.keep("Rini", ("head",), b"data").id
    now += KEPT_MS
    assert held.get(kept.id, "Rini") is None


def test_two_works_at_once_are_the_most() -> None:
    """A third is told to wait, and begins when one has ended; what breaks is a sentence, never a result."""
    jobs, go = Jobs(REAL.now), threading.Event()

    def work(say: Say) -> int:
        say("berjalan", 0.5)
        assert go.wait(60)
        return 7

    first, second = jobs.start("a", work, by="Rini"), jobs.start("b", work, by="Rini", then="/x/{id}")
    with pytest.raises(Wrong, match="masih berjalan"):
        jobs.start("c", work, by="Rini")
    wait_for(lambda: first.said == "berjalan", "the work said something")
    go.set()
    wait_for(lambda: (first.state, second.state) == ("done", "done"), "both ended")
    assert f"/x/{second.id}" == second.then
    assert jobs.done(first.id, int) is first
    assert jobs.done(first.id, str) is None


def test_a_form_that_is_sent_twice_begins_one_work() -> None:
    """Both are led to it; a form without a mark begins its own."""
    jobs, done = Jobs(REAL.now), list[int]()
    first = jobs.start("a", lambda _: done.append(1), by="Rini", key="k")
    assert first is jobs.start("a", lambda _: done.append(2), by="Rini", key="k")
    wait_for(lambda: first.state == "done", "it ended")
    assert first is not jobs.start("a", lambda _: None, by="Rini")
    assert [1] == done


def test_a_work_that_fails_says_why() -> None:
    """What was foreseen in its own sentences, a fault of the program in one that hides nothing."""
    jobs = Jobs(REAL.now)

    def refused(_: Say) -> None:
        raise Wrong("Baris 3: nomor: kosong.")

    def broken(_: Say) -> None:
        raise ZeroDivisionError

    one, other = jobs.start("a", refused, by="Rini"), jobs.start("b", broken, by="Rini")
    wait_for(lambda: (one.state, other.state) == ("failed", "failed"), "both ended")
    assert (("Baris 3: nomor: kosong.",), (FAILED,)) == (one.wrong, other.wrong)


def test_since_is_when_a_part_was_first_seen_so() -> None:
    """A change of its word begins it anew; what a part tells itself stays."""
    since = Since()

    def seen(word: Word, at: int, own: int | None = None) -> int | None:
        return since.told([Part(key="x", name="X", word=word, told="", since=own)], at)[0].since

    assert [10, 10, 30, 40, 5] == [seen(GOOD, 10), seen(GOOD, 20), seen(BROKEN, 30), seen(GOOD, 40), seen(GOOD, 50, 5)]


def test_turns_are_counted_with_their_slow_ones() -> None:
    """The longest stays with its moment after it has left the last thousand."""
    times = TurnTimes()
    assert times.share_within(0.5) is None
    times.add(2.0, 1)
    for number in range(1000):
        times.add(number / 1e6, 2)
    assert (1001, 2.0, 1) == (times.count, times.longest_s, times.longest_at)
    assert 0.0005 == times.share_within(0.5)
    assert 0.00099 == times.share_within(0.99)


def test_the_kernel_tells_of_the_clock() -> None:
    """Nothing is changed by asking, and what it says is a time that can be."""
    found = clock_state()
    assert found is not None
    assert 0 <= found.error_ms < 1e9


def test_a_new_folder_has_every_part_in_the_same_order(tmp_path: Path) -> None:
    """With core silent first, and what is missing named with a remedy."""
    file = tmp_path / "k.toml"
    file.write_text('[site]\nname = "Uji"\nstate_dir = "s"\n')
    state = StateFolder(tmp_path / "s")
    state.prepare()
    parts = HealthParts(load(file), state, REAL.now).look(None)
    keys = ["core", "queues", "disk", "certificate-authority", "certificate-server", "backup", "clock", "versions"]
    assert keys == [part.key for part in parts]
    assert BROKEN == parts[0].word
    assert [] == [part for part in parts if part.word != GOOD and not part.remedy]
