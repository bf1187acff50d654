"""The browser's modules are checked like Python: TypeScript reads their JSDoc, strictly."""

import subprocess
from pathlib import Path

from tests.web_checks import node_command, node_modules

STRICT = (
    "--noEmit",
    "--allowJs",
    "--checkJs",
    "--strict",
    "--noUnusedLocals",
    "--noImplicitReturns",
    "--skipLibCheck",
    "--allowUmdGlobalAccess",  # Leaflet and uPlot are plain scripts
    *("--target", "es2022"),
    *("--module", "es2022"),
    *("--moduleResolution", "bundler"),
    *("--moduleDetection", "force"),  # each file stands for itself, also a plain script
    *("--lib", "es2022,dom,dom.iterable"),
    *("--types", "leaflet"),
    *("--pretty", "false"),
)
WRONG = "/** @type {number} */ export const wrong = 'a word';\n"


def test_every_module_has_types_that_hold(root: Path, tmp_path: Path) -> None:
    """No complaint but the one about a mistake that was put there, which shows that the check is at work."""
    modules = node_modules()
    canary = tmp_path / "canary.js"
    canary.write_text(WRONG)
    files = sorted((root / "alerting" / "web" / "static").glob("*.js"))
    compiler = [*node_command(), str(modules / "typescript" / "bin" / "tsc"), *STRICT]
    compiler += ["--typeRoots", str(modules / "@types"), str(modules / "uplot" / "dist" / "uPlot.d.ts")]
    done = subprocess.run(
        [*compiler, *map(str, files), str(canary)], cwd=root, capture_output=True, text=True, timeout=200, check=False
    )
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line]
    found = [line for line in lines if "canary.js" not in line]
    assert ([], 1) == (found, len(lines) - len(found))
