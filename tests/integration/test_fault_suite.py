"""The quick part of the fault suite, and that its proofs can fail; ``python -m tests.faults`` has the whole."""

import random
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import power_cut, report, soak_faults, write_log
from tests.faults.__main__ import main
from tests.faults.case import Case
from tests.faults.catalogue import CASES
from tests.faults.outcome import INVARIANTS, CannotRun, Outcome
from tests.faults.power_cut import Disk
from tests.faults.stage import Stage
from tests.faults.suite import QUICK_SHARE, Suite
from tests.faults.tcp_proxy import TcpProxy
from tests.faults.write_log import Promised, Step, Synced, Truncated, Written
from tests.installation import eventually

pytestmark = pytest.mark.timeout(600)
SEED = 10
TESTS = Path(__file__).parents[1]
QUICK = [case for case in CASES if case.is_quick]


def quiet(_: str) -> None:
    """Progress is for people."""


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage(seed=SEED, share=QUICK_SHARE, say=quiet) as made:
        yield made


@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.name)
def test_a_fault_is_survived(stage: Stage, case: Case) -> None:
    """Small, and judged like the whole; cases share one installation."""
    outcome = Outcome(name=case.name, fault=case.fault, invariants=case.invariants)
    stage.begin(outcome)
    assert case.play is not None
    try:
        case.play(stage)
    except BaseException:
        stage.leave_field()
        raise
    if outcome.violations:
        stage.leave_field()
    assert [] == outcome.violations, f"seed {SEED}"
    assert outcome.did


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_tests_of_a_case_exist(case: Case) -> None:
    """A case has something that brings its fault about, and names invariants that there are."""
    assert case.play is not None or case.tests
    assert set() == set(case.invariants) - INVARIANTS.keys()
    for name in case.tests:
        file, _, function = name.partition("::")
        text = (TESTS / file).read_text()
        assert not function or re.search(rf"^def {function}\(", text, re.MULTILINE), name


def test_every_invariant_is_checked() -> None:
    """None of the twelve is without a fault that tries it."""
    assert set(INVARIANTS) == {name for case in CASES for name in case.invariants}


def test_the_list_names_every_fault(capsys: pytest.CaptureFixture[str]) -> None:
    """And the tests that show it."""
    assert 0 == main(["--list"])
    said = capsys.readouterr().out
    assert [] == [case.name for case in CASES if case.name not in said]


