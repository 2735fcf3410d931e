#!/usr/bin/env python3
"""Makes tests/fixtures/augment: a tiny BertForMaskedLM, word vectors, and the candidates that data augmentation takes from them.

    /path/to/fixtures/python tools/make_augmentation_fixtures.py

Needs torch, transformers and numpy (requirements/fixtures.txt); two runs give equal bytes. Written from the description of TinyBERT's
augmentation (Jiao et al. 2020, algorithm 1): one forward pass in float64 for each masked word, numpy for the neighbors.
  model/         hidden size 32, 2 layers, 64 positions, so that the cut of long texts is reached soon
  glove.txt      50 words of 8 numbers, with `<unk>` and a word that comes twice
  expected.json  for each text its words and, as [index of the word, candidates], what may replace them
Seeds are tried until no two neighboring scores of a ranking lie closer than float32 can tell.
"""
import json
import os
import re
import shutil
from pathlib import Path

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
import numpy as np
import torch
from transformers import BertConfig, BertForMaskedLM, BertTokenizerFast

TARGET = Path(__file__).parent.parent / "tests" / "fixtures" / "augment"
VOCABULARY = TARGET.parent / "glue" / "vocab.txt"
COUNT = 8  # candidates of a word, before `##` pieces are dropped
CHUNK_WORDS, POSITIONS = 400, 64
LEAST_GAP = 2e-4

STOP_WORDS = set("""i me my myself we our ours ourselves you you're you've you'll you'd your yours yourself yourselves he him his himself
she she's her hers herself it it's its itself they them their theirs themselves what which who whom this that that'll these those am is are
was were be been being have has had having do does did doing a an the and but if or because as until while of at by for with about against
between into through during before after above below to from up down in out on off over under again further then once here there when
where why how all any both each few more most other some such no nor not only own same so than too very s t can will just don don't should
should've now d ll m o re ve y ain aren aren't couldn couldn't didn didn't doesn doesn't hadn hadn't hasn hasn't haven haven't isn isn't ma
mightn mightn't mustn mustn't needn needn't shan shan't shouldn shouldn't wasn wasn't weren weren't won won't wouldn wouldn't 's 're""".split())

TEXTS = [
    "The cat sat on the mat .", "A dog slept under the old table.", "it 's raining again , n't it ?", "Nobody could find THE key!",
    "Who wrote the book?  Anna wrote the  book in 1954, near the sea.", "caf\u00e9 na\u00efve r\u00e9sum\u00e9", "\u4f60\u597d small world \U0001F600",
    "unaffable minister denied the report", "", "   ", "we will not", "[MASK] key [SEP] table", "a\u0301 sea\u00a0house\u2014end", "x" * 120 + " house",
    "prices went up " * 30, "the old dog slept near the sea and wrote a long book " * 40,
]
GLOVE_WORDS = """the cat sat minister denied report tuesday weather rained unaffable friendly kind affable world planet earth house home building
end stop book novel paper wrote written penned raining snowing pouring sea ocean lake prices costs cafe naive resume anna mary dog puppy
, . 's u.s. 1954 denies refused government official""".split()


def make_model(seed):
    torch.manual_seed(seed)
    pieces = VOCABULARY.read_text(encoding="utf-8").splitlines()
    config = BertConfig(vocab_size=len(pieces), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48,
                        max_position_embeddings=POSITIONS, initializer_range=0.4)
    model = BertForMaskedLM(config)
    with torch.no_grad():
        model.cls.predictions.bias.normal_(0, 0.5)
    return model.eval()


def make_vectors(seed):
    rng = np.random.default_rng(seed)
    words = [*GLOVE_WORDS[:20], "<unk>", *GLOVE_WORDS[20:], "cat"]
    return words, np.round(rng.normal(size=(len(words), 8)), 4)


def write_vectors(words, vectors):
    with open(TARGET / "glove.txt", "w", encoding="utf-8") as file:
        for word, vector in zip(words, vectors):
            file.write(" ".join([word, *(f"{value:.4f}" for value in vector)]) + "\n")


