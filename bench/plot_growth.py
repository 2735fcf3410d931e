"""Plots the points of cost_of_growth.py; reads a job on standard input. Needs a Python with matplotlib.

One column per sweep (length, batch), one row per mode; logarithmic axes; one color per model, one thread dashed.
"""
import json
import sys

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402  (the backend is chosen first)


def main():
    job = json.load(sys.stdin)
    with open(job["points"], encoding="utf-8") as file:
        points = [point for point in map(json.loads, file) if point["precision"] == job["precision"] and "tok_s" in point]
    if not points:
        sys.exit("no point was measured")
    modes, models = (list(dict.fromkeys(point[key] for point in points)) for key in ("mode", "model"))
    most_threads = max(point["threads"] for point in points)
    matplotlib.rcParams["svg.hashsalt"] = "retort"  # the same points give the same file
    figure, axes = pyplot.subplots(len(modes), 2, figsize=(11, 4.2 * len(modes)), squeeze=False, layout="constrained")
    for row, mode in enumerate(modes):
        for column, (swept, fixed, value) in enumerate((("length", "batch", job["fixed_batch"]), ("batch", "length", job["fixed_length"]))):
            panel = axes[row][column]
            for color, model in enumerate(models):
                for threads in sorted({point["threads"] for point in points}):
                    line = sorted((point[swept], point["seconds_per_million_tokens"]) for point in points
                                  if (point["mode"], point["model"], point["threads"], point[fixed]) == (mode, model, threads, value))
                    if line:
                        panel.plot(*zip(*line), f"C{color}o" + ("-" if threads == most_threads else "--"), markersize=3,
                                   label=f"{model}, {threads} thread{'s' if threads > 1 else ''}")
            ticks = sorted({point[swept] for point in points if point[fixed] == value})
            panel.set_xscale("log", base=2)
            panel.set_yscale("log")
            panel.set_xticks(ticks, [str(tick) for tick in ticks])
            panel.set_xlabel("tokens of a sequence" if swept == "length" else "sequences of a batch")
            panel.set_title(f"{'training' if mode == 'train' else 'inference'}, {fixed} {value}")
            panel.grid(alpha=0.3)
        axes[row][0].set_ylabel("seconds per million tokens")
    axes[0][1].legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.01, 1))
    figure.savefig(job["picture"], metadata={"Date": None})


if __name__ == "__main__":
    main()
