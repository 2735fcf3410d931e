#!/usr/bin/env python3
"""Pre-training speed of retort compared with Hugging Face transformers: masked tokens and next sentence, sequences of full length.

    python bench/compare_pretraining.py --peer_python peers/bin/python [--rows bert-base-128,bert-base-512] [--precision bf16] [--steps 6] [--rounds 3]

Out: a table with throughput, peak memory, utilization and the ratio of retort's tokens per second to the peer's (median, minimum and
maximum over the rounds); the last line is JSON.
Nearly all instances of the published pre-training data have the full length, so all sequences here have; every seventh token is to be
predicted. The peer is BertForPreTraining with bf16 autocast, fused AdamW and scaled_dot_product_attention; it computes the vocabulary's
logits of all tokens, retort those of the masked ones. The first step of each program is not timed.
"""
import argparse
import dataclasses
import json
import pathlib
import random

import sample
import side_by_side

PEERS = {"transformers": "longest"}
PACKAGES = ["torch", "transformers"]


@dataclasses.dataclass(frozen=True)
class Row:
    size: str
    length: int
    batch: int


ROWS = {
    "bert-base-128": Row("bert-base", 128, 32),
    "bert-base-512": Row("bert-base", 512, 8),
    "minilm-128": Row("minilm", 128, 64),
}
DEFAULT_ROWS = ["bert-base-128", "bert-base-512"]


def write_features(row, steps, path):
    """Random sequences of the row's length, one [ids, types] a line, for one warm-up batch and `steps` more."""
    rng = random.Random(0)
    half = row.length // 2
    with open(path, "w", encoding="utf-8") as file:
        for _ in range(row.batch * (steps + 1)):
            ids = [sample.CLS, *(rng.randrange(1000, sample.VOCABULARY_SIZE) for _ in range(row.length - 2)), sample.SEP]
            file.write(json.dumps([ids, [0] * half + [1] * (row.length - half)]) + "\n")


def compare(args, name):
    row = ROWS[name]
    with side_by_side.scratch() as folder:
        folder = pathlib.Path(folder)
        vocabulary = args.vocab_file or str(folder / "vocab.txt")
        if not args.vocab_file:
            sample.write_made_vocabulary(folder / "vocab.txt")
        write_features(row, args.steps, folder / "features.jsonl")

        def own(round_index):
            return side_by_side.run_retort(args, ["bench", "train"], {
                "model": side_by_side.PRESETS[row.size], "vocab_file": vocabulary, "task": "pretraining", "synthetic_length": row.length,
                "per_device_train_batch_size": row.batch, "steps": args.steps, "precision": args.precision, "seed": round_index})

        def peer(round_index):
            return side_by_side.run_peer(args, "peer_training", {
                "packages": PACKAGES, "task": "pretraining", "size": row.size, "teacher": "", "batch": row.batch, "precision": args.precision,
                "padding": PEERS["transformers"], "padded_steps": args.steps, "max_length": row.length, "features": str(folder / "features.jsonl"),
                "mean_length": row.length, "round": round_index})

        sides = [side_by_side.Side("retort", own), *(side_by_side.Side(each, peer) for each in args.peers)]
        side_by_side.run_in_turn(sides, args.rounds)
    result = {"row": name, "data": "made up", "mean_length": row.length, "batch": row.batch, "sides": side_by_side.summarize(sides)}
    return result, [run for side in sides for run in side.runs]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    side_by_side.add_common_flags(parser, ROWS, DEFAULT_ROWS)
    side_by_side.add_peer_flags(parser, PEERS, PEERS)
    parser.add_argument("--steps", type=int, default=6, help="timed steps, after one warm-up step (default: 6)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", choices=["bf16", "fp32"], default="bf16")
    args = side_by_side.finish_flags(parser, ROWS, PEERS)
    results, runs = zip(*(compare(args, name) for name in args.rows))
    side_by_side.report(args, f"Pre-training, {args.precision}", side_by_side.describe_machine(args, runs), side_by_side.comparison_table(results),
                        {"benchmark": "pretraining", "precision": args.precision, "steps": args.steps, "rounds": args.rounds, "rows": results})


if __name__ == "__main__":
    main()
