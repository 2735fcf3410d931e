#!/usr/bin/env python3
"""Compares `retort tokenize` with the `tokenizers` library, ids and offsets, on whole data sets; prints differences.

  python tools/check_tokenizer.py --retort build/retort --vocab DIR [--squad FILE.json ...] [--text FILE ...] [--code_points]
                                  [--saved FOLDER ...]

DIR holds a tokenizer.json; every text is checked with it and with a cased form of it. AutoTokenizer of `transformers` loads
the --saved folders, which retort wrote, and must give the ids that retort gives. Exit code 1 when anything differs.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

from tokenizers import Tokenizer


def squad_texts(path):
    for article in json.load(open(path, encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            yield paragraph["context"]
            for question in paragraph["qas"]:
                yield question["question"]


def file_lines(path, limit):
    data = pathlib.Path(path).read_bytes()[:limit]
    return data.decode("utf-8", "replace").split("\n")


def code_point_texts():
    for c in range(0x110000):
        if not 0xD800 <= c <= 0xDFFF:
            yield f"{chr(c)} ab{chr(c)}cd A\u0301{chr(c)}\u302ee\u0323{chr(c)}"


def random_texts(count):
    generator = random.Random(11)
    blocks = [0x20, 0x41, 0x61, 0xC0, 0x130, 0x300, 0x370, 0x400, 0x590, 0x620, 0x900, 0xE00, 0x1100, 0x1E00, 0x1F00, 0x2000, 0x20D0, 0x3000,
              0x4E00, 0xAC00, 0xF900, 0xFE00, 0x1D150, 0x1F460]
    for _ in range(count):
        yield "".join(chr(generator.choice(blocks) + generator.randrange(48)) for _ in range(generator.randint(1, 30)))


def run_retort(program, folder, texts):
    """Encodes texts, which hold no line feed, and yields (ids, offsets in code points)."""
    with tempfile.TemporaryFile() as lines, tempfile.TemporaryFile() as results:
        for text in texts:
            lines.write(text.encode("utf-8") + b"\n")
        lines.seek(0)
        subprocess.run([program, "tokenize", "--model", str(folder), "--offsets"], stdin=lines, stdout=results, check=True)
        results.seek(0)
        for line in results:
            result = json.loads(line)
            yield result["ids"], [tuple(pair) for pair in result["offsets"]]


def compare(program, folder, name, texts):
    texts = [text.replace("\n", " ") for text in texts]
    library = Tokenizer.from_file(str(folder / "tokenizer.json"))
    library.no_truncation()
    library.no_padding()
    results = run_retort(program, folder, texts)
    differences = tokens = 0
    for start in range(0, len(texts), 2000):
        batch = texts[start : start + 2000]
        for text, expected in zip(batch, library.encode_batch(batch, add_special_tokens=False)):
            ids, offsets = next(results)
            tokens += len(ids)
            if ids != expected.ids or offsets != expected.offsets:
                differences += 1
                if differences <= 3:
                    print(f"  {ascii(text[:120])}\n    retort  {ids[:30]} {offsets[:30]}\n    library {expected.ids[:30]} {expected.offsets[:30]}")
    if next(results, None) is not None:
        differences += 1
    print(f"{folder.name:10} {name:30} {len(texts):9} texts {tokens:10} tokens {differences:6} differences", flush=True)
    return differences


def cased_copy(folder, target):
    content = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    content["normalizer"]["lowercase"] = False
    target.mkdir()
    (target / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
    return target


def compare_saved(program, folder):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    texts = list(random_texts(2000)) + ["[CLS] a [MASK]!", "Hello World naïve café 中文"]
    texts = [text.replace("\n", " ") for text in texts]
    expected = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    differences = sum(ids != e for (ids, _), e in zip(run_retort(program, folder, texts), expected))
    print(f"{folder} in transformers as {type(tokenizer).__name__}: {differences} differences", flush=True)
    return differences


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--retort", default="build/retort")
    parser.add_argument("--vocab", type=pathlib.Path)
    parser.add_argument("--squad", nargs="*", default=[])
    parser.add_argument("--text", nargs="*", default=[])
    parser.add_argument("--text_bytes", type=int, default=12_000_000, help="of each text file")
    parser.add_argument("--code_points", action="store_true")
    parser.add_argument("--saved", nargs="*", type=pathlib.Path, default=[])
    arguments = parser.parse_args()
    differences = 0
    with tempfile.TemporaryDirectory() as temporary:
        folders = []
        if arguments.vocab:
            folders = [arguments.vocab, cased_copy(arguments.vocab, pathlib.Path(temporary) / "cased")]
        for folder in folders:
            if arguments.code_points:
                differences += compare(arguments.retort, folder, "code points", code_point_texts())
            differences += compare(arguments.retort, folder, "random texts", random_texts(50_000))
            for path in arguments.squad:
                differences += compare(arguments.retort, folder, pathlib.Path(path).name, squad_texts(path))
            for path in arguments.text:
                differences += compare(arguments.retort, folder, pathlib.Path(path).name, file_lines(path, arguments.text_bytes))
        for folder in arguments.saved:
            differences += compare_saved(arguments.retort, folder)
    sys.exit(differences > 0)


if __name__ == "__main__":
    main()
