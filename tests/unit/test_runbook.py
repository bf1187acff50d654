"""The administrator's runbook, in both languages, has every sentence that the board can show, check and metric."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.health.metrics import METRICS

ROOT = Path(__file__).parents[2]
BOOKS = ("docs/runbook.md", "docs/runbook-id.md")
# Where sentences for the board are made: a file, and its functions (and methods) that make them.
SOURCES = {
    "deploy/live/shown.py": {"problems"},
    "deploy/channels/views.py": {"_sentence"},
    "deploy/channels/probes.py": {"_probe"},
    "deploy/health/certificate_watch.py": {"sentence", "run"},
    "deploy/backup/record.py": {"problem"},
    "deploy/drill/results.py": {"problem"},
    "deploy/drill/schedule.py": {"run"},
    "deploy/nodes/reports.py": {"problem"},
    "deploy/nodes/seals.py": {"problems"},
    "deploy/watch/beats.py": {"_problem"},
    "deploy/cap/nowcast.py": {"_failed"},
    "deploy/cap/files.py": {"run"},
    "alerting/channels/gammu_status.py": {"problems"},
    "alerting/web/banners.py": {"_lost", "_blind", "_silent", "_of_health", "_demonstration"},
}
LEAST_WORDS = 2
WHAT = re.compile(r"[.:(]")
PUT_IN = re.compile(r"\{\w+\}")


def _rendered(node: ast.expr) -> str | None:
    """A literal as it is said, with a dot sequence where something is put in; None: no literal."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in parts)
    return None


def _literals(tree: ast.AST) -> Iterator[str]:
    """Every literal that stands by itself: neither a docstring, nor a part of another, nor said to the log."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func)[:4] == "log.":
            continue
        text = _rendered(node) if isinstance(node, ast.expr) else None
        if text is None:
            yield from _literals(node)
        else:
            yield text


def sentences() -> set[str]:
    """The beginning of each sentence, up to its first stop, colon or bracket."""
    found = set()
    for file, functions in SOURCES.items():
        for node in ast.walk(ast.parse((ROOT / file).read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in functions:
                texts = [PUT_IN.sub("…", text) for text in _literals(node)]
                found |= {WHAT.split(text)[0].strip(" …") for text in texts}
    return {each for each in found if len(each.split()) >= LEAST_WORDS or each.isupper()}


def checks() -> set[str]:
    """The names of the checks: the second word given to what makes a finding, and the keys that are looked at."""
    found = set()
    for file in (ROOT / "deploy" / "checks").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                place = {"good": 1, "warning": 1, "wrong": 1, "word": 1, "_dated": 0, "_port": 0}.get(node.func.id)
                if place is not None and isinstance(node.args[place], ast.Constant):
                    found.add(str(ast.literal_eval(node.args[place])))
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "check":
                found.add(str(ast.literal_eval(node.value)))
    return found


@pytest.fixture(params=BOOKS)
def book(request: pytest.FixtureRequest) -> str:
    """A runbook's text, on one line."""
    return re.sub(r"\s+", " ", (ROOT / request.param).read_text())


def test_every_sentence_of_the_board_is_in_the_runbook(book: str) -> None:
    """What an officer reads on the board, an administrator finds by its first words."""
    found = sentences()
    assert {"Jurnal tidak dapat ditulis", "Tidak ada petugas dalam jadwal jaga saat ini"} <= found
    assert [] == sorted(each for each in found if each not in book)


def test_every_check_is_in_the_runbook(book: str) -> None:
    """By the name under which ``kentongan check`` prints it."""
    found = checks()
    assert {"disk", "audit chain", "broker.tls_port", "broker certificate"} <= found
    assert [] == sorted(each for each in found if f"`{each}`" not in book)


def test_every_source_still_makes_sentences() -> None:
    """A function that was renamed would be looked for in vain, and its sentences with it."""
    for file, functions in SOURCES.items():
        names = {
            node.name
            for node in ast.walk(ast.parse((ROOT / file).read_text()))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert functions <= names, file


def test_the_table_of_metrics_is_the_codes() -> None:
    """Each metric with its type, none more and none fewer."""
    text = (ROOT / "docs/runbook.md").read_text()
    listed = re.findall(r"^\| `(kentongan_[a-z0-9_]+)` \| (counter|gauge|histogram) \|", text, re.MULTILINE)
    assert sorted((name, metric.kind) for name, metric in METRICS.items()) == sorted(listed)
