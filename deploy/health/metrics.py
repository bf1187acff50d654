"""The installation's figures as Prometheus reads them (text format 0.0.4).

Taken when somebody asks: from core by its socket, from the journal beside it, from files, and from the disk. What
cannot be told is left out, and ``kentongan_up`` says whether core answered.
"""

import math
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from itertools import accumulate
from typing import Any, Final, Literal, NamedTuple

from alerting.web.metrics_page import Watched
from broker import control
from broker.control import CommandFailed, CoreUnreachable, Request
from deploy.backup import record
from deploy.health import certificate_watch
from deploy.health.latency_counts import BOUNDS_S
from deploy.health.parts import QUEUES
from deploy.settings import Settings
from deploy.state_folder import StateFolder

PATIENCE_S: Final = 3.0
Kind = Literal["counter", "gauge", "histogram"]


class Metric(NamedTuple):
    """``told`` is the HELP line."""

    kind: Kind
    told: str


class Sample(NamedTuple):
    """One line: ``name`` is a metric's, with ``_bucket``, ``_sum`` or ``_count`` behind it for a histogram."""

    name: str
    value: float
    labels: Mapping[str, str] = {}


METRICS: Final = {
    "kentongan_up": Metric("gauge", "1 while core answers by its socket"),
    "kentongan_start_time_seconds": Metric("gauge", "When core started, Unix time"),
    "kentongan_readings_total": Metric("counter", "Readings taken since core started"),
    "kentongan_duplicates_total": Metric("counter", "Readings that came a second time"),
    "kentongan_dead_letters_total": Metric("counter", "Messages from nodes that could not be taken"),
    "kentongan_false_seals_total": Metric("counter", "Messages refused because a node's seal was wrong or missing"),
    "kentongan_turns_total": Metric("counter", "Turns of core"),
    "kentongan_turn_p99_seconds": Metric("gauge", "99 of 100 of the last thousand turns took at most this"),
    "kentongan_turn_longest_seconds": Metric("gauge", "The longest turn since core started"),
    "kentongan_message_latency_seconds": Metric("histogram", "From the sensor to a message's acceptance by a channel"),
    "kentongan_messages_open": Metric("gauge", "Messages without a last word"),
    "kentongan_queue_messages": Metric("gauge", "Messages that wait, by channel"),
    "kentongan_queue_oldest_seconds": Metric("gauge", "Age of the oldest message that waits, by channel"),
    "kentongan_history_lag": Metric("gauge", "Journal ids that are not in history yet"),
    "kentongan_broker_connected": Metric("gauge", "1 while core is connected to the broker"),
    "kentongan_journal_writable": Metric("gauge", "0 while the journal cannot be written"),
    "kentongan_problems": Metric("gauge", "Problems that stand on the board"),
    "kentongan_officers_on_duty": Metric("gauge", "Officers who would be told now"),
    "kentongan_stations": Metric("gauge", "Stations in the registry"),
    "kentongan_nodes": Metric("gauge", "Nodes that core knows"),
    "kentongan_station_level": Metric("gauge", "A station's level: 0 normal, 1 WASPADA, 2 SIAGA, 3 AWAS"),
    "kentongan_station_threshold_metres": Metric("gauge", "Where a level begins at a station by its rules of now"),
    "kentongan_tide_predicted_metres": Metric("gauge", "The tide as predicted for now, over the datum of the model"),
    "kentongan_node_alarms": Metric("gauge", "Alarms about nodes that stand, by kind; none where somebody works"),
    "kentongan_node_last_arrival_seconds": Metric("gauge", "When a node's last message came, Unix time"),
    "kentongan_node_online": Metric("gauge", "1 while a node is connected to the broker, as its status says"),
    "kentongan_node_signal_dbm": Metric("gauge", "A node's Wi-Fi signal, as its status says"),
    "kentongan_node_stored": Metric("gauge", "Observations that a node keeps because they are not acknowledged yet"),
    "kentongan_node_dropped": Metric("gauge", "Observations that a node lost since it started, its store being full"),
    "kentongan_watches": Metric("gauge", "Watches (dead-man's switches) in service"),
    "kentongan_watch_last_seen_seconds": Metric("gauge", "When a watch's last beat came, Unix time"),
    "kentongan_watch_own_channel": Metric("gauge", "1 while a watch says that it can reach its own channels"),
    "kentongan_watchers": Metric("gauge", "Browsers that have the live page open"),
    "kentongan_watchers_dropped_total": Metric("counter", "Browsers that were hung up because they did not keep up"),
    "kentongan_disk_free_bytes": Metric("gauge", "Room on the disk of the state folder"),
    "kentongan_certificate_end_seconds": Metric("gauge", "When a certificate ends, Unix time, by certificate"),
    "kentongan_backup_age_seconds": Metric("gauge", "Age of the last good backup"),
    "kentongan_backup_failed": Metric("gauge", "1 when the last attempt at a backup failed"),
    "kentongan_backup_sent_age_seconds": Metric("gauge", "Since a backup last arrived in the bucket"),
    "kentongan_backup_send_failed": Metric("gauge", "1 when the last attempt to send a backup to the bucket failed"),
}


