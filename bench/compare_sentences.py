#!/usr/bin/env python3
"""Speed of `retort data sentences` beside NLTK's Punkt: learning the parameters and splitting, the sides in turn, on the same articles.

    python bench/compare_sentences.py --peer_python PYTHON --input EXTRACTED|TEXT.txt [--megabytes 4] [--rounds 3] [--threads 1]

In:  WikiExtractor's files or plain text with blank lines between articles; the first of them up to `--megabytes`.
Out: a table with the times of both and NLTK's divided by retort's (median, least and greatest over the rounds), by the clock and by
     processor time; last a line of JSON. Both must find the same sentences, byte for byte; a difference ends the program.
"""
import argparse
import pathlib
import sys

import corpus_sides
import side_by_side



def read_articles(args):
    files = sorted(path for path in args.input.rglob("*") if path.is_file()) if args.input.is_dir() else [args.input]
    articles, lines, byte_count = [], [], 0
    for file in files:
        for line in file.read_text(encoding="utf-8").split("\n"):
            if line.startswith("<doc ") or line == "</doc>" or not line.strip():
                articles += [" ".join(lines)] if lines and not line.strip() else []
                lines = [] if line.startswith("<doc ") or line == "</doc>" or not line.strip() else lines
            else:
                lines.append(line.strip())
                byte_count += len(line.encode())
            if byte_count >= args.megabytes * 1e6:
                return articles
    return articles + ([" ".join(lines)] if lines else [])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    corpus_sides.add_flags(parser)
    args = parser.parse_args()
    with side_by_side.scratch() as folder:
        text, own, theirs = (pathlib.Path(folder) / name for name in ("text.txt", "own.txt", "theirs.txt"))
        text.write_text("\n\n".join(read_articles(args)) + "\n", encoding="utf-8", newline="\n")
        flags = {"input": text, "output_file": own}

        def run_own(_):
            own.unlink(missing_ok=True)
            return side_by_side.run_retort(args, ["data", "sentences"], flags)

        job = {"what": "sentences", "input": str(text), "output": str(theirs)}
        sides = [side_by_side.Side("retort", run_own), side_by_side.Side("NLTK", lambda _: side_by_side.run_peer(args, "peer_corpus", job))]
        corpus_sides.finish(args, sides, "Sentences", "sentences", "sentences")
        if not sides[1].missing and own.read_bytes() != theirs.read_bytes():
            sys.exit("retort and NLTK must find the same sentences, but do not; tools/check_sentences.py shows where")


if __name__ == "__main__":
    main()
