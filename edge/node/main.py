"""A node: sample, store, publish, listen.

A reading is stored before it is sent and leaves the ring only when core says that it has it. ``node.json`` and
``ca.der`` stand beside this file's working directory; everything else is the same on every node.
"""

import asyncio
import gc
import json
import os
import sys
from collections import deque

import machine

from clock import Clock, Uptime
from connection import Backoff, Broker, Wifi, WifiError, until_one_ends
from delivery import BadAck, Delivery, body_of, decode_ack
from mqtt import Will
from ring import Ring
from sampling import Sampler
from segment import Reading
from settings import BadSettings, load

FIRMWARE = "0.1.0"
_STATUS_MS = 300000
_TURN_MS = 5000
_WATCHDOG_MS = 300000
_WATCH_MS = 10000
_TAKEN = 8  # samples that may wait for the flash
_MOST_FAILURES = 20


class Node:
    def __init__(self, settings, authority):
        self._settings = settings
        self._uptime = Uptime()
        self._boot = int.from_bytes(os.urandom(4), "big")
        self._seq = 0
        self._ring = Ring("ring")
        self._clock = Clock(self._uptime, self._boot, self._ring)
        self._delivery = Delivery(self._ring, self._clock)
        self._sampler = Sampler(settings.sensors)
        self._wifi = Wifi(settings.wifi)
        self._broker = Broker(settings, authority, self._wifi)
        self._taken = deque((), _TAKEN)
        self._has_taken = asyncio.Event()
        self._has_work = asyncio.Event()
        self._lost = 0  # samples that the flash was too slow for
        self._sampled_at = 0
        self._commands = 0  # messages on cfg and cmd; this firmware obeys none of them
        self._topic = "%s/v1/%s/" % (settings.realm, settings.node)

    # -- the four coroutines -----------------------------------------------------------------------------------------

    async def sample(self):
        """Read the sensors at a steady beat."""
        beat_ms = self._settings.sample_s * 1000
        due = self._uptime.ms()
        while True:
            uptime_ms = self._uptime.ms()
            values, faults = await self._sampler.take()
            if len(self._taken) == _TAKEN:
                self._lost += 1  # the deque lets the oldest go
            self._taken.append(Reading(self._boot, self._seq, uptime_ms, body_of(values, faults)))
            self._seq += 1
            self._sampled_at = uptime_ms
            self._has_taken.set()
            gc.collect()
            due += beat_ms
            if due < self._uptime.ms():
                due = self._uptime.ms()
            await asyncio.sleep_ms(due - self._uptime.ms())

    async def store(self):
        """Put what was sampled into the ring, then hand it on."""
        while True:
            await self._has_taken.wait()
            self._has_taken.clear()
            while self._taken:
                reading = self._taken.popleft()
                try:
                    self._ring.append(reading)
                except OSError as error:
                    # Sent without being stored: a warning is worth more than the rule.
                    self.log("flash refuses a reading:", repr(error))
                self._delivery.offer(reading)
                self._has_work.set()

    async def publish(self, client):
        """Send what is fresh at once and the backlog behind it, and keep the connection alive."""
        self._delivery.connected()
        told_at = None
        while True:
            if told_at is None or self._uptime.ms() - told_at >= _STATUS_MS:
                await client.publish(self._topic + "status", self._status(), retain=True)
                told_at = self._uptime.ms()
            payload = self._delivery.next()
            while payload is not None:
                await client.publish(self._topic + "obs", payload)
                payload = self._delivery.next()
            await client.keep_alive()
            if not self._wifi.is_up():
                raise WifiError("Wi-Fi is gone")
            try:
                await asyncio.wait_for_ms(self._has_work.wait(), _TURN_MS)
            except asyncio.TimeoutError:
                pass
            self._has_work.clear()

    async def listen(self, client):
        """Free what core acknowledges."""
        await client.subscribe([self._topic + kind for kind in ("ack", "cfg", "cmd")])
        while True:
            topic, payload = await client.receive()
            if topic != self._topic + "ack":
                self._commands += 1
                continue
            try:
                now, acked = decode_ack(payload)
            except BadAck as error:
                self.log("acknowledgement ignored:", error)
                continue
            self._clock.hear(now)
            self._delivery.acknowledged(acked)
            self._has_work.set()

    # -- their lives -------------------------------------------------------------------------------------------------

    async def connect(self):
        """Connect, publish and listen while the connection lasts, pause, again."""
        backoff = Backoff()
        will = Will(self._topic + "status", b'{"online":false}')
        while True:
            client = None
            try:
                client = await self._broker.connect(will)
                backoff.began()
                self.log("connected")
                await until_one_ends(self.publish(client), self.listen(client))
            except Exception as error:
                pause_ms = backoff.pause_ms()
                self.log("no connection for %d s:" % (pause_ms // 1000), repr(error))
            if client is not None:
                client.close()
            gc.collect()
            await asyncio.sleep_ms(pause_ms)

    async def run(self):
        """Until the power goes. A coroutine that fails begins again; the last resort is a reset."""
        coroutines = (self.sample, self.store, self.connect)
        tasks = [asyncio.create_task(self._for_ever(coroutine)) for coroutine in coroutines]
        watchdog = machine.WDT(timeout=_WATCHDOG_MS)
        longest_ms = max(600000, 5000 * self._settings.sample_s)
        while not any(task.done() for task in tasks):
            if self._uptime.ms() - self._sampled_at > longest_ms:
                self.log("no sample for %d s" % (longest_ms // 1000))
                break
            watchdog.feed()
            await asyncio.sleep_ms(_WATCH_MS)
        machine.reset()

    async def _for_ever(self, coroutine):
        for _ in range(_MOST_FAILURES):
            try:
                await coroutine()
            except Exception as error:
                self.log("failed, begins again:")
                sys.print_exception(error)
            await asyncio.sleep_ms(_TURN_MS)

    def _status(self):
        return json.dumps(
            {
                "online": True,
                "boot": self._boot,
                "firmware": FIRMWARE,
                "uptime_s": self._uptime.ms() // 1000,
                "stored": self._ring.stored,
                "dropped": self._ring.dropped + self._lost,
            }
        ).encode()

    def log(self, *words):
        print("%d s:" % (self._uptime.ms() // 1000), *words)


def main():
    try:
        settings = load("node.json")
        with open("ca.der", "rb") as file:
            authority = file.read()
    except BadSettings as error:
        print(error)
        sys.exit(2)
    except OSError:
        print("ca.der is missing: copy the installation's certificate authority onto the node beside node.json")
        sys.exit(2)
    asyncio.run(Node(settings, authority).run())


if __name__ == "__main__":
    main()
