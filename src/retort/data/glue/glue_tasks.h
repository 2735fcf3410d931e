// The table of the nine GLUE tasks (Wang et al., "GLUE: A Multi-Task Benchmark", ICLR 2019): columns of texts and
// labels in each file, names of the labels, metrics and names of submission files. Two more entries are the mismatched
// half of MNLI and the diagnostic set AX, which an MNLI model answers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace retort::data {

enum class GlueMetric { kAccuracy, kAccuracyAndF1, kMatthews, kCorrelation };

// A column of the official TSV files: its name in the header, and its index (from 0) in files without a header or with
// other names. kLast is the last column, kAbsent means that there is none.
struct GlueColumn {
  static constexpr int64_t kLast = -1, kAbsent = -2;
  std::string_view name = {};
  int64_t index = kAbsent;
  bool exists() const { return index != kAbsent; }
};

// The columns of train and dev files, or of a test file, which has no label.
struct GlueColumns {
  GlueColumn text_a, text_b, label;
  int64_t count = 0;  // columns of a file without a header; 0: the file has one
};

struct GlueTask {
  std::string_view name;    // as run_glue's --task_name
  std::string_view alias;   // the name on the hub
  std::string_view folder;  // of the official download
  GlueColumns columns, test_columns;
  std::string_view hub_text_a, hub_text_b;       // columns of the hub's tables; the label is `label`, the index `idx`
  std::span<const std::string_view> labels;      // in the order of class numbers; empty for regression
  std::span<const std::string_view> hub_labels;  // in the order of the hub's numbers
  std::string_view dev_file = "dev.tsv", test_file = "test.tsv";  // "" when there is none
  std::string_view hub_dev_name = "validation", hub_test_name = "test";
  GlueMetric metric = GlueMetric::kAccuracy;
  std::string_view submission_file;
  bool has_short_rows = false;  // the official files contain a few truncated records, which are skipped

  bool is_pair() const { return !hub_text_b.empty(); }
  bool is_regression() const { return labels.empty(); }
  // Returns the number of outputs of the head: one per label, or one for regression.
  int64_t output_count() const { return is_regression() ? 1 : static_cast<int64_t>(labels.size()); }
  // Returns the class number of a label; empty for an unknown label.
  std::optional<int32_t> find_label(std::string_view label) const;
};

// All tasks of the table.
std::span<const GlueTask> glue_tasks();

// Returns the task with a name or alias, in any case and with `_` for `-`. Throws UserError that lists the names and
// the nearest one.
const GlueTask& find_glue_task(std::string_view name);

// Returns the tasks that evaluate a model of this task: itself, for mnli also mnli-mm.
std::vector<const GlueTask*> glue_evaluation_tasks(const GlueTask& task);

// Returns the tasks of a submission for this task: itself, for mnli also mnli-mm and ax.
std::vector<const GlueTask*> glue_submission_tasks(const GlueTask& task);

}  // namespace retort::data
