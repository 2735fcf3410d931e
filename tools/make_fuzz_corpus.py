"""Writes the corpus of the fuzz targets: tests/fuzz/corpus/<target>/, small files of each kind, sound and broken.

In:  nothing but the standard library, and pyarrow (of the build's own environment) for Parquet.
Out: files with names that say what they are. Inputs of findings lie beside them as `found_*` and are left alone.
Why: a fuzzer that begins with files of the format gets behind its first bytes at once; tests/fuzz/corpus_test.cpp keeps
     each of them readable, or refused.

Checksums of column files and manifests are left zero: the targets put them right (tests/fuzz/repair.h).
"""
import io
import json
import pathlib
import pickle
import struct
import zipfile

CORPUS = pathlib.Path(__file__).resolve().parent.parent / "tests" / "fuzz" / "corpus"


def safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def safetensors_files():
    two = {"bert.embeddings.word_embeddings.weight": tensor("F32", [2, 2], 0, 16), "cls.bias": tensor("BF16", [3], 16, 22)}
    yield "two", safetensors(two, bytes(22))
    yield "metadata", safetensors({"__metadata__": {"format": "pt"}, "a": tensor("I64", [], 0, 8)}, bytes(8))
    yield "empty", safetensors({})
    yield "no_elements", safetensors({"a": tensor("U8", [0, 5], 0, 0)})
    yield "all_types", safetensors({name: tensor(name, [1], i * 8, (i + 1) * 8) for i, name in enumerate(["F64", "I64"])}, bytes(16))
    yield "gamma", safetensors({"x.gamma": tensor("BOOL", [1], 0, 1), "module.y/kernel": tensor("I8", [1], 1, 2)}, bytes(2))
    yield "same_name", safetensors(b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"x")
    yield "overlap", safetensors({"a": tensor("U8", [2], 0, 2), "b": tensor("U8", [2], 1, 3)}, bytes(3))
    yield "shape_2_to_63", safetensors({"a": tensor("F32", [2**63, 2], 0, 4)}, bytes(4))
    yield "shape_product", safetensors({"a": tensor("F32", [2**32, 2**32], 0, 4)}, bytes(4))
    yield "negative", safetensors({"a": tensor("F32", [-1], 0, 4)}, bytes(4))
    yield "real", safetensors({"a": tensor("F32", [1e30], 0, 4)}, bytes(4))
    yield "deep", safetensors(b'{"a":' + b"[" * 300 + b"]" * 300 + b"}")
    yield "long_header", struct.pack("<Q", 2**63) + b"{}"
    yield "nul", safetensors(b'{"a\\u0000":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"x")
    yield "cut", b"\x10\0\0"



def push_text(text):
    return b"X" + struct.pack("<I", len(text)) + text.encode()


def rebuild_tensor(key="0", storage="FloatStorage", count=16, offset=0, shape=(2, 3), stride=(3, 1)):
    """The instructions that torch.save writes for a tensor."""
    def tuple_of(numbers):
        return b"(" + b"".join(b"J" + struct.pack("<i", number) for number in numbers) + b"t"
    identity = b"(" + push_text("storage") + b"ctorch\n" + storage.encode() + b"\n" + push_text(key) + push_text("cpu") + b"J" + struct.pack("<i", count) + b"tQ"
    arguments = b"(" + identity + b"J" + struct.pack("<i", offset) + tuple_of(shape) + tuple_of(stride) + b"\x89ccollections\nOrderedDict\n)Rt"
    return b"ctorch._utils\n_rebuild_tensor_v2\n" + arguments + b"R"


def dictionary(*items):
    return b"\x80\x02}(" + b"".join(push_text(name) + value for name, value in items) + b"u."


def pickles():
    yield "tensor", dictionary(("weight", rebuild_tensor()))
    yield "two_tensors", dictionary(("a", rebuild_tensor()), ("b", rebuild_tensor("1", "HalfStorage", 32, 2, (4,), (2,))))
    yield "transposed", dictionary(("a", rebuild_tensor(shape=(3, 2), stride=(1, 3))))
    yield "state_dict", b"\x80\x02}" + push_text("state_dict") + dictionary(("a", rebuild_tensor()))[2:-1] + b"s."
    yield "stride_0", dictionary(("a", rebuild_tensor(shape=(4, 4), stride=(0, 1))))
    yield "outside", dictionary(("a", rebuild_tensor(offset=15)))
    yield "negative_offset", dictionary(("a", rebuild_tensor(offset=-1)))
    yield "no_storage", dictionary(("a", rebuild_tensor("7")))
    yield "bomb", dictionary(("a", rebuild_tensor(shape=(2**31 - 1, 2**31 - 1), stride=(0, 0))))
    yield "counts", pickle.dumps([1, 2, 3, 4], protocol=2)
    yield "negative_count", pickle.dumps([1, 2, 3, -4], protocol=4)
    yield "values", pickle.dumps({"a": [1, 2.5, None, True, (1, 2), {"b": b"c"}, 10**30, {1, 2}]}, protocol=5)
    yield "shared", pickle.dumps([[[]] * 3] * 3, protocol=2)
    yield "system", b"\x80\x02cposix\nsystem\n" + push_text("true") + b"\x85R."
    yield "arrays", (b"\x80\x03](cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R(K\x01K\x02\x85cnumpy\ndtype\n"
                     b"X\x02\x00\x00\x00u2K\x00K\x01\x87R(K\x03X\x01\x00\x00\x00<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89C\x04\x01\x00\x02\x00tbe.")
    yield "multiplies", b"\x80\x02]q\x00" + b"h\x00h\x00\x86q\x00" * 40 + b"."
    yield "no_end", b"\x80\x02]("


def zip_file(entries, compression=zipfile.ZIP_STORED):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=compression)
    return target.getvalue()


