#!/usr/bin/env python3
"""Loads a folder written by retort in transformers: no tensor may be missing or unexpected, and the outputs must agree.

    python tools/check_saved_folder.py --model DIR [--retort build/retort] [--tolerance 1e-4] [--skip_outputs]

Checks the weights, the label maps, and that the tokenizer loads and has as many pieces as the vocabulary; then runs the
comparison of check_parity.py. Prints one line per problem; exit code 1 when there is one.
"""
import argparse
import os
import sys

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
from transformers.models.auto.tokenization_auto import AutoTokenizer

import check_parity
from fixtures.reference.folder_model import load_folder


def loading_problems(report):
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        for key in sorted(map(str, report.get(kind) or [])):
            yield f"{kind.replace('_keys', '')} tensor: {key}"


def folder_problems(model, tokenizer):
    config = model.config
    if len(tokenizer) > config.vocab_size:
        yield f"the tokenizer has {len(tokenizer)} pieces, but config.json says vocab_size {config.vocab_size}"
    if config.id2label and {index: label for label, index in config.label2id.items()} != config.id2label:
        yield f"label2id {config.label2id} is not the inverse of id2label {config.id2label}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--retort", default="build/retort")
    parser.add_argument("--lengths", default="1,7,64,130")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    parser.add_argument("--skip_outputs", action="store_true", help="look at the folder only; run nothing")
    arguments = parser.parse_args()
    model, report = load_folder(arguments.model)
    problems = [*loading_problems(report), *folder_problems(model, AutoTokenizer.from_pretrained(arguments.model))]
    print(f"{type(model).__name__}: {sum(parameter.numel() for parameter in model.parameters()):,} parameters")
    if not arguments.skip_outputs:
        sequences = list(check_parity.random_sequences(model.config, [int(n) for n in arguments.lengths.split(",")], seed=0))
        ours = check_parity.run_retort(arguments.retort, arguments.model, sequences)
        for name, (difference, number) in check_parity.compare(model, sequences, ours).items():
            print(f"{name:22} largest difference {difference:.2e}")
            if not difference <= arguments.tolerance:
                problems.append(f"{name}.{number} differs by {difference:.2e}")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
