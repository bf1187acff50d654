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

import config
import vitals
from beat import Beat
from clock import Clock, Uptime
from commands import Commands
from connection import Backoff, Broker, Wifi, WifiError, until_one_ends
from credential import Credential
from delivery import BadAck, Delivery, body_of, decode_ack
from mqtt import NotLetIn, Will
from orders import Orders
from progress import Progress
from ring import Ring
from sampling import Sampler
from seal import NotSealed, Seal
from segment import Reading
from siren import Siren
from trial import Trial

FIRMWARE = "0.4.0"
_STATUS_MS = 300000
_TURN_MS = 5000
_LOOK_MS = 2000  # for what cannot wait until the next sample
_TICK_MS = 1000
_STORE_MS = 60000  # however long it is to the next sample
_WATCHDOG_MS = 300000
_WATCH_MS = 10000
# Longer than the longest wait that a part has with everything as it should be: a sensor that hangs, a slow flash, Wi-Fi
# and TLS on a bad evening with the longest pause before them.
_PATIENCE_MS = {"sample": 600000, "store": 600000, "connect": 900000, "guard": 60000}
_TAKEN = 8  # samples that may wait for the flash
_MOST_FAILURES = 20
_GARBAGE = 4096  # bytes after which the heap is tidied, long before it is full: it must not fall to pieces


