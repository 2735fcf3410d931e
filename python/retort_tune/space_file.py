"""Reads a space file (docs/search.md) and checks it against the flags of its command, before the first trial."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from .errors import UserError
from .metrics import metrics_of
from .program import Flag, nearest
from .space import Constraint, Objective, Parameter, Space

# Names of the published search that are other names here.
PUBLISHED_NAMES = {
    "beta_1": "adam_beta1",
    "beta_2": "adam_beta2",
    "qa_dropout": "head_dropout",
    "warm_up_steps": "warmup_steps",
    "per_compute_train_batch_size": "per_device_train_batch_size",
    "per_compute_eval_batch_size": "per_device_eval_batch_size",
}
# A model refuses the dropout 1, which leaves nothing. The published ranges end there, and samplers try the ends.
DROPOUTS, BELOW_ONE = ("dropout", "attention_dropout", "head_dropout"), 0.999
# The search itself sets these.
OWN_FLAGS = ("output_dir", "resume", "overwrite_output_dir")


def read_json(path: Path) -> Any:
    """A JSON file whose lines may be `//` comments."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        reason = getattr(failure, "strerror", None) or "it is not UTF-8"
        raise UserError(f"`{path}` must be a readable JSON file, but is not: {reason}") from failure
    try:
        return json.loads(re.sub(r"(?m)^\s*//.*$", "", text))
    except json.JSONDecodeError as failure:
        raise UserError(f"`{path}` must hold JSON, but line {failure.lineno} does not: {failure.msg}") from failure


