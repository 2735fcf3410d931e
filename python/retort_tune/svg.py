"""Pictures as SVG text: scatter, line, bars, parallel coordinates. Marks of trials have `data-trial` for page.js."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from html import escape

from .progress import format_number

WIDTH, HEIGHT = 720, 400
_LONGEST = 210  # a bar of 100 %
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 20, 16, 46


@dataclasses.dataclass(frozen=True)
class Scale:
    """Maps values to coordinates; `log` for positive values over decades."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    @classmethod
    def around(cls, values: Sequence[float], start: float, end: float, *, log: bool = False) -> Scale:
        low, high = (min(values), max(values)) if values else (0.0, 1.0)
        if log and low > 0:
            return cls(low, high if high > low else low * 10, start, end, log=True)
        margin = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
        return cls(low - margin, high + margin, start, end)

    def __call__(self, value: float) -> float:
        if self.log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 2)

    def ticks(self) -> list[float]:
        if self.log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            return [10.0**power for power in range(first, last + 1)] or [self.low, self.high]
        step = 10.0 ** math.floor(math.log10((self.high - self.low) / 4))
        step = next(each for each in (step, 2 * step, 5 * step, 10 * step) if (self.high - self.low) / each <= 6)
        first = math.ceil(self.low / step)
        return [index * step for index in range(first, math.floor(self.high / step) + 1)]


@dataclasses.dataclass(frozen=True)
class Mark:
    trial: int
    x: float
    y: float
    kind: str  # class of the mark: front, feasible, infeasible
    is_default: bool = False


def _axes(x: Scale, y: Scale, x_title: str, y_title: str) -> str:
    parts = []
    for value in y.ticks():
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y(value)}" y2="{y(value)}"/>')
        parts.append(
            f'<text class="tick" x="{_LEFT - 8}" y="{y(value) + 4}" text-anchor="end">{format_number(value)}</text>'
        )
    for value in x.ticks():
        parts.append(
            f'<text class="tick" x="{x(value)}" y="{HEIGHT - _BOTTOM + 18}"'
            f' text-anchor="middle">{format_number(value)}</text>'
        )
    bottom, middle = HEIGHT - _BOTTOM, (HEIGHT - _BOTTOM + _TOP) / 2
    parts.append(f'<path class="axis" d="M{_LEFT},{_TOP}V{bottom}H{WIDTH - _RIGHT}"/>')
    parts.append(
        f'<text class="title" x="{(WIDTH + _LEFT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x_title)}</text>'
    )
    parts.append(
        f'<text class="title" transform="translate(14,{middle}) rotate(-90)"'
        f' text-anchor="middle">{escape(y_title)}</text>'
    )
    return "".join(parts)


def picture(name: str, label: str, content: str, height: float = HEIGHT, width: float = WIDTH) -> str:
    return f'<svg id="{name}" role="img" aria-label="{escape(label)}" viewBox="0 0 {width} {height}">{content}</svg>'


def scatter(
    name: str,
    marks: Sequence[Mark],
    x_title: str,
    y_title: str,
    stairs: Sequence[tuple[float, float]],
    line: float | None,
) -> str:
    """Points of trials, the front as stairs and a threshold of the vertical objective as a dashed line."""
    heights = [mark.y for mark in marks] + ([line] if line is not None else [])
    x = Scale.around([mark.x for mark in marks], _LEFT, WIDTH - _RIGHT)
    y = Scale.around(heights, HEIGHT - _BOTTOM, _TOP)
    parts = [_axes(x, y, x_title, y_title)]
    if line is not None:
        parts.append(f'<line class="threshold" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y(line)}" y2="{y(line)}"/>')
    if len(stairs) > 1:
        steps = [f"M{x(stairs[0][0])},{y(stairs[0][1])}"] + [f"H{x(a)}V{y(b)}" for a, b in stairs[1:]]
        parts.append(f'<path class="stairs" d="{"".join(steps)}"/>')
    for mark in sorted(marks, key=lambda each: ("infeasible", "feasible", "front").index(each.kind)):
        parts.append(_mark(mark, x(mark.x), y(mark.y)))
    return picture(name, f"{y_title} over {x_title}", "".join(parts))


