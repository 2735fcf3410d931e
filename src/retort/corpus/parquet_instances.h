// Pre-training instances in Parquet files as LDDL (Language Datasets and Data Loaders) has them, one instance a row:
//   A, B: string, the pieces of the two segments joined by spaces, without special tokens
//   is_random_next: bool; num_tokens: uint16, with the three special tokens
//   masked_lm_positions: binary, an array of uint16 in numpy's form; masked_lm_labels: string, the pieces that stood
//     there; both only where masks are static. Where they are dynamic, each reader masks by itself.
//   bin_id: int64, only in binned files, each of which holds the lengths of one bin
#pragma once

#include <memory>
#include <span>
#include <string>

#include "retort/base/file.h"
#include "retort/corpus/instances.h"
#include "retort/corpus/pair_columns.h"
#include "retort/text/tokenizer.h"

namespace arrow {
class RecordBatch;
}

namespace retort::corpus {

struct ParquetForm {
  bool has_masks = true;
  int64_t bin_id = -1;  // of all rows; -1: the file has no column of it
};

// Rows of a file. Thread-safe.
std::shared_ptr<arrow::RecordBatch> make_parquet_rows(std::span<const Instance> instances,
                                                      const text::Tokenizer& tokenizer, const ParquetForm& form);

class ParquetInstanceWriter {
 public:
  // The file appears under `path` with `publish`; until then it is `<path>.partial`. Throws UserError when it cannot be
  // written, and in a build without RETORT_PARQUET.
  ParquetInstanceWriter(fs::path path, const ParquetForm& form);
  ~ParquetInstanceWriter();
  ParquetInstanceWriter(const ParquetInstanceWriter&) = delete;
  ParquetInstanceWriter& operator=(const ParquetInstanceWriter&) = delete;

  void write(const arrow::RecordBatch& rows);
  // `settings` is kept in the file's metadata as `retort_settings`: what the file was made with.
  void publish(const std::string& settings);

 private:
  struct File;

  fs::path path_, partial_path_;
  std::unique_ptr<File> file_;
};

// What a file was made with; empty when it is no Parquet file or was made by another program.
std::string parquet_settings(const fs::path& path);

// The rows of a file of this or of the published program. Throws UserError for missing columns, pieces that the
// vocabulary lacks, and masks that do not fit.
PairColumnsBuilder read_parquet_instances(const fs::path& path, const text::Tokenizer& tokenizer);

}  // namespace retort::corpus
