"""Pages that people look at as screenshots: each by a name, with its path and whose eyes it is seen with."""

from typing import Final

from alerting.web.access import Role

PAGES: Final[dict[str, tuple[str, Role | None]]] = {
    "ruang": ("/", "approver"),
    "dinding": ("/?layar=penuh", "viewer"),
    "keputusan": ("/keputusan", "approver"),
    "galat": ("/tidak-ada", "operator"),
}
