"""Sensors that talk by themselves on a serial line: wait for whole frames, and say what was wrong when none came."""

import asyncio
from time import ticks_add, ticks_diff, ticks_ms

_POLL_MS = 100


async def gather(uart, parse, most, wait_ms):
    """Up to ``most`` values of frames that arrive from now on, and the fault when there is none.

    ``parse(bytes)`` gives the values of whole frames, how many frames were broken, and the bytes that begin the next
    one. What waits already is thrown away: it is of the past. Faults: checksum (frames, all of them broken), comms
    (bytes that are no frames: a stuck or noisy line), no_return (silence).
    """
    uart.read()
    late = ticks_add(ticks_ms(), wait_ms)
    waiting, values, broken, heard = b"", [], 0, False
    while len(values) < most and ticks_diff(late, ticks_ms()) > 0:
        await asyncio.sleep_ms(_POLL_MS)
        data = uart.read() or b""
        heard = heard or bool(data)
        found, bad, waiting = parse(waiting + data)
        values.extend(found)
        broken += bad
    fault = None if values else "checksum" if broken else "comms" if heard else "no_return"
    return values, fault
