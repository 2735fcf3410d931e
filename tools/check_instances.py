#!/usr/bin/env python3
"""Reads files of `retort data instances` with h5py or pyarrow and checks every instance and the statistics of all; prints the latter.

  python tools/check_instances.py FILE... --vocab_file vocab.txt [--masked_lm_prob 0.15]

Needs numpy, h5py for HDF5 (packed or not), pyarrow for Parquet. Checks names, types, compression and shapes of the arrays; of each
instance its special tokens, segments and masked positions; of packed rows positions and places; of all the shares of masks, within five
standard deviations. Exit code 1 when anything is wrong.
"""
import argparse
import io
import math
import sys

import numpy

PACKED_ARRAYS = {"input_ids": "int32", "input_mask": "int32", "segment_ids": "int8", "positions": "int32", "masked_lm_positions": "int32",
                 "masked_lm_ids": "int32", "next_sentence_positions": "int32", "next_sentence_labels": "int8", "next_sentence_weights": "int32"}
ARRAYS = {"input_ids": "int32", "input_mask": "int8", "segment_ids": "int8", "masked_lm_positions": "int32", "masked_lm_ids": "int32",
          "next_sentence_labels": "int8"}


def check_arrays(file, arrays):
    for name, kind in arrays.items():
        array = file[name]
        assert array.dtype == kind and array.compression == "gzip", (name, array.dtype, array.compression)
    rows, length = file["input_ids"].shape
    predictions = file["masked_lm_positions"].shape[1]
    assert file["input_mask"].shape == file["segment_ids"].shape == (rows, length)
    assert file["masked_lm_ids"].shape == (rows, predictions)
    assert file["next_sentence_labels"].shape == ((rows,) if arrays is ARRAYS else (rows, file["next_sentence_positions"].shape[1]))


def unpack(columns):
    """The instances of packed rows, each as a row of its own."""
    most = columns["masked_lm_positions"].shape[1] - columns["next_sentence_positions"].shape[1]
    for row in range(len(columns["input_ids"])):
        owners, places = columns["input_mask"][row], columns["masked_lm_positions"][row]
        used = int((columns["next_sentence_weights"][row] == 1).sum())
        assert columns["next_sentence_weights"][row].sum() == used == owners.max() and places[-1] == 0
        places = places[:int(numpy.argmax(places == 0))]
        assert (numpy.diff(places) > 0).all()
        for owner in range(1, used + 1):
            tokens = numpy.flatnonzero(owners == owner)
            begin, count = int(tokens[0]), len(tokens)
            assert columns["next_sentence_positions"][row, owner - 1] == begin and (numpy.diff(tokens) == 1).all()
            assert (columns["positions"][row, tokens] == numpy.arange(count)).all()
            chosen = (places >= begin) & (places < begin + count)
            masked = numpy.zeros((2, most), "int32")
            masked[0, :chosen.sum()] = places[chosen] - begin
            masked[1, :chosen.sum()] = columns["masked_lm_ids"][row, :len(places)][chosen]
            padded = numpy.zeros((3, owners.size), "int32")
            padded[0, :count], padded[1, :count], padded[2, :count] = columns["input_ids"][row, tokens], 1, columns["segment_ids"][row, tokens]
            yield {"input_ids": padded[0], "input_mask": padded[1], "segment_ids": padded[2], "masked_lm_positions": masked[0],
                   "masked_lm_ids": masked[1], "next_sentence_labels": columns["next_sentence_labels"][row, owner - 1]}


def read_hdf5(path):
    import h5py

    with h5py.File(path) as file:
        arrays = PACKED_ARRAYS if "positions" in file else ARRAYS
        check_arrays(file, arrays)
        columns = {name: file[name][:] for name in arrays}
    if arrays is PACKED_ARRAYS:
        yield from unpack(columns)
    else:
        for index in range(len(columns["input_ids"])):
            yield {name: column[index] for name, column in columns.items()}


