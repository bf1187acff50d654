"""The loader: stands on the chip as ``main.py`` and starts one of two copies of the firmware, in folder a or b.

It is flashed once by USB and never updated over the air, so it imports nothing of the firmware. ``slot.json`` says what
to start: {"slot": "a"}; after an update {"slot": "b", "before": "a", "starts": 0, "n": 7}, where 7 is the order's
number. A copy on trial that has not made itself permanent within three starts is given up, and the one before it starts
again: {"slot": "a", "failed": 7}. A copy is whole when its ``manifest`` is there.
"""

import json
import os
import sys

import machine

_STATE = "slot.json"
_SLOTS = ("a", "b")
_MOST_STARTS = 3
_HANG_MS = 300000  # as the firmware's own watchdog, which takes over


def choose():
    """The copy to start, and whether it is on trial; its start is counted on flash before it happens."""
    state = _load()
    slot, before = state.get("slot"), state.get("before")
    if slot not in _SLOTS or not _is_whole(slot):
        whole = [each for each in (before,) + _SLOTS if each in _SLOTS and _is_whole(each)]
        return (whole[0] if whole else "a"), False
    if before not in _SLOTS:
        return slot, False
    if state.get("starts", 0) >= _MOST_STARTS:
        _keep({"slot": before, "failed": state.get("n")})
        return before, False
    state["starts"] = state.get("starts", 0) + 1
    # A start that cannot be counted might be one of endlessly many.
    return (slot, True) if _keep(state) else (before, False)


def _load():
    try:
        with open(_STATE) as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _keep(state):
    try:
        with open(_STATE + ".new", "w") as file:
            file.write(json.dumps(state))
        os.rename(_STATE + ".new", _STATE)
    except OSError as error:
        print("slot.json cannot be written:", error)
        return False
    return True


def _is_whole(slot):
    try:
        os.stat(slot + "/manifest")
    except OSError:
        return False
    return True


def main():
    slot, is_trial = choose()
    print("starts copy %s%s" % (slot, " on trial" if is_trial else ""))
    sys.path.insert(0, slot)
    if not is_trial:
        start()
        return
    machine.WDT(timeout=_HANG_MS)
    try:
        start()
    except (Exception, SystemExit) as error:
        sys.print_exception(error)
    machine.reset()


def start():
    import main as firmware

    firmware.main()


if __name__ == "__main__":
    main()