class _Reader:
    """Checks the parts of one space file; every problem is a UserError that names the file and the key."""

    def __init__(self, path: Path, content: Any, command_flags: dict[str, Flag]) -> None:
        self.path, self.flags = path, command_flags
        self.content = content

    def fail(self, key: str, problem: str) -> UserError:
        return UserError(f"`{key}` in `{self.path}` {problem}")

    def section(self, key: str) -> dict[str, Any]:
        value = self.content.get(key, {})
        if not isinstance(value, dict):
            raise self.fail(key, f"must be an object, but is {json.dumps(value)}")
        return value

    def flag(self, name: str, section: str) -> Flag:
        flag = self.flags.get(PUBLISHED_NAMES.get(name, name))
        if flag is None:
            command = self.content["command"]
            hint = nearest(name, list(self.flags)) or f"; `retort {command} --help` lists its flags"
            raise self.fail(f"{section}.{name}", f"must be a flag of `retort {command}`, but is not{hint}")
        if flag.name in OWN_FLAGS:
            raise self.fail(
                f"{section}.{name}", "must be left to the search, which sets it for every trial, but is given"
            )
        return flag

    def fixed(self) -> dict[str, Any]:
        values = {}
        for name, value in self.section("fixed").items():
            flag = self.flag(name, "fixed")
            if problem := flag.problem_with(value):
                raise self.fail(f"fixed.{name}", problem)
            values[flag.name] = value
        return values

    def parameters(self) -> tuple[Parameter, ...]:
        parameters: list[Parameter] = []
        for name, spec in self.section("parameters").items():
            key = f"parameters.{name}"
            if not isinstance(spec, dict):
                raise self.fail(key, f"must be an object with type and range, but is {json.dumps(spec)}")
            if unknown := set(spec) - {"type", "range", "transform", "choices", "condition", "grid"}:
                raise self.fail(
                    key, f"must have only type, range, transform, choices, condition and grid, but has `{min(unknown)}`"
                )
            flag = self.flag(name, "parameters")
            if any(each.flag == flag.name for each in parameters):
                raise self.fail(key, f"must be another flag than all others, but --{flag.name} is there already")
            distribution = self.distribution(key, spec, flag)
            grid = self.grid(key, spec, distribution)
            parameters.append(Parameter(name, flag.name, distribution, self.condition(key, spec, parameters), grid))
        if not parameters:
            raise self.fail("parameters", "must name at least one parameter, but is empty")
        return tuple(parameters)

    def distribution(self, key: str, spec: dict[str, Any], flag: Flag) -> BaseDistribution:
        kind = spec.get("type")
        if kind == "categorical":
            choices = spec.get("choices")
            if not isinstance(choices, list) or not choices:
                raise self.fail(f"{key}.choices", f"must be a list of values, but is {json.dumps(choices)}")
            for choice in choices:
                if problem := flag.problem_with(choice):
                    raise self.fail(f"{key}.choices", problem)
            return CategoricalDistribution(choices)
        if kind not in ("double", "float", "int"):
            raise self.fail(f"{key}.type", f"must be one of double, int, categorical, but is {json.dumps(kind)}")
        allowed = ("int", "float") if kind == "int" else ("float",)
        if flag.kind not in allowed:
            raise self.fail(
                f"{key}.type",
                f"must be {'int' if flag.kind == 'int' else 'categorical'}, as --{flag.name} is of kind {flag.kind},"
                f" but is {kind}",
            )
        low, high = self.range(key, spec, flag, kind)
        is_log = self.is_log(key, spec, low)
        return IntDistribution(low, high, log=is_log) if kind == "int" else FloatDistribution(low, high, log=is_log)

    def range(self, key: str, spec: dict[str, Any], flag: Flag, kind: str) -> tuple[Any, Any]:
        bounds = spec.get("range")
        kinds = (int,) if kind == "int" else (int, float)
        if (
            not isinstance(bounds, list)
            or len(bounds) != 2
            or any(not isinstance(each, kinds) or isinstance(each, bool) for each in bounds)
        ):
            raise self.fail(
                f"{key}.range", f"must be two {'whole ' if kind == 'int' else ''}numbers, but is {json.dumps(bounds)}"
            )
        low, high = bounds
        if low >= high:
            raise self.fail(f"{key}.range", f"must rise, but is {json.dumps(bounds)}")
        for bound in bounds:
            if problem := flag.problem_with(bound):
                raise self.fail(f"{key}.range", problem)
        return low, (BELOW_ONE if flag.name in DROPOUTS and high == 1 else high)

    def is_log(self, key: str, spec: dict[str, Any], low: float) -> bool:
        transform = spec.get("transform", "none")
        if transform not in ("none", "log"):
            raise self.fail(f"{key}.transform", f"must be log or none, but is {json.dumps(transform)}")
        if transform == "log" and low <= 0:
            raise self.fail(f"{key}.range", f"must begin above 0 with the transform log, but begins at {low}")
        return bool(transform == "log")

    def grid(self, key: str, spec: dict[str, Any], distribution: BaseDistribution) -> tuple[Any, ...]:
        values = spec.get("grid", [])
        if not isinstance(values, list):
            raise self.fail(f"{key}.grid", f"must be a list of values, but is {json.dumps(values)}")
        for value in values:
            self.check_contained(f"{key}.grid", value, distribution)
        return tuple(values)

    def check_contained(self, key: str, value: Any, distribution: BaseDistribution) -> None:
        is_inside = False
        try:
            is_inside = bool(distribution._contains(distribution.to_internal_repr(value)))
        except (TypeError, ValueError):
            pass
        if not is_inside:
            raise self.fail(key, f"must lie in the range of the parameter, but is {json.dumps(value)}")

    def condition(self, key: str, spec: dict[str, Any], earlier: list[Parameter]) -> tuple[str, tuple[Any, ...]] | None:
        condition = spec.get("condition")
        if condition is None:
            return None
        names = {parameter.name: parameter for parameter in earlier}
        if (
            not isinstance(condition, dict)
            or len(condition) != 1
            or not isinstance(next(iter(condition.values())), list)
        ):
            raise self.fail(
                f"{key}.condition", 'must be {"another parameter": [its values]}, but is ' + json.dumps(condition)
            )
        ((name, values),) = condition.items()
        if name not in names:
            raise self.fail(f"{key}.condition", f"must name a parameter that stands before it, but names `{name}`")
        for value in values:
            self.check_contained(f"{key}.condition", value, names[name].distribution)
        return name, tuple(values)

    def derived(self, parameters: tuple[Parameter, ...]) -> dict[str, tuple[float, str]]:
        derived = {}
        names = {parameter.name for parameter in parameters}
        for name, formula in self.section("derived").items():
            match = re.fullmatch(r"\s*([0-9.eE+-]+)\s*-\s*(\w+)\s*", str(formula))
            if not match or match[2] not in names:
                raise self.fail(f"derived.{name}", f'must be "1 - a parameter", but is {json.dumps(formula)}')
            derived[self.flag(name, "derived").name] = (float(match[1]), match[2])
        return derived

    def default(self, parameters: tuple[Parameter, ...]) -> dict[str, Any]:
        values = self.section("default")
        known = {parameter.name: parameter for parameter in parameters}
        for name, value in values.items():
            if name not in known:
                raise self.fail(f"default.{name}", f"must be a parameter, but is not{nearest(name, list(known))}")
            self.check_contained(f"default.{name}", value, known[name].distribution)
        return {**self.standard_values(parameters), **values}

    def standard_values(self, parameters: tuple[Parameter, ...]) -> dict[str, Any]:
        """The command's own defaults, where they lie in the range."""
        values = {}
        for parameter in parameters:
            try:
                self.check_contained("", self.flags[parameter.flag].default, parameter.distribution)
            except UserError:
                continue
            values[parameter.name] = self.flags[parameter.flag].default
        return values

    def objectives(self) -> tuple[Objective, ...]:
        objectives = []
        for metric, spec in self.section("objectives").items():
            key = f"objectives.{metric}"
            direction = spec.get("direction") if isinstance(spec, dict) else spec
            if direction not in ("maximize", "minimize"):
                raise self.fail(key, f"must have the direction maximize or minimize, but has {json.dumps(direction)}")
            if isinstance(spec, dict) and (unknown := set(spec) - {"direction", "threshold"}):
                raise self.fail(key, f"must have only direction and threshold, but has `{min(unknown)}`")
            self.check_metric(key, metric)
            objectives.append(Objective(metric, direction))
        if not objectives:
            raise self.fail("objectives", "must name at least one metric, but is empty")
        return tuple(objectives)

    def constraints(self, objectives: tuple[Objective, ...]) -> tuple[Constraint, ...]:
        constraints = []
        for objective in objectives:
            spec = self.section("objectives")[objective.metric]
            threshold = spec.get("threshold") if isinstance(spec, dict) else None
            if threshold is not None:
                bound = "at_least" if objective.is_maximized else "at_most"
                constraints.append(
                    self.constraint(f"objectives.{objective.metric}.threshold", objective.metric, {bound: threshold})
                )
        for metric, spec in self.section("constraints").items():
            constraints.append(self.constraint(f"constraints.{metric}", metric, spec))
        return tuple(constraints)

    def constraint(self, key: str, metric: str, spec: Any) -> Constraint:
        self.check_metric(key, metric)
        bounds = list(spec.items()) if isinstance(spec, dict) else []
        if (
            len(bounds) != 1
            or bounds[0][0] not in ("at_least", "at_most")
            or isinstance(bounds[0][1], (bool, str))
            or not isinstance(bounds[0][1], (int, float))
        ):
            raise self.fail(
                key, f'must be {{"at_least": a number}} or {{"at_most": a number}}, but is {json.dumps(spec)}'
            )
        return Constraint(metric, **{bounds[0][0]: float(bounds[0][1])})

    def check_metric(self, key: str, metric: str) -> None:
        known = metrics_of(self.content["command"])
        if metric not in known:
            raise self.fail(
                key,
                f"must be a metric of `retort {self.content['command']}`, but `{metric}` is"
                f" not{nearest(metric, list(known)) or '; there are ' + ', '.join(known)}",
            )

    def stored(self) -> tuple[str, ...]:
        names = self.content.get("store", [])
        if not isinstance(names, list):
            raise self.fail("store", f"must be a list of metrics, but is {json.dumps(names)}")
        for name in names:
            self.check_metric("store", name)
        return tuple(names)


