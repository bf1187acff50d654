"""/metrics: the format as Prometheus documents it, the figures of a core at work, and who may see them."""

import asyncio
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from fastapi import FastAPI
from starlette.requests import Request

from alerting.web.metrics_page import Metrics, Watched, add_metrics, is_from_here
from broker.clock import REAL
from deploy.health.latency_counts import BOUNDS_S, LatencyCounts
from deploy.health.metrics import METRICS, MetricsOfInstallation, Sample, of_core, of_field, text
from tests.core_thread import SETTINGS, CoreThread

LINE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([-+]?(?:Inf|NaN|[0-9.]+(?:e[-+]?[0-9]+)?))")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')


class Read(NamedTuple):
    """A line as a reader of the format takes it."""

    name: str
    labels: dict[str, str]
    value: float


def parsed(content: str) -> tuple[dict[str, str], list[Read]]:
    """Types by metric, and samples; fails where the format is left."""
    assert content.endswith("\n")
    types: dict[str, str] = {}
    helped: list[str] = []
    samples = []
    for line in content.splitlines():
        if line.startswith("# HELP "):
            helped.append(line.split(" ", 3)[2])
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types, f"{name} has two types"
            assert helped[-1] == name
            types[name] = kind
        else:
            samples.append(_sample(line, list(types)[-1], types))
    keys = [(each.name, tuple(sorted(each.labels.items()))) for each in samples]
    assert len(keys) == len(set(keys)), "a sample stands twice"
    return types, samples


def _sample(line: str, metric: str, types: dict[str, str]) -> Read:
    match = LINE.fullmatch(line)
    assert match is not None, line
    labels = dict(LABEL.findall(match[2] or ""))
    assert LABEL.sub("", match[2] or "") == "", line
    ends = ("_bucket", "_sum", "_count") if types[metric] == "histogram" else ("",)
    assert match[1] in {metric + end for end in ends}, f"{line} stands under {metric}"
    return Read(match[1], labels, float(match[3]))


def histogram(samples: list[Read], name: str) -> tuple[list[float], float, float]:
    """The cumulative buckets, the sum, the count."""
    buckets = [(float(each.labels["le"]), each.value) for each in samples if each.name == f"{name}_bucket"]
    assert buckets == sorted(buckets)
    assert buckets[-1][0] == math.inf
    (total,) = [each.value for each in samples if each.name == f"{name}_sum"]
    (count,) = [each.value for each in samples if each.name == f"{name}_count"]
    return [value for _, value in buckets], total, count


ANSWER = {
    "started_at": 1_795_000_000_000,
    "turns": {"count": 9, "median_ms": 1.0, "p99_ms": 2.5, "longest_ms": 30.0, "longest_at": 1},
    "counters": {"readings": 1_234_567, "dead_letters": 2},
    "latency_counts": [3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1],
    "latency_sum_s": 400.75,
    "open_messages": 4,
    "history_lag": 12,
    "broker_connected": True,
    "failed_write": "disk full",
    "problems": ["a", "b"],
    "officers_on_duty": 3,
    "stations": 5,
    "nodes": 6,
    "node_alarms": {"theft": 1, "battery": 0},
    "watches": [
        {"id": "pengawas", "seen_at": 1_795_000_000_500, "own_problem": ""},
        {"id": "pengawas-dua", "seen_at": 1_795_000_001_000, "own_problem": "email: ditolak"},
        {"id": "pengawas-baru", "seen_at": None, "own_problem": ""},
    ],
}


def test_what_core_answers_becomes_samples() -> None:
    """Counts with all their digits, a histogram that adds up, seconds and not milliseconds."""
    types, samples = parsed(text(of_core(ANSWER)))
    found = {each.name: each.value for each in samples if not each.labels}
    assert 1_234_567 == found["kentongan_readings_total"]
    assert (0, 2) == (found["kentongan_duplicates_total"], found["kentongan_dead_letters_total"])
    assert (0.0025, 0.03) == (found["kentongan_turn_p99_seconds"], found["kentongan_turn_longest_seconds"])
    assert (1, 0, 2) == tuple(
        found[f"kentongan_{each}"] for each in ("broker_connected", "journal_writable", "problems")
    )
    buckets, total, count = histogram(samples, "kentongan_message_latency_seconds")
    assert ([3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5], 400.75, 5) == (buckets, total, count)
    assert types["kentongan_message_latency_seconds"] == "histogram"


def test_alarms_about_nodes_are_counted_by_kind() -> None:
    """Also those of which none stands; no node has a label of its own."""
    _, samples = parsed(text(of_core(ANSWER)))
    found = [(each.labels, each.value) for each in samples if each.name == "kentongan_node_alarms"]
    assert [({"kind": "theft"}, 1), ({"kind": "battery"}, 0)] == found


def test_watches_become_samples() -> None:
    """When each was seen, and whether it can reach its own channels; one that never was has neither."""
    _, samples = parsed(text(of_core(ANSWER)))
    found = {(each.name, each.labels["watch"]): each.value for each in samples if "watch" in each.labels}
    assert {
        ("kentongan_watch_last_seen_seconds", "pengawas"): 1_795_000_000.5,
        ("kentongan_watch_last_seen_seconds", "pengawas-dua"): 1_795_000_001.0,
        ("kentongan_watch_own_channel", "pengawas"): 1,
        ("kentongan_watch_own_channel", "pengawas-dua"): 0,
    } == found
    assert [3] == [each.value for each in samples if each.name == "kentongan_watches"]


