"""Writes tests/fixtures/squad/rows.jsonl and rows.parquet: the first paragraphs of sample-v2.0.json as the hub ships
SQuAD, one row a question. Needs pyarrow: run it with the environment that the build uses.
"""
import json
import os

import pyarrow
import pyarrow.parquet

FOLDER = os.path.join(os.path.dirname(__file__), "..", "tests", "fixtures", "squad")


def make_rows():
    with open(os.path.join(FOLDER, "sample-v2.0.json")) as file:
        dataset = json.load(file)
    for entry in (dataset["data"][0], dataset["data"][3]):
        for paragraph in entry["paragraphs"][:6]:
            for qa in paragraph["qas"]:
                answers = {"text": [a["text"] for a in qa["answers"]],
                           "answer_start": [a["answer_start"] for a in qa["answers"]]}
                yield {"id": qa["id"], "title": entry["title"], "context": paragraph["context"],
                       "question": qa["question"], "answers": answers}


def main():
    rows = list(make_rows())
    with open(os.path.join(FOLDER, "rows.jsonl"), "w") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    answers = pyarrow.struct([("text", pyarrow.list_(pyarrow.string())), ("answer_start", pyarrow.list_(pyarrow.int32()))])
    text = pyarrow.string()
    schema = pyarrow.schema([("id", text), ("title", text), ("context", text), ("question", text), ("answers", answers)])
    table = pyarrow.Table.from_pylist(rows, schema=schema)
    pyarrow.parquet.write_table(table, os.path.join(FOLDER, "rows.parquet"), row_group_size=10)


if __name__ == "__main__":
    main()