SECTIONS = ("command", "fixed", "parameters", "derived", "default", "objectives", "constraints", "store")


def read_command(path: Path) -> tuple[str, dict[str, Any]]:
    """The command of a space file, and the file's content."""
    content = read_json(path)
    if not isinstance(content, dict):
        raise UserError(f"`{path}` must hold a JSON object, but does not")
    for key in content:
        if key not in SECTIONS:
            raise UserError(
                f"`{key}` in `{path}` must be one of {', '.join(SECTIONS)}, but is not{nearest(key, list(SECTIONS))}"
            )
    command = content.setdefault("command", "distill squad")
    if not isinstance(command, str) or not command.strip():
        raise UserError(f"`command` in `{path}` must be a command of retort, but is {json.dumps(command)}")
    content["command"] = command.strip().removeprefix("retort ")
    return content["command"], content


def read_space(path: Path, content: dict[str, Any], flags: dict[str, Flag], given: dict[str, Any]) -> Space:
    """The space of a file; `given` are flags of the command from the command line, which override `fixed`."""
    if "output_dir" not in flags or not metrics_of(content["command"]):
        raise UserError(f"`command` in `{path}` must train a model, but `retort {content['command']}` does not")
    reader = _Reader(path, content, flags)
    parameters = reader.parameters()
    fixed = {**reader.fixed(), **given}
    for parameter in parameters:
        if parameter.flag in fixed:
            raise reader.fail(
                f"parameters.{parameter.name}",
                f"must not have a fixed value too, but --{parameter.flag} is {json.dumps(fixed[parameter.flag])}",
            )
    derived = reader.derived(parameters)
    for flag in flags.values():
        if (
            flag.is_required
            and flag.name not in (*fixed, *derived, *OWN_FLAGS)
            and all(each.flag != flag.name for each in parameters)
        ):
            raise UserError(
                f"`--{flag.name}` must be given for `retort {content['command']}`, in `fixed` of `{path}` or on the"
                " command line, but is missing"
            )
    objectives = reader.objectives()
    return Space(
        content["command"],
        fixed,
        parameters,
        derived,
        reader.default(parameters),
        objectives,
        reader.constraints(objectives),
        reader.stored(),
    )
