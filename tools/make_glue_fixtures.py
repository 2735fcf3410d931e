"""Makes tests/fixtures/glue: small files of the nine GLUE tasks with sentences of our own, in the official TSV form and in
the hub's, what transformers' tokenizer makes of them, and scores by scikit-learn and scipy.

    /path/to/fixtures/python tools/make_glue_fixtures.py
"""
import csv
import json
import random
import warnings
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import scipy.stats
import sklearn.metrics
from transformers import BertTokenizerFast
from transformers.tokenization_python import PythonBackend
from transformers.utils import logging

TARGET = Path(__file__).parent.parent / "tests" / "fixtures" / "glue"
MAX_SEQ_LENGTHS = (128, 24, 23, 8)

SENTENCES = [
    "The cat sat on the mat .", "A dog slept under the old table .", 'He said : " we will not go " .', "it 's raining again , n't it ?",
    "Nobody could find the key .", "The key was found by nobody .", "Prices rose by 3.5 % in May .", "In May prices went up .",
    "caf\u00e9 na\u00efve r\u00e9sum\u00e9", "\u4f60\u597d world", "a very very long sentence " + "that goes on and on " * 8 + ".", "Who wrote the book ?",
    "The book was written by Anna in 1954 , in a small house near the sea .", "unaffable", "' quoted only here", "tail space ",
    "The minister denied the report on Tuesday .", "On Tuesday the report was denied .", "x", "emoji \U0001F600 and dash \u2014 here",
    "long " * 30 + "end", "short and " + "wide " * 25 + "open",
]

# Columns by the published processors: header, number of columns, text a, text b, label (-1: last); None: no header.
TASKS = {
    "cola": dict(folder="CoLA", header=None, width=4, a=3, b=None, label=1, labels=["0", "1"], dev="dev", test=["index", "sentence"], ta=1, tb=None),
    "sst-2": dict(folder="SST-2", header=["sentence", "label"], a=0, b=None, label=1, labels=["0", "1"], dev="dev", test=["index", "sentence"], ta=1, tb=None),
    "mrpc": dict(folder="MRPC", header=["Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"], a=3, b=4, label=0, labels=["0", "1"], dev="dev",
                 test=["index", "#1 ID", "#2 ID", "#1 String", "#2 String"], ta=3, tb=4),
    "sts-b": dict(folder="STS-B", header=["index", "genre", "filename", "year", "old_index", "source1", "source2", "sentence1", "sentence2", "score"],
                  a=7, b=8, label=-1, labels=None, dev="dev", test=["index", "genre", "filename", "year", "old_index", "source1", "source2", "sentence1", "sentence2"], ta=7, tb=8),
    "qqp": dict(folder="QQP", header=["id", "qid1", "qid2", "question1", "question2", "is_duplicate"], a=3, b=4, label=5, labels=["0", "1"], dev="dev",
                test=["id", "question1", "question2"], ta=1, tb=2),
    "mnli": dict(folder="MNLI", header="index promptID pairID genre sentence1_binary_parse sentence2_binary_parse sentence1_parse sentence2_parse sentence1 sentence2 label1 gold_label".split(),
                 a=8, b=9, label=-1, labels=["contradiction", "entailment", "neutral"], dev="dev_matched",
                 dev_header="index promptID pairID genre sentence1_binary_parse sentence2_binary_parse sentence1_parse sentence2_parse sentence1 sentence2 label1 label2 label3 label4 label5 gold_label".split(),
                 test="index promptID pairID genre sentence1_binary_parse sentence2_binary_parse sentence1_parse sentence2_parse sentence1 sentence2".split(), ta=8, tb=9, test_name="test_matched"),
    "mnli-mm": dict(folder="MNLI", header=None, dev="dev_mismatched", like="mnli", test_name="test_mismatched"),
    "qnli": dict(folder="QNLI", header=["index", "question", "sentence", "label"], a=1, b=2, label=-1, labels=["entailment", "not_entailment"], dev="dev",
                 test=["index", "question", "sentence"], ta=1, tb=2),
    "rte": dict(folder="RTE", header=["index", "sentence1", "sentence2", "label"], a=1, b=2, label=-1, labels=["entailment", "not_entailment"], dev="dev",
                test=["index", "sentence1", "sentence2"], ta=1, tb=2),
    "wnli": dict(folder="WNLI", header=["index", "sentence1", "sentence2", "label"], a=1, b=2, label=-1, labels=["0", "1"], dev="dev",
                 test=["index", "sentence1", "sentence2"], ta=1, tb=2),
}


