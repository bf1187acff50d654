"""``deploy/quickstart.sh`` and ``deploy/test.sh``: nothing twice, and one line that says what to do.

The scripts run for real in a small checkout; around them stand a PATH with few programs and an interpreter that
writes down what it is asked, so no network is touched. A real installation is what CI itself begins with.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAMS = (
    "sh",
    "cat",
    "cp",
    "dirname",
    "flock",
    "grep",
    "id",
    "ln",
    "mkdir",
    "mv",
    "readlink",
    "rm",
    "sha256sum",
    "tail",
)
NETWORK = "urllib3.connection.NewConnectionError: [Errno -3] Temporary failure in name resolution"
CERTIFICATE = "SSLError(SSLCertVerificationError('CERTIFICATE_VERIFY_FAILED'))"

# Stands for Python and pip: makes an environment whose interpreter is itself.
INTERPRETER = """#!/bin/sh
printf '%s\\n' "$*" >>"$CALLS"
for last in "$@"; do :; done
case "$*" in
    *sys.exit*) exit "${TOO_OLD:-0}" ;;
    '-m venv'*) mkdir "$last/bin" && ln -s "$0" "$last/bin/python" && : >"$last/pyvenv.cfg" ;;
    *'-m pip'*' -e '*) cp "$0" "${0%python}kentongan"; echo "# $0" >>"${0%python}kentongan" ;;
    *'-m pip'*) [ -z "${HOLD:-}" ] || { echo >"$HOLD.reached"; read -r _ <"$HOLD"; }
        [ -z "${PIP_SAYS:-}" ] || { echo "$PIP_SAYS"; exit 1; } ;;
esac
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A checkout with the scripts and nothing installed, and the only folder on PATH."""

    root: Path
    programs: Path
    calls: Path

    def program(self, name: str, body: str) -> None:
        path = self.programs / name
        path.write_text(body)
        path.chmod(0o755)

    def start(self, script: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        environment |= {"PATH": str(self.programs), "CALLS": str(self.calls)}
        command = ["sh", str(self.root / "deploy" / script), *arguments]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        with self.start(script, *arguments, **environment) as process:
            out, err = process.communicate(timeout=100)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def asked(self) -> list[str]:
        """What the interpreter has been asked to run, since the last time."""
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        self.calls.unlink(missing_ok=True)
        return [line for line in lines if not line.startswith("-c ")]


@pytest.fixture
def checkout(root: Path, tmp_path: Path) -> Checkout:
    here = Checkout(root=tmp_path / "a checkout", programs=tmp_path / "bin", calls=tmp_path / "calls")
    here.programs.mkdir()
    for name in PROGRAMS:
        (here.programs / name).symlink_to(shutil.which(name) or pytest.fail(f"{name} is missing on this machine"))
    for name in ("pyproject.toml", "deploy", "alerting/web/package-lock.json"):
        source, target = root / name, here.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    # Web assets as they are after they were fetched.
    vendor = here.root / "alerting/web/static/vendor"
    vendor.mkdir(parents=True)
    digest = subprocess.check_output(["sha256sum", here.root / "alerting/web/package-lock.json"], text=True)
    (vendor / "package-lock.sha256").write_text(digest.split()[0])
    here.program("mosquitto", "#!/bin/sh\n")
    here.program("npm", "#!/bin/sh\n")
    here.program("python3", INTERPRETER)
    return here


def _wanted(root: Path) -> str:
    """The packages that ``deploy/test.sh`` asks for where nothing but Mosquitto and npm is there, in its order."""
    script = (root / "deploy/test.sh").read_text()
    found = re.findall(r"^(?:\[.*\] \|\| )?want \S+ (\S+)$", script, re.MULTILINE)
    return " ".join(name for name in found if name != "mosquitto")


def _refusal(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of a script that could not go on."""
    assert done.returncode != 0
    (line,) = done.stderr.splitlines()
    return line


def test_a_first_start_installs_and_a_second_only_starts(checkout: Checkout) -> None:
    """The first start asks pip for the lock and the project; the second asks nobody and hands its arguments over."""
    assert checkout.run("quickstart.sh").returncode == 0
    venv, lock, project, started = checkout.asked()
    assert venv == f"-m venv {checkout.root}/.venv"
    assert lock == f"-m pip --no-input install --require-hashes -r {checkout.root}/deploy/requirements.lock"
    assert project == f"-m pip --no-input install --no-deps --no-build-isolation -e {checkout.root}"
    assert started == "up --demo"

    assert checkout.run("quickstart.sh", "--scenario", "tenang").stdout == ""
    assert ["up --demo --scenario tenang"] == checkout.asked()


@pytest.mark.parametrize("changed", ["deploy/requirements.lock", "pyproject.toml"])
def test_a_changed_pin_is_installed_into_the_same_environment(checkout: Checkout, changed: str) -> None:
    """After a pull, what changed is installed; the environment is not made anew."""
    checkout.run("quickstart.sh")
    checkout.asked()
    with (checkout.root / changed).open("a") as file:
        file.write("# changed\n")
    checkout.run("quickstart.sh")
    lock, _project, started = checkout.asked()
    assert "--require-hashes" in lock
    assert started == "up --demo"


def test_an_interrupted_installation_is_begun_again(checkout: Checkout) -> None:
    """A start that was killed leaves an environment that nobody can trust: it is thrown away."""
    checkout.run("quickstart.sh", PIP_SAYS="ERROR: killed")
    leftover = checkout.root / ".venv" / "half-written"
    leftover.touch()
    checkout.asked()
    assert checkout.run("quickstart.sh").returncode == 0
    assert checkout.asked()[0].startswith("-m venv")
    assert not leftover.exists()


