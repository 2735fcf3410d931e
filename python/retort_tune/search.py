"""The search: opens the study, runs trials in slots until the budget is spent, writes the results.

Each slot is a thread with its own view of the study. It calls Optuna's `optimize` for one trial at a time, so that the
trial's heartbeats are Optuna's; the training runs in a process of its own or on a machine of the cluster.
"""

from __future__ import annotations

import fcntl
import signal
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.trial import TrialState

from .errors import StorageLost, UserError
from .front import Record, records_of
from .keep import drop_models
from .objective import Machine, Objective, TrialFailed
from .progress import Progress
from .remote import claim, local_copy
from .samplers import choose_sampler, make_sampler
from .settings import Settings
from .space import Space
from .study import count_open, enqueue_first_trials, fail_dead_trials, open_study

_MISSED = 3  # heartbeats


class Search:
    def __init__(self, settings: Settings, space: Space, program: str, storage: BaseStorage, machine: Machine) -> None:
        self.settings, self.space, self.storage, self.machine = settings, space, storage, machine
        self.sampler = choose_sampler(settings.sampler, space, settings.trials)
        make_sampler(self.sampler, space, settings.seed)  # a grid without values fails here
        self.study, self.is_new = open_study(storage, settings.study_name, space)
        self.progress = Progress(space, settings.trials)
        self.objective = Objective(settings, space, program, machine, self.study.user_attrs["id"])
        self.stop = threading.Event()
        self.failure: BaseException | None = None
        self.lock = threading.Lock()
        self.reserved = 0  # trials that a slot will begin
        self.own: set[int] = set()  # numbers of the running trials of this process
        self.signals = 0

    def run(self) -> list[Record]:
        """Returns the records of all trials. Raises UserError or StorageLost when the search had to stop."""
        folder = self.settings.output / "trials" / self.settings.study_name
        with _lock_folder(folder):
            claim(self.objective.program, "output_dir", str(folder), self.study.user_attrs["id"])
            if self.settings.trials_dir:
                claim(self.objective.program, "trials_dir", self.objective.trials_root, self.study.user_attrs["id"])
            self.begin()
            old = {number: signal.signal(number, self.on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
            try:
                self.run_slots()
            finally:
                for number, handler in old.items():
                    signal.signal(number, handler)
                self.progress.finish()
            if self.failure is not None:
                raise self.failure
            records = records_of(self.study)
            drop_models(records, self.space, self.settings.keep, self.model_dirs(records))
            return records

    def begin(self) -> None:
        dead = fail_dead_trials(self.study, self.own, self.grace)
        if self.sampler not in ("grid",):
            quasi_random = 0 if self.sampler == "qmc" else self.settings.quasi_random_trials
            enqueue_first_trials(self.study, self.space, self.settings.trials, quasi_random, self.settings.seed)
        there = len([record for record in records_of(self.study) if record.state in ("complete", "pruned", "failed")])
        how = (
            f"begins with {self.settings.trials} trials"
            if self.is_new
            else f"continues with {there} of {self.settings.trials} trials done"
        )
        repeated = f"; {dead} were running when an earlier search died" if dead else ""
        self.progress.say(
            f"study `{self.settings.study_name}` {how}{repeated}; sampler {self.sampler}, {self.machine.description}"
        )

    @property
    def grace(self) -> float:
        return _MISSED * self.settings.heartbeat_seconds

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        self.signals += 1
        self.stop.set()
        if self.signals > 1:
            raise KeyboardInterrupt

    def run_slots(self) -> None:
        """Runs slots until nothing is open; waits for trials of other searches on this study, which may die."""
        while not self.stop.is_set():
            threads = [
                threading.Thread(target=self.run_slot, args=(slot,), daemon=True) for slot in range(self.settings.slots)
            ]
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                time.sleep(0.2)
                if self.progress.is_terminal:
                    self.progress.show(records_of(self.study))
            if self.stop.is_set() or not self.wait_for_others():
                return

    def wait_for_others(self) -> bool:
        """Returns whether there is something to do again; not when all trials have ended."""
        said = False
        while not self.stop.is_set():
            fail_dead_trials(self.study, set(), self.grace)
            optuna.storages.fail_stale_trials(self.study)
            if count_open(self.study, self.settings.trials) > 0:
                return True
            if not self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
                return False
            if not said:
                self.progress.say("waits for trials of other searches on this study")
            said = True
            self.stop.wait(1)
        return False

    def run_slot(self, slot: int) -> None:
        try:
            study = optuna.load_study(
                study_name=self.settings.study_name,
                storage=self.storage,
                sampler=make_sampler(self.sampler, self.space, self.settings.seed),
            )
            if slot > 0:  # the first trial makes the caches that the others read
                self.wait_for_first_training()
            while self.reserve():
                self.run_trial(study, slot)
        except BaseException as failure:  # the main thread raises it
            self.failure = self.failure or storage_loss_in(failure) or failure
            self.stop.set()

    def wait_for_first_training(self) -> None:
        """Until a trial of this study has written its first log line or ended."""
        while not self.stop.is_set():
            records = records_of(self.study)
            begun = [
                local_copy(self.objective.model_dir_of(record.place)) / "train_log.jsonl"
                for record in records
                if record.state == "running"
            ]
            if (
                bool(self.settings.ray_address)  # its machines may have copies of their own
                or any(record.state in ("complete", "pruned", "failed") for record in records)
                or any(path.exists() for path in begun)
            ):
                return
            if not begun and count_open(self.study, self.settings.trials) == 0:
                return
            self.stop.wait(0.2)

    def reserve(self) -> bool:
        with self.lock:
            if self.stop.is_set() or count_open(self.study, self.settings.trials) <= self.reserved:
                return False
            self.reserved += 1
            return True

    def run_trial(self, study: optuna.Study, slot: int) -> None:
        began = threading.Event()

        def release() -> None:
            with self.lock:
                if not began.is_set():
                    self.reserved -= 1
                began.set()

        def objective(trial: optuna.Trial) -> tuple[float, ...]:
            with self.lock:
                self.own.add(trial.number)
            release()
            return self.objective(trial, slot, self.stop.is_set)

        try:
            study.optimize(objective, n_trials=1, catch=(TrialFailed,))
        finally:
            release()
        records = records_of(study)
        self.progress.show(records, is_end_of_trial=True)
        if self.settings.keep != "all" and not self.settings.has_remote_trials:
            with self.lock:
                drop_models(records, self.space, self.settings.keep, self.model_dirs(records))

    def model_dirs(self, records: list[Record]) -> dict[int, Path]:
        return {record.place: Path(self.objective.model_dir_of(record.place)) for record in records}


def storage_loss_in(failure: BaseException) -> StorageLost | None:
    """The loss of the storage that led to `failure`: Optuna's clean-up after it may fail for a reason of its own."""
    cause: BaseException | None = failure
    while cause is not None and not isinstance(cause, StorageLost):
        cause = cause.__cause__ or cause.__context__
    return cause


class _lock_folder:  # a context manager
    """One search at a time in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.file = (self.folder / ".lock").open("a+")
        except OSError as failure:
            raise UserError(
                f"`output_dir` must be a writable folder, but `{self.folder}` is not: {failure.strerror}"
            ) from failure
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as failure:
            raise UserError(
                f"`output_dir` must not be in use, but another search writes `{self.folder}`; choose another"
                " --output_dir for a second search on this study"
            ) from failure

    def __exit__(self, *ended: object) -> None:
        self.file.close()


def result_of(records: list[Record], space: Space, front: list[Record], share: float, seconds: float) -> dict[str, Any]:
    """The result line."""
    count = {state: sum(1 for record in records if record.state == state) for state in ("complete", "pruned", "failed")}
    outside = [record.metrics["outside_training"] for record in records if "outside_training" in record.metrics]
    return {
        "trials": sum(count.values()),
        **count,
        "front": [
            {"trial": record.place, **dict(zip([each.metric for each in space.objectives], record.values, strict=True))}
            for record in front
        ],
        "hypervolume": share,
        "outside_training": sum(outside) / len(outside) if outside else None,
        "seconds": round(seconds, 3),
    }
