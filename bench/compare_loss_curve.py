#!/usr/bin/env python3
"""The loss of the first steps of pre-training, compared with Hugging Face transformers on the same instances and starting weights.

    python bench/compare_loss_curve.py --peer_python peers/bin/python --instances PHASE1 --vocab_file vocab.txt [--steps 300] [--svg curve.svg]

`--instances` is a folder of `retort data instances` with at least steps x batch rows. Each program takes them in a random order of its own,
so single losses differ by the noise of a batch: the table compares means over `--window` steps, and gives the noise of such a mean,
estimated from the differences of neighboring losses. The last line is JSON.
"""
import argparse
import json
import math
import pathlib
import statistics

import side_by_side

PACKAGES = ["torch", "transformers", "h5py"]


def peer_job(args, folder, action):
    keys = ("instances", "steps", "batch", "learning_rate", "warmup_steps", "layers", "hidden", "dropout", "precision", "seed")
    return {"packages": PACKAGES, "action": action, "model": str(folder / "model"), **{key: getattr(args, key) for key in keys}}


def own_losses(args, folder):
    side_by_side.run_retort(args, ["pretrain"], {
        "objective": "mlm_nsp", "model": folder / "model", "vocab_file": args.vocab_file, "data_dir": args.instances,
        "output_dir": folder / "run", "cache_dir": folder / "cache", "max_steps": args.steps, "per_device_train_batch_size": args.batch,
        "optimizer": "adamw", "adam_beta2": 0.999, "adam_epsilon": 1e-6, "weight_decay": 0.01, "lr_scheduler_type": "linear",
        "learning_rate": args.learning_rate, "warmup_steps": args.warmup_steps, "precision": args.precision, "seed": args.seed,
        "logging_steps": 1, "save_steps": 0})
    with open(folder / "run" / "train_log.jsonl", encoding="utf-8") as file:
        events = [json.loads(line) for line in file]
    return [event["loss"] for event in events if event["event"] == "train"]


def noise_of_mean(losses, window):
    """Standard deviation of a mean over `window` losses; differences of neighbors do not see the descent of the curve."""
    steps = [b - a for a, b in zip(losses, losses[1:])]
    return statistics.pstdev(steps) / math.sqrt(2 * window)


def compare(own, peer, window):
    rows = []
    for begin in range(0, len(own) - window + 1, window):
        a, b = own[begin:begin + window], peer[begin:begin + window]
        noise = math.hypot(noise_of_mean(a, window), noise_of_mean(b, window))
        rows.append({"first_step": begin + 1, "retort": statistics.mean(a), "transformers": statistics.mean(b), "noise": noise})
    return rows


def table(rows, window):
    header = ["steps", "retort", "transformers", "difference", "noise of the difference"]
    return side_by_side.markdown_table(header, [
        [f"{row['first_step']}–{row['first_step'] + window - 1}", f"{row['retort']:.3f}", f"{row['transformers']:.3f}",
         f"{row['retort'] - row['transformers']:+.3f}", f"{row['noise']:.3f}"] for row in rows])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    side_by_side.add_common_flags(parser, [])
    side_by_side.add_peer_flags(parser, ["transformers"], ["transformers"])
    parser.add_argument("--instances", required=True)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--learning_rate", type=float, default=1e-3)
    parser.add_argument("--warmup_steps", type=int, default=30)
    parser.add_argument("--precision", choices=["bf16", "fp32"], default="bf16")
    parser.add_argument("--window", type=int, default=25, help="steps of a mean (default: 25)")
    parser.add_argument("--svg", default="", help="write the two curves to this file; needs matplotlib in the peers' Python")
    args = side_by_side.finish_flags(parser, [], ["transformers"])
    with side_by_side.scratch() as name:
        folder = pathlib.Path(name)
        side_by_side.run_peer(args, "peer_loss_curve", peer_job(args, folder, "make"))
        own = own_losses(args, folder)
        peer = side_by_side.run_peer(args, "peer_loss_curve", peer_job(args, folder, "train"))["losses"]
    rows = compare(own, peer, args.window)
    if args.svg:
        side_by_side.run_peer(args, "plot_curves", {
            "packages": ["matplotlib"], "svg": args.svg, "title": f"BERT, {args.layers} layers of {args.hidden}, from the same weights",
            "curves": [{"label": label, "panel": 0, "steps": list(range(1, args.steps + 1)), "values": values}
                       for label, values in (("retort", own), ("transformers", peer))]})
    side_by_side.report(args, f"First {args.steps} steps, {args.precision}", side_by_side.describe_machine(args, []), table(rows, args.window),
                        {"benchmark": "loss_curve", "window": args.window, "rows": rows})


if __name__ == "__main__":
    main()
