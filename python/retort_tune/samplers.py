"""Optuna's samplers by name, seeded anew for every trial."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from .errors import UserError
from .space import Space

GP_TRIALS = 300  # a Gaussian process costs the cube of the trials: seconds a trial here


class SeededSampler(BaseSampler):
    """A new sampler for each trial, seeded from the seed of the search and the trial's number.

    A continued study then goes on as one that was never interrupted: what a sampler knows is in the study, and its
    random numbers depend on nothing else.
    """

    def __init__(self, make: Callable[[int], BaseSampler], seed: int) -> None:
        self._make, self._seed = make, seed
        self._number, self._inner = -1, make(seed)

    def _of(self, trial: FrozenTrial) -> BaseSampler:
        if trial.number != self._number:
            self._number, self._inner = trial.number, self._make((self._seed * 1_000_003 + trial.number) % 2**32)
        return self._inner

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._of(trial).infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self._of(trial).sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self._of(trial).sample_independent(study, trial, param_name, param_distribution)

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        self._of(trial).before_trial(study, trial)

    def after_trial(self, study: optuna.Study, trial: FrozenTrial, state: TrialState, values: Any) -> None:
        self._of(trial).after_trial(study, trial, state, values)


def can_use_gp() -> bool:
    """Whether this Python can import what Optuna's Gaussian process needs."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: trials have the cores
    try:
        import scipy
        import torch
    except Exception:  # a broken torch raises OSError and others
        return False
    return True


def choose_sampler(name: str, space: Space, trials: int) -> str:
    """The sampler that `auto` stands for; every other name stands for itself."""
    if name == "gp" and not can_use_gp():
        raise UserError(
            "`sampler` must be another than gp here, because this Python cannot import torch and scipy; `pip install -r"
            " requirements/tune-gp.txt` into the environment adds them"
        )
    if name != "auto":
        return name
    return "gp" if not space.has_conditions and trials <= GP_TRIALS and can_use_gp() else "tpe"


def make_sampler(name: str, space: Space, seed: int) -> BaseSampler:
    """The sampler of that name (not auto). What it draws depends on seed, trial number and the study alone."""
    samplers = optuna.samplers
    if name == "qmc":  # its sequence has one seed; the place in it is in the study
        return samplers.QMCSampler(seed=seed, scramble=True, warn_independent_sampling=False)
    if name == "grid":
        return samplers.GridSampler(grid_of(space), seed=seed)
    makers: dict[str, Callable[[int], BaseSampler]] = {
        "tpe": lambda each: samplers.TPESampler(seed=each, constant_liar=True),
        "gp": lambda each: samplers.GPSampler(seed=each, deterministic_objective=False),
        "nsga2": lambda each: samplers.NSGAIISampler(seed=each, population_size=20),
        "nsga3": lambda each: samplers.NSGAIIISampler(seed=each, population_size=20),
        "random": lambda each: samplers.RandomSampler(seed=each),
    }
    return SeededSampler(makers[name], seed)


def grid_of(space: Space) -> dict[str, list[Any]]:
    """The values of each parameter for the grid: those of `grid`, all choices, all whole numbers."""
    grid = {}
    for parameter in space.parameters:
        distribution = parameter.distribution
        if parameter.grid:
            grid[parameter.name] = list(parameter.grid)
        elif isinstance(distribution, CategoricalDistribution):
            grid[parameter.name] = list(distribution.choices)
        elif isinstance(distribution, IntDistribution) and distribution.high - distribution.low < 1000:
            grid[parameter.name] = list(range(distribution.low, distribution.high + 1))
        else:
            raise UserError(
                f"`parameters.{parameter.name}` must have a `grid`, a list of values, for the sampler grid, but has"
                " none"
            )
    return grid


def quasi_random_points(space: Space, count: int, seed: int) -> list[dict[str, Any]]:
    """Points spread evenly over the space, conditions left aside: a Sobol sequence, scrambled by the seed."""
    study = optuna.create_study(
        sampler=optuna.samplers.QMCSampler(seed=seed, scramble=True, warn_independent_sampling=False)
    )
    study.add_trial(optuna.create_trial(value=0.0, params=_any_point(space), distributions=space.distributions))
    points = []
    for _ in range(count):
        trial = study.ask(space.distributions)
        points.append(dict(trial.params))
        study.tell(trial, 0.0)
    return points


def _any_point(space: Space) -> dict[str, Any]:
    """The sampler draws its sequence once there is a trial with all parameters."""
    return {
        name: each.choices[0] if isinstance(each, CategoricalDistribution) else each.low  # type: ignore[attr-defined]
        for name, each in space.distributions.items()
    }
