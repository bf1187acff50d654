"""Answers: JSON or CSV of the same rows, a validator over what they are made of, and the address of the next page."""

import csv
import io
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Send

from alerting.web.api.asking import CSV, JSON
from alerting.web.api.problem import Refused

log: Final = logging.getLogger(__name__)

CSV_TYPE: Final = "text/csv; charset=utf-8; header=present"
FLAG_HEADING: Final = "flag [1 good; 2 not evaluated; 3 suspect; 4 fail; 9 missing]"


def etag(made_of: Any, *, form: str) -> str:
    """A weak validator: it leaves out what only says when the answer was made (now, ages, open ends)."""
    digest = blake2b(msgspec.json.encode((form, made_of)), digest_size=10).hexdigest()
    return f'W/"{digest}"'


def is_known(request: Request, tag: str) -> bool:
    """Whether the client holds this already (weak comparison, RFC 9110, 13.1.2)."""
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    return "*" in known or tag.removeprefix("W/") in known


def next_address(request: Request, **changes: str) -> str:
    """The request with some parameters replaced, as a path with a query."""
    return f"{request.url.path}?{urlencode({**request.query_params, **changes})}"


def answer(request: Request, *, form: str, made_of: Any, following: str | None, body: Callable[[], bytes]) -> Response:
    """``made_of`` is what the validator is computed from; ``body`` is called only when the client needs it."""
    tag = etag(made_of, form=form)
    headers = {**_headers(following), "ETag": tag}
    if is_known(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(body(), 200, headers, CSV_TYPE if form == CSV else JSON)


def _headers(following: str | None) -> dict[str, str]:
    headers = {"Vary": "Accept", "Cache-Control": "no-cache"}
    return headers if following is None else {**headers, "Link": f'<{following}>; rel="next"'}


def table(heading: Sequence[str] | None, rows: Iterable[Iterable[Any]]) -> bytes:
    """CSV by RFC 4180 in UTF-8. Cells are text, numbers or None, which is empty; for anything else see ``cell``."""
    text = io.StringIO()
    writer = csv.writer(text)
    if heading is not None:
        writer.writerow(heading)
    writer.writerows(rows)
    return text.getvalue().encode()


def cell(value: Any) -> Any:
    """What a table holds of a field of an entity: a list is joined with semicolons, a table in it is JSON."""
    match value:
        case bool():
            return "true" if value else "false"
        case list() if not any(isinstance(each, Mapping) for each in value):
            return ";".join(str(each) for each in value)
        case list() | Mapping():
            return msgspec.json.encode(value).decode() if value else ""
    return value


class CsvDownload(StreamingResponse):
    """A table of any length, page by page. Cut off when history fails: the answer then has no proper end."""

    def __init__(self, pages: AsyncIterator[bytes], *, at_end: Callable[[], None]) -> None:
        super().__init__(pages, headers=_headers(None), media_type=CSV_TYPE)
        self.pages, self.at_end = pages, at_end

    async def stream_response(self, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async for page in self.pages:
                await send({"type": "http.response.body", "body": page, "more_body": True})
        except Refused as error:
            log.warning("a download was cut off: %s", error)
            return
        finally:
            self.at_end()
        await send({"type": "http.response.body", "body": b"", "more_body": False})
