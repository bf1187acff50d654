"""Somebody who looks at a change of rules before it is made, as the pages and the command line do."""

from collections.abc import Callable
from typing import Any


def looked_at(ask: Callable[..., Any], *tables: dict[str, Any]) -> None:
    """Tell core that what ``tables`` change of known stations' rules has been shown to somebody."""
    for look in ask("rules-look", stations=list(tables))["looks"]:
        ask("rules-looked", station=look["id"], fingerprint=look["fingerprint"])