def read_parquet(path, vocabulary):
    """The schema is LDDL's; without masks the rows have none."""
    import pyarrow
    from pyarrow import parquet

    table = parquet.read_table(path)
    kinds = {"A": pyarrow.string(), "B": pyarrow.string(), "is_random_next": pyarrow.bool_(), "num_tokens": pyarrow.uint16(),
             "masked_lm_positions": pyarrow.binary(), "masked_lm_labels": pyarrow.string(), "bin_id": pyarrow.int64()}
    assert set(table.column_names) - {"masked_lm_positions", "masked_lm_labels", "bin_id"} == set(list(kinds)[:4])
    assert all(table.schema.field(name).type == kinds[name] for name in table.column_names), table.schema
    assert ("masked_lm_positions" in table.column_names) == ("masked_lm_labels" in table.column_names)
    assert ("bin_id" in table.column_names) == ("_" in str(path).rsplit(".", 1)[1])
    index = {piece: place for place, piece in enumerate(vocabulary)}
    for row in table.to_pylist():
        first = [index["[CLS]"], *(index[piece] for piece in row["A"].split(" ")), index["[SEP]"]]
        tokens = first + [index[piece] for piece in row["B"].split(" ")] + [index["[SEP]"]]
        assert len(tokens) == row["num_tokens"] and row.get("bin_id") in (None, int(str(path).rsplit("_", 1)[1]) if "bin_id" in row else None)
        made = {"input_ids": numpy.array(tokens), "input_mask": numpy.ones(len(tokens), int),
                "segment_ids": numpy.array([0] * len(first) + [1] * (len(tokens) - len(first))), "next_sentence_labels": int(row["is_random_next"])}
        if "masked_lm_labels" in row:
            places = numpy.load(io.BytesIO(row["masked_lm_positions"]))
            assert places.dtype == "uint16"
            made["masked_lm_positions"] = numpy.append(places.astype(int), 0)
            made["masked_lm_ids"] = numpy.array([index[piece] for piece in row["masked_lm_labels"].split(" ")] + [0])
        yield made


def check_row(row, ids, probability, most):
    """Asserts what each instance must be, `most` predictions where that is known; returns (tokens, masked, [MASK]s, unchanged)."""
    cls, sep, mask = ids
    count = int(row["input_mask"].sum())
    tokens, segments = row["input_ids"][:count], row["segment_ids"][:count]
    assert (row["input_mask"][:count] == 1).all() and not row["input_ids"][count:].any() and not row["segment_ids"][count:].any()
    if "masked_lm_positions" not in row:
        assert tokens[0] == cls and tokens[-1] == sep
        return count, 0, 0, 0
    positions = row["masked_lm_positions"]
    masked = int(numpy.argmax(positions == 0)) if (positions == 0).any() else len(positions)
    assert not positions[masked:].any() and not row["masked_lm_ids"][masked:].any()
    positions, labels = positions[:masked], row["masked_lm_ids"][:masked]
    assert most is None or masked == min(most, max(1, round(count * probability)), count - 3)
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
        is_parquet = ".parquet" in path
        for row in read_parquet(path, vocabulary) if is_parquet else read_hdf5(path):
            rows += 1
            random_next += int(row["next_sentence_labels"])
            sums += check_row(row, ids, args.masked_lm_prob, None if is_parquet else len(row["masked_lm_positions"]))
    tokens, masked, hidden, kept = map(int, sums)
    if not masked:
        print(f"{rows} rows, {tokens / rows:.2f} tokens a row, no masks; random next {random_next / rows:.4f}")
        return 0
    assert near(hidden, masked, 0.8) and near(kept, masked, 0.1), (hidden / masked, kept / masked)
    print(f"{rows} rows, {tokens / rows:.2f} tokens a row, {masked / tokens:.4f} masked: {hidden / masked:.4f} [MASK], "
          f"{kept / masked:.4f} unchanged; random next {random_next / rows:.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