def torch_files():
    data = dict(pickles())
    storages = [("a/data/0", bytes(64)), ("a/version", b"3\n")]
    sound = zip_file([("a/data.pkl", data["tensor"]), *storages])
    yield "tensor", sound
    yield "byteorder", zip_file([("a/data.pkl", data["two_tensors"]), ("a/byteorder", b"little"), ("a/data/1", bytes(64)), *storages])
    yield "big_endian", zip_file([("a/data.pkl", data["tensor"]), ("a/byteorder", b"big"), *storages])
    yield "short_storage", zip_file([("a/data.pkl", data["tensor"]), ("a/data/0", bytes(20)), ("a/version", b"3\n")])
    yield "leaves_folder", zip_file([("a/data.pkl", data["tensor"]), ("a/../../x", b""), *storages])
    yield "same_name", zip_file([("a/data.pkl", data["tensor"]), ("a/data.pkl", data["system"]), *storages])
    yield "script", zip_file([("a/code/x.py", b""), ("a/constants.pkl", b""), ("a/data.pkl", data["tensor"]), *storages])
    yield "compressed", zip_file([("a/data.pkl", data["tensor"] * 20)], zipfile.ZIP_DEFLATED)
    yield "wrong_checksum", sound.replace(b"weight", b"Weight", 1)
    yield "comment", sound[:-2] + b"\x05\0hello"
    yield "cut", sound[:-30]
    yield "legacy", pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2) + pickle.dumps(1001, protocol=2)
    yield "lfs", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    local = sound.index(b"PK\x01\x02")
    zip64 = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 3, 3, len(sound) - local - 22, local)
    yield "zip64", sound[:-22] + zip64 + b"PK\x06\x07" + struct.pack("<IQI", 0, len(sound) - 22, 1) + b"PK\x05\x06" + b"\0" * 4 + b"\xff" * 12 + b"\0\0"


SQUAD = {"version": "1.1", "data": [{"title": "T", "paragraphs": [{"context": "a b \u00e9 a.", "qas": [
    {"id": "1", "question": "b?", "answers": [{"text": "b", "answer_start": 2}]},
    {"id": "2", "question": "a?", "answers": [{"text": "a.", "answer_start": 6}]}]}]}]}


def squad_files():
    def changed(change):
        value = json.loads(json.dumps(SQUAD))
        change(value, value["data"][0]["paragraphs"][0])
        return json.dumps(value, ensure_ascii=False).encode()
    yield "v1", changed(lambda root, paragraph: None)
    yield "v2", changed(lambda root, paragraph: (root.update(version="v2.0"), paragraph["qas"][0].update(is_impossible=True, answers=[], plausible_answers=[])))
    yield "long", changed(lambda root, paragraph: paragraph.update(context=paragraph["context"] + " a b." * 40))
    yield "bom", b"\xef\xbb\xbf" + changed(lambda root, paragraph: None)
    yield "start_outside", changed(lambda root, paragraph: paragraph["qas"][0]["answers"][0].update(answer_start=99))
    yield "start_large", changed(lambda root, paragraph: paragraph["qas"][0]["answers"][0].update(answer_start=2**63))
    yield "start_negative", changed(lambda root, paragraph: paragraph["qas"][0]["answers"][0].update(answer_start=-1))
    yield "start_in_bytes", changed(lambda root, paragraph: paragraph["qas"][1]["answers"][0].update(answer_start=7))
    yield "not_found", changed(lambda root, paragraph: paragraph["qas"][0]["answers"][0].update(text="zzz"))
    yield "empty_answer", changed(lambda root, paragraph: paragraph["qas"][0]["answers"][0].update(text=""))
    yield "empty_context", changed(lambda root, paragraph: paragraph.update(context=""))
    yield "same_id", changed(lambda root, paragraph: paragraph["qas"][1].update(id="1"))
    yield "types", changed(lambda root, paragraph: paragraph.update(qas={"id": 1}))
    yield "cut", changed(lambda root, paragraph: None)[:-20]
    yield "deep", b'{"data":' + b"[" * 2000
    yield "no_utf8", changed(lambda root, paragraph: None).replace(b"\xc3\xa9", b"\xc3(")
    row = {"id": "1", "title": "T", "context": "a b", "question": "b?", "answers": {"text": ["b"], "answer_start": [2]}}
    yield "rows", "\n".join(json.dumps(dict(row, id=str(i))) for i in range(3)).encode()


