// Every head of BERT and DistilBERT against transformers: hidden states, logits, loss and gradients of every parameter,
// for every implementation of the operations. The expected values are transformers' in float64; its own float32 run is
// within 5e-6 of them in outputs and 2e-6 (relative) in gradients, as `float32_deviation` in each fixture records.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "parity/fixture_model.h"
#include "retort/kernel/implementation.h"

namespace retort::parity {
namespace {

using kernel::Implementation;
using kernel::Precision;

struct Tolerance {
  double output;    // largest absolute difference of hidden states and logits
  double loss;      // absolute
  double gradient;  // |difference| / |expected| of one parameter
};

// The project's promise for float32.
constexpr Tolerance kFloat32{.output = 1e-4, .loss = 1e-5, .gradient = 1e-3};

class ModelParity : public testing::TestWithParam<std::tuple<std::string, Implementation>> {
 protected:
  const Fixture fixture_ = load_fixture(fixture_folder(std::get<0>(GetParam())));
  const kernel::ScopedImplementation implementation_{std::get<1>(GetParam())};

  std::unique_ptr<model::Model> load(Precision precision = Precision::kFloat32, bool with_gradients = false) const {
    return load_model(fixture_, {.precision = precision, .with_gradients = with_gradients});
  }
  model::ModelOutput forward(const model::Model& model) const {
    return model.forward(kernel::make_token_rows(fixture_.batch), {.keep_hidden_states = true});
  }
  // The rows of `activations` that the fixture stores.
  at::Tensor stored_rows(const at::Tensor& activations) const {
    return activations.index_select(0, at::tensor(at::ArrayRef<int64_t>(fixture_.rows)));
  }
  static bool has_relu(const model::Model& model) {
    const bool has_pre_classifier = model.parameters().find("pre_classifier.weight") != nullptr;  // ReLU follows it
    return has_pre_classifier || model.config().hidden_act == "relu";
  }
  bool stores_chosen_logits() const { return fixture_.head() == "masked_lm" || fixture_.head() == "pretraining"; }
};

TEST_P(ModelParity, HiddenStatesAreThoseOfTransformers) {
  const c10::NoGradGuard no_gradients;
  const model::ModelOutput output = forward(*load());
  for (size_t layer = 0; layer < output.hidden_states.size(); ++layer) {
    const at::Tensor& expected = fixture_.tensors.at("hidden_state." + std::to_string(layer));
    EXPECT_LE(largest_difference(stored_rows(output.hidden_states[layer]), expected), kFloat32.output)
        << "layer " << layer;
  }
  EXPECT_FALSE(fixture_.tensors.contains("hidden_state." + std::to_string(output.hidden_states.size())));
  if (fixture_.tensors.contains("pooled")) {
    EXPECT_LE(largest_difference(output.pooled, fixture_.tensors.at("pooled")), kFloat32.output);
  }
}

TEST_P(ModelParity, LogitsAndLossAreThoseOfTransformers) {
  const c10::NoGradGuard no_gradients;
  const model::ModelOutput output = forward(*load());
  const at::Tensor logits = stores_chosen_logits() ? stored_rows(output.logits) : output.logits;
  ASSERT_EQ(logits.sizes(), fixture_.tensors.at("logits").sizes());
  EXPECT_LE(largest_difference(logits, fixture_.tensors.at("logits")), kFloat32.output);
  EXPECT_EQ(output.next_sentence_logits.defined(), fixture_.tensors.contains("next_sentence_logits"));
  if (output.next_sentence_logits.defined()) {
    EXPECT_LE(largest_difference(output.next_sentence_logits, fixture_.tensors.at("next_sentence_logits")),
              kFloat32.output);
  }
  EXPECT_NEAR(compute_loss(fixture_, output).item<double>(), fixture_.expected["loss"].get<double>(), kFloat32.loss);
}

TEST_P(ModelParity, LossesCountWhatTransformersCounts) {
  if (fixture_.head() == "question_answering") GTEST_SKIP() << "start and end are one term";
  const c10::NoGradGuard no_gradients;
  const std::vector<loss::LossSum> sums = compute_loss_sums(fixture_, forward(*load()));
  ASSERT_EQ(sums.size(), fixture_.expected["loss_terms"].size());
  for (size_t i = 0; i < sums.size(); ++i) {
    const Json& expected = fixture_.expected["loss_terms"][i];
    EXPECT_EQ(sums[i].count, expected["count"].get<double>());
    EXPECT_NEAR(sums[i].sum.item<double>(), expected["sum"].get<double>(), kFloat32.loss * sums[i].count);
  }
}

TEST_P(ModelParity, LogitsOfChosenRowsAreThoseOfAllRows) {
  if (!stores_chosen_logits()) GTEST_SKIP() << "the head has no choice of rows";
  const c10::NoGradGuard no_gradients;
  const auto model = load();
  const std::vector<int32_t> chosen(fixture_.rows.begin(), fixture_.rows.end());
  const model::ModelOutput output = model->forward(kernel::make_token_rows(fixture_.batch), {.chosen_rows = chosen});
  EXPECT_LE(largest_difference(output.logits, fixture_.tensors.at("logits")), kFloat32.output);
}

TEST_P(ModelParity, GradientsOfEveryParameterAreThoseOfTransformers) {
  const auto model = load(Precision::kFloat32, true);
  compute_loss(fixture_, forward(*model)).backward();
  const double norm = model->parameters().gradients().norm().item<double>();
  size_t compared = 0;
  for (const kernel::NamedSlice& slice : model->parameters().slices()) {
    const at::Tensor gradient = model->parameters().gradient(slice);
    if (!fixture_.tensors.contains("gradient." + slice.name)) {
      EXPECT_EQ(gradient.abs().max().item<float>(), 0.0F) << slice.name << " is frozen";
      continue;
    }
    ++compared;
    if (fixture_.has_vanishing_gradient(slice.name)) {
      EXPECT_LE(gradient.norm().item<double>(), 1e-5 * norm) << slice.name;
    } else {
      EXPECT_LE(relative_difference(sketch(gradient), fixture_.tensors.at("gradient." + slice.name)), kFloat32.gradient)
          << slice.name;
    }
  }
  EXPECT_EQ(compared + fixture_.expected["frozen"].size(), model->parameters().slices().size());
}

TEST_P(ModelParity, SecondBackwardAddsToTheGradients) {
  const auto model = load(Precision::kFloat32, true);
  compute_loss(fixture_, forward(*model)).backward();
  const at::Tensor once = model->parameters().gradients().clone();
  compute_loss(fixture_, forward(*model)).backward();
  EXPECT_LE(relative_difference(model->parameters().gradients(), 2 * once), 1e-6);
}

TEST_P(ModelParity, ABatchOfManyLengthsEqualsEachSequenceAlone) {
  const c10::NoGradGuard no_gradients;
  const auto model = load();
  const at::Tensor together = forward(*model).hidden_states.back();
  for (int64_t b = 0; b < fixture_.batch.sequences(); ++b) {
    const at::Tensor alone =
        model->forward(kernel::make_token_rows(single_sequence(fixture_.batch, b))).hidden_states.back();
    const at::Tensor own = together.narrow(0, fixture_.batch.starts[static_cast<size_t>(b)], alone.size(0));
    EXPECT_LE(largest_difference(alone, own), 2e-6) << "sequence " << b << " of " << alone.size(0) << " tokens";
  }
}

// bfloat16 keeps 8 bits: each rounding is off by up to 0.4 %, which adds up to the bounds below (relative norms). Where
// a model has a ReLU, rounding can move a unit over its kink; in batches this small one unit is a large part of the
// gradient.
constexpr double kBf16Hidden = 0.02, kBf16Loss = 0.03, kBf16Gradient = 0.05, kBf16GradientWithRelu = 0.3;

TEST_P(ModelParity, Bfloat16StaysNear) {
  const auto model = load(Precision::kBf16, true);
  const model::ModelOutput output = forward(*model);
  for (size_t layer = 0; layer < output.hidden_states.size(); ++layer) {
    const at::Tensor& expected = fixture_.tensors.at("hidden_state." + std::to_string(layer));
    EXPECT_LE(relative_difference(stored_rows(output.hidden_states[layer]), expected), kBf16Hidden)
        << "layer " << layer;
  }
  const at::Tensor loss = compute_loss(fixture_, output);
  const auto expected_loss = fixture_.expected["loss"].get<double>();
  EXPECT_NEAR(loss.item<double>(), expected_loss, kBf16Loss * std::max(1.0, expected_loss));
  loss.backward();
  double deviation = 0, norm = 0;
  for (const kernel::NamedSlice& slice : model->parameters().slices()) {
    const auto expected = fixture_.tensors.find("gradient." + slice.name);
    if (expected == fixture_.tensors.end()) continue;
    deviation += std::pow((sketch(model->parameters().gradient(slice)) - expected->second).norm().item<double>(), 2);
    norm += std::pow(expected->second.norm().item<double>(), 2);
  }
  EXPECT_LE(std::sqrt(deviation / norm), has_relu(*model) ? kBf16GradientWithRelu : kBf16Gradient);
}

std::string test_name(const testing::TestParamInfo<ModelParity::ParamType>& info) {
  return std::get<0>(info.param) + (std::get<1>(info.param) == Implementation::kFused ? "_fused" : "_reference");
}

INSTANTIATE_TEST_SUITE_P(Fixtures, ModelParity,
                         testing::Combine(testing::ValuesIn(fixture_names()),
                                          testing::Values(Implementation::kReference, Implementation::kFused)),
                         test_name);

TEST(ParityFixtures, CoverEveryHeadOfBothFamilies) { EXPECT_EQ(fixture_names().size(), 13U); }

}  // namespace
}  // namespace retort::parity
