"""The firmware over the air: fetched part by part into the copy that does not run, checked whole, then started.

The order (kind ``update``, sealed, retained by the broker) names a version and the SHA-256 of its manifest, and the
manifest the SHA-256 of each file: a seal with this node's own key vouches for all of it. The node asks for one part
after the other (kind ``want``) and core answers (kind ``part``), so that a cut at any moment costs one part; what is on
flash is the only memory of it. The manifest's own name appears in the copy last: a copy without it is never started.
"""

import asyncio
import json
import os
from binascii import hexlify
from hashlib import sha256
from time import ticks_diff, ticks_ms

from orders import Refused
from trial import wipe

_KIND = "update"
_MANIFEST = "manifest"
_STAGED = "/staged"  # the manifest while its files are not all there
_HEADING = "kentongan-firmware "
_ASK_AGAIN_MS = 20000
_MOST_FAILURES = 3
_MOST_BYTES = 200000
_MOST_FILE = 65536
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_"
_DIGEST_DIGITS = 64
_READ = 512


class Update:
    """At most one order at a time; what became of it is the trial's ``result``. ``wants_reset``: the new copy is ready
    to start."""

    def __init__(self, orders, topic, trial, version):
        self._orders = orders
        self._topic = topic
        self._trial = trial
        self._version = version
        self._order = None
        self._slot = "a" if trial.slot == "b" else "b"
        self._is_open = False
        self._file = None  # (name, size, digest) of what is being fetched
        self._asked = None  # (name, first byte)
        self._asked_at = ticks_ms()
        self._failures = 0
        self._trial.result = trial.result
        self.wants_reset = False

    def hear(self, payload):
        """Take an order or refuse it; None: it is not new."""
        number = None
        try:
            order = self._orders.stored(self._topic + _KIND, payload)
            number = _number(order)
            known = self._order["n"] if self._order else 0
            if number <= max(self._orders.last(_KIND), known, self._trial.number or 0):
                return None
            if self._trial.number is not None or self.wants_reset:
                return None  # the broker keeps it, and brings it with the next connection
            self._check(order)
        except Refused as error:
            if number is not None:
                self._spend(number, "refused: %s" % error)
            return "update refused: %s" % error
        if order["version"] == self._version:
            return self._spend(number, "runs %s" % self._version)
        self._order, self._is_open, self._failures = order, False, 0
        self._file = self._asked = None
        return "fetches %s" % order["version"]

    async def next(self):
        """What to ask core for now; None: nothing, or not yet."""
        if self._order is None or self.wants_reset:
            return None
        if self._asked is not None and ticks_diff(ticks_ms(), self._asked_at) < _ASK_AGAIN_MS:
            return None
        try:
            self._asked = self._rest() or await self._missing()
            if self._asked is None:
                self._swap()
                return None
        except (OSError, Refused) as error:
            self._give_up(error)
            return None
        self._asked_at = ticks_ms()
        name, at = self._asked
        return json.dumps({"version": self._order["version"], "file": name, "at": at}).encode()

    def part(self, payload):
        """Core's answer. What was not asked for is ignored; what it says is worth a line of log."""
        if self._asked is None or self._order is None:
            return None
        name, at = self._asked
        head = "%s %s %d\n" % (self._order["version"], name, at)
        if payload[: len(head)] != head.encode():
            return None
        data = memoryview(payload)[len(head) :]
        self._asked = None
        try:
            if not len(data):
                raise Refused("core has no %s of %s" % (name, self._order["version"]))
            return self._append(name, at, data)
        except (OSError, Refused) as error:
            return self._give_up(error)

    # -- one file ----------------------------------------------------------------------------------------------------

    def _append(self, name, at, data):
        path = self._path(name)
        _, size, digest = self._file
        with open(path + ".part", "ab") as file:
            if file.write(data) != len(data):
                raise OSError(28)
        if at + len(data) < size:
            return None
        self._file = None
        if at + len(data) > size or _digest(path + ".part") != digest:
            os.remove(path + ".part")
            return self._fail(name)
        os.rename(path + ".part", path)
        return None

    def _rest(self):
        """The next part of the file that is being fetched; None: none is."""
        if self._file is None:
            return None
        name, size, _ = self._file
        at = _size(self._path(name) + ".part") or 0
        return (name, at) if at < size else None

    def _fail(self, name):
        self._failures += 1
        if self._failures >= _MOST_FAILURES:
            raise Refused("%s is not what the order promises" % name)
        return "%s came damaged, and is fetched again" % name

    def _path(self, name):
        return self._slot + (_STAGED if name == _MANIFEST else "/" + name)

    # -- all of them -------------------------------------------------------------------------------------------------

    async def _missing(self):
        """(name, first byte) of the first part that is not on flash; None: all is there, and checked."""
        if not self._is_open:
            self._open()
        wanted = self._order["size"], self._order["sha256"]
        if _size(self._slot + _STAGED) is None:
            return self._fetch(_MANIFEST, *wanted)
        for name, size, digest in self._listed():
            if _size(self._path(name)) != size and not self._copy(name, digest):
                return self._fetch(name, size, digest)
            await asyncio.sleep_ms(0)
        for name, _, digest in self._listed():
            if _digest(self._path(name)) != digest:
                os.remove(self._path(name))
                self._fail(name)
                return await self._missing()
            await asyncio.sleep_ms(0)
        return None

    def _fetch(self, name, size, digest):
        path = self._path(name)
        have = _size(path + ".part") or 0
        if have >= size:  # a cut came between its last byte and its check
            os.remove(path + ".part")
            have = 0
        self._file = (name, size, digest)
        return name, have

    def _copy(self, name, digest):
        """Take a file that has not changed from the copy that runs; whether it is there now."""
        source, target = self._trial.slot + "/" + name, self._path(name)
        _make_folder(target)
        if _size(source) is None or _size(target + ".part") is not None or _digest(source) != digest:
            return False
        with open(source, "rb") as old, open(target + ".copy", "wb") as new:
            while data := old.read(_READ):
                if new.write(data) != len(data):
                    raise OSError(28)
        os.rename(target + ".copy", target)
        return True

    def _listed(self):
        """(name, size, digest) of each file of the staged manifest; raises Refused for one that is not in order."""
        total = 0
        with open(self._slot + _STAGED) as manifest:
            if manifest.readline().rstrip() != _HEADING + self._order["version"]:
                raise Refused("the manifest is of another version")
            for line in manifest:
                digest, size, name = _entry(line)
                total += size
                if total > _MOST_BYTES:
                    raise Refused("it is over %d bytes" % _MOST_BYTES)
                yield name, size, digest
        if not total:
            raise Refused("the manifest names no file")

    def _open(self):
        """Go on with what is staged of this order, or begin anew."""
        staged = self._slot + _STAGED
        if _size(staged) is None or _digest(staged) != self._order["sha256"]:
            wipe(self._slot)
        _make_folder(staged)
        self._is_open = True

    def _swap(self):
        os.rename(self._slot + _STAGED, self._slot + "/" + _MANIFEST)
        self._trial.begin(self._slot, self._order["n"])
        self._trial.result = (self._order["n"], "starts %s" % self._order["version"])
        self.wants_reset = True

    # -- its end -----------------------------------------------------------------------------------------------------

    def _check(self, order):
        if self._trial.slot is None:
            raise Refused("it was flashed without the loader: flash it once by USB")
        digest, size, version = order.get("sha256"), order.get("size"), _version(order.get("version"))
        if not isinstance(digest, str) or len(digest) != _DIGEST_DIGITS or not isinstance(size, int) or size <= 0:
            raise Refused("it does not name a manifest")
        if version < _version(self._version) and order.get("back") is not True:
            raise Refused("%s is older than %s, which runs" % (order["version"], self._version))

    def _give_up(self, error):
        words = str(error) if isinstance(error, Refused) else "the flash refuses it: %r" % error
        number, self._order = self._order["n"], None
        try:
            wipe(self._slot)
        except OSError as left:
            print("what was staged stays:", left)
        return self._spend(number, "refused: " + words)

    def _spend(self, number, words):
        """This order is over, and is not taken again."""
        self._trial.result = (number, words)
        try:
            self._orders.remember(_KIND, number)
        except Refused as error:
            print(error)
        return "update %d: %s" % (number, words)