def make_rows(task, header, width, texts, label, count, rng):
    """Rows of `count` examples; texts and label say the columns, the others get fillers."""
    rows = []
    for i in range(count):
        row = [f"f{i}{c}" for c in range(width)]
        if header and header[0] in ("index", "id"):
            row[0] = str(i)
        for column in texts:
            row[column] = rng.choice(SENTENCES).replace("\n", " ")
        if label is not None:
            row[label] = f"{rng.random() * 5:.3f}" if task["labels"] is None else rng.choice(task["labels"])
        rows.append(row)
    return rows


def write_tsv(path, header, rows, bom=False, line_end="\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (["\t".join(header)] if header else []) + ["\t".join(r) for r in rows]
    path.write_bytes((b"\xef\xbb\xbf" if bom else b"") + (line_end.join(lines) + line_end).encode())


def read_like_the_processors(path, has_header, a, b, label):
    with open(path, encoding="utf-8-sig", newline="\n") as file:
        rows = [[cell.rstrip("\r") for cell in row] for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    return [(r[a], r[b] if b is not None else None, r[label] if label is not None else None) for r in rows[1 if has_header else 0:]]


class Right:  # the one attribute that truncate_sequences reads
    truncation_side = "right"


def encode(tokenizer, a, b, limit):
    """[CLS] A [SEP] B [SEP], truncated as transformers' truncate_sequences does (longest first, one token at a time)."""
    ids_a = tokenizer(a, add_special_tokens=False)["input_ids"]
    ids_b = tokenizer(b, add_special_tokens=False)["input_ids"] if b is not None else []
    lengths = len(ids_a), len(ids_b)
    surplus = max(len(ids_a) + len(ids_b) + (3 if b is not None else 2) - limit, 0)
    if b is None:
        ids_a = ids_a[:len(ids_a) - surplus]
    else:
        ids_a, ids_b, _ = PythonBackend.truncate_sequences(Right(), ids_a, ids_b, surplus, "longest_first")
    ids = [tokenizer.cls_token_id] + ids_a + [tokenizer.sep_token_id] + (ids_b + [tokenizer.sep_token_id] if b is not None else [])
    # When A is not the longer text and both come down to equal lengths, an odd token more is taken from B here, and from A
    # by the tokenizers library.
    past_equal = surplus - (lengths[1] - lengths[0])
    if b is None or lengths[0] > lengths[1] or past_equal <= 0 or past_equal % 2 == 0:
        fast = tokenizer(a, b, truncation=True, max_length=limit)
        assert fast["input_ids"] == ids, (a, b, limit)
        assert fast["token_type_ids"] == [0] * (len(ids_a) + 2) + [1] * (len(ids) - len(ids_a) - 2)
    return ids, len(ids_a) + 2


def make_vocabulary():
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,:?!'\"%-"
    words += list(letters) + ["##" + c for c in letters]
    words += "the cat sat on mat dog slept under old table he said we will not go it raining again nobody could find key was found by prices rose in may went up".split()
    words += "very long sentence that goes and who wrote book written anna small house near sea un ##aff ##able quoted only here tail space end open short wide".split()
    return list(dict.fromkeys(words))


def make_task_files(tokenizer, expected):
    for name, task in TASKS.items():
        rng = random.Random(name)
        spec = TASKS[task["like"]] | task if "like" in task else task
        folder = TARGET / "data" / spec["folder"]
        labels = spec["labels"]
        splits = {}
        if "like" not in task:
            header = spec["header"]
            width = len(header) if header else spec["width"]
            splits["train"] = ("train.tsv", header, width, 14)
        header = TASKS["mnli"]["dev_header"] if spec["folder"] == "MNLI" else spec["header"]
        splits["dev"] = (spec["dev"] + ".tsv", header, len(header) if header else spec["width"], 9)
        for split, (file, header, width, count) in splits.items():
            texts = [c for c in (spec["a"], spec["b"]) if c is not None]
            write_tsv(folder / file, header, make_rows(spec, header, width, texts, spec["label"], count, rng), bom=name == "mrpc",
                      line_end="\r\n" if name == "wnli" else "\n")
            expected[f"{name}/{split}"] = describe(tokenizer, folder / file, bool(header), spec["a"], spec["b"], spec["label"], labels)
        file = spec.get("test_name", "test") + ".tsv"
        texts = [c for c in (spec["ta"], spec["tb"]) if c is not None]
        write_tsv(folder / file, spec["test"], make_rows(spec, spec["test"], len(spec["test"]), texts, None, 7, rng))
        expected[f"{name}/test"] = describe(tokenizer, folder / file, True, spec["ta"], spec["tb"], None, labels)


def describe(tokenizer, path, has_header, a, b, label, labels):
    rows = []
    for text_a, text_b, word in read_like_the_processors(path, has_header, a, b, label):
        row = {"text_a": text_a, "text_b": text_b or ""}
        if word is not None:
            row |= {"target": float(np.float32(word))} if labels is None else {"label": labels.index(word)}
        row["sequences"] = {str(n): encode(tokenizer, text_a, text_b, n) for n in MAX_SEQ_LENGTHS}
        rows.append(row)
    return rows


def make_hub_files(expected):
    """The same MNLI, STS-B and SST-2 dev rows as the hub ships them: other column names, other numbers for labels."""
    folder = TARGET / "hub"
    folder.mkdir(parents=True, exist_ok=True)
    hub_order = ["entailment", "neutral", "contradiction"]
    mnli = [{"premise": r["text_a"], "hypothesis": r["text_b"], "label": hub_order.index(TASKS["mnli"]["labels"][r["label"]]), "idx": i}
            for i, r in enumerate(expected["mnli/dev"])]
    stsb = [{"sentence1": r["text_a"], "sentence2": r["text_b"], "label": r["target"], "idx": i} for i, r in enumerate(expected["sts-b/dev"])]
    sst2 = [{"sentence": r["text_a"], "label": r["label"], "idx": i} for i, r in enumerate(expected["sst-2/dev"])]
    for name, stem, rows in (("mnli", "validation_matched", mnli), ("stsb", "validation", stsb), ("sst2", "validation", sst2)):
        (folder / name).mkdir(exist_ok=True)
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), folder / name / f"{stem}-00000-of-00001.parquet")
        (folder / f"{name}_lines").mkdir(exist_ok=True)
        (folder / f"{name}_lines" / f"{stem}.jsonl").write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")


