#!/usr/bin/env python3
"""Writes tests/fixtures/text/folders.json: small tokenizer folders, in the forms in which tokenizers were saved, and what
AutoTokenizer of `transformers` makes of each: ids of texts, their pieces, and ids of the named tokens.

Run with a Python that has transformers 5 (no torch); --print shows the values and writes nothing, for a look at other versions:
  python tools/make_tokenizer_folder_fixtures.py [--print]
"""
import argparse
import json
import os
import pathlib
import tempfile

os.environ["TRANSFORMERS_VERBOSITY"] = "critical"
from transformers import AutoTokenizer

TARGET = pathlib.Path(__file__).parent.parent / "tests/fixtures/text/folders.json"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = SPECIAL + ["the", "mill", "[", "]", "n", "##e", "##w", "<", ">", "c", "##t", "##x", "[NEW]"]
CASES = SPECIAL + ["Hel", "hel", "##lo", "World", "world", "cafe", "caf\u00e9", "Caf\u00e9", "\u4e2d", "\u6587", "\u4e2d\u6587", "##\u6587"]
CASE_TEXTS = ["Hello World", "Caf\u00e9 caf\u00e9", "\u4e2d\u6587 Hello[MASK]"]
WORD_TEXTS = ["the <ctx> mill", "the <CTX> mill", "the<ctx>mill <new> [NEW]", "[MASK] the [PAD] [SEP]", "the  <e1>  mill <e2>", "new"]


def lines(words):
    return "".join(word + "\n" for word in words)


def token(content, **flags):
    return {"content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True, **flags}


def tokenizer_json(words, added=None, normalizer=None, model=None, **more):
    added = [{"id": words.index(t), **token(t)} for t in SPECIAL if t in words] if added is None else added
    normalizer = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True, **(normalizer or {})}
    model = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
             "vocab": {w: i for i, w in enumerate(words)}, **(model or {})}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": normalizer, "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": None, "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True}, "model": model, **more}


def folder(name, texts, **files):
    known = {"vocab": "vocab.txt", "config": "tokenizer_config.json", "names": "special_tokens_map.json", "added": "added_tokens.json", "fast": "tokenizer.json"}
    return {"name": name, "texts": texts, "files": {known[k]: v for k, v in files.items()}}


