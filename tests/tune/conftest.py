"""Fixtures of the search's tests. $RETORT_UNDER_TEST is the built program; most tests replace it by fake_retort.py for the trials."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "python"))
FAKE = HERE / "fake_retort.py"

SPACE: dict[str, Any] = {
    "fixed": {"model": "student", "train_file": "train.json"},
    "parameters": {
        "learning_rate": {"type": "double", "range": [1e-5, 2e-2], "transform": "log"},
        "n_layers": {"type": "int", "range": [1, 6]},
        "n_heads": {"type": "int", "range": [1, 12]},
        "alpha_ce": {"type": "double", "range": [1e-7, 1.0]},
    },
    "derived": {"alpha_squad": "1 - alpha_ce"},
    "default": {"n_layers": 6, "n_heads": 12},
    "objectives": {"exact": {"direction": "maximize", "threshold": 5}, "num_parameters": {"direction": "minimize"}},
    "store": ["f1", "inference_time"],
}


@pytest.fixture(scope="session")
def real_program() -> str:
    return os.environ["RETORT_UNDER_TEST"]


@pytest.fixture(scope="session")
def flags(real_program: str) -> dict[str, Any]:
    """The flags of `distill squad` by name."""
    from retort_tune.program import Program

    return Program(real_program).flags("distill squad")


@pytest.fixture(scope="session")
def defaults(real_program: str) -> dict[str, Any]:
    """The settings of `retort tune` with their defaults."""
    shown = subprocess.run([real_program, "help", "tune", "--json"], capture_output=True, text=True, check=True).stdout
    return {flag["name"]: flag["default"] for flag in json.loads(shown)["flags"]}


def changed(space: dict[str, Any], **sections: Any) -> dict[str, Any]:
    """A copy of a space with other sections; a section that is a dict adds to the old one, a key with None leaves it out."""
    copy = json.loads(json.dumps(space))
    for name, value in sections.items():
        if isinstance(value, dict) and isinstance(copy.get(name), dict):
            merged = {**copy[name], **value}
            copy[name] = {key: each for key, each in merged.items() if each is not None}
        else:
            copy[name] = value
    return copy


@pytest.fixture
def read(flags: dict[str, Any], real_program: str, tmp_path: Path):
    """Writes a space and reads it as the search does."""
    from retort_tune.program import Program
    from retort_tune.given_flags import read_given_flags
    from retort_tune.space_file import read_command, read_space

    def call(space: dict[str, Any], words: tuple[str, ...] = ()):
        path = tmp_path / "space.json"
        path.write_text(json.dumps(space))
        command, content = read_command(path)
        known = flags if command == "distill squad" else Program(real_program).flags(command)
        return read_space(path, content, known, read_given_flags(list(words), known, command))

    return call


@dataclasses.dataclass
class Ended:
    code: int
    result: dict[str, Any]
    errors: str


class Tuner:
    """Runs the search with the fake program in a folder."""

    def __init__(self, folder: Path, defaults: dict[str, Any], real_program: str) -> None:
        self.folder, self.defaults = folder, defaults
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "python"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "RETORT_PROGRAM": str(FAKE),
            "REAL_RETORT": real_program,
        }

    def words(self, space: dict[str, Any] = SPACE, **settings: Any) -> list[str]:
        extra = settings.pop("extra", [])
        path = self.folder / "space.json"
        path.write_text(json.dumps(space))
        all_settings = {
            **self.defaults,
            "space": str(path),
            "output_dir": str(self.folder / "out"),
            "quasi_random_trials": 3,
            "sampler": "tpe",
            **settings,
        }
        return [sys.executable, "-m", "retort_tune", json.dumps(all_settings), *extra]

    def start(
        self, space: dict[str, Any] = SPACE, *, environment: dict[str, str] | None = None, **settings: Any
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.words(space, **settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**self.environment, **(environment or {})}, cwd=self.folder,
        )  # fmt: skip

    def run(
        self, space: dict[str, Any] = SPACE, *, environment: dict[str, str] | None = None, **settings: Any
    ) -> Ended:
        process = self.start(space, environment=environment, **settings)
        output, errors = process.communicate(timeout=300)
        lines = output.splitlines()
        return Ended(process.returncode, json.loads(lines[-1]) if lines else {}, errors)

    def study(self, name: str = "search", file: str = "out/study.db"):
        import optuna

        return optuna.load_study(study_name=name, storage=f"sqlite:///{self.folder / file}")


@pytest.fixture
def tuner(tmp_path: Path, defaults: dict[str, Any], real_program: str) -> Tuner:
    return Tuner(tmp_path, defaults, real_program)
