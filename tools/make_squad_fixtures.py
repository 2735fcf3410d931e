"""Writes tests/fixtures/squad: SQuAD files of our own (make_squad_texts.py) and what the reference makes of them.

The reference is transformers 4.46.3 (its SQuAD processors left the library in version 5), in its own environment:
    python -m venv reference && reference/bin/pip install transformers==4.46.3 "numpy<2"
    reference/bin/python tools/make_squad_fixtures.py
With --data FILE --vocab VOCAB [--version_2] [--training] it prints the digest of all features of a real file instead,
which unit tests with RETORT_DATA compare; with --score GOLD [--version_2] --output DIR it writes perturbed predictions
of a real file and their scores.
"""
import argparse
import functools
import json
import os
import random
import re
import string

import numpy as np
from transformers import BertTokenizer
from transformers.data.metrics import squad_metrics
from transformers.data.processors import squad

from make_squad_texts import make_dataset

FOLDER = os.path.join(os.path.dirname(__file__), "..", "tests", "fixtures", "squad")
MASK64 = (1 << 64) - 1
OPTIONS = [(384, 128, 64), (64, 16, 12), (40, 25, 8)]  # max_seq_length, doc_stride, max_query_length


def mix64(x):
    """base/random.h"""
    x = (x + 0x9E3779B97F4A7C15) & MASK64
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK64
    return x ^ (x >> 31)


def made_up_logits(feature_index, side, tokens):
    """Multiples of 1/4 in [-8, 8): exact in float32, with many ties."""
    key = mix64(mix64(mix64(7) ^ feature_index) ^ side)
    return [((mix64(key ^ mix64(t)) >> 58) - 32) / 4.0 for t in range(tokens)]


def digest(values, state=0xCBF29CE484222325):
    """FNV-1a over 32-bit words."""
    for value in values:
        state = ((state ^ (value & 0xFFFFFFFF)) * 0x100000001B3) & MASK64
    return state


def make_vocabulary(datasets):
    """Specials, characters (but for one script, which stays unknown), some words and word ends."""
    basic = squad_metrics.BasicTokenizer(do_lower_case=True)
    counts = {}
    for dataset in datasets:
        for entry in dataset["data"]:
            for paragraph in entry["paragraphs"]:
                for text in [paragraph["context"]] + [qa["question"] for qa in paragraph["qas"]]:
                    for word in basic.tokenize(text):
                        counts[word] = counts.get(word, 0) + 1
    characters = sorted({c for word in counts for c in word if not 0x900 <= ord(c) < 0x980} | set(string.printable[:94]))
    words = sorted(w for w in counts if len(w) > 1 and counts[w] > 2 and w.isascii() and sum(map(ord, w)) % 3)
    words += ["river", "bridge", "castle", "library", "the"]
    ends = ["##ed", "##ing", "##ly", "##er", "##s", "##ley", "##haven", "##moor"]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + characters + ["##" + c for c in characters] + words + ends
    return list(dict.fromkeys(pieces))


def load_tokenizer(vocab_file):
    tokenizer = BertTokenizer(vocab_file, do_lower_case=True)
    tokenizer.tokenize = functools.lru_cache(maxsize=None)(lambda text, original=tokenizer.tokenize, **_: original(text))
    return tokenizer


def load_examples(path, training, version_2):
    processor = (squad.SquadV2Processor if version_2 else squad.SquadV1Processor)()
    folder, name = os.path.split(path)
    return (processor.get_train_examples if training else processor.get_dev_examples)(folder or ".", name)


def convert(examples, tokenizer, options, training):
    """Features per example; the single conversion function, in this process."""
    squad.squad_convert_example_to_features_init(tokenizer)
    max_seq_length, doc_stride, max_query_length = options
    return [squad.squad_convert_example_to_features(e, max_seq_length, doc_stride, max_query_length, "do_not_pad", training)
            for e in examples]


def feature_row(feature):
    """[tokens, window offset, window length, start, end], then ids, words and max-context bits."""
    offset, length = min(feature.token_to_orig_map), feature.paragraph_len
    tokens = range(offset, offset + length)
    head = [len(feature.input_ids), offset, length, feature.start_position, feature.end_position]
    return (head + list(feature.input_ids) + [feature.token_to_orig_map[t] for t in tokens]
            + [int(feature.token_is_max_context[t]) for t in tokens])


def write_json(name, value):
    with open(os.path.join(FOLDER, name), "w") as file:
        json.dump(value, file, separators=(",", ":"))
        file.write("\n")


def write_features(name, path, tokenizer, training, version_2):
    """Per options: per example its id, and per feature five numbers and the digest of all."""
    examples = load_examples(path, training, version_2)
    result = []
    for options in OPTIONS:
        rows = [[e.qas_id, [feature_row(f)[:5] + [f"{digest(feature_row(f)):016x}"] for f in features]]
                for e, features in zip(examples, convert(examples, tokenizer, options, training))]
        result.append({"options": options, "examples": rows})
    write_json(name, result)


