"""What an address becomes for Apprise: a mail, a chat of Telegram, a webhook or one of Apprise's own services."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

import apprise

TIMEOUT_S: Final = 6.0  # for each step of a conversation; a mail has about eight

Target = Callable[[str, str], Mapping[str, Any]]  # from an address and a message's tag


class BadAddress(Exception):
    """A contact cannot be used; the text is an Indonesian clause without the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """``security`` is starttls, ssl or insecure."""

    host: str
    port: int
    security: str
    sender: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)


def webhook(address: str, tag: str) -> Mapping[str, Any]:
    """The service that a URL names: ``https://...`` gets JSON, and any other is one of Apprise's own kinds.

    Only encrypted ones, except on this machine. The JSON holds the message's ``key``: a message in doubt comes twice.
    """
    try:
        url = urlsplit(address)
        port = url.port
    except ValueError:
        raise BadAddress("bukan alamat web") from None
    is_here = url.hostname in ("localhost", "127.0.0.1", "::1")
    if url.scheme in ("http", "https"):
        if url.scheme == "http" and not is_here:
            raise BadAddress("harus https")
        return _json(url, port, tag)
    parsed = _parsed(address)
    service = apprise.plugins.N_MGR[parsed["schema"]]
    if not is_here and parsed["schema"] not in _names(service.secure_protocol):
        raise BadAddress("layanan itu tidak terenkripsi")
    return {**parsed, "retry": 0, **_timeouts()}


def _json(url: SplitResult, port: int | None, tag: str) -> Mapping[str, Any]:
    if not url.hostname:
        raise BadAddress("bukan alamat web")
    return {
        "schema": "jsons" if url.scheme == "https" else "json",
        "host": url.hostname,
        "port": port,
        "fullpath": url.path or "/",
        "params": dict(parse_qsl(url.query, keep_blank_values=True)),
        "user": url.username,
        "password": url.password,
        "payload": {"key": tag},
        **_timeouts(),
    }


def telegram(token: str) -> Target:
    """A bot's messages; the address is the id of a chat that was begun with it."""

    def target(address: str, _tag: str) -> Mapping[str, Any]:
        if not re.fullmatch(r"-?\d{3,20}|@[A-Za-z]\w{3,31}", address):
            raise BadAddress("bukan nomor obrolan Telegram")
        return {"schema": "tgram", "bot_token": token, "targets": [address], "detect_owner": False, **_timeouts()}

    return target


def email(server: MailServer) -> Target:
    """Mails through one server."""

    def target(address: str, tag: str) -> Mapping[str, Any]:
        if not re.fullmatch(r"[^@\s,<>]+@[^@\s,<>]+\.[^@\s,<>]+", address):
            raise BadAddress("bukan alamat surel")
        return {
            "schema": "mailto" if server.security == "insecure" else "mailtos",
            "host": server.host,
            "smtp_host": server.host,
            "port": server.port,
            "secure_mode": server.security,
            "user": server.username,
            "password": server.password,
            "from_addr": server.sender,
            "targets": [address],
            "headers": {"X-Kentongan-Key": tag},
            **_timeouts(),
        }

    return target


def _parsed(address: str) -> dict[str, Any]:
    parsed = apprise.Apprise.instantiate(address)
    found: dict[str, Any] | None = None if parsed is None else type(parsed).parse_url(address)
    if found is None:
        raise BadAddress("tidak dikenali")
    return found


def _names(protocol: object) -> tuple[str, ...]:
    if isinstance(protocol, str):
        return (protocol,)
    return tuple(str(each) for each in protocol) if isinstance(protocol, list | tuple | set) else ()


def _timeouts() -> dict[str, float]:
    return {"cto": TIMEOUT_S, "rto": TIMEOUT_S}
