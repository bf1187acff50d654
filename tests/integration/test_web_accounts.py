"""Logging in over the real application and the real core: who gets in, what keeps strangers out, and what ends it."""

import html
import io
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from alerting import passwords, totp
from alerting.web.accounts.accounts import AccountRules
from alerting.web.app import create_app
from broker.clock import REAL
from deploy import cli
from deploy.commands.audit import verify
from tests.browser.page_server import running, wait_for
from tests.browser.scenes import PastOfScenes, past
from tests.core_thread import CoreThread

PASSWORD = "kuda hijau lari pagi"
KEPT = passwords.keep(PASSWORD)
WRONG = "Nama atau kata sandi salah."
TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Place:
    core: CoreThread
    url: str
    app: FastAPI
    clients: list[httpx.Client] = field(default_factory=list)

    def user(self, name: str, role: str, **more: Any) -> dict[str, Any]:
        return dict(self.core.ask("user-add", name=name, role=role, password_hash=KEPT, **more))

    def browser(self, *, address: str = "198.51.100.7", **headers: str) -> "Browser":
        sent = {"X-Forwarded-For": address, "Sec-Fetch-Site": "same-origin", **headers}
        self.clients.append(client := httpx.Client(base_url=self.url, headers=sent, verify=False, timeout=60))
        return Browser(client)

    def close(self) -> None:
        for client in self.clients:
            client.close()


