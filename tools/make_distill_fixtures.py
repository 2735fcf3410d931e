#!/usr/bin/env python3
"""Makes tests/fixtures/distill: what torch says about the distillation of states and of predictions, in float64.

    python tools/make_distill_fixtures.py [--output_dir tests/fixtures/distill]

Needs torch and transformers (requirements/fixtures.txt); two runs give equal bytes.
  models/NAME           teachers and students, ordinary model folders; students may hold project.bin or project.safetensors
  NAME.json             one case: models, settings under the names of the published configuration, sequences, loss terms
                        (sum, count, weight) of the first step, and loss and gradient norm of three steps
  NAME.safetensors      update.PARAMETER: the change after three steps; large matrices as fixtures/sketch.py says
  relation.safetensors  relations of a ragged batch alone: inputs, and the gradient of each kind and distance
  relation.json         lengths, heads and the sums
Every sequence goes through both models alone and unpadded; a loss term is (sum, count) over the batch. The optimizer is Adam
without bias correction, with decoupled decay and one clip of the global norm, as NVIDIA's FusedAdam is set in these programs.
"""
import argparse
import math
import os
import shutil
from pathlib import Path

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
import torch
from torch.nn import functional as F

from fixtures.reference_run import make_batch, model_inputs
from fixtures.sketch import sketch
from fixtures.tiny_models import Spec, is_norm, make_model, save_folder
from make_fixtures import NLI, seeded, write_json, write_tensors

STEPS = 3
OPTIMIZER = dict(learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-6, weight_decay=0.01, max_grad_norm=1.0)
LENGTHS = [1, 2, 7, 20, 33]
COMMON = dict(architecture="bert", intermediate=37, lengths=LENGTHS)
BODIES = {
    "teacher": Spec("teacher", head="none", hidden=24, heads=4, layers=4, **COMMON),
    "narrow": Spec("narrow", head="none", hidden=16, heads=4, layers=2, **COMMON),
    "wide": Spec("wide", head="none", hidden=24, heads=4, layers=3, **COMMON),
    "qa_teacher": Spec("qa_teacher", head="question_answering", hidden=24, heads=2, layers=2, **COMMON),
    "qa_student": Spec("qa_student", head="question_answering", hidden=16, heads=1, layers=1, **COMMON),
    "nli_teacher": Spec("nli_teacher", head="sequence_classification", hidden=24, heads=2, layers=2, labels=NLI, **COMMON),
    "nli_student": Spec("nli_student", head="sequence_classification", hidden=16, heads=1, layers=1, labels=NLI, **COMMON),
}
BACKBONE = dict(use_attention_scores=True, use_hidden_states=True, use_value_states=True, use_embedding_states=False,
                use_pred_states=False, attention_loss="kld", hidden_state_loss="cosine", embedding_state_loss="cosine",
                value_state_loss="kld", student_teacher_layer_mapping="last_layer")
CASES = {
    "published": dict(student="narrow", teacher="teacher", states=BACKBONE),
    "uniform": dict(student="narrow", teacher="teacher", states=BACKBONE | dict(
        use_embedding_states=True, embedding_state_loss="mse", student_teacher_layer_mapping="uniform", attention_weight=0.5,
        value_state_weight=2.0, average_loss=True)),
    "squares": dict(student="narrow", teacher="teacher", states=BACKBONE | dict(attention_loss="mse", hidden_state_loss="mse")),
    "equal_width": dict(student="wide", teacher="teacher", states=BACKBONE | dict(
        attention_loss="cosine", value_state_loss="mse", student_layers=[0, 2], teacher_layers=[3, 1])),
    "context_cosine": dict(student="wide", teacher="teacher", states=BACKBONE | dict(
        use_attention_scores=False, use_hidden_states=False, use_embedding_states=True, value_state_loss="cosine")),
    "questions": dict(student="qa_student", teacher="qa_teacher", temperature=1.0),
    "classes": dict(student="nli_student", teacher="nli_teacher", temperature=2.0),
}


def relation_rows(x, y):
    """Scores x y^T / sqrt(d) of one head, [S, S]."""
    return x @ y.T / math.sqrt(x.shape[1])


def distance(student, teacher, kind):
    """Sum over rows, and how many things it runs over."""
    if kind == "kld":
        return F.kl_div(F.log_softmax(student, 1), F.log_softmax(teacher, 1), reduction="sum", log_target=True), len(student)
    if kind == "cosine":
        return (1 - F.cosine_similarity(student, teacher, dim=1)).sum(), len(student)
    return F.mse_loss(student, teacher, reduction="sum"), student.numel()


def sum_over_heads(student, teacher, heads, kind):
    """`student` and `teacher`: pairs (x, y) of [S, A*D], compared head by head."""
    parts = [distance(relation_rows(*own), relation_rows(*other), kind)
             for own, other in zip(*(zip(*(part.chunk(heads, 1) for part in pair)) for pair in (student, teacher)))]
    return sum(total for total, _ in parts), sum(count for _, count in parts)


