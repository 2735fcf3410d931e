"""The study: created once with its first trials, continued by name, its trials counted.

A trial that must be done again (its worker died, the search was interrupted) is failed and followed by a waiting trial
with the same parameters. Both have one `place` in the search, so a search of N trials has N places, however often one
of them had to begin anew.
"""

from __future__ import annotations

import json
import os
import socket
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from .errors import UserError
from .samplers import quasi_random_points
from .space import Space

MOST_ATTEMPTS = 2  # a trial whose process or machine died is done once more; interruptions do not count


def this_worker() -> dict[str, Any]:
    """Names a process for good: process ids are used again, start times are not."""
    return {"host": socket.gethostname(), "process": os.getpid(), "started": _start_time(os.getpid())}


def _start_time(process: int) -> int | None:
    """In clock ticks since the machine's start; nothing when there is no such process."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return None


def is_alive(worker: dict[str, Any]) -> bool | None:
    """Whether the process of a trial lives; None when it is on another machine."""
    if worker.get("host") != socket.gethostname():
        return None
    return bool(_start_time(int(worker["process"])) == worker["started"])


def open_study(storage: BaseStorage, name: str, space: Space) -> tuple[optuna.Study, bool]:
    """The study of that name, and whether it is new. Raises UserError when it is of another space."""
    identity = json.loads(json.dumps(space.identity()))
    try:
        study = optuna.create_study(storage=storage, study_name=name, directions=space.directions)
    except optuna.exceptions.DuplicatedStudyError:
        study = optuna.load_study(storage=storage, study_name=name)
        before = study.user_attrs.get("space")
        if before is not None and not _has_begun(study):  # a wrong file, for example, may be put right
            before = {**before, "fixed": identity["fixed"]}
        _check_identity(name, before, identity)
        if before is None and not study.get_trials(deepcopy=False):
            _describe(study, space, identity)  # its creator was killed in between
        elif before != study.user_attrs.get("space"):
            study.set_user_attr("space", identity)
        return study, False
    _describe(study, space, identity)
    return study, True


def _describe(study: optuna.Study, space: Space, identity: dict[str, Any]) -> None:
    study.set_metric_names([objective.metric for objective in space.objectives])
    study.set_user_attr("id", str(uuid.uuid4()))
    study.set_user_attr("space", identity)


def _has_begun(study: optuna.Study) -> bool:
    """Whether a trial did more than to be refused by its command."""
    trials = study.get_trials(deepcopy=False)
    return not all(each.state == TrialState.WAITING or each.user_attrs.get("refused") for each in trials)


def _check_identity(name: str, before: dict[str, Any] | None, now: dict[str, Any]) -> None:
    for key, value in now.items():
        if before is None or before.get(key) == value:
            continue
        changed = key
        if isinstance(value, dict) and isinstance(before.get(key), dict):
            names = [each for each in {**before[key], **value} if before[key].get(each) != value.get(each)]
            changed = f"{key}.{names[0]}" if names else key
        raise UserError(
            f"`study_name` must be a study of this space, but `{name}` was begun with another `{changed}`; choose"
            " another --study_name"
        )


def enqueue_first_trials(study: optuna.Study, space: Space, trials: int, quasi_random: int, seed: int) -> None:
    """Adds the default configuration and the evenly spread points that are not there yet."""
    points: list[tuple[str, dict[str, Any]]] = []
    if all(parameter.name in space.default for parameter in space.parameters if parameter.applies(space.default)):
        points.append(("default", space.default))
    points += [("quasi-random", point) for point in quasi_random_points(space, quasi_random, seed)]
    there = {trial.user_attrs.get("first") for trial in study.get_trials(deepcopy=False)}
    for index, (source, point) in enumerate(points[:trials]):
        if index not in there:
            study.enqueue_trial(point, user_attrs={"first": index, "source": source})


def place_of(trial: FrozenTrial) -> int:
    """The number of the first trial of this place."""
    return int(trial.user_attrs.get("place", trial.number))


def latest_of_each_place(trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """What counts: of each place the last trial."""
    latest: dict[int, FrozenTrial] = {place_of(trial): trial for trial in sorted(trials, key=lambda each: each.number)}
    return [latest[place] for place in sorted(latest)]


def is_repeated(trial: FrozenTrial) -> bool:
    """Whether an earlier trial began at this place, and may have left a run to continue."""
    return "place" in trial.user_attrs and not trial.user_attrs.get("afresh")


def count_open(study: optuna.Study, trials: int) -> int:
    """Trials that are still to be started for a search of so many places."""
    all_trials = study.get_trials(deepcopy=False)
    repeated = sum(1 for each in all_trials if each.state == TrialState.WAITING and "place" in each.user_attrs)
    started = {place_of(each) for each in all_trials if each.state != TrialState.WAITING}
    return max(0, trials - len(started)) + repeated


def do_again(
    study: optuna.Study, trial: FrozenTrial, reason: str, *, counts: bool = True, afresh: bool = False
) -> bool:
    """Adds a waiting trial with the parameters of a failed one; returns False after its second attempt."""
    attempt = int(trial.user_attrs.get("attempt", 1)) + (1 if counts else 0)
    later = (each for each in study.get_trials(deepcopy=False) if each.number > trial.number)
    if attempt > MOST_ATTEMPTS or any(place_of(each) == place_of(trial) for each in later):
        return False
    kept: dict[str, Any] = {name: trial.user_attrs[name] for name in ("first", "source") if name in trial.user_attrs}
    again: dict[str, Any] = {**kept, "place": place_of(trial), "attempt": attempt, "again_because": reason}
    again |= {"afresh": True} if afresh else {}
    system = {"fixed_params": trial.system_attrs["fixed_params"]} if "fixed_params" in trial.system_attrs else {}
    study.add_trial(
        optuna.create_trial(
            state=TrialState.WAITING,
            params=trial.params,
            distributions=trial.distributions,
            user_attrs=again,
            system_attrs=system,
        )
    )
    return True


def when_stale(study: optuna.Study, trial: FrozenTrial) -> None:
    """Optuna calls this for a trial that it failed because its heartbeats ended."""
    do_again(study, trial, death_of(trial))


def death_of(trial: FrozenTrial) -> str:
    worker = trial.user_attrs.get("worker", {})
    if not worker:
        return "the search died before the trial began"
    return f"the search on {worker['host']}, process {worker['process']}, died"


def fail_dead_trials(study: optuna.Study, own: set[int], patience: float) -> int:
    """Fails and repeats the running trials whose process on this machine is gone, and those that never said whose they
    are for so many seconds; `own` are the numbers of this process's trials. Returns how many there were."""
    dead = 0
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if trial.number in own:
            continue
        worker = trial.user_attrs.get("worker")
        started = trial.datetime_start or datetime.now()
        is_nobodys = worker is None and datetime.now() - started > timedelta(seconds=patience)
        if not is_nobodys and (worker is None or is_alive(worker) is not False):
            continue
        try:
            study.tell(trial.number, state=TrialState.FAIL)
        except (ValueError, optuna.exceptions.UpdateFinishedTrialError):
            continue  # another process was faster
        do_again(study, trial, death_of(trial), counts=False)  # the search's death, not the trial's
        dead += 1
    return dead
