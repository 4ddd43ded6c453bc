"""The plot: a bar for each goal, by how many times it is better than its bound, on a logarithmic scale."""

import math
from collections.abc import Mapping, Sequence
from html import escape

from bench.measure import Goal

_LEFT, _RIGHT, _ROW, _TOP = 540, 940, 20, 46
_WIDTH = 1020
_LEAST, _MOST = 0.5, 64
"""A bar beyond either end is drawn to the end; the number beside it is exact."""

_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.name { text-anchor: end } .scale { text-anchor: middle; fill: #6e7781 } .title { font-size: 14px; font-weight: 600 }
line { stroke: #d0d7de } line.bound { stroke: #24292f; stroke-width: 1.5 }
.held { fill: #2da44e } .missed { fill: #cf222e }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .scale { fill: #8b949e } line { stroke: #30363d } line.bound { stroke: #e6edf3 }
  .held { fill: #3fb950 } .missed { fill: #f85149 }
}
"""


def _across(margin: float) -> float:
    share = math.log(min(max(margin, _LEAST), _MOST) / _LEAST) / math.log(_MOST / _LEAST)
    return _LEFT + share * (_RIGHT - _LEFT)


def _line(margin: float, bottom: int, kind: str = "mark") -> str:
    x = f"{_across(margin):.1f}"
    return f'<line class="{kind}" x1="{x}" y1="{_TOP - 4}" x2="{x}" y2="{bottom}"/>'


def _bar(row: int, name: str, goal: Goal) -> str:
    middle = _TOP + row * _ROW + _ROW // 2
    start, end = sorted((_across(1), _across(goal.margin)))
    label = f"{goal.margin:.2f}×" if goal.margin < 100 else "over 100×"  # noqa: PLR2004 - three digits
    return (
        f'<text class="name" x="{_LEFT - 8}" y="{middle + 4}">{escape(f"{name}: {goal.what}")}</text>'
        f'<rect class="{"held" if goal.held else "missed"}" x="{start:.1f}" y="{middle - 6}"'
        f' width="{max(end - start, 1):.1f}" height="12" rx="2"/>'
        f'<text x="{end + 6:.1f}" y="{middle + 4}">{label}</text>'
    )


def plot(goals: Mapping[str, Sequence[Goal]]) -> str:
    """An SVG image, for light and for dark pages."""
    rows = [(name, goal) for name, own in goals.items() for goal in own if goal.is_measured]
    bottom = _TOP + len(rows) * _ROW
    marks = [2.0**power for power in range(-1, 7)]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {bottom + 12}" role="img">',
        f"<title>Each benchmark against its goal</title><style>{_STYLE}</style>",
        f'<text class="title" x="{_LEFT}" y="16">How many times better than the goal</text>',
        *(f'<text class="scale" x="{_across(mark):.1f}" y="{_TOP - 10}">{mark:g}×</text>' for mark in marks),
        *(_line(mark, bottom) for mark in marks),
        *(_bar(row, name, goal) for row, (name, goal) in enumerate(rows)),
        _line(1, bottom, "bound"),
        "</svg>\n",
    ]
    return "\n".join(parts)
