// GLUE logits -> labels, probabilities, and files: one for analysis, and the submission file of
// gluebenchmark.com.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "retort/data/glue/glue_tasks.h"

namespace retort::decode {

// argmax of the logits, the first of equal ones; NaN counts as the smallest. Requires at least one logit.
int32_t best_label(std::span<const float> logits);

// Softmax, [C] to [C]; all NaN when a logit is NaN or +infinity, or all are -infinity.
std::vector<float> compute_softmax(std::span<const float> logits);

// Collects the logits of all examples of a data set, batch by batch.
class GluePredictions {
 public:
  // Allocates `example_count` examples of `task.output_count()` logits each, NaN until set.
  GluePredictions(const data::GlueTask& task, int64_t example_count);

  // Stores the logits [B, C] of a batch whose sequences are the examples `examples` [B].
  void set(std::span<const int64_t> examples, std::span<const float> logits);
  std::span<const float> logits_of(int64_t example) const;
  int64_t example_count() const;
  // Class indices [B]; for classification tasks.
  std::vector<int32_t> labels() const;
  // Predicted values [B]; for regression tasks.
  std::vector<float> values() const;
  const data::GlueTask& task() const { return task_; }

 private:
  const data::GlueTask& task_;
  std::vector<float> logits_;  // [B, C]
};

// Writes `folder/<task.submission_file>`: a header and one record `index<TAB>prediction` per example; label names for
// MNLI, AX, QNLI and RTE, 0 or 1 for the others, values clipped to [0, 5] for STS-B. `indexes` [B] are the
// examples' numbers in the test file. Throws UserError when a prediction is NaN or the file cannot be written. Returns
// the path.
std::filesystem::path write_glue_submission(const std::filesystem::path& folder, const GluePredictions& predictions,
                                            std::span<const int64_t> indexes);

// Reference values of each example; `labels` or `targets` [B] is empty when
// unknown.
struct GlueReferences {
  std::span<const int64_t> indexes;  // [B]
  std::span<const int32_t> labels = {};
  std::span<const float> targets = {};
};

// Writes a TSV file with the columns index, label (when known), prediction
// and, for classification tasks, the probability of each label.
void write_glue_predictions(const std::filesystem::path& path, const GluePredictions& predictions,
                            const GlueReferences& references);

}  // namespace retort::decode