def test_stations_and_nodes_become_samples() -> None:
    """Thresholds by level and time of use, moments in seconds; what nobody knows is left out."""
    metres = {"waspada": 1.5, "siaga": 2.0, "awas": 2.5}
    silent = {"last_arrival": None, "is_online": None, "rssi_dbm": None, "stored": None, "dropped": None}
    heard = {"last_arrival": 1_795_000_000_500, "is_online": True, "rssi_dbm": -71, "stored": 3, "dropped": 0}
    field = {
        "stations": [
            {"id": "welang", "level": 2, "thresholds": metres, "high_tide": {**metres, "awas": 2.25}},
            {"id": "udara", "level": None, "thresholds": None, "high_tide": None},
        ],
        "nodes": [{"id": "w1", "station": "welang", **heard}, {"id": "u1", "station": "udara", **silent}],
        "tide_m": 1.25,
    }
    _, samples = parsed(text(of_field(field)))
    found = {(each.name, *each.labels.values()): each.value for each in samples}
    assert 13 == len(found)
    assert (2, 2.5, 2.25, 1.25) == (
        found["kentongan_station_level", "welang"],
        found["kentongan_station_threshold_metres", "welang", "awas", "usual"],
        found["kentongan_station_threshold_metres", "welang", "awas", "high_tide"],
        found["kentongan_tide_predicted_metres",],
    )
    assert (1_795_000_000.5, 1, -71) == tuple(
        found[f"kentongan_node_{name}", "w1", "welang"] for name in ("last_arrival_seconds", "online", "signal_dbm")
    )


def test_a_label_may_hold_anything() -> None:
    """A quotation mark, a backslash and a line's end are escaped."""
    name = 'a"b\\c\nd'
    _, (sample,) = parsed(text([Sample("kentongan_queue_messages", 1, {"channel": name})]))
    assert name == sample.labels["channel"].replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")


def test_latencies_are_counted_by_bound() -> None:
    """A bound belongs to its own bucket; what a wrong clock makes negative counts as no time."""
    latencies = LatencyCounts()
    for latency_ms in (-5.0, 100.0, 100.1, 299_999.0, 300_001.0):
        latencies.add(latency_ms)
    assert [2, 1, *[0] * (len(BOUNDS_S) - 3), 1, 1] == latencies.counts
    assert 600.2001 == pytest.approx(latencies.sum_s)


@pytest.fixture
def core(tmp_path: Path) -> Iterator[CoreThread]:
    """A core with the demonstration's channel in its settings."""
    thread = CoreThread(tmp_path, settings=f"{SETTINGS}[channels]\ndemo = true\n")
    yield thread
    thread.stop()


def test_the_figures_of_a_core_at_work(core: CoreThread) -> None:
    """Every metric is known by its type; with core away the rest is still told, and that it is away."""
    source = MetricsOfInstallation(core.settings, core.state, REAL.now)
    core.start()
    types, samples = parsed(source(Watched(watchers=7, dropped=1)))
    found = {each.name: each.value for each in samples if not each.labels}
    assert {name: METRICS[name].kind for name in types} == types
    assert (1, 7, 1) == tuple(found[f"kentongan_{each}"] for each in ("up", "watchers", "watchers_dropped_total"))
    assert 0 < found["kentongan_disk_free_bytes"]
    queues = {each.labels["channel"]: each.value for each in samples if each.name == "kentongan_queue_messages"}
    assert {"demo": 0} == queues
    core.stop()
    _, samples = parsed(source(Watched(watchers=0, dropped=0)))
    names = {each.name: each.value for each in samples}
    assert 0 == names["kentongan_up"]
    assert "kentongan_readings_total" not in names
    assert {"kentongan_disk_free_bytes", "kentongan_queue_messages"} <= names.keys()


def request(client: str = "127.0.0.1", host: str = "127.0.0.1:8080", **headers: str) -> Request:
    named = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/metrics",
        "scheme": "http",
        "query_string": b"",
        "server": ("127.0.0.1", 8080),
        "client": (client, 1),
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
    }
    return Request(scope)


def test_only_this_machine_is_from_here() -> None:
    """Not a visitor by way of a server in front, told or not, and not another machine."""
    assert (True, True) == (is_from_here(request()), is_from_here(request("::1", "localhost")))
    assert not is_from_here(request("10.0.0.9"))
    assert not is_from_here(request(host="peringatan.kota.example"))
    assert not is_from_here(request(x_forwarded_for="10.0.0.9"))
    assert not is_from_here(request(forwarded="for=10.0.0.9"))


class NoFanout:
    watchers: tuple[str, ...] = ()
    dropped = 0


class NoLive:
    fanout = NoFanout()


async def status(metrics: Metrics, asked: Request) -> int:
    app = FastAPI()
    add_metrics(app, NoLive(), metrics)  # type: ignore[arg-type]
    told: list[int] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            told.append(int(str(message["status"])))

    await app({**asked.scope, "raw_path": b"/metrics", "root_path": ""}, receive, send)  # type: ignore[arg-type]
    return told[0]


def test_who_brings_the_token_is_answered() -> None:
    """Without a token in the settings nobody beyond this machine; with it only who brings it, letter for letter."""

    def asked(token: str, authorization: str | None) -> int:
        headers = {} if authorization is None else {"authorization": authorization}
        metrics = Metrics(source=lambda _: "# nothing\n", token=token)
        return asyncio.run(status(metrics, request("10.0.0.9", **headers)))

    secret = "k3pt-in-a-file-of-its-own"
    assert (403, 403, 403) == (asked("", None), asked("", "Bearer "), asked(secret, None))
    assert (403, 403, 200) == (
        asked(secret, "Bearer k3pt"),
        asked(secret, f"Basic {secret}"),
        asked(secret, f"Bearer {secret}"),
    )
    assert secret not in repr(Metrics(token=secret))