def test_two_starts_at_once_install_once(checkout: Checkout, tmp_path: Path) -> None:
    """The second start waits for the first one's installation and then finds everything there."""
    hold = tmp_path / "hold"
    for fifo in (hold, Path(f"{hold}.reached")):
        os.mkfifo(fifo)
    with checkout.start("quickstart.sh", HOLD=str(hold)) as first:
        Path(f"{hold}.reached").read_text()  # returns when the first start is in the middle of pip
        with checkout.start("quickstart.sh") as second:
            assert second.stdout
            assert "another installation is under way" in second.stdout.readline()
            hold.write_text("go on\n")
            second.communicate(timeout=100)
        first.communicate(timeout=100)
    calls = checkout.asked()
    assert 1 == len([call for call in calls if "--require-hashes" in call])
    assert 2 == calls.count("up --demo")


def test_a_moved_checkout_is_installed_again(checkout: Checkout, tmp_path: Path) -> None:
    """Commands of an environment carry its path, so one that was moved starts the wrong code or none."""
    checkout.run("quickstart.sh")
    checkout.asked()
    moved = Checkout(root=tmp_path / "moved", programs=checkout.programs, calls=checkout.calls)
    checkout.root.rename(moved.root)
    assert moved.run("quickstart.sh").returncode == 0
    assert f"-m venv {moved.root}/.venv" == moved.asked()[0]


def test_a_named_interpreter_is_used(checkout: Checkout) -> None:
    """KENTONGAN_PYTHON goes before what lies on PATH."""
    checkout.program("mine", INTERPRETER)
    checkout.program("python3", "#!/bin/sh\nexit 1\n")
    assert checkout.run("quickstart.sh", KENTONGAN_PYTHON="mine").returncode == 0


def test_an_old_interpreter_is_named(checkout: Checkout) -> None:
    """An interpreter that does not fit is refused by name, before anything is made."""
    line = _refusal(checkout.run("quickstart.sh", KENTONGAN_PYTHON="python3", TOO_OLD="1"))
    assert line == "kentongan: KENTONGAN_PYTHON=python3 is not Python 3.11 or newer: name one that is"
    line = _refusal(checkout.run("quickstart.sh", KENTONGAN_PYTHON="nowhere"))
    assert line == "kentongan: KENTONGAN_PYTHON=nowhere is not a program"


def test_a_machine_without_python_and_apt_is_told(checkout: Checkout) -> None:
    """Without a package manager that we know, the line says what to install."""
    (checkout.programs / "python3").unlink()
    line = _refusal(checkout.run("quickstart.sh"))
    assert line.startswith("kentongan: missing: python3 python3-venv. There is no apt-get here")


def test_missing_packages_without_root_are_named_together(checkout: Checkout) -> None:
    """Who is not root gets one command to hand to somebody who is."""
    checkout.program("apt-get", "#!/bin/sh\nexit 1\n")
    checkout.program("id", "#!/bin/sh\necho 1000\n")
    line = _refusal(checkout.run("test.sh"))
    assert f"run 'apt-get install {_wanted(checkout.root)}' as root" in line


def test_a_failing_package_manager_is_named(checkout: Checkout) -> None:
    """When apt-get cannot, the line says how to see why."""
    checkout.program("apt-get", "#!/bin/sh\nexit 1\n")
    checkout.program("id", "#!/bin/sh\necho 0\n")
    assert f"apt-get could not install {_wanted(checkout.root)}:" in _refusal(checkout.run("test.sh"))


def test_a_folder_that_cannot_be_written_is_named(checkout: Checkout) -> None:
    """A read-only checkout is found before anything is downloaded."""
    (checkout.root / ".venv").symlink_to("/proc/nothing-can-be-made-here")
    line = _refusal(checkout.run("quickstart.sh"))
    assert line == f"kentongan: cannot write to {checkout.root}/.venv: start again from a checkout that is yours"


@pytest.mark.parametrize(
    ("pip_says", "line"),
    [
        (f"WARNING: Retrying\n{NETWORK}\nERROR: No matching distribution", "cannot be reached: check the network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "is not the one pinned in deploy/requirements.lock"),
        ("ERROR: [Errno 28] No space left on device", "the disk is full: free about 1 GB and start again"),
        (f"WARNING: {CERTIFICATE}", "certificate is not trusted here: check the clock"),
        ("ERROR: [Errno 13] Permission denied: '/x'", "make the folder yours or remove it"),
        ("ERROR: something new", "pip failed: ERROR: something new; details: "),
    ],
)
def test_a_failure_of_pip_becomes_one_line(checkout: Checkout, pip_says: str, line: str) -> None:
    """Pages of pip's output stay in the log; what to do stands in the line."""
    done = checkout.run("quickstart.sh", PIP_SAYS=pip_says)
    assert line in _refusal(done)
    assert "Traceback" not in done.stdout + done.stderr


def test_ci_allows_no_skip(root: Path, tmp_path: Path) -> None:
    """CI hands ``--no-skips`` to pytest, and with it a test that skips itself fails the run."""
    assert 'deploy/test.sh" --no-skips' in (root / ".ci/run").read_text()
    shutil.copy(root / "tests/conftest.py", tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_one.py").write_text("import pytest\n\ndef test_one():\n    pytest.skip('no broker here')\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--no-skips"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "--no-skips forbids that: Skipped: no broker here" in done.stdout
