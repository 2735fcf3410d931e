// The nine tasks of GLUE (Wang et al., "GLUE: A Multi-Task Benchmark", ICLR 2019) in one table: where each file keeps
// its texts and label, what the labels are called, how a task is scored and what its submission file is called. Two
// more rows stand beside the nine: the mismatched half of MNLI, and the diagnostic set AX that is answered by an MNLI
// model.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace retort::data {

enum class GlueMetric { kAccuracy, kAccuracyAndF1, kMatthews, kCorrelation };

// A column of the official TSV files: its name in the header, and where it stands (from 0) in files whose header is
// absent or has other names. kLast counts from the end, kAbsent means that there is none.
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
  std::string_view alias;   // the hub's spelling
  std::string_view folder;  // of the official download
  GlueColumns columns, test_columns;
  std::string_view hub_text_a, hub_text_b;       // columns of the hub's tables; the label is `label`, the number `idx`
  std::span<const std::string_view> labels;      // in the order of their class numbers; empty for regression
  std::span<const std::string_view> hub_labels;  // in the order of the hub's numbers
  std::string_view dev_file = "dev.tsv", test_file = "test.tsv";  // "" when there is none
  std::string_view hub_dev_name = "validation", hub_test_name = "test";
  GlueMetric metric = GlueMetric::kAccuracy;
  std::string_view submission_file;
  bool has_short_rows = false;  // the official files are known to hold a few cut rows, which are passed over

  bool is_pair() const { return !hub_text_b.empty(); }
  bool is_regression() const { return labels.empty(); }
  // Outputs of the head: one per label, or one for regression.
  int64_t output_count() const { return is_regression() ? 1 : static_cast<int64_t>(labels.size()); }
  // The class number of a label; empty when it is none of this task's.
  std::optional<int32_t> find_label(std::string_view label) const;
};

// All rows of the table.
std::span<const GlueTask> glue_tasks();

// The task of a name or alias, in any case and with `_` for `-`. Throws UserError that lists the names and shows the
// nearest one.
const GlueTask& find_glue_task(std::string_view name);

// What to evaluate a model of this task on: the task itself, for mnli also mnli-mm.
std::vector<const GlueTask*> glue_evaluation_tasks(const GlueTask& task);

// What to predict for a submission: the task itself, for mnli also mnli-mm and ax.
std::vector<const GlueTask*> glue_submission_tasks(const GlueTask& task);

}  // namespace retort::data