def float32_list(values):
    return [float(v) for v in np.asarray(values, dtype=np.float32)]


def make_scores():
    rng = np.random.default_rng(7)
    classes = []
    for count, kinds in ((1, 2), (2, 2), (5, 2), (40, 2), (400, 2), (40, 3), (400, 3)):
        for skill in (0.0, 0.6, 1.0):
            labels = rng.integers(0, kinds, count)
            predicted = np.where(rng.random(count) < skill, labels, rng.integers(0, kinds, count))
            classes.append((predicted, labels))
    classes += [(np.zeros(6, int), np.zeros(6, int)), (np.ones(6, int), np.ones(6, int)), (np.zeros(6, int), np.array([0, 1, 0, 1, 1, 0])),
                (np.array([0, 1, 0, 1, 1, 0]), np.zeros(6, int)), (1 - np.array([0, 1, 0, 1]), np.array([0, 1, 0, 1]))]
    cases = {"classification": [], "correlation": []}
    for predicted, labels in classes:
        binary = set(labels) | set(predicted) <= {0, 1}
        cases["classification"].append({"predicted": predicted.tolist(), "labels": labels.tolist(), "accuracy": sklearn.metrics.accuracy_score(labels, predicted),
                                        "f1": sklearn.metrics.f1_score(labels, predicted) if binary else None,
                                        "matthews": float(sklearn.metrics.matthews_corrcoef(labels, predicted))})
    numbers = [(rng.normal(size=n), rng.normal(size=n)) for n in (2, 3, 10, 200)]
    numbers += [(x := rng.normal(size=200), 3 * x + rng.normal(size=200)), (np.round(rng.random(300) * 5, 0), np.round(rng.random(300) * 5, 1))]
    numbers += [(x := np.arange(9.0), -x), (1e6 + rng.random(50), 1e-6 * rng.random(50)), (np.full(5, 0.1), np.arange(5.0)), (np.arange(3.0), np.array([1, np.nan, 2]))]
    for left, right in numbers:
        left, right = np.asarray(left, np.float32), np.asarray(right, np.float32)
        pearson = float(scipy.stats.pearsonr(left.astype(float), right.astype(float)).statistic)
        spearman = float(scipy.stats.spearmanr(left, right).statistic)
        show = lambda v: None if np.isnan(v) else float(v)
        cases["correlation"].append({"left": [show(v) for v in left], "right": [show(v) for v in right], "pearson": show(pearson), "spearman": show(spearman)})
    return cases


def dump(path, value):
    path.write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":"), indent=None) + "\n")
    print(path, path.stat().st_size)


def main():
    logging.set_verbosity_error()
    warnings.simplefilter("ignore")
    TARGET.mkdir(parents=True, exist_ok=True)
    (TARGET / "vocab.txt").write_text("\n".join(make_vocabulary()) + "\n")
    tokenizer = BertTokenizerFast(vocab=str(TARGET / "vocab.txt"), do_lower_case=True)
    assert tokenizer("the")["input_ids"] == [2, make_vocabulary().index("the"), 3]
    expected = {}
    make_task_files(tokenizer, expected)
    make_hub_files(expected)
    dump(TARGET / "features.json", expected)
    dump(TARGET / "scores.json", make_scores())


if __name__ == "__main__":
    main()
