#!/usr/bin/env python3
"""Compares `retort data sentences` with NLTK on a text: the parameters that both learn, and the sentences that both find with them.

  python tools/check_sentences.py --retort build/retort --input EXTRACTED|TEXT.txt [--megabytes 8]

Needs nltk (requirements/fixtures.txt). Takes the first files or articles up to `--megabytes`. Exit code 1 when anything differs.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

from nltk.tokenize import punkt


def read_articles(path):
    """Texts of the articles, each in one line, as `retort data sentences` joins them."""
    text = path.read_bytes().decode("utf-8-sig").replace("\r", " ")
    lines = [line.rstrip() for line in text.split("\n")]
    if text.lstrip().startswith("<doc "):
        article = None
        for line in lines:
            if article is None:
                article = [] if line.startswith("<doc ") else None
            elif line == "</doc>":
                yield " ".join(one for one in article[1:] if one)
                article = None
            else:
                article.append(line)
        return
    article = []
    for line in [*lines, ""]:
        if line:
            article.append(line.strip())
        elif article:
            yield " ".join(article)
            article = []


def take(path, megabytes):
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    taken, byte_count = [], 0
    for file in files:
        for article in read_articles(file):
            if article:
                taken.append(article)
                byte_count += len(article.encode())
            if byte_count >= megabytes * 1e6:
                return taken
    return taken


def learn(articles):
    trainer = punkt.PunktTrainer()
    trainer.train("".join(article + "\n\n" for article in articles))
    return trainer.get_params()


def tables_of(parameters):
    return {"abbrev_types": sorted(parameters.abbrev_types), "sent_starters": sorted(parameters.sent_starters),
            "collocations": sorted(map(list, parameters.collocations)),
            "ortho_context": {key: value for key, value in parameters.ortho_context.items() if value}}


def sentences_of(articles, parameters):
    splitter = punkt.PunktSentenceTokenizer(parameters)
    return ["\n".join(splitter.tokenize(article)) for article in articles]


def difference(own, other):
    if isinstance(own, dict):
        own, other = set(own.items()), set(other.items())
    own, other = ({json.dumps(one, ensure_ascii=False) for one in side} for side in (own, other))
    return sorted(own ^ other)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--retort", default="build/retort")
    parser.add_argument("--input", required=True, type=pathlib.Path)
    parser.add_argument("--megabytes", type=float, default=8)
    args = parser.parse_args()
    articles = take(args.input, args.megabytes)
    with tempfile.TemporaryDirectory() as folder:
        text, lines, tables = (pathlib.Path(folder) / name for name in ("text.txt", "sentences.txt", "punkt.json"))
        text.write_text("\n\n".join(articles) + "\n", encoding="utf-8", newline="\n")
        begin = time.monotonic()
        subprocess.run([args.retort, "data", "sentences", "--input", text, "--output_file", lines, "--save_punkt_file", tables], check=True)
        own_seconds = time.monotonic() - begin
        own_tables = json.loads(tables.read_text(encoding="utf-8"))
        own = lines.read_bytes().decode().split("\n\n")[:-1]
    begin = time.monotonic()
    parameters = learn(articles)
    # The order of these two matters: splitting adds empty entries to NLTK's table of cases.
    their_tables = tables_of(parameters)
    theirs = sentences_of(articles, parameters)
    their_seconds = time.monotonic() - begin
    failed = 0
    for name, table in their_tables.items():
        different = difference(own_tables[name], table)
        failed += bool(different)
        print(f"{name}: {len(table)} entries, {len(different)} differ {different[:5]}")
    different = [(a, b) for a, b in zip(own, theirs) if a != b]
    failed += bool(different) or len(own) != len(theirs)
    print(f"sentences: {sum(one.count(chr(10)) + 1 for one in theirs)} of {len(theirs)} articles, {len(different)} articles differ")
    for a, b in different[:3]:
        print(next((pair for pair in zip(a.split("\n"), b.split("\n")) if pair[0] != pair[1]), (a, b)))
    print(f"retort {own_seconds:.2f} s, NLTK {their_seconds:.2f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
