"""The peer of compare_tokenizers.py: the `tokenizers` library; reads a job on standard input, prints a line of JSON.

Job: tokenizer.json, a JSON list of texts, and either the mode to time (`encode`: text by text; `encode_batch`; `encode_batch_fast`,
which omits offsets) or a file with the output of `retort tokenize --offsets` to compare with. Without [CLS], [SEP] and padding.
"""
import json
import os
import time

import peer_models

BATCH_TEXTS = 512  # as fast as other sizes, with little memory for the results


def load(job):
    os.environ["RAYON_NUM_THREADS"] = str(job["threads"])
    os.environ["TOKENIZERS_PARALLELISM"] = "true" if job["threads"] > 1 else "false"
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(job["tokenizer"])
    tokenizer.no_truncation()
    tokenizer.no_padding()
    with open(job["texts"], encoding="utf-8") as file:
        return tokenizer, json.load(file)


def encode_all(tokenizer, form, texts):
    """One pass; returns the number of tokens."""
    call = getattr(tokenizer, form)
    if form == "encode":
        return sum(len(call(text, add_special_tokens=False)) for text in texts)
    batches = (texts[i:i + BATCH_TEXTS] for i in range(0, len(texts), BATCH_TEXTS))
    return sum(len(encoding) for batch in batches for encoding in call(batch, add_special_tokens=False))


def time_passes(tokenizer, texts, job):
    """Throughput of the best pass, counted like `retort bench tokenize`."""
    passes, tokens = [], 0
    while sum(passes) < job["seconds"] or len(passes) < 2:
        start = time.perf_counter()
        tokens = encode_all(tokenizer, job["form"], texts)
        passes.append(time.perf_counter() - start)
    best, byte_count = min(passes), sum(len(text.encode()) for text in texts)
    return {"mb_s": 1e-6 * byte_count / best, "tok_s": tokens / best, "seq_s": len(texts) / best, "tokens": tokens}


def count_differences(tokenizer, texts, path):
    """Number of texts whose ids or offsets (in code points) differ from retort's, and the first one."""
    different = []
    with open(path, encoding="utf-8", newline="\n") as file:
        for text, line in zip(texts, file, strict=True):
            own, expected = json.loads(line), tokenizer.encode(text, add_special_tokens=False)
            if own["ids"] != expected.ids or own["offsets"] != [list(offset) for offset in expected.offsets]:
                different.append(text)
    return {"compared": len(texts), "different": len(different), "first": different[:1]}


def main():
    job = peer_models.read_job()
    tokenizer, texts = load(job)
    result = count_differences(tokenizer, texts, job["own"]) if "own" in job else time_passes(tokenizer, texts, job)
    import tokenizers

    print(json.dumps({**result, "versions": {"tokenizers": tokenizers.__version__}}))


if __name__ == "__main__":
    main()
