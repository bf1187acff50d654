"""How tests ask the HTTP interface of a page that is served."""

import ssl
from typing import Any

import httpx

from tests.browser.page_server import Served

API = "/api/v1"
LISTS = ("stations", "latest", "alerts", "messages")
RANGE = "station=welang&quantity=level_m&start=2026-11-22T00:00:00%2B07:00&end=2026-11-22T02:00:00%2B07:00"
CSV = {"Accept": "text/csv"}
PLAIN = ssl.create_default_context()  # made once: loading certificates takes longer than an answer


def fetch(url: str, **options: Any) -> httpx.Response:
    return httpx.get(url, verify=PLAIN, timeout=20, **options)


def get(page: Served, path: str, **headers: str) -> httpx.Response:
    return fetch(f"{page.url}{API}/{path}", headers={name.replace("_", "-"): each for name, each in headers.items()})
