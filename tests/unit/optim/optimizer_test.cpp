// First steps of the optimizers against the check values of the specification, computed there in double precision.
#include "retort/optim/optimizer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include <cmath>

#include "retort/kernel/implementation.h"

namespace retort::optim {
namespace {

// A store with p = (1, 2) under `name` and gradient (0.3, -0.4).
struct Example {
  kernel::ParameterStore store;
  explicit Example(const std::string& name = "weight", kernel::Precision precision = kernel::Precision::kFloat32) {
    store.add({.names = {name}, .shape = {2}});
    store.allocate(precision, kernel::GradientMemory::kAllocated);
    values()[0] = 1, values()[1] = 2;
    gradients()[0] = 0.3f, gradients()[1] = -0.4f;
  }
  float* values() { return store.values().data_ptr<float>(); }
  float* gradients() { return store.gradients().data_ptr<float>(); }
};

// Each test runs with the fused sweep and with tensor expressions.
class BothEngines : public testing::TestWithParam<kernel::Implementation> {
  const kernel::ScopedImplementation implementation_{GetParam()};
};
class Adam : public BothEngines {};
class Lamb : public BothEngines {};
class Tables : public BothEngines {};

TEST_P(Adam, HuggingFaceAdamW) {
  Example example;
  Optimizer adam(example.store, {.weight_decay = 0.01});
  EXPECT_NEAR(adam.gradient_norm(), 0.5, 1e-7);
  adam.step(0.1, 1);
  EXPECT_NEAR(example.values()[0], 0.8991001053, 1e-6);
  EXPECT_NEAR(example.values()[1], 2.0978999210, 1e-6);
  EXPECT_EQ(example.gradients()[0], 0);
  EXPECT_EQ(adam.step_count(), 1);
}

TEST_P(Adam, HuggingFaceAdamWWithoutBiasCorrection) {
  Example example;
  Optimizer adam(example.store, {.weight_decay = 0.01, .correct_bias = false});
  adam.step(0.1, 1);
  EXPECT_NEAR(example.values()[0], 0.6830887947, 2e-6);
  EXPECT_NEAR(example.values()[1], 2.3139112885, 2e-6);
}

TEST_P(Adam, BertAdam) {
  Example example;
  Optimizer adam(example.store, {.kind = OptimizerKind::kBertAdam, .epsilon = 1e-6, .weight_decay = 0.01});
  adam.step(0.1, 1);
  EXPECT_NEAR(example.values()[0], 0.6828055638, 2e-6);
  EXPECT_NEAR(example.values()[1], 2.3142027680, 2e-6);
}

TEST_P(Adam, BertAdamClipsEveryTensor) {
  Example large, small;
  for (int i = 0; i < 2; ++i) large.gradients()[i] *= 100;  // norm 50, clipped to 1
  for (int i = 0; i < 2; ++i) small.gradients()[i] *= 2;    // norm 1
  Optimizer(large.store, {.kind = OptimizerKind::kBertAdam, .epsilon = 1e-6}).step(0.1, 1);
  Optimizer(small.store, {.kind = OptimizerKind::kBertAdam, .epsilon = 1e-6}).step(0.1, 1);
  EXPECT_NEAR(large.values()[0], small.values()[0], 1e-5);
}

TEST_P(Adam, LeavesBiasesAndNormsUndecayed) {
  for (const char* name : {"a.bias", "a.LayerNorm.weight", "layer.0.sa_layer_norm.weight"}) {
    Example decayed(name), plain(name);
    Optimizer(decayed.store, {.weight_decay = 0.5}).step(0.1, 1);
    Optimizer(plain.store, {}).step(0.1, 1);
    EXPECT_EQ(decayed.values()[0], plain.values()[0]) << name;
  }
}

TEST_P(Adam, ScalesTheGradientAndRefreshesCopies) {
  Example scaled("weight", kernel::Precision::kBf16), plain;
  for (int i = 0; i < 2; ++i) scaled.gradients()[i] *= 4;
  Optimizer(scaled.store, {}).step(0.1, 0.25);
  Optimizer(plain.store, {}).step(0.1, 1);
  EXPECT_EQ(scaled.values()[0], plain.values()[0]);
  EXPECT_NEAR(scaled.store.copies()[0].item<float>(), plain.values()[0], 4e-3);
}

TEST_P(Adam, SkipsFrozenParameters) {
  Example example;
  example.store.freeze("weight");
  Optimizer adam(example.store, {});
  adam.step(0.1, 1);
  EXPECT_EQ(example.values()[0], 1);
  EXPECT_TRUE(adam.moments().empty());
}

TEST_P(Adam, GradientNormShowsInfinity) {
  Example example;
  example.gradients()[1] = INFINITY;
  EXPECT_TRUE(std::isinf(Optimizer(example.store, {}).gradient_norm()));
}

OptimizerOptions lamb_options(double weight_decay) {
  return {.kind = OptimizerKind::kLamb, .epsilon = 1e-6, .weight_decay = weight_decay};
}

TEST_P(Lamb, FirstStep) {
  Example example;
  Optimizer(example.store, lamb_options(0.01)).step(0.1, 1);
  EXPECT_NEAR(example.values()[0], 0.8395207837, 1e-6);
  EXPECT_NEAR(example.values()[1], 2.1557126236, 1e-6);
  EXPECT_EQ(example.gradients()[0], 0);
}

TEST_P(Lamb, ClipsByTheNormOfAllParameters) {
  Example example;
  for (int i = 0; i < 2; ++i) example.gradients()[i] *= 10;
  Optimizer lamb(example.store, lamb_options(0.01));
  const double scale = lamb.clip_scale(lamb.gradient_norm(), 1.0);
  EXPECT_NEAR(scale, 0.2, 1e-7);
  lamb.step(0.1, scale);
  EXPECT_NEAR(example.values()[0], 0.8395207546, 1e-6);
  EXPECT_NEAR(example.values()[1], 2.1557125935, 1e-6);
}

TEST_P(Lamb, WithoutDecayHasNoTrustRatio) {
  Example plain, bias("a.bias");
  Optimizer(plain.store, lamb_options(0)).step(0.1, 1);
  Optimizer(bias.store, lamb_options(0.01)).step(0.1, 1);
  EXPECT_NEAR(plain.values()[0], 0.9000003333, 1e-6);
  EXPECT_NEAR(plain.values()[1], 2.0999997500, 1e-6);
  EXPECT_EQ(bias.values()[0], plain.values()[0]);
}

// A table of 40 rows of 48, or the same numbers as an ordinary matrix, trained for a few steps in which few rows get a
// gradient; in the middle the optimizer is made anew from its moments.
std::vector<float> train_rows(bool is_table, OptimizerOptions options) {
  constexpr int64_t kRows = 40, kWidth = 48;
  kernel::ParameterStore store;
  store.add({.names = {"word.weight"}, .shape = {kRows, kWidth}, .is_table = is_table});
  store.allocate(kernel::Precision::kBf16, kernel::GradientMemory::kAllocated);
  store.initialize(3, 0.5);
  auto optimizer = std::make_unique<Optimizer>(store, options);
  float* gradients = store.gradients().data_ptr<float>();
  for (int64_t step = 0; step < 6; ++step) {
    for (const int64_t row : {step, step * 5 % kRows, int64_t{17}})
      for (int64_t i = 0; i < kWidth; ++i) gradients[row * kWidth + i] = static_cast<float>((i + step) % 7 - 3) * 0.1f;
    optimizer->step(0.1, 0.5);
    if (step != 3) continue;
    auto next = std::make_unique<Optimizer>(store, options);
    for (size_t m = 0; m < next->moments().size(); ++m) next->moments()[m].values.copy_(optimizer->moments()[m].values);
    next->restore(optimizer->step_count());
    optimizer = std::move(next);
  }
  std::vector<float> result(store.values().data_ptr<float>(), store.values().data_ptr<float>() + kRows * kWidth);
  for (int64_t i = 0; i < kRows * kWidth; ++i) result.push_back(store.copies()[i].item<float>());
  return result;
}

TEST_P(Tables, RowsWithoutGradientsAreUpdatedAsInAnyMatrix) {
  for (const auto kind : {OptimizerKind::kAdamW, OptimizerKind::kBertAdam, OptimizerKind::kLamb})
    for (const double weight_decay : {0.0, 0.1}) {
      const OptimizerOptions options{.kind = kind, .weight_decay = weight_decay};
      EXPECT_EQ(train_rows(true, options), train_rows(false, options)) << static_cast<int>(kind) << weight_decay;
    }
}

// Neither an infinite norm nor a loss that is no number changes values, moments or the number of updates.
TEST_P(Adam, SkipsStepsThatAreNotFinite) {
  for (const OptimizerKind kind : {OptimizerKind::kAdamW, OptimizerKind::kBertAdam, OptimizerKind::kLamb}) {
    Example example, plain;
    Optimizer skipping(example.store, {.kind = kind, .weight_decay = 0.01}),
        all(plain.store, {.kind = kind, .weight_decay = 0.01});
    const at::Tensor loss = at::ones({}, at::kDouble);
    const auto step = [&](Optimizer& optimizer, const at::Tensor& value) {
      optimizer.step_if_finite(0.1, optimizer.gradient_norm_tensor(), value, 1);
    };
    step(skipping, loss * INFINITY);  // the first of all
    example.gradients()[0] = 0.3f, example.gradients()[1] = -0.4f;
    step(skipping, loss), step(all, loss);
    EXPECT_EQ(example.gradients()[0], 0);
    example.gradients()[0] = INFINITY;
    step(skipping, loss);
    EXPECT_EQ(example.gradients()[0], 0);
    example.gradients()[0] = 1;
    step(skipping, loss * NAN);
    EXPECT_EQ(skipping.step_count(), 1);
    for (Example* each : {&example, &plain}) each->gradients()[0] = 0.7f, each->gradients()[1] = 0.2f;
    step(skipping, loss), step(all, loss);
    EXPECT_EQ(skipping.step_count(), 2);
    for (const int i : {0, 1}) EXPECT_EQ(example.values()[i], plain.values()[i]);
  }
}

std::string engine_name(const testing::TestParamInfo<kernel::Implementation>& info) {
  return info.param == kernel::Implementation::kFused ? "fused" : "expressions";
}

INSTANTIATE_TEST_SUITE_P(Engines, Adam,
                         testing::Values(kernel::Implementation::kFused, kernel::Implementation::kReference),
                         engine_name);
INSTANTIATE_TEST_SUITE_P(Engines, Lamb,
                         testing::Values(kernel::Implementation::kFused, kernel::Implementation::kReference),
                         engine_name);
INSTANTIATE_TEST_SUITE_P(Engines, Tables,
                         testing::Values(kernel::Implementation::kFused, kernel::Implementation::kReference),
                         engine_name);

}  // namespace
}  // namespace retort::optim
