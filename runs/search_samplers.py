#!/usr/bin/env python3
"""Compares samplers of `retort tune` on the demo's question world: hypervolume after each of 60 trials, three seeds.

In:  the folder of `retort demo --passages 700` (its teacher is also the student's start), the program.
Out: OUT/samplers.json and OUT/samplers.svg, and the table of docs/search.md on standard output.
    python3 runs/search_samplers.py --demo retort-demo --output_dir OUT [--seeds 1 2 3] [--samplers random tpe gp]
Studies that are there already are continued, so the script can be stopped and called again. The hypervolume of all studies has one
corner (exact 5, the full student's size) and one scale. GP needs torch: RETORT_TUNE_PYTHON names an environment with it.
"""

import argparse
import csv
import json
import os
import pathlib
import statistics
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
THRESHOLD, FULL_SIZE = 5.0, 22_566_146.0  # exact; parameters of MiniLM-L6 with a head for questions
SPACE = {
    "fixed": {
        "max_steps": 8,
        "max_train_examples": 128,
        "max_eval_examples": 80,
        "max_seq_length": 192,
        "seed": 1,
        "threads": 1,
    },
    "parameters": {
        "learning_rate": {"type": "double", "range": [2e-6, 1e-1], "transform": "log"},
        "beta_1": {"type": "double", "range": [0.7, 0.9999]},
        "beta_2": {"type": "double", "range": [0.7, 0.9999]},
        "alpha_ce": {"type": "double", "range": [1e-7, 1.0]},
        "temperature": {"type": "int", "range": [1, 10]},
        "dropout": {"type": "double", "range": [0.0, 1.0]},
        "n_layers": {"type": "int", "range": [1, 6]},
        "n_heads": {"type": "int", "range": [1, 12]},
        "pruning_seed": {"type": "int", "range": [1, 100]},
        "per_device_train_batch_size": {"type": "int", "range": [4, 16]},
    },
    "derived": {"alpha_squad": "1 - alpha_ce"},
    "default": {"dropout": 0.1, "n_layers": 6, "n_heads": 12},
    "objectives": {
        "exact": {"direction": "maximize", "threshold": THRESHOLD},
        "num_parameters": {"direction": "minimize"},
    },
    "store": ["f1"],
}


