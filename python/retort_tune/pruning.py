"""When a trial is hopeless: at a step, its score lies below that of every trial on the Pareto front of equal or smaller
size. Optuna's pruners refuse several objectives, so this rule is our own."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class FrontTrial:
    number: int
    size: float
    scores: dict[int, float]  # step -> score of the evaluation during training


@dataclasses.dataclass(frozen=True)
class PruningRule:
    metric: str
    size_metric: str
    is_maximized: bool
    front: tuple[FrontTrial, ...] = ()

    def reason(self, step: int, score: float, size: float) -> str:
        """Why to stop, as a sentence; empty to go on, also when a smaller trial has no score at this step."""
        smaller = [trial for trial in self.front if trial.size <= size]
        if not smaller or any(step not in trial.scores for trial in smaller):
            return ""
        sign = 1 if self.is_maximized else -1
        if any(sign * score >= sign * trial.scores[step] for trial in smaller):
            return ""
        nearest = min(smaller, key=lambda trial: sign * trial.scores[step])
        side = "below" if self.is_maximized else "above"
        return (
            f"at step {step}, {self.metric} {score:.4g} with {size:.4g} {self.size_metric} lies {side} the Pareto"
            f" front's {len(smaller)} trials of equal or smaller size; the nearest, trial {nearest.number}, had"
            f" {nearest.scores[step]:.4g} with {nearest.size:.4g}"
        )
