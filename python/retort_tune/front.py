"""What a study has found: its trials as records, the Pareto front among them, and the hypervolume that it covers."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import optuna
from optuna._hypervolume import compute_hypervolume  # of the pinned version; tests compare it with known areas
from optuna.trial import FrozenTrial, TrialState

from .pruning import FrontTrial, PruningRule
from .space import Space
from .study import death_of, latest_of_each_place, place_of


@dataclasses.dataclass(frozen=True)
class Record:
    number: int
    place: int
    state: str  # complete, pruned, failed, running, waiting
    params: dict[str, Any]
    metrics: dict[str, Any]
    values: tuple[float, ...]  # of the objectives; empty without a result
    violations: dict[str, float]  # constraint -> above 0 when it does not hold
    text: str  # why it was pruned or failed
    source: str
    attempt: int
    evaluations: dict[int, dict[str, float]]

    @property
    def is_feasible(self) -> bool:
        return self.state == "complete" and all(value <= 0 for value in self.violations.values())


_STATES = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
    TrialState.WAITING: "waiting",
}


def record_of(trial: FrozenTrial) -> Record:
    attributes = trial.user_attrs
    text = attributes.get("text", "")
    if trial.state == TrialState.FAIL and not text:
        text = death_of(trial)
    return Record(
        number=trial.number,
        place=place_of(trial),
        state=_STATES[trial.state],
        params={**attributes.get("derived", {}), **trial.params},
        metrics=attributes.get("metrics", {}),
        values=tuple(trial.values) if trial.state == TrialState.COMPLETE and trial.values else (),
        violations=attributes.get("violations", {}),
        text=text,
        source=attributes.get("source", "sampler"),
        attempt=int(attributes.get("attempt", 1)),
        evaluations={int(step): scores for step, scores in attributes.get("evaluations", {}).items()},
    )


def records_of(study: optuna.Study) -> list[Record]:
    """One record for each place of the search, in order."""
    return [record_of(trial) for trial in latest_of_each_place(study.get_trials(deepcopy=False))]


def losses_of(record: Record, space: Space) -> tuple[float, ...]:
    """The objectives with all of them to be minimized."""
    return tuple(
        -value if objective.is_maximized else value
        for value, objective in zip(record.values, space.objectives, strict=True)
    )


def pareto_front(records: list[Record], space: Space) -> list[Record]:
    """The feasible trials that no other one equals or beats in every objective, best first objective first. Of equal
    ones the earliest stands for all."""
    feasible = [record for record in records if record.is_feasible]
    front = []
    for one in feasible:
        mine = losses_of(one, space)
        beaten = False
        for other in feasible:
            theirs = losses_of(other, space)
            is_better = all(a <= b for a, b in zip(theirs, mine, strict=True)) and theirs != mine
            beaten = beaten or is_better or (theirs == mine and other.number < one.number)
        if not beaten:
            front.append(one)
    return sorted(front, key=lambda record: losses_of(record, space))


def reference_point(records: list[Record], space: Space) -> tuple[float, ...]:
    """The corner from which the hypervolume is measured: the worst value of each objective among the complete trials, or
    its threshold."""
    complete = [losses_of(record, space) for record in records if record.state == "complete"]
    worst = [max(each) for each in zip(*complete, strict=True)] if complete else []
    for index, objective in enumerate(space.objectives):
        for constraint in space.constraints:
            if constraint.metric == objective.metric and worst:
                worst[index] = (
                    -constraint.at_least if constraint.at_least is not None else float(constraint.at_most or 0)
                )
    return tuple(worst)


def hypervolume(records: list[Record], space: Space, corner: tuple[float, ...]) -> float:
    """The volume between the corner and the front, in the objectives' own units."""
    points = [losses_of(record, space) for record in records if record.is_feasible]
    points = [point for point in points if all(a < b for a, b in zip(point, corner, strict=True))]
    if not points:
        return 0.0
    return float(compute_hypervolume(np.array(points), np.array(corner)))


def scale_of(records: list[Record], space: Space, corner: tuple[float, ...]) -> float:
    """The volume of the box between the corner and the ideal point: 100 for percentages, 0 for what is minimized."""
    sides = []
    for value, objective in zip(corner, space.objectives, strict=True):
        is_percentage = objective.is_maximized and ("exact" in objective.metric or "f1" in objective.metric)
        column = space.objectives.index(objective)
        best = min((losses_of(record, space)[column] for record in records if record.is_feasible), default=value)
        ideal = -100.0 if is_percentage else (best if objective.is_maximized else min(0.0, best))
        sides.append(max(value - ideal, 0.0))
    volume = math.prod(sides)
    return volume if volume > 0 else 1.0


def hypervolume_history(records: list[Record], space: Space) -> list[float]:
    """After each finished trial, the share of the box between corner and ideal point that the front covers."""
    corner = reference_point(records, space)
    finished = [record for record in records if record.state in ("complete", "pruned", "failed")]
    if not corner:
        return [0.0] * len(finished)
    scale = scale_of(records, space, corner)
    return [hypervolume(finished[: count + 1], space, corner) / scale for count in range(len(finished))]


def pruning_rule(records: list[Record], space: Space) -> PruningRule | None:
    """The rule with the front of now; nothing where size is no objective."""
    first = space.objectives[0]
    sizes = [
        objective
        for objective in space.objectives
        if objective.metric == "num_parameters" and not objective.is_maximized
    ]
    if not sizes or first.metric == "num_parameters":
        return None
    front = tuple(
        FrontTrial(
            record.number,
            float(record.metrics["num_parameters"]),
            {step: scores[first.metric] for step, scores in record.evaluations.items() if first.metric in scores},
        )
        for record in pareto_front(records, space)
    )
    return PruningRule(first.metric, "num_parameters", first.is_maximized, front)
