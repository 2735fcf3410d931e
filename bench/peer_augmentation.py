"""The peer of compare_augmentation.py: TinyBERT's augmentation as a Python loop; reads a job on standard input, prints a line of JSON.

Job: model folder, GloVe file, a TSV file and its text columns, and the version of the loop:
  word      like the published programs: for each masked word tokenizes the sentence and runs one forward pass, with
            autograd enabled, as published; GloVe in float64, fully sorted
  sentence  better: tokenizes once, runs all masked copies of a sentence, which have equal length, in one batch without autograd; GloVe in
            float32
Both use a float32 model and the fast tokenizer (the published programs use a Python tokenizer). `make_model` writes a
BertForMaskedLM of MiniLM-L6's size with random weights instead. The time covers all texts, without loading.
"""
import os
import random
import re
import shutil
import time

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
import peer_models

COUNT, PROBABILITY, GLOVE_ROWS = 15, 0.4, 100_000
# Words that are not letters only are never replaced, so contractions are left out.
STOP_WORDS = set("""i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her hers herself it its itself
they them their theirs themselves what which who whom this that these those am is are was were be been being have has had having do does did
doing a an the and but if or because as until while of at by for with about against between into through during before after above below to
from up down in out on off over under again further then once here there when where why how all any both each few more most other some such
no nor not only own same so than too very s t can will just don should now d ll m o re ve y ain aren couldn didn doesn hadn hasn haven isn
ma mightn mustn needn shan shouldn wasn weren won wouldn""".split())


def make_model(job):
    import torch
    from transformers import BertConfig, BertForMaskedLM

    torch.manual_seed(0)
    layers, hidden, heads, intermediate = peer_models.SIZES["minilm"]
    config = BertConfig(num_hidden_layers=layers, hidden_size=hidden, num_attention_heads=heads, intermediate_size=intermediate)
    BertForMaskedLM(config).save_pretrained(job["make_model"])
    shutil.copy(job["vocab_file"], os.path.join(job["make_model"], "vocab.txt"))
    return {"made": job["make_model"]}


def read_vectors(path, dtype):
    import numpy as np

    words, rows = [], []
    with open(path, encoding="utf-8") as file:
        for line in file:
            word, *numbers = line.rstrip().split(" ")
            words.append(word)
            rows.append(numbers)
            if len(words) == GLOVE_ROWS:
                break
    vectors = np.array(rows, dtype=dtype)
    return words, {word: index for index, word in enumerate(words)}, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class Augmentor:
    def __init__(self, job):
        import torch
        from transformers import BertForMaskedLM, BertTokenizerFast

        torch.set_num_threads(job["threads"])
        self.model = BertForMaskedLM.from_pretrained(job["model"]).eval()
        self.tokenizer = BertTokenizerFast.from_pretrained(job["model"])
        self.form, self.passes = job["form"], job["passes"]
        self.words, self.index, self.vectors = read_vectors(job["glove"], "float64" if self.form == "word" else "float32")
        self.word_count = self.candidate_count = 0

    def neighbors(self, word):
        import numpy as np

        if word not in self.index:
            return []
        scores = self.vectors @ self.vectors[self.index[word]]
        scores[self.index[word]] = -np.inf
        return [self.words[i] for i in np.argsort(-scores)[:COUNT]]

    def ask_model(self, pieces, places):
        """The candidates at each position, all in one batch."""
        import torch

        ids = self.tokenizer.convert_tokens_to_ids(["[CLS]", *pieces, "[SEP]", *pieces, "[SEP]"][:512])
        types = ([0] * (len(pieces) + 2) + [1] * (len(pieces) + 1))[:512]
        batch = torch.tensor([ids] * len(places))
        for row, place in enumerate(places):
            batch[row, place + 1] = self.tokenizer.mask_token_id
        logits = self.model(batch, token_type_ids=torch.tensor([types] * len(places))).logits
        for row, place in enumerate(places):
            best = torch.argsort(logits[row, place + 1], descending=True)[:COUNT].tolist()
            yield [piece for piece in self.tokenizer.convert_ids_to_tokens(best) if not piece.startswith("##")]

    def tokenize(self, words):
        """The pieces of the sentence, and the range of pieces of each word."""
        pieces, places = [], []
        for piece in self.tokenizer.tokenize(" ".join(words))[:510]:
            if not piece.startswith("##"):
                places.append([len(pieces), len(pieces)])
            pieces.append(piece)
            places[-1][1] = len(pieces)
        return pieces, places

    def find_candidates(self, words):
        eligible = [i for i, word in enumerate(words) if re.fullmatch("[a-z]+", word) and word not in STOP_WORDS]
        return self.by_word(words, eligible) if self.form == "word" else self.by_sentence(words, eligible)

    def by_word(self, words, eligible):
        candidates = {}
        for index in eligible:
            pieces, places = self.tokenize(words)
            if index >= len(places):
                continue
            begin, end = places[index]
            if end - begin == 1:
                pieces, _ = self.tokenize(words)  # once for the masked copy, once for the original sentence
                candidates[index] = next(self.ask_model(pieces, [begin]))
            else:
                candidates[index] = self.neighbors(words[index])
        return candidates

    def by_sentence(self, words, eligible):
        import torch

        pieces, places = self.tokenize(words)
        eligible = [index for index in eligible if index < len(places)]
        single = [index for index in eligible if places[index][1] - places[index][0] == 1]
        candidates = {index: self.neighbors(words[index]) for index in eligible if index not in single}
        if single:
            with torch.inference_mode():
                candidates.update(zip(single, self.ask_model(pieces, [places[index][0] for index in single])))
        return dict(sorted(candidates.items()))

    def augment(self, text):
        backend = self.tokenizer.backend_tokenizer
        words = [word for word, _ in backend.pre_tokenizer.pre_tokenize_str(backend.normalizer.normalize_str(text))]
        candidates = self.find_candidates(words)
        self.word_count += len(words)
        self.candidate_count += sum(map(len, candidates.values()))
        variants = [text]
        for _ in range(self.passes):
            new = list(words)
            for index, choices in candidates.items():
                choice = random.choice(choices or [words[index]])
                if random.random() < PROBABILITY:
                    new[index] = choice
            if (variant := " ".join(new)) not in variants:
                variants.append(variant)
        return variants


def run(job):
    augmentor = Augmentor(job)
    augmentor.find_candidates("the first call is slow".split())
    random.seed(42)
    with open(job["rows"], encoding="utf-8-sig") as file:
        rows = [line.rstrip("\r\n").split("\t") for line in file][1:]
    start = time.perf_counter()
    with open(os.path.join(job["folder"], "peer_aug.tsv"), "w", encoding="utf-8") as output:
        for row in rows:
            for column in job["columns"]:
                for variant in augmentor.augment(row[column]):
                    output.write("\t".join([*row[:column], variant, *row[column + 1:]]) + "\n")
    seconds = time.perf_counter() - start
    return {"words": augmentor.word_count, "candidates": augmentor.candidate_count, "seconds": seconds}


def main():
    import json

    job = peer_models.read_job()
    result = make_model(job) if "make_model" in job else run(job)
    import torch
    import transformers

    print(json.dumps({**result, "versions": {"torch": torch.__version__, "transformers": transformers.__version__}}))


if __name__ == "__main__":
    main()
