#include "retort/augment/shared_ids.h"

#include <ATen/ops/from_blob.h>

#include "retort/base/error.h"
#include "retort/train/process_group.h"

namespace retort::augment {

SharedIds::SharedIds(int64_t count, int64_t max_length)
    : max_length_(max_length), values_(static_cast<size_t>(count * max_length)) {}

void SharedIds::set(int64_t list, const std::vector<int32_t>& ids) {
  RETORT_CHECK(static_cast<int64_t>(ids.size()) <= max_length_, "{} ids in a list of {}", ids.size(), max_length_);
  for (size_t i = 0; i < ids.size(); ++i) values_[static_cast<size_t>(list * max_length_) + i] = ids[i] + 1;
}

std::vector<int32_t> SharedIds::get(int64_t list) const {
  std::vector<int32_t> ids;
  for (auto i = static_cast<size_t>(list * max_length_);
       i < static_cast<size_t>((list + 1) * max_length_) && values_[i] != 0; ++i)
    ids.push_back(values_[i] - 1);
  return ids;
}

void SharedIds::bring_together() {
  if (values_.empty()) return;
  train::process_group().all_reduce_sum(
      at::from_blob(values_.data(), {static_cast<int64_t>(values_.size())}, at::TensorOptions(at::kInt)));
}

}  // namespace retort::augment
