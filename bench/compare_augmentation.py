#!/usr/bin/env python3
"""Speed of `retort data augment glue` compared with a Python loop over sentences: alternating runs on the same records.

    python bench/compare_augmentation.py --peer_python peers/bin/python --glove_embs glove.6B.300d.txt --data_dir data
        [--model FOLDER] [--rows sst-2,mrpc] [--row_count 200] [--rounds 3] [--markdown FILE]

In:  MRPC/train.tsv and SST-2/train.tsv below the data folder, sampled evenly; GloVe; a folder with a masked-LM head
     (default: random weights of MiniLM-L6's size, generated from `--vocab_file`).
Out: a table with words and candidates per second of all programs and, for each version of the loop, the ratio of retort's words per second
     to its own (median, minimum and maximum over the rounds); the last line is JSON.
`word` is the loop of the published programs, one forward pass per masked word; `sentence` batches the masked copies of one
sentence. Loading is not timed. A difference in the number of words ends the program.
"""
import argparse
import os
import pathlib
import sys

import side_by_side

FORMS = ["word", "sentence"]
COLUMNS = {"sst-2": ("SST-2", [0], 20), "mrpc": ("MRPC", [3, 4], 30)}  # folder, text columns, published passes


def take_rows(args, task, folder):
    """A folder of the task whose train.tsv contains the header and `row_count` records, sampled evenly from the whole file."""
    name = COLUMNS[task][0]
    lines = pathlib.Path(args.data_dir, name, "train.tsv").read_bytes().splitlines(keepends=True)
    step = max(1, (len(lines) - 1) // args.row_count)
    target = folder / name
    target.mkdir()
    (target / "train.tsv").write_bytes(b"".join([lines[0], *lines[1::step][:args.row_count]]))
    return target


def ask_peer(args, job):
    return side_by_side.run_peer(args, "peer_augmentation", {"packages": ["torch", "transformers", "numpy"], **job})


def with_rates(measures):
    rates = {"words_s": measures["words"] / measures["seconds"], "candidates_s": measures["candidates"] / measures["seconds"]}
    return {**measures, **rates, "tok_s": rates["words_s"], "seq_s": rates["candidates_s"]}


def retort_side(args, task, folder, rows):
    flags = {"task_name": task, "data_dir": rows, "model": args.model, "glove_embs": args.glove_embs, "output_file": folder / f"{task}.tsv",
             "overwrite_output_file": "true"}
    return side_by_side.Side("retort",
                             lambda _: with_rates(side_by_side.run_retort(args, ["data", "augment", "glue"], flags)))


def peer_side(args, task, folder, rows, form):
    job = {"model": args.model, "glove": args.glove_embs, "rows": str(rows / "train.tsv"), "folder": str(folder),
           "columns": COLUMNS[task][1], "passes": COLUMNS[task][2], "form": form}
    return side_by_side.Side({"word": "loop as published, a word at a time", "sentence": "better loop, a sentence at a time"}[form], lambda _: with_rates(ask_peer(args, job)))


def compare(args, task, folder):
    rows = take_rows(args, task, folder)
    sides = [retort_side(args, task, folder, rows), *(peer_side(args, task, folder, rows, form) for form in args.peers)]
    side_by_side.run_in_turn(sides, args.rounds, log=lambda line: print(
        line.replace("tokens/s", "words/s").replace("sequences/s", "candidates/s"), file=sys.stderr, flush=True))
    if sides[0].missing:
        sys.exit(f"retort {sides[0].missing}")
    words = {run["words"] for side in sides for run in side.runs}
    if len(words) > 1:
        sys.exit(f"`{task}` must have equally many words on all sides, but has {sorted(words)}")
    return {"row": task, "rows": args.row_count, "words": words.pop(), "sides": [summarize(side, sides[0]) for side in sides]}, sides


def summarize(side, own):
    summary = {"program": side.name, **{key: side_by_side.median(side.runs, key) for key in ("words_s", "candidates_s", "seconds")}}
    if side.missing:
        summary["missing"] = side.missing
    if side is not own:
        summary["ratio"] = side_by_side.ratio_of(own.runs, side.runs, "words_s")
    return {key: value for key, value in summary.items() if value is not None}


def make_table(results):
    rows = [[f"{result['row']} ({result['words']:,} words)",
             side["program"] + (f": {side['missing']}" if "missing" in side else ""),
             *(side_by_side.write_rate(side.get(key)) for key in ("words_s", "candidates_s", "seconds")),
             side_by_side.write_ratio(side.get("ratio"))] for result in results for side in result["sides"]]
    return side_by_side.markdown_table(["rows", "program", "words/s", "candidates/s", "seconds", "retort ÷ it: median (min–max)"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    side_by_side.add_common_flags(parser, list(COLUMNS))
    side_by_side.add_peer_flags(parser, FORMS, FORMS)
    parser.add_argument("--glove_embs", required=True, help="word vectors in GloVe's text form, unpacked")
    parser.add_argument("--model", default="", help="folder with a masked-LM head (default: random weights)")
    parser.add_argument("--row_count", type=int, default=200, help="records of each task (default: 200)")
    parser.add_argument("--rounds", type=int, default=3)
    args = side_by_side.finish_flags(parser, list(COLUMNS), FORMS)
    for path in (args.glove_embs, *(os.path.join(args.data_dir, COLUMNS[row][0], "train.tsv") for row in args.rows)):
        if not os.path.isfile(path):
            parser.error(f"`{path}` must be a file, but is not there")
    with side_by_side.scratch() as scratch:
        folder = pathlib.Path(scratch)
        if not args.model:
            args.model = str(folder / "model")
            ask_peer(args, {"make_model": args.model, "vocab_file": args.vocab_file})
        results, sides = zip(*(compare(args, task, folder) for task in args.rows))
    runs = [run for row in sides for side in row for run in side.runs]
    ratios = [side["ratio"]["median"] for result in results for side in result["sides"] if side.get("ratio")]
    side_by_side.report(args, "Data augmentation", side_by_side.describe_machine(args, [runs]), make_table(results),
                        {"benchmark": "augmentation", "rounds": args.rounds, "least_ratio": min(ratios, default=None), "rows": results})


if __name__ == "__main__":
    main()
