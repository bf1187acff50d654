"""Obeys what core orders on cfg and cmd, and remembers how it went, for the status."""

import json

import config
from orders import Refused, write_whole

_STORED = "config.sealed"
_SIGNALS = ("identify", "siren-test", "maintenance", "siren", "silence")
_LONGEST_S = {"live": 3600, "identify": 300, "maintenance": 4 * 3600, "siren": 600}
_USUAL_S = {"live": 600, "identify": 30, "maintenance": 3600, "siren": 60}


class Commands:
    """``wants_reset`` becomes true when a restart was ordered; ``result`` is the number of the last order and what
    became of it."""

    def __init__(self, orders, topic, beat, siren, credential=None):
        self._orders = orders
        self._topic = topic
        self._beat = beat
        self._siren = siren
        self._credential = credential
        self.wants_reset = False
        self.result = None
        self.refused = 0
        self._recall()

    def hear(self, kind, payload, now_ms, uptime_ms):
        """Obey or refuse; what it says is worth a line of log, None: nothing new."""
        try:
            order = self._orders.open(self._topic + kind, payload, now_ms)
            if order is None:
                return None
            said = self._configure(order, payload) if kind == "cfg" else self._do(order, uptime_ms)
        except (Refused, config.BadConfig) as error:
            self.refused += 1
            self.result = (self._orders.last(kind), "refused: %s" % error)
            return "%s refused: %s" % (kind, error)
        self.result = (order["n"], said)
        return "%s %d: %s" % (kind, order["n"], said)

    def _configure(self, order, payload):
        self._beat.config = config.read(order, self._beat.config)
        try:
            write_whole(_STORED, payload)
        except OSError as error:
            return "configured until the next start, as the flash refuses it: %r" % error
        return "configured"

    def _recall(self):
        """What was last configured holds again after a start, seal and all."""
        try:
            with open(_STORED, "rb") as file:
                payload = file.read()
        except OSError:
            return
        try:
            order = self._orders.stored(self._topic + "cfg", payload)
            self._beat.config = config.read(order, self._beat.config)
        except (Refused, config.BadConfig) as error:
            print("the stored configuration is not used:", error)

    def _do(self, order, uptime_ms):
        what = order.get("do")
        if what == "reboot":
            self.wants_reset = True
            return "restarts"
        if what == "credential" and self._credential is not None:
            said = self._credential.keep(order)
            self._orders.trust(self._credential.keys)
            return said
        if what == "live":
            self._beat.live(uptime_ms + 1000 * _seconds(order, what))
            return "live"
        if what not in _SIGNALS:
            raise Refused("there is no command %s" % json.dumps(what))
        if self._siren is None:
            raise Refused("%s needs horn and lamp, and node.json names none" % what)
        return self._signal(what, order, uptime_ms)

    def _signal(self, what, order, uptime_ms):
        if what == "identify":
            self._siren.identify(uptime_ms, _seconds(order, what))
        elif what == "siren-test":
            self._siren.test(uptime_ms)
        elif what == "maintenance":
            self._siren.maintain(uptime_ms + 1000 * _seconds(order, what))
        elif what == "siren":
            if not self._siren.sound(uptime_ms, _seconds(order, what)):
                return "siren: the lamp only, it is under maintenance"
        else:
            self._siren.silence()
        return what


def _seconds(order, what):
    seconds = order.get("for_s", _USUAL_S[what])
    if not isinstance(seconds, int) or not 0 <= seconds <= _LONGEST_S[what]:
        raise Refused("for_s of %s must be a whole number from 0 to %d" % (what, _LONGEST_S[what]))
    return seconds
