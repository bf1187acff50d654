"""The calls that are made to an InfluxDB 1.8, 2 or 3, and what each answer means."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec
import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException

from ingest.history import HistoryUnavailable

# About the lines and not about the server: malformed, type conflict, outside retention, too much at once.
_REFUSED: Final = (400, 413, 422)

PLAIN: Final = "application/json"
PACKED: Final = "application/x-msgpack"

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluxTarget:
    """Where history is. ``bucket`` is ``db/rp`` or a bucket's name; 1.8 takes user and password, 2 and 3 a token."""

    url: str
    bucket: str
    org: str = ""  # 2 only
    token: str | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_ms: int = 10_000

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ValueError(
                "InfluxDB's url is not like http://host:8086; user and password have settings of their own"
            )


class Answer(msgspec.Struct, Generic[Row], frozen=True):
    """One series of an answer of InfluxQL; a row is what the statement selects, after its time in ms."""

    values: list[Row]
    tags: dict[str, str] = {}
    partial: bool = False


class _Result(msgspec.Struct, Generic[Row], frozen=True):
    series: list[Answer[Row]] = []
    error: str | None = None


class _Body(msgspec.Struct, Generic[Row], frozen=True):
    results: list[_Result[Row]]


class InfluxServer:
    """Any thread may call; every call is bounded by the target's time-out and raises HistoryUnavailable."""

    def __init__(self, target: InfluxTarget) -> None:
        self._target = target
        # Any, here and below: the library's annotations are partly missing and partly wrong.
        settings: dict[str, Any] = {"url": target.url, "org": target.org, "token": target.token}
        if target.username is not None:  # 1.8 splits "Token user:password" at a space in the password; Basic holds
            settings |= {"token": f"{target.username}:{target.password or ''}", "auth_basic": True}
        self._client: Any = InfluxDBClient(**settings, timeout=target.timeout_ms, retries=False)
        self._writer: Any = self._client.write_api(write_options=SYNCHRONOUS)
        self._packs = False  # 1.x makes MessagePack in half the time of JSON; 2 and 3 do not know it

    def post(self, lines: bytes) -> str | None:
        """Write; None when confirmed, else why the server refuses these lines."""
        try:
            self._writer.write(
                bucket=self._target.bucket, org=self._target.org, record=lines, write_precision=WritePrecision.MS
            )
        except ApiException as error:
            if error.status in _REFUSED:
                return _message(error.body)
            raise self._unavailable(error) from None
        except urllib3.exceptions.HTTPError as error:
            raise self._unreachable(error) from None
        return None

    def ask(self, row: type[Row], statement: str, parameters: Mapping[str, str | int]) -> list[Answer[Row]]:
        """Run one SELECT of InfluxQL with bound parameters; its columns are the fields of ``row``."""
        return self._run("GET", row, statement, parameters)

    def delete(self, statement: str, parameters: Mapping[str, str | int]) -> None:
        """Run one DELETE of InfluxQL with bound parameters."""
        self._run("POST", tuple[Any, ...], statement, parameters)

    def _run(self, method: str, row: Any, statement: str, parameters: Mapping[str, str | int]) -> list[Any]:
        database, _, policy = self._target.bucket.partition("/")
        query = {"db": database, "epoch": "ms", "q": statement, "params": msgspec.json.encode(parameters).decode()}
        if policy:
            query["rp"] = policy
        headers = self._client.api_client.default_headers | {"Accept": PACKED if self._packs else PLAIN}
        url = f"{self._target.url.rstrip('/')}/query?{urlencode(query)}"
        try:
            answer = self._client.api_client.rest_client.request(method, url, headers=headers, _preload_content=False)
            body = answer.data
        except ApiException as error:
            raise self._unavailable(error) from None
        except urllib3.exceptions.HTTPError as error:
            raise self._unreachable(error) from None
        version = answer.headers.get("X-Influxdb-Version", "").lstrip("v")  # "unknown" when built from source
        self._packs = bool(version) and version[0] not in "23"
        return self._series(row, body, is_packed=answer.headers.get("Content-Type", "").startswith(PACKED))

    def _series(self, row: Any, body: bytes, *, is_packed: bool) -> list[Any]:
        decode = msgspec.msgpack.decode if is_packed else msgspec.json.decode
        try:
            result = decode(body, type=_Body[row]).results[0]
        except (msgspec.DecodeError, LookupError):
            raise HistoryUnavailable(f"{self._target.url} does not answer like InfluxDB: {body[:80]!r}") from None
        if result.error is not None:
            raise HistoryUnavailable(f"InfluxDB can't read {self._target.bucket}: {result.error}")
        if any(series.partial for series in result.series):
            raise HistoryUnavailable(f"InfluxDB at {self._target.url} cuts answers: set its max-row-limit to 0")
        return result.series

    def _unavailable(self, error: ApiException) -> HistoryUnavailable:
        said = f"InfluxDB at {self._target.url} answers {error.status}: {_message(error.body)}"
        match error.status:
            case 401 | 403:
                return HistoryUnavailable(f"{said}; check its token, or user and password")
            case 404:
                return HistoryUnavailable(f"{said}; create bucket {self._target.bucket!r} there or name another")
            case _:
                return HistoryUnavailable(said)

    def _unreachable(self, error: urllib3.exceptions.HTTPError) -> HistoryUnavailable:
        timed_out = isinstance(error, urllib3.exceptions.ReadTimeoutError)
        return HistoryUnavailable(f"InfluxDB at {self._target.url} can't be reached: {error}", timed_out=timed_out)

    def close(self) -> None:
        self._client.close()


def _message(body: bytes | str | None) -> str:
    """The server's own words: ``error`` in 1.8 and 3, ``message`` in 2."""
    if isinstance(body, bytes) and body[:1] != b"{":  # 1.x refuses in the form that was asked for
        with suppress(msgspec.DecodeError):
            return str(msgspec.msgpack.decode(body, type=dict[str, Any]).get("error"))[:500]
    plain = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    try:
        said = msgspec.json.decode(plain or "", type=dict[str, Any])
    except msgspec.DecodeError:
        return (plain or "no explanation")[:500]
    return str(said.get("error") or said.get("message") or plain)[:500]
