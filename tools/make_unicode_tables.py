#!/usr/bin/env python3
"""Writes src/retort/text/unicode_tables.inc: what the `tokenizers` library knows about every Unicode code point.

The library mixes several Unicode versions (categories, decompositions and letter case come from different crates), so
no single Unicode release describes it. This script therefore asks the library itself, one code point at a time, and
stores the answers. Run with a Python that has tokenizers 0.23:  python tools/make_unicode_tables.py
"""
import pathlib
import unicodedata

import tokenizers
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

BLOCK = 64  # code points per block of the two-stage table; unicode.cpp has the same number
FLAGS = ["dropped", "whitespace", "chinese", "punctuation", "word", "nonstarter", "kept_mark"]  # bit 0, 1, ... in unicode.h
CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
HANGUL = range(0xAC00, 0xD7A4)  # decomposed by arithmetic in unicode.cpp


def bert(**on):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**off, **on}).normalize_str


clean, chinese = bert(clean_text=True), bert(handle_chinese_chars=True)
strip, lower, strip_lower = bert(strip_accents=True), bert(lowercase=True), bert(strip_accents=True, lowercase=True)
nfd = normalizers.NFD().normalize_str
pre_tokenize = pre_tokenizers.BertPreTokenizer().pre_tokenize_str


def drop_marks(decomposed):
    return "".join(d for d in decomposed if strip(d))


def word_character_probe():
    """The library's idea of a word character, seen through an added token that must stand alone."""
    tokenizer = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    tokenizer.add_tokens([AddedToken("\u2603", single_word=True, normalized=False)])
    return lambda c: tokenizer.encode(chr(c) + "\u2603").ids[-1] == 0


def combining_classes():
    """Canonical combining class of each code point, from the order in which the library sorts pairs of marks."""
    def moves(s):
        """Whether the library moves s before a mark of the highest class (240) or after one of the lowest (1)."""
        return nfd("a\u0345" + s) != "a\u0345" + s or nfd("a" + s + "\u0334") != "a" + s + "\u0334"

    marks = {1: "\u0334", 240: "\u0345"}  # one reference per class; the oldest assignments first
    for database in (unicodedata.ucd_3_2_0, unicodedata):
        for c in CODE_POINTS:
            if database.combining(chr(c)) and nfd(chr(c)) == chr(c) and moves(chr(c)):
                marks.setdefault(database.combining(chr(c)), chr(c))
    classes = {}
    for c in CODE_POINTS:
        s = chr(c)
        if nfd(s) != s or (not moves(s) and s not in (marks[1], marks[240])):
            continue
        same = [k for k, m in marks.items() if nfd("a" + m + s) == "a" + m + s and nfd("a" + s + m) == "a" + s + m]
        if len(same) != 1:
            raise SystemExit(f"combining class of U+{c:04X} is ambiguous: {same}")
        classes[c] = same[0]
    return classes


def main():
    classes = combining_classes()
    is_word = word_character_probe()
    pool, pool_at = bytearray([0]), {"": None}  # texts with a length byte in front; offset 0 stands for "itself"

    def text_offset(c, text):
        if text == chr(c):
            return 0
        if text not in pool_at or pool_at[text] is None:
            pool_at[text] = len(pool)
            encoded = text.encode()
            pool.append(len(encoded))
            pool.extend(encoded)
        return pool_at[text]

    records, record_of = {}, [0] * 0x110000
    for c in range(0x110000):
        if 0xD800 <= c <= 0xDFFF:
            record_of[c] = records.setdefault((1, 0, 0, 0, 0, 0), len(records))  # never decoded from UTF-8
            continue
        s = chr(c)
        cleaned = clean("a" + s + "b")
        pieces = pre_tokenize("a" + s + "b")
        flags = dict(
            dropped=cleaned == "ab",
            whitespace=len(pieces) == 2,
            chinese=chinese(s) == f" {s} ",
            punctuation=len(pieces) == 3,
            word=is_word(c),
        )
        assert cleaned == ("ab" if flags["dropped"] else "a b" if flags["whitespace"] else "a" + s + "b"), hex(c)
        decomposed = nfd(s)
        flags["nonstarter"] = classes.get(ord(decomposed[0]), 0) != 0
        flags["kept_mark"] = any(classes.get(ord(d), 0) and drop_marks(d) for d in decomposed)
        assert strip(s) == drop_marks(decomposed) and strip_lower(s) == lower(strip(s)), hex(c)
        bits = sum(1 << i for i, name in enumerate(FLAGS) if flags[name])
        if c in HANGUL:
            texts = (0, 0, 0, 0)
        else:
            texts = (text_offset(c, lower(s)), text_offset(c, decomposed), text_offset(c, strip(s)), text_offset(c, strip_lower(s)))
        record_of[c] = records.setdefault((bits, classes.get(c, 0)) + texts, len(records))

    blocks, block_of = {}, []
    for start in range(0, 0x110000, BLOCK):
        block_of.append(blocks.setdefault(tuple(record_of[start : start + BLOCK]), len(blocks)))
    assert len(pool) < 65536 and len(records) < 65536 and len(blocks) < 65536

    def array(declaration, items):
        lines, line = [], ""
        for item in items:
            text = f"{item},"
            if len(line) + len(text) > 118:
                lines.append(line)
                line = ""
            line += text
        return f"{declaration} = {{\n" + "\n".join(lines + [line]) + "};\n"

    out = [
        f"// Made by tools/make_unicode_tables.py from tokenizers {tokenizers.__version__}; do not edit. See unicode.cpp.\n",
        array(f"constexpr uint16_t kBlockOf[{len(block_of)}]", block_of),
        array(f"constexpr uint16_t kRecordOf[{len(blocks) * BLOCK}]", [r for b in blocks for r in b]),
        array(f"constexpr CodePointRecord kRecords[{len(records)}]", ["{" + ",".join(map(str, r)) + "}" for r in records]),
        array(f"constexpr uint8_t kTexts[{len(pool)}]", pool),
    ]
    target = pathlib.Path(__file__).parent.parent / "src/retort/text/unicode_tables.inc"
    target.write_text("".join(out))
    print(f"{target}: {len(records)} records, {len(blocks)} blocks, {len(pool)} bytes of text, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