NODE_SAID: Final = {
    "kentongan_node_online": "is_online",
    "kentongan_node_signal_dbm": "rssi_dbm",
    "kentongan_node_stored": "stored",
    "kentongan_node_dropped": "dropped",
}


class MetricsOfInstallation:
    """As :class:`alerting.web.metrics_page.Metrics` wants its source; a call blocks some milliseconds.

    ``now`` is core's clock, in which messages are dated; backups and certificates are dated by the machine's.
    """

    def __init__(self, settings: Settings, state: StateFolder, now: Callable[[], int]) -> None:
        self._settings, self._state, self._now = settings, state, now

    def __call__(self, watched: Watched) -> str:
        core = self._asked("core-health")
        samples = [Sample("kentongan_up", core is not None)]
        if core is not None:
            samples += of_core(core)
        if core is not None and (field := self._asked("core-field")) is not None:
            samples += of_field(field)
        samples += self._queues()
        samples += _of_pages(watched)
        samples += self._of_files(time.time())
        return text(samples)

    def _asked(self, name: str) -> dict[str, Any] | None:
        request = Request(name=name, actor="web")
        try:
            return dict(control.command(self._state.socket, request, timeout_s=PATIENCE_S))
        except (CoreUnreachable, CommandFailed):
            return None

    def _queues(self) -> Iterator[Sample]:
        """Of each channel of the settings, also of one for which nothing waits."""
        try:
            with closing(sqlite3.connect(f"file:{self._state.journal}?mode=ro", uri=True, timeout=2)) as journal:
                rows = journal.execute(QUEUES).fetchall()
        except sqlite3.Error:
            return
        found = {name: (int(count), int(oldest)) for name, count, oldest in rows}
        now = self._now()
        for name in sorted({*self._settings.channels.names(), *found}):
            count, oldest = found.get(name, (0, now))
            yield Sample("kentongan_queue_messages", count, {"channel": name})
            yield Sample("kentongan_queue_oldest_seconds", max(0.0, (now - oldest) / 1000), {"channel": name})

    def _of_files(self, now: float) -> Iterator[Sample]:
        yield Sample("kentongan_disk_free_bytes", shutil.disk_usage(self._state.root).free)
        try:
            found = certificate_watch.dates(self._state)
        except (OSError, ValueError):
            pass  # none was made yet: no figure is better than a wrong one
        else:
            for name, end in (("broker", found.server), ("authority", found.authority)):
                yield Sample("kentongan_certificate_end_seconds", end.timestamp(), {"certificate": name})
        backup = record.read(self._state)
        if backup.good_at is not None:
            yield Sample("kentongan_backup_age_seconds", max(0.0, now - backup.good_at / 1000))
        if backup.tried_at is not None:
            yield Sample("kentongan_backup_failed", backup.problem is not None)
        if backup.sent_at is not None:
            yield Sample("kentongan_backup_sent_age_seconds", max(0.0, now - backup.sent_at / 1000))
        if backup.sending_at is not None:
            yield Sample("kentongan_backup_send_failed", backup.sending_problem is not None)


