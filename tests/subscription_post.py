"""A core in process that residents write to and that writes to residents."""

import re
from pathlib import Path
from typing import Any

from tests.bare_core import SetClock
from tests.notice_post import OFFICER, NoticePost

OPEN = "[subscription]\nenabled = true\nmessages_a_day = {messages}\n"
JOKO, SITI, OFFICER_NUMBER = "+6281234567801", "+6281234567802", "+6281200000001"


class SubscriptionPost(NoticePost):
    """``sms`` is somebody writing; ``phone`` is what a number has received, the newest last."""

    def __init__(self, folder: Path, *, messages: int = 50, more: str = OPEN, realm: str = "ews") -> None:
        super().__init__(folder, officers=f"{OFFICER}{more.format(messages=messages)}", realm=realm)

    def sms(self, number: str, text: str, *, key: str | None = None, late_ms: int = 0) -> str:
        answer = self.ask(
            "sms-received", key=key, modem="m1", number=number, text=text, received_at=SetClock.time - late_ms
        )
        return str(answer["taken"])

    def phone(self, number: str) -> list[str]:
        found = self.core.directory.find("phone", number)
        if found is None:
            return []
        rows = self.rows("SELECT body FROM outbox WHERE recipient = ? ORDER BY id", found.id)
        return [body for (body,) in rows]

    def consent(self, number: str) -> str | None:
        found = self.core.directory.find("phone", number)
        return None if found is None else found.consent

    def areas(self, number: str) -> tuple[str, ...]:
        found = self.core.directory.find("phone", number)
        return () if found is None else found.areas

    def code(self, number: str) -> str:
        """The last code that a number received."""
        return str(re.findall(r"\b\d{6}\b", "\n".join(self.phone(number)))[-1])

    def page(
        self, action: str, number: str, *, area: str = "35.75.01.1001", address: str = "10.1.1.1", **more: str
    ) -> Any:
        """What the page asks when its form is sent."""
        return self.ask("subscription-request", action=action, number=number, area=area, address=address, **more)

    def confirm(self, ticket: str, code: str, *, address: str = "10.1.1.1") -> Any:
        return self.ask("subscription-confirm", ticket=ticket, code=code, address=address)
