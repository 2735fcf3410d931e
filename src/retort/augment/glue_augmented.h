// Writes train_aug.tsv: records of a GLUE task with replaced texts, in the official format. Records of an official file
// keep their other columns; records of the hub's tables get the columns that readers of the official format need.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "retort/base/file.h"
#include "retort/data/glue/glue_reader.h"

namespace retort::augment {

class GlueAugmentedFile {
 public:
  // Writes the header, which all tasks except cola have. `data` must come from the task's training files.
  GlueAugmentedFile(const std::filesystem::path& path, const data::GlueTask& task, const data::GlueData& data);

  // Writes the record of `example` with these texts; single-sentence tasks ignore text_b. Tabs and line ends in the
  // texts, which occur only in the hub's tables, become spaces.
  void write(const data::GlueExample& example, std::string_view text_a, std::string_view text_b);
  int64_t row_count() const { return row_count_; }
  // Renames the file to its final name; without this call it is removed.
  void publish() { file_.publish(); }

 private:
  const data::GlueTask& task_;
  AtomicFile file_;
  int64_t row_count_ = 0;
};

}  // namespace retort::augment
