#include "retort/loss/cross_entropy.h"

#include <ATen/TensorOperators.h>

#include <algorithm>

#include "retort/base/error.h"
#include "retort/kernel/segment_loss.h"

namespace retort::loss {

namespace {

double count_labels(const kernel::IndexList& labels) {
  return static_cast<double>(
      std::count_if(labels.host.begin(), labels.host.end(), [](int32_t label) { return label != kIgnored; }));
}

}  // namespace

LossSum cross_entropy(const at::Tensor& logits, const kernel::IndexList& labels) {
  return {kernel::softmax_loss(logits, at::Tensor(), labels, {.hard_weight = 1}), count_labels(labels)};
}

LossSum position_cross_entropy(const at::Tensor& logits, const kernel::TokenRows& rows,
                               const kernel::IndexList& targets) {
  return {kernel::segment_cross_entropy(logits, 0, rows, targets), count_labels(targets)};
}

LossSum span_loss(const at::Tensor& logits, const kernel::TokenRows& rows, const kernel::IndexList& start_positions,
                  const kernel::IndexList& end_positions) {
  const double starts = count_labels(start_positions), ends = count_labels(end_positions);
  RETORT_CHECK(starts == ends, "{} start positions but {} end positions are to be learned", starts, ends);
  const at::Tensor start = kernel::segment_cross_entropy(logits, 0, rows, start_positions),
                   end = kernel::segment_cross_entropy(logits, 1, rows, end_positions);
  return {(start + end) * 0.5, starts};
}

LossSum squared_error(const at::Tensor& predictions, const at::Tensor& targets) {
  RETORT_CHECK(predictions.numel() == targets.numel(), "{} predictions for {} targets", predictions.numel(),
               targets.numel());
  return {(predictions.reshape({-1}) - targets).pow(2).sum(), static_cast<double>(targets.numel())};
}

}  // namespace retort::loss
