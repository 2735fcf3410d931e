"""One trial as Optuna calls it: draws parameters, runs the job on a machine, records what happened."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from .errors import UserError
from .front import pruning_rule, records_of
from .job import Job, Outcome, write_whole
from .remote import join
from .settings import Settings
from .space import Parameter, Space
from .study import do_again, is_repeated, place_of, this_worker


class Machine(Protocol):
    """Where jobs run: local.LocalMachine or cluster.RayCluster."""

    @property
    def description(self) -> str: ...
    def run(self, job: Job, slot: int, should_stop: Callable[[], bool]) -> Outcome: ...
    def close(self) -> None: ...


class TrialFailed(Exception):
    """A failed trial, which is a result: Optuna records it, and the search goes on."""


class TrialRefused(UserError):
    """The command refused its settings for a reason that every other trial would meet too."""


def suggest(trial: optuna.Trial, parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.applies(values):
            values[parameter.name] = _suggest_one(trial, parameter)
    return values


def _suggest_one(trial: optuna.Trial, parameter: Parameter) -> Any:
    each = parameter.distribution
    if isinstance(each, CategoricalDistribution):
        return trial.suggest_categorical(parameter.name, each.choices)
    if isinstance(each, IntDistribution):
        return trial.suggest_int(parameter.name, each.low, each.high, log=each.log)
    assert isinstance(each, FloatDistribution)
    return trial.suggest_float(parameter.name, each.low, each.high, log=each.log)


class Objective:
    """Called by one thread for each slot."""

    def __init__(self, settings: Settings, space: Space, program: str, machine: Machine, study_id: str) -> None:
        self.settings, self.space, self.program, self.machine, self.study_id = (
            settings,
            space,
            program,
            machine,
            study_id,
        )
        self.worker = this_worker()

    def folder_of(self, place: int) -> Path:
        return self.settings.output / "trials" / self.settings.study_name / f"{place:05d}"

    def model_dir_of(self, place: int) -> str:
        if not self.settings.trials_dir:
            return str(self.folder_of(place) / "model")
        return join(self.trials_root, f"{place:05d}")

    @property
    def trials_root(self) -> str:
        """The folder of this study in `trials_dir`."""
        root = self.settings.trials_dir
        root = root if self.settings.has_remote_trials else str(Path(root).absolute())
        return join(root, self.settings.study_name)

    def __call__(self, trial: optuna.Trial, slot: int, should_stop: Callable[[], bool]) -> tuple[float, ...]:
        study = trial.study
        trial.set_user_attr("worker", self.worker)
        frozen = study.get_trials(deepcopy=False)[trial.number]
        values = suggest(trial, self.space.parameters)
        config = self.space.config_of(values)
        derived = {flag: config[flag] for flag, (_, name) in self.space.derived.items() if name in values}
        if derived:
            trial.set_user_attr("derived", derived)
        place = place_of(frozen)
        outcome = self.known_outcome(place, config) or self.run(trial, frozen, config, slot, should_stop)
        return self.record(trial, outcome)

    def run(
        self,
        trial: optuna.Trial,
        frozen: optuna.trial.FrozenTrial,
        config: dict[str, Any],
        slot: int,
        should_stop: Callable[[], bool],
    ) -> Outcome:
        place = place_of(frozen)
        folder = self.folder_of(place)
        rule = pruning_rule(records_of(trial.study), self.space) if self.settings.prune else None
        names = {objective.metric for objective in self.space.objectives} | {
            each.metric for each in self.space.constraints
        }
        outcome = self.machine.run(
            Job(
                number=trial.number,
                program=self.program,
                command=self.space.command,
                config=config,
                folder=str(folder),
                model_dir=self.model_dir_of(place),
                searched=tuple(parameter.flag for parameter in self.space.parameters),
                objectives=tuple(sorted(names)),
                rule=rule,
                seconds=self.settings.trial_seconds,
                is_repeated=is_repeated(frozen),
                measures_latency=self.space.needs_latency,
            ),
            slot,
            should_stop,
        )
        if outcome.state in ("complete", "pruned", "failed"):  # a storage that is full loses nothing
            folder.mkdir(parents=True, exist_ok=True)
            content = {"study": self.study_id, "config": config, **vars(outcome)}
            write_whole(folder / "outcome.json", json.dumps(content, indent=2) + "\n")
        return outcome

    def known_outcome(self, place: int, config: dict[str, Any]) -> Outcome | None:
        """The result of an attempt that ended before the study could be told."""
        try:
            content = json.loads((self.folder_of(place) / "outcome.json").read_text(encoding="utf-8"))
        except (OSError, json.JSONDecodeError):
            return None
        if content.pop("study", None) != self.study_id or content.pop("config", None) != config:
            return None
        content["evaluations"] = {int(step): scores for step, scores in content["evaluations"].items()}
        return Outcome(**content)

    def record(self, trial: optuna.Trial, outcome: Outcome) -> tuple[float, ...]:
        """Returns the objectives, or raises what makes Optuna record another end."""
        for name, value in outcome.metrics.items():
            if name in (
                "exact",
                "f1",
                "HasAns_exact",
                "NoAns_exact",
                "num_parameters",
                "inference_time",
                "seconds",
                "outside_training",
                *self.space.stored,
            ):
                trial.set_user_attr(name, value)
        trial.set_user_attr("metrics", outcome.metrics)
        if outcome.evaluations:
            trial.set_user_attr("evaluations", outcome.evaluations)
        if outcome.text:
            trial.set_user_attr("text", outcome.text)
        if outcome.state == "complete":
            return self.complete(trial, outcome)
        if outcome.state == "pruned":
            raise optuna.TrialPruned(outcome.text)
        trial.set_user_attr("log", outcome.log)
        if outcome.state in ("lost", "interrupted", "refused"):
            frozen = trial.study.get_trials(deepcopy=False)[trial.number]
            is_refused = outcome.state == "refused"
            if is_refused:
                trial.set_user_attr("refused", True)
            afresh = is_refused and not is_repeated(frozen)
            do_again(trial.study, frozen, outcome.text, counts=outcome.state == "lost", afresh=afresh)
        if outcome.state == "refused":
            raise TrialRefused(outcome.text)
        raise TrialFailed(outcome.text)

    def complete(self, trial: optuna.Trial, outcome: Outcome) -> tuple[float, ...]:
        violations = {}
        for constraint in self.space.constraints:
            if constraint.metric not in outcome.metrics:
                trial.set_user_attr("text", f"`{constraint.metric}` must be in the results, but is not")
                raise TrialFailed(constraint.metric)
            violations[constraint.text] = constraint.violation(outcome.metrics)
            trial.set_constraint(constraint.text, violations[constraint.text])
        if violations:
            trial.set_user_attr("violations", violations)
        return tuple(float(outcome.metrics[objective.metric]) for objective in self.space.objectives)
