// The contract of loss terms: weight / divisor * sum, added over terms, micro-batches and ranks.
#include "retort/train/step_loss.h"

#include <ATen/ops/scalar_tensor.h>

#include "unit/train/toy_unit.h"

namespace retort::train {
namespace {

// 8 tokens and 16 token pairs: powers of two, so that all quotients are exact.
const std::vector<int64_t> kLengths{3, 1, 2, 1, 1};

StepLoss losses_of(ToyUnit& unit, const data::StepBatch& step) {
  StepReadout readout;
  forward_backward(unit, step, 1, readout);
  std::map<std::string, double> numbers = readout.read();
  return take_losses(numbers);
}

at::Tensor scalar(double value) { return at::scalar_tensor(value, at::kFloat); }

TEST(StepLoss, TheTotalIsTheWeightedSumOfTheMeans) {
  EXPECT_EQ(total_loss({{"a", scalar(6), 3, 2}, {"b", scalar(8), 4, 0.5}}).item<double>(), 2 * 2 + 0.5 * 2);
  EXPECT_EQ(total_loss({{"a", scalar(6), 3}, {"logged only", scalar(8), 4, 0}, {"nothing to learn", scalar(1), 0}})
                .item<double>(),
            2);
  EXPECT_FALSE(total_loss({{"nothing to learn", scalar(0), 0}}).defined());
}

TEST(StepLoss, AScaleOfTheLossIsInTheGradientsAndNotInTheLosses) {
  ToyUnit unit;
  StepReadout readout;
  forward_backward(unit, make_step(kLengths, 2), 1, readout, {.loss_scale = scalar(64)});
  EXPECT_EQ(readout.read().at(kTotalLoss), 4 + 0.5 * 6);
  EXPECT_EQ(unit.gradients(), (std::vector<float>{64, 32}));
}

TEST(StepLoss, LossAndGradientDoNotDependOnTheCut) {
  for (const size_t per_micro_batch : {1, 2, 5}) {
    ToyUnit unit;
    const StepLoss loss = losses_of(unit, make_step(kLengths, per_micro_batch));
    EXPECT_EQ(loss.total, 4 + 0.5 * 6);
    EXPECT_EQ(loss.components, (std::map<std::string, double>{{"tokens", 4}, {"pairs", 6}}));
    EXPECT_EQ(unit.gradients(), (std::vector<float>{1, 0.5}));
  }
}

// The all-reduce adds the shares of the ranks: together they are the loss of one process.
TEST(StepLoss, TheSharesOfTheRanksAddUp) {
  ToyUnit unit;
  data::StepBatch step = make_step(kLengths, 1);
  double total = 0;
  for (const auto& [begin, count] : {std::pair(0, 1), {1, 2}, {3, 2}}) {
    step.local_begin = begin, step.local_count = count;
    total += losses_of(unit, step).total;
  }
  EXPECT_EQ(total, 4 + 0.5 * 6);
  EXPECT_EQ(unit.gradients(), (std::vector<float>{1, 0.5}));
}

TEST(StepLoss, DropoutKeysBelongToTheRowsAndTheEpoch) {
  const auto keys_of = [](size_t per_micro_batch, int64_t epoch, uint64_t seed) {
    ToyUnit unit;
    data::StepBatch step = make_step(kLengths, per_micro_batch);
    step.position.epoch = epoch;
    StepReadout readout;
    forward_backward(unit, step, seed, readout);
    return unit.all_keys;
  };
  EXPECT_EQ(keys_of(1, 0, 1), keys_of(5, 0, 1));
  EXPECT_NE(keys_of(1, 0, 1), keys_of(1, 1, 1));
  EXPECT_NE(keys_of(1, 0, 1), keys_of(1, 0, 2));
}

TEST(StepLoss, ComponentsAreMeansWithoutWeights) {
  StepReadout readout;
  add_components({{"only", scalar(6), 3, 2}}, readout);
  EXPECT_TRUE(readout.read().empty()) << "the loss itself says it";
  const std::vector<loss::LossTerm> terms{
      {.name = "fused", .sum = scalar(9), .divisor = 1, .fused = {{"a", scalar(6), 3}, {"b", scalar(5), 0}}},
      {"c", scalar(8), 4, 0.5}};
  for (int micro_batch = 0; micro_batch < 2; ++micro_batch) add_components(terms, readout);
  EXPECT_EQ(readout.read(), (std::map<std::string, double>{{"a", 4}, {"b", 0}, {"c", 4}}));
}

TEST(StepLoss, OneProcessKeepsItsShare) {
  const StepLoss loss = all_reduce(ProcessGroup(), {.total = 2.5, .components = {{"a", 1}}});
  EXPECT_EQ(loss.total, 2.5);
  EXPECT_EQ(loss.components.at("a"), 1);
}

}  // namespace
}  // namespace retort::train
