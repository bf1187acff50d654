"""A server clock that is set wrong while everything runs: libfaketime under core, the offset in a file."""

from pathlib import Path
from typing import Final

from tests.faults.outcome import CannotRun

LIBRARIES: Final = tuple(
    Path(folder) / "faketime" / "libfaketimeMT.so.1"
    for folder in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib")
)


class SteppedClock:
    """``wrapper`` is put before a program, whose clock of the day is then off by what ``step`` said last.

    The monotonic clock is left alone, as the kernel leaves it when somebody sets the time. Raises CannotRun without
    libfaketime.
    """

    def __init__(self, folder: Path) -> None:
        library = next((each for each in LIBRARIES if each.exists()), None)
        if library is None:
            raise CannotRun("libfaketime is not installed, and clocks are stepped with it: apt-get install faketime")
        self._file = folder / "offset"
        self.step(0)
        self.wrapper = (
            "env",
            f"LD_PRELOAD={library}",
            f"FAKETIME_TIMESTAMP_FILE={self._file}",
            "FAKETIME_NO_CACHE=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1",
        )

    def step(self, seconds: float) -> None:
        """From now on the clock is off by ``seconds``."""
        draft = self._file.with_suffix(".new")
        draft.write_text(f"{seconds:+.3f}s\n")
        draft.replace(self._file)
