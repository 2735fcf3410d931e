"""report.html: one file with pictures, tables and the commands that train the front again; it loads nothing."""

from __future__ import annotations

import dataclasses
import json
from html import escape
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import FloatDistribution, IntDistribution

from . import svg
from .front import Record, hypervolume_history, pareto_front
from .progress import format_number, format_seconds
from .space import Objective, Space


@dataclasses.dataclass(frozen=True)
class Page:
    name: str
    space: Space
    study: optuna.Study
    records: list[Record]
    commands: dict[int, str]  # of the front, by trial

    @property
    def complete(self) -> list[Record]:
        return [record for record in self.records if record.values]

    @property
    def front(self) -> list[Record]:
        return pareto_front(self.records, self.space)

    def kind_of(self, record: Record) -> str:
        if record.place in self.commands:
            return "front"
        return "feasible" if record.is_feasible else "infeasible"


def page_of(page: Page) -> str:
    here = Path(__file__).parent
    sections = [
        header(page),
        front_pictures(page),
        course(page),
        importances(page),
        coordinates(page),
        front_table(page),
        ended_table(page),
    ]
    data = json.dumps({record.place: hint_of(page, record) for record in page.complete}).replace("</", "<\\/")
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport"'
        f' content="width=device-width"><link rel="icon" href="data:,"><title>{escape(page.name)}: retort'
        f' tune</title><style>\n{(here / "page.css").read_text()}</style></head>\n<body>'
        + "\n".join(sections)
        + '\n<div id="hint"></div><script type="application/json"'
        f' id="trials">{data}</script>\n<script>\n{(here / "page.js").read_text()}</script></body></html>\n'
    )


def header(page: Page) -> str:
    count = {
        state: sum(1 for record in page.records if record.state == state) for state in ("complete", "pruned", "failed")
    }
    seconds = sum(record.metrics.get("seconds", 0) for record in page.records)
    outside = [record.metrics["outside_training"] for record in page.records if "outside_training" in record.metrics]
    history = hypervolume_history(page.records, page.space)
    facts = [(str(sum(count.values())), "trials"), (str(count["pruned"]), "pruned"), (str(count["failed"]), "failed")]
    facts += [
        (str(len(page.front)), "on the Pareto front"),
        (f"{history[-1]:.3f}" if history else "–", "hypervolume, 0 to 1"),
    ]
    facts += [(format_seconds(seconds), "of trials")]
    facts += [(f"{100 * sum(outside) / len(outside):.0f} %", "of it outside training")] if outside else []
    limits = "; ".join(each.text for each in page.space.constraints)
    return (
        f"<h1>{escape(page.name)}</h1><p class='pale'>retort {escape(page.space.command)}: "
        + escape(", ".join(f"{each.metric} {'↑' if each.is_maximized else '↓'}" for each in page.space.objectives))
        + (f"; with {escape(limits)}" if limits else "")
        + "</p><div class='facts'>"
        + "".join(f"<div><b>{escape(value)}</b><span>{escape(title)}</span></div>" for value, title in facts)
        + "</div>"
    )


def front_pictures(page: Page) -> str:
    objectives = page.space.objectives
    if len(objectives) == 1:
        pictures = [_scatter(page, "pareto", None, objectives[0])]
    else:
        pictures = [
            _scatter(page, f"pareto{index or ''}", each, objectives[0]) for index, each in enumerate(objectives[1:])
        ]
    key = (
        '<div class="key"><span><i style="background:var(--front)"></i>Pareto front</span><span><i'
        ' style="background:var(--feasible)"></i>other trials</span><span><i'
        ' style="background:var(--infeasible)"></i>constraint not met</span><span>◆ default configuration</span></div>'
    )
    return f'<h2>Pareto front</h2>{key}<div class="pictures">{"".join(pictures)}</div>'


def _scatter(page: Page, name: str, across: Objective | None, up: Objective) -> str:
    """One objective over another, or over the trials."""
    objectives = list(page.space.objectives)
    row = objectives.index(up)

    def x_of(record: Record) -> float:
        return record.values[objectives.index(across)] if across else record.place

    marks = [
        svg.Mark(record.place, x_of(record), record.values[row], page.kind_of(record), record.source == "default")
        for record in page.complete
    ]
    stairs = sorted((x_of(record), record.values[row]) for record in page.front) if len(objectives) == 2 else []
    limits = [
        each.at_least if each.at_least is not None else each.at_most
        for each in page.space.constraints
        if each.metric == up.metric
    ]
    return svg.scatter(
        name, marks, across.metric if across else "trial", up.metric, stairs, limits[0] if limits else None
    )