def _number(order):
    number = order.get("n")
    if not isinstance(number, int) or isinstance(number, bool):
        raise Refused("it has no number")
    return number


def _version(text):
    """(major, minor, patch)."""
    try:
        numbers = tuple(int(each) for each in text.split("."))
    except (AttributeError, ValueError):
        numbers = ()
    if len(numbers) != 3:
        raise Refused("it names no version")
    return numbers


def _entry(line):
    words = line.split()
    if len(words) != 3 or len(words[0]) != _DIGEST_DIGITS or not words[1].isdigit() or not _is_name(words[2]):
        raise Refused("the manifest has a line that is none")
    if int(words[1]) > _MOST_FILE:
        raise Refused("%s is over %d bytes" % (words[2], _MOST_FILE))
    return words[0], int(words[1]), words[2]


def _is_name(name):
    """Such as drivers/relay.py: at most one folder deep, and nowhere else."""
    parts = name[:-3].split("/") if name.endswith(".py") else ()
    return 1 <= len(parts) <= 2 and all(part and all(letter in _LETTERS for letter in part) for part in parts)


def _digest(path):
    made = sha256()
    with open(path, "rb") as file:
        while data := file.read(_READ):
            made.update(data)
    return hexlify(made.digest()).decode()


def _size(path):
    try:
        return os.stat(path)[6]
    except OSError:
        return None


def _make_folder(path):
    folder = path.rsplit("/", 1)[0]
    if _size(folder) is None:
        os.mkdir(folder)
