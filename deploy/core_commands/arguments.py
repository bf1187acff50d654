"""What a command on core's socket was given, checked: a wrong argument is one sentence for whoever gave it."""

from typing import Any

from broker.control import CommandFailed, Request


def text(request: Request, name: str) -> str:
    """A text that must be there; raises CommandFailed."""
    value = request.args.get(name)
    if not isinstance(value, str) or not value.strip():
        raise CommandFailed(f"{request.name}: {name} is missing")
    return value


def optional_text(request: Request, name: str) -> str:
    value = request.args.get(name)
    if value is not None and not isinstance(value, str):
        raise CommandFailed(f"{request.name}: {name} is not a text")
    return value or ""


def number(request: Request, name: str) -> float:
    """A number that must be there; raises CommandFailed."""
    value = request.args.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CommandFailed(f"{request.name}: {name} must be a number")
    return float(value)


def optional_int(request: Request, name: str) -> int | None:
    value = request.args.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise CommandFailed(f"{request.name}: {name} must be a whole number")
    return value


def tables(request: Request, name: str) -> list[dict[str, Any]]:
    """A list of tables that must be there; raises CommandFailed."""
    value = request.args.get(name)
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise CommandFailed(f"{request.name}: {name} must be a list of tables")
    return value
