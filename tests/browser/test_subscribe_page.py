"""Joining and leaving on the page: a real core with a channel that writes down what it sends, forms without script."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from alerting.web import subscribe_pages
from alerting.web.app import create_app
from broker.clock import REAL
from tests.browser.conftest import PHONE, Tab
from tests.browser.page_server import running
from tests.browser.scenes import PastOfScenes, past
from tests.installation import Installation, eventually

NUMBER, OTHER = "0812-3456-7801", "0812-3456-7802"
OPEN = "[subscription]\nenabled = true\nrequests_an_address = 12\n"


@pytest.fixture(scope="module")
def place() -> Iterator[Installation]:
    with Installation(more=OPEN) as installation:
        installation.start()
        yield installation


@contextmanager
def _serving(place: Installation) -> Iterator[str]:
    app = create_app(
        socket_path=place.state.socket,
        clock=REAL,
        read_range=past,
        past=PastOfScenes(),
        demo=True,
        cap=place.root / "cap",
    )
    with running(app) as port:
        yield f"http://127.0.0.1:{port}/langganan"


@pytest.fixture
def page(place: Installation) -> Iterator[str]:
    with _serving(place) as url:
        yield url


def _code(place: Installation, number: int) -> str:
    """The code in the ``number``-th message that left, from 0."""
    eventually(lambda: len(place.demo_messages()) > number, "the SMS with the code")
    return str(re.findall(r"\b\d{6}\b", place.demo_messages()[number]["body"])[0])


def _send(url: str, *, address: str = "198.51.100.7", **fields: str) -> httpx.Response:
    """A form as a browser sends it, through a server in front that names the visitor."""
    headers = {"X-Forwarded-For": address, "Sec-Fetch-Site": "same-origin"}
    return httpx.post(url, data=fields, headers=headers, timeout=60)


def test_a_resident_joins_and_leaves_on_a_phone_without_script(
    place: Installation, page: str, open_tab: Callable[..., Tab]
) -> None:
    """Everything in Indonesian, big enough for a thumb; the second time the same form ends it."""
    sent = len(place.demo_messages())
    tab = open_tab(page, viewport=PHONE, java_script_enabled=False)
    view = tab.page
    view.get_by_label("Kelurahan").select_option("Kel. Gadingrejo")
    view.get_by_label("RT").fill("2")
    view.get_by_label("RW").fill("3")
    view.get_by_label("Nomor HP").fill(NUMBER)
    for target in (view.get_by_role("button"), view.get_by_label("Kelurahan"), view.locator(".choice").first):
        box = target.bounding_box()
        assert box is not None
        assert 44 <= round(box["height"])
    view.get_by_role("button", name="Kirim kode").click()
    expect(view.get_by_text("SMS berisi kode 6 angka sedang dikirim")).to_be_visible()
    view.get_by_label("Kode dari SMS").fill("000 000")
    view.get_by_role("button", name="Pastikan").click()
    expect(view.get_by_role("alert")).to_have_text("Kode itu tidak cocok atau sudah lewat 10 menit.")
    view.get_by_label("Kode dari SMS").fill(_code(place, sent))
    view.get_by_role("button", name="Pastikan").click()
    expect(view.get_by_text("Anda terdaftar.")).to_be_visible()
    recipient = "SELECT consent FROM recipients WHERE areas = '35.75.01.1009/RW03/RT02'"
    assert [("given",)] == place.rows(recipient)
    view.goto(f"{page}?bahasa=en")
    view.get_by_label("I want to stop").check()
    view.get_by_label("Mobile number").fill("+62 812 3456 7801")
    view.get_by_role("button", name="Send the code").click()
    view.get_by_label("Code from the SMS").fill(_code(place, sent + 1))
    view.get_by_role("button", name="Confirm").click()
    expect(view.get_by_text("You will get no more warnings.")).to_be_visible()
    assert [("left",)] == place.rows(recipient)
    assert [] == tab.complaints


def test_the_answer_says_nothing_about_a_number(place: Installation, page: str) -> None:
    """Known, unknown, joining, leaving: the same page but for the ticket, and never sooner than the least time."""
    known = {"area": "35.75.01.1001", "action": "join", "number": OTHER}
    _send(page, **known)
    eventually(lambda: place.rows("SELECT 1 FROM recipients WHERE consent = 'pending'"), "the recipient")
    texts, times = set(), []
    for action in ("join", "leave"):
        for number in (OTHER, "0813-1111-2222"):
            began = time.monotonic()
            answer = _send(page, action=action, area="35.75.01.1001", number=number)
            times.append(time.monotonic() - began)
            assert 200 == answer.status_code
            texts.add(re.sub(r'value="[0-9a-f]{32}"', "", answer.text))
    assert 1 == len(texts)
    assert subscribe_pages.LEAST_S <= min(times)


def test_what_is_wrong_is_said_beside_the_form(page: str) -> None:
    """In the language of the page, with what was typed still there; markup that was typed stays text."""
    answer = _send(page, action="join", area="35.75.01.1001", number='0343 421234"><b>x')
    assert '<p class="wrong" role="alert">Nomor berisi huruf atau tanda lain.' in answer.text
    assert "0343 421234&#34;&gt;&lt;b&gt;x" in answer.text
    assert "Choose your kelurahan." in _send(f"{page}?bahasa=en", action="join", number=NUMBER).text


def test_an_address_that_asks_too_often_is_told_so(place: Installation, page: str) -> None:
    """The limit is core's, by the address that the server in front names; other visitors are served."""
    for number in range(12):
        assert (
            "sedang dikirim" in _send(page, address="203.0.113.5", action="leave", number=f"081299990{number:03d}").text
        )
    refused = _send(page, address="203.0.113.5", action="leave", number=NUMBER)
    assert "Terlalu banyak permintaan dari sambungan ini. Coba lagi nanti." in refused.text
    other = _send(page, address="2001:db8:1:2:3:4:5:6", action="leave", number=NUMBER)
    assert "sedang dikirim" in other.text
    assert not [row for row in place.rows("SELECT * FROM subscription_askings") if "203.0.113" in str(row)]


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, "action=leave&number=1", 403),
        ({}, "number=" + "1" * 5000, 413),
        ({}, "&".join(f"f{n}=1" for n in range(30)), 422),
        ({}, "\udcff".encode("utf-8", "surrogateescape").decode("latin-1"), 200),
    ],
)
def test_forms_that_are_not_ours_are_refused(page: str, headers: dict[str, str], body: str, status: int) -> None:
    """From other sites, too long, too many fields; bytes that are no text are read as an empty form."""
    sent = {"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": "192.0.2.1", **headers}
    answer = httpx.post(page, content=body, headers=sent, timeout=60)
    assert status == answer.status_code


