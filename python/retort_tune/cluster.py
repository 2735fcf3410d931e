"""Trials on the machines of a Ray cluster: each is one task with its cores and GPUs. The search itself stays here."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

from . import errors, metrics, program, pruning, remote
from . import job as job_module
from .errors import UserError
from .job import Job, Outcome
from .settings import Settings

ANSWER_SECONDS = 15


class RayCluster:
    """Runs jobs as tasks of Ray; `run` is called by one thread for each slot."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ray = _connect(settings.ray_address)
        for module in (errors, metrics, program, pruning, remote, job_module):  # the machines need not have this package
            self.ray.cloudpickle.register_pickle_by_value(module)
        self._check_resources()
        self._task = self.ray.remote(num_cpus=settings.num_cpu, num_gpus=settings.num_gpu, max_retries=0, max_calls=1)(
            job_module.run_job
        )

    def _check_resources(self) -> None:
        nodes = [node for node in self.ray.nodes() if node["Alive"]]
        wanted = {"CPU": float(self.settings.num_cpu), "GPU": self.settings.num_gpu}
        if not any(all(node["Resources"].get(name, 0) >= count for name, count in wanted.items()) for node in nodes):
            raise UserError(
                f"`num_cpu` and `num_gpu` must fit on one machine of the cluster, but none of its {len(nodes)} machines"
                f" has {wanted['CPU']:g} CPUs and {wanted['GPU']:g} GPUs"
            )

    @property
    def description(self) -> str:
        count = len([node for node in self.ray.nodes() if node["Alive"]])
        return f"{self.settings.slots} at a time on {count} machines of {self.settings.ray_address}"

    def run(self, job: Job, slot: int, should_stop: Callable[[], bool]) -> Outcome:
        ray = self.ray
        path = self.settings.ray_program or job.program
        task = self._task.remote(dataclasses.replace(job, program=path, threads=self.settings.num_cpu))
        while True:
            try:
                ready, _ = ray.wait([task], timeout=0.5)
                if ready:
                    return ray.get(task)  # type: ignore[no-any-return]
                if should_stop():
                    ray.cancel(task)
                    with contextlib.suppress(Exception):
                        ray.get(task, timeout=120)
                    return Outcome("interrupted", "the search was interrupted")
            except (
                ray.exceptions.WorkerCrashedError,
                ray.exceptions.NodeDiedError,
                ray.exceptions.OutOfMemoryError,
                ray.exceptions.LocalRayletDiedError,
                ray.exceptions.RayActorError,
            ) as failure:
                return Outcome("lost", f"its machine or worker died: {_one_line(failure)}")
            except ray.exceptions.TaskCancelledError:
                return Outcome("interrupted", "the search was interrupted")
            except ray.exceptions.RayTaskError as failure:
                return Outcome("failed", f"its task failed: {_one_line(failure.cause or failure)}")
            except ray.exceptions.RayError as failure:
                return Outcome("lost", f"Ray lost it: {_one_line(failure)}")

    def close(self) -> None:
        self.ray.shutdown()


def _one_line(failure: BaseException) -> str:
    lines = [line.strip() for line in str(failure).splitlines() if line.strip()]
    return f"{type(failure).__name__}: {lines[0][:300] if lines else ''}"


def _check_answers(address: str) -> None:
    """A cluster that does not answer would otherwise be asked for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        raise UserError(f"`ray_address` must be HOST:PORT, ray://HOST:PORT or auto, but is `{address}`")
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER_SECONDS).close()
    except OSError as failure:
        raise UserError(
            f"`ray_address` must be a running Ray cluster, but `{address}` does not answer:"
            f" {failure.strerror or failure}; `ray start --head` starts one"
        ) from failure


def _check_is_ray(address: str) -> None:
    """Something else may listen at the port, and would let Ray wait for minutes."""
    from ray._raylet import GcsClient  # type: ignore[attr-defined]  # what `ray health-check` does; it may wait longer

    failures: list[BaseException | None] = []

    def ask() -> None:
        try:
            GcsClient(address=address)
            failures.append(None)
        except Exception as failure:  # the main thread tells it
            failures.append(failure)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(ANSWER_SECONDS)
    if failures != [None]:
        raise UserError(
            f"`ray_address` must be a running Ray cluster, but `{address}` does not answer as one within"
            f" {ANSWER_SECONDS} s; `ray start --head` starts one"
        )


def _connect(address: str) -> Any:
    if address != "auto":
        _check_answers(address)
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")
    try:
        import ray  # seconds to import, and only needed here

        if address != "auto" and not address.startswith("ray://"):
            _check_is_ray(address)
        with contextlib.redirect_stdout(sys.stderr):
            ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False, configure_logging=False)
    except UserError:
        raise
    except Exception as failure:
        raise UserError(
            f"`ray_address` must be a running Ray cluster, but `{address}` is none: {_one_line(failure)}; `ray start"
            " --head` starts one"
        ) from failure
    return ray