def run_body(model, sequence):
    """Hidden states (embeddings first), and per layer queries, keys and context, of one sequence."""
    states, hooks = [], []
    for layer in model.encoder.layer:
        def keep(module, arguments, keywords, output):
            x = arguments[0] if arguments else keywords["hidden_states"]
            states.append((module.query(x)[0], module.key(x)[0], output[0][0]))
        hooks.append(layer.attention.self.register_forward_hook(keep, with_kwargs=True))
    hidden = [state[0] for state in model(**model_inputs(model, sequence), output_hidden_states=True).hidden_states]
    for hook in hooks:
        hook.remove()
    return hidden, states


def layer_pairs(states, student_layers, teacher_layers):
    if "student_layers" in states:
        return list(zip(states["student_layers"], states["teacher_layers"]))
    if states["student_teacher_layer_mapping"] == "last_layer":
        return [(student_layers - 1, teacher_layers - 1)]
    step = teacher_layers // student_layers
    return [(layer, layer * step + step - 1) for layer in range(student_layers)]


def backbone_parts(states, heads, pairs, project, own, other):
    """name -> list of (sum, count), one a mapped layer, of one sequence."""
    (own_hidden, own_states), (other_hidden, other_states) = own, other
    parts = {}
    if states["use_attention_scores"]:
        parts["att_loss"] = [sum_over_heads(own_states[s][:2], other_states[t][:2], heads, states["attention_loss"]) for s, t in pairs]
    if states["use_hidden_states"]:
        parts["rep_loss"] = [distance(project(own_hidden[s + 1]), other_hidden[t + 1], states["hidden_state_loss"]) for s, t in pairs]
    if states["use_embedding_states"]:
        parts["emb_loss"] = [distance(project(own_hidden[0]), other_hidden[0], states["embedding_state_loss"])]
    if states["use_value_states"]:
        kind = states["value_state_loss"]
        contexts = [(own_states[s][2], other_states[t][2]) for s, t in pairs]
        parts["value_loss"] = [sum_over_heads((s, s), (t, t), heads, kind) if kind == "kld" else distance(s, t, kind) for s, t in contexts]
    return parts


WEIGHTS = {"att_loss": "attention_weight", "rep_loss": "hidden_state_weight", "emb_loss": "embedding_state_weight",
           "value_loss": "value_state_weight"}


def backbone_terms(case, student, teacher, project, sequences):
    """name -> (sum over sequences and layers, count of one layer, weight)."""
    states = case["states"]
    pairs = layer_pairs(states, student.config.num_hidden_layers, teacher.config.num_hidden_layers)
    sums, counts = {}, {}
    for sequence in sequences:
        with torch.no_grad():
            other = run_body(teacher, sequence)
        parts = backbone_parts(states, student.config.num_attention_heads, pairs, project, run_body(student, sequence), other)
        for name, layers in parts.items():
            sums[name] = sums.get(name, 0) + sum(total for total, _ in layers)
            counts[name] = counts.get(name, 0) + layers[0][1]
    share = {name: 1 / len(pairs) if states.get("average_loss") and name != "emb_loss" else 1.0 for name in sums}
    return {name: (sums[name], counts[name], share[name] * states.get(WEIGHTS[name], 1.0)) for name in sums}


def soft_cross_entropy(student, teacher, temperature):
    return -(F.softmax(teacher / temperature, -1) * F.log_softmax(student / temperature, -1)).sum()


def prediction_terms(case, student, teacher, _, sequences):
    total, count = 0, 0
    for sequence in sequences:
        own = student(**model_inputs(student, sequence))
        with torch.no_grad():
            other = teacher(**model_inputs(teacher, sequence))
        names = ("start_logits", "end_logits") if "start_logits" in own else ("logits",)
        total = total + sum(soft_cross_entropy(own[name][0], other[name][0], case["temperature"]) for name in names)
        count += own[names[0]][0].numel()
    return {"cls_loss": (total, count, 1.0)}


def trained_parameters(student, projection):
    """name -> parameter; a pooler that no loss of states reaches is left alone."""
    is_body = type(student).__name__ == "BertModel"
    parameters = {name: value for name, value in student.named_parameters() if not (is_body and name.startswith("pooler."))}
    return parameters | ({} if projection is None else {f"fit_dense.{name}": value for name, value in projection.named_parameters()})