def json_lines_files():
    yield "requests", b'{"text": "a b", "ids": [1, 2]}\n\n{"text": "c", "ids": [2147483647]}\n'
    yield "kinds", b'{"a": 1, "b": 1.5, "c": "x", "d": true, "e": null, "f": [1, 2], "g": {"h": ["x", null]}}\n' * 2
    yield "later_kind", b'{"a": null, "b": []}\n{"a": 1, "b": ["x"]}\n{"b": null}\n'
    yield "mixed", b'{"a": 1}\n{"a": "x"}\n'
    yield "reals", b'{"a": 1}\n{"a": 2.5}\n{"a": 1e400}\n'
    yield "large", b'{"a": 18446744073709551615, "b": -9223372036854775808}\n'
    yield "nested", b'{"a": {"b": {"c": [[1]]}}}\n'
    yield "same_key", b'{"a": 1, "a": 2}\n'
    yield "dots", b'{"a.b": 1, "a": {"b": 2}}\n'
    yield "list", b"[1, 2]\n"
    yield "no_end", b'{"a": "x'
    yield "no_utf8", b'{"a": "\xff"}\n'
    yield "crlf", b'\xef\xbb\xbf{"text": "a"}\r\n{"text": "\\ud83d"}\r\n'


def json_files():
    yield "values", json.dumps({"a": [1, -2, 2.5, 1e-7, True, None, "\u00e9\n\""], "b": {}, "c": []}).encode()
    yield "comment", b'// c\n{"a": 1 /* x */}\n'
    yield "large", b"[18446744073709551615, 123456789012345678901234567890, 1e308]"
    yield "infinite", b"[1e999]"
    yield "deep", b"[" * 257 + b"]" * 257
    yield "bom", b"\xef\xbb\xbf{}"
    yield "half_surrogate", b'"\\ud800"'
    yield "no_utf8", b'"\xed\xa0\x80"'
    yield "nul", b"[1]\0[2]"
    yield "empty", b""


def settings_files():
    yield "json", b'{"command": "finetune squad", "is_fast": false, "steps": 7, "all": -1, "rate": 1e-5, "path": "x", "mode": "old", "names": ["a,b", ""], "layers": [3]}'
    yield "nulls", b'{"steps": null, "names": null} // comment'
    yield "unknown", b'{"stepps": 7}'
    yield "kinds", b'{"steps": 2.5, "rate": "x", "names": 3, "layers": ["x"], "is_fast": 1, "mode": "c", "path": []}'
    yield "limits", b'{"steps": 0, "rate": 2, "all": -2, "layers": [-1]}'
    yield "large", b'{"steps": 18446744073709551615, "rate": 1e308}'
    yield "list", b"[]"
    yield "words", b"--steps\n5\n--rate=0.5\n--no_is_fast\n--names\na,b\nc\n--layers=1,2\n--mode\nb"
    yield "word_errors", b"--stps\n5\n--rate=x\nword\n--steps\n--layers=1,,99999999999999999999"


BERT = {"model_type": "bert", "vocab_size": 100, "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48,
        "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, "max_position_embeddings": 64, "type_vocab_size": 2,
        "layer_norm_eps": 1e-12, "initializer_range": 0.02, "pad_token_id": 0}
DISTILBERT = {"model_type": "distilbert", "vocab_size": 100, "dim": 24, "n_layers": 2, "n_heads": 2, "hidden_dim": 48, "activation": "relu",
              "dropout": 0, "attention_dropout": 0, "qa_dropout": 0.1, "seq_classif_dropout": 0.2, "sinusoidal_pos_embds": True, "tie_weights_": True}


