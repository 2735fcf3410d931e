"""One trial: runs the training command in a folder of its own and says how it ended.

This module knows neither Optuna nor Ray. It runs in the search's process or on another machine.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .metrics import count_parameters, read_metrics
from .program import last_error
from .pruning import PruningRule
from .remote import drop_local_copy, is_remote, local_copy

_POLL_SECONDS = 0.1
_SAVE_SECONDS = 120  # for the checkpoint that an interrupted run saves
_LAST_LINES = 12


@dataclasses.dataclass(frozen=True)
class Job:
    number: int
    program: str
    command: str
    config: dict[str, Any]
    folder: str  # of trial.json and log.txt
    model_dir: str  # where the command writes; also s3://...
    searched: tuple[str, ...]  # flags whose values were drawn
    objectives: tuple[str, ...]
    rule: PruningRule | None = None
    seconds: float = 0  # time limit; 0: none
    cores: tuple[int, ...] = ()  # empty: wherever the system puts it
    threads: int = 0  # 0: as the command chooses
    environment: dict[str, str] = dataclasses.field(default_factory=dict)
    measures_latency: bool = False
    is_repeated: bool = False  # an earlier attempt may have left a run in model_dir


@dataclasses.dataclass
class Outcome:
    """`state`: complete, pruned or failed, which are results; interrupted or lost, which are done again; refused, which
    ends the search."""

    state: str
    text: str = ""  # the reason or the error
    metrics: dict[str, Any] = dataclasses.field(default_factory=dict)
    evaluations: dict[int, dict[str, float]] = dataclasses.field(default_factory=dict)  # by step
    log: str = ""  # its last lines


def run_job(job: Job, should_stop: Callable[[], bool] = lambda: False) -> Outcome:
    """Trains and measures. Never raises for what the command does; OSError when the folder cannot be written."""
    folder = Path(job.folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "trial.json", json.dumps(job.config, indent=2) + "\n")
    run = _Run(job, should_stop)
    outcome = run.finish()
    if is_remote(job.model_dir) and outcome.state == "complete":
        drop_local_copy(job.model_dir)
    outcome.evaluations = run.evaluations
    outcome.log = _last_lines(folder / "log.txt")
    return outcome


class _Run:
    def __init__(self, job: Job, should_stop: Callable[[], bool]) -> None:
        self.job, self.should_stop = job, should_stop
        self.evaluations: dict[int, dict[str, float]] = {}
        self.event_log = local_copy(job.model_dir) / "train_log.jsonl"
        self.size: float | None = None
        self.log_position = 0
        self.started = time.monotonic()

    def finish(self) -> Outcome:
        job = self.job
        words = ["--config", str(Path(job.folder) / "trial.json"), "--output_dir", job.model_dir]
        if job.threads and "threads" not in job.config:
            words += ["--threads", str(job.threads)]
        words = [*job.command.split(), *words]
        how = "--resume" if _can_resume(job) else "--overwrite_output_dir"
        code, output, ended_because = self.run([*words, how], "log.txt", self.watch)
        if code == 2 and how == "--resume" and "must hold a run to --resume" in self.log_text():
            # Its machine died before the store had more than a few files of it.
            code, output, ended_because = self.run([*words, "--overwrite_output_dir"], "log.txt", self.watch)
        self.watch()
        if ended_because is not None:
            return ended_because
        if code != 0:
            return _failure(code, self.log_text(), job)
        return self.measure(_last_json(output))

    def log_text(self) -> str:
        return (Path(self.job.folder) / "log.txt").read_text(errors="replace")

    def run(self, words: list[str], log: str, watch: Callable[[], Outcome | None]) -> tuple[int, str, Outcome | None]:
        """The exit code and standard output of a call of the program; an outcome when it was stopped on purpose."""
        job, folder = self.job, Path(self.job.folder)
        with (folder / log).open("wb") as errors, (folder / "output.txt").open("w+b") as output:
            process = subprocess.Popen(
                [*_launcher(job.cores), job.program, *words],
                stdin=subprocess.DEVNULL, stdout=output, stderr=errors, start_new_session=True,
                env={**os.environ, **job.environment},
            )  # fmt: skip
            try:
                stopped = self.wait(process, watch)
            except BaseException:  # Ray cancels a task by an exception
                _end(process, signal.SIGTERM)
                raise
            output.seek(0)
            return process.returncode, output.read().decode(errors="replace"), stopped

    def wait(self, process: subprocess.Popen[bytes], watch: Callable[[], Outcome | None]) -> Outcome | None:
        while process.poll() is None:
            if self.should_stop():
                _end(process, signal.SIGTERM)
                return Outcome("interrupted", "the search was interrupted")
            seconds = time.monotonic() - self.started
            if self.job.seconds and seconds > self.job.seconds:
                _end(process, self.last_signal)
                return Outcome("failed", f"it took longer than the time limit of {self.job.seconds:g} s")
            if stopped := watch():
                _end(process, self.last_signal)
                return stopped
            time.sleep(_POLL_SECONDS)
        return None

    @property
    def last_signal(self) -> signal.Signals:
        """Ends a run that is not continued; one in a store may still store its log."""
        return signal.SIGTERM if is_remote(self.job.model_dir) else signal.SIGKILL

    def watch(self) -> Outcome | None:
        """Reads new evaluations from the event log; an outcome when the rule says that the trial is hopeless."""
        for event in self.new_events():
            if "num_parameters" in event:
                self.size = float(event["num_parameters"])
            if event.get("event") != "evaluate":
                continue
            step = int(event["step"])
            self.evaluations[step] = {
                name: float(value) for name, value in event.items()
                if isinstance(value, (int, float)) and name in (*self.job.objectives, "HasAns_exact", "f1")
            }  # fmt: skip
            rule = self.job.rule
            if rule is None or self.size is None or rule.metric not in event:
                continue
            if reason := rule.reason(step, float(event[rule.metric]), self.size):
                return Outcome("pruned", reason, {"num_parameters": self.size, rule.metric: event[rule.metric]})
        return None

    def new_events(self) -> list[dict[str, Any]]:
        try:
            with self.event_log.open("rb") as file:
                if os.fstat(file.fileno()).st_size < self.log_position:
                    self.log_position = 0  # a new run in this folder
                file.seek(self.log_position)
                lines = file.read()
        except OSError:
            return []
        whole = lines[: lines.rfind(b"\n") + 1]
        self.log_position += len(whole)
        return [json.loads(line) for line in whole.splitlines() if line.startswith(b"{")]

    def measure(self, results: dict[str, Any]) -> Outcome:
        job = self.job
        metrics = read_metrics(results, time.monotonic() - self.started)
        if "num_parameters" not in metrics and (count := count_parameters(local_copy(job.model_dir))) is not None:
            metrics["num_parameters"] = count
        if job.measures_latency:
            latency, problem = self.latency()
            if problem is not None:
                return problem
            metrics["latency_ms"] = latency
        for name in job.objectives:
            value = metrics.get(name)
            if value is None or not math.isfinite(value):
                return Outcome("failed", f"`{name}` must be a number in the results, but is {value}", metrics)
        return Outcome("complete", metrics=metrics)

    def latency(self) -> tuple[float, Outcome | None]:
        """The median of `retort bench infer` with one sequence a batch on the evaluation file."""
        job = self.job
        words = ["bench", "infer", "--model", job.model_dir, "--per_device_eval_batch_size", "1", "--steps", "20"]
        task = job.config.get("task_name", "squad")
        words += ["--task", task]
        for name in (
            "dev_file",
            "data_dir",
            "max_seq_length",
            "doc_stride",
            "max_query_length",
            "cache_dir",
            "precision",
        ):
            if job.config.get(name) not in (None, "") and not (name == "data_dir" and task == "squad"):
                words += [f"--{name}", str(job.config[name])]
        if job.config.get("version_2_with_negative") and task == "squad":
            words.append("--version_2_with_negative")
        code, output, stopped = self.run(words, "latency.txt", lambda: None)
        if stopped is not None or code != 0:
            log = (Path(job.folder) / "latency.txt").read_text(errors="replace")
            return 0.0, stopped or _failure(code, log, job)
        return float(_last_json(output)["p50_ms"]), None


def _launcher(cores: tuple[int, ...]) -> list[str]:
    """Ends the program with this process, and binds it to cores: both by small programs of util-linux."""
    words = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
    return [*words, "taskset", "-c", ",".join(map(str, cores))] if cores and shutil.which("taskset") else words


def _end(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signals the program and all that it started, and waits; kills what does not end."""
    for each, seconds in ((number, _SAVE_SECONDS), (signal.SIGKILL, None)):
        try:
            os.killpg(process.pid, each)
        except ProcessLookupError:
            pass
        try:
            process.wait(seconds)
            return
        except subprocess.TimeoutExpired:
            continue


