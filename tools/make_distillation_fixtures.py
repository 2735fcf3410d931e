"""Writes tests/fixtures/distillation: teachers, students, batches and what plain torch expressions make of them in float64.

    python tools/make_distillation_fixtures.py            # needs torch, transformers, safetensors and numpy

  teacher_mlm, student_mlm, teacher_qa, student_qa    tiny random model folders (BERT teachers, DistilBERT students), no dropout
  expected.json             the batches, and for every method the losses of three AdamW steps
  updates.safetensors       METHOD.PARAMETER: the change of every parameter of the student over these steps
  arrays-protocolN.pickle   a list of uint16 arrays as the published `binarized_data` writes it; counts.pickle, a list of integers
"""

import json
import pathlib
import pickle

import numpy
import torch
import transformers
from safetensors.numpy import save_file
from torch.nn import functional as F

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "distillation"
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + [f"w{i}" for i in range(59)]
LENGTHS = [9, 5, 12]
TEMPERATURE = 2.0
STEPS = 3
ADAM = {"lr": 0.01, "betas": (0.9, 0.98), "eps": 1e-3}
MAX_GRADIENT_NORM = 5.0
METHODS = {
    "mlm": {"alpha_ce": 5.0, "alpha_mlm": 2.0, "alpha_cos": 1.0, "alpha_mse": 0.25, "restrict_ce_to_mask": False},
    "mlm_restricted": {"alpha_ce": 0.5, "alpha_mlm": 0.5, "alpha_cos": 0.0, "alpha_mse": 0.0, "restrict_ce_to_mask": True},
    "mlm_plain": {"alpha_ce": 0.0, "alpha_mlm": 1.0, "alpha_cos": 0.0, "alpha_mse": 0.0, "restrict_ce_to_mask": False},
    "squad": {"alpha_ce": 0.7, "alpha_squad": 0.4},
}


def make_models():
    shared = {"vocab_size": len(PIECES), "max_position_embeddings": 32, "architectures": None}
    bert = transformers.BertConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
                                   hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, initializer_range=0.2, **shared)
    distilbert = transformers.DistilBertConfig(dim=32, n_layers=1, n_heads=2, hidden_dim=40, dropout=0.0, attention_dropout=0.0,
                                               qa_dropout=0.0, initializer_range=0.2, **shared)
    models = {}
    for name, make, config in (("teacher_mlm", transformers.BertForMaskedLM, bert), ("teacher_qa", transformers.BertForQuestionAnswering, bert),
                               ("student_mlm", transformers.DistilBertForMaskedLM, distilbert),
                               ("student_qa", transformers.DistilBertForQuestionAnswering, distilbert)):
        torch.manual_seed(sum(name.encode()))
        model = make(config)
        for parameter in model.parameters():  # biases and norms away from their even beginnings
            parameter.data += 0.05 * torch.randn_like(parameter)
        model.save_pretrained(FOLDER / name)
        (FOLDER / name / "generation_config.json").unlink(missing_ok=True)
        (FOLDER / name / "vocab.txt").write_text("\n".join(PIECES) + "\n")
        models[name] = make.from_pretrained(FOLDER / name).double().train(name.startswith("student"))
    return models


def make_batch(generator):
    sequences = [[2, *generator.integers(5, len(PIECES), n - 2).tolist(), 3] for n in LENGTHS]
    labels = [[-100] * n for n in LENGTHS]
    for row, token in ((0, 2), (0, 5), (1, 3), (2, 1), (2, 7), (2, 10)):
        labels[row][token] = sequences[row][token]
        sequences[row][token] = 4
    return {"ids": sequences, "token_labels": labels, "starts": [3, 1, 0], "ends": [5, 3, 0]}


def padded(lists, value):
    width = max(LENGTHS)
    return torch.tensor([row + [value] * (width - len(row)) for row in lists])


