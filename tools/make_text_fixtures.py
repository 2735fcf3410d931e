#!/usr/bin/env python3
"""Writes tests/fixtures/text/: what the `tokenizers` library makes of every code point and of many difficult texts.

The vocabulary is cut out of bert-base-uncased and completed with single characters, so that the results of
normalization show as different pieces instead of [UNK]. Run with a Python that has tokenizers 0.23 and transformers:
  python tools/make_text_fixtures.py --vocab /path/to/bert-base-uncased/vocab.txt
"""
import argparse
import codecs
import json
import pathlib
import random
import struct
import unicodedata
import zlib

import tokenizers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers

TARGET = pathlib.Path(__file__).parent.parent / "tests/fixtures/text"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
BLOCK = 256
SCALARS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]

# clean_text, handle_chinese_chars, strip_accents, lowercase
CONFIGURATIONS = {
    "uncased": (True, True, None, True),
    "uncased_accents": (True, True, False, True),
    "uncased_no_chinese": (True, False, None, True),
    "cased": (True, True, None, False),
    "cased_stripped": (True, True, True, False),
    "raw": (False, False, False, False),
    "raw_stripped": (False, True, True, True),
}


def make_tokenizer(vocabulary, configuration, added=()):
    clean, chinese, strip, lower = CONFIGURATIONS[configuration]
    tokenizer = Tokenizer(models.WordPiece({p: i for i, p in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(clean, chinese, strip, lower)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece("##", True)
    tokenizer.add_special_tokens(SPECIAL)
    for token in added:
        (tokenizer.add_special_tokens if token.special else tokenizer.add_tokens)([token])
    return tokenizer


def make_vocabulary(real):
    """Frequent words, frequent endings, and every character that lower-casing or decomposition can produce."""
    words = [p for p in real[1996:] if not p.startswith("##")][:1500]
    endings = [p for p in real if p.startswith("##")][:500]
    lower, nfd = normalizers.Lowercase().normalize_str, normalizers.NFD().normalize_str
    characters = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    characters |= {p for p in real if len(p) == 1}
    for c in SCALARS:
        if not 0xAC00 <= c <= 0xD7A3:
            for mapped in (lower(chr(c)), nfd(chr(c)), lower(nfd(chr(c)))):
                if mapped != chr(c):
                    characters |= set(mapped)
    characters |= {chr(c) for c in range(0x1100, 0x1200)}  # Hangul comes apart into these
    characters |= {chr(c) for c in SCALARS if 0 < c < 0x3100 and unicodedata.combining(chr(c))}
    characters -= set("\r\n")
    singles = sorted(c for c in characters if unicodedata.ucd_3_2_0.category(c) != "Cn" or ord(c) < 0x20000)
    glued = ["##" + c for c in singles if ord(c) < 0x3400]
    vocabulary = SPECIAL + singles + glued + words + endings + ["Ab", "##Cd", "##ab", "don", "##\u0307"]
    return list(dict.fromkeys(vocabulary))


def numbers(encoding):
    return [len(encoding.ids)] + encoding.ids + [x for pair in encoding.offsets for x in pair]


def code_point_texts(c):
    return [chr(c), "ab" + chr(c) + "cd", "A\u0301" + chr(c) + "\u302ee\u0323" + chr(c)]


def block_checksums(tokenizer):
    """CRC-32 of the little-endian 32-bit numbers of each block; equal neighbors are joined as [first, count, crc]."""
    runs = []
    for block in range(0x110000 // BLOCK):
        texts = [t for c in range(block * BLOCK, (block + 1) * BLOCK) if not 0xD800 <= c <= 0xDFFF for t in code_point_texts(c)]
        values = [x for e in tokenizer.encode_batch(texts, add_special_tokens=False) for x in numbers(e)] if texts else []
        crc = zlib.crc32(struct.pack(f"<{len(values)}i", *values))
        if runs and runs[-1][2] == crc:
            runs[-1][1] += 1
        else:
            runs.append([block, 1, crc])
    return runs


def case(tokenizer, text):
    encoding = tokenizer.encode(text, add_special_tokens=False)
    return {"text": text, "ids": encoding.ids, "offsets": [x for pair in encoding.offsets for x in pair]}


SAMPLE = [0x0, 0x9, 0xB, 0x41, 0x85, 0xA0, 0xAD, 0xC5, 0xDF, 0x130, 0x149, 0x1C5, 0x300, 0x345, 0x37E, 0x390, 0x3A3, 0x587,
          0x5D0, 0x600, 0x898, 0x958, 0xB4B, 0x166D, 0x1680, 0x180E, 0x1B44, 0x1E9E, 0x1F88, 0x1FEF, 0x200B, 0x200D, 0x2003, 0x2028,
          0x2126, 0x212A, 0x226E, 0x302E, 0x3000, 0x3400, 0x4E2D, 0xA7CB, 0xAC00, 0xAC01, 0xD7A3, 0xE000, 0xF900, 0xFB1D, 0xFE0F,
          0xFEFF, 0xFF01, 0xFFFD, 0xFFFF, 0x10400, 0x110BD, 0x11938, 0x1D15E, 0x1D165, 0x1F468, 0x20000, 0x2B820, 0x2B920, 0x2F800,
          0xE0001, 0x10FFFF]

HAND_MADE = [
    "", " ", "\t\r\n", "Hello, world!", "unaffable", "don't stop", "a" * 99, "a" * 100, "a" * 101, "é" * 100, "é" * 101, "e\u0301" * 100,
    "A\u00adB", "x\u200dy", "a[SEP]b [MASK] [mask]", "[CLS][CLS]", "[MASK", "[[MASK]]", "##ing", "İstanbul İI", "ΑΣ ΟΔΟΣ ς", "straße STRASSE ẞ",
    "中文 and 日本語のテキスト 한국어", "שלום עולם", "مرحبا بالعالم", "👨‍👩‍👧 family 🏳️‍🌈", "a\u0301\u302ex\u0323", "\u0301\u302e\u1b44a",
    "é\u302e\u0323\u1b44", "\U0001d15e\U0001d165\u0334z", "a\u0301\u200d\u302e", "\u0344\u0f73\u302e", "½ ﬁ Å Å", "naïve café", "q\u0307\u0323" * 20,
    "a\u0301\u0323\u302e\u1b44" * 10, "\u302e" * 5 + " " + "\u302e\u0301" * 5, "....,,,;;;", "\x00a\x01b\x7fc", "\ufeffBOM", "tab\tnew\nline\x0bvt\x0cff\x85nel\u2028ls",
]


def random_texts(count):
    generator = random.Random(20240101)
    alphabets = ["abcdefghij ABC .,'-", "éÉàÜßŒİıſ ", "абвАБВёЁй ", "αβγΆΈΣς ", "中文字丂﨎 ", "한국어가각 ", "אבגשׁ ", "ابتـً ", "देवनागरी क़",
                 "\u0301\u0323\u0307\u0334\u302e\u1b44\u0345 a", "\u200b\u200d\ufeff\u00ad\x00\x1f ", "👨👩🏽‍❤️🇩🇪 ", "\u00a0\u2003\u3000\u2028\t\r", "[MASK][SEP]#"]
    texts = []
    for _ in range(count):
        parts = []
        for _ in range(generator.randint(1, 6)):
            if generator.random() < 0.2:
                parts += [chr(generator.choice(SCALARS[:0x3000] + [c for c in SAMPLE])) for _ in range(3)]
            else:
                alphabet = generator.choice(alphabets)
                parts += [generator.choice(alphabet) for _ in range(generator.randint(1, 8))]
        texts.append("".join(parts))
    return texts


def byte_case(tokenizer, data):
    """Bytes as they are, expectations in bytes: the library sees the text with U+FFFD, its offsets are mapped back."""
    ill_formed = []
    codecs.register_error("note", lambda e: (ill_formed.append((e.start, e.end)), ("\ufffd", e.end))[1])
    text = data.decode("utf-8", "note")
    ends, at, holes = [0], 0, dict(ill_formed)
    for character in text:
        at = holes[at] if at in holes else at + len(character.encode())
        ends.append(at)
    encoding = tokenizer.encode(text, add_special_tokens=False)
    return {"hex": data.hex(), "ids": encoding.ids, "offsets": [ends[x] for pair in encoding.offsets for x in pair], "ends": ends}


def random_bytes(count):
    generator = random.Random(7)
    pool = [b"abc", b" ", b"\xc3\xa9", b"\xc3", b"\xe2\x82", b"\xe2\x82\xac", b"\xed\xa0\x80", b"\xf0\x9f\x91\xa8", b"\xf0\x9f", b"\xff", b"\xc0\xaf",
            b"\x80", b"\xf4\x90\x80\x80", b"\xe0\x80\xaf", b"[SEP]", b"\xcc\x81", b"\xe3\x80\xae", b"."]
    return [b"".join(generator.choice(pool) for _ in range(generator.randint(1, 12))) for _ in range(count)]


ADDED = [
    [dict(content="foo"), dict(content="FooBar")],
    [dict(content="foo", lstrip=True), dict(content="bar", rstrip=True), dict(content="foo bar")],
    [dict(content="foo", single_word=True), dict(content="é", single_word=True)],
    [dict(content="Foo", normalized=True), dict(content="naïve", normalized=True, single_word=True)],
    [dict(content="Foo", normalized=True, lstrip=True, rstrip=True), dict(content="中", normalized=True), dict(content="qux", lstrip=True, rstrip=True)],
    [dict(content="[E1]", special=True), dict(content="[E1][E2]", special=True), dict(content="<e>", special=True, single_word=True)],
]
ADDED_TEXTS = [
    "foo", "xfoo foox foo", "a  foo  bar  foo bar\u3000foo", "FooBar foobar FOO fóo f\u0301oo", "naïve naive NAÏVE, xnaïve", "中foo文 中 qux qux  qux",
    "[E1][E2] [E1] x<e> <e>\u0301 _<e> <e>", "é éa aé .é.", "foofoo\u00a0foo\u200bfoo", "\u0301foo \u00a0 bar\t\nbaz", "foo\u0301 bar\u302e qux [SEP] foo",
]


def added_cases(vocabulary):
    cases = []
    for definitions in ADDED:
        tokens = [AddedToken(**{"normalized": False, "special": False, **d}) for d in definitions]
        tokenizer = make_tokenizer(vocabulary, "uncased", tokens)
        stored = json.loads(tokenizer.to_str())["added_tokens"]
        cases.append({"added_tokens": stored, "cases": [case(tokenizer, t) for t in ADDED_TEXTS]})
    return cases


def decode_cases(tokenizer):
    texts = ["Hello, world! don't do not it's i'm we've you're n't . ? 'x'", "[CLS] a[MASK]b [SEP]", "unaffable ##ing", "naïve café ... 中文", "and' , ' the", ""]
    rows = [tokenizer.encode(t, add_special_tokens=False).ids for t in texts]
    generator = random.Random(3)
    rows += [[generator.randrange(tokenizer.get_vocab_size()) for _ in range(12)] for _ in range(40)]
    rows += [[10**6, 7, -1 % 2**31, 8], [tokenizer.token_to_id("##ab"), tokenizer.token_to_id("##ab")]]
    return [{"ids": r, "text": tokenizer.decode(r), "text_with_special": tokenizer.decode(r, skip_special_tokens=False)} for r in rows]


def truncation_cases():
    from transformers.tokenization_python import PythonBackend
    from transformers.utils import logging

    logging.set_verbosity_error()

    class Right:  # the one attribute that truncate_sequences reads
        truncation_side = "right"

    cases = []
    for first in (0, 1, 2, 5, 8):
        for second in (1, 2, 5, 6, 9):
            for budget in (0, 1, 4, 5, 6, 7, 9, 11, 14, 17):
                for strategy in ("longest_first", "only_first", "only_second"):
                    surplus = first + second - budget
                    if (strategy == "only_first" and surplus > first) or (strategy == "only_second" and surplus > second):
                        continue  # the reference refuses or leaves these
                    a, b, _ = PythonBackend.truncate_sequences(Right(), [0] * first, [0] * second, surplus, strategy)
                    cases.append([first, second, budget, strategy, len(a), len(b)])
    return cases


def write(name, value):
    path = TARGET / name
    if isinstance(value, list) and value:
        text = "[\n" + ",\n".join(json.dumps(v, ensure_ascii=True, separators=(",", ":")) for v in value) + "\n]\n"
    else:
        text = "{\n" + ",\n".join(f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}" for k, v in value.items()) + "\n}\n"
    path.write_text(text)
    print(path, path.stat().st_size)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vocab", required=True, help="vocab.txt of bert-base-uncased")
    real = open(parser.parse_args().vocab, encoding="utf-8").read().split("\n")[:-1]
    TARGET.mkdir(parents=True, exist_ok=True)
    vocabulary = make_vocabulary(real)
    (TARGET / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    print("vocabulary", len(vocabulary), (TARGET / "vocab.txt").stat().st_size)
    base = make_tokenizer(vocabulary, "uncased")
    write("added_tokens.json", added_cases(vocabulary))
    write("decode.json", decode_cases(base))
    write("bytes.json", [byte_case(base, b) for b in random_bytes(150)])
    write("truncation.json", truncation_cases())
    texts = {}
    for name in CONFIGURATIONS:
        tokenizer = make_tokenizer(vocabulary, name)
        chosen = HAND_MADE + random_texts(100 if name in ("uncased", "cased", "raw_stripped") else 25)
        texts[name] = [case(tokenizer, t) for t in chosen]
        texts[name] += [case(tokenizer, t) for c in SAMPLE for t in code_point_texts(c)] if name == "uncased" else []
    write("texts.json", texts)
    write("code_points.json", {name: block_checksums(make_tokenizer(vocabulary, name)) for name in CONFIGURATIONS})
    (TARGET / "README.md").write_text(
        f"Made by tools/make_text_fixtures.py with tokenizers {tokenizers.__version__}. Offsets count code points, in bytes.json bytes.\n")


if __name__ == "__main__":
    main()
