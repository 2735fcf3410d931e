// Three training steps of every head against the published formulas in float64
// (tools/fixtures/reference/optimizers.py): losses, gradient norms, learning rates and the change of every parameter,
// for AdamW with and without bias correction and with warm-up, and for BertAdam. The same formulas on transformers'
// float32 gradients stay within 1e-4 (relative) of these changes.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "parity/fixture_model.h"
#include "retort/kernel/implementation.h"
#include "retort/optim/optimizer.h"
#include "retort/optim/schedule.h"

namespace retort::parity {
namespace {

using kernel::Implementation;

constexpr double kUpdateTolerance = 1e-3;  // |difference| / |expected| of one parameter's change
constexpr double kLossTolerance = 1e-5;    // absolute; a step here moves the loss by up to 4

class OptimizerParity : public testing::TestWithParam<std::tuple<std::string, Implementation>> {
 protected:
  const Fixture fixture_ = load_fixture(fixture_folder(std::get<0>(GetParam())));
  const kernel::ScopedImplementation implementation_{std::get<1>(GetParam())};
  const Json& options_ = fixture_.expected["optimizer"];

  bool is_bert_adam() const { return options_["kind"] == "bert_adam"; }
  optim::OptimizerOptions adam_options() const {
    return {.kind = is_bert_adam() ? optim::OptimizerKind::kBertAdam : optim::OptimizerKind::kAdamW,
            .beta1 = options_["beta1"],
            .beta2 = options_["beta2"],
            .epsilon = options_["epsilon"],
            .weight_decay = options_["weight_decay"],
            .correct_bias = options_["correct_bias"],
            .tensor_max_norm = options_["max_gradient_norm"]};
  }
  // BertAdam reads NVIDIA's linear schedule with the number of steps already done.
  double learning_rate(int64_t update) const {
    const int64_t total = options_["total_steps"];
    const double base = options_["learning_rate"];
    if (!is_bert_adam()) {
      return base * optim::Schedule{optim::ScheduleKind::kLinear, total, options_["warmup_steps"].get<double>()}.factor(
                        update);
    }
    const double warmup_steps = options_["warmup_proportion"].get<double>() * static_cast<double>(total);
    return base * optim::Schedule{optim::ScheduleKind::kNvidiaLinear, total, warmup_steps}.factor(update - 1);
  }
  // The factor that brings the gradients to a norm of at most max_gradient_norm; BertAdam clips by itself.
  double clip_scale(double norm) const {
    return is_bert_adam() ? 1.0 : std::min(1.0, options_["max_gradient_norm"].get<double>() / (norm + 1e-6));
  }
};

TEST_P(OptimizerParity, ThreeStepsAreThoseOfTheFormulas) {
  const auto model = load_model(fixture_, {.with_gradients = true});
  const at::Tensor before = model->parameters().values().clone();
  optim::Optimizer optimizer(model->parameters(), adam_options());
  const kernel::TokenRows rows = kernel::make_token_rows(fixture_.batch);
  int64_t update = 0;
  for (const Json& step : fixture_.expected["steps"]) {
    const at::Tensor loss = compute_loss(fixture_, model->forward(rows));
    loss.backward();
    ++update;
    const double norm = optimizer.gradient_norm();
    EXPECT_NEAR(loss.item<double>(), step["loss"].get<double>(), kLossTolerance) << "step " << update;
    EXPECT_NEAR(norm, step["gradient_norm"].get<double>(), 1e-4 * norm) << "step " << update;
    EXPECT_NEAR(learning_rate(update), step["learning_rate"].get<double>(), 1e-12) << "step " << update;
    optimizer.step(learning_rate(update), clip_scale(norm));
    EXPECT_EQ(model->parameters().gradients().abs().max().item<float>(), 0.0F);
  }
  const at::Tensor change = model->parameters().values() - before;
  for (const kernel::NamedSlice& slice : model->parameters().slices()) {
    const at::Tensor own = change.narrow(0, slice.offset, slice.element_count).view(slice.shape);
    const auto expected = fixture_.tensors.find("update." + slice.name);
    if (expected == fixture_.tensors.end()) {
      EXPECT_EQ(own.abs().max().item<float>(), 0.0F) << slice.name << " is frozen";
    } else if (!fixture_.has_vanishing_gradient(
                   slice.name)) {  // Adam scales the rounding error of such a gradient to 1
      EXPECT_LE(relative_difference(sketch(own), expected->second), kUpdateTolerance) << slice.name;
    }
  }
}

std::string optimizer_test_name(const testing::TestParamInfo<OptimizerParity::ParamType>& info) {
  return std::get<0>(info.param) + (std::get<1>(info.param) == Implementation::kFused ? "_fused" : "_reference");
}

INSTANTIATE_TEST_SUITE_P(Fixtures, OptimizerParity,
                         testing::Combine(testing::ValuesIn(fixture_names()),
                                          testing::Values(Implementation::kReference, Implementation::kFused)),
                         optimizer_test_name);

}  // namespace
}  // namespace retort::parity
