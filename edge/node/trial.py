"""Which copy of the firmware runs, and whether it is on trial: ``slot.json``, which the loader reads at each start."""

import json
import os
import sys
from time import ticks_diff, ticks_ms

from orders import write_whole

_STATE = "slot.json"
_SLOTS = ("a", "b")
_KIND = "update"
_PATIENCE_MS = 20 * 60 * 1000  # longer than the longest pauses of a connection on a bad evening


class Trial:
    """``slot`` is None on a node that was flashed without the loader. ``number`` is the order's that is on trial.

    ``result`` is what became of the last update, once that is known: the order's number, and words.
    """

    def __init__(self, orders):
        self._orders = orders
        self._since = ticks_ms()
        found = _load()
        self.slot = sys.path[0] if sys.path[0] in _SLOTS else None
        # Where a start could not be counted the loader runs the copy before, and the trial waits.
        self.number = found.get("n") if "before" in found and found.get("slot") == self.slot else None
        self.result = None
        if "failed" in found:
            self._end(found["failed"], "refused: it never reached core, and the firmware before it runs again")

    def begin(self, slot, number):
        """From the next start on ``slot`` runs, on trial. Raises OSError."""
        _keep({"slot": slot, "before": self.slot, "starts": 0, "n": number})

    def acknowledged(self, version):
        """Core has a reading of this start: a copy on trial stays from now on. What it says is worth a line of log."""
        if self.number is None or not self._end(self.number, "runs %s" % version):
            return None
        self.number = None
        return "runs %s from now on" % version

    def is_late(self):
        """Whether a copy on trial had its time and never reached core."""
        return self.number is not None and ticks_diff(ticks_ms(), self._since) >= _PATIENCE_MS

    def _end(self, number, words):
        """Remember it, and clear the state; in this order, as a number that is forgotten would be tried again. The
        other copy goes: the ring needs its place."""
        self.result = (number, words)
        try:
            self._orders.remember(_KIND, number)
            _keep({"slot": self.slot})
            wipe("a" if self.slot == "b" else "b")
        except Exception as error:
            print("the flash refuses what became of the update:", repr(error))
            return False
        return True


def wipe(folder):
    """Remove a copy, its manifest first: from then on it is not whole. Raises OSError."""
    try:
        entries = list(os.ilistdir(folder))
    except OSError:
        return  # it is not there
    entries.sort(key=lambda entry: entry[0] != "manifest")
    for entry in entries:
        path = folder + "/" + entry[0]
        if entry[1] & 0x4000:
            wipe(path)
        else:
            os.remove(path)
    os.rmdir(folder)


def _load():
    try:
        with open(_STATE) as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _keep(state):
    write_whole(_STATE, json.dumps(state).encode())
