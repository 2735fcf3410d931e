#!/usr/bin/env python3
"""Compares `retort forward` with transformers on one model folder; exit 1 when an output differs by more than the tolerance.

    python tools/check_parity.py --model DIR [--retort build/retort] [--texts FILE | --lengths 1,2,7,31,64,130,512] [--tolerance 1e-4]

Sequences are the lines of FILE, tokenized by transformers (a tab splits a line into a pair), or random ids of the given lengths.
Both run in fp32. Prints the largest absolute difference of each output. Needs torch and transformers (requirements/fixtures.txt).
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
import torch
from safetensors.torch import load_file
from transformers.models.auto.tokenization_auto import AutoTokenizer

from fixtures.reference.folder_model import forward_outputs, load_folder


def random_sequences(config, lengths, seed):
    generator = torch.Generator().manual_seed(seed)
    for length in lengths:
        length = min(length, config.max_position_embeddings)
        ids = torch.randint(config.vocab_size, (length,), generator=generator).tolist()
        boundary = 1 + int(torch.randint(length, (1,), generator=generator))
        yield {"input_ids": ids, "token_type_ids": [0] * boundary + [1] * (length - boundary)}


def text_sequences(folder, config, path):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        encoding = tokenizer(*line.split("\t")[:2], truncation=True, max_length=config.max_position_embeddings, return_token_type_ids=True)
        yield {"input_ids": encoding["input_ids"], "token_type_ids": encoding["token_type_ids"]}


def run_retort(binary, folder, sequences):
    """The tensors that `retort forward` writes."""
    with tempfile.TemporaryDirectory() as scratch:
        batch, out = Path(scratch) / "batch.jsonl", Path(scratch) / "out.safetensors"
        batch.write_text("".join(json.dumps(sequence) + "\n" for sequence in sequences))
        command = [binary, "forward", "--model", folder, "--input", batch, "--output", out]
        finished = subprocess.run(command, capture_output=True, text=True)
        if finished.returncode != 0:
            sys.exit(f"`{' '.join(map(str, command))}` ended with {finished.returncode}:\n{finished.stderr}")
        return load_file(out)


def largest_difference(actual, expected):
    """The largest absolute difference; infinite where either holds a NaN."""
    return float((actual.reshape(expected.shape) - expected).abs().nan_to_num(nan=float("inf")).max())


def compare(model, sequences, ours):
    """Output name -> (largest absolute difference, the sequence it is in); missing or misshapen tensors count as infinite."""
    largest = {}
    for number, sequence in enumerate(sequences):
        for name, expected in forward_outputs(model, **sequence).items():
            actual = ours.get(f"{name}.{number}")
            same_shape = actual is not None and actual.numel() == expected.numel()
            difference = largest_difference(actual, expected) if same_shape else float("inf")
            if not same_shape:
                print(f"{name}.{number}: expected shape {list(expected.shape)}, found {None if actual is None else list(actual.shape)}")
            if difference > largest.get(name, (-1.0, 0))[0]:
                largest[name] = (difference, number)
    return largest


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--retort", default="build/retort")
    parser.add_argument("--texts", help="text lines instead of random ids")
    parser.add_argument("--lengths", default="1,2,7,31,64,130,512", help="tokens of each random sequence")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tolerance", type=float, default=1e-4, help="largest absolute difference allowed")
    arguments = parser.parse_args()
    model, _ = load_folder(arguments.model)
    if arguments.texts:
        sequences = list(text_sequences(arguments.model, model.config, arguments.texts))
    else:
        sequences = list(random_sequences(model.config, [int(n) for n in arguments.lengths.split(",")], arguments.seed))
    largest = compare(model, sequences, run_retort(arguments.retort, arguments.model, sequences))
    for name, (difference, number) in largest.items():
        print(f"{name:22} largest difference {difference:.2e} in sequence {number} ({len(sequences[number]['input_ids'])} tokens)")
    return 0 if all(difference <= arguments.tolerance for difference, _ in largest.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
