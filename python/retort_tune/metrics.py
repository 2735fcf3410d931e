"""What a trial's command measures: names that objectives and constraints may have."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

_RUN = ("num_parameters", "train_seconds", "train_loss", "seconds", "outside_training")
_SQUAD = (
    *("exact", "f1", "HasAns_exact", "HasAns_f1", "NoAns_exact", "NoAns_f1", "best_exact", "best_f1"),
    *("inference_time", "eval_ms_per_sequence", "latency_ms"),
)
_GLUE = (
    "acc",
    "f1",
    "acc_and_f1",
    "mcc",
    "pearson",
    "spearmanr",
    "corr",
    "mnli/acc",
    "mnli-mm/acc",
    "inference_time",
    "latency_ms",
)
_MLM = ("loss", "perplexity", "accuracy", "mlm_loss")
_COMMANDS = {
    "distill squad": _SQUAD,
    "finetune squad": _SQUAD,
    "finetune glue": _GLUE,
    "distill prediction": (*_GLUE, *_SQUAD),
    "distill mlm": _MLM,
    "pretrain": _MLM,
}


def metrics_of(command: str) -> tuple[str, ...]:
    """The metrics of a training command; none for another command."""
    own = _COMMANDS.get(command, ())
    return (*dict.fromkeys(own), *_RUN) if own else ()


def read_metrics(results: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The numbers of a result line; `inference_time` is the final evaluation's, `seconds` the whole trial's."""
    metrics: dict[str, Any] = {name: value for name, value in results.items() if isinstance(value, (int, float))}
    if "eval_seconds" in metrics:
        metrics["inference_time"] = metrics["eval_seconds"]
    metrics["seconds"] = seconds
    if "train_seconds" in metrics and seconds > 0:
        metrics["outside_training"] = max(0.0, 1 - metrics["train_seconds"] / seconds)
    return metrics


def count_parameters(model: Path) -> int | None:
    """The elements of all tensors of model.safetensors; nothing when there is none."""
    try:
        with (model / "model.safetensors").open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(length))
    except (OSError, struct.error, json.JSONDecodeError):
        return None
    total = 0
    for name, tensor in header.items():
        if name != "__metadata__":
            size = 1
            for extent in tensor["shape"]:
                size *= extent
            total += size
    return total
