"""Which trained models stay: `--keep best|front|all`. Settings, logs and results of every trial stay."""

from __future__ import annotations

import shutil
from pathlib import Path

from .front import Record, pareto_front
from .space import Space

# What a training command writes that is large; never a file of anybody else.
_LARGE = ("model.safetensors", "optimizer.safetensors", "pytorch_model.bin", ".retort-reserved")


def kept_places(records: list[Record], space: Space, keep: str) -> set[int]:
    """The places whose models stay."""
    if keep == "all":
        return {record.place for record in records}
    front = pareto_front(records, space)
    return {record.place for record in (front[:1] if keep == "best" else front)}


def drop_models(records: list[Record], space: Space, keep: str, model_dirs: dict[int, Path]) -> int:
    """Removes weights and checkpoints of finished trials that are not kept; returns how many trials lost theirs."""
    kept = kept_places(records, space, keep)
    dropped = 0
    for record in records:
        folder = model_dirs[record.place]
        if record.place in kept or record.state not in ("complete", "pruned", "failed") or not folder.is_dir():
            continue
        large = [path for name in _LARGE if (path := folder / name).exists()]
        large += [path for path in (*folder.glob("checkpoint-*"), *folder.glob(".retort-*")) if path.is_dir()]
        for path in large:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        dropped += bool(large)
    return dropped
