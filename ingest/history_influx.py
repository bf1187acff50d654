"""History in InfluxDB 1.8, 2 or 3: one measurement, written as line protocol and read by InfluxQL.

    reading,quantity=level_m,station=welang flag=1,nulls=0,...,node="wl-01",reason="",value=1.25,raw=3750 1764000000000

- Tags are quantity and station only; time is in ms. So a new revision overwrites, and cardinality is that of series.
- Every number is a float (value, raw, flag, nulls, revision, received_at, epoch): no type can ever be in conflict.
- InfluxDB merges the fields of a point that is written again, so a value that became null would stay. ``nulls`` says
  which fields are null whatever stands in them: 0 none, 1 value, 2 raw, 3 both. Panels ask ``WHERE "nulls" = 0``.
- An empty ``reason`` is none.
- InfluxDB stores the fields of a point one after the other. A row read in that instant lacks some: it is left out, and
  whole in the next answer. While a revision replaces a point, a row may mix both for that instant.

Confirmed is what the server answered 2xx to. The cursor and the lines it refused are in a small SQLite file of ours.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import msgspec
import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException

from ingest.history import Cursor, HistoryUnavailable, Point, Refusal, SafetyWindow, WriteResult, sift
from ingest.history_cursor import CursorFile
from ingest.readings import Reading

BATCH: Final = 5000
_VALUE_NULL, _RAW_NULL = 1, 2
_ALWAYS: Final = ("flag", "nulls", "reason", "node", "revision", "received_at", "epoch")
_FIELDS: Final = ("value", "raw", *_ALWAYS)
_SELECT: Final = (
    "SELECT " + ", ".join(f'"{name}"' for name in _FIELDS) + ' FROM "reading"'  # noqa: S608  (names are constants)
    ' WHERE "station" = $station AND "quantity" = $quantity'
)
# About the lines and not about the server: malformed, type conflict, outside retention, too much at once.
_REFUSED: Final = (400, 413, 422)
# A backlog older than the retention policy is refused as a whole; bisecting it would take thousands of requests.
_BEYOND_RETENTION: Final = re.compile(r"points beyond retention policy dropped=(\d+)")
# Without a time stamp: the server sets it. Any server that takes writes at all takes this one.
_PROBE: Final = b"kentongan_probe ok=1"


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


class _Server:
    """The two calls that we make, and what each answer means. Any thread may call."""

    def __init__(self, target: InfluxTarget) -> None:
        self._target = target
        # Any, here and below: the library's annotations are partly missing and partly wrong.
        settings: dict[str, Any] = {"url": target.url, "org": target.org, "token": target.token}
        if target.username is not None:  # 1.8 splits "Token user:password" at a space in the password; Basic holds
            settings |= {"token": f"{target.username}:{target.password or ''}", "auth_basic": True}
        self._client: Any = InfluxDBClient(**settings, timeout=target.timeout_ms, retries=False)
        self._writer: Any = self._client.write_api(write_options=SYNCHRONOUS)

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

    def ask(self, statement: str, parameters: Mapping[str, str | int]) -> list[dict[str, Any]]:
        """Run one InfluxQL statement with bound parameters: its rows, times in ms."""
        database, _, policy = self._target.bucket.partition("/")
        query = {"db": database, "epoch": "ms", "q": statement, "params": msgspec.json.encode(parameters).decode()}
        if policy:
            query["rp"] = policy
        headers = dict(self._client.api_client.default_headers)
        try:
            answer = self._client.api_client.rest_client.GET(
                f"{self._target.url.rstrip('/')}/query?{urlencode(query)}", headers=headers
            )
        except ApiException as error:
            raise self._unavailable(error) from None
        except urllib3.exceptions.HTTPError as error:
            raise self._unreachable(error) from None
        return self._rows(answer.data)

    def _rows(self, body: str) -> list[dict[str, Any]]:
        try:
            result = msgspec.json.decode(body)["results"][0]
            if "error" in result:
                raise HistoryUnavailable(f"InfluxDB can't read {self._target.bucket}: {result['error']}")
            series = result.get("series", [])
            return [dict(zip(one["columns"], row, strict=True)) for one in series for row in one["values"]]
        except (msgspec.DecodeError, LookupError, TypeError, ValueError):
            raise HistoryUnavailable(f"{self._target.url} does not answer like InfluxDB: {body[:80]!r}") from None

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


def _message(body: str | None) -> str:
    """The server's own words: ``error`` in 1.8 and 3, ``message`` in 2."""
    try:
        said = msgspec.json.decode(body or "", type=dict[str, Any])
    except msgspec.DecodeError:
        return (body or "no explanation")[:500]
    return str(said.get("error") or said.get("message") or body)[:500]