def folders():
    bert = {"tokenizer_class": "BertTokenizer"}
    whole = {"tokenizer_class": "PreTrainedTokenizerFast", **{n: t for n, t in zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), SPECIAL)}}
    for name, config in {"empty": {}, "cased": {"do_lower_case": False}, "accents": {"strip_accents": False}, "stripped": {"do_lower_case": False, "strip_accents": True},
                         "chinese": {"tokenize_chinese_chars": False}, "nulls": {"do_lower_case": None, "strip_accents": None}}.items():
        yield folder(f"config_{name}_beside_lower", CASE_TEXTS, fast=tokenizer_json(CASES), config={**bert, **config}, vocab=lines(CASES))
        yield folder(f"config_{name}_beside_cased", CASE_TEXTS, fast=tokenizer_json(CASES, normalizer={"lowercase": False, "strip_accents": False, "handle_chinese_chars": False}),
                     config={**bert, **config})
        yield folder(f"config_{name}_vocabulary", CASE_TEXTS, vocab=lines(CASES), config={**bert, **config})
    yield folder("vocabulary_alone", CASE_TEXTS, vocab=lines(CASES))
    yield folder("cased_json_alone", CASE_TEXTS, fast=tokenizer_json(CASES, normalizer={"lowercase": False}))
    yield folder("no_class_cased_json", CASE_TEXTS, fast=tokenizer_json(CASES, normalizer={"lowercase": False}), config={"model_max_length": 64})
    yield folder("whole_cased_json", CASE_TEXTS, fast=tokenizer_json(CASES, normalizer={"lowercase": False}), config={**whole, "do_lower_case": True})
    yield folder("whole_no_clean", ["a\u0001b hel\u0000lo hello"], fast=tokenizer_json(CASES, normalizer={"clean_text": False}), config=whole)
    yield folder("bert_no_clean", ["hel\u0000lo hello"], fast=tokenizer_json(CASES, normalizer={"clean_text": False}), config=bert)
    yield folder("bert_short_words", ["hello helo"], fast=tokenizer_json(CASES, model={"max_input_chars_per_word": 4}), config=bert)
    yield folder("whole_short_words", ["hello helo"], fast=tokenizer_json(CASES, model={"max_input_chars_per_word": 4}), config=whole)
    yield folder("other_vocabulary_file", CASE_TEXTS, fast=tokenizer_json(CASES), config=bert, vocab=lines(SPECIAL + ["world", "hel"]))
    yield folder("truncation_and_padding", CASE_TEXTS, config=bert, fast=tokenizer_json(
        CASES, truncation={"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0},
        padding={"strategy": {"Fixed": 9}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"}))
    added = {"<ctx>": 18}
    yield folder("added_tokens_json", WORD_TEXTS, vocab=lines(WORDS), config=bert, added=added)
    yield folder("added_tokens_json_alone", WORD_TEXTS, vocab=lines(WORDS), added={"<e2>": 19, "<ctx>": 18, "[NEW]": 17})
    yield folder("added_tokens_json_gap", WORD_TEXTS, vocab=lines(WORDS), config=bert, added={"<ctx>": 25, "<e1>": 20})
    yield folder("added_tokens_json_upper", WORD_TEXTS, vocab=lines(WORDS), config=bert, added={"<CTX>": 18})
    yield folder("added_tokens_json_cased", WORD_TEXTS, vocab=lines(WORDS), config={**bert, "do_lower_case": False}, added={"<CTX>": 18})
    yield folder("added_and_special", WORD_TEXTS, vocab=lines(WORDS), config={**bert, "additional_special_tokens": ["<ctx>"]}, added=added)
    yield folder("added_and_special_map", WORD_TEXTS, vocab=lines(WORDS), names={"additional_special_tokens": ["<ctx>", "[NEW]"]}, added=added)
    yield folder("special_objects", WORD_TEXTS, vocab=lines(WORDS), config={**bert, "additional_special_tokens": [{"__type": "AddedToken", **token("<e1>", lstrip=True, rstrip=True)}]})
    yield folder("special_map_objects", WORD_TEXTS, vocab=lines(WORDS), config=bert, names={"additional_special_tokens": [token("<e1>", rstrip=True)], "mask_token": token("[MASK]", lstrip=True)})
    yield folder("extra_list", WORD_TEXTS, vocab=lines(WORDS), config={**bert, "extra_special_tokens": ["<e1>", "<ctx>"]})
    yield folder("extra_mapping", WORD_TEXTS, vocab=lines(WORDS), config={**bert, "extra_special_tokens": {"first_token": "<e1>", "second_token": "<e2>"}})
    yield folder("extra_and_additional", WORD_TEXTS, vocab=lines(WORDS), config={**bert, "extra_special_tokens": ["<e1>"], "additional_special_tokens": ["<e2>"]})
    yield folder("own_named_token", WORD_TEXTS, vocab=lines(WORDS), config={**bert, "image_token": "<e1>", "bos_token": "<e2>", "eos_token": "[NEW]"})
    decoder = {str(WORDS.index(t)): token(t) for t in SPECIAL}
    yield folder("decoder", WORD_TEXTS, vocab=lines(WORDS), config={**bert, "added_tokens_decoder": {**decoder, "18": token("<ctx>", special=False, normalized=True)}})
    yield folder("decoder_ignores_files", WORD_TEXTS, vocab=lines(WORDS), config={**bert, "added_tokens_decoder": decoder}, added=added, names={"additional_special_tokens": ["<e1>"]})
    yield folder("decoder_flags", WORD_TEXTS, vocab=lines(WORDS), config={**bert, "added_tokens_decoder": {
        **decoder, "19": token("<e1>", lstrip=True, special=False), "18": token("<ctx>", single_word=True, special=False), "17": token("[NEW]", rstrip=True)}})
    yield folder("decoder_gap", WORD_TEXTS, vocab=lines(WORDS), config={**bert, "added_tokens_decoder": {**decoder, "30": token("<e1>"), "22": token("<ctx>")}})
    yield folder("decoder_moves_a_piece", WORD_TEXTS, vocab=lines(WORDS), config={**bert, "added_tokens_decoder": {"7": token("mill"), "18": token("<ctx>")}})
    yield folder("decoder_other_than_json", WORD_TEXTS, config={**bert, "added_tokens_decoder": {**decoder, "18": token("<e1>")}},
                 fast=tokenizer_json(WORDS, added=[{"id": 18, **token("<ctx>")}]))
    yield folder("decoder_other_than_whole_json", WORD_TEXTS, config={**whole, "added_tokens_decoder": {**decoder, "18": token("<e1>")}},
                 fast=tokenizer_json(WORDS, added=[{"id": 18, **token("<ctx>")}]))
    yield folder("json_added", WORD_TEXTS, config=bert, fast=tokenizer_json(WORDS, added=[{"id": 18, **token("<ctx>", special=False, normalized=True)}, {"id": 19, **token("<e1>", lstrip=True)}]))
    yield folder("json_added_gap", WORD_TEXTS, config=bert, fast=tokenizer_json(WORDS, added=[{"id": 22, **token("<ctx>")}, {"id": 20, **token("<e1>")}]))
    yield folder("whole_json_added_gap", WORD_TEXTS, config=whole, fast=tokenizer_json(WORDS, added=[{"id": 22, **token("<ctx>")}, {"id": 20, **token("<e1>")}]))
    yield folder("json_and_added_json", WORD_TEXTS, config=bert, fast=tokenizer_json(WORDS), added={"<e1>": 18})
    yield folder("whole_json_and_added_json", WORD_TEXTS, config=whole, fast=tokenizer_json(WORDS), added={"<e1>": 18})
    yield folder("json_and_map", WORD_TEXTS, config=bert, fast=tokenizer_json(WORDS), names={"additional_special_tokens": ["<e2>"], "mask_token": "[NEW]"})
    named = ["<pad>", "<unk>", "<s>", "</s>", "<mask>", "the", "mill"]
    names = {"pad_token": "<pad>", "unk_token": "<unk>", "cls_token": "<s>", "sep_token": "</s>", "mask_token": "<mask>"}
    yield folder("names_in_config", ["the</s> zzz<mask>"], vocab=lines(named), config={**bert, **names})
    yield folder("names_in_map", ["the</s> zzz<mask>"], vocab=lines(named), names=names)
    yield folder("names_differ", ["the</s> zzz<mask>"], vocab=lines(named), config={**bert, **names, "sep_token": "the"}, names=names)
    yield folder("names_differ_with_decoder", ["the</s> zzz<mask>"], vocab=lines(named), config={**bert, **names, "sep_token": "the", "added_tokens_decoder": {}}, names=names)
    yield folder("no_mask", WORD_TEXTS, vocab=lines(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "mill"]), config=bert)
    yield folder("no_pad_no_mask", WORD_TEXTS, vocab=lines(["[UNK]", "[CLS]", "[SEP]", "the", "mill"]), config=bert)
    yield folder("no_mask_and_added", WORD_TEXTS, vocab=lines(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "mill"]), added={"<ctx>": 6})
    yield folder("null_mask", WORD_TEXTS, vocab=lines(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "mill"]), config={**bert, "mask_token": None})
    yield folder("no_cls_no_sep", WORD_TEXTS, vocab=lines(["[PAD]", "[UNK]", "[MASK]", "the", "mill"]), config=bert)
    yield folder("no_unk", WORD_TEXTS, vocab=lines(["[PAD]", "[CLS]", "[SEP]", "[MASK]", "the", "mill"]), config=bert)
    yield folder("no_unk_whole", WORD_TEXTS, fast=tokenizer_json(["[PAD]", "[CLS]", "[SEP]", "[MASK]", "the", "mill"]), config=whole)
    texts = ["the mill was the", "was", "a b"]
    for name, text in {
        "plain": lines(SPECIAL + ["the", "mill", "was"]), "blank_inside": lines(SPECIAL + ["the", "", "mill", "was"]), "blanks_at_end": lines(SPECIAL + ["the", "mill", "was", "", ""]),
        "repeated": lines(SPECIAL + ["the", "mill", "the", "was"]), "crlf": lines(SPECIAL + ["the", "mill", "was"]).replace("\n", "\r\n"), "cr": lines(SPECIAL + ["the\rmill", "was"]),
        "mark": "\ufeff" + lines(SPECIAL + ["the", "mill", "was"]), "no_end": lines(SPECIAL + ["the", "mill"]) + "was", "spaces_after": lines(SPECIAL + ["the ", "mill\t", "was\u3000"]),
        "spaces_before": lines(SPECIAL + [" the", "mill", "was"]), "separators": lines(SPECIAL + ["the\u2028mill", "mill\u0085", "was\x0b", "a\x0c", "b\u00a0", "\u200b"]),
        "space_lines": lines(SPECIAL + ["the", " ", "\u3000", "mill", "was"]), "repeated_special": lines(SPECIAL + ["the", "[SEP]", "mill"]),
        "repeated_at_end": lines(SPECIAL + ["the", "mill", "was", "mill"]),
    }.items():
        yield folder(f"lines_{name}", texts, vocab=text, config=bert)
        if "repeated" in name or "blank" in name: yield folder(f"lines_{name}_added", texts + ["the <ctx> mill"], vocab=text, config=bert, added={"<ctx>": text.count("\n")})


def outcome(spec):
    with tempfile.TemporaryDirectory() as path:
        for name, content in spec["files"].items():
            (pathlib.Path(path) / name).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8", newline="")
        (pathlib.Path(path) / "config.json").write_text('{"model_type": "bert"}')
        try:
            tokenizer = AutoTokenizer.from_pretrained(path)
            ids = [tokenizer(text, add_special_tokens=False, truncation=False, padding=False)["input_ids"] for text in spec["texts"]]
            named = {n: getattr(tokenizer, n + "_token_id") for n in ("pad", "unk", "cls", "sep", "mask")}
            return {"ids": ids, "length": len(tokenizer), "named": named, "model_max_length": min(tokenizer.model_max_length, 1 << 30)}
        except BaseException as error:
            return {"error": f"{type(error).__name__}: {error}"[:120]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--print", action="store_true")
    shows = parser.parse_args().print
    rows = []
    for spec in folders():
        rows.append({**spec, **outcome(spec)})
        if shows:
            print(spec["name"], json.dumps({k: v for k, v in rows[-1].items() if k not in ("name", "texts", "files")}))
    if not shows:
        TARGET.write_text("[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]\n")


if __name__ == "__main__":
    main()
