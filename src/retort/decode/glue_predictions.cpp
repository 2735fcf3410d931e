#include "retort/decode/glue_predictions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "retort/base/error.h"
#include "retort/base/file.h"

namespace retort::decode {
namespace {

// The range of STS-B's similarity scores; gluebenchmark.com rejects numbers outside.
constexpr float kLeastSimilarity = 0, kMostSimilarity = 5;

void append_prediction(const GluePredictions& predictions, int64_t example, fmt::memory_buffer& out) {
  const std::span<const float> logits = predictions.logits_of(example);
  const auto at = std::back_inserter(out);
  if (predictions.task().is_regression())
    fmt::format_to(at, "{:.3f}", std::clamp(logits[0], kLeastSimilarity, kMostSimilarity));
  else
    fmt::format_to(at, "{}", predictions.task().labels[best_label(logits)]);
}

void check_no_nan(const GluePredictions& predictions, const std::filesystem::path& path) {
  for (int64_t example = 0; example < predictions.example_count(); ++example)
    for (const float logit : predictions.logits_of(example))
      if (std::isnan(logit))
        throw UserError(
            "`{}` must hold a prediction for every example, but the model returned NaN for example {}; evaluate a "
            "model that has "
            "not diverged",
            path.string(), example);
}

void append_header(const data::GlueTask& task, bool has_labels, fmt::memory_buffer& out) {
  const auto at = std::back_inserter(out);
  fmt::format_to(at, "index{}\tprediction", has_labels ? "\tlabel" : "");
  for (const std::string_view label : task.labels) fmt::format_to(at, "\tprobability_{}", label);
  out.push_back('\n');
}

void append_record(const GluePredictions& predictions, const GlueReferences& references, int64_t example,
                   fmt::memory_buffer& out) {
  const data::GlueTask& task = predictions.task();
  const std::span<const float> logits = predictions.logits_of(example);
  const auto at = std::back_inserter(out);
  fmt::format_to(at, "{}", references.indexes[example]);
  if (!references.labels.empty()) fmt::format_to(at, "\t{}", task.labels[references.labels[example]]);
  if (!references.targets.empty()) fmt::format_to(at, "\t{}", references.targets[example]);
  if (task.is_regression()) {
    fmt::format_to(at, "\t{}", logits[0]);
  } else {
    fmt::format_to(at, "\t{}", task.labels[best_label(logits)]);
    for (const float probability : compute_softmax(logits)) fmt::format_to(at, "\t{:.6f}", probability);
  }
  out.push_back('\n');
}

}  // namespace

int32_t best_label(std::span<const float> logits) {
  int32_t best = 0;
  for (int32_t label = 1; label < static_cast<int32_t>(logits.size()); ++label)
    if (logits[label] > logits[best] || (std::isnan(logits[best]) && !std::isnan(logits[label]))) best = label;
  return best;
}

std::vector<float> compute_softmax(std::span<const float> logits) {
  std::vector<float> shares(logits.begin(), logits.end());
  if (shares.empty()) return shares;
  const float largest = *std::max_element(shares.begin(), shares.end());
  double sum = 0;
  for (float& share : shares) sum += share = std::exp(share - largest);
  for (float& share : shares) share = static_cast<float>(share / sum);
  return shares;
}

GluePredictions::GluePredictions(const data::GlueTask& task, int64_t example_count)
    : task_(task), logits_(example_count * task.output_count(), std::numeric_limits<float>::quiet_NaN()) {}

void GluePredictions::set(std::span<const int64_t> examples, std::span<const float> logits) {
  const auto width = static_cast<size_t>(task_.output_count());
  RETORT_CHECK(logits.size() == examples.size() * width, "{} logits for {} examples of {}", logits.size(),
               examples.size(), width);
  for (size_t b = 0; b < examples.size(); ++b) {
    const std::span<const float> example = logits.subspan(b * width, width);
    std::copy(example.begin(), example.end(), logits_.begin() + examples[b] * static_cast<int64_t>(width));
  }
}

std::span<const float> GluePredictions::logits_of(int64_t example) const {
  return std::span(logits_).subspan(example * task_.output_count(), task_.output_count());
}

int64_t GluePredictions::example_count() const { return static_cast<int64_t>(logits_.size()) / task_.output_count(); }

std::vector<int32_t> GluePredictions::labels() const {
  RETORT_CHECK(!task_.is_regression(), "labels of the regression task {}", task_.name);
  std::vector<int32_t> labels(example_count());
  for (int64_t example = 0; example < example_count(); ++example) labels[example] = best_label(logits_of(example));
  return labels;
}

std::vector<float> GluePredictions::values() const {
  RETORT_CHECK(task_.is_regression(), "values of the classification task {}", task_.name);
  return logits_;
}

std::filesystem::path write_glue_submission(const std::filesystem::path& folder, const GluePredictions& predictions,
                                            std::span<const int64_t> indexes) {
  RETORT_CHECK(static_cast<int64_t>(indexes.size()) == predictions.example_count(), "{} numbers for {} examples",
               indexes.size(), predictions.example_count());
  const std::filesystem::path path = folder / predictions.task().submission_file;
  check_no_nan(predictions, path);
  fmt::memory_buffer out;
  fmt::format_to(std::back_inserter(out), "index\tprediction\n");
  for (int64_t example = 0; example < predictions.example_count(); ++example) {
    fmt::format_to(std::back_inserter(out), "{}\t", indexes[example]);
    append_prediction(predictions, example, out);
    out.push_back('\n');
  }
  write_file_atomically(path, {out.data(), out.size()});
  return path;
}

void write_glue_predictions(const std::filesystem::path& path, const GluePredictions& predictions,
                            const GlueReferences& references) {
  RETORT_CHECK(static_cast<int64_t>(references.indexes.size()) == predictions.example_count(),
               "{} numbers for {} examples", references.indexes.size(), predictions.example_count());
  fmt::memory_buffer out;
  append_header(predictions.task(), !references.labels.empty() || !references.targets.empty(), out);
  for (int64_t example = 0; example < predictions.example_count(); ++example)
    append_record(predictions, references, example, out);
  write_file_atomically(path, {out.data(), out.size()});
}

}  // namespace retort::decode
