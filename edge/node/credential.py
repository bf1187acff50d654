"""By what the broker and core know this node: its password, and the key that seals orders to it.

Core may send new ones. Both pairs then hold here until the new password has let the node in, so that it is locked out
at no moment: ``credential.json`` beside ``node.json`` is the new pair, and becomes part of ``node.json`` once it works.
"""

import json
import os

from orders import Refused, write_whole

_NEW = "credential.json"
_SETTINGS = "node.json"
_KEY_DIGITS = 64
_LEAST_PASSWORD, _MOST_PASSWORD = 24, 64
_HEX = "0123456789abcdef"
KEPT = "keeps a new credential"  # core waits for these words


class Credential:
    """``password`` is the one to try now; ``keys`` are those whose seal counts, the newest first."""

    def __init__(self, password, order_key):
        self._old = (password, order_key)
        self._new = _load()
        self._tries_new = self._new is not None

    @property
    def password(self):
        return (self._new if self._tries_new else self._old)[0]

    @property
    def key(self):
        """The one that core knows us by while the broker takes ``password``."""
        return (self._new if self._tries_new else self._old)[1]

    @property
    def keys(self):
        pairs = [self._old] if self._new is None else [self._new, self._old]
        return [key for _, key in pairs if key]

    def keep(self, order):
        """Keep the pair of an order; raises Refused."""
        pair = order.get("password"), order.get("order_key")
        if not _is_pair(*pair):
            raise Refused("it holds no password and key")
        try:
            write_whole(_NEW, json.dumps(pair).encode())
        except OSError as error:
            raise Refused("the flash refuses it: %r" % error)
        self._new, self._tries_new = pair, True
        return KEPT

    def refused(self):
        """The broker did not take the password: the other one's turn, if there is another."""
        self._tries_new = self._new is not None and not self._tries_new

    def taken(self):
        """The broker took the password: a new one replaces the old from now on."""
        if self._new is None or not self._tries_new:
            return
        try:
            with open(_SETTINGS) as file:
                settings = json.load(file)
            settings["password"], settings["order_key"] = self._new
            write_whole(_SETTINGS, json.dumps(settings).encode())
            os.remove(_NEW)
        except OSError as error:
            print("both credentials stay, as the flash refuses the change:", error)
            return
        self._old, self._new = self._new, None
        self._tries_new = False


def _load():
    try:
        with open(_NEW) as file:
            pair = json.load(file)
    except (OSError, ValueError):
        return None
    return tuple(pair) if isinstance(pair, list) and len(pair) == 2 and _is_pair(*pair) else None


def _is_pair(password, key):
    if not isinstance(password, str) or not _LEAST_PASSWORD <= len(password) <= _MOST_PASSWORD:
        return False
    return isinstance(key, str) and len(key) == _KEY_DIGITS and all(digit in _HEX for digit in key)
