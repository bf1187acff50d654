"""What is remembered of an area."""

import msgspec


class Member(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where a station stands, as the area last heard."""

    station: str
    level: int = 0
    public_level: int = 0
    verified_level: int = 0
    is_fresh: bool = True
    took_part: bool = False  # stood above NORMAL in this episode
    at_least: bool = False
    value: float | None = None
    value_at: int | None = None


class AreaState(msgspec.Struct, frozen=True, array_like=True):
    """Everything remembered of an area; written to the journal as it is."""

    level: int = 0
    level_since: int | None = None
    episode: int = 0
    version: int = 0
    members: tuple[Member, ...] = ()
    below_since: int | None = None
    rain_at: int = 0
    rain_mm: float = 0.0
    manual_level: int = 0
    manual_until: int = 0
    dismissed_level: int = 0
    dismissed_until: int = 0
    rules_version: int = 0
    manual_by: str = ""  # who decided the level that stands, while nothing else has moved it
    expected_from: int = 0
    expected_until: int = 0
