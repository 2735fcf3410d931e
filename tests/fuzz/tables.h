// Tables as JSON lines and as Parquet, for the targets of both.
#pragma once

#include <array>
#include <string_view>

#include "retort/data/table/table_reader.h"

namespace retort::fuzz {

// Column names of the corpus, of SQuAD and of GLUE.
inline constexpr std::array<std::string_view, 17> kTableColumns{"a",
                                                                "b",
                                                                "c",
                                                                "d",
                                                                "e",
                                                                "f",
                                                                "g",
                                                                "g.h",
                                                                "a.b.c",
                                                                "idx",
                                                                "sentence",
                                                                "label",
                                                                "id",
                                                                "context",
                                                                "question",
                                                                "answers.text",
                                                                "answers.answer_start"};

// Reads every value. Checks that columns of a known kind have one value per row.
void check_table(const data::Table& table);

}  // namespace retort::fuzz
