// Reads GLUE files into examples. The content decides the format: official TSV, or the hub's tables as JSON lines or
// Parquet. Every record is checked; errors name file, line and column.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "retort/data/bad_records.h"
#include "retort/data/glue/glue_files.h"
#include "retort/data/glue/glue_tasks.h"

namespace retort::data {

struct GlueExample {
  std::string_view text_a, text_b;  // UTF-8, may be empty; text_b is empty for single sentences
  int32_t label = -1;               // class number; -1 without labels and for regression
  float target = 0;                 // regression target; finite
  int64_t index = 0;                // number of the record in a submission: that of the file, else counted from 0
  std::string_view line = {};       // of an official file, contains the texts; empty for the hub's tables
};

struct GlueData {
  std::vector<GlueExample> examples;
  SkippedRecords skipped;
  std::string_view header;                          // of an official file with a header; else empty
  std::vector<std::shared_ptr<const void>> owners;  // of the texts
};

struct GlueReadOptions {
  bool has_labels = true;  // false: a test file, with the columns GlueTask::test_columns
  OnBadRecord on_bad_record = OnBadRecord::kFail;
};

// Reads all records of the files in order. Bad records: more or fewer columns than the header, a label that is not the
// task's (or not a finite number), bytes that are not UTF-8, NUL bytes. Short records of qqp are skipped and counted,
// as the published readers do. Throws UserError for unreadable and empty files, for a missing header, and for bad
// records under kFail.
GlueData read_glue(std::span<const std::filesystem::path> files, const GlueTask& task, const GlueReadOptions& options);

// Keeps a random sample of `count` examples, in order; all examples when count < 0 or not below their number.
void keep_random_examples(GlueData& data, int64_t count, uint64_t seed);

}  // namespace retort::data
