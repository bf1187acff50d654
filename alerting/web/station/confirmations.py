"""What was done, said once more on the page that follows a form; for whoever did it, and only for a while."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

MOST: Final = 500


@dataclass(slots=True, kw_only=True)
class Confirmations:
    """Sentences by a token in the next address. In memory: after a restart the page itself shows the fact."""

    _said: OrderedDict[str, tuple[str, str]] = field(default_factory=OrderedDict)

    def say(self, visitor: str, sentence: str) -> str:
        """The token under which ``visitor`` reads ``sentence``."""
        token = secrets.token_urlsafe(9)
        self._said[token] = (visitor, sentence)
        while len(self._said) > MOST:
            self._said.popitem(last=False)
        return token

    def read(self, visitor: str, token: str | None) -> str | None:
        """The sentence, again at every reload; None for anybody else."""
        whose, sentence = self._said.get(token or "", ("", ""))
        return sentence if sentence and whose == visitor else None
