"""Everything at once: a thousand stations rise within a second, and ten thousand people are to be told.

    python -m tests.bench.burst --stations 1000 --people 10000

A real broker, a real core, a provider's emulator. Every station comes to SIAGA by its second sample over it; the
officer is told of each at once, and each kelurahan's notice is approved as soon as it waits. The run is audited before
a figure is printed: the officer was told of every station once, everybody once of his kelurahan.
"""

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from deploy.assembly import credentials_of
from deploy.core_commands.nodes import NodeRow
from deploy.core_commands.recipients import SLICE
from deploy.journal import Group, Journal
from deploy.registry.kelurahan import KELURAHAN
from tests.bench.audit import AuditFailed
from tests.bench.table import Row, machine, table
from tests.emulators.twilio_account import Behaviour
from tests.emulators.twilio_process import Post, TwilioProcess
from tests.installation import Installation, eventually

AREAS: Final = sorted(KELURAHAN)
GATEWAY: Final = "gateway-0"
BEFORE_M, OVER_M = 4.3, 4.7  # less than a step that nobody believes
PACE: Final = 200.0  # messages a second that the provider takes
RESIDENT: Final = "+628121"
STATION: Final = """
[[stations]]
id = "pos-{n:06d}"
name = "Pos {n}"
kelurahan = ["{area}"]
datum_m = 6.5
silence_minutes = 60
quality = {{ noise = 10.0, spike_suspect = 20.0, spike_fail = 20.0 }}
[stations.thresholds]
waspada = 4.4
siaga = 4.5
awas = 5.5
author = "bench"
reason = "bench"
early_siaga_minutes = 0
"""


