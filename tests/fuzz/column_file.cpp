#include "fuzz/input.h"
#include "fuzz/repair.h"
#include "fuzz/targets.h"
#include "retort/data/corpus/token_rows.h"
#include "retort/data/feature_cache.h"

namespace retort::fuzz {
namespace {

void read_columns(const fs::path& path) {
  const data::ColumnStore columns = data::read_column_file(path, "");
  for (const auto& column : columns.columns()) touch(column.bytes);
}

// Checks that the ids that training would read are ids of the vocabulary.
void read_tokens(const fs::path& path) {
  const auto file = std::make_shared<const data::TokenFile>(path);
  const int64_t size = file->vocabulary().size;
  RETORT_CHECK(std::ssize(file->count_ids()) == size, "counts are not of the vocabulary");
  const data::TokenRowSet rows(file, {.max_seq_length = 8, .min_seq_length = 2});
  data::Batch batch;
  for (int64_t row = 0; row < rows.row_count(); ++row) rows.append(row, batch);
  for (const int32_t id : batch.tokens.ids) RETORT_CHECK(id >= 0 && id < size, "the id {} of {}", id, size);
}

}  // namespace

bool column_file(std::string_view input) {
  const MemoryFile file(input), repaired(with_column_checksums(input));
  takes([&] { read_columns(file.path()); }), takes([&] { read_columns(repaired.path()); });
  const bool is_taken = takes([&] { read_tokens(file.path()); });
  return takes([&] { read_tokens(repaired.path()); }) || is_taken;
}

}  // namespace retort::fuzz
