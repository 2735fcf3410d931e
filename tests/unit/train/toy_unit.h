// A unit of two parameters whose losses and gradients are known: p0 * (mean of 1 over tokens) + 0.5 * p1 * (mean of 1
// over token pairs), so the loss of every step is p0 + p1 / 2 and its gradient (1, 1/2), however the step is cut.
#pragma once

#include <ATen/TensorOperators.h>

#include <functional>

#include "retort/checkpoint/safetensors.h"
#include "retort/train/unit.h"
#include "unit/train/train_testing.h"

namespace retort::train {

class ToyUnit final : public TrainUnit {
 public:
  ToyUnit() {
    weight_ = parameters_.add({.names = {"weight"}, .shape = {2}});
    parameters_.allocate(kernel::Precision::kFloat32, kernel::GradientMemory::kAllocated);
    leaf_ = weight_->value.detach().set_requires_grad(true);
    leaf_.mutable_grad() = weight_->gradient;
    set(4, 6);
  }

  kernel::ParameterStore& parameters() override { return parameters_; }
  std::vector<loss::LossTerm> forward(const data::Batch& batch, std::span<const uint64_t> keys,
                                      const loss::StepCounts& counts) override {
    if (before_forward) before_forward(batch);
    all_keys.insert(all_keys.end(), keys.begin(), keys.end());
    loss::StepCounts own;
    own.add_sequences(batch.tokens.starts);
    return {{"tokens", leaf_[0] * own.tokens, counts.tokens},
            {"pairs", leaf_[1] * own.token_pairs, counts.token_pairs, 0.5}};
  }
  int64_t activation_bytes(int64_t tokens) const override { return bytes_per_token * tokens; }
  Json evaluate() override { return scores; }
  std::string best_metric() const override { return "score"; }
  void save_model(const fs::path& folder) const override {
    if (disk_is_full) throw UserError("`{}` must have room, but has none", folder.string());
    const auto* bytes = static_cast<const std::byte*>(weight_->value.data_ptr());
    const std::vector<checkpoint::NamedTensor> tensors{
        {"weight", checkpoint::Dtype::kF32, {2}, {bytes, 2 * sizeof(float)}}};
    checkpoint::write_safetensors(folder / "model.safetensors", tensors, {});
  }
  void load_weights(const fs::path& folder) override {
    const checkpoint::SafetensorsFile file(folder / "model.safetensors");
    std::memcpy(weight_->value.data_ptr(), file.tensors().at(0).bytes.data(), 2 * sizeof(float));
  }

  void set(float first, float second) {
    weight_->value.data_ptr<float>()[0] = first, weight_->value.data_ptr<float>()[1] = second;
  }
  std::vector<float> values() const { return pair_of(weight_->value); }
  std::vector<float> gradients() const { return pair_of(weight_->gradient); }

  std::vector<uint64_t> all_keys;  // that forward was given
  std::function<void(const data::Batch&)> before_forward;
  int64_t bytes_per_token = 0;
  Json scores = Json::object();
  bool disk_is_full = false;

 private:
  static std::vector<float> pair_of(const at::Tensor& tensor) {
    return {tensor.data_ptr<float>()[0], tensor.data_ptr<float>()[1]};
  }

  kernel::ParameterStore parameters_;
  kernel::Weight* weight_;
  at::Tensor leaf_;  // the value as a leaf whose gradient is that of the weight
};

// A step of sequences of these lengths, `per_micro_batch` to a micro-batch; the first token of each has a label.
inline data::StepBatch make_step(const std::vector<int64_t>& lengths, size_t per_micro_batch) {
  data::StepBatch step;
  for (size_t i = 0; i < lengths.size(); ++i) {
    if (i % per_micro_batch == 0) step.micro_batches.emplace_back();
    data::Batch& batch = step.micro_batches.back();
    batch.tokens.append(std::vector<int32_t>(static_cast<size_t>(lengths[i]), 7), lengths[i]);
    batch.rows.push_back(static_cast<int64_t>(i));
    batch.token_labels.push_back(3);
    batch.token_labels.resize(batch.token_labels.size() + static_cast<size_t>(lengths[i]) - 1, data::kNoTokenLabel);
    step.token_count += lengths[i], ++step.sequence_count;
  }
  return step;
}

}  // namespace retort::train