def run_study(arguments, space, sampler, seed):
    demo, out = arguments.demo, arguments.output_dir / f"{sampler}-{seed}"
    command = [
        str(ROOT / "build" / "retort"),
        "tune",
        "--space",
        str(space),
        "--study_name",
        "world",
        "--trials",
        str(arguments.trials),
        "--sampler",
        sampler,
        "--seed",
        str(seed),
    ]
    command += [
        "--output_dir",
        str(out),
        "--parallel",
        str(arguments.parallel),
        "--keep",
        "best",
        "--model",
        f"{demo}/model",
        "--teacher",
        f"{demo}/model",
    ]
    command += [
        "--train_file",
        f"{demo}/train.json",
        "--dev_file",
        f"{demo}/dev.json",
        "--teacher_cache",
        str(arguments.output_dir / "teacher_cache"),
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return read_history(out / "trials.csv")


def read_history(path):
    """The share of the box between corner and ideal point (100, no parameters) that the front covers, after each trial."""
    history, points = [], []
    for row in csv.DictReader(path.open(encoding="utf-8")):
        if row["state"] == "complete" and float(row["exact"]) > THRESHOLD:
            points.append((float(row["num_parameters"]), float(row["exact"])))
        history.append(area(points) / ((100 - THRESHOLD) * FULL_SIZE))
    return history


def area(points):
    """Below the front: for each size, the best score of equal or smaller size."""
    total, best, sizes = 0.0, THRESHOLD, sorted(points)
    for (size, score), (following, _) in zip(sizes, [*sizes[1:], (FULL_SIZE, 0)], strict=True):
        best = max(best, score)
        total += max(0.0, min(following, FULL_SIZE) - size) * (best - THRESHOLD)
    return total


def table(results, trials):
    yield (
        f"| sampler | seeds | hypervolume after {trials // 2} trials | after {trials} | trials to random's value after"
        f" {trials} |"
    )
    yield "|---|---|---|---|---|"
    target = statistics.mean(history[-1] for history in results["random"].values()) if "random" in results else None
    for sampler, histories in results.items():
        ends = [history[-1] for history in histories.values()]
        halves = [history[trials // 2 - 1] for history in histories.values()]
        mean = [statistics.mean(each) for each in zip(*histories.values(), strict=True)]
        reached = next(
            (str(index + 1) for index, value in enumerate(mean) if target is not None and value >= target), "–"
        )
        yield f"| {sampler} | {len(ends)} | {spread(halves)} | {spread(ends)} | {reached} |"


def spread(values):
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.3f} ± {deviation:.3f}"


def plot(results, trials):
    """Means as lines, the seeds as bands."""
    width, height, left, bottom = 720, 380, 60, 330
    top_value = max(max(history) for histories in results.values() for history in histories.values()) * 1.05
    colors = {"random": "#8a94a6", "tpe": "#2563a8", "gp": "#c2410c", "nsga2": "#3f8f4f", "qmc": "#8b5cf6"}

    def point(index, value):
        return (
            f"{left + (index + 1) / trials * (width - left - 20):.1f},{bottom - value / top_value * (bottom - 20):.1f}"
        )

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif"'
        f' font-size="13"><rect width="{width}" height="{height}" fill="#fff"/>'
    ]
    for tick in range(0, int(top_value * 10) + 1):
        y = bottom - tick / 10 / top_value * (bottom - 20)
        parts.append(
            f'<path d="M{left},{y:.1f}H{width - 20}" stroke="#e3e7ee"/><text x="{left - 8}" y="{y + 4:.1f}"'
            f' text-anchor="end" fill="#555">{tick / 10:.1f}</text>'
        )
    for tick in range(0, trials + 1, 10):
        x = left + tick / trials * (width - left - 20)
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle" fill="#555">{tick}</text>')
    for row, (sampler, histories) in enumerate(results.items()):
        columns = list(zip(*histories.values(), strict=True))
        color = colors.get(sampler, "#000")
        band = [point(index, max(column)) for index, column in enumerate(columns)] + [
            point(index, min(column)) for index, column in reversed(list(enumerate(columns)))
        ]
        parts.append(f'<polygon points="{" ".join(band)}" fill="{color}" opacity="0.13"/>')
        parts.append(
            "<polyline"
            f' points="{" ".join(point(index, statistics.mean(column)) for index, column in enumerate(columns))}"'
            f' fill="none" stroke="{color}" stroke-width="2.2"/>'
        )
        parts.append(f'<text x="{left + 16}" y="{36 + 18 * row}" fill="{color}">{sampler}</text>')
    parts.append(
        f'<text x="{(left + width) / 2}" y="{height - 10}" text-anchor="middle">trials</text><text'
        f' transform="translate(16,{bottom / 2}) rotate(-90)" text-anchor="middle">hypervolume</text></svg>'
    )
    return "".join(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demo", type=pathlib.Path, required=True)
    parser.add_argument("--output_dir", type=pathlib.Path, required=True)
    parser.add_argument("--samplers", nargs="+", default=["random", "tpe", "gp"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--parallel", type=int, default=min(2, os.cpu_count() or 1))
    arguments = parser.parse_args()
    arguments.output_dir.mkdir(parents=True, exist_ok=True)
    space = arguments.output_dir / "space.json"
    space.write_text(json.dumps(SPACE, indent=2))
    results = {}
    for seed in arguments.seeds:
        for sampler in arguments.samplers:
            results.setdefault(sampler, {})[seed] = run_study(arguments, space, sampler, seed)
            (arguments.output_dir / "samplers.json").write_text(json.dumps(results))
    (arguments.output_dir / "samplers.svg").write_text(plot(results, arguments.trials))
    print("\n".join(table(results, arguments.trials)))


if __name__ == "__main__":
    main()
