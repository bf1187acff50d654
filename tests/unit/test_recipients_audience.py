"""Who is reached by an area: those in it, above it and below it, once each, nearest and most useful first."""

from hypothesis import given
from hypothesis import strategies as st

from alerting.audience import ORDER, AudienceIndex

KELURAHAN = "35.75.01.1001"
CODES = [
    "35.75.01",
    "35.75.02",
    KELURAHAN,
    "35.75.01.1002",
    f"{KELURAHAN}/RW03",
    f"{KELURAHAN}/RW03/RT02",
    f"{KELURAHAN}/RW03/RT01",
    f"{KELURAHAN}/RW04",
]


def _lies_in(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith((f"{outer}/", f"{outer}."))


def test_an_area_reaches_what_is_in_it_and_what_it_is_in() -> None:
    """A kelurahan's notice goes to its RT's, its RW's, itself and its kecamatan, not to the neighbour."""
    index = AudienceIndex()
    for number, code in enumerate(CODES, 1):
        index.add(number, "resident", [code])
    assert [1, 3, 5, 7, 6, 8] == index.reached([KELURAHAN])  # the kecamatan, itself, then by code
    assert [1, 3, 5, 6] == index.reached([f"{KELURAHAN}/RW03/RT02"])
    assert [2] == index.reached(["35.75.02.1001"])
    assert [] == index.reached(["35.75.03"])


def test_codes_are_compared_by_their_parts_not_their_letters() -> None:
    """RW1 and RW10, and a code that only begins like another, are different places."""
    index = AudienceIndex()
    index.add(1, "resident", ["35.75.01.100"])
    index.add(2, "resident", ["35.75.01.1001/RW03/RT021"])
    assert [] == index.reached([f"{KELURAHAN}/RW03/RT02"])
    assert [2] == index.reached([KELURAHAN])


def test_heads_come_before_institutions_before_residents_within_each_area() -> None:
    """In the order of the areas given, and each person once, however many of his areas are meant."""
    index = AudienceIndex()
    index.add(1, "resident", [KELURAHAN])
    index.add(2, "institution", [KELURAHAN, "35.75.01.1002"])
    index.add(3, "head", [f"{KELURAHAN}/RW03/RT02"])
    index.add(4, "head", ["35.75.01.1002/RW01"])
    assert [3, 2, 1, 4] == index.reached([KELURAHAN, "35.75.01.1002"])
    assert [4, 2, 3, 1] == index.reached(["35.75.01.1002", KELURAHAN])


def test_who_left_is_not_reached_any_more() -> None:
    """Out of every area that he had, and only he."""
    index = AudienceIndex()
    index.add(1, "resident", [KELURAHAN, "35.75.02"])
    index.add(2, "resident", [KELURAHAN])
    index.remove(1, "resident", [KELURAHAN, "35.75.02"])
    assert [2] == index.reached([KELURAHAN, "35.75.02"])


people = st.lists(
    st.tuples(st.sampled_from(ORDER), st.lists(st.sampled_from(CODES), min_size=1, max_size=3, unique=True)),
    max_size=30,
)


@given(people, st.lists(st.sampled_from(CODES), max_size=3, unique=True))
def test_the_index_says_what_a_look_at_everybody_says(added: list[tuple[str, list[str]]], areas: list[str]) -> None:
    """The same people in the same order as a plain scan would give."""
    index = AudienceIndex()
    for number, (kind, codes) in enumerate(added, 1):
        index.add(number, next(each for each in ORDER if each == kind), codes)
    scanned: dict[int, None] = {}
    for area in areas:
        for wanted in ORDER:
            for code in sorted(CODES):
                if _lies_in(code, area) or _lies_in(area, code):
                    numbered = enumerate(added, 1)
                    scanned |= dict.fromkeys(n for n, (kind, codes) in numbered if kind == wanted and code in codes)
    assert list(scanned) == index.reached(areas)
