#!/usr/bin/env python3
"""Cost of the OpenMP wait policy: retort with its own setting and with libgomp's default, on an idle machine and with a busy loop on each core.

    python bench/compare_waiting.py [--rows train-squad-minilm] [--steps 8] [--rounds 3]

Out: a table with throughput and ratio to the first (median, minimum and maximum over the rounds); the last line is JSON. Needs no
peer. The busy loops are subprocesses, one per core that this process may use, and end with the run.
"""
import argparse
import contextlib
import multiprocessing
import os

import compare_threads
import side_by_side

LIBGOMP_DEFAULT = "300000"  # spins before a thread sleeps, when OMP_WAIT_POLICY is not set


def spin():
    while True:
        pass


@contextlib.contextmanager
def busy_loops(count):
    loops = [multiprocessing.Process(target=spin, daemon=True) for _ in range(count)]
    for loop in loops:
        loop.start()
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()


@contextlib.contextmanager
def spin_count(value):
    """Sets GOMP_SPINCOUNT for subprocesses; "" keeps the setting of retort."""
    if value:
        os.environ["GOMP_SPINCOUNT"] = value
    try:
        yield
    finally:
        os.environ.pop("GOMP_SPINCOUNT", None)


def side(args, row, made, is_busy, spins):
    plain = compare_threads.side(args, row, made, args.threads)

    def run(round_index):
        with spin_count(spins), busy_loops(len(os.sched_getaffinity(0)) if is_busy else 0):
            return plain.run(round_index)

    return side_by_side.Side(f"{'busy' if is_busy else 'quiet'}, {'spinning as libgomp does' if spins else 'as retort does'}", run)


def compare(args, name):
    command, task, size, batch = compare_threads.ROWS[name]
    with side_by_side.scratch() as folder:
        made = side_by_side.make_sample(args, task, batch, args.steps, folder)
        sides = [side(args, (command, task, size, batch), made, is_busy, spins)
                 for is_busy in (False, True) for spins in ("", LIBGOMP_DEFAULT)]
        side_by_side.run_in_turn(sides, args.rounds)
    result = {"row": name, "data": made.origin, "mean_length": round(made.mean_length, 1), "sides": side_by_side.summarize(sides)}
    return result, [run for each in sides for run in each.runs]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    side_by_side.add_common_flags(parser, compare_threads.ROWS, ["train-squad-minilm"])
    parser.add_argument("--steps", type=int, default=8, help="timed steps, after one warm-up step (default: 8)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", choices=["bf16", "fp32"], default="bf16")
    args = side_by_side.finish_flags(parser, compare_threads.ROWS)
    results, runs = zip(*(compare(args, name) for name in args.rows))
    side_by_side.report(args, f"Waiting threads, {args.precision}", side_by_side.describe_machine(args, runs),
                        side_by_side.comparison_table(results),
                        {"benchmark": "waiting", "precision": args.precision, "steps": args.steps, "rounds": args.rounds, "rows": results})


if __name__ == "__main__":
    main()
