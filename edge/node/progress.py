"""Whether every part of the node still gets on. The watchdog is fed by this and by nothing else."""


class Progress:
    """``patience_ms``: for each part, how long it may take to get on; a part counts from its first step."""

    def __init__(self, uptime, patience_ms):
        self._uptime = uptime
        self._patience_ms = patience_ms
        self._last = dict.fromkeys(patience_ms, uptime.ms())

    def step(self, part):
        self._last[part] = self._uptime.ms()

    def stalled(self):
        """The part that has not got on for too long, or None."""
        now = self._uptime.ms()
        for part, at in self._last.items():
            if now - at > self._patience_ms[part]:
                return part
        return None