def write_answers(name, path, tokenizer, version_2, options, **decode):
    """What the reference decodes from made-up logits, in its three files."""
    examples = load_examples(path, False, version_2)
    all_features, results = [], []
    for index, features in enumerate(convert(examples, tokenizer, options, False)):
        for feature in features:
            feature.example_index, feature.unique_id = index, len(all_features)
            count = len(feature.input_ids)
            results.append(squad.SquadResult(feature.unique_id, made_up_logits(feature.unique_id, 0, count),
                                             made_up_logits(feature.unique_id, 1, count)))
            all_features.append(feature)
    files = [os.path.join(FOLDER, f"{name}_{part}.json") for part in ("predictions", "nbest", "null_odds")]
    squad_metrics.compute_predictions_logits(
        examples, all_features, results, decode["n_best_size"], decode["max_answer_length"], True, files[0], files[1],
        files[2], False, version_2, decode.get("threshold", 0.0), tokenizer)


def perturbed(answer, rng):
    """Right, nearly right and wrong variants of an answer."""
    words = answer.split() or [""]
    kind = rng.randrange(8)
    if kind < 2:
        return answer
    if kind == 2:
        return answer.upper()
    if kind == 3:
        return "The " + answer + "!?"
    if kind == 4:
        return " ".join(words[: max(1, len(words) // 2)] + ["a"])
    if kind == 5:
        return " ".join(reversed(words)) + " an apple"
    return "" if kind == 6 else "something else"


def average_precision(scores, odds, has_answer):
    """evaluate-v2.0.py, make_precision_recall_eval: the area and the points of the curve."""
    ids = sorted(odds, key=odds.get)
    positives, hits, area, precisions, recalls = sum(has_answer.values()), 0.0, 0.0, [1.0], [0.0]
    for rank, qid in enumerate(ids, 1):
        hits += scores[qid] if has_answer[qid] else 0
        if rank == len(ids) or odds[qid] != odds[ids[rank]]:
            area += hits / rank * (hits / positives - recalls[-1])
            precisions.append(hits / rank)
            recalls.append(hits / positives)
    return 100.0 * area, precisions, recalls


def official_scores(path, predictions, odds, threshold):
    """v2.0: transformers' copy of evaluate-v2.0.py, and its precision-recall analysis."""
    examples = load_examples(path, False, True)
    scores = dict(squad_metrics.squad_evaluate(examples, predictions, odds, threshold))
    exact, f1 = squad_metrics.get_raw_scores(examples, predictions)
    has_answer = {e.qas_id: bool(e.answers) for e in examples}
    curves = {}
    if odds is None:
        scores = {key: value for key, value in scores.items() if not key.startswith("best_")}
    else:
        oracle = {key: float(value) for key, value in has_answer.items()}
        for name, values in (("exact", exact), ("f1", f1), ("oracle", oracle)):
            scores[f"pr_{name}_ap"], precisions, recalls = average_precision(values, odds, has_answer)
            curves[name] = [precisions, recalls]
    return scores, curves


def official_scores_v1(path, predictions):
    """evaluate-v1.1.py: no rule for empty answers, missing predictions score 0."""
    exact = f1 = total = 0
    for example in load_examples(path, False, False):
        total += 1
        if example.qas_id not in predictions:
            continue
        prediction = predictions[example.qas_id]
        pairs = [(squad_metrics.normalize_answer(a["text"]), squad_metrics.normalize_answer(prediction)) for a in example.answers]
        exact += max(gold == mine for gold, mine in pairs)
        f1 += max(squad_metrics.compute_f1(gold, mine) if gold and mine else 0 for gold, mine in pairs)
    return {"exact_match": 100.0 * exact / total, "f1": 100.0 * f1 / total, "total": total}


def write_scores(path, version_2, seed, folder, name):
    """Perturbed predictions of a file (v1.1: some missing), null odds with ties, and the official scores of them."""
    rng = random.Random(seed)
    examples = load_examples(path, False, version_2)
    gold = {e.qas_id: rng.choice(e.answers)["text"] if e.answers else "" for e in examples}
    predictions = {qid: perturbed(answer, rng) for qid, answer in gold.items()}
    odds = {qid: round(rng.gauss(0.2 if gold[qid] else 0.9, 0.5), 2) for qid in gold}
    ids = list(odds)
    rng.shuffle(ids)
    odds = {qid: odds[qid] for qid in ids}
    result = {"predictions": predictions, "null_odds": odds}
    if version_2:
        result["plain"] = official_scores(path, predictions, None, 1.0)[0]
        result["with_odds"], result["curves"] = official_scores(path, predictions, odds, 1.0)
        result["threshold_0.5"] = official_scores(path, predictions, odds, 0.5)[0]
    else:
        for qid in list(predictions)[::11]:
            del predictions[qid]
        result["plain"] = official_scores_v1(path, predictions)
    with open(os.path.join(folder, name), "w") as file:
        json.dump(result, file)
        file.write("\n")


def write_normalized():
    """Answers and what the official normalization makes of them; pairs and their F1."""
    answers = ["The  Answer", "a an the", "an-apple", "U.S.A.", "x_y", "  tab\tand\nline ", "Café", "Cafe\u0301", "a\u0301b",
               "ΣΊΣΥΦΟΣ", "ΟΔΟΣ.", "Σ", "ΑΣΑ", "İstanbul", "ẞ", "ǅ", "“the”", "the’s", "日本 the 東京", "½ a ²", "a\u00a0b", "a\u200bb",
               "THE\u2003END", "\u001ca\u001d", "$12.5bn", "", "!?", "a", "Ⅷ the", "the_end", "ananas", "the1", "1 a", "𝔄 a", "ﬁ"]
    pairs = [[a, b, squad_metrics.compute_f1(a, b)] for a in answers[:12] for b in answers[:12]]
    write_json("normalized.json", {"normalized": [[a, squad_metrics.normalize_answer(a)] for a in answers], "f1": pairs})


def write_alignments():
    """get_final_text on hard pairs, and Python's JSON forms."""
    originals = ["Steve Smith's", "(NFL)", "São Paulo,", "Cafe\u0301 Müller,", "12\u00a0000", "日本。The", "“Coach” O’Hara.", "İstanbul;",
                 "ẞTRASSE", "a\u00adb", "zero\u200bwidth,", "Ǆ", "한국어", "the the", "x", "C++ & C#", "ΣΊΣΥΦΟΣ", "½", "ﬁne.", "a\u0323\u0307"]
    basic = {lower: squad_metrics.BasicTokenizer(do_lower_case=lower) for lower in (True, False)}
    cases = []
    for original in originals:
        for lower in (True, False):
            words = basic[lower].tokenize(original)
            predictions = [" ".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1)] + ["##x", "nothing"]
            for predicted in predictions:
                # Python lowers a final sigma by itself, the vocabulary does not: left out here, covered by the answers.
                cases.append([predicted, original, lower, squad_metrics.get_final_text(predicted, original, lower)])
    cases = [case for case in cases if "ς" not in case[0]]
    floats = [0.0, -0.0, 1.0, 0.1, 1e-5, 1e-4, 123456789.0, 1e15, 1e16, 1.5e300, 5e-324, 0.1 + 0.2, -7.25, 1 / 3, 2.0**-30]
    strings = ["plain", "\"\\/\n\r\t\b\f\u0001\u007f", "é😀\u2028", ""]
    write_json("alignments.json", {"final_text": cases, "floats": [[x, json.dumps(x)] for x in floats],
                                   "strings": [[x, json.dumps(x)] for x in strings]})


def write_all():
    os.makedirs(FOLDER, exist_ok=True)
    paths = {}
    for name, version_2 in (("sample-v1.1.json", False), ("sample-v2.0.json", True)):
        write_json(name, make_dataset(version_2))
        paths[version_2] = os.path.join(FOLDER, name)
    with open(os.path.join(FOLDER, "vocab.txt"), "w") as file:
        file.write("\n".join(make_vocabulary([make_dataset(False), make_dataset(True)])) + "\n")
    tokenizer = load_tokenizer(os.path.join(FOLDER, "vocab.txt"))
    write_features("features_train.json", paths[False], tokenizer, True, False)
    write_features("features_train_v2.json", paths[True], tokenizer, True, True)
    write_answers("answers_v1", paths[False], tokenizer, False, (64, 16, 12), n_best_size=4, max_answer_length=9)
    write_answers("answers_v2", paths[True], tokenizer, True, (40, 25, 8), n_best_size=3, max_answer_length=30, threshold=-2.5)
    write_scores(paths[False], False, 1, FOLDER, "scores_v1.json")
    write_scores(paths[True], True, 2, FOLDER, "scores_v2.json")
    write_normalized()
    write_alignments()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data")
    parser.add_argument("--vocab")
    parser.add_argument("--score")
    parser.add_argument("--output", default=".")
    parser.add_argument("--version_2", action="store_true")
    parser.add_argument("--training", action="store_true")
    flags = parser.parse_args()
    if flags.data:
        examples = load_examples(flags.data, flags.training, flags.version_2)
        state, count = 0xCBF29CE484222325, 0
        for features in convert(examples, load_tokenizer(flags.vocab), OPTIONS[0], flags.training):
            for feature in features:
                state, count = digest(feature_row(feature), state), count + 1
        print(count, f"{state:016x}")
    elif flags.score:
        write_scores(flags.score, flags.version_2, 3, flags.output, "scores.json")
    else:
        write_all()


if __name__ == "__main__":
    main()
