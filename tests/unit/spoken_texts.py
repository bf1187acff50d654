"""Which texts the pages say: every literal in ``tr(...)`` and ``t(...)``, and the constants that are said by name."""

import ast
import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import jinja2
from jinja2 import nodes

import alerting.web
from alerting.web import words

WEB = Path(alerting.web.__file__).parent
PLACEHOLDER = re.compile(r"\{([^}]*)\}")
IN_SCRIPTS = re.compile(r"""\bt\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]+")
SENTENCE = re.compile(r"(?!.*\(\?)[A-Z{].* .*")  # no path, code, id or pattern, which stand in the same constants

Texts = dict[str, str]  # text to where it is said


def said() -> Texts:
    """Literals: each must have its English."""
    found: Texts = {}
    for path in sorted(WEB.rglob("*.py")):
        for call in _calls(ast.parse(path.read_text("utf-8"))):
            if isinstance(call.args[0], ast.Constant):
                found.setdefault(str(call.args[0].value), path.name)
    for path in sorted((WEB / "templates").glob("*.html")):
        for literal in _in_template(path.read_text("utf-8")):
            found.setdefault(literal, path.name)
    for path in sorted((WEB / "static").glob("*.js")):
        for literal in IN_SCRIPTS.findall(path.read_text("utf-8")):
            found.setdefault(ast.literal_eval(literal), path.name)
    return found


def said_by_name() -> Texts:
    """The strings of the constants that a function with ``tr(NAME)`` or ``tr(word)`` goes through."""
    found: Texts = {}
    for path in sorted(WEB.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        if not any(not isinstance(call.args[0], ast.Constant) for call in _calls(tree)):
            continue
        module = importlib.import_module(_name(path))
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and _says_names(function):
                for text in _of_constants(function, module):
                    found.setdefault(text, path.name)
    for path in sorted((WEB / "templates").glob("*.html")):
        for text in _named_in_template(path.read_text("utf-8")):
            found.setdefault(text, path.name)
    return found


def _name(path: Path) -> str:
    return ".".join(["alerting", "web", *path.relative_to(WEB).with_suffix("").parts])


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "tr" and node.args:
            yield node


def _says_names(function: ast.AST) -> bool:
    return any(not isinstance(call.args[0], ast.Constant) for call in _calls(function))


def _in_template(source: str) -> Iterator[str]:
    for call in jinja2.Environment().parse(source).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "tr" and isinstance(call.args[0], nodes.Const):
            yield call.args[0].value


def _named_in_template(source: str) -> Iterator[str]:
    """``tr(words.NAME)``."""
    for call in jinja2.Environment().parse(source).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "tr" and isinstance(call.args[0], nodes.Getattr):
            yield from _strings(getattr(words, call.args[0].attr, None))


def _of_constants(function: ast.AST, module: ModuleType) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and CONSTANT.fullmatch(node.id):
            yield from _strings(getattr(module, node.id, None))
        elif isinstance(node, ast.Attribute) and CONSTANT.fullmatch(node.attr) and isinstance(node.value, ast.Name):
            yield from _strings(getattr(getattr(module, node.value.id, None), node.attr, None))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield str(value)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, tuple | list | frozenset):
        for each in value:
            yield from _strings(each)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _strings(getattr(value, field.name))


def is_sentence(text: str) -> bool:
    return SENTENCE.fullmatch(text) is not None


def placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text))
