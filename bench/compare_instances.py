#!/usr/bin/env python3
"""Speed of `retort data instances` beside plain Python that makes the same instances, the sides in turn, on the same sentences.

    python bench/compare_instances.py --peer_python PYTHON --input sentences.txt --vocab_file vocab.txt [--megabytes 4] [--rounds 3]
        [--max_seq_length 128] [--max_predictions_per_seq 20] [--dupe_factor 5]

In:  one sentence a line, blank lines between documents; the first of them up to `--megabytes`.
Out: a table with the times of both and the peer's divided by retort's (median, least and greatest over the rounds), by the clock and
     by processor time; last a line of JSON. Both tokenize, make instances and write gzip-compressed HDF5.
"""
import argparse
import pathlib
import sys

import corpus_sides
import side_by_side


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    corpus_sides.add_flags(parser)
    parser.add_argument("--vocab_file", required=True, type=pathlib.Path)
    parser.add_argument("--max_seq_length", type=int, default=128)
    parser.add_argument("--max_predictions_per_seq", type=int, default=20)
    parser.add_argument("--dupe_factor", type=int, default=5)
    args = parser.parse_args()
    sizes = {name: getattr(args, name) for name in ("max_seq_length", "max_predictions_per_seq", "dupe_factor")}
    with side_by_side.scratch() as folder:
        text, own, theirs = (pathlib.Path(folder) / name for name in ("text.txt", "own.hdf5", "theirs.hdf5"))
        with open(args.input, "rb") as file:
            head = file.read(int(args.megabytes * 1e6))
        text.write_bytes(head[:head.rfind(b"\n") + 1])

        def run_own(_):
            own.unlink(missing_ok=True)
            return side_by_side.run_retort(args, ["data", "instances"], {"input": text, "vocab_file": args.vocab_file, "output_file": own, **sizes})

        job = {"what": "instances", "input": str(text), "output": str(theirs), "vocab_file": str(args.vocab_file), **sizes}
        sides = [side_by_side.Side("retort", run_own),
                 side_by_side.Side("plain Python", lambda _: side_by_side.run_peer(args, "peer_corpus", job))]
        corpus_sides.finish(args, sides, f"Instances of {args.max_seq_length} tokens", "instances", "instances")
    if sides[1].runs and abs(sides[0].runs[0]["instances"] / sides[1].runs[0]["instances"] - 1) > 0.1:
        sys.exit("both sides must make as many instances but for chance, but do not")


if __name__ == "__main__":
    main()
