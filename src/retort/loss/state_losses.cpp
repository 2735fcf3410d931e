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

double score_count(std::span<const int32_t> starts, int64_t heads, kernel::Distance distance) {
  double rows = 0;
  for (size_t b = 0; b + 1 < starts.size(); ++b) {
    const double length = starts[b + 1] - starts[b];
    rows += distance == kernel::Distance::kSquared ? length * length : length;
  }
  return rows * static_cast<double>(heads);
}

double row_count(std::span<const int32_t> starts, int64_t width, kernel::Distance distance) {
  const double rows = starts.back();
  return distance == kernel::Distance::kSquared ? rows * static_cast<double>(width) : rows;
}

LossTerm attention_score_loss(const at::Tensor& student, const at::Tensor& teacher, const kernel::TokenRows& rows,
                              int64_t heads, kernel::Distance distance) {
  return {"att_loss",
          relation_sum(student, teacher, rows, {.heads = heads, .relation = kernel::Relation::kQueryKey}, distance),
          score_count(rows.starts, heads, distance)};
}

LossTerm context_loss(const at::Tensor& student, const at::Tensor& teacher, const kernel::TokenRows& rows,
                      int64_t heads, kernel::Distance distance) {
  if (distance != kernel::Distance::kDivergence)
    return {"value_loss", row_sum(student, teacher, distance), row_count(rows.starts, student.size(1), distance)};
  return {"value_loss",
          relation_sum(student, teacher, rows, {.heads = heads, .relation = kernel::Relation::kSelf}, distance),
          score_count(rows.starts, heads, distance)};
}

LossTerm hidden_state_loss(const at::Tensor& student, const at::Tensor& teacher, kernel::Distance distance) {
  const auto rows = static_cast<double>(student.size(0));
  return {"rep_loss", row_sum(student, teacher, distance),
          distance == kernel::Distance::kSquared ? rows * static_cast<double>(student.size(1)) : rows};
}

}  // namespace retort::loss
