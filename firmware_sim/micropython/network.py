"""A Wi-Fi that is there, except while the world says that it is not; its signal is as strong as the world says."""

import time

import world

STA_IF = 0
AP_IF = 1
STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010
_RSSI_DBM = -67
_RSSI_NOISE_DBM = 2


class WLAN:
    def __init__(self, interface=STA_IF):
        self._is_active = False
        self._is_asked = False

    def active(self, on=None):
        if on is None:
            return self._is_active
        self._is_active = on
        self._is_asked = self._is_asked and on
        return on

    def connect(self, ssid=None, key=None):
        self._is_asked = self._is_active

    def disconnect(self):
        self._is_asked = False

    def isconnected(self):
        return self._is_asked and not world.is_faulty("wifi", "no_wifi")

    def status(self, what=None):
        if what == "rssi":
            weak = world.fault("wifi", "weak_signal")
            return round((weak["value"] if weak else _RSSI_DBM) + world.noise(_RSSI_NOISE_DBM, time.world_ms() // 1000))
        return STAT_GOT_IP if self.isconnected() else STAT_IDLE

    def config(self, *names, **values):
        return None
