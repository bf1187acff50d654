"""A message from the broker, as core takes it."""

import msgspec


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """A message as it came, with what is needed to acknowledge it."""

    topic: bytes
    payload: bytes
    mid: int
    qos: int
    retain: bool
    generation: int  # of the connection that brought it
