#!/usr/bin/env python3
"""The search of docs/search.md on SQuAD v2.0: what its front gains over the default configuration.

In:  SQUAD with train-v2.0.json and dev-v2.0.json, MODEL (MiniLM-L6).
Out: OUT/teacher, OUT/search (study, report.html), OUT/again (the default, the smallest student of at least its score and the best one of at
     most 1.02 times its size, each trained with three more seeds), OUT/gain.json; the table on standard output.
    python3 runs/search_squad2.py --model MODEL --squad_dir SQUAD --output_dir OUT [--trials 40] [--max_steps 300] [--train_examples 20000] [--parallel 2]
A front of single noisy runs flatters itself, so the three are compared by the means of their repetitions. Finished parts are skipped: the
same command continues. The space is configs/tune/minilm-squad2.json.
"""

import argparse
import csv
import json
import pathlib
import statistics
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
RETORT = str(ROOT / "build" / "retort")


def call(*words):
    subprocess.run([RETORT, *map(str, words)], check=True)


def files(arguments):
    folder = arguments.squad_dir
    return ["--train_file", folder / "train-v2.0.json", "--dev_file", folder / "dev-v2.0.json"]


def make_teacher(arguments):
    out = arguments.output_dir / "teacher"
    if not (out / "DONE").exists():
        call("finetune", "squad", "--model", arguments.model, *files(arguments), "--version_2_with_negative", "--max_train_examples", 20000, "--num_train_epochs", arguments.teacher_epochs,
             "--learning_rate", 2e-4, "--per_device_train_batch_size", 32, "--warmup_proportion", 0.1, "--max_eval_examples", 2000, "--save_steps", 100, "--resume", "--output_dir", out)  # fmt: skip
    return out


def search(arguments, teacher):
    out = arguments.output_dir / "search"
    call("tune", "--space", ROOT / "configs" / "tune" / "minilm-squad2.json", "--model", arguments.model, "--teacher", teacher, *files(arguments), "--max_steps", arguments.max_steps,
         "--eval_steps", arguments.max_steps // 2, "--max_train_examples", arguments.train_examples, "--max_eval_examples", arguments.eval_examples, "--study_name", "squad2", "--trials", arguments.trials, "--sampler", arguments.sampler, "--parallel", arguments.parallel, "--output_dir", out)  # fmt: skip
    return out


def choose(out):
    """{role: row of trials.csv}: the default and what beats it."""
    rows = [
        row
        for row in csv.DictReader((out / "trials.csv").open(encoding="utf-8"))
        if row["state"] == "complete" and row["feasible"] == "True"
    ]
    chosen = {}
    default = next(
        (
            row
            for row in csv.DictReader((out / "trials.csv").open(encoding="utf-8"))
            if row["source"] == "default" and row["exact"]
        ),
        None,
    )
    if default is None:
        raise SystemExit("the default configuration has no result")
    score, size = float(default["exact"]), float(default["num_parameters"])
    chosen["default"] = default
    smaller = [row for row in rows if float(row["exact"]) >= score]
    if smaller:
        chosen["smallest of at least its score"] = min(
            smaller, key=lambda row: (float(row["num_parameters"]), -float(row["exact"]))
        )
    better = [row for row in rows if float(row["num_parameters"]) <= 1.02 * size]
    if better:
        chosen["best of at most 1.02 times its size"] = max(better, key=lambda row: float(row["exact"]))
    return chosen


def train_again(arguments, search_dir, trial):
    scores = []
    for seed in arguments.seeds:
        out = arguments.output_dir / "again" / f"{int(trial):05d}-{seed}"
        config = search_dir / "trials" / "squad2" / f"{int(trial):05d}" / "trial.json"
        if not (out / "DONE").exists():
            call("distill", "squad", "--config", config, "--seed", seed, "--overwrite_output_dir", "--output_dir", out)
        scores.append(json.loads((out / "results.json").read_text())["exact"])
    return scores


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--squad_dir", type=pathlib.Path, required=True)
    parser.add_argument("--output_dir", type=pathlib.Path, required=True)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--max_steps", type=int, default=300)
    parser.add_argument("--train_examples", type=int, default=20000, help="of a trial")
    parser.add_argument("--eval_examples", type=int, default=2000, help="of a trial")
    parser.add_argument("--teacher_epochs", type=int, default=2)
    parser.add_argument("--parallel", type=int, default=1)
    parser.add_argument("--sampler", default="auto")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    arguments = parser.parse_args()
    arguments.output_dir.mkdir(parents=True, exist_ok=True)
    search_dir = search(arguments, make_teacher(arguments))
    chosen = choose(search_dir)
    size = float(chosen["default"]["num_parameters"])
    rows = []
    for role, row in chosen.items():
        scores = train_again(arguments, search_dir, row["trial"])
        rows.append({"role": role, "trial": int(row["trial"]), "parameters": float(row["num_parameters"]), "size": float(row["num_parameters"]) / size - 1,
                     "exact_in_search": float(row["exact"]), "HasAns_exact": float(row["HasAns_exact"]), "exact_again": scores})  # fmt: skip
    (arguments.output_dir / "gain.json").write_text(json.dumps(rows, indent=2))
    print(
        "| student | layers, heads | parameters | against the default | exact in the search | exact of 3 seeds"
        " |\n|---|---|---|---|---|---|"
    )
    for row, source in zip(rows, chosen.values(), strict=True):
        spread = statistics.stdev(row["exact_again"]) if len(row["exact_again"]) > 1 else 0.0
        print(
            f"| {row['role']} | {source['params.n_layers']}, {source['params.n_heads']} | {row['parameters'] / 1e6:.2f}"
            f" M | {100 * row['size']:+.1f} % | {row['exact_in_search']:.2f} |"
            f" {statistics.mean(row['exact_again']):.2f} ± {spread:.2f} |"
        )


if __name__ == "__main__":
    main()
