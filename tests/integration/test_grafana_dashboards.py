"""The dashboards: every query of every panel returns rows from a real InfluxDB and a real Prometheus."""

import json
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from deploy.health.metrics import METRICS, Sample, text
from ingest.history_influx import InfluxHistory, InfluxTarget
from ingest.readings import Reading
from tests.influxd import PATIENCE_S, Influxd
from tests.journal_file import START, Following, JournalFile, reading
from tests.prometheus_server import Prometheus, prometheus

ROOT = Path(__file__).parents[2]
GRAFANA = ROOT / "deploy" / "grafana"
RULES = ROOT / "deploy" / "prometheus" / "kentongan.rules.yml"
BOARDS = sorted(path.stem for path in (GRAFANA / "dashboards").glob("*.json"))
HISTORY, FIGURES = "kentongan-history", "kentongan-prometheus"
HOUR_MS = 3_600_000
HOURS = 60
NAME = re.compile(r"\bkentongan_[a-z0-9_]+")
# By metric; what is not here has no label.
LABELS: dict[str, list[dict[str, str]]] = {
    "kentongan_queue_messages": [{"channel": "sms"}],
    "kentongan_queue_oldest_seconds": [{"channel": "sms"}],
    "kentongan_certificate_end_seconds": [{"certificate": "broker"}, {"certificate": "authority"}],
    "kentongan_station_level": [{"station": "welang"}],
    "kentongan_station_threshold_metres": [
        {"station": "welang", "level": level, "when": when}
        for level in ("waspada", "siaga", "awas")
        for when in ("usual", "high_tide")
    ],
    "kentongan_watch_last_seen_seconds": [{"watch": "w1"}],
    "kentongan_watch_own_channel": [{"watch": "w1"}],
}


