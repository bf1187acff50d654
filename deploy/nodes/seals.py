"""Whose payloads bear a seal, whose must, and what came with a wrong one.

A node that seals is answered sealed. One that must seal is heard no other way, so that who holds the broker and its
passwords can silence it, but not speak for it. The keys are those that seal orders: of the credential in force, known
to the node and to core, never to the broker.
"""

from collections import Counter
from typing import TYPE_CHECKING, Final

from broker import payload_seal, topics
from broker.credentials import CredentialRefused
from broker.payload_seal import NotSealed

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.journal import Journal

KEPT: Final = "node_seal:"  # and the node's id, in the journal's values
REQUIRED: Final = "required"
ACCEPTED: Final = "accepted"
COUNTER: Final = "false_seals"
# The broker's word that a node is gone, which anybody who holds the broker can give: it says nothing about water.
UNSEALED_STATUS: Final = (b"", b'{"online":false}')
# After a rotation what the old key sealed may still be on its way; a node sends what was not acknowledged every 30 s.
GRACE_MS: Final = 120_000
TOLD_MS: Final = 3_600_000  # how long the board tells of a wrong seal after the last one


class Seals:
    """``key_of`` gives a node's key and raises CredentialRefused where it has none; it is asked once for each node.

    ``watched`` are the nodes whose payloads must be opened whatever they look like: those that must seal, and those
    that did.
    """

    def __init__(self, journal: "Journal", counters: Counter[str]) -> None:
        self._counters = counters
        self.key_of: Callable[[str], str] | None = None
        self._required = _required(journal)
        self._sealing: set[str] = set()  # nodes whose last good payload bore a seal
        self.watched = set(self._required)
        self._keys: dict[str, str] = {}
        self._before: dict[str, tuple[str, int]] = {}  # the key before the last rotation, and until when it counts
        self._refused_at: dict[str, int] = {}

    def is_required(self, node: str) -> bool:
        return node in self._required

    def is_sealing(self, node: str) -> bool:
        """Whether what it last said, since core began, bore its seal."""
        return node in self._sealing

    def require(self, node: str, *, is_required: bool) -> None:
        """From now on it must seal, or need not."""
        if is_required:
            self._required.add(node)
        else:
            self._required.discard(node)
        self._watch(node)

    def open(self, topic: topics.NodeTopic, payload: bytes, now: int) -> bytes:
        """What the node said; raises :class:`NotSealed` with the reason, which is then counted and told."""
        if payload_seal.is_sealed(payload):
            return self._unseal(topic, payload, now)
        if topic.kind == "status" and payload in UNSEALED_STATUS:
            return payload
        if topic.node in self._required:
            raise self._refuse(topic.node, now, f"node {topic.node} must seal what it says, and this is not sealed")
        self._sealing.discard(topic.node)
        self._watch(topic.node)
        return payload

    def close(self, node: str, topic: str, payload: bytes) -> bytes:
        """What core says to the node: sealed for one that seals."""
        key = self._keys.get(node) if node in self._sealing else None
        return payload if key is None else payload_seal.seal(key, topic, payload)

    def forget(self, node: str) -> None:
        """Its credential is another, or void: what the old key sealed counts no more."""
        self._keys.pop(node, None)
        self._before.pop(node, None)
        self._sealing.discard(node)
        self._watch(node)

    def rotated(self, node: str, now: int) -> None:
        """It has a new key, over the air: what the old one sealed on its way here counts for two minutes more."""
        before = self._keys.pop(node, None)
        if before is not None:
            self._before[node] = (before, now + GRACE_MS)

    def problems(self, now: int) -> list[str]:
        """One Indonesian sentence for each node in whose name something came with a wrong seal, or none."""
        return [
            f"Pesan atas nama simpul {node} tidak bersegel sah dan ditolak: broker atau sandinya mungkin disusupi, "
            "atau alatnya memakai kunci lama. Periksa: kentongan deadletters"
            for node, at in sorted(self._refused_at.items())
            if now - at < TOLD_MS
        ]

    def _unseal(self, topic: topics.NodeTopic, payload: bytes, now: int) -> bytes:
        name = topics.topic(topic.realm, topic.node, topic.kind)
        for key in self._candidates(topic.node, now):
            try:
                body = payload_seal.unseal(key, name, payload)
            except NotSealed:
                continue
            self._sealing.add(topic.node)
            self._watch(topic.node)
            return body
        raise self._refuse(topic.node, now, f"the seal is not that of node {topic.node}")

    def _watch(self, node: str) -> None:
        if node in self._required or node in self._sealing:
            self.watched.add(node)
        else:
            self.watched.discard(node)

    def _candidates(self, node: str, now: int) -> list[str]:
        before, until = self._before.get(node, ("", 0))
        known = [self._key(node), before if now < until else ""]
        return [key for key in known if key]

    def _key(self, node: str) -> str:
        found = self._keys.get(node)
        if found is None:
            try:
                found = "" if self.key_of is None else self.key_of(node)
            except CredentialRefused:
                found = ""
            self._keys[node] = found
        return found

    def _refuse(self, node: str, now: int, reason: str) -> NotSealed:
        self._counters[COUNTER] += 1
        self._refused_at[node] = now
        return NotSealed(reason)


def _required(journal: "Journal") -> set[str]:
    rows = journal.connection.execute("SELECT key, value FROM journal_values WHERE key LIKE ?", (f"{KEPT}%",))
    return {str(key).removeprefix(KEPT) for key, value in rows if value == REQUIRED}
