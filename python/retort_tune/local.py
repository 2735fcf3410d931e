"""Trials on this machine: each slot has its own cores, and one of the GPUs where there are any."""

from __future__ import annotations

import dataclasses
import glob
import os
from collections.abc import Callable

from .job import Job, Outcome, run_job


def share_cores(slots: int) -> list[tuple[int, ...]]:
    """The cores that this process may use, divided among the slots; one slot is not bound, and more slots than cores
    take turns."""
    cores = sorted(os.sched_getaffinity(0))
    if slots == 1:
        return [()]
    if slots > len(cores):
        return [(cores[slot % len(cores)],) for slot in range(slots)]
    return [tuple(cores[slot * len(cores) // slots : (slot + 1) * len(cores) // slots]) for slot in range(slots)]


def visible_gpus() -> list[str]:
    """The GPUs of CUDA_VISIBLE_DEVICES; without it all of the machine's."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [each for each in named.split(",") if each.strip()]
    return [path.removeprefix("/dev/nvidia") for path in sorted(glob.glob("/dev/nvidia[0-9]*"))]


class LocalMachine:
    """Runs jobs as processes; `run` is called by one thread for each slot."""

    def __init__(self, slots: int) -> None:
        self.cores, self.gpus = share_cores(slots), visible_gpus()

    @property
    def description(self) -> str:
        count = sum(len(each) for each in self.cores) or len(os.sched_getaffinity(0))
        return f"{len(self.cores)} at a time on {count} cores" + (f" and {len(self.gpus)} GPUs" if self.gpus else "")

    def run(self, job: Job, slot: int, should_stop: Callable[[], bool]) -> Outcome:
        environment = dict(job.environment)
        if self.gpus:
            environment["CUDA_VISIBLE_DEVICES"] = self.gpus[slot % len(self.gpus)]
        bound = dataclasses.replace(job, cores=self.cores[slot], threads=len(self.cores[slot]), environment=environment)
        return run_job(bound, should_stop)

    def close(self) -> None:
        pass