def test_a_name_that_no_fault_has_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence with the remedy; so is a share that is none."""
    assert 2 == main(["tsunami"])
    assert "no fault is called 'tsunami'; --list names them all\n" == capsys.readouterr().err
    assert 2 == main(["--share", "3"])
    assert "--share 3 is not above 0 and up to 1\n" == capsys.readouterr().err


# -- the suite itself --------------------------------------------------------------------------------------------------


def _held(stage: Stage) -> None:
    stage.did("did it")


def _violated(stage: Stage) -> None:
    stage.expect(False, "a message too many")


def _broke_down(stage: Stage) -> None:
    raise AssertionError("waited 90 s for core")


def _not_run(stage: Stage) -> None:
    raise CannotRun("libfaketime is not installed: apt-get install faketime")


def test_a_case_that_breaks_down_stops_no_other_and_nothing_passes_unseen(tmp_path: Path) -> None:
    """Violated, broken down and not run are all no pass; the report says which, in text, in JSON, and as a picture."""
    plays = (_held, _violated, _broke_down, _not_run)
    cases = [Case(name=play.__name__, fault="f", invariants=("I1",), play=play) for play in plays]
    suite = Suite(seed=SEED, share=1, say=quiet, has_tests=False)
    suite.play(cases)
    assert ["held", "violated", "broke down", "not run"] == [outcome.state for outcome in suite.outcomes]
    assert not suite.has_held
    text = report.table(suite.outcomes)
    for told in ("did it", "VIOLATION: a message too many", "waited 90 s for core", "apt-get install faketime"):
        assert told in text
    assert "1 of 4 faults held, 1 violations" in report.summary(suite.outcomes)[0]
    written = report.write(tmp_path / "r", suite.outcomes, seed=SEED, share=1)
    assert ["faults.json", "faults.txt", "faults.png"] == [path.name for path in written]
    assert '"state": "broke down"' in written[0].read_text()
    assert written[2].read_bytes().startswith(b"\x89PNG")


def test_ctrl_c_ends_with_what_was_found() -> None:
    """And that is no pass."""

    def interrupted(stage: Stage) -> None:
        raise KeyboardInterrupt

    said: list[str] = []
    suite = Suite(seed=SEED, share=1, say=said.append, has_tests=False)
    suite.play([Case(name=play.__name__, fault="f", invariants=(), play=play) for play in (_held, interrupted, _held)])
    assert ["held"] == [outcome.state for outcome in suite.outcomes]
    assert "stopped after 1 of 3 faults" == said[-1]
    assert not suite.has_held


def test_a_failing_test_of_a_case_is_a_violation() -> None:
    """Named as pytest names it."""
    case = Case(name="x", fault="f", invariants=(), tests=("unit/test_absent.py::test_absent",))
    suite = Suite(seed=SEED, share=1, say=quiet, has_tests=True)
    suite.play([case])
    assert "violated" == suite.outcomes[0].state
    assert "test_absent" in suite.outcomes[0].violations[0]


def test_the_soak_never_harms_a_process_twice_at_a_time() -> None:
    """The same seed chooses the same faults; none touches what another one does."""
    chances = [random.Random(SEED) for _ in range(2)]
    assert [soak_faults.choose(chances[0], frozenset()) for _ in range(50)] == [
        soak_faults.choose(chances[1], frozenset()) for _ in range(50)
    ]
    touched = frozenset({"core", "broker"})
    found = [soak_faults.choose(chances[0], touched) for _ in range(200)]
    assert [] == [fault.name for fault, _ in filter(None, found) if fault.touches & touched]
    everything = frozenset().union(*(fault.touches for fault in soak_faults.FAULTS))
    assert None is soak_faults.choose(chances[0], everything)


# -- the proxy ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def far_end() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def test_the_proxy_passes_holds_and_cuts(far_end: socket.socket) -> None:
    """What is sent while nothing passes arrives when it does again; a cut ends both ends."""
    with TcpProxy(far_end.getsockname()[1]) as proxy, socket.create_connection(("127.0.0.1", proxy.port), 30) as near:
        far, _ = far_end.accept()
        with far:
            far.settimeout(30)
            near.sendall(b"one")
            assert b"one" == far.recv(10)
            proxy.is_open = False
            near.sendall(b"two")
            far.settimeout(0.3)
            with pytest.raises(TimeoutError):
                far.recv(10)
            far.settimeout(30)
            proxy.is_open = True
            assert b"two" == far.recv(10)
            proxy.cut()
            eventually(lambda: proxy.connections() == 0, "no connection")
            assert b"" == _rest(far)


def _rest(end: socket.socket) -> bytes:
    """What is left to be read; a reset is an end like another."""
    try:
        return end.recv(10)
    except ConnectionResetError:
        return b""


# -- the power cut -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def written(stage: Stage) -> tuple[Disk, list[Step]]:
    """What core wrote while a few observations came in."""
    field, folder = stage.field(), stage.folder()
    installation = field.installation
    installation.kill("core")
    before = Disk.of(installation.state.journal)
    installation.start_core(wrapper=write_log.command(folder / "calls"))
    main_thread = installation.status()["pid"]
    field.play()
    installation.kill("core")
    steps = write_log.read(folder / f"calls.{main_thread}", installation.state.journal)
    installation.start_core()
    return before, steps


def _cut(written: tuple[Disk, list[Step]], folder: Path, steps: list[Step]) -> list[str]:
    before = Disk(
        certain={name: bytearray(content) for name, content in written[0].certain.items()},
        since={name: [] for name in power_cut.NAMES},
    )
    return power_cut.cut(before, steps, folder, times=40, chance=random.Random(SEED)).violations


def test_the_power_cut_notices_a_promise_before_the_sync(written: tuple[Disk, list[Step]], tmp_path: Path) -> None:
    """A proof that cannot fail proves nothing: without its syncs, core would have promised what a cut takes away."""
    steps = written[1]
    assert [] == _cut(written, tmp_path / "d", steps)
    unsynced: list[Step] = [step for step in steps if not isinstance(step, Synced)]
    assert any("acknowledged and lost" in violation for violation in _cut(written, tmp_path / "d", unsynced))


def test_the_power_cut_notices_a_damaged_disk(written: tuple[Disk, list[Step]], tmp_path: Path) -> None:
    """What was synced and is wrong all the same."""
    steps: list[Step] = [Truncated(name="db", size=100), Synced(name="db"), *written[1]]
    assert _cut(written, tmp_path / "d", steps)


def test_what_strace_tells_is_read(tmp_path: Path) -> None:
    """Writes, syncs and truncations of the journal, and what nodes were promised; nothing else."""
    log = tmp_path / "calls.1"

    def escaped(data: bytes) -> str:
        return "".join(f"\\x{byte:02x}" for byte in data)

    wal, ack = escaped(b"/j.db-wal"), escaped(b'0\x10\x00ews/v1/node-a/ack{"acked":[[7,3,4]]}')
    log.write_text(
        f'pwrite64(5<{wal}>, "{escaped(b"abcd")}", 4, 32) = 4\n'
        f'pwrite64(5<{escaped(b"/other")}>, "{escaped(b"abcd")}", 4, 32) = 4\n'
        f'pwrite64(5<{wal}>, "{escaped(b"x")}", 1, 0) = -1 ENOSPC (No space left on device)\n'
        f"fdatasync(5<{wal}>)                     = 0\n"
        f'sendto(9<{escaped(b"socket:[1]")}>, "{ack}", 40, 0, NULL, 0) = 40\n'
        f"ftruncate(5<{wal}>, 0) = 0\n"
        "+++ killed by SIGKILL +++\n"
    )
    expected = [
        Written(name="wal", offset=32, data=b"abcd"),
        Synced(name="wal"),
        Promised(numbers=frozenset({("node-a", 7, 3), ("node-a", 7, 4)})),
        Truncated(name="wal", size=0),
    ]
    assert expected == write_log.read(log, Path("/j.db"))
