"""The peer of compare_loss_curve.py: pre-trains with transformers on an instance file; reads a job on standard input, prints losses.

`make`: writes the random starting weights as a model folder. `train`: a loss for each step, as BertForPreTraining computes it.
"""
import json
import pathlib

import peer_models


def make(job):
    import torch
    from transformers import BertConfig, BertForPreTraining

    torch.manual_seed(job["seed"])
    config = BertConfig(num_hidden_layers=job["layers"], hidden_size=job["hidden"], num_attention_heads=job["hidden"] // 64,
                        intermediate_size=4 * job["hidden"], hidden_dropout_prob=job["dropout"],
                        attention_probs_dropout_prob=job["dropout"])
    BertForPreTraining(config).save_pretrained(job["model"])
    print(json.dumps({"model": job["model"]}))


def read_instances(folder):
    """The arrays of all instance files of the folder, one after the other, by name."""
    import h5py
    import numpy

    files = [h5py.File(path, "r") for path in sorted(pathlib.Path(folder).glob("*.hdf5"))]
    return {name: numpy.concatenate([file[name][:] for file in files])
            for name in ("input_ids", "input_mask", "segment_ids", "masked_lm_positions", "masked_lm_ids", "next_sentence_labels")}


def labels_of(positions, ids, length):
    """The original ids at the masked positions; -100, which the loss leaves out, everywhere else."""
    import torch

    labels = torch.full((len(ids), length), -100)
    for row, (where, what) in enumerate(zip(positions, ids)):
        count = int((what != 0).sum())
        labels[row, where[:count]] = what[:count]
    return labels


def train(job):
    import torch
    from transformers import BertForPreTraining, get_linear_schedule_with_warmup

    torch.set_num_threads(job["threads"])
    torch.manual_seed(job["seed"])
    arrays = {name: torch.from_numpy(values).long() for name, values in read_instances(job["instances"]).items()}
    model = BertForPreTraining.from_pretrained(job["model"]).train()
    decayed = [value for name, value in model.named_parameters() if "bias" not in name and "LayerNorm" not in name]
    others = [value for name, value in model.named_parameters() if "bias" in name or "LayerNorm" in name]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}],
                                  lr=job["learning_rate"], betas=(0.9, 0.999), eps=1e-6)
    schedule = get_linear_schedule_with_warmup(optimizer, job["warmup_steps"], job["steps"])
    order = torch.randperm(len(arrays["input_ids"]), generator=torch.Generator().manual_seed(job["seed"]))
    losses = []
    for step in range(job["steps"]):
        rows = order[step * job["batch"]:(step + 1) * job["batch"]]
        ids = arrays["input_ids"][rows]
        with torch.autocast("cpu", torch.bfloat16, enabled=job["precision"] == "bf16"):
            output = model(input_ids=ids, attention_mask=arrays["input_mask"][rows], token_type_ids=arrays["segment_ids"][rows],
                           labels=labels_of(arrays["masked_lm_positions"][rows], arrays["masked_lm_ids"][rows], ids.shape[1]),
                           next_sentence_label=arrays["next_sentence_labels"][rows])
        output.loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(float(output.loss))
    print(json.dumps({"losses": losses}))


if __name__ == "__main__":
    JOB = peer_models.read_job()
    {"make": make, "train": train}[JOB["action"]](JOB)
