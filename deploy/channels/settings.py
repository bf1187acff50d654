"""The settings of the ways out: which there are, and how each is reached. Checking them touches no network."""

import re
from collections import Counter
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

import msgspec

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
CALLBACK: Final = "/callbacks/twilio/status"


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file: unknown keys are refused."""


class Twilio(Table, frozen=True, kw_only=True):
    """``public_url`` is where Twilio reaches our pages; without it, it reports no deliveries."""

    account_sid: str
    token_file: str
    sender: str  # a number in E.164, or a Messaging Service SID (MG...)
    api_base: str = "https://api.twilio.com"
    max_parallel: Annotated[int, msgspec.Meta(ge=1, le=64)] = 8
    messages_per_s: Annotated[float, msgspec.Meta(gt=0)] | None = None
    public_url: str = ""


class Modem(Table, frozen=True, kw_only=True):
    """One GSM modem. ``device`` "dummy" is Gammu's phone that is none."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,16}$")]
    device: str
    connection: str = "at115200"
    pin_file: str | None = None
    rate_per_minute: Annotated[float, msgspec.Meta(ge=5, le=60)] = 8.0
    delivery_reports: bool = True
    validity_minutes: Annotated[int, msgspec.Meta(ge=5, le=720)] = 30
    credit_code: str | None = None
    credit_min: Annotated[int, msgspec.Meta(ge=0)] = 10_000


class Email(Table, frozen=True, kw_only=True):
    """``security`` "none" is for a server on this machine alone."""

    host: str
    sender: str
    port: Port | None = None  # None: the usual one
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password_file: str | None = None


class Telegram(Table, frozen=True, kw_only=True):
    token_file: str


class Channels(Table, frozen=True, kw_only=True):
    """In the order in which a message is tried."""

    twilio: Twilio | None = None
    modems: list[Modem] = []
    telegram: Telegram | None = None
    email: Email | None = None
    webhook: bool = False
    demo: bool = False

    def names(self) -> list[str]:
        """Of the channels that are configured."""
        is_there = {
            "twilio": self.twilio is not None,
            "modem": bool(self.modems),
            "telegram": self.telegram is not None,
            "email": self.email is not None,
            "webhook": self.webhook,
            "demo": self.demo,
        }
        return [name for name, there in is_there.items() if there]


def fault(channels: Channels) -> str | None:
    """The first thing that cannot work, as a key and what to write instead."""
    twice = [name for name, count in Counter(modem.name for modem in channels.modems).items() if count > 1]
    if twice:
        return f"channels.modems: two are named {twice[0]!r}; give each a name of its own"
    for modem in channels.modems:
        if modem.device != "dummy" and not modem.device.startswith("/"):
            return f"channels.modems ({modem.name}): device: write a path such as /dev/serial/by-id/..., or dummy"
        if modem.credit_code is not None and not re.fullmatch(r"[*#][0-9*#]{1,20}#", modem.credit_code):
            return f"channels.modems ({modem.name}): credit_code: write the operator's code, such as *888#"
    return _twilio_fault(channels.twilio) or _email_fault(channels.email)


def _twilio_fault(twilio: Twilio | None) -> str | None:
    if twilio is None or not twilio.public_url:
        return None
    url = urlsplit(twilio.public_url)
    is_safe = url.scheme == "https" or (url.scheme == "http" and url.hostname in ("127.0.0.1", "localhost"))
    if not is_safe or not url.hostname or url.query or url.fragment or url.username:
        return "channels.twilio.public_url: write where the public reaches our pages, such as https://kota.example"
    return None


def _email_fault(email: Email | None) -> str | None:
    if email is None:
        return None
    if not re.fullmatch(r"[^@\s,<>]+@[^@\s,<>]+", email.sender):
        return f"channels.email.sender: {email.sender!r} is no address; write peringatan@kota.example"
    if email.security == "none" and email.host not in ("localhost", "127.0.0.1", "::1"):
        return 'channels.email.security: "none" sends passwords and addresses in clear; write starttls or tls'
    if (email.username is None) != (email.password_file is None):
        return "channels.email: username and password_file go together; give both or neither"
    return None
