"""Second factors that are being set up: the secret that a page shows, until a code of it comes back."""

import secrets
from collections import OrderedDict
from typing import Final

from alerting.totp import SECRET_BYTES

MOST: Final = 200


class Enrolments:
    """One a session, in memory alone; the oldest makes room."""

    def __init__(self) -> None:
        self._secrets: OrderedDict[bytes, bytes] = OrderedDict()

    def secret(self, session: bytes) -> bytes:
        """The same until it is forgotten, so that a page that is loaded again shows the same picture."""
        while len(self._secrets) >= MOST and session not in self._secrets:
            self._secrets.popitem(last=False)
        return self._secrets.setdefault(session, secrets.token_bytes(SECRET_BYTES))

    def forget(self, session: bytes) -> None:
        self._secrets.pop(session, None)
