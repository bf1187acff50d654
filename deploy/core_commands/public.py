"""Core's command for the residents' pages: whose they are, and of which places they speak."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from broker.control import Request

if TYPE_CHECKING:
    from deploy.core_commands.commands import Commands


def public_state(commands: "Commands", _request: Request) -> dict[str, Any]:
    """Who speaks, and every kelurahan and kecamatan: what changes rarely, and is asked for once a minute."""
    core = commands.core
    areas = core.registry.areas
    named = [(each.kind, {"code": each.code, "name": areas.name(each.code)}) for each in areas.all()]
    return {
        "sender": core.settings.site.sender,
        "site": core.settings.site.name,
        "realm": core.settings.site.realm,
        "subscribing": commands.subscriptions.is_open,
        "areas": [area for kind, area in named if kind == "kelurahan"],
        "districts": [area for kind, area in named if kind == "kecamatan"],
    }


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {"public-state": public_state}