def course(page: Page) -> str:
    history = hypervolume_history(page.records, page.space)
    picture = svg.line("hypervolume", history, "trials", "hypervolume")
    return (
        "<h2>Hypervolume</h2><p class='pale'>The share of the space between the worst and the ideal values that the"
        f" front covers, after each trial.</p><div class='pictures'>{picture}</div>"
    )


def importances(page: Page) -> str:
    pictures = []
    for index, objective in enumerate(page.space.objectives):
        shares = importance_of(page.study, index)
        if shares:
            pictures.append(
                f"<div><p>{escape(objective.metric)}</p>{svg.bars(f'importance{index}', objective.metric, shares)}</div>"
            )
    content = "".join(pictures) or "<p class='pale'>There are too few complete trials.</p>"
    return (
        "<h2>Importance of the parameters</h2><p class='pale'>PED-ANOVA: which parameters separate the best tenth of"
        f" the trials from all others.</p><div class='pictures'>{content}</div>"
    )


def importance_of(study: optuna.Study, index: int) -> list[tuple[str, float]]:
    """Shares of 1, the largest first; empty when the trials are too few or too alike."""
    try:
        shares = optuna.importance.get_param_importances(study, target=lambda trial: trial.values[index])
    except (ValueError, RuntimeError, ZeroDivisionError):
        return []
    return [(name, share) for name, share in shares.items() if share == share]


def coordinates(page: Page) -> str:
    axes = []
    for parameter in page.space.parameters:
        values = {
            record.place: record.params[parameter.name] for record in page.complete if parameter.name in record.params
        }
        distribution = parameter.distribution
        is_log = isinstance(distribution, (FloatDistribution, IntDistribution)) and distribution.log
        is_number = isinstance(distribution, (FloatDistribution, IntDistribution))
        axes.append(
            svg.Axis(
                parameter.name, values if is_number else {place: str(value) for place, value in values.items()}, is_log
            )
        )
    for index, objective in enumerate(page.space.objectives):
        axes.append(svg.Axis(objective.metric, {record.place: record.values[index] for record in page.complete}))
    kinds = {record.place: page.kind_of(record) for record in page.complete}
    return f"<h2>Parallel coordinates</h2>{svg.parallel('parallel', axes, kinds)}"


def front_table(page: Page) -> str:
    stored = [name for name in page.space.stored if any(name in record.metrics for record in page.front)]
    names = [parameter.name for parameter in page.space.parameters] + list(page.space.derived)
    head = ["trial", *(each.metric for each in page.space.objectives), *stored, *names]
    rows = []
    for record in page.front:
        cells = [
            str(record.place),
            *(_text(value) for value in record.values),
            *(_text(record.metrics.get(name)) for name in stored),
            *(_text(record.params.get(name)) for name in names),
        ]
        line = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        rows.append(
            f'<tr data-trial="{record.place}">{line}<td'
            f' class="text"><code>{escape(page.commands[record.place])}</code></td></tr>'
        )
    titles = "".join(f"<th>{escape(name)}</th>" for name in head)
    return (
        "<h2>The front</h2><p class='pale'>Each command trains its configuration again.</p><div class='scroll'><table"
        f" id='front'><tr>{titles}<th class='text'>command</th></tr>{''.join(rows)}</table></div>"
    )


def ended_table(page: Page) -> str:
    """Trials without a result, and why."""
    ended = [record for record in page.records if record.state in ("pruned", "failed")]
    if not ended:
        return ""
    rows = "".join(
        f"<tr><td>{record.place}</td><td>{record.state}</td><td class='text'>{escape(record.text[:400])}</td></tr>"
        for record in ended
    )
    return (
        "<h2>Pruned and failed trials</h2><div class='scroll'><table id='ended'><tr><th>trial</th><th>state</th><th"
        f" class='text'>reason</th></tr>{rows}</table></div>"
    )


def hint_of(page: Page, record: Record) -> str:
    lines = [f"trial {record.place} ({record.source})"]
    lines += [
        f"{each.metric}: {_text(value)}" for each, value in zip(page.space.objectives, record.values, strict=True)
    ]
    lines += [f"{name}: {_text(record.metrics.get(name))}" for name in page.space.stored if name in record.metrics]
    return "\n".join(lines + [f"{name}: {_text(value)}" for name, value in record.params.items()])


def _text(value: Any) -> str:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return "" if value is None else str(value)
    return str(value) if isinstance(value, int) else format_number(float(value))
