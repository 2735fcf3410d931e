#include "retort/loss/state_losses.h"

#include <ATen/TensorOperators.h>

#include <algorithm>

#include "retort/base/error.h"
#include "retort/kernel/cosine_loss.h"

namespace retort::loss {

namespace {

at::Tensor relation_sum(const at::Tensor& student, const at::Tensor& teacher, const kernel::Rows& rows,
                        kernel::RelationLossOptions options, StateDistance distance) {
  options.distance = static_cast<kernel::RelationDistance>(distance);
  return kernel::relation_loss(student, teacher, rows, options);
}

static_assert(static_cast<int>(StateDistance::kDivergence) == static_cast<int>(kernel::RelationDistance::kDivergence) &&
              static_cast<int>(StateDistance::kSquared) == static_cast<int>(kernel::RelationDistance::kSquared) &&
              static_cast<int>(StateDistance::kCosine) == static_cast<int>(kernel::RelationDistance::kCosine));

at::Tensor row_sum(const at::Tensor& student, const at::Tensor& teacher, StateDistance distance) {
  RETORT_CHECK(student.sizes() == teacher.sizes() && distance != StateDistance::kDivergence,
               "rows of one width have a squared or a cosine distance");
  if (distance == StateDistance::kCosine) return kernel::cosine_loss(student, teacher);
  return (student.to(at::kFloat) - teacher.detach().to(at::kFloat)).pow(2).sum();
}

StepCounts counts_of(const kernel::Rows& rows) {
  StepCounts counts;
  counts.add_sequences(rows.starts);
  return counts;
}

}  // namespace

const std::vector<std::string>& state_distance_names() {
  static const std::vector<std::string> names{"kld", "mse", "cosine"};  // in the order of StateDistance
  return names;
}

StateDistance parse_state_distance(const std::string& name) {
  const auto& names = state_distance_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw UserError("a distance of states must be kld, mse or cosine, but is `{}`", name);
  return static_cast<StateDistance>(found - names.begin());
}

double score_count(const StepCounts& counts, int64_t heads, StateDistance distance) {
  return (distance == StateDistance::kSquared ? counts.token_pairs : counts.tokens) * static_cast<double>(heads);
}

double row_count(const StepCounts& counts, int64_t width, StateDistance distance) {
  return distance == StateDistance::kSquared ? counts.tokens * static_cast<double>(width) : counts.tokens;
}

LossSum attention_score_loss(const at::Tensor& student, const at::Tensor& teacher, const kernel::Rows& rows,
                             int64_t heads, StateDistance distance) {
  return {relation_sum(student, teacher, rows, {.heads = heads, .relation = kernel::Relation::kQueryKey}, distance),
          score_count(counts_of(rows), heads, distance)};
}

LossSum context_loss(const at::Tensor& student, const at::Tensor& teacher, const kernel::Rows& rows, int64_t heads,
                     StateDistance distance) {
  if (distance != StateDistance::kDivergence)
    return {row_sum(student, teacher, distance), row_count(counts_of(rows), student.size(1), distance)};
  return {relation_sum(student, teacher, rows, {.heads = heads, .relation = kernel::Relation::kSelf}, distance),
          score_count(counts_of(rows), heads, distance)};
}

LossSum hidden_state_loss(const at::Tensor& student, const at::Tensor& teacher, StateDistance distance) {
  const StepCounts counts{.tokens = static_cast<double>(student.size(0))};
  return {row_sum(student, teacher, distance), row_count(counts, student.size(1), distance)};
}

}  // namespace retort::loss
