"""The files of a finished or interrupted search: trials.csv, front.json, report.html."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna

from .front import Record, pareto_front
from .job import write_whole
from .report import Page, page_of
from .settings import Settings
from .space import Space


@dataclasses.dataclass(frozen=True)
class Places:
    """Where the trials of a search are."""

    program: str
    folder_of: Callable[[int], Path]
    model_dir_of: Callable[[int], str]

    def command_of(self, record: Record, space: Space, output: Path) -> str:
        """The command that trains a trial's configuration again."""
        words = ["retort", *space.command.split(), "--config", str(self.folder_of(record.place) / "trial.json")]
        return shlex.join([*words, "--output_dir", str(output / "again" / f"{record.place:05d}")])

    def model_of(self, record: Record) -> str:
        """The trained folder; empty when its weights were not kept."""
        folder = self.model_dir_of(record.place)
        return folder if "://" in folder or (Path(folder) / "model.safetensors").exists() else ""


def write_results(settings: Settings, space: Space, study: optuna.Study, records: list[Record], places: Places) -> None:
    output = settings.output
    write_whole(output / "trials.csv", trials_csv(records, space))
    front = [front_entry(record, space, places, output) for record in pareto_front(records, space)]
    write_whole(output / "front.json", json.dumps(front, indent=2) + "\n")
    page = Page(settings.study_name, space, study, records, {entry["trial"]: entry["command"] for entry in front})
    write_whole(output / "report.html", page_of(page))


def front_entry(record: Record, space: Space, places: Places, output: Path) -> dict[str, Any]:
    return {
        "trial": record.place,
        "objectives": {each.metric: value for each, value in zip(space.objectives, record.values, strict=True)},
        "metrics": record.metrics,
        "params": record.params,
        "config": str(places.folder_of(record.place) / "trial.json"),
        "model": places.model_of(record),
        "command": places.command_of(record, space, output),
    }


def trials_csv(records: list[Record], space: Space) -> str:
    """One row for each trial; what a trial does not have is empty."""
    metrics = list(dict.fromkeys(name for record in records for name in record.metrics))
    names = [parameter.name for parameter in space.parameters] + list(space.derived)
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(
        ["trial", "state", "source", "attempt", "feasible", *metrics, *(f"params.{name}" for name in names), "text"]
    )
    for record in records:
        values = [record.metrics.get(name, "") for name in metrics] + [record.params.get(name, "") for name in names]
        is_feasible = record.is_feasible if record.state == "complete" else ""
        rows.writerow([record.place, record.state, record.source, record.attempt, is_feasible, *values, record.text])
    return text.getvalue()
