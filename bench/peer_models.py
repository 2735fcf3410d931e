"""Shared by the peers: models of the compared sizes with random weights, batches, and reporting.

Runs in the peers' Python. The speed of these models does not depend on the values of the weights.
"""
import importlib.metadata
import json
import random
import sys

SIZES = {  # layers, hidden, heads, intermediate
    "bert-base": (12, 768, 12, 3072),
    "minilm": (6, 384, 12, 1536),
    "distilbert": (6, 768, 12, 3072),
}


def make_model(size, task):
    import torch
    from transformers import (BertConfig, BertForPreTraining, BertForQuestionAnswering, BertForSequenceClassification, DistilBertConfig,
                              DistilBertForQuestionAnswering, DistilBertForSequenceClassification)

    torch.manual_seed(0)
    is_squad = task == "squad"
    layers, hidden, heads, intermediate = SIZES[size]
    if size == "distilbert":
        config = DistilBertConfig(n_layers=layers, dim=hidden, n_heads=heads, hidden_dim=intermediate)
        return (DistilBertForQuestionAnswering if is_squad else DistilBertForSequenceClassification)(config)
    config = BertConfig(num_hidden_layers=layers, hidden_size=hidden, num_attention_heads=heads, intermediate_size=intermediate)
    head = BertForPreTraining if task == "pretraining" else BertForQuestionAnswering if is_squad else BertForSequenceClassification
    return head(config)


def read_job():
    """Reads the job from standard input. If a package is missing, exits with a line that names it."""
    job = json.load(sys.stdin)
    for package in job["packages"]:
        try:
            importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            print(json.dumps({"missing": f"`{package}` is not installed in this Python; see requirements/bench.txt"}))
            sys.exit(0)
    return job


def read_batches(job):
    """Lists of (ids, types): one warm-up batch and the timed batches, in random order. Grouped: batches of consecutive lengths, the
    middle one to warm up, so that those to time have the mean length of all. Padded to the maximum: in random order, and only
    `padded_steps` of them, because there every batch costs the same."""
    with open(job["features"], encoding="utf-8") as file:
        features = [json.loads(line) for line in file]
    rng = random.Random(job["round"])
    if job["padding"] == "max":
        rng.shuffle(features)
    else:
        features.sort(key=lambda feature: len(feature[0]))
    size = job["batch"]
    batches = [features[i:i + size] for i in range(0, len(features), size)]
    if job["padding"] == "max":
        return batches[0], batches[1:job["padded_steps"] + 1]
    warm_up = batches.pop(len(batches) // 2)
    rng.shuffle(batches)
    return warm_up, batches


def pad(batch, length):
    """Ids, types and mask, padded to `length`."""
    rows = [(ids + [0] * (length - len(ids)), types + [0] * (length - len(types)), [1] * len(ids) + [0] * (length - len(ids)))
            for ids, types in batch]
    return tuple(zip(*rows))


def padded_length(job, batch):
    if job["padding"] == "max":
        return job["max_length"]
    multiple = job.get("multiple", 1)
    return -(-max(len(ids) for ids, _ in batch) // multiple) * multiple


def peak_memory_mb():
    """Peak memory of this program; getrusage would include the parent process before exec."""
    with open("/proc/self/status", encoding="utf-8") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return None


def report(job, batches, seconds, extra=None):
    """Prints the last line. Counts real tokens; for the peer padded to the maximum, tokens per second are sequences per second times the sample's mean length,
    because the few batches timed may happen to hold longer or shorter sequences than the sample."""
    sequences = sum(len(batch) for batch in batches)
    tokens = sum(len(ids) for batch in batches for ids, _ in batch)
    if job["padding"] == "max":
        tokens = sequences * job["mean_length"]
    padded = sum(len(batch) * padded_length(job, batch) for batch in batches)
    print(json.dumps({"seq_s": sequences / seconds, "tok_s": tokens / seconds, "padded_share": padded / tokens - 1,
                      "peak_rss_mb": peak_memory_mb(), **(extra or {}),
                      "versions": {package: importlib.metadata.version(package) for package in job["packages"]}}))
