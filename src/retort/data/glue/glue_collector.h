// Where the readers of both GLUE forms hand over what they read: labels become class numbers, and the policy for bad
// records is applied. Not for other folders; they use glue_reader.h.
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

  // The file that the following rows belong to.
  void begin_file(const std::filesystem::path& path) { file_name_ = path.string(); }
  const std::string& file_name() const { return file_name_; }
  // A row that cannot be used: UserError or counted, as the options say. `place` is "line 3" or "row 3".
  void reject(std::string_view reason, const std::string& place, const std::string& problem);
  // Counted and left out, whatever the options say.
  void pass_over(std::string_view reason, const std::string& place, const std::string& problem);
  // Sets label or target from the word in a file, or says what is wrong with it.
  std::string set_label(std::string_view word, GlueExample& example) const;
  void add(const GlueExample& example) { data_.examples.push_back(example); }
  void set_header(std::string_view line) { data_.header = line; }
  void keep_alive(std::shared_ptr<const void> owner) { data_.owners.push_back(std::move(owner)); }
  int64_t example_count() const { return static_cast<int64_t>(data_.examples.size()); }
  // What was read; logs a summary of what was left out.
  GlueData finish();

 private:
  const GlueTask& task_;
  const GlueReadOptions options_;
  std::string file_name_;
  GlueData data_;
};

// "one of 0, 1" or "a number", for messages.
std::string allowed_labels(const GlueTask& task);

}  // namespace retort::data
