"""The one chart of the Console as numbers for an inline SVG: bars of logins and refusals per day, no style, no script.

A template draws what stands here. The same numbers stand in a table under the picture, so that nobody needs the chart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from provisioning.actions.activity_table import Day

WIDTH, HEIGHT = 700, 120
GAP = 0.3


@dataclass(frozen=True, slots=True)
class Bar:
    """One rectangle; `kind` names its colour."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: its size, its bars, and the number that its top stands for."""

    width: int
    height: int
    bars: tuple[Bar, ...]
    most: int


def chart_of(days: Sequence[Day]) -> Chart:
    """Return the chart of some days: for each a bar of logins and beside it one of refusals."""
    most = max([1, *(max(day.logins, day.refused) for day in days)])
    step = WIDTH / max(len(days), 1)
    bars = []
    for number, day in enumerate(days):
        for place, (kind, value) in enumerate((("logins", day.logins), ("refused", day.refused))):
            width = step * (1 - GAP) / 2
            height = round(HEIGHT * value / most, 1)
            bars.append(
                Bar(
                    kind,
                    round(number * step + step * GAP / 2 + place * width, 1),
                    HEIGHT - height,
                    round(width, 1),
                    height,
                )
            )
    return Chart(WIDTH, HEIGHT, tuple(bars), most)
