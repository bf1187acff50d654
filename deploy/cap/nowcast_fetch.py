"""Fetches a feed of warnings and the CAP messages that it lists: politely, in bounds, from one host.

Blocking; called in a thread. What the feed no longer lists no longer stands; a message is asked for again only when
the feed says that it has changed.
"""

import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException, HTTPResponse
from typing import IO, TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from alerting.cap_in import MOST_BYTES, BadDocument, FeedItem, Nowcast, feed_items, nowcast
from deploy import __version__

if TYPE_CHECKING:
    from alerting.cap_areas import Box

TIMEOUT_S: Final = 10.0
WHOLE_S: Final = 30.0  # for one document, however slowly it comes
MOST_REQUESTS: Final = 40  # messages a poll: BMKG answers 60 requests a minute; the others come with the next one
CHUNK: Final = 65_536


class FetchFailed(Exception):
    """Nothing came. The text is a clause in Indonesian; ``wait_s`` is what the server asked for."""

    def __init__(self, text: str, *, wait_s: float = 0.0) -> None:
        super().__init__(text)
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What an address last answered, and by which marks it can be asked whether that still holds."""

    content: bytes
    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    published: str
    nowcast: Nowcast | None  # None: it cannot be used, and is not asked for again


class _SameHost(urllib.request.HTTPRedirectHandler):
    """A redirect may change the path, nothing else."""

    def redirect_request(  # noqa: PLR0917 - as the library calls it
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        if not is_same_host(req.full_url, newurl):
            raise FetchFailed(f"alamat dialihkan ke {urlsplit(newurl).netloc}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def is_same_host(one: str, other: str) -> bool:
    """Whether two addresses have the same scheme, host and port."""
    first, second = urlsplit(one), urlsplit(other)
    return (first.scheme, first.netloc) == (second.scheme, second.netloc)


class NowcastFetch:
    """``faults`` says what the last poll could not use, one sentence each.

    ``around`` may be set before the first poll: what lies outside of it is not kept.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.around: Box | None = None
        self.faults: list[str] = []
        self._opener = urllib.request.build_opener(_SameHost)
        self._feed: _Known | None = None
        self._messages: dict[str, _Message] = {}

    def poll(self) -> tuple[Nowcast, ...]:
        """Every message that the feed lists and that can be read; raises FetchFailed when the feed cannot be had."""
        self._feed = self._get(self.url, self._feed)
        try:
            items = {urljoin(self.url, item.link): item for item in feed_items(self._feed.content)}
        except BadDocument as error:
            raise FetchFailed(f"daftarnya tidak dapat dipakai ({error})") from None
        self._messages = {link: known for link, known in self._messages.items() if link in items}
        self.faults = []
        self._fetch({link: item for link, item in items.items() if self._is_news(link, item)})
        return tuple(known.nowcast for known in self._messages.values() if known.nowcast is not None)

    def _is_news(self, link: str, item: FeedItem) -> bool:
        known = self._messages.get(link)
        return known is None or known.published != item.published

    def _fetch(self, news: Mapping[str, FeedItem]) -> None:
        if len(news) > MOST_REQUESTS:
            self.faults.append(f"{len(news) - MOST_REQUESTS} messages wait for the next poll")
        for link, item in list(news.items())[:MOST_REQUESTS]:
            if not is_same_host(self.url, link):
                self._refuse(link, item, "it lies on another host than the feed")
                continue
            try:
                read = nowcast(self._get(link, None).content, around=self.around)
            except BadDocument as error:
                self._refuse(link, item, str(error))
            except FetchFailed as error:
                self.faults.append(f"{link}: {error}")  # it is tried again
            else:
                self._messages[link] = _Message(published=item.published, nowcast=read)

    def _refuse(self, link: str, item: FeedItem, fault: str) -> None:
        self.faults.append(f"{link}: {fault}")
        self._messages[link] = _Message(published=item.published, nowcast=None)

    def _get(self, url: str, known: _Known | None) -> _Known:
        request = urllib.request.Request(url, headers=_headers(known))  # noqa: S310 - settings allow https alone
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                content = _content(answer)
                return _Known(
                    content=content,
                    etag=answer.headers.get("ETag", ""),
                    modified=answer.headers.get("Last-Modified", ""),
                )
        except urllib.error.HTTPError as error:
            if error.code == 304 and known is not None:
                return known
            raise FetchFailed(f"server menjawab {error.code}", wait_s=_retry_after(error.headers)) from None
        except urllib.error.URLError as error:
            raise FetchFailed(f"server tidak dapat dihubungi ({error.reason})") from None
        except (OSError, HTTPException, ValueError) as error:
            raise FetchFailed(f"jawaban server terputus ({error})") from None


def _headers(known: _Known | None) -> dict[str, str]:
    headers = {"User-Agent": f"kentongan/{__version__}", "Accept": "application/xml, text/xml, */*;q=0.1"}
    if known is not None and known.etag:
        headers["If-None-Match"] = known.etag
    if known is not None and known.modified:
        headers["If-Modified-Since"] = known.modified
    return headers


def _content(answer: HTTPResponse) -> bytes:
    """The body, as far as it may go and as long as it may take."""
    deadline, parts, size = time.monotonic() + WHOLE_S, [], 0
    while part := answer.read1(CHUNK):
        parts.append(part)
        size += len(part)
        if size > MOST_BYTES:
            raise FetchFailed(f"jawaban lebih besar dari {MOST_BYTES // 1_000_000} MB")
        if time.monotonic() > deadline:
            raise FetchFailed(f"jawaban tidak selesai dalam {WHOLE_S:.0f} detik")
    return b"".join(parts)


def _retry_after(headers: Message) -> float:
    """Seconds that the server asks to wait; 0 when it does not say so in seconds."""
    text = str(headers.get("Retry-After", "") or "")
    return float(text) if text.isdecimal() else 0.0
