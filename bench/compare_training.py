#!/usr/bin/env python3
"""Training speed of retort beside Hugging Face transformers: the two in turn, on the same SQuAD questions, in one run.

    python bench/compare_training.py --train_file train-v1.1.json --vocab_file vocab.txt [--size bert-base|minilm|distilbert]
        [--batch 8] [--steps 20] [--rounds 3] [--precision bf16|fp32] [--retort build/retort]

The peer is in its best form: batches of sequences of similar length, padded to the longest of the batch, bf16 autocast, fused
AdamW, clipping. Both start from random weights of the same size (speed does not depend on their values), count real tokens, and
leave out a first step. Prints one line a round and, last, a JSON object with the median rates, their ratio and the peak memory of
both. Needs an environment with torch, transformers and tokenizers (requirements/fixtures.txt).
"""
import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import time

SIZES = {  # preset of retort, layers, hidden, heads, intermediate
    "bert-base": ("preset:bert-base-uncased", 12, 768, 12, 3072),
    "minilm": ("preset:minilm-l6-h384", 6, 384, 12, 1536),
    "distilbert": ("preset:distilbert-base-uncased", 6, 768, 12, 3072),
}
MAX_LENGTH, STRIDE = 384, 128


def make_model(size):
    from transformers import BertConfig, BertForQuestionAnswering, DistilBertConfig, DistilBertForQuestionAnswering

    _, layers, hidden, heads, intermediate = SIZES[size]
    if size == "distilbert":
        return DistilBertForQuestionAnswering(DistilBertConfig(n_layers=layers, dim=hidden, n_heads=heads, hidden_dim=intermediate))
    return BertForQuestionAnswering(BertConfig(num_hidden_layers=layers, hidden_size=hidden, num_attention_heads=heads, intermediate_size=intermediate))


def make_features(args, count):
    """Token ids and types of `count` windows of random questions."""
    from transformers import BertTokenizerFast

    tokenizer = BertTokenizerFast(vocab_file=args.vocab_file)
    with open(args.train_file, encoding="utf-8") as file:
        articles = json.load(file)["data"]
    pairs = [(q["question"].strip(), p["context"]) for a in articles for p in a["paragraphs"] for q in p["qas"]]
    random.Random(args.seed).shuffle(pairs)
    encoded = tokenizer([q for q, _ in pairs[:count]], [c for _, c in pairs[:count]], truncation="only_second", max_length=MAX_LENGTH,
                        stride=MAX_LENGTH - STRIDE - 70, return_overflowing_tokens=True)
    features = list(zip(encoded["input_ids"], encoded["token_type_ids"]))
    random.Random(args.seed).shuffle(features)
    return features[:count]


def run_peer(args):
    """The peer's side, in a process of its own; prints a JSON line."""
    import torch

    torch.manual_seed(0)
    # As many batches as are timed, cut out of eight times as many features sorted by length.
    features = sorted(make_features(args, args.batch * (args.steps + 1) * 8), key=lambda f: len(f[0]))
    batches = [features[i:i + args.batch] for i in range(0, len(features) - args.batch + 1, args.batch)]
    random.Random(args.seed).shuffle(batches)
    model = make_model(args.size).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-5, fused=True)

    def step(batch):
        longest = max(len(ids) for ids, _ in batch)
        ids, types, mask = (torch.zeros(len(batch), longest, dtype=torch.long) for _ in range(3))
        for row, (own_ids, own_types) in enumerate(batch):
            ids[row, :len(own_ids)] = torch.tensor(own_ids)
            types[row, :len(own_ids)] = torch.tensor(own_types)
            mask[row, :len(own_ids)] = 1
        inputs = dict(input_ids=ids, attention_mask=mask)
        if args.size != "distilbert":
            inputs["token_type_ids"] = types
        positions = torch.full((len(batch),), 5)
        with torch.autocast("cpu", torch.bfloat16, enabled=args.precision == "bf16"):
            loss = model(**inputs, start_positions=positions, end_positions=positions).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()

    step(batches[0])
    start = time.perf_counter()
    for batch in batches[1:args.steps + 1]:
        step(batch)
    seconds = time.perf_counter() - start
    sequences = args.batch * args.steps
    tokens = sum(len(ids) for batch in batches[1:args.steps + 1] for ids, _ in batch)
    print(json.dumps({"seq_s": sequences / seconds, "tok_s": tokens / seconds,
                      "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def run_json(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"`{' '.join(command)}` failed:\n{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train_file", required=True)
    parser.add_argument("--vocab_file", required=True)
    parser.add_argument("--size", choices=SIZES, default="bert-base")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", choices=["bf16", "fp32"], default="bf16")
    parser.add_argument("--retort", default="build/retort")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--peer_only", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peer_only:
        return run_peer(args)
    own_command = [args.retort, "bench", "train", "--model", SIZES[args.size][0], "--vocab_file", args.vocab_file, "--task", "squad",
                   "--train_file", args.train_file, "--per_device_train_batch_size", str(args.batch), "--steps", str(args.steps),
                   "--precision", args.precision, "--seed"]
    peer_command = [sys.executable, __file__, "--peer_only", *sys.argv[1:], "--seed"]
    own, peer = [], []
    for round_index in range(args.rounds):
        own.append(run_json([*own_command, str(round_index)]))
        peer.append(run_json([*peer_command, str(round_index)]))
        print(f"round {round_index + 1}: retort {own[-1]['tok_s']:.0f} tokens/s, transformers {peer[-1]['tok_s']:.0f}, "
              f"ratio {own[-1]['tok_s'] / peer[-1]['tok_s']:.2f}", flush=True)
    ratios = [a["tok_s"] / b["tok_s"] for a, b in zip(own, peer)]
    median = lambda runs, key: statistics.median(run[key] for run in runs)
    print(json.dumps({"size": args.size, "precision": args.precision, "batch": args.batch,
                      "ratio": round(statistics.median(ratios), 2), "ratio_min": round(min(ratios), 2), "ratio_max": round(max(ratios), 2),
                      "retort_seq_s": round(median(own, "seq_s"), 2), "retort_tok_s": round(median(own, "tok_s")),
                      "retort_utilization": round(median(own, "utilization"), 3), "retort_peak_rss_mb": round(median(own, "peak_rss_mb")),
                      "peer_seq_s": round(median(peer, "seq_s"), 2), "peer_tok_s": round(median(peer, "tok_s")),
                      "peer_peak_rss_mb": round(median(peer, "peak_rss_mb")), "instruction_set": own[0]["instruction_set"]}))


if __name__ == "__main__":
    main()
