"""The emulator as a test sees it: a process of its own, its faults and its log."""

import json
import select
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.emulators.twilio_account import ACCOUNT_SID, AUTH_TOKEN, Behaviour, Fault

FROM_NUMBER = "+15005550006"
_SCRIPT = Path(__file__).with_name("twilio_emulator.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One POST in the emulator's log. ``sid`` is None when the message was not taken."""

    time_ns: int
    to: str
    body: str
    sid: str | None
    status: int
    form: dict[str, str]


class TwilioProcess:
    """A running emulator; a context manager. Its log outlives it, and ``start`` brings it back on the same port."""

    account_sid = ACCOUNT_SID
    auth_token = AUTH_TOKEN
    from_number = FROM_NUMBER

    def __init__(self, log: Path, *, behaviour: Behaviour | None = None, certificate: Path | None = None) -> None:
        self.log = log
        self.base_url = ""
        self._port = 0
        self._behaviour = behaviour or Behaviour()
        self._options = ["--behaviour", self._behaviour.to_json()]
        if certificate is not None:
            self._options += ["--certificate", str(certificate)]
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Return when it accepts connections; raises RuntimeError when it does not within a minute."""
        command = [sys.executable, str(_SCRIPT), "--port", str(self._port), "--log", str(self.log), *self._options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], 60)
        line = self._process.stdout.readline() if ready else ""
        if not line.startswith("listening on "):
            self.kill()
            raise RuntimeError(f"the emulator of Twilio did not start: {line!r}")
        self.base_url = line.removeprefix("listening on ").strip()
        self._port = int(self.base_url.rpartition(":")[2])

    def kill(self) -> None:
        """End it at once, as a provider's outage does."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None

    def connections(self) -> int:
        """How many connections to it stand, by the kernel's table."""
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return sum(line[2].endswith(f":{self._port:04X}") and line[3] == "01" for line in lines)

    def cut(self) -> None:
        """Break every connection to it; what it accepted it remembers."""
        self.kill()
        self.start()

    def reset(self) -> None:
        """Run, with an empty log and the behaviour of the beginning."""
        if self._process is None:
            self.start()
        self._control("DELETE", "messages", b"")
        self._put(self._behaviour)

    def behave(self, **changes: Any) -> None:
        """Behave as :class:`Behaviour` with these fields from the next request on; all others are in good health."""
        self._put(Behaviour(**changes))

    def fail(self, kind: str, **fields: Any) -> None:
        """Behave badly: a :class:`Fault` of this kind from the next request on."""
        self._put(Behaviour(fault=Fault(kind=kind, **fields)))

    def posts(self) -> list[Post]:
        """Every POST received since the log began, oldest first."""
        if not self.log.exists():
            return []
        whole, _, _ = self.log.read_text().rpartition("\n")  # the last line may be half written
        return [_post(json.loads(line)) for line in whole.splitlines()]

    def wait_for_posts(self, count: int, *, within_s: float = 60) -> list[Post]:
        """The POSTs as soon as there are ``count``; raises TimeoutError naming how many there were."""
        deadline = time.monotonic() + within_s
        while len(posts := self.posts()) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(posts)} of {count} POSTs arrived within {within_s:g} s")
            time.sleep(0.02)
        return posts

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.kill()

    def _put(self, behaviour: Behaviour) -> None:
        self._control("PUT", "behaviour", behaviour.to_json().encode())

    def _control(self, method: str, what: str, body: bytes) -> None:
        request = urllib.request.Request(f"{self.base_url}/emulator/{what}", data=body, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()


def _post(line: dict[str, Any]) -> Post:
    return Post(
        time_ns=line.pop("time_ns"),
        sid=line.pop("sid"),
        status=line.pop("status"),
        to=line.get("To", ""),
        body=line.get("Body", ""),
        form=line,
    )
