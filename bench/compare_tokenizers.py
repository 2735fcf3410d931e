#!/usr/bin/env python3
"""Tokenizing speed of retort compared with the `tokenizers` library: alternating runs on the same texts in memory.

    python bench/compare_tokenizers.py --peer_python peers/bin/python --model DIR --files train-v1.1.json SST-2/train.tsv
        [--threads 1] [--rounds 5] [--megabytes 4] [--markdown docs/performance.md]

In:  a model folder with tokenizer.json, and files: SQuAD JSON files give their contexts, other files their lines; each
     text once, sampled evenly over the file, about `--megabytes` in total.
Out: a table with the throughput of all programs and, for each mode of the library, the ratio of retort to it (median, minimum and maximum
     over the rounds); the last line is JSON.
The throughput is that of the best pass over all texts. retort computes ids and offsets; the library's `encode_batch_fast` omits
the offsets. Ids and offsets of every text are compared first; a difference ends the program.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

import side_by_side

PEERS = ["encode", "encode_batch", "encode_batch_fast"]


def read_texts(path, megabytes):
    text = pathlib.Path(path).read_bytes().decode("utf-8", errors="replace")
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        texts = [paragraph["context"] for article in json.loads(text)["data"] for paragraph in article["paragraphs"]]
    else:
        texts = [line.removesuffix("\r") for line in text.split("\n")]
    texts = list(dict.fromkeys(text for text in texts if text))
    byte_count = sum(len(text.encode()) for text in texts)
    return texts[::max(1, round(byte_count / (megabytes * 1e6)))]


def write_json(path, value):
    path.write_text(json.dumps(value), encoding="utf-8")
    return str(path)


def check_equal(args, texts, folder):
    """Line ends become spaces on both sides, because `retort tokenize` reads lines."""
    lines = [" ".join(text.split("\n")) for text in texts]
    own = folder / "own.jsonl"
    with open(own, "w", encoding="utf-8") as output:
        subprocess.run([args.retort, "tokenize", "--model", args.model, "--offsets"], input="\n".join(lines) + "\n", stdout=output,
                       encoding="utf-8", check=True)
    found = run_library(args, {"texts": write_json(folder / "lines.json", lines), "own": str(own)})
    if found["different"]:
        sys.exit(f"`{found['first'][0]}` must have the library's ids and offsets, but has others, as {found['different']} of "
                 f"{found['compared']} texts have")


def run_library(args, job):
    tokenizer = os.path.join(args.model, "tokenizer.json")
    return side_by_side.run_peer(args, "peer_tokenizing", {"packages": ["tokenizers"], "tokenizer": tokenizer, **job})


def retort_side(args, texts, folder):
    paragraphs = [{"context": text, "qas": []} for text in texts]  # a SQuAD file, because a text may hold line ends
    file = write_json(folder / "texts.json", {"data": [{"title": "", "paragraphs": paragraphs}]})
    flags = {"model": args.model, "train_file": file, "seconds": args.seconds}

    def run(_):
        measures = side_by_side.run_retort(args, ["bench", "tokenize"], flags)
        return {**measures, "seq_s": measures["texts_s"]}

    return side_by_side.Side("retort", run)


def compare(args, path):
    texts = read_texts(path, args.megabytes)
    with side_by_side.scratch() as folder:
        folder = pathlib.Path(folder)
        listed = write_json(folder / "texts_list.json", texts)
        job = {"texts": listed, "seconds": args.seconds}
        sides = [retort_side(args, texts, folder)]
        sides += [side_by_side.Side(f"tokenizers {form}", lambda _, form=form: run_library(args, {**job, "form": form}))
                  for form in args.peers]
        try:
            if args.peers:
                check_equal(args, texts, folder)
        except side_by_side.Missing as reason:
            for side in sides[1:]:
                side.missing = str(reason)
        side_by_side.run_in_turn(sides, args.rounds)
    if sides[0].missing:
        sys.exit(f"retort {sides[0].missing}")
    tokens = {run["tokens"] for side in sides for run in side.runs}
    if len(tokens) > 1:
        sys.exit(f"`{path}` must give equally many tokens on all sides, but gives {sorted(tokens)}")
    return {"file": os.path.join(*pathlib.Path(path).parts[-2:]), "texts": len(texts), "tokens_per_text": tokens.pop() / len(texts),
            "sides": [summarize(side, sides[0]) for side in sides]}, [run for side in sides for run in side.runs]


def summarize(side, own):
    summary = {"program": side.name, **{key: side_by_side.median(side.runs, key) for key in ("mb_s", "tok_s", "seq_s")}}
    if side.missing:
        summary["missing"] = side.missing
    if side is not own:
        summary["ratio"] = side_by_side.ratio_of(own.runs, side.runs)
    return {key: value for key, value in summary.items() if value is not None}


def make_table(results):
    rows = [[f"{result['file']} ({result['tokens_per_text']:.1f} tokens a text)",
             side["program"] + (f": {side['missing']}" if "missing" in side else ""),
             *(side_by_side.write_number(side.get(key), digits) for key, digits in (("mb_s", 1), ("tok_s", 0), ("seq_s", 0))),
             side_by_side.write_ratio(side.get("ratio"))] for result in results for side in result["sides"]]
    return side_by_side.markdown_table(["texts", "program", "MB/s", "tokens/s", "texts/s", "retort ÷ it: median (min–max)"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="folder with tokenizer.json")
    parser.add_argument("--files", nargs="+", required=True)
    side_by_side.add_peer_flags(parser, PEERS, PEERS)
    parser.add_argument("--retort", default=str(side_by_side.HERE.parent / "build" / "retort"))
    parser.add_argument("--retort_flags", default="", help="more flags for retort, separated by spaces")
    parser.add_argument("--threads", type=int, default=1, help="threads of every program (default: 1)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megabytes", type=float, default=4, help="megabytes of each file (default: 4)")
    parser.add_argument("--seconds", type=float, default=1, help="seconds that each program repeats its pass (default: 1)")
    parser.add_argument("--markdown", default="", help="append the table to this file")
    args = parser.parse_args()
    args.peers = [name for name in args.peers.split(",") if name]
    for name in args.peers:
        if name not in PEERS:
            parser.error(f"`--peers` must name some of {', '.join(PEERS)}, but has `{name}`")
    for path in (os.path.join(args.model, "tokenizer.json"), *args.files, args.retort):
        if not os.path.isfile(path):
            parser.error(f"`{path}` must be a file, but is not there")
    results, runs = zip(*(compare(args, path) for path in args.files))
    ratios = [side["ratio"]["median"] for result in results for side in result["sides"] if "ratio" in side]
    side_by_side.report(args, f"Tokenizing, {args.threads} thread{'s' if args.threads > 1 else ''}",
                        side_by_side.describe_machine(args, runs), make_table(results),
                        {"benchmark": "tokenizing", "rounds": args.rounds, "least_ratio": min(ratios, default=None), "files": results})


if __name__ == "__main__":
    main()