def burst(stations: int, people: int) -> list[Row]:
    """Raises AuditFailed."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ktb-")))
        provider = stack.enter_context(TwilioProcess(folder / "posts.jsonl", behaviour=Behaviour(step_s=None)))
        made = "".join(STATION.format(n=n, area=AREAS[n % len(AREAS)]) for n in range(stations))
        installation = stack.enter_context(Installation(channels=_twilio(provider, folder), stations=made, officers=1))
        client = _field(installation, stations)
        stack.callback(client.loop_stop)
        stack.callback(client.disconnect)
        _invite(installation, people)
        for seq in (0, 1, 2):  # a little apart, as samples are
            _publish(client, stations, seq, BEFORE_M)
            _stored(installation, stations * (seq + 1))
        _publish(client, stations, 3, OVER_M)
        _stored(installation, stations * 4)
        begun_ns = time.time_ns()
        _publish(client, stations, 4, OVER_M)
        published_s = (time.time_ns() - begun_ns) / 1e9
        approved_ns = _approve_all(installation, min(stations, len(AREAS)))
        _settle(installation, people)
        posts = [post for post in provider.posts() if post.sid is not None]
    return _rows(posts, stations, people, begun_ns=begun_ns, published_s=published_s, approved_ns=approved_ns)


def _twilio(provider: TwilioProcess, folder: Path) -> str:
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text(provider.auth_token)
    return (
        f'[channels.twilio]\naccount_sid = "{provider.account_sid}"\ntoken_file = "{token}"\n'
        f'sender = "{provider.from_number}"\napi_base = "{provider.base_url}"\n'
        f"messages_per_s = {PACE}\nmax_parallel = 16\n"
    )


def _field(installation: Installation, stations: int) -> paho.Client:
    """Nodes in the journal, a user that may publish for all of them, broker and core."""
    journal, group, now = Journal(installation.state.journal), Group(), time.time_ns() // 1_000_000
    group.nodes += [
        msgspec.structs.astuple(NodeRow(node, node, created_at=now, created_by="bench", version=1))
        for node in (f"pos-{n:06d}" for n in range(stations))
    ]
    journal.write(group)
    journal.close()
    password = credentials_of(installation.state).add(GATEWAY)
    with installation.broker_settings.access_list.open("a") as rules:
        rules.write(f"user {GATEWAY}\ntopic write ews/v1/+/obs\n")
    installation.start()
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=GATEWAY)
    client.username_pw_set(GATEWAY, password)
    client.max_inflight_messages_set(2000)
    client.connect("127.0.0.1", installation.settings.broker.loopback_port)
    client.loop_start()
    eventually(client.is_connected, "the connection to the broker")
    return client


def _invite(installation: Installation, people: int) -> None:
    entries = [
        {
            "kind": "resident",
            "name": f"Warga {n}",
            "contacts": {"phone": f"+62812{10_000_000 + n}"},
            "areas": [AREAS[n % len(AREAS)]],
        }
        for n in range(people)
    ]
    for first in range(0, people, SLICE):
        part = entries[first : first + SLICE]
        answer = installation.ask("recipient-put", entries=part, consent_how="bench", source="bench")
        if answer["faults"]:
            raise AuditFailed(f"people are refused: {answer['faults'][:3]}")


def _publish(client: paho.Client, stations: int, seq: int, level_m: float) -> None:
    at = time.time_ns() // 1_000_000
    for n in range(stations):
        made = {"v": 1, "boot": 7, "seq": seq, "t": at, "s": {"distance_mm": round((6.5 - level_m) * 1000, 1)}}
        client.publish(f"ews/v1/pos-{n:06d}/obs", json.dumps(made).encode(), qos=1)


def _stored(installation: Installation, count: int) -> None:
    query = "SELECT count(*) FROM readings WHERE revision = 0"
    eventually(lambda: _seldom(installation, query) >= count, f"{count} readings")


def _seldom(installation: Installation, query: str) -> int:
    """Looked at now and then, which leaves core its CPU."""
    time.sleep(0.2)
    return int(installation.rows(query)[0][0])


def _approve_all(installation: Installation, areas: int) -> int:
    """Let every notice go as soon as it waits; when the first was let go, ns."""
    approved: dict[str, int] = {}

    def are_all() -> bool:
        for each in installation.ask("notice-list", waiting=True, limit=100):
            at = time.time_ns()
            installation.ask("notice-approve", notice=each["notice"], by="Rini")
            approved.update(dict.fromkeys(each["areas"], at))
        return len(approved) == areas

    eventually(are_all, f"notices of {areas} areas")
    return min(approved.values())


def _settle(installation: Installation, people: int) -> None:
    query = "SELECT count(*) FROM outbox WHERE public AND settled_at IS NOT NULL"
    eventually(lambda: _seldom(installation, query) >= people, "the last message", 60 + 3 * people / PACE)
    eventually(lambda: not installation.status()["open_messages"], "an empty outbox")


def _rows(
    posts: list[Post], stations: int, people: int, *, begun_ns: int, published_s: float, approved_ns: int
) -> list[Row]:
    officers = [post for post in posts if not post.to.startswith(RESIDENT) and post.time_ns >= begun_ns]
    public = [post for post in posts if post.to.startswith(RESIDENT)]
    told = Counter(post.to for post in public)
    twice = [to for to, count in told.items() if count > 1]
    if len(officers) != stations or len({post.body.split(",")[0] for post in officers}) != stations:
        raise AuditFailed(f"{stations} stations, {len(officers)} messages to the officer")
    if len(told) != people or twice:
        raise AuditFailed(f"{people} people, {len(told)} of them told, {len(twice)} more than once")
    first_public = min(post.time_ns for post in public)
    overtaken = sum(post.time_ns > first_public for post in officers)
    at_ms = sorted((post.time_ns - begun_ns) / 1e6 for post in officers)
    section = f"{stations} stations rise in {published_s:.2f} s, {people} people"
    return [
        Row(
            section=section,
            what="the officer's messages, from the first sample of the burst",
            figure=f"{at_ms[0]:.1f} / {at_ms[len(at_ms) // 2]:.0f} / {at_ms[-1]:.0f} ms",
            goal="first: G1, 20 ms",
            note=f"first / median / last of {stations}; {overtaken} of them after the first of the public's",
        ),
        Row(
            section=section,
            what="the public's messages, from the first approval",
            figure=f"{(first_public - approved_ns) / 1e9:.2f} / {(public[-1].time_ns - approved_ns) / 1e9:.1f} s",
            note=f"first / last of {people} at {PACE:g} a second; everybody once",
        ),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.burst", description="Everything at once.")
    parser.add_argument("--stations", type=int, default=1000)
    parser.add_argument("--people", type=int, default=10_000)
    options = parser.parse_args()
    try:
        found = burst(options.stations, options.people)
    except AuditFailed as error:
        print(f"the audit failed, so there are no figures: {error}", file=sys.stderr)
        return 1
    print("\n".join(machine()))
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
