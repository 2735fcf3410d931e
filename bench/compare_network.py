#!/usr/bin/env python3
"""Training by several machines against the network between them: throughput, the hidden share of communication, a fitted model, many machines.

    sudo python bench/compare_network.py --train_file train-v1.1.json --vocab_file vocab.txt [--steps 8] [--points 2:1000:1:0,4:100]

Each process trains in a network namespace of its own with one thread. A point is processes:Mbit/s:ms:loss in percent; 0 Mbit/s is no
limit, the delay is that of one direction. Out: a table with the medians over the steps, the model's error, and its prediction for 64
machines; the last line is JSON. Needs root (slow_network.py). Runs last some seconds each; a busy machine disturbs them, `--nice` helps.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import slow_network

HERE = pathlib.Path(__file__).resolve().parent
POINTS = ("2:0,2:10000,2:1000,2:100,4:0,4:1000,4:100,"
          "2:1000:1:0,2:1000:10:0,2:100:1:0,2:100:10:0,4:100:1:0,4:100:10:0,2:1000:1:0.1,2:1000:1:1,2:100:1:1")
PRESET = "preset:bert-mini"
WARM_UP_STEPS = 2
SEGMENT_BYTES = 1 << 20  # of Gloo's ring, of which two are on the way at once
# The run that is predicted: BERT-base, gradients in float32 or bfloat16.
PARAMETERS = 110e6
LINES = ((1000, 0.1), (10000, 0.1), (10000, 1), (100000, 0.05))  # Mbit/s, ms


class Point:
    def __init__(self, text):
        words = [float(word) for word in text.split(":")] + [0.0] * 3
        self.processes, self.megabits, self.delay_ms, self.loss = int(words[0]), words[1], words[2], words[3] / 100

    def name(self):
        limit = f"{self.megabits:g} Mbit/s" if self.megabits else "no limit"
        return f"{limit}, {self.delay_ms:g} ms, {100 * self.loss:g} %"


def run(args, point, folder):
    out = pathlib.Path(folder, "out")
    flags = {"model": PRESET, "vocab_file": args.vocab_file, "train_file": args.train_file, "max_train_examples": 400, "cache_dir": folder,
             "output_dir": out, "max_steps": args.steps + WARM_UP_STEPS, "per_device_train_batch_size": args.batch, "threads": 1, "save_steps": 0,
             "logging_steps": 1, "bucket_cap_mb": args.bucket_cap_mb}
    words = [args.retort, "finetune", "squad", "--overwrite_output_dir", *(str(word) for flag, value in flags.items() for word in (f"--{flag}", value))]
    cores = sorted(os.sched_getaffinity(0))
    with slow_network.Network(point.processes, int(point.megabits), point.delay_ms, point.loss) as network:
        started = []
        for rank in range(point.processes):
            own = {"RANK": rank, "WORLD_SIZE": point.processes, "MASTER_ADDR": network.address(0), "MASTER_PORT": 29500,
                   "GLOO_SOCKET_IFNAME": network.interface}
            core = str(cores[rank % len(cores)])
            started.append(subprocess.Popen(network.words(rank, ["nice", "-n", str(args.nice), "taskset", "-c", core, *words]),
                                            env={**os.environ, **{name: str(value) for name, value in own.items()}},
                                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        errors = [process.communicate()[1] for process in started]
    if any(process.returncode for process in started):
        sys.exit(f"a process failed at {point.processes} x {point.name()}: {errors}")
    events = [json.loads(line) for line in (out / "train_log.jsonl").read_text(encoding="utf-8").splitlines()]
    steps = [event for event in events if event.get("event") == "train"][WARM_UP_STEPS:]
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    sequences = args.batch * point.processes
    return {"step": statistics.median(sequences / event["sequences_per_second"] for event in steps),
            "communication": statistics.median(event.get("communication_seconds", 0) for event in steps),
            "hidden": statistics.median(event.get("hidden_communication_share", 0) for event in steps),
            "parameters": results["num_parameters"]}


def sent_bytes(processes, gradient_bytes):
    """Of each process, in a ring: all but its own part of the gradients, twice."""
    return 2 * (processes - 1) / processes * gradient_bytes


def delays(processes, gradient_bytes):
    """How often a delay is waited for: once a round of the ring, and once for two segments."""
    return 2 * (processes - 1) + sent_bytes(processes, gradient_bytes) / SEGMENT_BYTES / 2


def features(point, gradient_bytes):
    line_seconds = sent_bytes(point.processes, gradient_bytes) * 8 / (point.megabits * 1e6) if point.megabits else 0
    return line_seconds, delays(point.processes, gradient_bytes) * point.delay_ms / 1000


def fit(points, runs):
    """Least squares of what a line adds to the communication without a limit: a x seconds of the line + b x seconds of its delays."""
    free = {point.processes: run["communication"] for point, run in zip(points, runs) if not point.megabits}
    rows = [(*features(point, 4 * run["parameters"]), run["communication"] - free[point.processes])
            for point, run in zip(points, runs) if point.megabits and not point.loss]
    xx, xy, yy = (sum(row[i] * row[j] for row in rows) for i, j in ((0, 0), (0, 1), (1, 1)))
    xt, yt = (sum(row[i] * row[2] for row in rows) for i in (0, 1))
    if xx * yy - xy * xy <= 0:
        return xt / xx, 0.0
    return (xt * yy - yt * xy) / (xx * yy - xy * xy), (yt * xx - xt * xy) / (xx * yy - xy * xy)


def predicted_step(work, hideable, communication):
    return max(work, (1 - hideable) * work + communication)


def fit_hideable(points, runs):
    """The share of a step's work during which gradients can travel: the value with the least squared error of the steps."""
    def error(share):
        return sum((predicted_step(work[point.processes], share, run["communication"]) - run["step"]) ** 2 for point, run in zip(points, runs))
    work = {point.processes: run["step"] - (1 - run["hidden"]) * run["communication"] for point, run in zip(points, runs) if not point.megabits}
    return min((i / 100 for i in range(100)), key=error), work