class Node:
    def __init__(self, settings, authority):
        self._settings = settings
        self._wifi = Wifi(settings.wifi)
        self._broker = Broker(settings, authority, self._wifi)  # first: TLS needs its memory in one piece
        self._uptime = Uptime()
        self._boot = int.from_bytes(os.urandom(4), "big")
        self._reset = vitals.reset_cause()
        self._seq = 0
        self._ring = Ring("ring")
        self._clock = Clock(self._uptime, self._boot, self._ring)
        self._delivery = Delivery(self._ring, self._clock)
        self._sampler = Sampler(settings.sensors)
        self._siren = None if settings.siren is None else Siren(settings.siren)
        if self._siren is not None:
            self._sampler.add(self._siren)
        self._beat = Beat(config.usual(settings.sample_s))
        self._taken = deque((), _TAKEN)
        self._has_taken = asyncio.Event()
        self._has_work = asyncio.Event()
        self._news = self._answered = 0  # what cannot wait for the next status; how much of it the broker has
        self._late_ms = 0  # how long anything kept all else waiting, at most, since it was last told
        self._lost = 0  # samples that the flash was too slow for
        self._topic = "%s/v1/%s/" % (settings.realm, settings.node)
        self._orders = Orders(settings.order_key, "orders.json")
        self._credential = Credential(settings.password, settings.order_key)
        self._seal = Seal("")  # that of the connection
        self._orders.trust(self._credential.keys)
        self._commands = Commands(self._orders, self._topic, self._beat, self._siren, self._credential)
        self._trial = Trial(self._orders)
        self._update = None  # most starts never need it
        self._progress = Progress(self._uptime, _PATIENCE_MS)

    # -- the five coroutines -----------------------------------------------------------------------------------------

    async def sample(self):
        """Read the sensors at the beat that water, battery and people ask for; tell news between two of its strokes."""
        due = self._uptime.ms()
        while True:
            now = self._uptime.ms()
            if now >= due:
                values = self._take(now, *await self._sampler.take())
                self._beat.heard(now, values)
                began, due = due, due + self._beat.interval_ms(now)
                if due < self._uptime.ms():
                    began = due = self._uptime.ms()
            elif news := self._sampler.news():
                self._take(now, *await self._sampler.take(news))
            self._progress.step("sample")
            due = min(due, began + self._beat.interval_ms(self._uptime.ms()))
            await asyncio.sleep_ms(max(0, min(_LOOK_MS, due - self._uptime.ms())))

    def _take(self, uptime_ms, values, faults):
        if self._siren is not None:
            self._siren.sampled(self._beat.config.siren, self._boot, self._seq, values, uptime_ms)
        if len(self._taken) == _TAKEN:
            self._lost += 1  # the deque lets the oldest go
        self._taken.append(Reading(self._boot, self._seq, uptime_ms, body_of(values, faults)))
        self._seq += 1
        self._has_taken.set()
        gc.collect()
        return values

    async def store(self):
        """Put what was sampled into the ring, then hand it on."""
        while True:
            try:
                await asyncio.wait_for_ms(self._has_taken.wait(), _STORE_MS)
            except asyncio.TimeoutError:
                pass
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
            self._progress.step("store")

    async def guard(self):
        """End in time what horn and lamp do, whatever else hangs."""
        due = self._uptime.ms()
        while True:
            self._late_ms = max(self._late_ms, self._uptime.ms() - due)
            if self._siren is not None:
                self._siren.tick(self._uptime.ms())
            self._progress.step("guard")
            due = self._uptime.ms() + _TICK_MS
            await asyncio.sleep_ms(_TICK_MS)

    async def publish(self, client):
        """Send what is fresh at once and the backlog behind it, and keep the connection alive."""
        self._delivery.connected()
        told_at = told = None
        while True:
            if told != self._news or self._uptime.ms() - told_at >= _STATUS_MS:
                told = self._news
                status = self._topic + "status"
                await client.publish(status, self._seal.over(status, self._status()), retain=True)
                told_at = self._uptime.ms()
            payload = self._delivery.next()
            while payload is not None:
                await client.publish(self._topic + "obs", self._seal.over(self._topic + "obs", payload))
                payload = self._delivery.next()
            if self._update is not None and not self._beat.is_low:
                await self._fetch(client)
            await client.keep_alive()
            if client.is_acknowledged():
                self._answered = told
            self._progress.step("connect")
            if not self._wifi.is_up():
                raise WifiError("Wi-Fi is gone")
            try:
                await asyncio.wait_for_ms(self._has_work.wait(), _TURN_MS)
            except asyncio.TimeoutError:
                pass
            self._has_work.clear()

    async def _fetch(self, client):
        had = self._trial.result
        wanted = await self._update.next()
        if wanted is not None:
            await client.publish(self._topic + "want", wanted)
        if self._trial.result != had:
            self._news += 1

    async def listen(self, client):
        """Free what core acknowledges, and obey what it orders."""
        await client.subscribe([self._topic + kind for kind in ("ack", "cfg", "cmd", "update", "part")])
        while True:
            topic, payload = await client.receive()
            if topic == self._topic + "ack":
                self._hear_ack(payload)
            elif topic == self._topic + "part":
                self._told(self._update and self._update.part(payload))
            else:
                self._hear_order(topic[len(self._topic) :], payload)
            self._has_work.set()

    def _hear_ack(self, payload):
        try:
            now, acked = decode_ack(self._seal.open(self._topic + "ack", payload))
        except (BadAck, NotSealed) as error:
            self.log("acknowledgement ignored:", error)
            return
        self._clock.hear(now)
        self._delivery.acknowledged(acked)
        if self._trial.number is not None and any(boot == self._boot for boot, _, _ in acked):
            self._told(self._trial.acknowledged(FIRMWARE))
        if self._siren is not None:
            self._siren.acknowledged(acked)

    def _hear_order(self, kind, payload):
        if kind == "update":
            self._told(self._updating().hear(payload))
            return
        uptime_ms = self._uptime.ms()
        self._told(self._commands.hear(kind, payload, self._clock.time_of(self._boot, uptime_ms), uptime_ms))

    def _told(self, said):
        if said is not None:
            self._news += 1
            self.log(said)

    def _updating(self):
        if self._update is None:
            from update import Update

            self._update = Update(self._orders, self._topic, self._trial, FIRMWARE)
        return self._update

    async def ask_time(self):
        """Have a time before core has said it, from an NTP server; core's word goes before it from then on."""
        if self._settings.ntp and self._clock.time_of(self._boot, 0) is None:
            import ntp  # most nodes never need it

            try:
                await self._wifi.up()
                self._clock.hear(await ntp.ask(self._settings.ntp))
            except (WifiError, ntp.NoTime, OSError) as error:
                self.log("no time from %s:" % self._settings.ntp, repr(error))

    # -- their lives -------------------------------------------------------------------------------------------------

    async def connect(self):
        """Connect, publish and listen while the connection lasts, pause, again."""
        backoff = Backoff()
        will = Will(self._topic + "status", b'{"online":false}')
        while True:
            client = None
            self._progress.step("connect")
            try:
                await self.ask_time()
                self._seal = Seal(self._credential.key if self._settings.seal else "")
                client = await self._broker.connect(will, self._credential.password)
                backoff.began()
                self.log("connected")
                self._credential.taken()
                self._orders.trust(self._credential.keys)
                await until_one_ends(self.publish(client), self.listen(client))
            except Exception as error:
                if isinstance(error, NotLetIn):
                    self._credential.refused()
                pause_ms = backoff.pause_ms()
                self.log("no connection for %d s:" % (pause_ms // 1000), repr(error))
            if client is not None:
                client.close()
            gc.collect()
            await asyncio.sleep_ms(pause_ms)

    async def run(self):
        """Until the power goes. A coroutine that fails begins again; the last resort is a reset."""
        coroutines = (self.sample, self.store, self.guard, self.connect)
        tasks = [asyncio.create_task(self._for_ever(coroutine)) for coroutine in coroutines]
        watchdog = machine.WDT(timeout=_WATCHDOG_MS)
        while not any(task.done() for task in tasks):
            if self._wants_reset() and self._answered == self._news:
                break  # it was ordered, and has been answered
            if self._trial.is_late():
                self.log("core was not reached: a new firmware starts anew, or the one before it")
                break
            stalled = self._progress.stalled()
            if stalled:
                self.log("%s does not get on" % stalled)
                break
            watchdog.feed()
            await asyncio.sleep_ms(_WATCH_MS)
        machine.reset()

    def _wants_reset(self):
        if self._commands.wants_reset:
            return True
        is_alarmed = self._beat.is_rising or (self._siren is not None and self._siren.is_sounding)
        return self._update is not None and self._update.wants_reset and not is_alarmed

    async def _for_ever(self, coroutine):
        for _ in range(_MOST_FAILURES):
            try:
                await coroutine()
            except Exception as error:
                self.log("failed, begins again:")
                sys.print_exception(error)
            await asyncio.sleep_ms(_TURN_MS)

    def _status(self):
        late_ms, self._late_ms = self._late_ms, 0
        return json.dumps(
            {
                "online": True,
                "boot": self._boot,
                "firmware": FIRMWARE,
                "uptime_s": self._uptime.ms() // 1000,
                "stored": self._ring.stored,
                "dropped": self._ring.dropped + self._lost,
                "beat_s": self._beat.interval_ms(self._uptime.ms()) // 1000,
                "free_bytes": gc.mem_free(),
                "flash_free_bytes": vitals.flash_free(),
                "rssi_dbm": self._wifi.rssi(),
                "chip_c": vitals.chip_c(),
                "reset": self._reset,
                "late_ms": late_ms,
                "order": self._commands.result,
                "update": self._trial.result,
            }
        ).encode()

    def log(self, *words):
        print("%d s:" % (self._uptime.ms() // 1000), *words)


def main():
    gc.threshold(_GARBAGE)
    settings = load()
    gc.collect()
    with open("ca.der", "rb") as file:
        authority = file.read()
    asyncio.run(Node(settings, authority).run())


def load():
    """The settings; ends with status 2 and a sentence where this folder does not make a node."""
    import settings  # needed once, and forgotten: it takes a tenth of the heap

    try:
        found = settings.load("node.json")
        os.stat("ca.der")
    except settings.BadSettings as error:
        print(error)
        sys.exit(2)
    except OSError:
        print("ca.der is missing: copy the installation's certificate authority onto the node beside node.json")
        sys.exit(2)
    del sys.modules["settings"]
    return found


if __name__ == "__main__":
    main()
