// Writes train_aug.tsv: rows of a GLUE task with other texts in them, in the official form. Rows of an official file
// keep their other columns as they are; rows of the hub's tables get the columns that readers of the official form
// need.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "retort/base/file.h"
#include "retort/data/glue/glue_reader.h"

namespace retort::augment {

class GlueAugmentedFile {
 public:
  // Begins with the header, which all tasks but cola have. `data` must be of the task's training files.
  GlueAugmentedFile(const std::filesystem::path& path, const data::GlueTask& task, const data::GlueData& data);

  // The row of `example` with these texts; text_b is not looked at for single sentences. Tabs and line ends in the
  // texts, which only the hub's tables can hold, become spaces.
  void write(const data::GlueExample& example, std::string_view text_a, std::string_view text_b);
  int64_t row_count() const { return row_count_; }
  // Gives the file its name; without it nothing stays.
  void publish() { file_.publish(); }

 private:
  const data::GlueTask& task_;
  AtomicFile file_;
  int64_t row_count_ = 0;
};

}  // namespace retort::augment
