"""Runs the command that it is given with Twilio's channel held while a file is there: no call of it comes back.

``python held_core.py FILE python -m deploy.cli core ...``: what a deadlock in a provider's library does to the sender.
"""

import sys
import time
from pathlib import Path
from typing import Any

from alerting.channels.twilio import TwilioChannel
from deploy import cli


def held(method: Any, file: Path) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        while file.exists():
            time.sleep(0.1)
        return method(*args, **kwargs)

    return call


def main() -> int:
    file, words = Path(sys.argv[1]), sys.argv[5:]
    for name in ("send", "find", "probe"):
        setattr(TwilioChannel, name, held(getattr(TwilioChannel, name), file))
    return cli.main(words)


if __name__ == "__main__":
    sys.exit(main())