def model_configs():
    def bert(**changes):
        return json.dumps({**BERT, **changes}).encode()
    yield "bert", bert()
    yield "distilbert", json.dumps(DISTILBERT).encode()
    yield "labels", bert(id2label={"0": "no", "1": "yes", "2": "maybe"}, label2id={"no": 0}, architectures=["BertForSequenceClassification"])
    yield "num_labels", bert(num_labels=1, classifier_dropout=None, tie_word_embeddings=False)
    yield "pruned", bert(pruned_heads={"0": [1], "1": []})
    yield "pruned_all", bert(pruned_heads={"0": [0, 1]})
    yield "pruned_layers", bert(pruned_heads={"7": [0], "x": [1], "-1": [0]})
    yield "heads", bert(num_attention_heads=5)
    yield "sizes", bert(hidden_size=-24, vocab_size=2**62, num_hidden_layers=0, intermediate_size=2.5, num_labels=10**9)
    yield "large", bert(vocab_size=2**64 - 1, pad_token_id=2**63)
    yield "kinds", bert(hidden_act=3, hidden_dropout_prob="x", id2label={"a": 1}, model_type="bert")
    yield "act", bert(hidden_act="mish", position_embedding_type="relative_key", layer_norm_eps=-1)
    yield "code", bert(auto_map={"AutoModel": "x.Model"})
    yield "other", bert(model_type="roberta")
    yield "id2label_gap", bert(id2label={"0": "a", "5": "b"})
    yield "list", b"[]"


VOCABULARY = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\ncat\n##s\na\n##a\n!\n"


