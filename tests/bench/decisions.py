"""From a click on "Kirim" to the first SMS: ``python -m tests.bench.decisions --notices 20``.

A real broker, a real core, the real web process, a provider's emulator, and an approver who is logged in. Each notice
is opened, its text read off the page, and approved; the figure is the time from the form to the first message that the
provider sees. Audited before it is printed: everybody was told once, with the text of the page.
"""

import argparse
import contextlib
import html
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from alerting import passwords, totp
from broker import control
from broker.clock import REAL
from deploy.core_commands.recipients import SLICE
from deploy.registry.kelurahan import KELURAHAN
from tests.bench.audit import AuditFailed
from tests.bench.table import Row, machine, table
from tests.emulators.twilio_account import Behaviour
from tests.emulators.twilio_process import TwilioProcess
from tests.installation import Installation, eventually

AREAS: Final = sorted(KELURAHAN)
PASSWORD: Final = "kuda hijau lari pagi"
GOAL_MS: Final = 1000.0
SEEN: Final = "+628121"
TOKEN: Final = re.compile(r'name="csrf" value="([^"]+)"')
STATION: Final = """
[[stations]]
id = "pos-{n:02d}"
name = "Pos {n}"
kelurahan = ["{area}"]
datum_m = 6.5
[stations.thresholds]
waspada = 4.4
siaga = 4.5
awas = 5.5
author = "bench"
reason = "bench"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """One approval, in milliseconds: until the page answered, and until the provider saw the first message."""

    answered_ms: float
    sent_ms: float


def measure(notices: int, people: int) -> list[Click]:
    """Raises AuditFailed."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ktb-")))
        provider = stack.enter_context(TwilioProcess(folder / "posts.jsonl", behaviour=Behaviour(step_s=None)))
        stations = "".join(STATION.format(n=n, area=AREAS[n]) for n in range(notices))
        channels = _twilio(provider, folder)
        installation = stack.enter_context(Installation(channels=channels, stations=stations, officers=1))
        installation.start()
        stack.enter_context(_web(installation))
        _invite(installation, notices, people)
        client = stack.enter_context(_approver(installation))
        for n in range(notices):
            installation.ask("station-observe", id=f"pos-{n:02d}", level_m=4.7, by="Budi")
        waiting = eventually(lambda: _waiting(installation, notices), f"{notices} notices")
        eventually(lambda: len(provider.posts()) >= notices, "the officer's messages")
        return [_click(client, provider, each, people) for each in waiting]


def _twilio(provider: TwilioProcess, folder: Path) -> str:
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text(provider.auth_token)
    return (
        f'[channels.twilio]\naccount_sid = "{provider.account_sid}"\ntoken_file = "{token}"\n'
        f'sender = "{provider.from_number}"\napi_base = "{provider.base_url}"\n'
        "messages_per_s = 100\nmax_parallel = 16\n"
    )


@contextlib.contextmanager
def _web(installation: Installation) -> Iterator[None]:
    argv = [sys.executable, "-m", "deploy.cli", "web", "--settings", str(installation.toml)]
    with (installation.root / "web.log").open("ab") as log:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def _approver(installation: Installation) -> Iterator[httpx.Client]:
    """Somebody who is logged in as people are: with a password, and a second factor that was just set."""
    user = {"name": "Rini", "role": "approver", "password_hash": passwords.keep(PASSWORD)}
    control.command(installation.state.socket, control.Request(name="user-add", args=user, actor="bench"))
    url = f"http://127.0.0.1:{installation.settings.web.port}"
    with httpx.Client(base_url=url, timeout=60, headers={"Sec-Fetch-Site": "same-origin"}) as client:
        eventually(lambda: _is_there(client), "the pages")
        _send(client, "/masuk", "/masuk", nama="Rini", sandi=PASSWORD, lanjut="/")
        page = client.get("/akun/totp").text
        spelled = re.search(r'class="key">([^<]*)', page)
        if spelled is not None:
            secret = totp.secret_of(spelled[1])
            _send(client, page, "/akun/totp", kode=totp.code(secret, totp.step_of(REAL.now())))
        if client.get("/keputusan").status_code != 200:
            raise AuditFailed("the approver is not logged in")
        yield client