def _mark(mark: Mark, x: float, y: float) -> str:
    if mark.is_default:
        return f'<path class="point {mark.kind} default" data-trial="{mark.trial}" d="M{x},{y - 8}l8,8l-8,8l-8,-8z"/>'
    return (
        f'<circle class="point {mark.kind}" data-trial="{mark.trial}" cx="{x}" cy="{y}"'
        f' r="{6 if mark.kind == "front" else 4}"/>'
    )


def line(name: str, values: Sequence[float], x_title: str, y_title: str) -> str:
    """A line that rises in steps, one value for each trial."""
    x = Scale.around([0, len(values)], _LEFT, WIDTH - _RIGHT)
    y = Scale.around([0.0, *values], HEIGHT - _BOTTOM, _TOP)
    path = f"M{x(0)},{y(0.0)}" + "".join(f"H{x(index + 1)}V{y(value)}" for index, value in enumerate(values))
    return picture(
        name, f"{y_title} over {x_title}", _axes(x, y, x_title, y_title) + f'<path class="line" d="{path}"/>'
    )


def bars(name: str, label: str, shares: Sequence[tuple[str, float]]) -> str:
    """Horizontal bars of shares of 1, the largest first."""
    parts = []
    for row, (title, share) in enumerate(shares):
        top = 8 + row * 24
        parts.append(f'<text class="tick" x="210" y="{top + 13}" text-anchor="end">{escape(title)}</text>')
        parts.append(f'<rect class="bar" x="218" y="{top}" width="{max(1.0, share * _LONGEST):.1f}" height="17"/>')
        parts.append(f'<text class="tick" x="{226 + share * _LONGEST:.1f}" y="{top + 13}">{100 * share:.0f} %</text>')
    return picture(name, label, "".join(parts), 16 + 24 * max(1, len(shares)), 264 + _LONGEST)


@dataclasses.dataclass(frozen=True)
class Axis:
    title: str
    values: dict[int, float | str]  # by trial
    log: bool = False


def parallel(name: str, axes: Sequence[Axis], kinds: dict[int, str]) -> str:
    """A line for each trial through its value on every axis; a trial without a value there has a gap."""
    top = 40 + 5.5 * max((len(axis.title) for axis in axes), default=0)  # the titles are slanted
    bottom, height = top + 290, top + 320
    right = 40 + (3.8 * len(axes[-1].title) if axes else 0)
    step = (WIDTH - 40 - right) / max(1, len(axes) - 1)
    places: dict[int, list[str]] = {trial: [] for trial in kinds}
    parts = []
    for index, axis in enumerate(axes):
        x = round(40 + index * step, 1)
        position, low, high = _positions(axis, bottom, top)
        parts.append(f'<line class="axis" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>')
        parts.append(
            f'<text class="tick" transform="translate({x + 3},{top - 22}) rotate(-55)">{escape(axis.title)}</text>'
        )
        parts.append(f'<text class="small" x="{x}" y="{top - 6}" text-anchor="middle">{escape(high)}</text>')
        parts.append(f'<text class="small" x="{x}" y="{bottom + 14}" text-anchor="middle">{escape(low)}</text>')
        for trial, points in places.items():
            points.append(f"{x},{position[trial]}" if trial in position else "")
    lines = []
    for trial in sorted(kinds, key=lambda each: ("infeasible", "feasible", "front").index(kinds[each])):
        path, is_open = "", False
        for point in places[trial]:
            path += ("L" if is_open else "M") + point if point else ""
            is_open = bool(point)
        lines.append(f'<path class="trace {kinds[trial]}" data-trial="{trial}" d="{path}"/>')
    return picture(name, "parallel coordinates", "".join(lines + parts), height)


def _positions(axis: Axis, bottom: float, top: float) -> tuple[dict[int, float], str, str]:
    """Of each trial, and the texts of both ends."""
    if any(isinstance(value, str) for value in axis.values.values()):
        choices = sorted({str(value) for value in axis.values.values()})
        place = {
            choice: bottom + (top - bottom) * index / max(1, len(choices) - 1) for index, choice in enumerate(choices)
        }
        return {trial: round(place[str(value)], 1) for trial, value in axis.values.items()}, choices[0], choices[-1]
    numbers = {trial: float(value) for trial, value in axis.values.items()}
    low, high = (min(numbers.values()), max(numbers.values())) if numbers else (0.0, 1.0)
    is_log = axis.log and low > 0
    scale = Scale(low, high if high > low else low + (abs(low) or 1.0), bottom, top, is_log)
    return {trial: scale(value) for trial, value in numbers.items()}, format_number(low), format_number(high)
