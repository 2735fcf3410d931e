#include "retort/train/graph_runner.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/index_select.h>
#include <gtest/gtest.h>

#include "retort/kernel/softmax_loss.h"
#include "retort/train/step_loss.h"
#include "unit/train/toy_unit.h"

namespace retort::train {
namespace {

// A weight for each of ten token ids. The loss is the sum of the weights of the chosen tokens, each divided by the
// number of its sequence in the batch plus one, and half the mean of the weights of labelled sequences' first tokens.
class LookupUnit final : public TrainUnit, public Recordable {
 public:
  LookupUnit() {
    weight_ = parameters_.add({.names = {"weight"}, .shape = {10}});
    parameters_.allocate(kernel::Precision::kFloat32, kernel::GradientMemory::kAllocated);
    for (int i = 0; i < 10; ++i) weight_->value.data_ptr<float>()[i] = static_cast<float>(i) + 0.5F;
    leaf_ = weight_->value.detach().set_requires_grad(true);
    leaf_.mutable_grad() = weight_->gradient;
  }

  kernel::ParameterStore& parameters() override { return parameters_; }
  std::vector<loss::LossTerm> forward(const data::Batch& batch, std::span<const uint64_t> keys,
                                      const loss::StepCounts& counts) override {
    return run_forward(*this, batch, keys, counts);
  }
  const Recordable* recordable() const override { return this; }
  void save_model(const fs::path&) const override {}
  void load_weights(const fs::path&) override {}

  std::vector<BatchList> lists(const data::Batch& batch) const override {
    std::vector<int32_t> chosen = data::labelled_tokens(batch), labels;
    for (const int32_t token : chosen) labels.push_back(batch.token_labels[static_cast<size_t>(token)]);
    return {{chosen, BatchList::Extent::kChosen, BatchList::Filler::kLastRow},
            {labels, BatchList::Extent::kChosen},
            {batch.labels[0]}};
  }
  std::vector<at::Tensor> loss_sums(const kernel::TokenRows& rows) const override {
    const at::Tensor values = at::index_select(leaf_, 0, rows.ids);
    const auto sum_of = [&](const at::Tensor& places, const at::Tensor& labels) {
      return (at::index_select(values, 0, places) * (labels != kernel::kNoLabel)).sum();
    };
    return {sum_of(rows.lists[0].tensor(), rows.lists[1].tensor()), sum_of(rows.first_rows, rows.lists[2].tensor())};
  }
  std::vector<loss::LossTerm> terms(const loss::StepCounts& counts) const override {
    return {{.name = "tokens", .divisor = counts.labelled_tokens},
            {.name = "pairs", .divisor = counts.sequences, .weight = 0.5}};
  }

  std::vector<float> take_gradients() {
    const auto* values = weight_->gradient.data_ptr<float>();
    std::vector<float> taken(values, values + 10);
    weight_->gradient.zero_();
    return taken;
  }

 private:
  kernel::ParameterStore parameters_;
  kernel::Weight* weight_;
  at::Tensor leaf_;
};

data::Batch make_batch(const std::vector<int64_t>& lengths) {
  data::Batch batch;
  int32_t id = 0;
  batch.labels.resize(1);
  for (const int64_t length : lengths) {
    std::vector<int32_t> ids;
    for (int64_t i = 0; i < length; ++i) {
      ids.push_back(id++ % 10);
      batch.token_labels.push_back(id % 3 == 0 ? 1 : data::kNoTokenLabel);
    }
    batch.tokens.append(ids, length);
    batch.rows.push_back(batch.tokens.sequences()), batch.labels[0].push_back(0);
  }
  return batch;
}

std::vector<uint64_t> keys_of(const data::Batch& batch) {
  return std::vector<uint64_t>(static_cast<size_t>(batch.tokens.sequences()), 5);
}

TEST(GraphRunner, FilledUpMicroBatchesHaveTheirOwnLossesAndGradients) {
  LookupUnit unit;
  GraphRunner runner(unit, {}, /*observed=*/2);
  const loss::StepCounts counts{.sequences = 5, .tokens = 40, .labelled_tokens = 11};
  StepReadout readout;
  for (const auto& lengths : {std::vector<int64_t>{9, 14, 7}, {12, 12, 12}}) {
    EXPECT_TRUE(runner.buckets().empty());
    EXPECT_FALSE(runner.run(make_batch(lengths), keys_of(make_batch(lengths)), counts, readout));
  }
  EXPECT_TRUE(readout.read().empty()) << "only observed";
  EXPECT_EQ(runner.buckets().size(), 2U);

  for (const auto& lengths : {std::vector<int64_t>{9, 14, 6}, {12, 12, 12}, {5, 4}, {10, 10, 11}, {9, 14, 6}}) {
    const data::Batch batch = make_batch(lengths);
    StepReadout filled, expected;
    ASSERT_TRUE(runner.run(batch, keys_of(batch), counts, filled));
    const std::vector<float> gradients = unit.take_gradients();
    const std::vector<loss::LossTerm> terms = unit.forward(batch, keys_of(batch), counts);
    at::Tensor total = terms[0].sum / terms[0].divisor + terms[1].sum * terms[1].weight / terms[1].divisor;
    total.backward();
    const std::vector<float> own = unit.take_gradients();
    for (size_t i = 0; i < own.size(); ++i) EXPECT_FLOAT_EQ(gradients[i], own[i]) << i;
    const auto numbers = filled.read();
    EXPECT_NEAR(numbers.at(kTotalLoss), total.item<double>(), 1e-5);
    EXPECT_NEAR(numbers.at("tokens"), terms[0].sum.item<double>() / terms[0].divisor, 1e-5);
    EXPECT_NEAR(numbers.at("pairs"), terms[1].sum.item<double>() / terms[1].divisor, 1e-5);
  }
  const data::Batch longer = make_batch({40});
  EXPECT_FALSE(runner.run(longer, keys_of(longer), counts, readout)) << "fits no bucket";
  EXPECT_EQ(runner.use().recorded, 5);
  EXPECT_EQ(runner.use().unrecorded, 3);
  EXPECT_EQ(runner.use().tokens, 29 + 36 + 9 + 31 + 29);
  EXPECT_EQ(runner.use().filler_tokens, 1 + 0 + 21 + 5 + 1) << "up to 30 or 36 tokens";
}

TEST(GraphRunner, TakesTheBucketsOfAResumedRun) {
  LookupUnit unit;
  const data::Batch batch = make_batch({9, 14, 7});
  GraphRunner first(unit, {}, /*observed=*/1);
  StepReadout readout;
  first.run(batch, keys_of(batch), {.sequences = 3, .labelled_tokens = 10}, readout);
  GraphRunner second(unit, first.buckets(), /*observed=*/1);
  EXPECT_EQ(second.buckets(), first.buckets());
  EXPECT_TRUE(second.run(batch, keys_of(batch), {.sequences = 3, .labelled_tokens = 10}, readout));
}

}  // namespace
}  // namespace retort::train
