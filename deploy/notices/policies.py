"""The policy's versions, as core holds them: which one is in force, and a new one."""

import msgspec

from alerting import notice_tables
from alerting.policy_rules import BUILT_IN, Policy, PolicyVersion, in_force
from deploy.journal import Group, Journal


class Policies:
    """Every version that was ever set. Reading which one is in force costs a comparison."""

    def __init__(self, journal: Journal) -> None:
        decode = msgspec.json.Decoder(Policy).decode
        self.versions = [
            PolicyVersion(version=row[0], effective_from=row[1], author=row[2], reason=row[3], policy=decode(row[4]))
            for row in journal.rows(notice_tables.policies, "ORDER BY version")
        ]
        self._current = BUILT_IN
        self._until = 0  # when another one may come into force

    def now(self, now: int) -> PolicyVersion:
        """The version in force."""
        if now >= self._until or now < self._current.effective_from:
            self._current = in_force(self.versions, now)
            self._until = min(
                (each.effective_from for each in self.versions if each.effective_from > now), default=2**63
            )
        return self._current

    def add(self, group: Group, version: PolicyVersion) -> None:
        """Take a new version; it is in ``group``."""
        self.versions.append(version)
        self._until = 0
        text = msgspec.json.encode(version.policy).decode()
        group.policies.append((version.version, version.effective_from, version.author, version.reason, text))
