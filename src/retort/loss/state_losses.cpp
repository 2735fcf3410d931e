#include "retort/loss/state_losses.h"

#include <ATen/TensorOperators.h>

#include <algorithm>

#include "retort/base/error.h"
#include "retort/kernel/cosine_loss.h"

namespace retort::loss {

namespace {

at::Tensor relation_sum(const at::Tensor& student, const at::Tensor& teacher, const kernel::TokenRows& rows,
                        kernel::RelationLossOptions options, kernel::Distance distance) {
  options.distance = distance;
  return kernel::relation_loss(student, teacher, rows, options);
}

at::Tensor row_sum(const at::Tensor& student, const at::Tensor& teacher, kernel::Distance distance) {
  RETORT_CHECK(student.sizes() == teacher.sizes() && distance != kernel::Distance::kDivergence,
               "rows of one width have a squared or a cosine distance");
  if (distance == kernel::Distance::kCosine) return kernel::cosine_loss(student, teacher);
  return (student.to(at::kFloat) - teacher.detach().to(at::kFloat)).pow(2).sum();
}

StepCounts counts_of(const kernel::TokenRows& rows) {
  StepCounts counts;
  counts.add_sequences(rows.starts);
  return counts;
}

}  // namespace

const std::vector<std::string>& state_distance_names() {
  static const std::vector<std::string> names{"kld", "mse", "cosine"};  // in the order of kernel::Distance
  return names;
}

kernel::Distance parse_state_distance(const std::string& name) {
  const auto& names = state_distance_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw UserError("a distance of states must be kld, mse or cosine, but is `{}`", name);
  return static_cast<kernel::Distance>(found - names.begin());
}

double score_count(const StepCounts& counts, int64_t heads, kernel::Distance distance) {
  return (distance == kernel::Distance::kSquared ? counts.token_pairs : counts.tokens) * static_cast<double>(heads);
}

double row_count(const StepCounts& counts, int64_t width, kernel::Distance distance) {
  return distance == kernel::Distance::kSquared ? counts.tokens * static_cast<double>(width) : counts.tokens;
}

LossSum attention_score_loss(const at::Tensor& student, const at::Tensor& teacher, const kernel::TokenRows& rows,
                             int64_t heads, kernel::Distance distance) {
  return {relation_sum(student, teacher, rows, {.heads = heads, .relation = kernel::Relation::kQueryKey}, distance),
          score_count(counts_of(rows), heads, distance)};
}

LossSum context_loss(const at::Tensor& student, const at::Tensor& teacher, const kernel::TokenRows& rows, int64_t heads,
                     kernel::Distance distance) {
  if (distance != kernel::Distance::kDivergence)
    return {row_sum(student, teacher, distance), row_count(counts_of(rows), student.size(1), distance)};
  return {relation_sum(student, teacher, rows, {.heads = heads, .relation = kernel::Relation::kSelf}, distance),
          score_count(counts_of(rows), heads, distance)};
}

LossSum hidden_state_loss(const at::Tensor& student, const at::Tensor& teacher, kernel::Distance distance) {
  const StepCounts counts{.tokens = static_cast<double>(student.size(0))};
  return {row_sum(student, teacher, distance), row_count(counts, student.size(1), distance)};
}

}  // namespace retort::loss