class InfluxReader:
    """Reads history from InfluxDB. See :class:`ingest.history.HistoryReader`."""

    def __init__(self, target: InfluxTarget) -> None:
        self._server = _Server(target)

    def range(self, station: str, quantity: str, start: int, end: int, limit: int) -> list[Point]:
        rows = self._server.ask(
            f"{_SELECT} AND time >= $start AND time < $end ORDER BY time ASC LIMIT $limit",
            {
                "station": station,
                "quantity": quantity,
                "start": start * 1_000_000,
                "end": end * 1_000_000,
                "limit": limit,
            },
        )
        return [_point(row) for row in rows if _is_whole(row)]

    def latest(self, station: str, quantity: str) -> Point | None:
        rows = self._server.ask(f"{_SELECT} ORDER BY time DESC LIMIT 2", {"station": station, "quantity": quantity})
        return next((_point(row) for row in rows if _is_whole(row)), None)

    def close(self) -> None:
        self._server.close()


class InfluxHistory(InfluxReader):
    """The sink. The same readings sent twice leave the same points, so a safety window costs only time."""

    name = "InfluxDB"

    def __init__(
        self,
        target: InfluxTarget,
        cursor_path: Path,
        *,
        window: SafetyWindow | None = SafetyWindow(),  # noqa: B008
    ) -> None:
        """Open the cursor file; the server may be down. A new server or bucket starts at the journal's first row."""
        super().__init__(target)
        self.window = window
        self.file = CursorFile(cursor_path, sink=f"{target.url.rstrip('/')} {target.bucket}")

    def cursor(self) -> Cursor:
        return self.file.load()

    def write(self, readings: Sequence[Reading], *, cursor: Cursor | None = None) -> WriteResult:
        sound, refused = sift(readings)
        # What two lines of one point in one request leave is not defined by every version.
        last = {(reading.station, reading.quantity, reading.time): reading for reading in sound}
        distinct = list(last.values())
        for start in range(0, len(distinct), BATCH):
            refused += self._send(distinct[start : start + BATCH])
        with self.file.transaction():
            self.file.store(cursor, refused)
        return WriteResult(accepted=len(readings) - len(refused), refused=tuple(refused))

    def _send(self, batch: Sequence[Reading]) -> list[Refusal]:
        reason = self._server.post(_lines(batch))
        if reason is None:
            return []
        # A server that refuses everything is misconfigured, and the lines are not to blame.
        if self._server.post(_PROBE) is not None:
            raise HistoryUnavailable(f"InfluxDB refuses every write: {reason}")
        return self._bisect(batch, reason)

    def _bisect(self, batch: Sequence[Reading], reason: str) -> list[Refusal]:
        """Find the lines that were refused among a batch that was; the others are written on the way."""
        dropped = _BEYOND_RETENTION.search(reason)
        if len(batch) == 1 or (dropped and int(dropped[1]) == len(batch)):
            return [Refusal(reading=reading, reason=reason) for reading in batch]
        refused: list[Refusal] = []
        middle = len(batch) // 2
        for half in (batch[:middle], batch[middle:]):
            reason_of_half = self._server.post(_lines(half))
            if reason_of_half is not None:
                refused += self._bisect(half, reason_of_half)
        return refused

    def close(self) -> None:
        super().close()
        self.file.close()


def _lines(batch: Sequence[Reading]) -> bytes:
    return "\n".join([_line(reading) for reading in batch]).encode()


def _line(reading: Reading) -> str:
    nulls = (_VALUE_NULL if reading.value is None else 0) | (_RAW_NULL if reading.raw is None else 0)
    value = "" if reading.value is None else f",value={reading.value!r}"
    raw = "" if reading.raw is None else f",raw={reading.raw!r}"
    reason = reading.reason.replace("\\", "\\\\").replace('"', '\\"') if reading.reason else ""
    return (
        f"reading,quantity={reading.quantity},station={reading.station}"
        f" flag={reading.flag:d},nulls={nulls},revision={reading.revision},received_at={reading.received_at}"
        f',epoch={reading.epoch},node="{reading.node}",reason="{reason}"{value}{raw} {reading.time}'
    )


def _is_whole(row: Mapping[str, Any]) -> bool:
    if any(row[name] is None for name in _ALWAYS):
        return False
    nulls = int(row["nulls"])
    return (row["value"] is not None or bool(nulls & _VALUE_NULL)) and (
        row["raw"] is not None or bool(nulls & _RAW_NULL)
    )


def _point(row: Mapping[str, Any]) -> Point:
    nulls = int(row["nulls"])
    return Point(
        time=row["time"],
        value=None if nulls & _VALUE_NULL else float(row["value"]),
        raw=None if nulls & _RAW_NULL else float(row["raw"]),
        flag=int(row["flag"]),
        reason=row["reason"] or None,
        node=row["node"],
        revision=int(row["revision"]),
        received_at=int(row["received_at"]),
        epoch=int(row["epoch"]),
    )
