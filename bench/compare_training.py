#!/usr/bin/env python3
"""Training speed of retort compared with Hugging Face transformers: alternating runs on the same sequences.

    python bench/compare_training.py --peer_python peers/bin/python --data_dir DATA [--rows squad-bert-base,mrpc-bert-base]
        [--precision bf16] [--steps 20] [--rounds 3] [--markdown docs/performance.md]

In:  a folder with the files of SQuAD and GLUE (see sample.py); missing files are replaced by synthetic sequences with the published lengths.
Out: a table with throughput, peak memory, utilization and, for each configuration of the peer, the ratio of retort's real tokens per second to its own
     (median, minimum and maximum over the rounds); the last line is JSON.
"transformers" is the peer in its best configuration, "transformers-padded" that of published scripts (peer_training.py). The first step of each program
is not timed. All programs train random weights: speed does not depend on the values.
"""
import argparse
import dataclasses
import pathlib

import sample
import side_by_side

PEERS = {"transformers": "longest", "transformers-padded": "max"}  # name -> padding
PACKAGES = ["torch", "transformers"]


@dataclasses.dataclass(frozen=True)
class Row:
    task: str
    size: str
    batch: int
    teacher: str = ""
    is_cached: bool = False  # retort reads cached teacher outputs; the peer's teacher computes in every step


ROWS = {
    "squad-bert-base": Row("squad", "bert-base", 8),
    "mrpc-bert-base": Row("mrpc", "bert-base", 16),
    "sst-2-bert-base": Row("sst-2", "bert-base", 32),
    "squad-minilm": Row("squad", "minilm", 16),
    "squad-distilbert": Row("squad", "distilbert", 8),
    "squad-distilbert-from-bert-base": Row("squad", "distilbert", 8, "bert-base"),
    "squad-distilbert-from-bert-base-cached": Row("squad", "distilbert", 8, "bert-base", is_cached=True),
}
DEFAULT_ROWS = [name for name in ROWS if name != "squad-distilbert"]


def retort_side(args, row, made):
    def run(round_index):
        flags = {"model": side_by_side.PRESETS[row.size], "vocab_file": made.vocab_file, "task": row.task,
                 "max_seq_length": sample.TASKS[row.task].max_length, "per_device_train_batch_size": row.batch, "steps": args.steps,
                 "precision": args.precision, "seed": round_index,
                 "train_file" if row.task == "squad" else "data_dir": made.source}
        if row.teacher:
            if not side_by_side.retort_knows(args, ["bench", "train"], "teacher"):
                raise side_by_side.Missing("this `retort bench train` has no flag `--teacher`")
            flags["teacher"] = side_by_side.PRESETS[row.teacher]
            if row.is_cached:
                flags["teacher_cache"] = str(pathlib.Path(made.features).parent / "teacher")
        return side_by_side.run_retort(args, ["bench", "train", "--no_use_cache"], flags)

    return side_by_side.Side("retort", run)


def peer_side(args, row, made, name):
    job = {"packages": PACKAGES, "task": row.task, "size": row.size, "teacher": row.teacher, "batch": row.batch,
           "precision": args.precision, "padding": PEERS[name], "padded_steps": args.padded_steps or max(2, args.steps // 4),
           "max_length": sample.TASKS[row.task].max_length, "features": made.features, "mean_length": made.mean_length}
    return side_by_side.Side(name, lambda round_index: side_by_side.run_peer(args, "peer_training", {**job, "round": round_index}))


def compare(args, name):
    row = ROWS[name]
    with side_by_side.scratch() as folder:
        made = side_by_side.make_sample(args, row.task, row.batch, args.steps, folder)
        sides = [retort_side(args, row, made), *(peer_side(args, row, made, peer) for peer in args.peers)]
        side_by_side.run_in_turn(sides, args.rounds)
    result = {"row": name, "data": made.origin, "mean_length": round(made.mean_length, 1), "batch": row.batch,
              "sides": side_by_side.summarize(sides)}
    return result, [run for side in sides for run in side.runs]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    side_by_side.add_common_flags(parser, ROWS, DEFAULT_ROWS)
    side_by_side.add_peer_flags(parser, PEERS, PEERS)
    parser.add_argument("--steps", type=int, default=20, help="timed steps, after one warm-up step (default: 20)")
    parser.add_argument("--padded_steps", type=int, default=0, help="timed steps of the peer padded to the maximum length (default: a quarter of --steps)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", choices=["bf16", "fp32"], default="bf16")
    args = side_by_side.finish_flags(parser, ROWS, PEERS)
    results, runs = zip(*(compare(args, name) for name in args.rows))
    side_by_side.report(args, f"Training, {args.precision}", side_by_side.describe_machine(args, runs),
                        side_by_side.comparison_table(results),
                        {"benchmark": "training", "precision": args.precision, "steps": args.steps, "rounds": args.rounds, "rows": results})


if __name__ == "__main__":
    main()
