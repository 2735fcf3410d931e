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

// The range of similarity that STS-B's judges used; the site refuses numbers outside.
constexpr float kLeastSimilarity = 0, kMostSimilarity = 5;

void append_prediction(const GluePredictions& predictions, int64_t row, fmt::memory_buffer& out) {
  const std::span<const float> logits = predictions.logits_of(row);
  const auto at = std::back_inserter(out);
  if (predictions.task().is_regression())
    fmt::format_to(at, "{:.3f}", std::clamp(logits[0], kLeastSimilarity, kMostSimilarity));
  else
    fmt::format_to(at, "{}", predictions.task().labels[best_label(logits)]);
}

void check_no_nan(const GluePredictions& predictions, const std::filesystem::path& path) {
  for (int64_t row = 0; row < predictions.row_count(); ++row)
    for (const float logit : predictions.logits_of(row))
      if (std::isnan(logit))
        throw UserError(
            "`{}` must hold a prediction for every row, but the model gave NaN for row {}; evaluate a model that has "
            "not diverged",
            path.string(), row);
}

void append_header(const data::GlueTask& task, bool has_labels, fmt::memory_buffer& out) {
  const auto at = std::back_inserter(out);
  fmt::format_to(at, "index{}\tprediction", has_labels ? "\tlabel" : "");
  for (const std::string_view label : task.labels) fmt::format_to(at, "\tprobability_{}", label);
  out.push_back('\n');
}

void append_row(const GluePredictions& predictions, const GlueAnswers& answers, int64_t row, fmt::memory_buffer& out) {
  const data::GlueTask& task = predictions.task();
  const std::span<const float> logits = predictions.logits_of(row);
  const auto at = std::back_inserter(out);
  fmt::format_to(at, "{}", answers.row_indexes[row]);
  if (!answers.labels.empty()) fmt::format_to(at, "\t{}", task.labels[answers.labels[row]]);
  if (!answers.targets.empty()) fmt::format_to(at, "\t{}", answers.targets[row]);
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

GluePredictions::GluePredictions(const data::GlueTask& task, int64_t row_count)
    : task_(task), logits_(row_count * task.output_count(), std::numeric_limits<float>::quiet_NaN()) {}

void GluePredictions::set(std::span<const int64_t> rows, std::span<const float> logits) {
  const auto width = static_cast<size_t>(task_.output_count());
  RETORT_CHECK(logits.size() == rows.size() * width, "{} logits for {} rows of {}", logits.size(), rows.size(), width);
  for (size_t b = 0; b < rows.size(); ++b) {
    const std::span<const float> row = logits.subspan(b * width, width);
    std::copy(row.begin(), row.end(), logits_.begin() + rows[b] * static_cast<int64_t>(width));
  }
}

std::span<const float> GluePredictions::logits_of(int64_t row) const {
  return std::span(logits_).subspan(row * task_.output_count(), task_.output_count());
}

int64_t GluePredictions::row_count() const { return static_cast<int64_t>(logits_.size()) / task_.output_count(); }

std::vector<int32_t> GluePredictions::labels() const {
  RETORT_CHECK(!task_.is_regression(), "labels of the regression task {}", task_.name);
  std::vector<int32_t> labels(row_count());
  for (int64_t row = 0; row < row_count(); ++row) labels[row] = best_label(logits_of(row));
  return labels;
}

std::vector<float> GluePredictions::values() const {
  RETORT_CHECK(task_.is_regression(), "values of the classification task {}", task_.name);
  return logits_;
}

std::filesystem::path write_glue_submission(const std::filesystem::path& folder, const GluePredictions& predictions,
                                            std::span<const int64_t> row_indexes) {
  RETORT_CHECK(static_cast<int64_t>(row_indexes.size()) == predictions.row_count(), "{} numbers for {} rows",
               row_indexes.size(), predictions.row_count());
  const std::filesystem::path path = folder / predictions.task().submission_file;
  check_no_nan(predictions, path);
  fmt::memory_buffer out;
  fmt::format_to(std::back_inserter(out), "index\tprediction\n");
  for (int64_t row = 0; row < predictions.row_count(); ++row) {
    fmt::format_to(std::back_inserter(out), "{}\t", row_indexes[row]);
    append_prediction(predictions, row, out);
    out.push_back('\n');
  }
  write_file_atomically(path, {out.data(), out.size()});
  return path;
}

void write_glue_predictions(const std::filesystem::path& path, const GluePredictions& predictions,
                            const GlueAnswers& answers) {
  RETORT_CHECK(static_cast<int64_t>(answers.row_indexes.size()) == predictions.row_count(), "{} numbers for {} rows",
               answers.row_indexes.size(), predictions.row_count());
  fmt::memory_buffer out;
  append_header(predictions.task(), !answers.labels.empty() || !answers.targets.empty(), out);
  for (int64_t row = 0; row < predictions.row_count(); ++row) append_row(predictions, answers, row, out);
  write_file_atomically(path, {out.data(), out.size()});
}

}  // namespace retort::decode