def adam_step(parameters, moments, options):
    """Updates in place and returns the norm of the gradients before clipping."""
    norm = math.sqrt(sum(float((value.grad**2).sum()) for value in parameters.values()))
    clip = min(1.0, options["max_grad_norm"] / (norm + 1e-6))
    with torch.no_grad():
        for name, value in parameters.items():
            gradient = value.grad * clip
            first, second = moments.setdefault(name, (torch.zeros_like(value), torch.zeros_like(value)))
            first.mul_(options["beta1"]).add_((1 - options["beta1"]) * gradient)
            second.mul_(options["beta2"]).add_((1 - options["beta2"]) * gradient**2)
            decay = 0.0 if name.endswith("bias") or is_norm(name) else options["weight_decay"]
            value -= options["learning_rate"] * (first / (second.sqrt() + options["epsilon"]) + decay * value)
    return norm


def run_case(case, student, teacher, projection, sequences):
    """Terms of the first step, the log of all, name -> change, and the names whose gradient is rounding alone."""
    make_terms = backbone_terms if "states" in case else prediction_terms
    parameters = trained_parameters(student, projection)
    before = {name: value.detach().clone() for name, value in parameters.items()}
    project = projection or (lambda rows: rows)
    moments, log, first, vanishing = {}, [], None, []
    for step in range(STEPS):
        for value in parameters.values():
            value.grad = torch.zeros_like(value)
        terms = make_terms(case, student, teacher, project, sequences)
        loss = sum(weight * total / count for total, count, weight in terms.values())
        loss.backward()
        norm = math.sqrt(sum(float((value.grad**2).sum()) for value in parameters.values()))
        if step == 0:
            first = [dict(name=name, sum=total.item(), count=count, weight=weight) for name, (total, count, weight) in terms.items()]
            vanishing = sorted(name for name, value in parameters.items() if value.grad.norm() < 1e-12 * norm)
        log.append(dict(loss=loss.item(), gradient_norm=norm))
        adam_step(parameters, moments, OPTIMIZER)
    return first, log, {name: value.detach() - before[name] for name, value in parameters.items()}, vanishing


def make_projection(student, teacher, generator):
    if student.config.hidden_size == teacher.config.hidden_size:
        return None
    projection = torch.nn.Linear(student.config.hidden_size, teacher.config.hidden_size)
    with torch.no_grad():
        for value in projection.parameters():
            value.copy_(0.2 * torch.randn(value.shape, generator=generator))
    return projection


def save_projection(projection, folder):
    """As the published programs have it; the uniform case reads it from there."""
    torch.save({f"fit_dense.{name}": value.detach().clone() for name, value in projection.named_parameters()}, folder / "project.bin")


def make_relations(root):
    generator = seeded("relations")
    lengths, heads, widths = [1, 5, 17, 2], 3, (4, 7)
    tokens = sum(lengths)
    student, teacher = (torch.randn(tokens, 3 * heads * width, generator=generator).double() for width in widths)
    tensors, sums = {"student": student, "teacher": teacher}, {}
    for relation in ("query_key", "self"):
        for kind in ("kld", "mse", "cosine"):
            leaf, total, start = student.clone().requires_grad_(), 0, 0
            for length in lengths:
                pairs = []
                for rows, width in ((leaf, widths[0]), (teacher, widths[1])):
                    q, k, _ = rows[start:start + length].split(heads * width, 1)
                    pairs.append((q, k) if relation == "query_key" else (q, q))
                total = total + sum_over_heads(*pairs, heads, kind)[0]
                start += length
            total.backward()
            sums[f"{relation}.{kind}"] = total.item()
            tensors[f"gradient.{relation}.{kind}"] = leaf.grad
    write_tensors(root / "relation.safetensors", tensors)
    write_json(root / "relation.json", dict(lengths=lengths, heads=heads, sums=sums))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "distill"
    parser.add_argument("--output_dir", type=Path, default=default)
    root = parser.parse_args().output_dir
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    shutil.rmtree(root, ignore_errors=True)
    (root / "models").mkdir(parents=True)
    for name, spec in BODIES.items():
        save_folder(make_model(spec, seeded(name)), spec, root / "models" / name)
    for name, case in CASES.items():
        student, teacher = (make_model(BODIES[case[role]], seeded(case[role])) for role in ("student", "teacher"))
        projection = make_projection(student, teacher, seeded("projection")) if "states" in case else None
        if projection is not None:
            save_projection(projection, root / "models" / case["student"])
            projection.double()
        sequences = make_batch(BODIES["teacher"], seeded("distill batch"))["sequences"]
        terms, log, updates, vanishing = run_case(case, student, teacher, projection, sequences)
        write_json(root / f"{name}.json", dict(case, sequences=sequences, optimizer=OPTIMIZER, terms=terms, steps=log, vanishing_gradients=vanishing))
        write_tensors(root / f"{name}.safetensors", {f"update.{key}": sketch(value) for key, value in updates.items()})
        print(f"{name:16}", "  ".join(f"{entry['loss']:.6f}" for entry in log), vanishing)
    make_relations(root)
    for file in root.rglob("*.safetensors"):
        file.chmod(0o644)


if __name__ == "__main__":
    main()
