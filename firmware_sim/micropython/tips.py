"""The contact of a tipping bucket: one closing for each 0.2 mm that has fallen, and it bounces."""

from time import held, interrupts, world_ms

import world

BUCKET_MM = 0.2
_STEP_MS = 5000
_BOUNCES_MS = (3, 7, 12)


class Contact:
    """Calls ``edge`` for each falling edge since the last time, with the clock at the edge's moment."""

    def __init__(self, edge, column="rain_mm"):
        self._edge = edge
        self._column = column
        self._seen_ms = world_ms()
        self._tips = self._whole(self._seen_ms)
        interrupts.append(self.deliver)

    def deliver(self):
        now = world_ms()
        while self._seen_ms < now:
            until = min(now, self._seen_ms + _STEP_MS)
            self._step(until)
            self._seen_ms = until

    def _whole(self, at_ms):
        return int(world.truth(self._column, at_ms) / BUCKET_MM + 1e-6)

    def _step(self, until):
        tips = self._whole(until)
        for tip in range(self._tips + 1, tips + 1):
            # Rain falls evenly within a step of some seconds.
            share = (tip - self._tips) / (tips - self._tips + 1)
            self._tip(self._seen_ms + int((until - self._seen_ms) * share), tip)
        self._tips = max(tips, self._tips)

    def _tip(self, at_ms, number):
        for delay in (0,) + _BOUNCES_MS[: number % 4]:
            with held(at_ms + delay):
                self._edge()
