"""The peers' side of compare_sentences.py and compare_instances.py; the job on standard input, a line of JSON out.

`sentences`: NLTK trains Punkt on the articles (one a line) and splits them with it. `instances`: BERT's tokenizer in plain Python, then
tools/fixtures/reference/pretraining_instances.py, written with h5py, as the published program does.
"""
import json
import pathlib
import random
import re
import sys
import unicodedata

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tools"))


def sentences(job):
    import nltk
    from nltk.tokenize import punkt

    articles = [line for line in pathlib.Path(job["input"]).read_text(encoding="utf-8").split("\n") if line]
    trainer = punkt.PunktTrainer()
    trainer.train("".join(article + "\n\n" for article in articles))
    splitter = punkt.PunktSentenceTokenizer(trainer.get_params())
    count = 0
    with open(job["output"], "w", encoding="utf-8", newline="\n") as file:
        for article in articles:
            found = splitter.tokenize(article)
            count += len(found)
            file.write("\n".join(found) + "\n\n")
    return {"sentences": count, "versions": {"nltk": nltk.__version__}}


def pieces_of(word, vocabulary):
    """Ids of the longest pieces from the left; of [UNK] when there are none."""
    ids, begin = [], 0
    while begin < len(word):
        for end in range(len(word), begin, -1):
            piece = ("##" if begin else "") + word[begin:end]
            if piece in vocabulary:
                break
        else:
            return [vocabulary["[UNK]"]]
        ids.append(vocabulary[piece])
        begin = end
    return ids


def tokenize(line, vocabulary):
    text = "".join(c for c in unicodedata.normalize("NFD", line.lower()) if unicodedata.category(c) != "Mn")
    return [token for word in re.findall(r"\w+|[^\w\s]", text) for token in pieces_of(word, vocabulary)]


def instances(job):
    import h5py
    import numpy
    from fixtures.reference import pretraining_instances as reference

    pieces = pathlib.Path(job["vocab_file"]).read_text(encoding="utf-8").split("\n")[:-1]
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    documents, document = [], []
    with open(job["input"], encoding="utf-8") as file:
        for line in file:
            ids = tokenize(line, vocabulary)
            if ids:
                document.append(ids)
            elif document:
                documents.append(document)
                document = []
    documents += [document] if document else []
    options = reference.Options(job["max_seq_length"], job["max_predictions_per_seq"])
    made = reference.create_instances(documents, list(range(len(pieces))), options,
                                      [vocabulary[piece] for piece in ("[CLS]", "[SEP]", "[MASK]")], job["dupe_factor"], random.Random(12345))
    rows, length, predictions = len(made), options.max_seq_length, options.max_predictions_per_seq
    arrays = {"input_ids": numpy.zeros((rows, length), "int32"), "input_mask": numpy.zeros((rows, length), "int8"),
              "segment_ids": numpy.zeros((rows, length), "int8"), "masked_lm_positions": numpy.zeros((rows, predictions), "int32"),
              "masked_lm_ids": numpy.zeros((rows, predictions), "int32"), "next_sentence_labels": numpy.zeros(rows, "int8")}
    for row, instance in enumerate(made):
        count, masked = len(instance.tokens), len(instance.masked_positions)
        arrays["input_ids"][row, :count] = instance.tokens
        arrays["input_mask"][row, :count] = 1
        arrays["segment_ids"][row, :count] = instance.segment_ids
        arrays["masked_lm_positions"][row, :masked] = instance.masked_positions
        arrays["masked_lm_ids"][row, :masked] = instance.masked_labels
        arrays["next_sentence_labels"][row] = instance.is_random_next
    with h5py.File(job["output"], "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array, compression="gzip")
    return {"instances": rows, "versions": {"h5py": h5py.__version__}}


if __name__ == "__main__":
    task = json.load(sys.stdin)
    try:
        print(json.dumps({"sentences": sentences, "instances": instances}[task["what"]](task)))
    except ImportError as missing:
        print(json.dumps({"missing": f"`{missing.name}` is not installed in the peers' Python"}))
