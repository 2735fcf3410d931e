// The gradients that a model announces are complete when it says so: nothing is added to them afterwards. Checked where
// hidden states of several layers have losses of their own, as in distillation.
#include "retort/kernel/gradient_progress.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "retort/kernel/implementation.h"
#include "retort/model/model.h"

namespace retort::model {
namespace {

struct Seen {
  int64_t begin, end;
  at::Tensor gradients;  // when they were complete
};

class Recorder final : public kernel::GradientObserver {
 public:
  explicit Recorder(const kernel::ParameterStore& store) : store_(store) {}
  void expect(const float* begin, const float* end) override { expected.push_back({offset(begin), offset(end), {}}); }
  void complete(const float* begin, const float* end) noexcept override {
    complete_ranges.push_back({offset(begin), offset(end), part(offset(begin), offset(end)).clone()});
  }
  at::Tensor part(int64_t begin, int64_t end) const { return store_.gradients().narrow(0, begin, end - begin); }

  std::vector<Seen> expected, complete_ranges;

 private:
  int64_t offset(const float* place) const { return place - store_.gradients().data_ptr<float>(); }
  const kernel::ParameterStore& store_;
};

class GradientProgress : public testing::TestWithParam<std::tuple<kernel::Implementation, bool>> {};

TEST_P(GradientProgress, NothingIsAddedToCompleteGradients) {
  const kernel::ScopedImplementation implementation(std::get<0>(GetParam()));
  ModelConfig config;
  config.vocab_size = 50, config.hidden_size = 16, config.num_hidden_layers = 3, config.num_attention_heads = 2;
  config.intermediate_size = 20, config.max_position_embeddings = 8;
  Model model(config, Head::kMaskedLm,
              {.with_gradients = true, .checkpoint_activations = std::get<1>(GetParam()), .projection_width = 12});
  model.parameters().initialize(3, 0.2);
  kernel::Ragged batch;
  batch.append(std::vector<int32_t>{1, 2, 3, 4}, 4);
  batch.append(std::vector<int32_t>{7, 8, 9}, 1);
  Recorder recorder(model.parameters());
  {
    const kernel::ObserverScope observed(recorder);
    const ModelOutput output = model.forward(kernel::make_token_rows(batch), {.keep_hidden_states = true});
    at::Tensor loss = output.logits.square().sum();
    for (const at::Tensor& states : output.hidden_states) loss = loss + model.project(states).square().sum();
    loss.backward();
  }
  ASSERT_EQ(recorder.expected.size(), 3u) << "one range a layer";
  ASSERT_EQ(recorder.complete_ranges.size(), 3u);
  for (int64_t layer = 0; layer < 3; ++layer) {
    const Seen &first = recorder.expected[layer], &last = recorder.complete_ranges[2 - layer];
    EXPECT_EQ(first.begin, last.begin) << "the last layer is complete first";
    EXPECT_EQ(first.end, last.end);
    EXPECT_TRUE(last.gradients.equal(recorder.part(last.begin, last.end))) << "layer " << layer;
    EXPECT_GT(last.gradients.abs().sum().item<float>(), 0);
    for (const char* name : {"attention.self.query.weight", "output.LayerNorm.bias"}) {
      const auto* slice = model.parameters().find("bert.encoder.layer." + std::to_string(layer) + "." + name);
      EXPECT_GE(slice->offset, first.begin) << name;
      EXPECT_LE(slice->offset + slice->element_count, first.end) << name;
    }
  }
  model.forward(kernel::make_token_rows(batch)).logits.sum().backward();
  EXPECT_EQ(recorder.expected.size(), 3u) << "nobody observes any more";
}

INSTANTIATE_TEST_SUITE_P(Kinds, GradientProgress,
                         testing::Combine(testing::Values(kernel::Implementation::kReference,
                                                          kernel::Implementation::kFused),
                                          testing::Bool()));

}  // namespace
}  // namespace retort::model
