"""`python -m retort_tune SETTINGS_JSON [--flag value ...]`, as `retort tune` starts it.

The last line of standard output is the result.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
import warnings
from pathlib import Path

signal.signal(signal.SIGINT, signal.SIG_DFL)  # what follows takes seconds to import: Ctrl-C ends that without a traceback

import optuna

from .cluster import RayCluster
from .errors import StorageLost, UserError
from .front import hypervolume_history, pareto_front
from .given_flags import read_given_flags
from .local import LocalMachine
from .objective import Machine
from .program import Program
from .remote import check_folder
from .results import Places, write_results
from .search import Search, result_of
from .settings import Settings
from .space import Space
from .space_file import read_command, read_space
from .storage import open_storage
from .study import when_stale


def find_space(name: str) -> Path:
    """A path, or the name of a file in configs/tune."""
    known = Path(__file__).parents[2] / "configs" / "tune" / f"{name}.json"
    return known if "/" not in name and not Path(name).exists() and known.exists() else Path(name)


def load_space(settings: Settings, program: Program, words: list[str]) -> Space:
    """The space with all that the search itself sets for every trial."""
    path = find_space(settings.space)
    command, content = read_command(path)
    flags = program.flags(command)
    space = read_space(path, content, flags, read_given_flags(words, flags, command))
    fixed = space.fixed
    for name, value in fixed.items():  # machines and copies of trial.json have another working folder
        if flags[name].kind == "text" and isinstance(value, str) and value and Path(value).exists():
            fixed[name] = str(Path(value).absolute())
    searched = {parameter.flag for parameter in space.parameters}
    standards = {"save_steps": 0, "tensorboard": False, "score_teacher": False}
    if fixed.get("eval_steps") or "eval_steps" in searched:
        standards["evaluate_during_training"] = True
    if "teacher_cache" in flags and fixed.get("teacher"):
        standards["teacher_cache"] = str(settings.output / "teacher_cache")  # type: ignore[assignment]
    for name, value in standards.items():
        if name in flags and name not in fixed and name not in searched:
            fixed[name] = value
    return space


def check_folders(settings: Settings) -> None:
    if "://" in settings.output_dir:
        raise UserError(
            "`output_dir` must be a folder of this machine, where the study and its report are written, but is"
            f" `{settings.output_dir}`; --trials_dir puts the trained folders into an object store"
        )
    check_folder("trials_dir", settings.trials_dir)
    if settings.has_remote_trials and settings.keep != "all":
        raise UserError(
            f"`keep` must be all with the remote `trials_dir` {settings.trials_dir}, where nothing is removed, but is"
            f" {settings.keep}"
        )


def run(settings: Settings, words: list[str]) -> int:
    started = time.monotonic()
    program = Program(os.environ["RETORT_PROGRAM"])
    if settings.trials < 1:
        raise UserError("`trials` must be at least 1, but is 0")
    check_folders(settings)
    space = load_space(settings, program, words)
    try:
        settings.output.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        raise UserError(
            f"`output_dir` must be a writable folder, but `{settings.output}` is not: {failure.strerror}"
        ) from failure
    storage = open_storage(settings.storage_url, settings.heartbeat_seconds, settings.storage_seconds, when_stale)
    machine: Machine = RayCluster(settings) if settings.ray_address else LocalMachine(settings.slots)
    try:
        search = Search(settings, space, program.path, storage, machine)
        records = search.run()
    finally:
        machine.close()
    history = hypervolume_history(records, space)
    places = Places(program.path, search.objective.folder_of, search.objective.model_dir_of)
    write_results(settings, space, search.study, records, places)
    is_done = (
        all(record.state in ("complete", "pruned", "failed") for record in records) and len(records) >= settings.trials
    )
    if is_done and not search.stop.is_set():
        (settings.output / "DONE").write_text("")
    result = result_of(
        records, space, pareto_front(records, space), history[-1] if history else 0.0, time.monotonic() - started
    )
    print(
        json.dumps({**result, "study_name": settings.study_name, "report": str(settings.output / "report.html")}),
        flush=True,
    )
    if search.stop.is_set():
        print("retort: interrupted; the same command continues the study", file=sys.stderr)
        return 130
    return 0


def main() -> int:
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    logging.getLogger("alembic").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return run(Settings.from_json(sys.argv[1]), sys.argv[2:])
    except (UserError, StorageLost) as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("retort: stopped at once; the same command continues the study", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.stdout.flush()
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # threads of Ray and of trials that were told to stop do not hold the exit
