"""What is remembered of stations that may fall silent together."""

import msgspec


class GroupState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is remembered of a group; written to the journal as it is."""

    heard_at: int | None = None
    silent_since: int | None = None
    episode: int = 0
    version: int = 0
