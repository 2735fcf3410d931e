#!/usr/bin/env python3
"""Makes tests/fixtures/parity: tiny models with what transformers computes from them, and folders in every form users have.

    python tools/make_fixtures.py [--output_dir tests/fixtures/parity] [--only NAME]

Needs torch and transformers (requirements/test.txt); two runs give equal bytes. `models/NAME` is an ordinary model folder plus
  expected.json         sequences with labels, loss terms, optimizer settings, per-step log, names without decay, deviations
  expected.safetensors  hidden_state.L [rows, H] (L = 0: embeddings), pooled [B, H], logits, next_sentence_logits,
                        gradient.NAME, update.NAME (change after three optimizer steps); large matrices as fixtures/sketch.py says
`folders/FORM` holds small models in every form in which users have them, with outputs for `plain` and the two that differ.
Everything is computed in float64 and rounded once to float32. `float32_deviation` tells how far transformers' own float32 run
is from that, by the measures the C++ test uses: largest absolute difference for outputs, relative norm for gradients and updates.
"""
import argparse
import copy
import json
import os
import shutil
import zlib
from pathlib import Path

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
import torch
from safetensors.torch import save_file
from transformers.utils import logging

from fixtures import folder_forms, optimizers, reference_run
from fixtures.sketch import sketch
from fixtures.tiny_models import Spec, make_model, save_folder

NLI = ["contradiction", "entailment", "neutral"]
ENTITIES = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
SHORT = [1, 2, 7, 20]

SPECS = [
    Spec("bert_question_answering", "bert", "question_answering", hidden=48, heads=2, intermediate=37, positions=512,
         lengths=[1, 2, 7, 31, 64, 130, 512, 16]),
    Spec("bert_classification", "bert", "sequence_classification", hidden=52, heads=2, intermediate=37, activation="gelu_new",
         labels=["0", "1"], lengths=[*SHORT, 33], optimizer="adamw_warmup"),
    Spec("bert_three_labels", "bert", "sequence_classification", hidden=24, heads=1, intermediate=37, layers=3, activation="relu",
         labels=NLI, lengths=[*SHORT, 40]),
    Spec("bert_regression", "bert", "regression", hidden=32, heads=1, intermediate=51, activation="swish", labels=["score"], lengths=SHORT,
         optimizer="bert_adam"),
    Spec("bert_token_classification", "bert", "token_classification", hidden=26, heads=1, intermediate=33, activation="silu",
         labels=ENTITIES, lengths=[*SHORT, 40], storage=torch.float16),
    Spec("bert_multiple_choice", "bert", "multiple_choice", hidden=24, heads=1, intermediate=29, activation="gelu_pytorch_tanh",
         choices=3, lengths=[1, 2, 7, 20, 3, 11, 5, 5, 5]),
    Spec("bert_masked_lm", "bert", "masked_lm", hidden=48, heads=2, intermediate=37, vocabulary=79, lengths=[*SHORT, 33],
         optimizer="adamw_uncorrected"),
    Spec("bert_pretraining", "bert", "pretraining", hidden=72, heads=3, intermediate=31, layers=1, vocabulary=88, activation="tanh",
         lengths=SHORT),
    Spec("distilbert_question_answering", "distilbert", "question_answering", hidden=64, heads=1, intermediate=21, lengths=[*SHORT, 40, 16]),
    Spec("distilbert_classification", "distilbert", "sequence_classification", hidden=48, heads=2, intermediate=33, labels=["0", "1"],
         lengths=SHORT, activation="relu", sinusoidal=True),
    Spec("distilbert_token_classification", "distilbert", "token_classification", hidden=26, heads=1, intermediate=33, labels=ENTITIES,
         lengths=SHORT),
    Spec("distilbert_multiple_choice", "distilbert", "multiple_choice", hidden=32, heads=1, intermediate=29, choices=2,
         lengths=[1, 2, 7, 20]),
    Spec("distilbert_masked_lm", "distilbert", "masked_lm", hidden=32, heads=1, intermediate=43, vocabulary=71, lengths=SHORT,
         activation="relu"),
]


def seeded(name):
    return torch.Generator().manual_seed(zlib.crc32(name.encode()))


