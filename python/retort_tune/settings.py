"""The flags of `retort tune`, parsed and checked by the program (src/retort/recipe/tune_config.cpp)."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from .remote import is_remote


@dataclasses.dataclass(frozen=True)
class Settings:
    space: str
    trials: int
    sampler: str
    seed: int
    quasi_random_trials: int
    prune: bool
    trial_seconds: int
    study_name: str
    storage: str
    heartbeat_seconds: float
    storage_seconds: float
    parallel: int
    ray_address: str
    num_cpu: int
    num_gpu: float
    max_concurrent: int
    ray_program: str
    output_dir: str
    trials_dir: str
    keep: str

    @classmethod
    def from_json(cls, text: str) -> Settings:
        return cls(**json.loads(text))

    @property
    def output(self) -> Path:
        return Path(self.output_dir).absolute()

    @property
    def storage_url(self) -> str:
        return self.storage or f"sqlite:///{self.output / 'study.db'}"

    @property
    def slots(self) -> int:
        """Trials at the same time."""
        return self.max_concurrent or self.parallel if self.ray_address else self.parallel

    @property
    def has_remote_trials(self) -> bool:
        return is_remote(self.trials_dir)
