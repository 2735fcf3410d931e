#!/usr/bin/env python3
"""Speedup by threads: retort on one core (`taskset`) and on several, alternating, on the same sequences.

    python bench/compare_threads.py --data_dir DATA [--rows train-squad-bert-base] [--precision bf16] [--steps 8] [--rounds 3]

Out: a table with throughput and ratio (median, minimum and maximum over the rounds); the last line is JSON. Needs no peer.
`--threads` is the larger number (default: all cores); the cores are the first ones that this process may use.
"""
import argparse
import os

import sample
import side_by_side

ROWS = {  # name -> command, task, size, batch
    "train-squad-bert-base": ("train", "squad", "bert-base", 8),
    "train-squad-minilm": ("train", "squad", "minilm", 16),
    "infer-squad-bert-base": ("infer", "squad-dev", "bert-base", 8),
    "infer-squad-minilm": ("infer", "squad-dev", "minilm", 16),
}


def side(args, row, made, threads):
    command, task, size, batch = row
    is_training = command == "train"
    flags = {"model": side_by_side.PRESETS[size], "vocab_file": made.vocab_file, "task": "squad",
             "train_file" if is_training else "dev_file": made.source, "steps": args.steps, "precision": args.precision,
             f"per_device_{'train' if is_training else 'eval'}_batch_size": batch, "max_seq_length": sample.TASKS[task].max_length}
    cores = ",".join(str(core) for core in sorted(os.sched_getaffinity(0))[:threads])

    def run(round_index):
        own = {**flags, "seed": round_index} if is_training else flags  # inference uses no random numbers
        return side_by_side.run_retort(args, ["bench", command, "--no_use_cache"], own, threads, cores)

    return side_by_side.Side(f"retort, {threads} thread{'s' if threads > 1 else ''}", run)


def compare(args, name):
    _, task, _, batch = ROWS[name]
    with side_by_side.scratch() as folder:
        made = side_by_side.make_sample(args, task, batch, args.steps, folder)
        sides = [side(args, ROWS[name], made, args.threads), side(args, ROWS[name], made, 1)]
        side_by_side.run_in_turn(sides, args.rounds)
    result = {"row": name, "data": made.origin, "mean_length": round(made.mean_length, 1), "sides": side_by_side.summarize(sides)}
    return result, [run for each in sides for run in each.runs]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    side_by_side.add_common_flags(parser, ROWS)
    parser.add_argument("--steps", type=int, default=8, help="timed steps, after one warm-up step (default: 8)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", choices=["bf16", "fp32"], default="bf16")
    args = side_by_side.finish_flags(parser, ROWS)
    cores = len(os.sched_getaffinity(0))
    if not 2 <= args.threads <= cores:
        parser.error(f"`--threads` must be from 2 to {cores}, the cores there are, but is {args.threads}")
    results, runs = zip(*(compare(args, name) for name in args.rows))
    side_by_side.report(args, f"Threads, {args.precision}", side_by_side.describe_machine(args, runs),
                        side_by_side.comparison_table(results),
                        {"benchmark": "threads", "precision": args.precision, "steps": args.steps, "rounds": args.rounds, "rows": results})


if __name__ == "__main__":
    main()