def chosen_rows(lengths):
    """Rows of the ragged batch [T] whose activations are stored: all of short sequences, four spread over each longer one."""
    rows, start = [], 0
    for length in lengths:
        places = range(length) if length <= 4 else [0, 1, length // 2, length - 1]
        rows += [start + place for place in places]
        start += length
    return rows


def stored_outputs(outputs, head, rows):
    """Names and tensors of the forward pass as the files have them."""
    tensors = {f"hidden_state.{layer}": state[rows] for layer, state in enumerate(outputs.hidden)}
    if outputs.pooled is not None:
        tensors["pooled"] = outputs.pooled
    if head in ("sequence_classification", "regression", "multiple_choice"):
        tensors["logits"] = torch.stack(outputs.logits)
    else:
        logits = torch.cat(outputs.logits)
        tensors["logits"] = logits[rows] if head in ("masked_lm", "pretraining") else logits
    if outputs.next_sentence_logits:
        tensors["next_sentence_logits"] = torch.stack(outputs.next_sentence_logits)
    return {name: tensor.detach() for name, tensor in tensors.items()}


def relative_deviation(tensors, truth, ignored):
    """The largest |a - b| / |b| over named tensors (Frobenius), those in `ignored` left out."""
    return max(float((tensors[name].double() - truth[name]).norm() / truth[name].norm()) for name in truth if name not in ignored
               and truth[name].norm() > 0)


def vanishing(gradients):
    """Parameters whose gradient is zero but for rounding, as a key's bias: the softmax does not see it."""
    norm = optimizers.global_norm(gradients.values())
    return sorted(name for name, gradient in gradients.items() if gradient.norm() < 1e-12 * norm)


def describe_terms(outputs):
    return [{"weight": weight, "sum": total.item(), "count": count} for weight, total, count in outputs.terms]


def measure_float32(model, spec, batch, options, rows, truth):
    """How far the same computation in float32 is from the float64 one."""
    outputs64, gradients64, updates64, ignored = truth
    single = copy.deepcopy(model).float()
    outputs, gradients = reference_run.compute_gradients(single, spec.head, batch)
    updates, _ = reference_run.run_steps(single, spec.head, batch, options)
    exact, stored = stored_outputs(outputs64, spec.head, rows), stored_outputs(outputs, spec.head, rows)
    return {"outputs": max(float((stored[name].double() - exact[name]).abs().max()) for name in exact),
            "loss": abs(outputs.loss.item() - outputs64.loss.item()),
            "gradients": relative_deviation(gradients, gradients64, ignored),
            "updates": relative_deviation(updates, updates64, ignored)}


def dump_outputs(model, spec, folder):
    """Writes what the forward pass of a random batch gives; for folders that test loading only."""
    batch = reference_run.make_batch(spec, seeded(spec.name + " batch"))
    rows = chosen_rows(spec.lengths)
    with torch.no_grad():
        outputs = reference_run.run_forward(model, spec.head, batch)
    write_tensors(folder / "expected.safetensors", stored_outputs(outputs, spec.head, rows))
    write_json(folder / "expected.json", {"architecture": spec.architecture, "head": spec.head, **batch, "rows": rows,
                                          "loss": outputs.loss.item(), "loss_terms": describe_terms(outputs)})


def dump_expected(model, spec, folder):
    """Writes expected.json and expected.safetensors into `folder`; returns the deviations."""
    batch = reference_run.make_batch(spec, seeded(spec.name + " batch"))
    options = optimizers.PRESETS[spec.optimizer]
    reference_run.check_against_own_loss(model, spec.head, batch)
    rows = chosen_rows(spec.lengths)
    outputs, gradients = reference_run.compute_gradients(model, spec.head, batch)
    updates, log = reference_run.run_steps(model, spec.head, batch, options)
    ignored = vanishing(gradients)
    deviation = measure_float32(model, spec, batch, options, rows, (outputs, gradients, updates, ignored))
    tensors = stored_outputs(outputs, spec.head, rows)
    tensors |= {f"gradient.{name}": sketch(gradient) for name, gradient in gradients.items()}
    tensors |= {f"update.{name}": sketch(update) for name, update in updates.items()}
    write_tensors(folder / "expected.safetensors", tensors)
    expected = {"architecture": spec.architecture, "head": spec.head, **batch, "rows": rows, "loss": outputs.loss.item(),
                "loss_terms": describe_terms(outputs), "vanishing_gradients": ignored, "frozen": [n for n, p in model.named_parameters() if not p.requires_grad],
                "optimizer": options, "no_decay": reference_run.no_decay_names(gradients), "steps": log, "float32_deviation": deviation}
    write_json(folder / "expected.json", expected)
    return deviation


def write_tensors(path, tensors):
    save_file({name: tensor.float().contiguous() for name, tensor in tensors.items()}, path)


def write_json(path, value):
    """One line per top-level key: readable in a diff, small on disk."""
    lines = [f"  {json.dumps(key)}: {json.dumps(item)}" for key, item in value.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def make_parity_model(spec, root):
    model = make_model(spec, seeded(spec.name))
    save_folder(model, spec, root / spec.name)
    return dump_expected(model, spec, root / spec.name)


def make_folder_forms(root):
    plain = make_model(folder_forms.CLASSIFIER, seeded("folder forms"))
    save_folder(plain, folder_forms.CLASSIFIER, root / "plain")
    folder_forms.make_classifier_forms(root, root / "plain", plain)
    dump_outputs(plain, folder_forms.CLASSIFIER, root / "plain")
    for spec, make in ((folder_forms.PRETRAINING, folder_forms.make_nvidia_pretraining),
                       (folder_forms.PRUNED, folder_forms.make_pruned_distilbert)):
        dump_outputs(make(root, seeded(spec.name)), spec, root / spec.name)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "parity"
    parser.add_argument("--output_dir", type=Path, default=default)
    parser.add_argument("--only", help="one model's name, or `folders`")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    logging.disable_progress_bar()
    optimizers.check_values()

    deviations = {}
    for spec in SPECS:
        if arguments.only in (None, spec.name):
            shutil.rmtree(arguments.output_dir / "models" / spec.name, ignore_errors=True)
            deviations[spec.name] = make_parity_model(spec, arguments.output_dir / "models")
    if arguments.only in (None, "folders"):
        shutil.rmtree(arguments.output_dir / "folders", ignore_errors=True)
        make_folder_forms(arguments.output_dir / "folders")
    for file in arguments.output_dir.rglob("*.safetensors"):
        file.chmod(0o644)
    for name, deviation in deviations.items():
        print(f"{name:34}", "  ".join(f"{key} {value:.1e}" for key, value in deviation.items()))


if __name__ == "__main__":
    main()
