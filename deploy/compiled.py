"""The hot path as machine code: ``python -m deploy.compiled`` builds it beside the sources, ``--remove`` takes it away.

The modules that every reading goes through are compiled by mypyc, from the same sources, with the types that mypy has
checked; nothing else changes. Without it everything works, and takes about a quarter more CPU a reading. What was built
is used only as long as its sources are unchanged: whoever starts anything looks first (``use_or_remove``).
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from importlib import util
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
STAMP: Final = ROOT / "deploy" / "compiled.json"
PACKAGES: Final = ("broker", "edge", "ingest", "alerting", "firmware_sim", "deploy")
MODULES: Final = (
    *("ingest/quality*.py", "ingest/qualify.py", "ingest/calibrate.py", "ingest/clock_behind.py"),
    *("ingest/received.py", "ingest/nodes.py", "ingest/stations.py"),
    *("alerting/engine*.py", "alerting/samples.py", "alerting/trend.py", "alerting/area.py", "alerting/blind.py"),
    *("deploy/judgement.py", "deploy/scopes.py", "deploy/deadlines.py", "deploy/surroundings.py", "deploy/memory.py"),
    *("deploy/restore.py", "deploy/tail.py"),
    *("deploy/snapshots.py", "deploy/core.py", "deploy/journal.py", "deploy/live/hub.py", "deploy/mqtt_packets.py"),
)
LIBRARY: Final = "*__mypyc*.so"  # what the compiled modules share, at the top
CHECKED: Final = "[mypy]\nexplicit_package_bases = True\nignore_missing_imports = True\ncheck_untyped_defs = True\n"


class NotCompiled(Exception):
    """One sentence: what is missing, or what went wrong, and what to do."""


def sources(root: Path = ROOT) -> list[Path]:
    """The modules that are compiled, relative to ``root``: none that defines what is decoded.

    mypyc keeps no types of fields, and msgspec reads them.
    """
    found = {path for pattern in MODULES for path in root.glob(pattern)}
    return sorted(path.relative_to(root) for path in found if "(msgspec.Struct" not in path.read_text())


def is_present(root: Path = ROOT) -> bool:
    """Whether there is anything compiled."""
    return any(_libraries(root))


def is_current(root: Path = ROOT) -> bool:
    """Whether what is compiled is of these sources and this Python."""
    try:
        known = json.loads((root / STAMP.relative_to(ROOT)).read_text())
    except (OSError, ValueError):
        return False
    return bool(known == _fingerprint(root))


def use_or_remove(root: Path = ROOT) -> None:
    """Take away what is not of the present sources; raises NotCompiled where that cannot be done."""
    if not is_present(root) or is_current(root):
        return
    print("kentongan: the compiled modules were of other sources and are removed; make them anew: "
          "sh deploy/compile.sh", file=sys.stderr)  # fmt: skip
    try:
        remove(root)
    except OSError as error:
        raise NotCompiled(
            f"{error.filename}: compiled from other sources, and cannot be removed ({error.strerror}); remove it"
        ) from None


def remove(root: Path = ROOT) -> None:
    """Take everything compiled away; raises OSError."""
    (root / STAMP.relative_to(ROOT)).unlink(missing_ok=True)
    for path in _libraries(root):
        path.unlink()


def build(root: Path = ROOT) -> int:
    """Compile; how many modules. Takes about a minute. Raises NotCompiled, and then nothing compiled is there."""
    _find_tools()
    remove(root)
    chosen = [str(path) for path in sources(root)]
    with tempfile.TemporaryDirectory(prefix="kentongan-compile-") as name:
        work = Path(name)
        for package in PACKAGES:
            shutil.copytree(root / package, work / package, ignore=_not_python)
        (work / "mypy.ini").write_text(CHECKED)
        done = subprocess.run(
            [sys.executable, "-m", "mypyc", *chosen], cwd=work, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise NotCompiled(f"mypyc: {_reason(done.stdout + done.stderr)}")
        for path in _libraries(work):
            shutil.copy2(path, root / path.relative_to(work))
    (root / STAMP.relative_to(ROOT)).write_text(json.dumps(_fingerprint(root)))
    return len(chosen)


def _find_tools() -> None:
    if util.find_spec("mypyc") is None:
        raise NotCompiled("mypyc is missing: sh deploy/compile.sh installs it")
    if shutil.which("cc") is None and shutil.which("gcc") is None:
        raise NotCompiled("no C compiler is there: install the package gcc")
    if not (Path(sysconfig.get_paths()["include"]) / "Python.h").is_file():
        raise NotCompiled("Python's headers are missing: install the package python3-dev")


def _libraries(root: Path) -> list[Path]:
    """Everything compiled, also of a release that compiled other modules: what one of them is linked to may be gone."""
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    return [path for package in PACKAGES for path in (root / package).rglob(f"*{suffix}")] + list(root.glob(LIBRARY))


def _fingerprint(root: Path) -> dict[str, str]:
    hashes = {str(path): hashlib.sha256((root / path).read_bytes()).hexdigest() for path in sources(root)}
    return hashes | {"python": sys.version}


def _not_python(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if not name.endswith(".py") and not (Path(folder) / name).is_dir()}


def _reason(said: str) -> str:
    lines = [line for line in said.splitlines() if "error" in line.casefold()]
    return (lines or said.strip().splitlines() or ["it said nothing"])[0][:300]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.compiled", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--remove", action="store_true", help="take everything compiled away")
    args = parser.parse_args()
    try:
        if args.remove:
            remove()
            print("kentongan: nothing is compiled any more")
        else:
            print(f"kentongan: {build()} modules are compiled; they are used from the next start on")
    except (NotCompiled, OSError) as error:
        print(f"kentongan: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
