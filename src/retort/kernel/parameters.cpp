#include "retort/kernel/parameters.h"

#include <cmath>

#include "retort/base/error.h"
#include "retort/base/hash.h"
#include "retort/base/random.h"
#include "retort/base/thread.h"
#include "retort/kernel/element_type.h"
#include "retort/kernel/engine.h"
#include "retort/kernel/host_copy.h"
#include "retort/kernel/matmul.h"
#include "retort/kernel/zeros_on_demand.h"

namespace retort::kernel {

namespace {

constexpr int64_t kParameterAlignment = 32;  // elements: 64 bytes of bfloat16

int64_t element_count(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (const int64_t extent : shape) count *= extent;
  return count;
}

uint64_t key_of(uint64_t seed, const std::string& name) {
  return make_key(seed, hash_bytes(std::as_bytes(std::span(name.data(), name.size()))));
}

void fill_normal(float* values, int64_t count, uint64_t key, double scale) {
  parallel_for(count, 1 << 14, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      values[i] = static_cast<float>(scale * random_normal(key, static_cast<uint64_t>(i)));
  });
}

// Fills position p, column j with sin (even j) or cos (odd j) of p / 10000^(2*(j/2)/width) (Vaswani et al. 2017, 3.5).
void fill_sinusoidal(float* values, const std::vector<int64_t>& shape) {
  for (int64_t p = 0; p < shape[0]; ++p)
    for (int64_t j = 0; j < shape[1]; ++j) {
      const double angle =
          static_cast<double>(p) / std::pow(10000.0, static_cast<double>(2 * (j / 2)) / static_cast<double>(shape[1]));
      values[p * shape[1] + j] = static_cast<float>(j % 2 == 0 ? std::sin(angle) : std::cos(angle));
    }
}

}  // namespace

void fill_initial_values(const NamedSlice& slice, uint64_t seed, double initializer_range, float* values) {
  switch (slice.initialization) {
    case Initialization::kNormal:
      return fill_normal(values, slice.element_count, key_of(seed, slice.name), initializer_range);
    case Initialization::kOne:
      std::fill_n(values, slice.element_count, 1.0f);
      return;
    case Initialization::kZero:
      std::fill_n(values, slice.element_count, 0.0f);
      return;
    case Initialization::kSinusoidal:
      return fill_sinusoidal(values, slice.shape);
  }
}

Weight* ParameterStore::add(const SliceSpec& spec) {
  RETORT_CHECK(!values_.defined(), "parameters must be registered before allocate");
  weights_.push_back(std::make_unique<Weight>());
  next_offset_ = (next_offset_ + kParameterAlignment - 1) / kParameterAlignment * kParameterAlignment;
  for (const std::string& name : spec.names) {
    RETORT_CHECK(find(name) == nullptr, "parameter `{}` is registered twice", name);
    const int64_t count = element_count(spec.shape);
    slices_.push_back(
        {name, spec.shape, next_offset_, count, spec.initialization, spec.is_table, weights_.back().get()});
    next_offset_ += count;
  }
  specs_.push_back(spec);
  return weights_.back().get();
}

void ParameterStore::allocate(Precision precision, GradientMemory gradient_memory) {
  const bool has_gradients = gradient_memory == GradientMemory::kAllocated;
  precision_ = precision;
  const int64_t total = (next_offset_ + kParameterAlignment - 1) / kParameterAlignment * kParameterAlignment;
  values_ = zeros_on_demand(total, at::kFloat);
  if (has_gradients) gradients_ = zeros_on_demand(total, at::kFloat, leading_table_elements());
  if (precision != Precision::kFloat32) copies_ = zeros_on_demand(total, element_type(precision));
  size_t slice = 0;
  for (size_t w = 0; w < weights_.size(); ++w) {
    const int64_t offset = slices_[slice].offset, parts = static_cast<int64_t>(specs_[w].names.size());
    std::vector<int64_t> shape = specs_[w].shape;
    shape[0] *= parts;
    const auto view = [&](const at::Tensor& flat) { return flat.narrow(0, offset, element_count(shape)).view(shape); };
    Weight& weight = *weights_[w];
    weight.value = view(values_);
    weight.operand = copies_.defined() ? view(copies_) : weight.value;
    if (has_gradients) weight.gradient = view(gradients_);
    slice += specs_[w].names.size();
  }
}

void ParameterStore::initialize(uint64_t seed, double initializer_range) {
  edit_values([&](float* all) {
    for (const NamedSlice& slice : slices_) fill_initial_values(slice, seed, initializer_range, all + slice.offset);
  });
  refresh_operands();
}

void ParameterStore::initialize(const NamedSlice& slice, uint64_t seed, double initializer_range) {
  edit_values([&](float* all) { fill_initial_values(slice, seed, initializer_range, all + slice.offset); });
}

void ParameterStore::edit_values(const std::function<void(float*)>& edit) {
  edit_on_host(values_, [&](std::span<float> values) { edit(values.data()); });
}

at::Tensor ParameterStore::host_values() const { return values_.cpu(); }

void ParameterStore::refresh_operands() {
  if (copies_.defined()) engine().round_to_copies(copies_, values_);
  if (!gradients_.defined()) pack_weights();
}

void ParameterStore::pack_weights() const {
  if (!engine().is_fused()) return;
  for (size_t w = 0; w < weights_.size(); ++w)
    if (specs_[w].shape.size() == 2 && !specs_[w].is_table) weights_[w]->packed = pack_weight(weights_[w]->operand);
}

ParameterStore::PackedScope::PackedScope(const ParameterStore& store)
    : store_(store.gradients_.defined() ? &store : nullptr) {
  if (store_) store_->pack_weights();
}

ParameterStore::PackedScope::~PackedScope() {
  if (!store_) return;
  for (const auto& weight : store_->weights_) weight->packed = at::Tensor();
}

void ParameterStore::zero_gradients() {
  if (gradients_.defined()) gradients_.zero_();
}

void ParameterStore::freeze(const std::string& name) {
  const NamedSlice* slice = find(name);
  RETORT_CHECK(slice != nullptr, "no parameter `{}`", name);
  slice->weight->trainable = false;
}

const NamedSlice* ParameterStore::find(const std::string& name) const {
  for (const NamedSlice& slice : slices_)
    if (slice.name == name) return &slice;
  return nullptr;
}

at::Tensor ParameterStore::tensor(const NamedSlice& slice) const {
  return values_.narrow(0, slice.offset, slice.element_count).view(slice.shape);
}

at::Tensor ParameterStore::gradient(const NamedSlice& slice) const {
  return gradients_.narrow(0, slice.offset, slice.element_count).view(slice.shape);
}

int64_t ParameterStore::leading_table_elements() const {
  int64_t count = 0;
  for (const NamedSlice& slice : slices_) {
    if (!slice.is_table) break;
    count = slice.offset + slice.element_count;
  }
  return count;
}

int64_t ParameterStore::parameter_count() const {
  int64_t count = 0;
  for (const NamedSlice& slice : slices_) count += slice.element_count;
  return count;
}

}  // namespace retort::kernel
