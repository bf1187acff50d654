"""The time from an NTP server (RFC 5905, as a simple client), for a node that starts while core cannot be reached."""

import asyncio
import os
import socket
import struct
from time import ticks_add, ticks_diff, ticks_ms

_PORT = 123
_WAIT_MS = 5000
_POLL_MS = 50
_PACKET = 48
_HELLO = 0x23  # version 4, from a client
_UNIX = 2208988800  # seconds from 1900 to 1970
_ERA = 1 << 32


class NoTime(Exception):
    """The server did not answer, or not with a time."""


async def ask(host, port=_PORT):
    """ms UTC at the moment when the server answered; raises NoTime and OSError."""
    _, _, _, _, address = socket.getaddrinfo(host, port, 0, socket.SOCK_DGRAM)[0]
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        link.setblocking(False)
        cookie = os.urandom(8)  # comes back as the time at which we asked: an answer to somebody else is none to us
        link.sendto(bytes((_HELLO,)) + bytes(39) + cookie, address)
        late = ticks_add(ticks_ms(), _WAIT_MS)
        while ticks_diff(late, ticks_ms()) > 0:
            await asyncio.sleep_ms(_POLL_MS)
            try:
                answer = link.recv(_PACKET)
            except OSError:
                continue  # nothing yet; who refuses is silent too
            return time_of(answer, cookie)
    finally:
        link.close()
    raise NoTime("no answer")


def time_of(answer, cookie):
    """ms UTC of an answer's transmit timestamp; raises NoTime when it is not an answer to ``cookie``."""
    if len(answer) < _PACKET or answer[24:32] != cookie:
        raise NoTime("not an answer to us")
    leap, mode, stratum = answer[0] >> 6, answer[0] & 7, answer[1]
    if mode != 4 or leap == 3 or not 1 <= stratum <= 15:
        raise NoTime("the server has no time itself")
    seconds, fraction = struct.unpack(">II", answer[40:48])
    if seconds < _UNIX:
        seconds += _ERA  # after February 2036
    return (seconds - _UNIX) * 1000 + (fraction * 1000 >> 32)
