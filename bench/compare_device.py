#!/usr/bin/env python3
"""Training speed of retort on a device, in its modes, compared with Hugging Face transformers on the same device.

    python bench/compare_device.py --device cuda --peer_python peers/bin/python [--data_dir DATA] [--batches 8,32,128]
        [--modes eager,graph,lazy] [--size bert-base] [--steps 20] [--rounds 3] [--markdown FILE]

In:  train-v1.1.json of SQuAD in the data folder; if it is missing, synthetic sequences with the published lengths.
Out: a table with a row for each batch: real tokens per second of retort in each mode and of the peer, and the ratio of each mode to the peer
     (median, minimum and maximum over the rounds); the last line is JSON.
The peer is transformers in its best configuration (peer_training.py): bf16 autocast, scaled_dot_product_attention, fused AdamW, sequences grouped
by length and padded to the longest of the batch, on CUDA to a multiple of 8. retort groups by length too. A mode that this program does not have is
reported and left out. `--device cpu` runs everything on the processor, where the modes change no speed.
"""
import argparse

import sample
import side_by_side

PACKAGES = ["torch", "transformers"]
MODES = ["eager", "graph", "lazy"]


def retort_side(args, batch, made, mode):
    def run(round_index):
        words = ["bench", "train"]
        if not side_by_side.retort_knows(args, words, "mode"):
            if mode != "eager":
                raise side_by_side.Missing(f"this `retort bench train` has no flag `--mode`, so not {mode} either")
            chosen = {}
        else:
            chosen = {"mode": mode}
        if args.device != "cpu":  # the whole batch at once; on the processor as many tokens as its caches like
            chosen["max_tokens_per_micro_batch"] = batch * sample.TASKS["squad"].max_length
        flags = {"model": side_by_side.PRESETS[args.size], "vocab_file": made.vocab_file, "task": "squad", "train_file": made.source,
                 "max_seq_length": sample.TASKS["squad"].max_length, "per_device_train_batch_size": batch, "steps": args.steps,
                 "precision": args.precision, "seed": round_index, "device": args.device, "group_by_length": "true", **chosen}
        return side_by_side.run_retort(args, [*words, "--no_use_cache"], flags)

    return side_by_side.Side(f"retort, {mode}", run)


def peer_side(args, batch, made):
    is_cuda = args.device.startswith("cuda")
    job = {"packages": PACKAGES, "task": "squad", "size": args.size, "batch": batch, "precision": args.precision, "padding": "longest",
           "max_length": sample.TASKS["squad"].max_length, "features": made.features, "mean_length": made.mean_length, "device": args.device,
           "multiple": 8 if is_cuda else 1, "warm_up_steps": 3 if is_cuda else 1}
    return side_by_side.Side("transformers", lambda round_index: side_by_side.run_peer(args, "peer_training", {**job, "round": round_index}))


def summarize(sides):
    """A dictionary per program; for all of retort's the ratio to the peer, which is the last."""
    peer = sides[-1]
    summary = []
    for side in sides:
        entry = {"program": side.name, "missing": side.missing}
        entry |= {key: side_by_side.median(side.runs, key) for key in ("seq_s", "tok_s", "utilization")}
        if side is not peer:
            entry["ratio"] = side_by_side.ratio_of(side.runs, peer.runs)
        summary.append({key: value for key, value in entry.items() if value})
    return summary


def table(results):
    header = ["batch (data)", "program", "sequences/s", "tokens/s", "it ÷ transformers: median (min–max)"]
    rows, reasons = [], []
    for result in results:
        for side in result["sides"]:
            name = side_by_side.program_cell(f"batch {result['batch']}", side, reasons)
            rows.append([f"{result['batch']} ({result['data']})", name, side_by_side.write_rate(side.get("seq_s")),
                         side_by_side.write_number(side.get("tok_s")), side_by_side.write_ratio(side.get("ratio"))])
    return side_by_side.markdown_table(header, rows) + ([""] + reasons if reasons else [])


def compare(args, batch):
    with side_by_side.scratch() as folder:
        made = side_by_side.make_sample(args, "squad", batch, args.steps, folder)
        sides = [*(retort_side(args, batch, made, mode) for mode in args.modes), peer_side(args, batch, made)]
        side_by_side.run_in_turn(sides, args.rounds)
    return {"batch": batch, "data": made.origin, "mean_length": round(made.mean_length, 1), "sides": summarize(sides)}, [run for side in sides for run in side.runs]


def positive_list(text):
    numbers = [int(word) for word in text.split(",") if word]
    if not numbers or min(numbers) < 1:
        raise argparse.ArgumentTypeError(f"must be numbers above 0, but is `{text}`")
    return numbers


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    side_by_side.add_common_flags(parser, ["squad"])
    parser.add_argument("--peer_python", required=True, help="python with torch and transformers, and the device's libraries")
    parser.add_argument("--device", default="cuda", help="cuda, cuda:N or cpu, of both programs (default: cuda)")
    parser.add_argument("--modes", default=",".join(MODES), help=f"comma-separated, of {', '.join(MODES)}")
    parser.add_argument("--batches", type=positive_list, default=[8, 32, 128], help="sequences of a step (default: 8,32,128)")
    parser.add_argument("--size", choices=[name for name in side_by_side.PRESETS if name != "distilbert"], default="bert-base")
    parser.add_argument("--steps", type=int, default=20, help="timed steps, after those to warm up (default: 20)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", choices=["bf16", "fp32"], default="bf16")
    args = side_by_side.finish_flags(parser, ["squad"])
    args.modes = [mode for mode in args.modes.split(",") if mode]
    if unknown := [mode for mode in args.modes if mode not in MODES]:
        parser.error(f"`--modes` must name some of {', '.join(MODES)}, but has `{unknown[0]}`")
    results, runs = zip(*(compare(args, batch) for batch in args.batches))
    machine = side_by_side.describe_machine(args, runs)
    names = {run["device_name"] for row in runs for run in row if "device_name" in run}
    device = ", ".join(sorted(names)) or args.device
    side_by_side.report(args, f"Training on {device}, {args.size}, {args.precision}", machine, table(results),
                        {"benchmark": "device", "device": device, "precision": args.precision, "size": args.size, "steps": args.steps,
                         "rounds": args.rounds, "rows": results})


if __name__ == "__main__":
    main()
