// First steps of the optimizers against the check values of the specification, computed there in double precision.
#include "retort/optim/adam.h"

#include <gtest/gtest.h>

#include <cmath>

namespace retort::optim {
namespace {

// A store with p = (1, 2) under `name` and gradient (0.3, -0.4).
struct Example {
  kernel::ParameterStore store;
  explicit Example(const std::string& name = "weight", kernel::Precision precision = kernel::Precision::kFloat32) {
    store.add({.names = {name}, .shape = {2}});
    store.allocate(precision, true);
    values()[0] = 1, values()[1] = 2;
    gradients()[0] = 0.3f, gradients()[1] = -0.4f;
  }
  float* values() { return store.values().data_ptr<float>(); }
  float* gradients() { return store.gradients().data_ptr<float>(); }
};

TEST(Adam, HuggingFaceAdamW) {
  Example example;
  Adam adam(example.store, {.weight_decay = 0.01});
  EXPECT_NEAR(adam.gradient_norm(), 0.5, 1e-7);
  adam.step(0.1, 1);
  EXPECT_NEAR(example.values()[0], 0.8991001053, 1e-6);
  EXPECT_NEAR(example.values()[1], 2.0978999210, 1e-6);
  EXPECT_EQ(example.gradients()[0], 0);
  EXPECT_EQ(adam.step_count(), 1);
}

TEST(Adam, HuggingFaceAdamWWithoutBiasCorrection) {
  Example example;
  Adam adam(example.store, {.weight_decay = 0.01, .correct_bias = false});
  adam.step(0.1, 1);
  EXPECT_NEAR(example.values()[0], 0.6830887947, 2e-6);
  EXPECT_NEAR(example.values()[1], 2.3139112885, 2e-6);
}

TEST(Adam, BertAdam) {
  Example example;
  Adam adam(example.store, {.kind = AdamKind::kBertAdam, .epsilon = 1e-6, .weight_decay = 0.01});
  adam.step(0.1, 1);
  EXPECT_NEAR(example.values()[0], 0.6828055638, 2e-6);
  EXPECT_NEAR(example.values()[1], 2.3142027680, 2e-6);
}

TEST(Adam, BertAdamClipsEveryTensor) {
  Example large, small;
  for (int i = 0; i < 2; ++i) large.gradients()[i] *= 100;  // norm 50, clipped to 1
  for (int i = 0; i < 2; ++i) small.gradients()[i] *= 2;    // norm 1
  Adam(large.store, {.kind = AdamKind::kBertAdam, .epsilon = 1e-6}).step(0.1, 1);
  Adam(small.store, {.kind = AdamKind::kBertAdam, .epsilon = 1e-6}).step(0.1, 1);
  EXPECT_NEAR(large.values()[0], small.values()[0], 1e-5);
}

TEST(Adam, LeavesBiasesAndNormsUndecayed) {
  for (const char* name : {"a.bias", "a.LayerNorm.weight", "layer.0.sa_layer_norm.weight"}) {
    Example decayed(name), plain(name);
    Adam(decayed.store, {.weight_decay = 0.5}).step(0.1, 1);
    Adam(plain.store, {}).step(0.1, 1);
    EXPECT_EQ(decayed.values()[0], plain.values()[0]) << name;
  }
}

TEST(Adam, ScalesTheGradientAndRefreshesCopies) {
  Example scaled("weight", kernel::Precision::kBf16), plain;
  for (int i = 0; i < 2; ++i) scaled.gradients()[i] *= 4;
  Adam(scaled.store, {}).step(0.1, 0.25);
  Adam(plain.store, {}).step(0.1, 1);
  EXPECT_EQ(scaled.values()[0], plain.values()[0]);
  EXPECT_NEAR(scaled.store.copies()[0].item<float>(), plain.values()[0], 4e-3);
}

TEST(Adam, SkipsFrozenParameters) {
  Example example;
  example.store.freeze("weight");
  Adam adam(example.store, {});
  adam.step(0.1, 1);
  EXPECT_EQ(example.values()[0], 1);
  EXPECT_TRUE(adam.moments().empty());
}

TEST(Adam, GradientNormShowsInfinity) {
  Example example;
  example.gradients()[1] = INFINITY;
  EXPECT_TRUE(std::isinf(Adam(example.store, {}).gradient_norm()));
}

}  // namespace
}  // namespace retort::optim
