"""What nodes say besides readings: their status, and which part of a new firmware they want next.

Kept in memory only: a status is retained, so that the broker tells it again to a core that starts. A boot number that
comes back after another one was heard, or a connection that is lost again and again, may be a credential in two hands.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from broker import releases, wire
from broker.releases import BadRelease, Release
from broker.topics import NodeTopic

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BOOTS: Final = 8  # remembered of each node
SUSPECTED_MS: Final = 3_600_000  # how long two hands are told of after they were last seen
LOSSES: Final = 6
LOSSES_MS: Final = 600_000


@dataclass(slots=True, kw_only=True)
class NodeReport:
    """What core knows of one node from its own words. Times are ms UTC of core's clock."""

    status: wire.Status | None = None  # the last one that said more than "offline"
    is_online: bool = False
    at: int = 0
    boots: deque[int] = field(default_factory=lambda: deque(maxlen=BOOTS))
    lost_at: deque[int] = field(default_factory=lambda: deque(maxlen=LOSSES))
    two_hands_at: int | None = None
    fetched: int = 0  # bytes of the firmware that it fetches
    fetched_at: int = 0

    def hear(self, status: wire.Status, now: int) -> None:
        if self.is_online and not status.online:
            self.lost_at.append(now)
        self.is_online, self.at = status.online, now
        if not status.online:
            return
        self.status = status
        if status.boot is not None and (not self.boots or self.boots[-1] != status.boot):
            if status.boot in self.boots:
                self.two_hands_at = now
            self.boots.append(status.boot)

    def problem(self, node: str, now: int) -> str | None:
        """An Indonesian sentence while its credential seems to be in two hands; None: nothing."""
        if self.two_hands_at is not None and now - self.two_hands_at < SUSPECTED_MS:
            return (
                f"Dua alat memakai kredensial simpul {node} (dicuri atau disalin?). "
                f"Periksa alatnya, lalu: kentongan node revoke {node}"
            )
        if len(self.lost_at) == LOSSES and now - self.lost_at[0] < LOSSES_MS:
            return (
                f"Simpul {node} terputus {LOSSES} kali dalam {LOSSES_MS // 60_000} menit: jaringan buruk, "
                "atau alat lain memakai kredensialnya. Periksa sinyal dan alatnya."
            )
        return None


class NodeReports:
    """By node. ``folder`` holds the releases by version; None: nothing is served. ``on_status`` hears whose came."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.nodes: dict[str, NodeReport] = {}
        self.on_status: Callable[[str], None] | None = None
        self._releases: dict[str, Release] = {}

    def of(self, node: str) -> NodeReport:
        return self.nodes.setdefault(node, NodeReport())

    def forget(self, node: str) -> None:
        self.nodes.pop(node, None)

    def take(self, topic: NodeTopic, payload: bytes, now: int) -> bytes | None:
        """Take a status, or answer a want with a part; raises BadPayload."""
        if topic.kind == "status":
            if payload:  # an empty one only clears what was retained
                self.of(topic.node).hear(wire.decode_status(payload), now)
                if self.on_status is not None:
                    self.on_status(topic.node)
            return None
        try:
            want = releases.decode_want(payload)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise wire.BadPayload(str(error)) from None
        return self._part(self.of(topic.node), want, now)

    def release(self, version: str) -> Release:
        """Raises :class:`BadRelease` with a sentence when there is no such release here."""
        known = self._releases.get(version)
        if known is None:
            if self.folder is None or not releases.is_version(version):
                raise BadRelease(f"there is no release {version[:20]!r} here: give one with --release DIR")
            known = self._releases[version] = Release.read(self.folder / version)
        return known

    def forget_release(self, version: str) -> None:
        """It was written anew: read it again."""
        self._releases.pop(version, None)

    def problems(self, now: int) -> list[str]:
        found = [report.problem(node, now) for node, report in sorted(self.nodes.items())]
        return [sentence for sentence in found if sentence is not None]

    def _part(self, report: NodeReport, want: releases.Want, now: int) -> bytes:
        try:
            release = self.release(want.version)
        except BadRelease:
            return releases.part_payload(want, b"")
        report.fetched, report.fetched_at = release.fetched(want.file, want.at), now
        return releases.part_payload(want, release.part(want.file, want.at))
