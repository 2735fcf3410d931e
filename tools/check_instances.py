#!/usr/bin/env python3
"""Reads HDF5 files of `retort data instances` with h5py and checks every row and the statistics of all; prints the latter.

  python tools/check_instances.py FILE.hdf5... --vocab_file vocab.txt [--masked_lm_prob 0.15]

Needs h5py and numpy. Checks names, types, compression and shapes of the arrays; of each row its special tokens, segments and masked
positions; of all rows the shares of masks, within five standard deviations. Exit code 1 when anything is wrong.
"""
import argparse
import math
import sys

import h5py
import numpy

ARRAYS = {"input_ids": "int32", "input_mask": "int8", "segment_ids": "int8", "masked_lm_positions": "int32", "masked_lm_ids": "int32",
          "next_sentence_labels": "int8"}


def check_arrays(file):
    for name, kind in ARRAYS.items():
        array = file[name]
        assert array.dtype == kind and array.compression == "gzip", (name, array.dtype, array.compression)
    rows, length = file["input_ids"].shape
    predictions = file["masked_lm_positions"].shape[1]
    assert file["input_mask"].shape == file["segment_ids"].shape == (rows, length)
    assert file["masked_lm_ids"].shape == (rows, predictions) and file["next_sentence_labels"].shape == (rows,)


def check_row(row, ids, probability):
    """Asserts what each instance must be; returns (tokens, masked, [MASK]s, unchanged)."""
    cls, sep, mask = ids
    count = int(row["input_mask"].sum())
    tokens, segments = row["input_ids"][:count], row["segment_ids"][:count]
    assert (row["input_mask"][:count] == 1).all() and not row["input_ids"][count:].any() and not row["segment_ids"][count:].any()
    positions = row["masked_lm_positions"]
    masked = int(numpy.argmax(positions == 0)) if (positions == 0).any() else len(positions)
    assert not positions[masked:].any() and not row["masked_lm_ids"][masked:].any()
    positions, labels = positions[:masked], row["masked_lm_ids"][:masked]
    assert masked == min(len(row["masked_lm_positions"]), max(1, round(count * probability)), count - 3)
    assert (numpy.diff(positions) > 0).all() and positions[-1] < count
    whole = tokens.copy()
    whole[positions] = labels
    ends = [int(numpy.argmax(segments == 1)) - 1, count - 1]
    assert whole[0] == cls and (whole[ends] == sep).all() and not segments[:ends[0] + 1].any() and segments[ends[0] + 1:].all()
    assert ends[0] >= 2 and ends[1] >= ends[0] + 2
    assert not numpy.isin(labels, [cls, sep]).any()
    return count, masked, int((tokens[positions] == mask).sum()), int((tokens[positions] == labels).sum())


def near(part, whole, share):
    return abs(part / whole - share) <= 5 * math.sqrt(share * (1 - share) / whole) + 1e-3  # a random entry may be the token itself


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--vocab_file", required=True)
    parser.add_argument("--masked_lm_prob", type=float, default=0.15)
    args = parser.parse_args()
    with open(args.vocab_file, encoding="utf-8") as file:
        vocabulary = [line.rstrip("\n") for line in file]
    ids = [vocabulary.index(piece) for piece in ("[CLS]", "[SEP]", "[MASK]")]
    sums, rows, random_next = numpy.zeros(4, dtype=numpy.int64), 0, 0
    for path in args.files:
        with h5py.File(path) as file:
            check_arrays(file)
            columns = {name: file[name][:] for name in ARRAYS}
        rows += len(columns["input_ids"])
        random_next += int(columns["next_sentence_labels"].sum())
        for index in range(len(columns["input_ids"])):
            sums += check_row({name: column[index] for name, column in columns.items()}, ids, args.masked_lm_prob)
    tokens, masked, hidden, kept = map(int, sums)
    assert near(hidden, masked, 0.8) and near(kept, masked, 0.1), (hidden / masked, kept / masked)
    print(f"{rows} rows, {tokens / rows:.2f} tokens a row, {masked / tokens:.4f} masked: {hidden / masked:.4f} [MASK], "
          f"{kept / masked:.4f} unchanged; random next {random_next / rows:.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
