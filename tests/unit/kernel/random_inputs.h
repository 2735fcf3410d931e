// Random inputs for the operations: a ragged batch and weights; and the relative difference of two tensors.
#pragma once

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include "retort/base/random.h"
#include "retort/kernel/implementation.h"
#include "retort/kernel/parameters.h"
#include "retort/kernel/token_rows.h"

namespace retort::kernel::test {

// Tests draw the same inputs every time; without a seed, LibTorch's generator starts differently in every process.
inline const bool kIsSeeded = (at::manual_seed(20240607), true);

// Makes sequences of the given lengths with dropout keys; ids are below 50, and the second half is segment 1.
inline TokenRows make_random_rows(const std::vector<int64_t>& lengths) {
  Ragged ragged;
  std::vector<uint64_t> keys;
  for (size_t b = 0; b < lengths.size(); ++b) {
    std::vector<int32_t> ids;
    for (int64_t t = 0; t < lengths[b]; ++t)
      ids.push_back(static_cast<int32_t>(random_below(7 + b, static_cast<uint64_t>(t), 50)));
    ragged.append(ids, lengths[b] / 2);
    keys.push_back(make_key(11, b));
  }
  return make_token_rows(ragged, keys);
}

// Makes a weight with memory of its own; `type` kDouble is for the reference in float64.
inline Weight make_weight(const at::Tensor& values, at::ScalarType type, Precision precision) {
  Weight weight;
  weight.value = values.to(type).contiguous();
  weight.gradient = values.to(type).zero_();
  weight.operand = precision == Precision::kBf16 ? weight.value.to(at::kBFloat16) : weight.value;
  return weight;
}

// The largest difference, relative to the largest magnitude of the expected tensor.
inline double relative_difference(const at::Tensor& actual, const at::Tensor& expected) {
  const at::Tensor a = actual.detach().to(at::kDouble), e = expected.detach().to(at::kDouble);
  return (a - e).abs().max().item<double>() / std::max(1e-3, e.abs().max().item<double>());
}

}  // namespace retort::kernel::test
