"""The versions of an episode: what a change of level is called, and what comes after the last one."""

from typing import Final

import msgspec

from alerting.episodes import Episode, Kind

_replace: Final = msgspec.structs.replace


def kind_of(before: int, after: int) -> Kind:
    """What the change of a level is called."""
    if after > before:
        return "raised_higher" if before else "raised"
    return "lowered" if after else "ended"


def turned(episode: Episode | None, level: int, at: int) -> Episode:
    """The episode's next version at ``level``; a new episode when the last one has ended."""
    episode = episode or Episode()
    begins = episode.level == 0
    return _replace(
        episode,
        level=level,
        since=at,
        number=episode.number + begins,
        version=1 if begins else episode.version + 1,
        below_since=None,
    )