def targets(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every question of a dashboard, by its panel's title, and those behind its variables."""
    board = json.loads((GRAFANA / "dashboards" / f"{name}.json").read_text())
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target
    for variable in board["templating"]["list"]:
        yield variable["label"], {"datasource": variable["datasource"], "query": variable["query"]}


def rows_of_two_days() -> Iterator[Reading]:
    """What a field of two stations measures, an hour a reading, of every quantity and quality."""
    numbers = count(1)
    for hour in range(HOURS):
        for station, quantity, value in (
            ("welang", "level_m", 1.0),
            ("welang", "battery_mv", 3900.0),
            ("welang", "solar_mv", 5100.0),
            ("hujan", "rain_mm", 0.4),
            ("udara", "pm25_ugm3", 31.0),
            ("udara", "pm10_ugm3", 52.0),
            ("udara", "temperature_c", 29.5),
            ("udara", "humidity_pct", 71.0),
        ):
            for part, flag in enumerate((1, 3, 4, 9) if quantity == "level_m" else (1,)):
                number, time = next(numbers), START + hour * HOUR_MS + part * 600_000
                yield reading(
                    number, station=station, quantity=quantity, series=quantity, value=value, flag=flag, time=time
                )


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxTarget]:
    """An InfluxDB that our own follower has filled, with its days rolled up."""
    folder = tmp_path_factory.mktemp("history")
    server = Influxd.prepare(folder / "influxd")
    server.start()
    try:
        found = server.database("kentongan")
        history, journal = InfluxHistory(found, folder / "cursor.db"), JournalFile(folder / "journal.db")
        rows = list(rows_of_two_days())
        journal.append(rows)
        with Following(journal.path, history) as following:
            following.until_copied(len(rows))
        while history.roll_up(now=START + 2 * HOURS * HOUR_MS):
            pass
        history.close()
        journal.close()
        yield found
    finally:
        server.kill()


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that has read every metric of ours, with counters that rise and a backup that failed."""
    reads = count(1)

    def text_of_metrics() -> str:
        number = next(reads)
        samples = []
        for name, metric in METRICS.items():
            node = [{"node": "wl-01", "station": "welang"}] if name.startswith("kentongan_node_") else [{}]
            if metric.kind == "histogram":
                bounds = {"0.5": number, "1": 2 * number, "+Inf": 3 * number}
                samples += [Sample(f"{name}_bucket", value, {"le": bound}) for bound, value in bounds.items()]
                samples += [Sample(f"{name}_sum", number), Sample(f"{name}_count", 3 * number)]
            else:
                value = number if metric.kind == "counter" else 1
                samples += [Sample(name, value, labels) for labels in LABELS.get(name, node)]
        return text(samples)

    with prometheus(tmp_path_factory.mktemp("prometheus"), RULES, text_of_metrics) as server:
        yield server


def filled(query: str) -> str:
    """A question of InfluxQL as Grafana fills it in for the whole time and every station."""
    span = f"time >= {START}ms and time < {START + HOURS * HOUR_MS}ms"
    known = query.replace("$timeFilter", span).replace("$__interval", "1h")
    known = known.replace("${station:regex}", "(welang|udara)")
    assert "$" not in known.replace("$/", ""), f"a variable that this test does not know: {query}"
    return known


def asked(target: InfluxTarget, query: str) -> list[Any]:
    arguments = urllib.parse.urlencode({"db": target.bucket.partition("/")[0], "q": query, "epoch": "ms"})
    with urllib.request.urlopen(f"{target.url}/query", arguments.encode(), PATIENCE_S) as answer:
        (result,) = json.load(answer)["results"]
    assert "error" not in result, f"{query}: {result}"
    found: list[Any] = [row for series in result.get("series", []) for row in series["values"]]
    return found


@pytest.mark.parametrize("name", BOARDS)
def test_every_question_to_history_has_an_answer(name: str, target: InfluxTarget) -> None:
    """Rows with a value; where a panel asks for readings of a quality, there are some of it."""
    questions = [(title, each["query"]) for title, each in targets(name) if each["datasource"]["uid"] == HISTORY]
    assert [] == [(title, query) for title, query in questions if not asked(target, filled(query))]


@pytest.mark.parametrize("name", BOARDS)
def test_every_question_to_prometheus_has_an_answer(name: str, figures: Prometheus) -> None:
    """Series with a number in them, and only of metrics that are ours."""
    for title, each in targets(name):
        if each["datasource"]["uid"] != FIGURES:
            continue
        known = {metric.removesuffix("_bucket") for metric in NAME.findall(each["expr"])}
        assert known <= METRICS.keys(), f"{name}, {title}: {known - METRICS.keys()}"
        expression = each["expr"].replace("$station", "welang")
        ask = figures.instant if each.get("instant") else figures.range
        values = [value for series in ask(expression) for value in series.get("values", [series.get("value")])]
        assert any(number != "NaN" for _, number in values), f"{name}, {title}: {expression} is empty"


def test_thresholds_are_data() -> None:
    """No panel of levels has a threshold of its own: they are the stations', for usual times and for high tide."""
    board = json.loads((GRAFANA / "dashboards" / "sungai.json").read_text())
    water = [panel for panel in board["panels"] if panel["fieldConfig"]["defaults"].get("unit") == "lengthm"]
    steps = [step["value"] for panel in water for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
    assert {None} == set(steps)
    drawn = " ".join(target.get("expr", "") for panel in water for target in panel["targets"])
    assert ('when="usual"' in drawn, 'when="high_tide"' in drawn) == (True, True)


@pytest.mark.parametrize("name", BOARDS)
def test_a_dashboard_is_dark_and_laid_out(name: str) -> None:
    """In Indonesian time, panels with numbers of their own that do not overlap, sources by their uid."""
    board = json.loads((GRAFANA / "dashboards" / f"{name}.json").read_text())
    assert ("dark", f"kentongan-{name}", "Asia/Jakarta") == (board["style"], board["uid"], board["timezone"])
    taken = [
        (x, y)
        for panel in board["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(taken) == len(set(taken))
    assert 24 > max(x for x, _ in taken)
    assert len(board["panels"]) == len({panel["id"] for panel in board["panels"]})
    assert {HISTORY, FIGURES} >= {each["datasource"]["uid"] for _, each in targets(name)}


def test_the_sources_have_the_names_that_dashboards_use() -> None:
    """InfluxDB in both forms and Prometheus; no secret stands in a file, and nothing can be changed by hand."""
    files = [*GRAFANA.glob("provisioning/datasources/*.yaml"), GRAFANA / "influxdb1.yaml"]
    sources = [source for path in files for source in yaml.safe_load(path.read_text())["datasources"]]
    assert [FIGURES, HISTORY, HISTORY] == sorted((source["uid"] for source in sources), reverse=True)
    for source in sources:
        assert not source["editable"]
        assert all("$__file{" in value for value in source.get("secureJsonData", {}).values())