def of_core(core: Mapping[str, Any]) -> Iterator[Sample]:
    """From what core answers to ``core-health``."""
    turns, counters = core["turns"], core["counters"]
    yield Sample("kentongan_start_time_seconds", core["started_at"] / 1000)
    yield Sample("kentongan_readings_total", counters.get("readings", 0))
    yield Sample("kentongan_duplicates_total", counters.get("duplicates", 0))
    yield Sample("kentongan_dead_letters_total", counters.get("dead_letters", 0))
    yield Sample("kentongan_false_seals_total", counters.get("false_seals", 0))
    yield Sample("kentongan_turns_total", turns["count"])
    if turns["p99_ms"] is not None:
        yield Sample("kentongan_turn_p99_seconds", turns["p99_ms"] / 1000)
    yield Sample("kentongan_turn_longest_seconds", turns["longest_ms"] / 1000)
    yield from _histogram("kentongan_message_latency_seconds", core["latency_counts"], core["latency_sum_s"])
    yield Sample("kentongan_messages_open", core["open_messages"])
    yield Sample("kentongan_history_lag", core["history_lag"])
    yield Sample("kentongan_broker_connected", bool(core["broker_connected"]))
    yield Sample("kentongan_journal_writable", core["failed_write"] is None)
    yield Sample("kentongan_problems", len(core["problems"]))
    yield Sample("kentongan_officers_on_duty", core["officers_on_duty"])
    yield Sample("kentongan_stations", core["stations"])
    yield Sample("kentongan_nodes", core["nodes"])
    for kind, count in core["node_alarms"].items():
        yield Sample("kentongan_node_alarms", count, {"kind": kind})
    yield Sample("kentongan_watches", len(core["watches"]))
    for watch in core["watches"]:
        if watch["seen_at"] is not None:
            labels = {"watch": watch["id"]}
            yield Sample("kentongan_watch_last_seen_seconds", watch["seen_at"] / 1000, labels)
            yield Sample("kentongan_watch_own_channel", not watch["own_problem"], labels)


def of_field(field: Mapping[str, Any]) -> Iterator[Sample]:
    """From what core answers to ``core-field``; what a node never said is left out."""
    for station in field["stations"]:
        if station["level"] is not None:
            yield Sample("kentongan_station_level", station["level"], {"station": station["id"]})
        for when in ("thresholds", "high_tide"):
            for level, metres in (station[when] or {}).items():
                labels = {"station": station["id"], "level": level, "when": "usual" if when == "thresholds" else when}
                yield Sample("kentongan_station_threshold_metres", metres, labels)
    if field["tide_m"] is not None:
        yield Sample("kentongan_tide_predicted_metres", field["tide_m"])
    for node in field["nodes"]:
        labels = {"node": node["id"], "station": node["station"]}
        if node["last_arrival"] is not None:
            yield Sample("kentongan_node_last_arrival_seconds", node["last_arrival"] / 1000, labels)
        for name, said in NODE_SAID.items():
            if node[said] is not None:
                yield Sample(name, node[said], labels)


def text(samples: Iterable[Sample]) -> str:
    """Each metric with its HELP and TYPE, in the table's order; one without a sample is left out."""
    lines: list[str] = []
    by_metric: dict[str, list[Sample]] = {name: [] for name in METRICS}
    for sample in samples:
        by_metric[_metric_of(sample.name)].append(sample)
    for name, members in by_metric.items():
        if members:
            lines += [f"# HELP {name} {METRICS[name].told}", f"# TYPE {name} {METRICS[name].kind}"]
            lines += [_line(member) for member in members]
    return "\n".join(lines) + "\n"


def _of_pages(watched: Watched) -> list[Sample]:
    return [
        Sample("kentongan_watchers", watched.watchers),
        Sample("kentongan_watchers_dropped_total", watched.dropped),
    ]


def _histogram(name: str, counts: list[int], total: float) -> Iterator[Sample]:
    for bound, count in zip((*BOUNDS_S, math.inf), accumulate(counts), strict=True):
        yield Sample(f"{name}_bucket", count, {"le": _number(bound)})
    yield Sample(f"{name}_sum", total)
    yield Sample(f"{name}_count", sum(counts))


def _metric_of(sample: str) -> str:
    if sample in METRICS:
        return sample
    return sample.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count")


def _line(sample: Sample) -> str:
    labels = ",".join(f'{key}="{_escaped(value)}"' for key, value in sample.labels.items())
    return f"{sample.name}{{{labels}}} {_number(sample.value)}" if labels else f"{sample.name} {_number(sample.value)}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) else repr(float(value))
