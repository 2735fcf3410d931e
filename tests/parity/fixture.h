// One parity fixture: a tiny model folder, a batch with labels, and what transformers computes from them in float64.
// Made by `tools/make_fixtures.py parity`, whose module describes the files.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "retort/base/file.h"
#include "retort/base/json.h"
#include "retort/kernel/ragged.h"

namespace retort::parity {

struct Fixture {
  fs::path folder;
  Json expected;                              // expected.json
  std::map<std::string, at::Tensor> tensors;  // expected.safetensors, float32
  kernel::Ragged batch;
  std::vector<int64_t> rows;  // rows of the batch whose activations are stored

  std::string head() const { return expected["head"]; }
  // The number `key` of each sequence.
  std::vector<int32_t> column(const std::string& key) const;
  // The lists `labels` of the sequences, one after the other: [T].
  std::vector<int32_t> token_labels() const;
  bool has_vanishing_gradient(const std::string& name) const;
};

// The tensors of a safetensors file, in float32.
std::map<std::string, at::Tensor> read_tensors(const fs::path& path);

// Throws UserError when a file is missing.
Fixture load_fixture(const fs::path& folder);

// Folders below tests/fixtures/parity/models, sorted.
std::vector<std::string> fixture_names();
fs::path fixture_folder(const std::string& name);

// A batch of only the sequence `sequence`.
kernel::Ragged single_sequence(const kernel::Ragged& batch, int64_t sequence);

// What the fixture stores for a gradient or an update: the tensor itself, or a large matrix times signs (in float64).
at::Tensor sketch(const at::Tensor& tensor);

// Largest absolute difference (infinite with a NaN), and |actual - expected| / |expected|, both in float64.
double largest_difference(const at::Tensor& actual, const at::Tensor& expected);
double relative_difference(const at::Tensor& actual, const at::Tensor& expected);

}  // namespace retort::parity