@dataclass(frozen=True, slots=True)
class Browser:
    """Keeps cookies, follows nothing, and fills in the token of the page that it last saw."""

    client: httpx.Client

    def open(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def send(self, page: httpx.Response | str, path: str, **fields: str) -> httpx.Response:
        """A form of ``page``, with the token that stands there."""
        page = self.open(page) if isinstance(page, str) else page
        token = TOKEN.search(page.text)
        return self.client.post(path, data={"csrf": token[1] if token else "", **fields})

    def login(self, name: str, password: str = PASSWORD, **fields: str) -> httpx.Response:
        return self.send("/masuk", "/masuk", **{"nama": name, "sandi": password, "lanjut": "/", **fields})

    def is_in(self) -> bool:
        return 200 == self.open("/akun").status_code


@contextmanager
def at(core: CoreThread, folder: Path, rules: AccountRules | None = None) -> Iterator[Place]:
    """The application over ``core``, served."""
    app = create_app(
        socket_path=core.state.socket,
        clock=REAL,
        read_range=past,
        past=PastOfScenes(),
        demo=False,
        cap=folder / "cap",
        accounts=rules or AccountRules(sessions=core.state.sessions),
    )
    with running(app) as port:
        place = Place(core, f"http://127.0.0.1:{port}", app)
        yield place
        place.close()


@pytest.fixture
def place(core: CoreThread, tmp_path: Path) -> Iterator[Place]:
    with at(core, tmp_path) as place:
        yield place


def wrong(page: httpx.Response) -> str:
    """The sentence that the page says what is wrong with."""
    found = re.search(r'class="wrong" role="alert">([^<]*)', page.text)
    return html.unescape(found[1]) if found else ""


def code_of(secret: bytes, *, later: int = 0) -> str:
    return totp.code(secret, totp.step_of(REAL.now()) + later)


def enrol(browser: Browser) -> tuple[bytes, list[str]]:
    """Set the second factor as the page asks for it: the secret, and the recovery codes."""
    page = browser.open("/akun/totp")
    spelled = re.search(r'class="key">([^<]*)', page.text)
    assert spelled is not None
    secret = totp.secret_of(spelled[1])
    done = browser.send(page, "/akun/totp", kode=code_of(secret))
    assert 200 == done.status_code, wrong(done)
    return secret, re.findall(r"<li><code>([^<]*)", done.text)


def test_the_first_admin_is_made_by_command_and_logs_in(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Until then the login page says how; the password is read from standard input, and never shown."""
    browser = place.browser()
    assert "/masuk?lanjut=/" == browser.open("/").headers["location"]
    assert "kentongan user add NAMA --role admin" in browser.open("/masuk").text
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    words = ["user", "add", "Kepala", "--role", "admin", "--settings", str(place.core.path)]
    assert 0 == cli.main(words)
    assert PASSWORD not in "".join(capsys.readouterr())
    answer = browser.login("kepala", lanjut="/")
    assert (303, "/") == (answer.status_code, answer.headers["location"])
    assert (303, "/akun/totp") == ((held := browser.open("/")).status_code, held.headers["location"])
    enrol(browser)
    assert 200 == browser.open("/").status_code


def test_whoever_is_wrong_gets_the_same_words_after_the_same_time(place: Place) -> None:
    """A name that nobody has, a wrong password, a user who was shut out."""
    place.user("Sari", "operator")
    place.user("Rini", "operator")
    place.core.ask("user-disable", name="Rini", disabled=True)
    said, took = set(), []
    for number, (name, password) in enumerate((("Sari", "salah sekali"), ("Tidak ada", PASSWORD), ("Rini", PASSWORD))):
        browser = place.browser(address=f"198.51.100.{number}")
        page = browser.open("/masuk")
        began = time.monotonic()
        answer = browser.send(page, "/masuk", nama=name, sandi=password, lanjut="/")
        took.append(time.monotonic() - began)
        assert 401 == answer.status_code
        said.add(re.sub(r'(value|data-now)="[^"]*"|\d\d:\d\d:\d\d', "", answer.text))
        assert WRONG == wrong(answer)
    assert 1 == len(said)
    assert 0.3 <= min(took)


def test_the_cookie_is_bound_to_its_host_and_read_by_no_script(place: Place) -> None:
    """Over https with the prefix and Secure; over plain http only on this machine itself, under another name."""
    place.user("Sari", "operator")
    plain = place.browser().login("Sari").headers["set-cookie"]
    assert re.fullmatch(r"kentongan=[\w-]{43}; HttpOnly; Max-Age=86400; Path=/; SameSite=lax", plain)
    safe = place.browser(**{"Host": "kota.example", "X-Forwarded-Proto": "https"})
    page = safe.open("/masuk")
    device = page.headers["set-cookie"].partition(";")[0]
    token = TOKEN.search(page.text)
    assert token is not None
    fields = {"csrf": token[1], "nama": "Sari", "sandi": PASSWORD}
    sent = safe.client.post("/masuk", data=fields, headers={"Cookie": device}).headers["set-cookie"]
    assert re.fullmatch(r"__Host-kentongan=[\w-]{43}; HttpOnly; Max-Age=86400; Path=/; SameSite=lax; Secure", sent)
    far = place.browser(Host="kota.example").client
    assert "https" in wrong(far.get("/masuk"))
    refused = far.post("/masuk", data=fields)
    assert (403, True) == (refused.status_code, "set-cookie" not in refused.headers)
    stolen = {"Cookie": sent.partition(";")[0].removeprefix("__Host-")}
    assert 303 == httpx.get(f"{place.url}/akun", headers=stolen | {"X-Forwarded-Proto": "https"}).status_code


def test_a_login_form_of_another_site_logs_nobody_in(place: Place) -> None:
    """Neither without our page's token, nor with the token of another browser."""
    place.user("Sari", "operator")
    browser, other = place.browser(), place.browser()
    token = TOKEN.search(other.open("/masuk").text)
    browser.open("/masuk")
    assert token is not None
    for csrf in ("", token[1]):
        answer = browser.client.post("/masuk", data={"csrf": csrf, "nama": "Sari", "sandi": PASSWORD})
        assert (403, False) == (answer.status_code, browser.is_in())
    cross = {"Sec-Fetch-Site": "cross-site"}
    assert 403 == browser.client.post("/masuk", data={"nama": "Sari"}, headers=cross).status_code


def test_logging_out_ends_the_session_for_good(place: Place) -> None:
    """Also for whoever kept the cookie; other sessions of the user go on."""
    place.user("Sari", "operator")
    browser, other = place.browser(), place.browser()
    browser.login("Sari")
    other.login("Sari")
    kept = browser.client.cookies.get("kentongan")
    assert 303 == browser.send("/akun", "/keluar").status_code
    assert 303 == httpx.get(f"{place.url}/akun", headers={"Cookie": f"kentongan={kept}"}).status_code
    assert other.is_in()


def test_an_approver_shows_a_second_factor_and_a_code_counts_once(place: Place) -> None:
    """Set up before anything else is open; asked for at each login; a recovery code is taken once."""
    place.user("Budi", "approver")
    browser = place.browser()
    browser.login("Budi")
    assert 303 == browser.open("/").status_code
    assert 403 == browser.open("/events").status_code
    secret, recovery = enrol(browser)
    used = code_of(secret)
    again = place.browser(address="198.51.100.8")
    page = again.login("Budi")
    assert (200, False) == (page.status_code, again.is_in())
    ticket = re.search(r'name="tiket" value="([^"]+)"', page.text)
    assert ticket is not None
    replayed = again.send(page, "/masuk/kode", tiket=ticket[1], kode=used)
    assert (401, True) == (replayed.status_code, wrong(replayed).startswith("Kode itu salah, sudah dipakai"))
    entered = again.send(page, "/masuk/kode", tiket=ticket[1], kode=code_of(secret, later=1))
    assert (303, True) == (entered.status_code, again.is_in())
    for expected in (303, 401):
        third = place.browser(address="198.51.100.9")
        page = third.login("Budi")
        ticket = re.search(r'name="tiket" value="([^"]+)"', page.text)
        assert ticket is not None
        taken = third.send(page, "/masuk/kode", tiket=ticket[1], kode=recovery[0].upper())
        assert expected == taken.status_code


def test_where_nobody_can_be_reached_no_second_factor_is_asked_for(core: CoreThread, tmp_path: Path) -> None:
    """The demonstration's users come in with their password alone."""
    with at(core, tmp_path, AccountRules(wants_second_factor=False)) as place:
        place.user("Budi", "approver")
        browser = place.browser()
        browser.login("Budi")
        assert 200 == browser.open("/").status_code


def test_a_one_time_password_is_changed_before_anything_else(place: Place) -> None:
    """A weak one is refused with a sentence; the change ends every other session, and keeps this one."""
    drawn = place.core.ask("user-add", name="Baru", role="operator")["password"]
    other, browser = place.browser(), place.browser()
    other.login("Baru", drawn)
    browser.login("Baru", drawn.upper())
    assert "/akun/sandi" == browser.open("/").headers["location"]
    for new, again, said in (
        ("pendek", "pendek", "terlalu pendek"),
        ("ini baru sekali ya", "ini baru sekali ya", "memuat nama"),
        ("kuda hijau lari pagi", "kuda hijau lari", "tidak sama"),
    ):
        fields = {"sandi_lama": drawn, "sandi_baru": new, "sandi_ulang": again}
        answer = browser.send("/akun/sandi", "/akun/sandi", **fields)
        assert (422, True) == (answer.status_code, said in wrong(answer)), wrong(answer)
    fields = {"sandi_lama": drawn, "sandi_baru": PASSWORD, "sandi_ulang": PASSWORD}
    assert 303 == browser.send("/akun/sandi", "/akun/sandi", **fields).status_code
    assert (200, 303) == (browser.open("/").status_code, other.open("/").status_code)
    assert 401 == place.browser().login("Baru", drawn).status_code
    assert 303 == place.browser().login("Baru").status_code


def test_who_is_shut_out_or_has_another_role_is_out_within_seconds(place: Place) -> None:
    """His open stream is cut too; nobody else notices."""
    changes: dict[str, Callable[[str], Any]] = {
        "Sari": lambda name: place.core.ask("user-disable", name=name, disabled=True),
        "Rini": lambda name: place.core.ask("user-role", name=name, role="viewer"),
        "Joko": lambda name: place.core.ask("user-reset", name=name),
    }
    browsers = {}
    for name in (*changes, "Tetap"):
        place.user(name, "operator")
        browsers[name] = place.browser()
        browsers[name].login(name)
    streams = {name: browser.client.build_request("GET", "/events") for name, browser in browsers.items()}
    opened = {name: browsers[name].client.send(request, stream=True) for name, request in streams.items()}
    assert {200} == {answer.status_code for answer in opened.values()}
    for name, change in changes.items():
        change(name)
    for name in changes:
        with pytest.raises(httpx.RemoteProtocolError):  # cut in the middle: the server says nothing more to him
            for _ in opened[name].iter_raw():
                pass
        wait_for(lambda name=name: not browsers[name].is_in(), f"{name} is out", within_s=20)  # type: ignore[misc]
        assert 401 == browsers[name].open("/events").status_code
    assert browsers["Tetap"].is_in()
    opened["Tetap"].close()


def test_a_form_of_a_session_that_ended_loses_nothing_typed(place: Place) -> None:
    """401 and the login; afterwards what was typed is shown, and sent by one more button; markup stays text."""
    place.user("Sari", "operator")
    browser = place.browser()
    browser.login("Sari")
    browser.client.cookies.delete("kentongan")
    typed = 'papan duga "lama" <b>& baru</b>'
    fields = {"csrf": "old", "nilai_m": "3,21", "catatan": typed, "key": "k1"}
    late = browser.client.post("/stasiun/welang/papan-duga", data=fields)
    assert (401, "Sesi Anda sudah berakhir. Masuk lagi; yang Anda isi tidak hilang.") == (late.status_code, wrong(late))
    kept = re.search(r'name="isian" value="([^"]*)"', late.text)
    assert kept is not None
    carried = html.unescape(kept[1])
    failed = browser.send(late, "/masuk", nama="Sari", sandi="salah sekali", isian=carried)
    assert (401, True) == (
        failed.status_code,
        html.escape(carried, quote=True) in failed.text.replace("&#34;", "&quot;"),
    )
    page = browser.send(late, "/masuk", nama="Sari", sandi=PASSWORD, isian=carried)
    assert 200 == page.status_code
    for part in (
        'action="/stasiun/welang/papan-duga"',
        "3,21",
        "papan duga &#34;lama&#34; &lt;b&gt;&amp; baru&lt;/b&gt;",
    ):
        assert part in page.text
    assert "old" not in re.findall(r'name="csrf" value="([^"]*)"', page.text)
    sent = browser.send(page, "/stasiun/welang/papan-duga", nilai_m="3,21", catatan=typed, key="k1")
    assert sent.status_code not in (401, 403)


@pytest.mark.parametrize(
    ("headers", "path"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, "/stasiun/welang/papan-duga"),
        ({}, "/akun/sandi"),
    ],
)
def test_a_form_that_is_not_ours_or_holds_secrets_is_not_kept(place: Place, headers: dict[str, str], path: str) -> None:
    """It ends at the login, and nothing waits there."""
    answer = place.browser().client.post(path, data={"sandi_baru": "rahasia saya"}, headers=headers)
    assert (401, False, False) == (answer.status_code, "isian" in answer.text, "rahasia saya" in answer.text)


def test_a_kept_form_leads_only_where_the_visitor_may_send_it(place: Place) -> None:
    """A viewer is not offered what is for operators; nothing leads to a page that takes no form."""
    place.user("Tamu", "viewer")
    for path in ("/stasiun/welang/papan-duga", "/akun", "//evil.example/x"):
        browser = place.browser()
        carried = f'{{"path":"{path}","fields":[["a","b"]]}}'
        answer = browser.login("Tamu", isian=carried)
        assert (303, "/") == (answer.status_code, answer.headers["location"])


def test_strangers_who_guess_do_not_shut_the_owner_out(place: Place) -> None:
    """They have to wait; her browser, from which she logged in before, gets in at once, from any address."""
    place.user("Sari", "operator")
    hers = place.browser(address="203.0.113.1")
    hers.login("Sari")
    hers.send("/akun", "/keluar")
    strangers = place.browser(address="203.0.113.66")
    assert 401 == strangers.login("Sari", "tebakan saya").status_code
    for _ in range(12):
        place.app.state.accounts.guesses.wrong(name="sari", address="203.0.113.66", device=None, now=REAL.now())
    answer = strangers.login("Sari")  # even with the right one
    assert (429, True) == (answer.status_code, "Coba lagi dalam" in wrong(answer))
    assert 100 < int(answer.headers["retry-after"]) <= 900
    hers.client.headers["X-Forwarded-For"] = "203.0.113.66"
    assert 303 == hers.login("Sari").status_code


def test_without_core_those_who_are_in_stay_in_and_nobody_else_comes(place: Place) -> None:
    """The page shows the last state; the login says why it cannot be now."""
    place.user("Sari", "operator")
    browser = place.browser()
    browser.login("Sari")
    place.core.stop()
    assert 200 == browser.open("/").status_code
    answer = place.browser().login("Sari")
    assert (503, True) == (answer.status_code, wrong(answer).startswith("Inti tidak menjawab"))
    assert "Inti tidak menjawab" in browser.open("/akun").text
    place.core.start()
    assert 303 == place.browser().login("Sari").status_code


def test_the_web_started_again_knows_who_was_logged_in(core: CoreThread, tmp_path: Path) -> None:
    """A restart in the night logs nobody out."""
    with at(core, tmp_path) as place:
        place.user("Sari", "operator")
        browser = place.browser()
        browser.login("Sari")
        kept = browser.client.cookies["kentongan"]
    with at(core, tmp_path) as place:
        browser = place.browser()
        browser.client.cookies.set("kentongan", kept)
        assert browser.is_in()


def test_ones_own_sessions_can_be_ended_and_others_not(place: Place) -> None:
    """By their id, or all but this one."""
    place.user("Sari", "operator")
    place.user("Rini", "operator")
    sari = [place.browser() for _ in range(3)]
    rini = place.browser()
    for each in sari:
        each.login("Sari")
    rini.login("Rini")
    page = sari[0].open("/akun")
    other = re.findall(r'name="sesi" value="([0-9a-f]{16})"', page.text)
    assert 2 == len(other)
    rini.send("/akun", "/akun/sesi", sesi=other[0])
    assert [True, True, True] == [each.is_in() for each in sari]
    sari[0].send(page, "/akun/sesi", sesi=other[0])
    assert 2 == sum(each.is_in() for each in sari)
    sari[0].send("/akun", "/akun/sesi", sesi="lain")
    assert [True, False, False] == [each.is_in() for each in sari]


def test_every_change_is_in_the_audit_log_and_no_secret_is(place: Place) -> None:
    """Who did what to whom, in a chain that holds; neither passwords, nor hashes, nor codes."""
    place.user("Budi", "approver")
    place.user("Kepala", "admin")
    browser = place.browser()
    browser.login("Budi")
    secret, recovery = enrol(browser)
    for name, arguments in (
        ("user-role", {"name": "Budi", "role": "operator"}),
        ("user-disable", {"name": "Budi", "disabled": True}),
        ("user-disable", {"name": "Budi", "disabled": False}),
        ("user-reset", {"name": "Budi", "totp": True}),
    ):
        place.core.ask(name, **arguments)
    place.core.stop()
    verdict = verify(place.core.state.journal)
    assert verdict.is_whole
    expected = {
        "user added": 2,
        "user logged in": 1,
        "user second factor set": 1,
        "user role changed": 1,
        "user disabled": 1,
        "user enabled": 1,
        "user password reset": 1,
        "user second factor removed": 1,
    }
    assert expected == {action: count for action, count in verdict.actions.items() if action.startswith("user")}
    everything = b"".join(each.read_bytes() for each in place.core.state.root.glob("journal.db*"))
    for hidden in (PASSWORD, totp.spelled(secret), *recovery, recovery[0].replace("-", "")):
        assert hidden.encode() not in everything


def test_many_logins_at_once_do_not_hold_core_up(place: Place) -> None:
    """Passwords are hashed by the web, with a short line: core answers in between, and some are told to wait."""
    place.user("Sari", "operator")
    pages = [place.browser(address=f"198.51.100.{n}") for n in range(24)]
    for each in pages:
        each.open("/masuk")
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda each=each: statuses.append(each.login("Sari").status_code)) for each in pages
    ]
    for thread in threads:
        thread.start()
    slowest = 0.0
    while any(thread.is_alive() for thread in threads):
        began = time.monotonic()
        place.core.ask("status")
        slowest = max(slowest, time.monotonic() - began)
    assert {303, 429, 503} >= set(statuses)
    assert 303 in statuses
    assert slowest < 5
