"""The sequences of a comparison: a sample of real files, or synthetic texts of the published lengths.

In:  train-v1.1.json, dev-v1.1.json, MRPC/train.tsv and SST-2/train.tsv below a data folder, and a vocab.txt; any may be missing.
Out: a small file of the same format that retort reads, and the token ids of exactly its sequences for the peers, one line each.
Why: throughput is only comparable for the same work. A question with several windows counts as several
sequences, split like run_squad. The sample is spread evenly over all lengths and gives batches of nearly equal length,
like a large data set grouped by length, so peers that group by length have no disadvantage from a small sample.
"""
import csv
import dataclasses
import json
import math
import pathlib
import random
import subprocess

MAX_QUERY_TOKENS, DOC_STRIDE = 64, 128
CLS, SEP = 101, 102
POOL_FACTOR = 8  # sequences read per chosen sequence
VOCABULARY_SIZE = 30522


@dataclasses.dataclass(frozen=True)
class Task:
    max_length: int
    file_name: str  # below the data folder
    # For synthetic texts: a gamma distribution of this shape above the shortest, truncated at max_length. Means after truncation: 177, 53, 13.3.
    shortest: int
    gamma_shape: float
    mean_above_shortest: float


TASKS = {
    "squad": Task(384, "train-v1.1.json", 30, 5, 148),
    "squad-dev": Task(384, "dev-v1.1.json", 30, 5, 148),
    "mrpc": Task(128, "MRPC/train.tsv", 12, 6, 41.2),
    "sst-2": Task(128, "SST-2/train.tsv", 3, 1, 10.3),
}


@dataclasses.dataclass
class Sample:
    """Description of a sample; its files are `source` (a SQuAD file or a folder of the task) and `features`."""
    is_real: bool
    sequences: int
    tokens: int
    source: str
    features: str
    vocab_file: str

    @property
    def origin(self):
        return "real files" if self.is_real else "made up"

    @property
    def mean_length(self):
        return self.tokens / self.sequences


def word(index):
    """A synthetic word of one token: line `index` of the synthetic vocabulary."""
    return f"w{index}"


def write_made_vocabulary(path):
    lines = [f"[unused{i}]" for i in range(104)]
    lines[0], lines[100], lines[CLS], lines[SEP], lines[103] = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
    path.write_text("\n".join(lines + [word(i) for i in range(104, VOCABULARY_SIZE)]) + "\n", encoding="utf-8")


# Examples: (first text, second text or None, the record that goes back into a file).


def read_squad(path):
    articles = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))["data"]
    return [(qa["question"], paragraph["context"], qa) for article in articles for paragraph in article["paragraphs"]
            for qa in paragraph["qas"]]


def read_table(path, is_pair):
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    return [(row[3], row[4], row) if is_pair else (row[0], None, row) for row in rows]


