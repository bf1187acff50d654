"""An S3-like server: one key, one bucket, objects in memory; every request's signature is worked out and compared.

After Amazon's description of Signature Version 4; what it does not know it answers with NotImplemented.
"""

import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

ACCESS_KEY = "kunci-uji"
SECRET = "rahasia-uji-yang-panjang"
BUCKET = "cadangan"
MODIFIED = "Thu, 19 Nov 2026 02:00:00 GMT"


@dataclass(kw_only=True)
class S3:
    """What the bucket holds, and what is to go wrong: ``denied`` methods, ``spoiled`` names, ``broken`` answers."""

    url: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    spoiled: set[str] = field(default_factory=set)
    is_broken: bool = False
    parts: dict[tuple[str, int], bytes] = field(default_factory=dict)


@contextmanager
def s3_server() -> Iterator[S3]:
    """A server on a free port of loopback, gone at the end."""
    s3 = S3()
    handler = type("Handler", (_Handler,), {"s3": s3})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    s3.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield s3
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    s3: S3

    def do_GET(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, *_: object) -> None:
        """Tests read no log."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.s3.is_broken:
            self._answer(200, b"<html>portal</html>", kind="text/html")
        elif (fault := self._fault(body)) is not None:
            self._refuse(403, fault)
        elif self.command in self.s3.denied:
            self._refuse(403, "AccessDenied")
        else:
            bucket, _, name = unquote(urlsplit(self.path).path).lstrip("/").partition("/")
            if bucket != BUCKET:
                self._refuse(404, "NoSuchBucket")
            else:
                self._carry_out(name, body)

    def _carry_out(self, name: str, body: bytes) -> None:
        objects, query = self.s3.objects, dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        if self.command == "POST" or "uploadId" in query:
            self._in_parts(name, body, query)
        elif self.command == "PUT" and name:
            objects[name] = body[:-1] + b"?" if name in self.s3.spoiled else body
            self._answer(200, headers={"ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'})
        elif self.command == "DELETE" and name:
            objects.pop(name, None)
            self._answer(204)
        elif not name and self.command == "GET":
            self._list()
        elif name not in objects:
            self._refuse(404, "NoSuchKey")
        else:
            found = objects[name]
            tag = hashlib.md5(found, usedforsecurity=False).hexdigest()
            self._answer(200, found, headers={"ETag": f'"{tag}"', "Last-Modified": MODIFIED})

    def _in_parts(self, name: str, body: bytes, query: dict[str, str]) -> None:
        """A large object: begun, its parts one by one, and put together."""
        named = f"<Bucket>{BUCKET}</Bucket><Key>{escape(name)}</Key>"
        if "uploads" in query:
            start = "<InitiateMultipartUploadResult>"
            self._answer(200, f"{start}{named}<UploadId>1</UploadId></InitiateMultipartUploadResult>".encode())
        elif self.command == "PUT":
            self.s3.parts[name, int(query["partNumber"])] = body
            self._answer(200, headers={"ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'})
        else:
            numbers = sorted(number for of, number in self.s3.parts if of == name)
            self.s3.objects[name] = b"".join(self.s3.parts.pop((name, number)) for number in numbers)
            start = "<CompleteMultipartUploadResult>"
            self._answer(200, f'{start}{named}<ETag>"x"</ETag></CompleteMultipartUploadResult>'.encode())

    def _list(self) -> None:
        prefix = dict(parse_qsl(urlsplit(self.path).query)).get("prefix", "")
        found = "".join(
            f"<Contents><Key>{escape(name)}</Key><Size>{len(content)}</Size>"
            "<LastModified>2026-11-19T02:00:00.000Z</LastModified></Contents>"
            for name, content in sorted(self.s3.objects.items())
            if name.startswith(prefix)
        )
        start = '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        text = f"{start}<Name>{BUCKET}</Name><IsTruncated>false</IsTruncated>{found}</ListBucketResult>"
        self._answer(200, text.encode())

    def _fault(self, body: bytes) -> str | None:
        """What is wrong with the signature; None: nothing."""
        kind, _, rest = self.headers.get("Authorization", "").partition(" ")
        if kind != "AWS4-HMAC-SHA256":
            return "AccessDenied"
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        key, day, region, service, _ = parts["Credential"].split("/")
        if key != ACCESS_KEY:
            return "InvalidAccessKeyId"
        digest = self.headers["x-amz-content-sha256"]
        if digest != hashlib.sha256(body).hexdigest():
            return "XAmzContentSHA256Mismatch"
        secret = f"AWS4{SECRET}".encode()
        for each in (day, region, service, "aws4_request"):
            secret = hmac.digest(secret, each.encode(), "sha256")
        wanted = hmac.new(secret, self._to_sign(parts, digest).encode(), "sha256").hexdigest()
        return None if hmac.compare_digest(wanted, parts["Signature"]) else "SignatureDoesNotMatch"

    def _to_sign(self, parts: dict[str, str], digest: str) -> str:
        address = urlsplit(self.path)
        pairs = sorted((quote(k, "~"), quote(v, "~")) for k, v in parse_qsl(address.query, keep_blank_values=True))
        names = parts["SignedHeaders"]
        request = "\n".join(
            [
                self.command,
                quote(unquote(address.path), "/~"),
                "&".join(f"{name}={value}" for name, value in pairs),
                *(f"{name}:{(self.headers[name] or '').strip()}" for name in names.split(";")),
                "",
                names,
                digest,
            ]
        )
        scope = parts["Credential"].partition("/")[2]
        hashed = hashlib.sha256(request.encode()).hexdigest()
        return f"AWS4-HMAC-SHA256\n{self.headers['x-amz-date']}\n{scope}\n{hashed}"

    def _refuse(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def _answer(
        self, status: int, body: bytes = b"", *, kind: str = "application/xml", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