def _can_resume(job: Job) -> bool:
    """Whether an earlier attempt left a run there. In a store it may be of another machine: the program fetches it, and
    begins anew where there is none."""
    return job.is_repeated and (is_remote(job.model_dir) or (Path(job.model_dir) / "retort_config.json").exists())


def _failure(code: int, log: str, job: Job) -> Outcome:
    """What an exit code means (README.md, exit codes)."""
    error = last_error(log)
    if code in (126, 127):
        return Outcome(
            "refused",
            f"`{job.program}` must be a program on the trial's machine, but cannot be started: {log.strip()[-200:]}",
        )
    if code == 3:
        return Outcome("failed", f"it diverged: {error}")
    if code in (75, 130, 143) or code < 0:
        name = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        return Outcome("lost", f"its process ended {name}")
    if "out of memory" in log.lower() or "`memory` must hold" in error:
        return Outcome("failed", f"out of memory: {error}")
    if code == 2 and not _blames_a_drawn_value(error, job.searched):
        return Outcome("refused", error or "exit code 2 without a message")
    return Outcome("failed", error or f"exit code {code}")


def _blames_a_drawn_value(error: str, searched: tuple[str, ...]) -> bool:
    """Whether an error of the settings is about a value that the search drew, for example heads that do not divide the
    width."""
    words = {"n_heads": "attention heads", "n_layers": "layers", "dim": "hidden_size"}
    words |= dict.fromkeys(("dropout", "attention_dropout", "head_dropout"), "dropout probabilities")
    return any(
        f"`{name}`" in error or f"--{name}" in error or words.get(name, f"`{name}`") in error for name in searched
    )


def _last_json(output: str) -> dict[str, Any]:
    for line in reversed(output.splitlines()):
        if line.startswith("{"):
            values = json.loads(line)
            return values if isinstance(values, dict) else {}
    return {}


def _last_lines(path: Path) -> str:
    try:
        lines = path.read_text(errors="replace").replace("\r", "\n").splitlines()
    except OSError:
        return ""
    return "\n".join([line[:400] for line in lines if line.strip()][-_LAST_LINES:])


def write_whole(path: Path, text: str) -> None:
    """Under a temporary name first, so that a reader sees all or nothing."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