def make_examples(task_name, count, rng):
    """Texts of synthetic words of one token each, whose sequences have the published lengths."""
    task, examples = TASKS[task_name], []
    for index in range(count):
        above = rng.gammavariate(task.gamma_shape, task.mean_above_shortest / task.gamma_shape)
        length = min(task.max_length, round(task.shortest + above))
        words = [word(rng.randrange(1000, VOCABULARY_SIZE)) for _ in range(length - (2 if task_name == "sst-2" else 3))]
        if task_name.startswith("squad"):
            question, context = " ".join(words[:12]), " ".join(words[12:])
            record = {"id": str(index), "question": question, "answers": [{"text": words[12], "answer_start": 0}]}
            examples.append((question, context, record))
        elif task_name == "mrpc":
            first, second = " ".join(words[:len(words) // 2]), " ".join(words[len(words) // 2:])
            examples.append((first, second, [str(index % 2), str(index), str(index), first, second]))
        else:
            examples.append((" ".join(words), None, [" ".join(words), str(index % 2)]))
    return examples


def tokenize(retort, vocab_file, texts, folder):
    """Ids of each text by retort's own tokenizer, which equals the `tokenizers` library: so the library is not needed here."""
    model = folder / "vocabulary"
    model.mkdir(exist_ok=True)
    (model / "vocab.txt").write_bytes(pathlib.Path(vocab_file).read_bytes())
    done = subprocess.run([retort, "tokenize", "--model", str(model)], input="".join(" ".join(text.split()) + "\n" for text in texts),
                          capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode != 0:
        raise SystemExit(f"`{retort} tokenize` failed: {done.stderr.strip()}")
    return [[int(token) for token in line.split()] for line in done.stdout.splitlines()]


def sequences_of(first, second, task):
    """(ids, types) of each sequence of an example."""
    if second is None:
        ids = [CLS, *first[:task.max_length - 2], SEP]
        return [(ids, [0] * len(ids))]
    if task.max_length == 128:  # a pair of sentences: the longer one is truncated
        first, second = list(first), list(second)
        while len(first) + len(second) > task.max_length - 3:
            (first if len(first) > len(second) else second).pop()
        windows = [second]
    else:
        first = first[:MAX_QUERY_TOKENS]
        room, windows, begin = task.max_length - len(first) - 3, [], 0
        while True:
            windows.append(second[begin:begin + room])
            if begin + room >= len(second):
                break
            begin += min(len(windows[-1]), DOC_STRIDE)
    head = [CLS, *first, SEP]
    return [(head + window + [SEP], [0] * len(head) + [1] * (len(window) + 1)) for window in windows]


def choose(candidates, batch, batches, rng):
    """Chooses (sequences, record) pairs with batch * batches sequences in total: from each of `batches` sections of the list sorted by length,
    neighbors that fill one batch."""
    candidates = sorted(candidates, key=lambda candidate: max(len(ids) for ids, _ in candidate[0]))
    stretch, chosen = len(candidates) / batches, []
    for index in range(batches):
        begin, end = math.floor(index * stretch), math.floor((index + 1) * stretch)
        at, missing = rng.randrange(begin, max(begin + 1, end - batch + 1)), batch
        for candidate in candidates[at:end] + candidates[begin:at]:
            if len(candidate[0]) <= missing:
                chosen.append(candidate)
                missing -= len(candidate[0])
            if missing == 0:
                break
        if missing:
            raise SystemExit(f"`--steps` must be lower: {batches} batches of {batch} sequences are more than the data holds")
    return chosen


def write_source(task_name, chosen, folder):
    """The file or folder that retort reads."""
    if task_name.startswith("squad"):
        paragraphs = [{"context": context, "qas": [record]} for _, (_, context, record) in chosen]
        path = folder / "sample.json"
        path.write_text(json.dumps({"version": "1.1", "data": [{"title": "sample", "paragraphs": paragraphs}]}), encoding="utf-8")
        return path
    header = "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String" if task_name == "mrpc" else "sentence\tlabel"
    text = "\n".join([header, *("\t".join(record) for _, (_, _, record) in chosen)]) + "\n"
    (folder / "train.tsv").write_text(text, encoding="utf-8")
    return folder


def make_sample(task_name, data_dir, vocab_file, batch, batches, seed, retort, folder):
    """Writes the sample below `folder` and describes it. Uses real data if both the file and the vocabulary exist."""
    task, folder, rng = TASKS[task_name], pathlib.Path(folder), random.Random(seed)
    file = pathlib.Path(data_dir) / task.file_name if data_dir else None
    is_real = file is not None and file.is_file() and bool(vocab_file)
    pool = batch * batches * POOL_FACTOR
    if is_real:
        examples = read_squad(file) if task_name.startswith("squad") else read_table(file, task_name == "mrpc")
        rng.shuffle(examples)
        examples = examples[:pool]
    else:
        vocab_file = folder / "vocab.txt"
        write_made_vocabulary(vocab_file)
        examples = make_examples(task_name, pool, rng)
    texts = [text for first, second, _ in examples for text in (first, second) if text is not None]
    ids = iter(tokenize(retort, vocab_file, texts, folder))
    candidates = [(sequences_of(next(ids), next(ids) if example[1] is not None else None, task), example) for example in examples]
    chosen = choose(candidates, batch, batches, rng)
    features = [feature for sequences, _ in chosen for feature in sequences]
    features_path = folder / "features.jsonl"
    features_path.write_text("".join(json.dumps(feature) + "\n" for feature in features), encoding="utf-8")
    return Sample(is_real, len(features), sum(len(feature_ids) for feature_ids, _ in features),
                  str(write_source(task_name, chosen, folder)), str(features_path), str(vocab_file))