def tokenizer_json(**changes):
    pieces = VOCABULARY.split()
    token = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return json.dumps({
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": i, "content": pieces[i], **token} for i in range(5)],
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing", "single": [], "pair": [], "special_tokens": {}},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                  "vocab": {piece: i for i, piece in enumerate(pieces)}}, **changes}, ensure_ascii=False)


def folder(**parts):
    names = {"json": "tokenizer.json", "vocab": "vocab.txt", "config": "tokenizer_config.json", "special": "special_tokens_map.json",
             "added": "added_tokens.json", "text": "text"}
    return "".join(f"=== {names[key]}\n{value}\n" for key, value in parts.items()).encode()


def tokenizer_folders():
    text = "The cats [MASK] ab! "
    extra = {"content": "<x>", "single_word": True, "lstrip": True, "rstrip": True, "normalized": True, "special": False}
    yield "vocab", folder(vocab=VOCABULARY, text=text)
    yield "vocab_crlf", folder(vocab="\ufeff" + VOCABULARY.replace("\n", "\r\n") + "\n\n", text=text)
    yield "vocab_config", folder(vocab=VOCABULARY, config='{"do_lower_case": false, "model_max_length": 1e30, "tokenize_chinese_chars": false, "strip_accents": true, "tokenizer_class": "BertTokenizer"}', text=text)
    yield "vocab_special", folder(vocab=VOCABULARY, special='{"unk_token": "[UNK]", "mask_token": {"content": "[MASK]", "lstrip": true}, "additional_special_tokens": ["<x>"]}', added='{"<x>": 11}', text=text + "<x>")
    yield "vocab_same", folder(vocab=VOCABULARY + "cat\n", text=text)
    yield "vocab_blank", folder(vocab=VOCABULARY.replace("cat", ""), text=text)
    yield "vocab_no_unk", folder(vocab="a\nb\n", text=text)
    yield "vocab_no_utf8", folder(vocab=VOCABULARY, text=text).replace(b"##a", b"\xff\xfe")
    yield "json", folder(json=tokenizer_json(), text=text)
    yield "json_cased", folder(json=tokenizer_json(normalizer={"type": "BertNormalizer", "clean_text": False, "handle_chinese_chars": False, "strip_accents": True, "lowercase": False}, decoder=None), text=text)
    yield "json_added", folder(json=tokenizer_json(added_tokens=[{"id": 11, **extra}, {"id": 4, **extra, "content": "[MASK]", "special": True}]), text=text + "<x> <x>a")
    yield "json_gap", folder(json=tokenizer_json(added_tokens=[{"id": 40, **extra}]), text=text)
    yield "json_other", folder(json=tokenizer_json(model={"type": "BPE", "vocab": {}, "merges": []}), text=text)
    yield "json_other_vocab", folder(json=tokenizer_json(model={"type": "BPE", "vocab": {}, "merges": []}), vocab=VOCABULARY, text=text)
    yield "json_ids", folder(json=tokenizer_json(model={"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "@", "max_input_chars_per_word": -1, "vocab": {"[UNK]": -1, "a": 2**40, "b": 1.5}}), text=text)
    yield "json_config", folder(json=tokenizer_json(), config='{"unk_token": {"content": "the"}, "added_tokens_decoder": {"11": {"content": "<x>"}}, "model_max_length": -5}', text=text)
    yield "json_normalizer", folder(json=tokenizer_json(normalizer={"type": "NFKC"}), text=text)
    yield "json_cut", folder(json=tokenizer_json()[:400], text=text)
    yield "config_kinds", folder(vocab=VOCABULARY, config='{"do_lower_case": "yes", "unk_token": 3, "model_max_length": []}', text=text)
    yield "nothing", folder(text=text)


def texts():
    yield "words", "The cats' caf\u00e9 costs 11!".encode()
    yield "special", b"[CLS] a [MASK][SEP] [UNK"
    yield "chinese", "\u4e2d\u4e2d a\u4e2da".encode()
    yield "marks", ("e" + "\u0301" * 40 + " \u1112\u1161\u11ab \u1e9b\u0323").encode()
    yield "hangul", "\ud55c\uae00 \u1100\u1161".encode()
    yield "emoji", "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f600".encode()
    yield "rtl", "\u202e\u0645\u0631\u062d\u0628\u0627\u202c \u05d0".encode()
    yield "control", b"a\0b\x7f\x01\t\r\n\xc2\xa0\xe2\x80\x8b\xef\xbb\xbf\xef\xbf\xbd"
    yield "overlong", b"\xc0\x80 \xe0\x80\x80 \xf0\x80\x80\x80 \xed\xa0\x80 \xf4\x90\x80\x80 \xff\xc3"
    yield "long_word", b"a" * 300
    yield "dots", b"." * 100
    yield "dotted_i", "\u0130stanbul \u1e9e \u03a3\u03c2".encode()
    yield "squeezed", "\u00c5\u2126\ufb01\u3000\u2028a\u00adb".encode()
    yield "empty", b""


# The tasks of src/retort/data/glue_tasks.cpp in their order begin at `a`.
def glue_files():
    single = b"sentence\tlabel\na b\t1\n\"a\t0\n"
    for index, letter in enumerate("abcdefghijk"):
        yield f"table_{index}", letter.encode() + b"d" + b"index\tsentence1\tsentence2\tlabel\n0\ta\tb\t1\n1\ta b\tb\t0\n"
        yield f"single_{index}", letter.encode() + b"d" + single
        yield f"test_{index}", letter.encode() + b"tindex\tsentence\n0\ta b\n1\tb\n"
    yield "no_header", b"adgj04\t1\t\ta b\ngj04\t0\t*\tb\n"
    yield "crlf", b"bd\xef\xbb\xbf" + single.replace(b"\n", b"\r\n")
    yield "ragged", b"bdsentence\tlabel\na\na\tb\t1\n"
    yield "no_utf8", b"bdsentence\tlabel\n\xff\t1\n\0\t0\n"
    yield "label", b"bdsentence\tlabel\na\t7\n"
    yield "hub", b'bd{"sentence": "a", "label": 1, "idx": 0}\n{"sentence": "b", "label": 0, "idx": 1}\n'
    yield "hub_label", b'bd{"sentence": "a", "label": 9, "idx": 0}\n'
    yield "columns", b"bd" + b"\t" * 500 + b"\n"
    yield "empty", b"bd"


def glove_files():
    yield "vectors", b"the 0.1 -0.2 3e-1\n, 1 2 3\na.b 4 5 6\n"
    yield "word2vec", b"2 3\nthe 0.1 0.2 0.3\ncat 1 2 3\n"
    yield "spaces", b". . . 1 2 3\nat name@x.y 1 2 3\n"
    yield "zeros", b"a 0 0\nb 1 1\n"
    yield "not_finite", b"a nan 1\nb inf 1\nc 1e999 1\n"
    yield "widths", b"a 1 2\nb 1 2 3\n"
    yield "same", b"a 1 2\na 2 1\n<unk> 1 1\n"
    yield "no_utf8", b"\xff 1 2\n"
    yield "no_numbers", b"a\nb\n"
    yield "crlf", b"a 1 2\r\nb 3 4\r\n"


def predictions_files():
    yield "answers", b'{"1": "a b", "2": ""}'
    yield "odds", b'{"1": -1.5, "2": 3, "1": 0}'
    yield "kinds", b'{"1": ["a"], "2": null}'
    yield "list", b"[]"
    yield "large", b'{"1": 1e999}'
    yield "integers", b'{"1": 18446744073709551615, "2": -9223372036854775808}'
    yield "cut", b'{"1": "a'


def shard_indexes():
    yield "two", b'{"metadata": {"total_size": 8}, "weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}'
    yield "leaves_folder", b'{"weight_map": {"a": "../model.safetensors"}}'
    yield "absolute", b'{"weight_map": {"a": "/etc/passwd"}}'
    yield "backslash", b'{"weight_map": {"a": "..\\\\x", "b": ".", "c": ""}}'
    yield "same_name", b'{"weight_map": {"a": "x.bin", "a": "y.bin"}}'
    yield "nul", b'{"weight_map": {"a": "x\\u0000.bin"}}'
    yield "kinds", b'{"weight_map": {"a": 1}}'
    yield "empty", b'{"weight_map": {}}'
    yield "deep", b'{"metadata": ' + b"[" * 500


def column_file(columns, count=None, version=1, byte_order=0x01020304, key=b"0" * 32):
    """Checksums stay zero."""
    offset = 64 + 64 * len(columns)
    table, body = b"", b""
    for name, width, values in columns:
        table += struct.pack("<32sIIQQQ", name, width, 0, offset + len(body), len(values), 0)
        body += values + bytes(-len(values) % 64)
    return struct.pack("<8sII32sIIQ", b"RTRTCOL\n", byte_order, version, key, len(columns) if count is None else count, 0, 0) + table + body


def token_columns(ids=b"\2\0\5\0\6\0\3\0\2\0\7\0\3\0", width=2, begins=(0, 4), lengths=(4, 3), **vocabulary):
    description = {"format": "retort token file", "vocab_size": 10, "pad": 0, "unk": 1, "cls": 2, "sep": 3, "mask": 4, "hash": "abc", **vocabulary}
    return [(b"vocabulary", 1, json.dumps(description).encode()), (b"begins", 8, struct.pack(f"<{len(begins)}Q", *begins)),
            (b"lengths", 4, struct.pack(f"<{len(lengths)}I", *lengths)), (b"ids", width, ids)]


def column_files():
    yield "tokens", column_file(token_columns())
    yield "wide", column_file(token_columns(ids=struct.pack("<4I", 2, 99, 100, 3), width=4, begins=(0,), lengths=(4,), vocab_size=200))
    yield "outside", column_file(token_columns(begins=(0, 2**63)))
    yield "lengths", column_file(token_columns(lengths=(4, 3, 2)))
    yield "unknown_ids", column_file(token_columns(vocab_size=4))
    yield "vocab_negative", column_file(token_columns(vocab_size=-1))
    yield "vocab_large", column_file(token_columns(vocab_size=2**62))
    yield "vocab_kinds", column_file(token_columns(vocab_size="x", hash=3))
    yield "vocab_list", column_file([(b"vocabulary", 1, b"[]"), *token_columns()[1:]])
    yield "vocab_no_json", column_file([(b"vocabulary", 1, b"{"), *token_columns()[1:]])
    yield "no_ids", column_file(token_columns()[:3])
    yield "empty_ids", column_file(token_columns(ids=b"", begins=(), lengths=()))
    yield "id_width", column_file(token_columns(width=3))
    yield "begin_width", column_file([(name, 4 if name == b"begins" else width, values) for name, width, values in token_columns()])
    yield "same_name", column_file([(b"a", 1, b"x"), (b"a", 1, b"y")])
    yield "long_name", column_file([(b"n" * 32, 1, b"x")])
    yield "unaligned", column_file([(b"a", 8, b"1234567")])
    yield "version", column_file([], version=2)
    yield "byte_order", column_file([], byte_order=0x04030201)
    yield "count", column_file([], count=2**32 - 1)
    yield "cut", column_file(token_columns())[:100]


def numbers(code, *values):
    return struct.pack(f"<{len(values)}{code}", *values)


def squad_columns(**changes):
    columns = {"scalars": (8, numbers("q", 2, 3, 0)), "context_piece_starts": (8, numbers("q", 0, 3)), "context_word_starts": (8, numbers("q", 0, 2)),
               "piece_ids": (4, numbers("i", 5, 6, 7)), "piece_words": (4, numbers("i", 0, 0, 1)), "word_bytes": (8, numbers("i", 0, 2, 3, 4)),
               "example_contexts": (4, numbers("i", 0)), "question_starts": (8, numbers("q", 0, 2)), "question_ids": (4, numbers("i", 7, 9)),
               "example_feature_starts": (8, numbers("q", 0, 1)), "feature_examples": (4, numbers("i", 0)), "windows": (8, numbers("i", 0, 3)),
               "start_positions": (4, numbers("i", 4)), "end_positions": (4, numbers("i", 5)), **changes}
    return column_file([(name.encode(), *column) for name, column in columns.items()])


def glue_columns(**changes):
    columns = {"scalars": (8, numbers("q", 0, 0)), "row_starts": (8, numbers("q", 0, 3, 7)), "ids": (4, numbers("i", 2, 5, 3, 2, 5, 6, 3)),
               "segment_b_starts": (4, numbers("i", 3, 4)), "labels": (4, numbers("i", 0, 1)), "targets": (4, numbers("f", 0, 0)),
               "row_indexes": (8, numbers("q", 0, 1)), **changes}
    return column_file([(name.encode(), *column) for name, column in columns.items()])


def feature_caches():
    yield "squad", squad_columns()
    yield "squad_piece_outside", squad_columns(context_piece_starts=(8, numbers("q", 0, 2**40)))
    yield "squad_starts_fall", squad_columns(context_word_starts=(8, numbers("q", 2, 0)))
    yield "squad_context", squad_columns(example_contexts=(4, numbers("i", 7)))
    yield "squad_window", squad_columns(windows=(8, numbers("i", 2**31 - 1, 2**31 - 1)))
    yield "squad_window_negative", squad_columns(windows=(8, numbers("i", -1, 3)))
    yield "squad_ids", squad_columns(piece_ids=(4, numbers("i", 5, -6, 99)))
    yield "squad_positions", squad_columns(start_positions=(4, numbers("i", 400)))
    yield "squad_examples", squad_columns(feature_examples=(4, numbers("i", 3)), example_feature_starts=(8, numbers("q", 0, -1)))
    yield "squad_empty", squad_columns(**{name: (width, b"") for name, width in [("windows", 8), ("question_starts", 8), ("scalars", 8)]})
    yield "squad_width", squad_columns(piece_ids=(2, numbers("i", 5, 6, 7)))
    yield "glue", glue_columns()
    yield "glue_starts", glue_columns(row_starts=(8, numbers("q", 0, 9, 7)))
    yield "glue_ids", glue_columns(ids=(4, numbers("i", 2, 5, 3, 2, 5, 10, 3)))
    yield "glue_labels", glue_columns(labels=(4, numbers("i", 0, 2)))
    yield "glue_segment", glue_columns(segment_b_starts=(4, numbers("i", 3, -4)))
    yield "glue_no_rows", glue_columns(row_starts=(8, b""), labels=(4, b""))
    yield "glue_fewer", glue_columns(labels=(4, numbers("i", 0)))


STATE = {"best_global_step": 4, "best_metric": 0.5, "best_model_checkpoint": "out/checkpoint-4", "epoch": 1.5, "eval_steps": 2, "global_step": 6,
         "log_history": [{"loss": "NaN", "step": 2, "epoch": 0.5}], "logging_steps": 2, "max_steps": 8, "num_input_tokens_seen": 100, "num_train_epochs": 2,
         "save_steps": 2, "total_flos": 0.0, "train_batch_size": 4, "stateful_callbacks": {"RetortResume": {"args": {}, "attributes": {
             "data_epoch": 1, "data_sequence": 8, "sequences_per_epoch": 16, "data_hash": "abc", "sequences_per_step": 4, "sequences_seen": 24,
             "tokens_seen": 100, "seed": 42, "skipped_steps": 0, "loss_sum": 1.25, "loss_count": 2, "part_sums": {"loss_ce": "Infinity"}, "part_steps": 1,
             "train_seconds": 3.5, "evaluation_is_due": False}}}}


def trainer_states():
    def changed(**changes):
        return json.dumps({**STATE, **changes}).encode()

    def resumed(**changes):
        attributes = {**STATE["stateful_callbacks"]["RetortResume"]["attributes"], **changes}
        return changed(stateful_callbacks={"RetortResume": {"attributes": attributes}})
    yield "state", changed()
    yield "nulls", changed(best_global_step=None, best_metric=None, best_model_checkpoint=None, log_history=[])
    yield "old", resumed(data_hash=None)
    yield "kinds", changed(global_step="x")
    yield "large", changed(global_step=2**64 - 1)
    yield "real", changed(max_steps=2.5)
    yield "other_program", changed(stateful_callbacks={})
    yield "callbacks_list", changed(stateful_callbacks=[1])
    yield "resume_list", changed(stateful_callbacks={"RetortResume": {"attributes": [1]}})
    yield "parts", resumed(part_sums=[1])
    yield "word", resumed(loss_sum="x")
    yield "missing", b"{}"
    yield "list", b"[]"
    yield "number", b"3"


def event_logs():
    lines = [{"time": 1.5, "event": "parameters", "seed": 1}, {"time": 2, "event": "train", "step": 5, "epoch": 0.5, "loss": "NaN"},
             {"time": 3, "event": "evaluate", "step": 10, "epoch": 1.0}, {"time": 4, "event": "train", "step": 15}, {"time": 5, "event": "summary"}]
    whole = "".join(json.dumps(line) + "\n" for line in lines).encode()
    yield "lines", whole
    yield "torn", whole[:150]
    dll = [{"type": "LOG", "step": "PARAMETER", "data": {}}, {"type": "LOG", "step": [0, 5], "data": {}}, {"type": "LOG", "step": [], "data": {}}]
    yield "dllogger", "".join("DLLL " + json.dumps(line) + "\n" for line in dll).encode()
    yield "step_kinds", b'{"step": "x"}\n{"step": [1, "x"]}\n{"step": null}\n{"step": true}\n'
    yield "step_real", b'{"step": 1e300}\n{"step": [1e300]}\n'
    yield "event_kinds", b'{"event": 3}\n{"event": null}\n'
    yield "no_objects", b"3\n[]\n\n"
    yield "deep", b"[" * 3000 + b"\n"
    yield "no_utf8", b'{"a": "\xff"}\n'
    yield "empty", b""


def manifests():
    def manifest(files, **changes):
        return (json.dumps({"format": "retort-checkpoint", "version": 1, "checksum": "0" * 16, "files": files, **changes}, indent=2) + "\n").encode()
    content = {"path": "a.txt", "bytes": 7, "xxh3_64": "0" * 16}
    yield "no_files", manifest([])
    yield "checksum", manifest([content])
    yield "bytes", manifest([{**content, "bytes": 8}])
    yield "missing", manifest([{**content, "path": "b.txt"}])
    yield "leaves_folder", manifest([{**content, "path": "../a.txt"}])
    yield "absolute", manifest([{**content, "path": "/etc/hostname"}])
    yield "nul", manifest([{**content, "path": "a.txt\0x"}])
    yield "long", manifest([{**content, "path": "a" * 300}])
    yield "folder", manifest([{**content, "path": "."}])
    yield "large", manifest([{**content, "bytes": 2**63}, {**content, "bytes": -(2**63)}])
    yield "sum", manifest([{**content, "bytes": 2**63 - 1}, {**content, "path": "b", "bytes": 2**63 - 1}])
    yield "kinds", manifest([{"path": 3, "bytes": "x"}])
    yield "object", manifest({"a": content})
    yield "version", manifest([], version=9)
    yield "list", b"[]"
    yield "empty", b""


def parquet_files():
    import pyarrow
    import pyarrow.parquet

    def written(table, **options):
        target = io.BytesIO()
        pyarrow.parquet.write_table(table, target, store_schema=False, **options)
        return target.getvalue()
    sst2 = pyarrow.table({"idx": pyarrow.array([0, 1, 2], pyarrow.int32()), "sentence": ["a", "b", None], "label": pyarrow.array([0, 1, -1])})
    answers = pyarrow.struct([("text", pyarrow.list_(pyarrow.string())), ("answer_start", pyarrow.list_(pyarrow.int32()))])
    squad = pyarrow.table({"id": ["1", "2"], "context": ["a b", "a b"], "question": ["b?", "a?"],
                           "answers": pyarrow.array([{"text": ["b"], "answer_start": [2]}, {"text": [], "answer_start": []}], answers)})
    kinds = pyarrow.table({"a": pyarrow.array([1.5, None]), "b": pyarrow.array([True, False]), "c": pyarrow.array([1, 2], pyarrow.uint64()),
                           "d": pyarrow.array([b"x", b"\xff"]), "e": pyarrow.array([[[1]], []]), "f": pyarrow.array(["x", "x"]).dictionary_encode(),
                           "g": pyarrow.array([1, 2], pyarrow.timestamp("s"))})
    yield "sst2", written(sst2)
    yield "squad", written(squad)
    yield "kinds", written(kinds)
    yield "large_string", written(pyarrow.table({"a": pyarrow.array(["x", "y"], pyarrow.large_string())}))
    yield "plain", written(sst2, use_dictionary=False, compression="NONE", write_statistics=False)
    yield "two_groups", written(sst2, row_group_size=2, compression="GZIP")
    yield "pages", written(sst2, data_page_version="2.0", compression="ZSTD", write_page_checksum=True)
    yield "same_name", written(pyarrow.table([["x"], ["y"], [3]], names=["a", "a", "b"]))
    yield "structs", written(pyarrow.table({"g": pyarrow.array([{"h": ["x", None]}, None, {"h": []}])}))
    yield "nulls", written(pyarrow.table({"a": pyarrow.array([None, None], pyarrow.string()), "b": pyarrow.nulls(2)}))
    yield "wide", written(pyarrow.table({"a": pyarrow.array([1, 2], pyarrow.uint8()), "c": pyarrow.array([1.5, 2], pyarrow.float32()), "d": pyarrow.array([2**64 - 1, 0], pyarrow.uint64())}))
    yield "empty", written(sst2.slice(0, 0))
    yield "cut", written(sst2)[:-9]
    yield "magic", b"PAR1PAR1"


MAKERS = {"column_file": column_files, "event_log": event_logs, "feature_cache": feature_caches, "glove": glove_files, "glue": glue_files, "json": json_files, "json_lines": json_lines_files,
          "manifest": manifests, "model_config": model_configs, "parquet": parquet_files, "pickle": pickles, "predictions": predictions_files,
          "safetensors": safetensors_files, "settings": settings_files, "shard_index": shard_indexes, "squad": squad_files, "text": texts,
          "tokenizer_files": tokenizer_folders, "torch_file": torch_files, "trainer_state": trainer_states}


def main():
    for target, make in MAKERS.items():
        folder_path = CORPUS / target
        folder_path.mkdir(parents=True, exist_ok=True)
        for name, content in make():
            (folder_path / name).write_bytes(content)


if __name__ == "__main__":
    main()
