// LAMB goes on from a published program's checkpoint: two more steps with given gradients, against the formulas in
// float64 (tools/fixtures/pretraining_checkpoint.py).
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "parity/fixture.h"
#include "retort/base/error.h"
#include "retort/checkpoint/torch_optimizer.h"
#include "retort/optim/optimizer.h"
#include "retort/pretrained/model_folder.h"
#include "retort/pretrained/model_weights.h"

namespace retort::parity {
namespace {

fs::path fixture_path(const std::string& name) { return fs::path(RETORT_FIXTURES) / "pretraining_checkpoint" / name; }

std::span<float> flat(const at::Tensor& values) {
  return {values.data_ptr<float>(), static_cast<size_t>(values.numel())};
}

class PretrainingCheckpoint : public testing::TestWithParam<std::string> {
 protected:
  const std::string path_ = fixture_path(GetParam()).string();
  const checkpoint::TorchOptimizerFile file_{path_};
};

TEST_P(PretrainingCheckpoint, NumbersItsMomentsInTheOrderOfTheGroups) {
  const checkpoint::TorchOptimizerContent& content = file_.content();
  EXPECT_EQ(content.step, 3);
  // The decayed group comes first: no bias, no LayerNorm.
  EXPECT_EQ(content.first_moments.front().name, "module.bert.embeddings.word_embeddings.weight");
  EXPECT_EQ(content.first_moments.back().name, "module.cls.seq_relationship.bias");
  EXPECT_EQ(content.first_moments.size(), content.second_moments.size());
  EXPECT_EQ(content.masters.size(), GetParam() == "ckpt_3.pt" ? 0 : content.first_moments.size());
}

TEST_P(PretrainingCheckpoint, GoesOnWithItsWeightsMomentsAndStep) {
  const pretrained::LoadedModel loaded = pretrained::load_model(
      {.model = fixture_path("model").string(), .pad_vocabulary = true}, {.head = model::Head::kPreTraining,
                                                                          .may_initialize_head = true,
                                                                          .may_initialize_encoder = true,
                                                                          .model = {.with_gradients = true}});
  model::Model& model = *loaded.model;
  kernel::ParameterStore& parameters = model.parameters();
  EXPECT_TRUE(pretrained::fill_from_files(model, checkpoint::open_weights(path_), {}).missing.empty());
  optim::Optimizer lamb(
      parameters,
      {.kind = optim::OptimizerKind::kLamb, .epsilon = 1e-6, .weight_decay = 0.01, .no_decay = {"bias", "LayerNorm"}});
  const checkpoint::TorchOptimizerContent& content = file_.content();
  pretrained::fill_like_parameters(model, content.masters, flat(parameters.values()), path_);
  pretrained::fill_like_parameters(model, content.first_moments, flat(lamb.first_moments()), path_);
  pretrained::fill_like_parameters(model, content.second_moments, flat(lamb.second_moments()), path_);
  lamb.restore(*content.step);
  const auto expected = read_tensors(fixture_path("expected.safetensors"));
  for (const char* step : {"0.", "1."}) {
    for (const kernel::NamedSlice& slice : parameters.slices())
      parameters.gradient(slice).copy_(expected.at(std::string("gradient.") + step + slice.name));
    lamb.step(0.01, lamb.clip_scale(lamb.gradient_norm(), 1));
  }
  for (const kernel::NamedSlice& slice : parameters.slices())
    EXPECT_LE(largest_difference(parameters.tensor(slice), expected.at("value." + slice.name)), 1e-6) << slice.name;
}

INSTANTIATE_TEST_SUITE_P(Files, PretrainingCheckpoint, testing::Values("ckpt_3.pt", "ckpt_3_half.pt"),
                         [](const auto& instance) { return instance.param.substr(0, instance.param.find('.')); });

}  // namespace
}  // namespace retort::parity
