"""The reference, made from the code: ``python -m deploy.reference docs/reference`` writes its pages anew.

Settings, commands, topics, metrics, alarms and the HTTP API. What the code does not say (what a key means, what a
topic carries) comes from the sample of the settings, the help of the commands, and the table of topics below; a key,
a verb or a topic without a word of explanation is refused.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import GenericAlias, UnionType
from typing import Any, Final, get_args

import msgspec

from alerting.web import access
from alerting.web.api.openapi import document
from alerting.web.api.routes import operations
from broker import topics
from deploy import cli
from deploy.health.metrics import METRICS
from deploy.sample_settings import SAMPLE
from deploy.settings import Settings

RULES: Final = Path(__file__).parent / "prometheus" / "kentongan.rules.yml"
MADE: Final = "Made from the code by `python -m deploy.reference docs/reference`; change it there."
TOPICS: Final = {
    "obs": "observations: one, or an array of them (docs/node.md)",
    "status": "how the node is; retained, with the last will `online: false`",
    "want": "which part of a firmware it wants next",
    "ack": "which observations core has committed, and core's clock",
    "cfg": "sealed: how often to sample and send; retained",
    "cmd": "sealed: restart, siren, and the like, good for two minutes",
    "update": "sealed: the version of the firmware to fetch, and the hash of its manifest; retained",
    "part": "a part of that firmware",
}
RULE: Final = re.compile(
    r"- alert: (?P<name>\w+)\n\s+expr: '(?P<expr>.+)'\n(?:\s+for: (?P<hold>\w+)\n)?\s+labels:\n\s+severity: "
    r"(?P<severity>\w+)\n\s+annotations:\n\s+summary: '(?P<summary>.+)'\n\s+summary_en: '(?P<summary_en>.+)'\n"
)
BOOKS: Final = (("runbook", "runbook"), ("buku pegangan", "runbook-id"))
HEADING: Final = re.compile(r"(?:# ?)?\[\[?([a-z_.]+)\]\]?\s*(?:#.*)?$")
KEY: Final = re.compile(r"(?:# ?)?([a-z_]+) = (.*?)(?:\s+#\s+(.*))?$")


class Unexplained(Exception):
    """Something of the code has no word of explanation; the text says what, and where to write it."""


def settings() -> str:
    """Every key of the settings: its type, default, and what the sample says of it."""
    told = dict(_explained(SAMPLE.read_text(encoding="utf-8")))
    above = "Environment variables stand above the file: `web.port` is `KENTONGAN_WEB__PORT`."
    lines = ["# Settings", "", MADE, "", above]
    for table, fields in _tables(Settings, ""):
        lines += ["", f"## `{table}`", "", "| Key | Type | Default | |", "|---|---|---|---|"]
        for field in fields:
            key = f"{table}.{field.encode_name}"
            if not told.get(key, "").strip():
                raise Unexplained(f"{key}: write a line of comment before it in {SAMPLE.name}")
            said = told[key].strip().replace("|", "\\|")
            lines.append(f"| `{field.encode_name}` | {_type(field.type)} | {_default(field)} | {said} |")
    return "\n".join(lines) + "\n"


def commands() -> str:
    """Every command that can be typed, with its options."""
    lines = ["# Commands", "", MADE, "", "Options of all: `--verbose` (before the command), `--help`."]
    for name, parser in _verbs(cli.build_parser(), ""):
        lines += ["", f"## `kentongan {name}`", "", _sentence(parser.description or _missing(f"kentongan {name}"))]
        options = [action for action in parser._actions if action.help not in {None, argparse.SUPPRESS}]  # noqa: SLF001
        lines += ["", *(_option(action) for action in options if action.dest != "help")] if len(options) > 1 else []
    return "\n".join(lines) + "\n"


def broker_topics() -> str:
    """What goes over the broker, from whom and to whom."""
    lines = ["# Topics", "", MADE, "", "QoS 1. REALM is `ews` or `latihan`, NODE a node's id.", ""]
    lines += ["| Topic | From | To | What |", "|---|---|---|---|"]
    for kind in topics.KINDS:
        way = "node | core" if kind in topics.FROM_NODES else "core | node"
        lines.append(f"| `REALM/{topics.VERSION}/NODE/{kind}` | {way} | {TOPICS[kind]} |")
    return "\n".join(lines) + "\n"


def metrics() -> str:
    """What /metrics tells."""
    lines = ["# Metrics", "", MADE, "", "| Metric | Type | |", "|---|---|---|"]
    lines += [f"| `{name}` | {metric.kind} | {metric.told} |" for name, metric in METRICS.items()]
    return "\n".join(lines) + "\n"


def alarms() -> str:
    """The alert rules; what to do first is in the runbooks."""
    lines = ["# Alarms", "", MADE, ""]
    for found in RULE.finditer(RULES.read_text(encoding="utf-8")):
        name, hold = found["name"], f" for {found['hold']}" if found["hold"] else ""
        told = f"{found['severity'].capitalize()}: {found['summary_en']}. {found['summary']}."
        books = [f"[{title}](../{book}.md#{name.lower()})" for title, book in BOOKS]
        lines += [f"## {name}", "", told, "", f"When `{found['expr']}`{hold}. Do first: {', '.join(books)}.", ""]
    return "\n".join(lines)


def http() -> str:
    """The API for programs, and every other address with who may use it."""
    told = document(operations(), problem_example={})
    lines = ["# HTTP", "", MADE, "", "## For programs", "", str(told["info"]["description"])]
    for path, methods in told["paths"].items():
        operation = methods["get"]
        lines += ["", f"### `GET {path}`", "", f"{operation['summary']}. {operation['description']}", ""]
        lines += [_parameter(each) for each in operation.get("parameters", [])]
    lines += ["", "## All addresses", "", "| Method | Path | Who |", "|---|---|---|"]
    for (method, path), roles in access.ROUTES.items():
        who = "everybody" if roles is None else ", ".join(role for role in access.ROLES if role in roles)
        lines.append(f"| {method} | `{path}` | {who} |")
    return "\n".join(lines) + "\n"


PAGES: Final[dict[str, Callable[[], str]]] = {
    "settings.md": settings,
    "commands.md": commands,
    "topics.md": broker_topics,
    "metrics.md": metrics,
    "alarms.md": alarms,
    "http.md": http,
}


def _explained(sample: str) -> Iterator[tuple[str, str]]:
    """Every key of the sample with its comment: behind it, or before it and before the keys that follow at once."""
    table, said, was_key = "", [""], False
    for line in sample.splitlines():
        if heading := HEADING.match(line):
            table, said = heading[1], [""]
        elif key := KEY.match(line):
            yield f"{table}.{key[1]}", key[3] or " ".join(said)
            for inner in re.findall(r"[{,] ?([a-z_]+) = ", key[2]):
                yield f"{table}.{key[1]}.{inner}", key[3] or " ".join(said)
        elif line.startswith("#"):
            said = [line.lstrip("# ")] if was_key else [*said, line.lstrip("# ")]
        else:
            said = [""]
        was_key = KEY.match(line) is not None or HEADING.match(line) is not None


def _tables(table: type[msgspec.Struct], path: str) -> Iterator[tuple[str, list[Any]]]:
    fields = msgspec.structs.fields(table)
    inner = {field.encode_name: list(_structs(field.type)) for field in fields}
    plain = [field for field in fields if not inner[field.encode_name]]
    if plain and path:
        yield path, plain
    for name, structs in inner.items():
        for each in structs:
            yield from _tables(each, f"{path}.{name}".lstrip("."))


def _structs(annotation: Any) -> Iterator[type[msgspec.Struct]]:
    if isinstance(annotation, GenericAlias | UnionType):
        for each in get_args(annotation):
            yield from _structs(each)
    elif isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        yield annotation


def _type(annotation: Any) -> str:
    schema = msgspec.json.schema(annotation)
    kinds = [each for each in schema.get("anyOf", [schema]) if each != {"type": "null"}]
    return " or ".join(_kind(each) for each in kinds)


def _kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    least, most = schema.get("minimum", schema.get("exclusiveMinimum")), schema.get("maximum")
    bounds = "" if least is None else f" from {least:g}" if most is None else f" {least:g}-{most:g}"
    return f"{schema.get('type', 'text')}{bounds}".replace("string", "text").replace("array", "list")


def _default(field: Any) -> str:
    if field.default is not msgspec.NODEFAULT:
        return "none" if field.default is None else f"`{msgspec.json.encode(field.default).decode()}`"
    return "must be given" if field.default_factory is msgspec.NODEFAULT else "empty"


def _verbs(parser: argparse.ArgumentParser, path: str) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    groups = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]  # noqa: SLF001
    if not groups:
        yield path, parser
    for group in groups:
        helps = {each.dest: each.help for each in group._choices_actions}  # noqa: SLF001
        for name, child in group.choices.items():
            child.description = child.description or helps.get(name)
            yield from _verbs(child, f"{path} {name}".lstrip())


def _option(action: argparse.Action) -> str:
    name = ", ".join(action.option_strings) or str(action.metavar or action.dest).upper()
    if action.option_strings and action.nargs != 0:
        name += f" {action.metavar or '|'.join(map(str, action.choices or [])) or action.dest.upper()}"
    return f"- `{name}`: {_sentence(str(action.help).replace('%%', '%'))}"


def _parameter(parameter: dict[str, Any]) -> str:
    return f"- `{parameter['name']}`: {_sentence(str(parameter.get('description', '')))}"


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", ")", "?")) else f"{text}."


def _missing(what: str) -> str:
    raise Unexplained(f"{what}: give its parser a help or a description")


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) == 2 else None
    if folder is None:
        print("usage: python -m deploy.reference FOLDER", file=sys.stderr)
        return 2
    try:
        pages = {name: make() for name, make in PAGES.items()}
    except Unexplained as error:
        print(f"reference: {error}", file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