def _is_there(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def _send(client: httpx.Client, page: str, path: str, **fields: str) -> httpx.Response:
    """A form of ``page``, a path or the page itself, with the token that stands there."""
    text = client.get(page).text if page.startswith("/") else page
    token = TOKEN.search(text)
    return client.post(path, data={"csrf": token[1] if token else "", **fields})


def _invite(installation: Installation, notices: int, people: int) -> None:
    entries = [
        {
            "kind": "resident",
            "name": f"Warga {n} {k}",
            "contacts": {"phone": f"{SEEN}{n:03d}{k:04d}"},
            "areas": [AREAS[n]],
        }
        for n in range(notices)
        for k in range(people)
    ]
    for first in range(0, len(entries), SLICE):
        part = entries[first : first + SLICE]
        answer = installation.ask("recipient-put", entries=part, consent_how="bench", source="bench")
        if answer["faults"]:
            raise AuditFailed(f"people are refused: {answer['faults'][:3]}")


def _waiting(installation: Installation, notices: int) -> list[str]:
    found = [each["notice"] for each in installation.ask("notice-list", waiting=True, limit=100)]
    return found if len(found) == notices else []


def _click(client: httpx.Client, provider: TwilioProcess, notice: str, people: int) -> Click:
    path = f"/pemberitahuan/{notice}"
    page = client.get(path).text
    read = re.search(r'name="sidik" value="(\w+)"', page)
    text = re.search(r"<blockquote[^>]*>([^<]*)</blockquote>", page)
    if read is None or text is None:
        raise AuditFailed(f"{notice} cannot be approved on its page")
    before = len(provider.posts())
    begun_ns = time.time_ns()
    answer = _send(client, page, f"{path}/kirim", sidik=read[1], dibaca="ya")
    answered_ns = time.time_ns()
    if answer.status_code != 303:
        raise AuditFailed(f"{notice}: the form was answered with {answer.status_code}")
    posts = provider.wait_for_posts(before + people)[before:]
    if len({post.to for post in posts}) != people or {post.body for post in posts} != {html.unescape(text[1])}:
        raise AuditFailed(f"{notice}: {len(posts)} messages, not everybody once with the text of the page")
    first_ns = min(post.time_ns for post in posts)
    return Click(answered_ms=(answered_ns - begun_ns) / 1e6, sent_ms=(first_ns - begun_ns) / 1e6)


def rows(clicks: list[Click], people: int) -> list[Row]:
    section = f"{len(clicks)} notices to {people} people each, approved on their pages"
    found = (
        ("click -> first SMS POST", sorted(each.sent_ms for each in clicks), f"p95 {GOAL_MS:.0f} ms"),
        ("click -> answer of the page", sorted(each.answered_ms for each in clicks), ""),
    )
    return [Row(section=section, what=what, figure=_spread(times), goal=goal) for what, times, goal in found]


def _spread(times: list[float]) -> str:
    p95 = times[-(-95 * len(times) // 100) - 1]
    return f"median {times[len(times) // 2]:.0f}, p95 {p95:.0f}, most {times[-1]:.0f} ms"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.decisions", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--notices", type=int, default=20, help=f"at most {len(AREAS)} (20)")
    parser.add_argument("--people", type=int, default=5, help="of each notice (5)")
    args = parser.parse_args()
    heading = machine()
    try:
        found = rows(measure(min(args.notices, len(AREAS)), args.people), args.people)
    except AuditFailed as error:
        print(f"AUDIT FAILED, so there are no figures:\n{error}")
        return 1
    print("\n".join([*heading, "", table(found)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
