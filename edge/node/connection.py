"""The way to the broker: Wi-Fi, then MQTT over TLS, and the pause before the next try."""

import asyncio
import random
from time import ticks_add, ticks_diff, ticks_ms

import network

from mqtt import Client, MqttError, tls_context

_WIFI_MS = 60000
_WIFI_POLL_MS = 1000
_LONGEST_PAUSE_MS = 60000
_STABLE_MS = 60000


class WifiError(Exception):
    """There is no network."""


class Wifi:
    """The station interface. Without an SSID the one that the chip remembers is used."""

    def __init__(self, settings):
        self._settings = settings
        self._station = network.WLAN(network.STA_IF)

    def is_up(self):
        return self._station.isconnected()

    def rssi(self):
        """Strength of the signal in dBm, or None while there is none."""
        try:
            return self._station.status("rssi") if self.is_up() else None
        except (OSError, ValueError):
            return None  # it went while we asked

    async def up(self):
        """Return when there is a network; raises WifiError after a minute."""
        if self.is_up():
            return
        self._station.active(False)  # an interface that hangs is not mended by connecting again
        self._station.active(True)
        if self._settings.ssid:
            self._station.connect(self._settings.ssid, self._settings.password)
        else:
            self._station.connect()
        late = ticks_add(ticks_ms(), _WIFI_MS)
        while not self.is_up():
            if ticks_diff(ticks_ms(), late) > 0:
                raise WifiError("no Wi-Fi within %d s" % (_WIFI_MS // 1000))
            await asyncio.sleep_ms(_WIFI_POLL_MS)


class Backoff:
    """Pauses of 1 to 60 s, each twice the last, with jitter: a thousand nodes must not come back in one second."""

    def __init__(self):
        self._tries = 0
        self._began = None

    def began(self):
        """A connection was made."""
        self._began = ticks_ms()

    def pause_ms(self):
        """How long to wait now. It begins anew only after a connection that lasted a minute."""
        if self._began is not None and ticks_diff(ticks_ms(), self._began) >= _STABLE_MS:
            self._tries = 0
        self._began = None
        longest = min(_LONGEST_PAUSE_MS, 1000 << min(self._tries, 6))
        self._tries += 1
        return longest // 2 + random.randrange(longest // 2 + 1)


class Broker:
    """Makes connections to this installation's broker, as this node."""

    def __init__(self, settings, authority, wifi):
        self._settings = settings
        self._tls = tls_context(authority)
        self._wifi = wifi

    async def connect(self, will, password):
        """A connected client; raises WifiError, NotLetIn, MqttError or OSError."""
        await self._wifi.up()
        settings = self._settings
        client = Client(settings.host, settings.port, self._tls, settings.server_name)
        try:
            await client.connect(settings.node, password, will)
        except Exception:
            client.close()
            raise
        return client


async def until_one_ends(*coroutines):
    """Run all until the first ends, cancel the others, and raise what ended it (MqttError when nothing did)."""
    ended = asyncio.Event()
    reasons = []

    async def watched(coroutine):
        try:
            await coroutine
        except Exception as error:
            reasons.append(error)
        ended.set()

    tasks = [asyncio.create_task(watched(coroutine)) for coroutine in coroutines]
    await ended.wait()
    for task in tasks:
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass
    raise reasons[0] if reasons else MqttError("the connection was given up")