def mlm_loss(teacher, student, batch, options):
    ids, labels, mask = padded(batch["ids"], 0), padded(batch["token_labels"], -100), padded([[1] * n for n in LENGTHS], 0)
    own = student(ids, attention_mask=mask, output_hidden_states=True)
    with torch.no_grad():
        target = teacher(ids, attention_mask=mask, output_hidden_states=True)
    chosen = labels != -100 if options["restrict_ce_to_mask"] else mask.bool()
    s, t = own.logits[chosen], target.logits[chosen]
    soft = F.kl_div(F.log_softmax(s / TEMPERATURE, -1), F.softmax(t / TEMPERATURE, -1), reduction="batchmean") * TEMPERATURE**2
    hard = F.cross_entropy(own.logits.flatten(0, 1), labels.flatten(), ignore_index=-100)
    squared = F.mse_loss(s, t, reduction="sum") / len(s)
    cosine = 1 - F.cosine_similarity(own.hidden_states[-1][mask.bool()], target.hidden_states[-1][mask.bool()]).mean()
    return (options["alpha_ce"] * soft + options["alpha_mlm"] * hard + options["alpha_mse"] * squared + options["alpha_cos"] * cosine)


def squad_loss(teacher, student, batch, options):
    ids, mask = padded(batch["ids"], 0), padded([[1] * n for n in LENGTHS], 0)
    own = student(ids, attention_mask=mask)
    with torch.no_grad():
        target = teacher(ids, attention_mask=mask, token_type_ids=torch.zeros_like(ids))
    hard = soft = 0
    for row, n in enumerate(LENGTHS):
        for side, place in (("start_logits", batch["starts"]), ("end_logits", batch["ends"])):
            s, t = own[side][row, :n], target[side][row, :n]
            hard = hard + F.cross_entropy(s[None], torch.tensor([place[row]])) / 2
            soft = soft + F.kl_div(F.log_softmax(s / TEMPERATURE, -1), F.softmax(t / TEMPERATURE, -1), reduction="sum") * TEMPERATURE**2 / 2
    return (options["alpha_squad"] * hard + options["alpha_ce"] * soft) / len(LENGTHS)


class HuggingFaceAdam:
    """The published programs' AdamW: epsilon joins the root of the second moment before its bias is corrected (torch's joins after)."""

    def __init__(self, parameters):
        self.parameters = [(p, torch.zeros_like(p), torch.zeros_like(p)) for p in parameters]
        self.steps = 0

    @torch.no_grad()
    def step(self, rate):
        self.steps += 1
        (beta1, beta2), corrections = ADAM["betas"], [1 - beta**self.steps for beta in ADAM["betas"]]
        for parameter, first, second in self.parameters:
            gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            first.mul_(beta1).add_(gradient, alpha=1 - beta1)
            second.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
            parameter.addcdiv_(first, second.sqrt() + ADAM["eps"], value=-rate * corrections[1] ** 0.5 / corrections[0])
            parameter.grad = None


def train(method, models, batch, updates):
    kind = "qa" if method == "squad" else "mlm"
    teacher, student = models[f"teacher_{kind}"].eval(), models[f"student_{kind}"]
    start = {name: value.detach().clone() for name, value in student.named_parameters()}
    optimizer = HuggingFaceAdam(student.parameters())
    losses, norms = [], []
    for step in range(STEPS):
        loss = (squad_loss if kind == "qa" else mlm_loss)(teacher, student, batch, METHODS[method])
        loss.backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_(student.parameters(), MAX_GRADIENT_NORM)))
        optimizer.step(ADAM["lr"] * (STEPS - step) / STEPS)
        losses.append(float(loss.detach()))
    for name, value in student.named_parameters():
        updates[f"{method}.{name}"] = (value.detach() - start[name]).float().numpy()
        value.data = start[name]
    return {"options": METHODS[method], "losses": losses, "gradient_norms": norms}


def write_pickles():
    arrays = [numpy.uint16([2, 7, 9, 3]), numpy.uint16([2, 60, 3]), numpy.uint16([2, 5, 6, 7, 8, 63, 3])]
    for protocol in (3, 4, 5):
        (FOLDER / f"arrays-protocol{protocol}.pickle").write_bytes(pickle.dumps(arrays, protocol=protocol))
    (FOLDER / "counts.pickle").write_bytes(pickle.dumps([0, 1, 10, 1000], protocol=4))


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    models, updates = make_models(), {}
    batch = make_batch(numpy.random.default_rng(7))
    expected = {"batch": batch, "temperature": TEMPERATURE, "learning_rate": ADAM["lr"], "adam_beta2": ADAM["betas"][1],
                "adam_epsilon": ADAM["eps"], "max_grad_norm": MAX_GRADIENT_NORM,
                "methods": {method: train(method, models, batch, updates) for method in METHODS}}
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    save_file(updates, FOLDER / "updates.safetensors")
    write_pickles()


if __name__ == "__main__":
    main()
