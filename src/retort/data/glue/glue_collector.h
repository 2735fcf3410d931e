// Collects the examples that the readers of both GLUE formats read: converts labels to class numbers and applies the
// policy for bad records. Only for this folder; others use glue_reader.h.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "retort/data/glue/glue_reader.h"

namespace retort::data {

class GlueCollector {
 public:
  GlueCollector(const GlueTask& task, const GlueReadOptions& options) : task_(task), options_(options) {}

  const GlueTask& task() const { return task_; }
  const GlueReadOptions& options() const { return options_; }

  // Sets the file of the records that follow.
  void begin_file(const std::filesystem::path& path) { file_name_ = path.string(); }
  const std::string& file_name() const { return file_name_; }
  // Throws UserError for an invalid record or counts it, as the options say. `place` is "line 3" or "row 3".
  void reject(std::string_view reason, const std::string& place, const std::string& problem);
  // Skips and counts a record, whatever the options say.
  void pass_over(std::string_view reason, const std::string& place, const std::string& problem);
  // Sets label or target from a word of the file; returns what is wrong with it, or "".
  std::string set_label(std::string_view word, GlueExample& example) const;
  void add(const GlueExample& example) { data_.examples.push_back(example); }
  void set_header(std::string_view line) { data_.header = line; }
  void keep_alive(std::shared_ptr<const void> owner) { data_.owners.push_back(std::move(owner)); }
  int64_t example_count() const { return static_cast<int64_t>(data_.examples.size()); }
  // Returns the examples; logs a summary of skipped records.
  GlueData finish();

 private:
  const GlueTask& task_;
  const GlueReadOptions options_;
  std::string file_name_;
  GlueData data_;
};

// Returns "one of 0, 1" or "a number", for messages.
std::string allowed_labels(const GlueTask& task);

}  // namespace retort::data
