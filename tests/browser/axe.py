"""What axe-core finds wrong with a page for people who cannot see, hear or point."""

from typing import Any, Final

from playwright.sync_api import Page

from tests.web_checks import node_modules

TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
RUN: Final = (
    "(tags) => axe.run(document, {runOnly: tags, resultTypes: ['violations']}).then((found) => found.violations)"
)


def violations(page: Page) -> list[str]:
    """One line for each element that breaks a rule: the rule, the element, and what is wrong with it; empty is well."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate((node_modules() / "axe-core" / "axe.min.js").read_text("utf-8"))
    found: list[dict[str, Any]] = page.evaluate(RUN, TAGS)
    return [_line(rule, node) for rule in found for node in rule["nodes"]]


def _line(rule: dict[str, Any], node: dict[str, Any]) -> str:
    why = " ".join(str(node.get("failureSummary", "")).split())
    return f"{rule['id']}: {' '.join(node['target'])}: {why[:200]}"
