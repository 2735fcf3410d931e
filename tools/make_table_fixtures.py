"""Writes tests/fixtures/tables: Parquet files with a column of every type that data sets come with, and files that
decode to far more than they hold. Needs pyarrow: run it with the environment that the build uses.
"""
import datetime
import decimal
import os

import pyarrow
import pyarrow.parquet

FOLDER = os.path.join(os.path.dirname(__file__), "..", "tests", "fixtures", "tables")
WORDS = ["one", None, "three"]


def write(name, columns, **options):
    pyarrow.parquet.write_table(pyarrow.table(columns), os.path.join(FOLDER, name), **options)


def typed_columns():
    """Three rows, the second one null where that is not said otherwise."""
    day = datetime.datetime(2024, 1, 2, 3, 4, 5)
    return {
        "string": pyarrow.array(WORDS),
        "large_string": pyarrow.array(WORDS, pyarrow.large_string()),
        "string_view": pyarrow.array(WORDS, pyarrow.string_view()),
        "dictionary": pyarrow.array(WORDS).dictionary_encode(),
        "large_dictionary": pyarrow.array(WORDS, pyarrow.large_string()).dictionary_encode(),
        "integer_dictionary": pyarrow.array([7, None, 9]).dictionary_encode(),
        "int8": pyarrow.array([-128, None, 127], pyarrow.int8()),
        "int16": pyarrow.array([-32768, None, 32767], pyarrow.int16()),
        "int32": pyarrow.array([-2**31, None, 2**31 - 1], pyarrow.int32()),
        "int64": pyarrow.array([-2**63, None, 2**63 - 1], pyarrow.int64()),
        "uint8": pyarrow.array([0, None, 255], pyarrow.uint8()),
        "uint16": pyarrow.array([0, None, 65535], pyarrow.uint16()),
        "uint32": pyarrow.array([0, None, 2**32 - 1], pyarrow.uint32()),
        "uint64": pyarrow.array([0, None, 2**63 - 1], pyarrow.uint64()),
        "too_large": pyarrow.array([0, None, 2**63], pyarrow.uint64()),
        "bool": pyarrow.array([True, None, False]),
        "float": pyarrow.array([0.5, None, -2], pyarrow.float32()),
        "double": pyarrow.array([0.5, None, -2], pyarrow.float64()),
        "required": pyarrow.array([1, 2, 3]),
        "null": pyarrow.nulls(3),
        "timestamp": pyarrow.array([day, None, day]),
        "date": pyarrow.array([day.date(), None, day.date()]),
        "time": pyarrow.array([day.time(), None, day.time()]),
        "decimal": pyarrow.array([decimal.Decimal("1.5"), None, decimal.Decimal("2.5")]),
        "binary": pyarrow.array([b"a", None, b"b"]),
        "fixed_binary": pyarrow.array([b"ab", None, b"cd"], pyarrow.binary(2)),
        "half": pyarrow.array([0.5, None, -2], pyarrow.float16()),
        "texts": pyarrow.array([["a", "b"], None, []], pyarrow.list_(pyarrow.string())),
        "large_texts": pyarrow.array([["a", "b"], None, []], pyarrow.large_list(pyarrow.large_string())),
        "numbers": pyarrow.array([[1, 2], None, []], pyarrow.list_(pyarrow.uint8())),
        "fixed_numbers": pyarrow.array([[1, 2], [3, 4], [5, 6]], pyarrow.list_(pyarrow.int32(), 2)),
        "nulls_inside": pyarrow.array([["a", None], None, []], pyarrow.list_(pyarrow.string())),
        "null_lists": pyarrow.array([[], None, []], pyarrow.list_(pyarrow.null())),
        "lists_of_lists": pyarrow.array([[[1]], None, []], pyarrow.list_(pyarrow.list_(pyarrow.int32()))),
        "structs": pyarrow.array([{"inner": {"text": "deep"}}, None, {"inner": None}]),
        "list_of_structs": pyarrow.array([[{"text": "a", "start": 1}, {"text": "b", "start": 2}], None, []]),
        "map": pyarrow.array([[("k", 1)], None, []], pyarrow.map_(pyarrow.string(), pyarrow.int32())),
        "not_utf8": pyarrow.StringArray.from_buffers(
            3, pyarrow.py_buffer(b"\0\0\0\0\4\0\0\0\4\0\0\0\6\0\0\0"), pyarrow.py_buffer(b"caf\xe9ok")),
    }


def squad_rows(contexts):
    count = len(contexts)
    return {"id": [str(row) for row in range(count)], "context": contexts, "question": ["q"] * count,
            "answers": [{"text": ["a"], "answer_start": [0]}] * count}


def main():
    os.makedirs(FOLDER, exist_ok=True)
    columns = typed_columns()
    write("types.parquet", columns, row_group_size=2, compression="zstd")
    older = {name: columns[name] for name in ("string", "uint8", "uint32", "texts", "numbers", "list_of_structs")}
    write("older_types.parquet", older, version="1.0", data_page_version="1.0", use_dictionary=False, store_schema=False,
          use_compliant_nested_type=False)
    write("newer_pages.parquet", older, version="2.6", data_page_version="2.0", compression="gzip", use_dictionary=False)
    long_text = "a" * (1 << 20)
    write("one_context.parquet", squad_rows([long_text] * 1000), compression="zstd")
    write("two_contexts.parquet", squad_rows([long_text, "b" + long_text] * 500), compression="zstd")
    write("many_nulls.parquet", {"sentence": pyarrow.nulls(4_000_000, pyarrow.string()),
                                 "label": pyarrow.nulls(4_000_000, pyarrow.int64())}, compression="zstd")
    write("most_nulls.parquet", {"sentence": pyarrow.nulls(20_000_000, pyarrow.string()),
                                 "label": pyarrow.nulls(20_000_000, pyarrow.int64())}, compression="zstd")


if __name__ == "__main__":
    main()
