"""New credentials on their way to nodes: in force only once the node has said that it keeps them.

The order carries password and key over TLS, sealed with the old key. Until the node answers, the old credential holds
and nothing has changed; the answer puts the new one in force, and the broker hangs up on whoever uses the old one. A
node keeps both until the new one let it in, so that it is locked out at no moment. What is pending is forgotten after
an hour, and with a core that stops: the node then goes on with the old one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from broker.credentials import CredentialRefused, CredentialStore, Drawn

if TYPE_CHECKING:
    from deploy.core import Core

PENDING_MS: Final = 3_600_000
KEPT: Final = "keeps a new credential"  # the node's answer, word for word


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    number: int
    drawn: Drawn
    until: int
    actor: str


class Rotations:
    """``enforced`` is called for each node whose new credential is in force; the broker's reload is its matter."""

    def __init__(self, core: "Core", credentials: CredentialStore, enforced: Callable[[str], None]) -> None:
        self._core, self._credentials, self._enforced = core, credentials, enforced
        self._pending: dict[str, Rotation] = {}
        core.reports.on_status = self.heard

    def begin(self, node: str, rotation: Rotation) -> None:
        """It was sent; a second one takes the place of the first."""
        self._pending[node] = rotation

    def is_pending(self, node: str) -> bool:
        return node in self._pending

    def heard(self, node: str) -> None:
        """A status came: where it says that the node keeps the credential, that is in force from now on."""
        rotation, status = self._pending.get(node), self._core.reports.of(node).status
        if rotation is None or status is None:
            return
        now = self._core.clock.now()
        if now > rotation.until:
            del self._pending[node]
        elif status.order == (rotation.number, KEPT):
            del self._pending[node]
            self._enforce(node, rotation, now)

    def _enforce(self, node: str, rotation: Rotation, now: int) -> None:
        try:
            self._credentials.enforce(node, rotation.drawn)
        except CredentialRefused:
            return  # revoked meanwhile
        self._core.journal.add_audit(
            self._core.group, at=now, actor=rotation.actor, action="node credential rotated", subject=node, detail=None
        )
        self._enforced(node)
