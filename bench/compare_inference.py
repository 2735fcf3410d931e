#!/usr/bin/env python3
"""Inference speed of retort compared with transformers, ONNX Runtime and OpenVINO: alternating runs on the same sequences.

    python bench/compare_inference.py --peer_python peers/bin/python --data_dir DATA [--peers openvino-bf16,transformers-autocast]
        [--precision bf16] [--steps 40] [--rounds 3] [--markdown docs/performance.md]

In:  dev-v1.1.json of SQuAD in the data folder; if it is missing, synthetic sequences with the published lengths.
Out: a table with real tokens per second, batch latencies, peak memory, and the ratio of retort to each peer (median,
     minimum and maximum over the rounds); the last line is JSON.
`--precision` is retort's precision (and the default of `--peers` depends on it); the name of each peer contains its precision. Settings of the
peers: peer_inference.py.
"""
import argparse
import dataclasses

import sample
import side_by_side

ONNX = ["torch", "transformers", "onnx"]
PEERS = {  # name -> packages
    "transformers-bf16": ["torch", "transformers"],
    "transformers-autocast": ["torch", "transformers"],
    "transformers-padded": ["torch", "transformers"],
    "transformers-fp32": ["torch", "transformers"],
    "onnxruntime-fp32": [*ONNX, "onnxruntime"],
    "onnxruntime-int8": [*ONNX, "onnxruntime"],
    "openvino-bf16": [*ONNX, "openvino"],
    "openvino-bf16-streams": [*ONNX, "openvino"],
    "openvino-fp32": [*ONNX, "openvino"],
}
FP32_PEERS = ["transformers-fp32", "transformers-padded", "onnxruntime-fp32", "openvino-fp32"]


@dataclasses.dataclass(frozen=True)
class Row:
    size: str
    batch: int


ROWS = {"squad-dev-bert-base": Row("bert-base", 8), "squad-dev-minilm": Row("minilm", 16), "squad-dev-distilbert": Row("distilbert", 8)}
DEFAULT_ROWS = ["squad-dev-bert-base"]


def retort_side(args, row, made):
    def run(_):
        flags = {"model": side_by_side.PRESETS[row.size], "vocab_file": made.vocab_file, "task": "squad", "dev_file": made.source,
                 "per_device_eval_batch_size": row.batch, "steps": args.steps, "precision": args.precision}
        return side_by_side.run_retort(args, ["bench", "infer", "--no_use_cache"], flags)

    return side_by_side.Side("retort", run)


class Exporter:
    """Writes the ONNX files of a row when the first peer needs them."""

    def __init__(self, args, row, folder):
        self.args, self.row, self.folder, self.is_done, self.reason = args, row, folder, False, ""

    def make(self):
        if not self.is_done:
            self.is_done = True
            try:
                side_by_side.run_peer(self.args, "peer_inference",
                                      {"program": "export", "packages": ONNX, "size": self.row.size, "folder": self.folder})
            except side_by_side.Missing as reason:
                self.reason = f"no ONNX file: {reason}"
        if self.reason:
            raise side_by_side.Missing(self.reason)


def peer_side(args, row, made, name, exporter):
    padding = "max" if name == "transformers-padded" else "longest"
    job = {"program": name, "packages": PEERS[name], "size": row.size, "batch": row.batch, "precision": args.precision,
           "padding": padding, "padded_steps": args.padded_steps or max(2, args.steps // 4),
           "max_length": sample.TASKS["squad-dev"].max_length, "features": made.features, "mean_length": made.mean_length,
           "folder": exporter.folder}

    def run(round_index):
        if not name.startswith("transformers"):
            exporter.make()
        return side_by_side.run_peer(args, "peer_inference", {**job, "round": round_index})

    return side_by_side.Side(name, run)


def compare(args, name):
    row = ROWS[name]
    with side_by_side.scratch() as folder:
        made = side_by_side.make_sample(args, "squad-dev", row.batch, args.steps, folder)
        exporter = Exporter(args, row, folder)
        sides = [retort_side(args, row, made), *(peer_side(args, row, made, peer, exporter) for peer in args.peers)]
        side_by_side.run_in_turn(sides, args.rounds)
    result = {"row": name, "data": made.origin, "mean_length": round(made.mean_length, 1), "batch": row.batch,
              "sides": side_by_side.summarize(sides)}
    return result, [run for side in sides for run in side.runs]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    side_by_side.add_common_flags(parser, ROWS, DEFAULT_ROWS)
    side_by_side.add_peer_flags(parser, PEERS, ["all"])
    parser.add_argument("--steps", type=int, default=40, help="timed batches, after one warm-up batch (default: 40)")
    parser.add_argument("--padded_steps", type=int, default=0, help="timed batches of the peer padded to the maximum length (default: a quarter of --steps)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", choices=["bf16", "fp32"], default="bf16")
    args = side_by_side.finish_flags(parser, ROWS, ["all", *PEERS])
    if args.peers == ["all"]:
        args.peers = FP32_PEERS if args.precision == "fp32" else list(PEERS)
    results, runs = zip(*(compare(args, name) for name in args.rows))
    side_by_side.report(args, f"Inference, retort in {args.precision}", side_by_side.describe_machine(args, runs),
                        side_by_side.comparison_table(results, with_latency=True),
                        {"benchmark": "inference", "precision": args.precision, "steps": args.steps, "rounds": args.rounds,
                         "rows": results})


if __name__ == "__main__":
    main()
