"""What the user sees while the search runs: a live line on a terminal, a line for each ended trial otherwise."""

from __future__ import annotations

import sys
import threading
import time

from .front import Record, pareto_front
from .space import Space


class Progress:
    def __init__(self, space: Space, trials: int) -> None:
        self.space, self.trials = space, trials
        self.is_terminal = sys.stderr.isatty()
        self.started = time.monotonic()
        self.ended = 0  # in this process, for the remaining time
        self.lock = threading.Lock()

    def say(self, text: str) -> None:
        with self.lock:
            self._clear()
            print(f"retort: {text}", file=sys.stderr, flush=True)

    def show(self, records: list[Record], *, is_end_of_trial: bool = False) -> None:
        self.ended += is_end_of_trial
        line = self.line(records)
        with self.lock:
            if self.is_terminal:
                self._clear()
                sys.stderr.write(line[:200])
                sys.stderr.flush()
            elif is_end_of_trial:
                print(line, file=sys.stderr, flush=True)

    def _clear(self) -> None:
        if self.is_terminal:
            sys.stderr.write("\r\x1b[2K")

    def finish(self) -> None:
        with self.lock:
            self._clear()

    def line(self, records: list[Record]) -> str:
        count = {
            state: sum(1 for record in records if record.state == state)
            for state in ("complete", "pruned", "failed", "running")
        }
        done = count["complete"] + count["pruned"] + count["failed"]
        parts = [f"tune: {done}/{self.trials} trials done"]
        parts += [f"{count[state]} {state}" for state in ("running", "pruned", "failed") if count[state]]
        front = pareto_front(records, self.space)
        if front:
            best = ", ".join(
                f"{each.metric} {format_number(value)}"
                for each, value in zip(self.space.objectives, front[0].values, strict=True)
            )
            parts.append(f"best {best}")
            parts.append(f"{len(front)} on the front")
        outside = [record.metrics["outside_training"] for record in records if "outside_training" in record.metrics]
        if outside:
            parts.append(f"{100 * sum(outside) / len(outside):.0f} % outside training")
        if self.ended and done < self.trials:
            seconds = (time.monotonic() - self.started) / self.ended * (self.trials - done)
            parts.append(f"{format_seconds(seconds)} left")
        return ", ".join(parts)


def format_seconds(seconds: float) -> str:
    whole = int(seconds)
    return (
        f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
        if whole >= 3600
        else f"{whole // 60}:{whole % 60:02d}"
    )


def format_number(value: float) -> str:
    """51700000 -> 51.7 M, 67.0712 -> 67.07."""
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e4, " k")):
        if abs(value) >= size:
            return f"{value / (1e3 if unit == ' k' else size):.4g}{unit}"
    return f"{value:.4g}"
