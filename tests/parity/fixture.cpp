// Reading of parity fixtures; see fixture.h.
#include "parity/fixture.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "retort/checkpoint/safetensors.h"
#include "retort/checkpoint/weights_convert.h"

namespace retort::parity {
namespace {

constexpr int64_t kFullLimit = 128;  // FULL_LIMIT of tools/fixtures/reference/sketch.py

kernel::Ragged make_batch(const Json& sequences) {
  kernel::Ragged batch;
  for (const Json& sequence : sequences) {
    batch.append(sequence["input_ids"].get<std::vector<int32_t>>(),
                 sequence["token_type_ids"].get<std::vector<int32_t>>());
  }
  return batch;
}

// +1 or -1 from the top bit of k * 2654435761 mod 2^32.
at::Tensor signs(int64_t count) {
  at::Tensor result = at::empty({count}, at::kDouble);
  for (int64_t k = 0; k < count; ++k) {
    result.data_ptr<double>()[k] = (static_cast<uint32_t>(k) * 2654435761u) >> 31 ? -1.0 : 1.0;
  }
  return result;
}

}  // namespace

std::map<std::string, at::Tensor> read_tensors(const fs::path& path) {
  std::map<std::string, at::Tensor> tensors;
  const checkpoint::SafetensorsFile file(path);
  for (const checkpoint::NamedTensor& source : file.tensors()) {
    at::Tensor target = at::empty(source.shape, at::kFloat);
    checkpoint::to_float32(source, {target.data_ptr<float>(), static_cast<size_t>(target.numel())});
    tensors.emplace(source.name, target);
  }
  return tensors;
}

std::vector<int32_t> Fixture::column(const std::string& key) const {
  std::vector<int32_t> values;
  for (const Json& sequence : expected["sequences"]) values.push_back(sequence.at(key).get<int32_t>());
  return values;
}

std::vector<int32_t> Fixture::token_labels() const {
  std::vector<int32_t> labels;
  for (const Json& sequence : expected["sequences"]) {
    const auto own = sequence.at("labels").get<std::vector<int32_t>>();
    labels.insert(labels.end(), own.begin(), own.end());
  }
  return labels;
}

bool Fixture::has_vanishing_gradient(const std::string& name) const {
  const auto names = expected["vanishing_gradients"].get<std::vector<std::string>>();
  return std::find(names.begin(), names.end(), name) != names.end();
}

Fixture load_fixture(const fs::path& folder) {
  Fixture fixture{
      .folder = folder, .expected = read_json_file(folder / "expected.json"), .tensors = {}, .batch = {}, .rows = {}};
  fixture.tensors = read_tensors(folder / "expected.safetensors");
  fixture.batch = make_batch(fixture.expected["sequences"]);
  fixture.rows = fixture.expected["rows"].get<std::vector<int64_t>>();
  return fixture;
}

fs::path fixture_folder(const std::string& name) { return fs::path(RETORT_FIXTURES) / "parity" / "models" / name; }

std::vector<std::string> fixture_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(fs::path(RETORT_FIXTURES) / "parity" / "models")) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

kernel::Ragged single_sequence(const kernel::Ragged& batch, int64_t sequence) {
  const auto first = static_cast<size_t>(batch.starts[static_cast<size_t>(sequence)]);
  const auto count = static_cast<size_t>(batch.starts[static_cast<size_t>(sequence) + 1]) - first;
  kernel::Ragged alone;
  alone.append(std::span(batch.ids).subspan(first, count), std::span(batch.segments).subspan(first, count));
  return alone;
}

at::Tensor sketch(const at::Tensor& tensor) {
  const at::Tensor exact = tensor.detach().to(at::kDouble);
  return exact.dim() == 2 && exact.numel() > kFullLimit ? at::mv(exact, signs(exact.size(1))) : exact;
}

double largest_difference(const at::Tensor& actual, const at::Tensor& expected) {
  const at::Tensor difference = (actual.detach().to(at::kDouble) - expected.to(at::kDouble)).abs();
  return difference.nan_to_num(std::numeric_limits<double>::infinity()).max().item<double>();
}

double relative_difference(const at::Tensor& actual, const at::Tensor& expected) {
  const at::Tensor truth = expected.to(at::kDouble);
  return ((actual.detach().to(at::kDouble) - truth).norm() / truth.norm()).item<double>();
}

}  // namespace retort::parity