class TooClose(Exception):
    pass


def rank(scores, count):
    order = np.argsort(-scores, kind="stable")[:count + 1]
    if np.min(-np.diff(scores[order])) < LEAST_GAP:
        raise TooClose
    return order[:count].tolist()


class Neighbors:
    def __init__(self, words, vectors):
        self.index, rows = {}, []
        for word, vector in zip(words, vectors):
            if word not in self.index and word != "<unk>":
                self.index[word] = len(rows)
                rows.append(vector / np.linalg.norm(vector))
        self.words, self.rows = list(self.index), np.array(rows)

    def of(self, word):
        if word not in self.index:
            return []
        scores = self.rows @ self.rows[self.index[word]]
        scores[self.index[word]] = -np.inf
        return [self.words[i] for i in rank(scores, COUNT)]


def split_words(tokenizer, text):
    backend = tokenizer.backend_tokenizer
    return [word for word, _ in backend.pre_tokenizer.pre_tokenize_str(backend.normalizer.normalize_str(text))]


def ask_model(model, tokenizer, pieces, place):
    masked = [*pieces[:place], "[MASK]", *pieces[place + 1:]]
    tokens = (["[CLS]", *masked, "[SEP]", *pieces, "[SEP]"])[:POSITIONS]
    types = ([0] * (len(pieces) + 2) + [1] * (len(pieces) + 1))[:POSITIONS]
    with torch.no_grad():
        logits = model(torch.tensor([tokenizer.convert_tokens_to_ids(tokens)]), token_type_ids=torch.tensor([types])).logits
    best = tokenizer.convert_ids_to_tokens(rank(logits[0, place + 1].numpy(), COUNT))
    return [piece for piece in best if not piece.startswith("##")]


def find_candidates(model, tokenizer, neighbors, words):
    found = []
    for start in range(0, len(words), CHUNK_WORDS):
        chunk = words[start:start + CHUNK_WORDS]
        split = [tokenizer.tokenize(word) if not word.startswith("[") else [word] for word in chunk]
        pieces = [piece for own in split for piece in own][:POSITIONS - 2]
        begin = 0
        for index, (word, own) in enumerate(zip(chunk, split)):
            kept = min(len(own), max(len(pieces) - begin, 0))
            if kept and re.fullmatch("[a-z]+", word) and word not in STOP_WORDS:
                found.append([start + index, ask_model(model, tokenizer, pieces, begin) if kept == 1 else neighbors.of(word)])
            begin += len(own)
    return found


def make_expected(seed):
    model, (words, vectors) = make_model(seed), make_vectors(seed)
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    model.save_pretrained(TARGET / "model")
    (TARGET / "model" / "model.safetensors").chmod(0o644)
    shutil.copy(VOCABULARY, TARGET / "model" / "vocab.txt")
    tokenizer = BertTokenizerFast.from_pretrained(TARGET / "model")
    write_vectors(words, vectors)
    model.double()
    neighbors = Neighbors(words, vectors)
    texts = []
    for text in TEXTS:
        own = split_words(tokenizer, text)
        texts.append({"text": text, "words": own, "candidates": find_candidates(model, tokenizer, neighbors, own)})
    return {"count": COUNT, "seed": seed, "texts": texts}


def main():
    for seed in range(1000):
        try:
            expected = make_expected(seed)
            break
        except TooClose:
            continue
    lines = ",\n".join(json.dumps(text, ensure_ascii=False) for text in expected["texts"])
    (TARGET / "expected.json").write_text(
        f'{{"count": {COUNT}, "seed": {expected["seed"]}, "texts": [\n{lines}\n]}}\n', encoding="utf-8")
    answered = [words for text in expected["texts"] for _, words in text["candidates"]]
    print(f"seed {expected['seed']}: {len(answered)} words with candidates, {sum(not words for words in answered)} without any")


if __name__ == "__main__":
    main()
