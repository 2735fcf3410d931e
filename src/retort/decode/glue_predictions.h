// Logits of a GLUE model -> labels, probabilities, and the files that hold them: one for people and programs, and the
// one that gluebenchmark.com takes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "retort/data/glue/glue_tasks.h"

namespace retort::decode {

// The class with the largest logit, the first of equals; NaN counts as the smallest. Needs at least one logit.
int32_t best_label(std::span<const float> logits);

// exp(logit) / sum, [C] to [C]; all NaN when a logit is NaN or +infinity, or all are -infinity.
std::vector<float> compute_softmax(std::span<const float> logits);

// The outputs of the head for the rows of a data set, put in place as batches come in.
class GluePredictions {
 public:
  // Room for `row_count` rows of `task.output_count()` logits each, NaN until set.
  GluePredictions(const data::GlueTask& task, int64_t row_count);

  // Stores logits [B, C] of a batch whose sequences are the rows `rows` [B].
  void set(std::span<const int64_t> rows, std::span<const float> logits);
  std::span<const float> logits_of(int64_t row) const;
  int64_t row_count() const;
  // [B]; of tasks with classes.
  std::vector<int32_t> labels() const;
  // [B]; of regression.
  std::vector<float> values() const;
  const data::GlueTask& task() const { return task_; }

 private:
  const data::GlueTask& task_;
  std::vector<float> logits_;  // [B, C]
};

// Writes `folder/<task.submission_file>`: a header and `index<TAB>prediction` per row; names for MNLI, AX, QNLI and
// RTE, 0 or 1 for the others, numbers clipped to [0, 5] for STS-B. `row_indexes` [B] are the rows' numbers in the test
// file. Throws UserError when a prediction is NaN or the file cannot be written. Returns the path.
std::filesystem::path write_glue_submission(const std::filesystem::path& folder, const GluePredictions& predictions,
                                            std::span<const int64_t> row_indexes);

// What is known about each row beside its prediction; `labels` or `targets` [B] is empty when there are none.
struct GlueAnswers {
  std::span<const int64_t> row_indexes;  // [B]
  std::span<const int32_t> labels = {};
  std::span<const float> targets = {};
};

// Writes a TSV with the columns index, label (when known), prediction and, of tasks with classes, the probability of
// each label.
void write_glue_predictions(const std::filesystem::path& path, const GluePredictions& predictions,
                            const GlueAnswers& answers);

}  // namespace retort::decode
