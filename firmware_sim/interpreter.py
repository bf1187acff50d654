"""Run as a script: MicroPython's Unix port in this process, started again when the simulated chip resets.

The interpreter comes as an extension module for CPython; its own launcher loses the exit status.
"""

import os
import sys

FOLDER_VARIABLE = "KENTONGAN_NODE_DIR"  # the device's flash
RESET_STATUS = 75  # what machine.reset() of the fake hardware ends with
FIRST_OTHER_FILE = 3


def main() -> None:
    # Not installed everywhere, and not typed.
    from micropython_run import run_main  # type: ignore[import-not-found]  # noqa: PLC0415

    os.chdir(os.environ.get(FOLDER_VARIABLE, "."))
    status = run_main(sys.argv)
    if status != RESET_STATUS:
        sys.exit(status)
    # A reset loses everything but flash: a new image of the process, with none of the old one's sockets.
    os.closerange(FIRST_OTHER_FILE, 256)
    os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 - the same program again, no shell


if __name__ == "__main__":
    main()
