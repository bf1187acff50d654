"""Every claim about security has tests that are there, and the threat model names no other."""

import ast
import re
from functools import cache
from pathlib import Path

from tests.security_claims import CLAIMS

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
PAGE = ROOT / "docs" / "threat-model.md"
NAMED = re.compile(r"`(?:tests/)?((?:unit|integration|scenario|architecture|contract|browser)/\w+\.py(?:::\w+)?)`")
CLAIMED = re.compile(r"\bS\d+\b")


@cache
def functions_of(file: str) -> frozenset[str]:
    path = TESTS / file
    if not path.is_file():
        return frozenset()
    return frozenset(node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef))


def is_there(name: str) -> bool:
    file, _, test = name.partition("::")
    return test in functions_of(file) if test else (TESTS / file).is_file()


def test_every_claim_has_tests_that_are_there() -> None:
    """None was renamed or removed and left its claim without a proof."""
    assert [] == [number for number, claim in CLAIMS.items() if not claim.tests]
    named = [(number, name) for number, claim in CLAIMS.items() for name in claim.tests]
    assert [] == [pair for pair in named if not is_there(pair[1])]
    assert not is_there("architecture/test_security.py::test_nothing")


def test_the_threat_model_names_every_claim_and_no_test_that_is_not_there() -> None:
    """What the page says is met, is met by what it says."""
    text = PAGE.read_text()
    assert set(CLAIMS) == set(CLAIMED.findall(text))
    found = NAMED.findall(text)
    assert found
    assert [] == [name for name in found if not is_there(name)]