def table(points, runs, coefficients, share, work, args):
    free = {point.processes: run["communication"] for point, run in zip(points, runs) if not point.megabits}
    lines = ["| processes | line | sequences/s | step s | communication s | hidden | predicted step s |", "|---|---|---|---|---|---|---|"]
    for point, run in zip(points, runs):
        line, delay = features(point, 4 * run["parameters"])
        communication = free[point.processes] + coefficients[0] * line + coefficients[1] * delay
        guess = f"{predicted_step(work[point.processes], share, communication):.2f}" if not point.loss else ""
        lines.append(f"| {point.processes} | {point.name()} | {args.batch * point.processes / run['step']:.1f} | {run['step']:.2f} |"
                     f" {run['communication']:.2f} | {100 * run['hidden']:.0f} % | {guess} |")
    return lines


def prediction(coefficients, share, machines=64):
    lines = ["| line | gradients | a step of 1 s | of 4 s | of 16 s |", "|---|---|---|---|---|"]
    for megabits, delay_ms in LINES:
        for name, element_bytes in (("fp32", 4), ("bf16", 2)):
            point = Point(f"{machines}:{megabits}:{delay_ms}")
            line, delay = features(point, element_bytes * PARAMETERS)
            communication = coefficients[0] * line + coefficients[1] * delay
            # Gradients in 16 bits are sent after the backward pass.
            shares = [seconds / predicted_step(seconds, share if element_bytes == 4 else 0, communication) for seconds in (1, 4, 16)]
            lines.append(f"| {megabits / 1000:g} Gbit/s, {delay_ms:g} ms | {name} | " + " | ".join(f"{100 * value:.0f} %" for value in shares) + " |")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train_file", required=True, help="SQuAD v1.1")
    parser.add_argument("--vocab_file", required=True)
    parser.add_argument("--retort", default=str(HERE.parent / "build" / "retort"))
    parser.add_argument("--points", default=POINTS, help="processes:Mbit/s:ms:loss, comma-separated; each number of processes once without a limit")
    parser.add_argument("--steps", type=int, default=8, help=f"measured steps of each run, after {WARM_UP_STEPS} (default: 8)")
    parser.add_argument("--batch", type=int, default=8, help="sequences of each process (default: 8)")
    parser.add_argument("--bucket_cap_mb", type=int, default=4)
    parser.add_argument("--nice", type=int, default=0, help="of the training processes; negative on a busy machine")
    parser.add_argument("--markdown", default="", help="append the tables to this file")
    args = parser.parse_args()
    if reason := slow_network.why_not():
        sys.exit(f"network namespaces are needed, but {reason}")
    points = [Point(text) for text in args.points.split(",")]
    missing = {point.processes for point in points} - {point.processes for point in points if not point.megabits}
    if missing:
        parser.error(f"`--points` must have each number of processes without a limit, but {sorted(missing)} are missing")
    with tempfile.TemporaryDirectory() as folder:
        run(args, Point("1:0"), folder)  # makes the features
        runs = []
        for point in points:
            runs.append(run(args, point, folder))
            print(point.processes, point.name(), runs[-1], file=sys.stderr)
    coefficients = fit(points, runs)
    share, work = fit_hideable(points, runs)
    text = [*table(points, runs, coefficients, share, work, args), "",
            f"communication = that without a limit + {coefficients[0]:.2f} x line + {coefficients[1]:.2f} x delays; hideable: {100 * share:.0f} % of the work", "",
            *prediction(coefficients, share)]
    print("\n".join(text))
    if args.markdown:
        with open(args.markdown, "a", encoding="utf-8") as file:
            file.write("\n".join(text) + "\n")
    print(json.dumps({"benchmark": "network", "coefficients": coefficients, "hideable": share,
                      "runs": [{"point": vars(point), **measured} for point, measured in zip(points, runs)]}))


if __name__ == "__main__":
    main()
