"""The room's documents over a real HTTP server: packed, tagged, and kept while core is away."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from alerting.web.access import Visitor
from tests.browser.page_server import Served, served
from tests.browser.scenes import SCENES

AREAS = "/peta/wilayah.json"


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path, SCENES["calm"]) as running:
        yield running


def test_areas_are_packed_tagged_and_kept_while_core_is_away(page: Served) -> None:
    """The second look is a 304; with core gone the last answer stays; core was asked once for all of it."""
    first = httpx.get(f"{page.url}{AREAS}")
    assert (200, "gzip", "application/geo+json") == (
        first.status_code,
        first.headers["content-encoding"],
        first.headers["content-type"],
    )
    tag = first.headers["etag"]
    assert (304, b"") == (
        (again := httpx.get(f"{page.url}{AREAS}", headers={"if-none-match": tag})).status_code,
        again.content,
    )
    plain = httpx.get(f"{page.url}{AREAS}", headers={"accept-encoding": "identity"})
    assert ("content-encoding" in plain.headers, first.json()) == (False, plain.json())
    page.core.stop()
    assert 200 == httpx.get(f"{page.url}{AREAS}").status_code
    assert 1 == sum(each.name == "area-export" for each in page.core.asked)


def test_without_core_areas_are_a_problem_for_programs(page: Served) -> None:
    """Nothing was told yet: 503 in the form that programs read."""
    page.core.stop()
    answer = httpx.get(f"{page.url}{AREAS}")
    assert (503, "application/problem+json") == (answer.status_code, answer.headers["content-type"])


def test_static_files_are_packed_and_not_sent_twice(page: Served) -> None:
    """Small on the wire, whole when unpacked, and 304 by the tag of the packed file."""
    url = f"{page.url}/static/page.css"
    packed = httpx.get(url)
    plain = httpx.get(url, headers={"accept-encoding": "identity"})
    assert ("gzip", "Accept-Encoding", plain.text) == (
        packed.headers["content-encoding"],
        packed.headers["vary"],
        packed.text,
    )
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 2
    assert packed.headers["etag"] != plain.headers["etag"]
    again = httpx.get(url, headers={"if-none-match": packed.headers["etag"]})
    assert (304, b"") == (again.status_code, again.content)


def test_forms_of_the_first_paint_carry_the_own_token_only(tmp_path: Path) -> None:
    """What everybody is sent by the stream has no token; the page of one visitor has his."""
    visitor = Visitor(name="Sari", role="operator", csrf='a"token')
    with served(tmp_path, SCENES["awas"], open_as=visitor) as page:
        html = httpx.get(page.url).text
        assert 'name="csrf" value="a&quot;token"' in html
        assert 'name="csrf" value=""' not in html
        assert "token" not in page.live.board.catch_up(None).decode()
