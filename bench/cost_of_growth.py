#!/usr/bin/env python3
"""Cost by size: seconds per million tokens of retort by sequence length, batch size, model and threads.

    python bench/cost_of_growth.py [--modes train,infer] [--models 4l-312d,bert-base] [--lengths 32,128,512] [--batches 1,8,64]
        [--threads 1,2] [--output_dir docs] [--peer_python peers/bin/python]

In:  no files: `retort bench train|infer --synthetic_length N` generates sequences of exactly N tokens; weights are random.
Out: cost_of_growth.jsonl, one line per point as soon as it is measured (a second call resumes after the last point),
     cost_of_growth.md, the tables, and cost_of_growth.svg (if matplotlib is installed in `--peer_python`).
Two sweeps per model, mode and number of threads: lengths with a batch of `--fixed_batch`, batches with sequences of
`--fixed_length`. The number of steps fills about `--seconds`; a point is skipped and reported when one step would take more
than `--max_step_seconds`, estimated from the previous point.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

import side_by_side

# Name -> preset, parameters in matmuls (for the first estimate of a point's time).
MODELS = {
    "4l-312d": ("preset:bert-4l-312d", 4.6e6),
    "minilm-l6": ("preset:minilm-l6-h384", 10.6e6),
    "distilbert": ("preset:distilbert-base-uncased", 42.5e6),
    "bert-base": ("preset:bert-base-uncased", 84.9e6),
    "bert-large": ("preset:bert-large-uncased", 302e6),
}
GUESSED_FLOPS_PER_THREAD = 1e11
KEY = ("mode", "model", "threads", "length", "batch")
MOST_STEPS = 40


def numbers(text):
    return [int(part) for part in text.split(",")]


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--retort", default=str(side_by_side.HERE.parent / "build" / "retort"))
    parser.add_argument("--retort_flags", default="", help="more flags for retort, separated by spaces")
    parser.add_argument("--modes", default="train,infer", type=lambda text: text.split(","))
    parser.add_argument("--models", default=",".join(MODELS), type=lambda text: text.split(","))
    parser.add_argument("--lengths", default="32,64,128,256,384,512", type=numbers)
    parser.add_argument("--batches", default="1,2,4,8,16,32,64,128,256", type=numbers)
    parser.add_argument("--threads", default=",".join(str(n) for n in (1, 2) if n <= len(os.sched_getaffinity(0))), type=numbers)
    parser.add_argument("--fixed_length", type=int, default=128, help="sequence length of the sweep over batches")
    parser.add_argument("--fixed_batch", type=int, default=8, help="batch size of the sweep over lengths")
    parser.add_argument("--seconds", type=float, default=4, help="approximate seconds to measure per point")
    parser.add_argument("--max_step_seconds", type=float, default=30)
    parser.add_argument("--precision", choices=["bf16", "fp32"], default="bf16")
    parser.add_argument("--output_dir", default=str(side_by_side.HERE.parent / "docs"))
    parser.add_argument("--peer_python", default=os.environ.get("PEER_PYTHON", sys.executable), help="python with matplotlib")
    args = parser.parse_args()
    for flag, allowed in (("modes", ["train", "infer"]), ("models", list(MODELS))):
        for name in getattr(args, flag):
            if name not in allowed:
                parser.error(f"`--{flag}` must name some of {', '.join(allowed)}, but has `{name}`")
    if not side_by_side.retort_knows(args, ["bench", "train"], "synthetic_length"):
        parser.error(f"`--retort` must be a program whose `bench train` has `--synthetic_length`, but {args.retort} is older or absent")
    return args


def points_of(args, model, mode, threads):
    """Each point once, in an order in which the previous point gives a good estimate of its cost."""
    pairs = [(length, args.fixed_batch) for length in args.lengths] + [(args.fixed_length, batch) for batch in args.batches]
    return [dict(zip(KEY, (mode, model, threads, length, batch))) for length, batch in dict.fromkeys(pairs)]


def measure(args, point, steps):
    """A run of retort on the first cores; raises Missing with its reason."""
    is_training = point["mode"] == "train"
    flags = {"model": MODELS[point["model"]][0], "task": "squad", "synthetic_length": point["length"], "max_seq_length": 512,
             "synthetic_rows": point["batch"] * (steps + 1), "steps": steps, "precision": args.precision,
             f"per_device_{'train' if is_training else 'eval'}_batch_size": point["batch"]}
    cores = ",".join(str(core) for core in sorted(os.sched_getaffinity(0))[:point["threads"]])
    return side_by_side.run_retort(args, ["bench", point["mode"]], flags, point["threads"], cores)


def run_point(args, point, seconds_per_token):
    """The point with its measurements, or the reason why there are none; and seconds per token for the next estimate."""
    tokens = point["length"] * point["batch"]
    guess = tokens * seconds_per_token
    if guess > args.max_step_seconds:
        return {**point, "left_out": f"a step would take about {guess:.0f} s"}, seconds_per_token
    steps = max(2, min(MOST_STEPS, round(args.seconds / guess)))
    try:
        run = measure(args, point, steps)
    except side_by_side.Missing as reason:
        return {**point, "left_out": str(reason)}, seconds_per_token
    kept = {key: run[key] for key in ("tok_s", "utilization", "peak_rss_mb", "split_ms", "gemm_gflops") if key in run}
    return {**point, "steps": steps, "seconds_per_million_tokens": 1e6 / run["tok_s"], **kept}, 1 / run["tok_s"]


def run_sweeps(args, path):
    done = {}
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            point = json.loads(line)
            if point["precision"] == args.precision and "tok_s" in point:  # skipped points are tried again
                done[tuple(point[key] for key in KEY)] = point
    with open(path, "a", encoding="utf-8") as file:
        for mode in args.modes:
            for model in args.models:
                for threads in args.threads:
                    guess = (6 if mode == "train" else 2) * MODELS[model][1] / (GUESSED_FLOPS_PER_THREAD * threads)
                    for point in points_of(args, model, mode, threads):
                        key = tuple(point.values())
                        if key not in done:
                            measured, guess = run_point(args, point, guess)
                            done[key] = {"precision": args.precision, **measured}
                            file.write(json.dumps(done[key]) + "\n")
                            file.flush()
                            cost = measured.get("seconds_per_million_tokens")
                            outcome = f"{cost:.1f} s per million tokens" if cost else measured["left_out"]
                            print(*key, outcome, file=sys.stderr, flush=True)
                        elif "tok_s" in done[key]:
                            guess = 1 / done[key]["tok_s"]
    return done


def write_tables(args, done):
    """One table per sweep, mode and number of threads: one line per model, seconds per million tokens (utilization)."""

    def cell(*key):
        point = done.get(key, {})
        cost = point.get("seconds_per_million_tokens")
        return "–" if cost is None else f"{side_by_side.write_rate(cost)} ({point.get('utilization', 0):.2f})"

    lines = ["# Cost by size", "",
             f"Seconds per million tokens, and in parentheses utilization; {args.precision}, random weights, "
             f"{side_by_side.processor_name()}. "
             "– : not measured, for the reason in cost_of_growth.jsonl.", ""]
    for mode in args.modes:
        for threads in args.threads:
            name = f"{'Training' if mode == 'train' else 'Inference'}, {threads} thread{'s' if threads > 1 else ''}"
            for title, header, keys in (
                    (f"{name}, batch {args.fixed_batch}: length", args.lengths, lambda n: (n, args.fixed_batch)),
                    (f"{name}, length {args.fixed_length}: batch", args.batches, lambda n: (args.fixed_length, n))):
                rows = [[model, *(cell(mode, model, threads, *keys(n)) for n in header)] for model in args.models]
                lines += [f"## {title}", "", *side_by_side.markdown_table(["model", *map(str, header)], rows), ""]
    return lines


def draw(args, data, picture):
    """Draws the plot in the Python that has matplotlib; without matplotlib prints a message."""
    job = {"points": str(data), "picture": str(picture), "precision": args.precision, "fixed_batch": args.fixed_batch,
           "fixed_length": args.fixed_length}
    done = subprocess.run([args.peer_python, str(side_by_side.HERE / "plot_growth.py")], input=json.dumps(job), text=True,
                          capture_output=True, check=False)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no output"])[-1]
        print(f"the plot is left out: {reason}", file=sys.stderr)
    return done.returncode == 0


def main():
    args = parse()
    folder = pathlib.Path(args.output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    data, table, picture = (folder / f"cost_of_growth.{suffix}" for suffix in ("jsonl", "md", "svg"))
    done = run_sweeps(args, data)
    lines = write_tables(args, done)
    if draw(args, data, picture):
        lines += [f"![Seconds per million tokens over length and batch]({picture.name})", ""]
    table.write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))
    measured = sum("seconds_per_million_tokens" in point for point in done.values())
    print(json.dumps({"benchmark": "cost_of_growth", "points": len(done), "measured": measured, "data": str(data), "table": str(table)}))


if __name__ == "__main__":
    main()
