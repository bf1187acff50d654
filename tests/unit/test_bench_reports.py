"""What the benchmark draws and compares: flame graphs, and two runs' figures."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.bench import flame, results
from tests.bench.results import Results, ResultsUnreadable, compare
from tests.bench.run import Spread
from tests.bench.sampled import Sampler
from tests.bench.table import Row

STACKS = """\
run.py:main;deploy/core.py:Core.turn;deploy/journal.py:Journal.write:182 700
run.py:main;deploy/core.py:Core.turn;alerting/engine.py:step:60 200
run.py:main;deploy/core.py:Core.turn;alerting/engine.py:step:61 100
run.py:main;select.py:select:1 5000
"""


@pytest.fixture
def stacks(tmp_path: Path) -> flame.Stacks:
    file = tmp_path / "stacks"
    file.write_text(STACKS)
    return flame.read(file, below=["Core.turn"])


def test_a_flame_graph_shows_what_lies_below_a_function(stacks: flame.Stacks) -> None:
    """What is not below it is left out; lines of one function are one box."""
    root = flame.tree(stacks)
    (turn,) = root.children.values()
    assert ("deploy/core.py:Core.turn", 1000) == (turn.name, turn.weight)
    assert {"deploy/journal.py:Journal.write": 700, "alerting/engine.py:step": 300} == {
        name: child.weight for name, child in turn.children.items()
    }


def test_a_flame_graph_is_a_picture_whose_boxes_are_as_wide_as_their_share(stacks: flame.Stacks) -> None:
    """Well-formed SVG without script; children stand on their caller and fill what they used of it."""
    picture = ET.fromstring(flame.svg(stacks, "a < b"))
    namespace = "{http://www.w3.org/2000/svg}"
    boxes = {}
    for group in picture.iter(f"{namespace}g"):
        title, rect = group.findtext(f"{namespace}title"), group.find(f"{namespace}rect")
        assert title is not None
        assert rect is not None
        boxes[title] = (float(rect.get("x", "")), float(rect.get("width", "")), int(rect.get("y", "")))
    write, turn = boxes["deploy/journal.py:Journal.write 70.0%"], boxes["deploy/core.py:Core.turn 100.0%"]
    assert 0.7 * flame.WIDTH - 0.5 == pytest.approx(write[1])
    assert turn[2] - flame.ROW == write[2]
    assert boxes["alerting/engine.py:step 30.0%"][0] + 0.3 * flame.WIDTH == pytest.approx(write[0])


def test_the_hottest_lines_are_those_at_work(stacks: flame.Stacks) -> None:
    """Their own share of everything, the largest first."""
    assert [
        " 70.0%  deploy/journal.py:Journal.write:182",
        " 20.0%  alerting/engine.py:step:60",
        " 10.0%  alerting/engine.py:step:61",
    ] == flame.hottest_lines(stacks)


def test_the_sampler_finds_who_uses_the_cpu(tmp_path: Path) -> None:
    """A loop that does nothing else holds nearly all of the samples, and stands under its caller."""
    sampler = Sampler()
    sampler.start()
    try:
        _work(lambda: sum(sampler.stacks.values()) < 100_000)
    finally:
        sampler.stop()
    file = tmp_path / "stacks"
    sampler.save(file)
    at_work = flame.read(file, below=["test_bench_reports.py:_work"])
    assert at_work.total() > 0.8 * sampler.stacks.total()


def _work(goes_on: Callable[[], bool]) -> None:
    while goes_on():
        sum(range(1000))


def run_of(**p50: float) -> list[Row]:
    rows = [Row(section="floor", what="fdatasync", figure="", plot=Spread(count=9, p50=p50["disk"], p99=9, max=9))]
    rows.append(Row(section="1000/s", what="POST", figure="", plot=Spread(count=9, p50=p50["post"], p99=20, max=90)))
    rows.append(Row(section="1000/s", what="CPU", figure=f"core {p50['core']:.0f} us, broker 12 us"))
    return rows


def saved(folder: Path, rows: list[Row]) -> Results:
    file = folder / "run.json"
    results.save(file, ["machine"], {"load average": 0.5}, rows)
    return results.load(file)


def test_two_runs_within_a_third_are_alike(tmp_path: Path) -> None:
    """1.25 times is within the factor, and so is what the clock cannot tell apart."""
    one = saved(tmp_path, run_of(disk=2.0, post=2.0, core=80))
    other = saved(tmp_path, run_of(disk=2.0, post=2.5, core=64))
    lines, differing = compare(one, other)
    assert 0 == differing
    assert ["2 figures in both, 0 differ by more than 1.3x", "  none"] == lines[:2]


def test_a_figure_that_differs_is_named_with_its_factor(tmp_path: Path) -> None:
    """Whichever of the two runs has the larger one; the state of the machine stands beside."""
    one = saved(tmp_path, run_of(disk=2.0, post=2.0, core=80))
    other = saved(tmp_path, run_of(disk=2.0, post=3.0, core=50))
    for first, second in ((one, other), (other, one)):
        lines, differing = compare(first, second)
        assert 2 == differing
        assert any(line.endswith("(p50 1.50x)") and "1000/s, POST" in line for line in lines)
        assert any("1000/s, CPU: " in line and line.endswith("(1 1.60x)") for line in lines)
        assert any(line.startswith("  load average: ") for line in lines)


def test_the_floor_explains_and_does_not_count(tmp_path: Path) -> None:
    """A disk that was slower is said, as the machine's doing."""
    one = saved(tmp_path, run_of(disk=2.0, post=2.0, core=80))
    other = saved(tmp_path, run_of(disk=8.0, post=2.0, core=80))
    lines, differing = compare(one, other)
    assert 0 == differing
    assert any("floor, fdatasync" in line and "p50 4.00x" in line for line in lines)


def test_the_worst_of_a_run_decides_nothing(tmp_path: Path) -> None:
    """A single pause of the machine is no difference between two programs."""
    one = saved(tmp_path, run_of(disk=2.0, post=2.0, core=80))
    figures = [
        msgspec.structs.replace(figure, numbers=figure.numbers | {"max": 900.0}) if "max" in figure.numbers else figure
        for figure in one.figures
    ]
    assert 0 == compare(one, msgspec.structs.replace(one, figures=figures))[1]


def test_a_figure_that_only_one_run_has_is_named(tmp_path: Path) -> None:
    """Runs of different sections are compared in what they share."""
    one = saved(tmp_path, run_of(disk=2.0, post=2.0, core=80))
    other = msgspec.structs.replace(one, figures=one.figures[:2])
    lines, _ = compare(one, other)
    assert "only in one of them: 1000/s CPU" == lines[-1]


@pytest.mark.parametrize("content", [None, "{}"])
def test_a_file_without_results_is_refused(tmp_path: Path, content: str | None) -> None:
    """One sentence that names the file."""
    file = tmp_path / "run.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ResultsUnreadable, match=r"run\.json: "):
        results.load(file)
