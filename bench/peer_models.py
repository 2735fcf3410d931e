"""What the peers' sides share: models of the compared sizes with random weights, batches, and what is reported.

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


def make_model(size, is_squad):
    import torch
    from transformers import (BertConfig, BertForQuestionAnswering, BertForSequenceClassification, DistilBertConfig,
                              DistilBertForQuestionAnswering, DistilBertForSequenceClassification)

    torch.manual_seed(0)
    layers, hidden, heads, intermediate = SIZES[size]
    if size == "distilbert":
        config = DistilBertConfig(n_layers=layers, dim=hidden, n_heads=heads, hidden_dim=intermediate)
        return (DistilBertForQuestionAnswering if is_squad else DistilBertForSequenceClassification)(config)
    config = BertConfig(num_hidden_layers=layers, hidden_size=hidden, num_attention_heads=heads, intermediate_size=intermediate)
    return (BertForQuestionAnswering if is_squad else BertForSequenceClassification)(config)


def read_job():
    """The job on standard input. A package that is not installed ends the program with a line that says so."""
    job = json.load(sys.stdin)
    for package in job["packages"]:
        try:
            importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            print(json.dumps({"missing": f"`{package}` is not installed in this Python; see requirements/bench.txt"}))
            sys.exit(0)
    return job


def read_batches(job):
    """Lists of (ids, types): the one to warm up and those to time, in random order. Grouped: cut from the order of lengths, the
    middle one to warm up, so that those to time have the mean length of all. Padded to the maximum: in random order, and only
    `padded_steps` of them, since there every batch costs the same."""
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
    """Rows of ids, types and mask, each `length` long."""
    rows = [(ids + [0] * (length - len(ids)), types + [0] * (length - len(types)), [1] * len(ids) + [0] * (length - len(ids)))
            for ids, types in batch]
    return tuple(zip(*rows))


def padded_length(job, batch):
    return job["max_length"] if job["padding"] == "max" else max(len(ids) for ids, _ in batch)


def peak_memory_mb():
    """Of this program; getrusage would also count what the process was before it started."""
    with open("/proc/self/status", encoding="utf-8") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return None


def report(job, batches, seconds, extra=None):
    """The last line. Tokens are real ones; padded to the maximum their rate is that of the sequences times the sample's mean length,
    because the few batches timed may happen to hold longer or shorter sequences than the sample."""
    sequences = sum(len(batch) for batch in batches)
    tokens = sum(len(ids) for batch in batches for ids, _ in batch)
    if job["padding"] == "max":
        tokens = sequences * job["mean_length"]
    padded = sum(len(batch) * padded_length(job, batch) for batch in batches)
    print(json.dumps({"seq_s": sequences / seconds, "tok_s": tokens / seconds, "padded_share": padded / tokens - 1,
                      "peak_rss_mb": peak_memory_mb(), **(extra or {}),
                      "versions": {package: importlib.metadata.version(package) for package in job["packages"]}}))
