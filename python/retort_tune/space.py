"""The search space: parameters, objectives, constraints, and the settings of a trial that follow from them."""

from __future__ import annotations

import dataclasses
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.study import StudyDirection

# What changes no result: a study may be continued with others.
LOCAL_FLAGS = (
    *("teacher_cache", "cache_dir", "use_cache", "overwrite_cache", "threads"),
    *("save_steps", "save_total_limit", "tensorboard", "score_teacher"),
)


@dataclasses.dataclass(frozen=True)
class Parameter:
    name: str  # as in the file
    flag: str  # of the command
    distribution: BaseDistribution
    condition: tuple[str, tuple[Any, ...]] | None = None  # another parameter and its values with which this one exists
    grid: tuple[Any, ...] = ()

    def applies(self, values: dict[str, Any]) -> bool:
        return self.condition is None or values.get(self.condition[0]) in self.condition[1]


@dataclasses.dataclass(frozen=True)
class Objective:
    metric: str
    direction: str  # "maximize" or "minimize"

    @property
    def is_maximized(self) -> bool:
        return self.direction == "maximize"


@dataclasses.dataclass(frozen=True)
class Constraint:
    metric: str
    at_least: float | None = None
    at_most: float | None = None

    def violation(self, metrics: dict[str, Any]) -> float:
        """Above 0 when the constraint does not hold."""
        value = float(metrics[self.metric])
        return self.at_least - value if self.at_least is not None else value - (self.at_most or 0.0)

    @property
    def text(self) -> str:
        return (
            f"{self.metric} ≥ {self.at_least:g}" if self.at_least is not None else f"{self.metric} ≤ {self.at_most:g}"
        )


@dataclasses.dataclass(frozen=True)
class Space:
    command: str
    fixed: dict[str, Any]
    parameters: tuple[Parameter, ...]
    derived: dict[str, tuple[float, str]]  # flag -> (a, parameter): a - parameter
    default: dict[str, Any]
    objectives: tuple[Objective, ...]
    constraints: tuple[Constraint, ...]
    stored: tuple[str, ...]

    @property
    def has_conditions(self) -> bool:
        return any(parameter.condition for parameter in self.parameters)

    @property
    def distributions(self) -> dict[str, BaseDistribution]:
        return {parameter.name: parameter.distribution for parameter in self.parameters}

    @property
    def needs_latency(self) -> bool:
        names = [objective.metric for objective in self.objectives] + [each.metric for each in self.constraints]
        return "latency_ms" in (*names, *self.stored)

    @property
    def directions(self) -> list[StudyDirection]:
        return [
            StudyDirection.MAXIMIZE if objective.is_maximized else StudyDirection.MINIMIZE
            for objective in self.objectives
        ]

    def config_of(self, values: dict[str, Any]) -> dict[str, Any]:
        """The settings of a trial's command, for its --config file."""
        config = dict(self.fixed)
        for parameter in self.parameters:
            if parameter.name in values:
                config[parameter.flag] = values[parameter.name]
        for flag, (start, name) in self.derived.items():
            if name in values:
                config[flag] = start - values[name]
        return config

    def identity(self) -> dict[str, Any]:
        """What a continued study must have in common with its beginning."""
        return {
            "command": self.command,
            "fixed": {name: value for name, value in self.fixed.items() if name not in LOCAL_FLAGS},
            "parameters": {
                each.name: {"distribution": str(each.distribution), "condition": each.condition}
                for each in self.parameters
            },
            "derived": self.derived,
            "objectives": {each.metric: each.direction for each in self.objectives},
            "constraints": [each.text for each in self.constraints],
        }
