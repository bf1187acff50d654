"""A flame graph, and the lines that cost most, of stacks in collapsed form.

The picture is SVG without script: a box's width is its share of CPU time, a box stands on its caller, and the pointer
over it tells its name and share.
"""

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Final, Self

WIDTH: Final = 1600.0
ROW: Final = 17
LETTER: Final = 6.4  # of a monospaced 11 px font
LEAST: Final = 0.0004  # of the whole: narrower boxes cannot be seen
LINES_SHOWN: Final = 25
_HUES: Final = {"deploy": 28, "alerting": 4, "ingest": 205, "broker": 130, "firmware_sim": 280}
_OTHER_HUE: Final = 52

Stacks = Counter[tuple[str, ...]]


@dataclass(slots=True, kw_only=True)
class Box:
    """A function where it was called from."""

    name: str
    weight: int = 0
    children: dict[str, Self] = field(default_factory=dict)

    def depth(self) -> int:
        return 1 + max((child.depth() for child in self.children.values()), default=0)


def read(path: Path, *, below: Sequence[str] = ("",)) -> Stacks:
    """Stacks of ``path``, each from the first frame on that has one of ``below`` in it; raises OSError, ValueError."""
    stacks: Stacks = Counter()
    for line in path.read_text().splitlines():
        frames, _, weight = line.rpartition(" ")
        stack = tuple(frames.split(";"))
        at = next((n for n, frame in enumerate(stack) if any(part in frame for part in below)), None)
        if at is not None:
            stacks[stack[at:]] += int(weight)
    return stacks


def tree(stacks: Stacks) -> Box:
    root = Box(name="all")
    for stack, weight in stacks.items():
        root.weight += weight
        box = root
        for frame in stack:
            name = function(frame)
            child = box.children.get(name)
            if child is None:
                child = box.children[name] = Box(name=name)
            child.weight += weight
            box = child
    return root


def function(frame: str) -> str:
    """``file:function`` of a frame that may have its line besides."""
    head, _, tail = frame.rpartition(":")
    return head if tail.isdigit() else frame


def hottest_lines(stacks: Stacks) -> list[str]:
    """The lines that were at work most often, their own work only, with what calls from C cost."""
    lines: Counter[str] = Counter()
    for stack, weight in stacks.items():
        lines[stack[-1]] += weight
    total = max(1, lines.total())
    return [f"{weight / total:6.1%}  {line}" for line, weight in lines.most_common(LINES_SHOWN)]


def svg(stacks: Stacks, title: str) -> str:
    root = tree(stacks)
    height = (root.depth() + 2) * ROW
    boxes = "\n".join(_boxes(root, 0.0, 0, root.weight or 1, height - ROW))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {height}" font-family="monospace" '
        f'font-size="11">\n<rect width="100%" height="100%" fill="#fff"/>\n'
        f'<text x="4" y="13" font-size="12">{escape(title)}</text>\n{boxes}\n</svg>\n'
    )


def _boxes(box: Box, left: float, level: int, total: int, bottom: int) -> Iterator[str]:
    share = box.weight / total
    if share < LEAST:
        return
    width, top = share * WIDTH, bottom - level * ROW
    name = box.name.rpartition("/")[2]
    letters = int((width - 4) / LETTER)
    label = name if len(name) <= letters else f"{name[: letters - 2]}.." if letters > 4 else ""
    yield (
        f"<g><title>{escape(box.name)} {share:.1%}</title>"
        f'<rect x="{left:.1f}" y="{top}" width="{max(width - 0.5, 0.2):.1f}" height="{ROW - 1}" '
        f'fill="{_colour(box.name)}"/><text x="{left + 2:.1f}" y="{top + 12}">{escape(label)}</text></g>'
    )
    for child in sorted(box.children.values(), key=lambda child: child.name):
        yield from _boxes(child, left, level + 1, total, bottom)
        left += child.weight / total * WIDTH


def _colour(name: str) -> str:
    """By package, a little lighter or darker by name, the same in every picture."""
    hue = _HUES.get(name.partition("/")[0], _OTHER_HUE)
    return f"hsl({hue},70%,{64 + zlib.crc32(name.encode()) % 16}%)"