def test_a_flood_of_forms_does_not_reach_core(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond some at once everybody is asked to wait."""
    monkeypatch.setattr(subscribe_pages, "FORMS_PER_S", 0.0)
    answers: list[int] = []

    def send() -> None:
        answers.append(_send(page, address="192.0.2.9", action="leave", number="1").status_code)

    threads = [threading.Thread(target=send) for _ in range(40)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert {200: subscribe_pages.FORMS_AT_ONCE, 503: 40 - subscribe_pages.FORMS_AT_ONCE} == Counter(answers)


def test_without_core_the_page_says_so(place: Installation, tmp_path: Path) -> None:
    """A sentence and 503; nothing is half done."""
    app = create_app(
        socket_path=tmp_path / "no.sock",
        clock=REAL,
        read_range=past,
        past=PastOfScenes(),
        demo=True,
        cap=place.root / "cap",
    )
    with running(app) as port:
        answer = httpx.get(f"http://127.0.0.1:{port}/langganan", timeout=60)
        assert (503, True) == (answer.status_code, subscribe_pages.AWAY in answer.text)


def test_the_switch_closes_the_page(place: Installation) -> None:
    """In both languages, at once for whoever opens it anew; opened again, it serves."""
    place.ask("subscription-switch", on=False, by="Rini", reason="uji")
    with _serving(place) as url:
        assert "sedang ditutup" in httpx.get(url, timeout=60).text
        assert "closed for now" in httpx.get(f"{url}?bahasa=en", timeout=60).text
    place.ask("subscription-switch", on=True, by="Rini", reason="uji")
    with _serving(place) as url:
        assert "<form" in httpx.get(url, timeout=60).text
