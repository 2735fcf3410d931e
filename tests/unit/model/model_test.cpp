// Parameter counts of the standard models against the published numbers, and what a model refuses.
#include "retort/model/model.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "retort/base/error.h"
#include "retort/model/presets.h"

namespace retort::model {
namespace {

int64_t parameters_of(const std::string& preset, Head head) {
  return Model(preset_config(preset), head, {}).parameters().parameter_count();
}

TEST(Model, ParameterCounts) {
  EXPECT_EQ(parameters_of("bert-base-uncased", Head::kNone), 109482240);
  EXPECT_EQ(parameters_of("bert-base-uncased", Head::kQuestionAnswering), 108893186);
  EXPECT_EQ(parameters_of("bert-base-uncased", Head::kSequenceClassification), 109483778);
  EXPECT_EQ(parameters_of("bert-base-uncased", Head::kPreTraining), 110106428);
  EXPECT_EQ(parameters_of("bert-4l-312d", Head::kNone), 14352120);
  EXPECT_EQ(parameters_of("bert-4l-288d", Head::kNone), 13020192);
  EXPECT_EQ(parameters_of("bert-6l-768d", Head::kNone), 66959616);
  EXPECT_EQ(parameters_of("distilbert-base-uncased", Head::kNone), 66362880);
  EXPECT_EQ(parameters_of("distilbert-base-uncased", Head::kQuestionAnswering), 66364418);
  EXPECT_EQ(parameters_of("distilbert-base-uncased", Head::kMaskedLm), 66985530);
  EXPECT_EQ(parameters_of("distilbert-base-uncased", Head::kSequenceClassification), 66955010);
}

TEST(Model, PrunedHeadsCost196800Each) {
  ModelConfig config = preset_config("distilbert-base-uncased");
  for (int64_t layer = 0; layer < 6; ++layer) config.pruned_heads[layer] = {0, 3, 7, 11};
  EXPECT_EQ(Model(config, Head::kQuestionAnswering, {}).parameters().parameter_count(), 61641218);
  config.num_hidden_layers = 20, config.pruned_heads.clear();
  EXPECT_EQ(Model(config, Head::kQuestionAnswering, {}).parameters().parameter_count(), 165594626);
  config.num_hidden_layers = 1, config.pruned_heads[0] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  EXPECT_EQ(Model(config, Head::kQuestionAnswering, {}).parameters().parameter_count(), 28760258);
}

ModelConfig tiny() {
  ModelConfig config;
  config.vocab_size = 50, config.hidden_size = 16, config.num_hidden_layers = 1, config.num_attention_heads = 2,
  config.intermediate_size = 20;
  config.max_position_embeddings = 8;
  return config;
}

TEST(Model, RefusesIdsAndPositionsOutside) {
  const at::NoGradGuard no_grad;
  Model model(tiny(), Head::kNone, {});
  kernel::Ragged wrong_id, too_long;
  wrong_id.append(std::vector<int32_t>{1, 50}, 2);
  too_long.append(std::vector<int32_t>(9, 1), 9);
  EXPECT_THROW(model.forward(kernel::make_token_rows(wrong_id)), UserError);
  EXPECT_THROW(model.forward(kernel::make_token_rows(too_long)), UserError);
  EXPECT_THROW(model.forward(kernel::make_token_rows(kernel::Ragged())), UserError);
}

TEST(Model, ChosenRowsAlonePassTheLanguageModelHead) {
  const at::NoGradGuard no_grad;
  Model model(tiny(), Head::kMaskedLm, {});
  model.parameters().initialize(3, 0.2);
  kernel::Ragged batch;
  batch.append(std::vector<int32_t>{1, 2, 3, 4}, 4);
  batch.append(std::vector<int32_t>{7, 8, 9}, 1);
  const std::vector<int32_t> chosen{5, 2};
  const auto rows = kernel::make_token_rows(batch);
  const at::Tensor all = model.forward(rows).logits;
  const ModelOutput few = model.forward(rows, {.chosen_rows = chosen, .only_chosen_rows = true});
  EXPECT_EQ(few.logits.sizes(), (std::vector<int64_t>{2, 50}));
  EXPECT_LT((all[5] - few.logits[0]).abs().max().item<double>(), 1e-6);
  EXPECT_LT((all[2] - few.logits[1]).abs().max().item<double>(), 1e-6);
  EXPECT_EQ(few.hidden_states.back().size(0), 2);
  const ModelOutput kept = model.forward(rows, {.keep_hidden_states = true, .chosen_rows = chosen});
  for (const at::Tensor& states : kept.hidden_states) EXPECT_EQ(states.size(0), 7);
  EXPECT_LT((kept.logits - few.logits).abs().max().item<double>(), 1e-6);
}

TEST(Model, NamesOfArchitectures) {
  EXPECT_EQ(architecture_name(Family::kDistilBert, Head::kMaskedLm), "DistilBertForMaskedLM");
  EXPECT_EQ(head_of_architecture("BertForPreTraining"), Head::kPreTraining);
  EXPECT_FALSE(head_of_architecture("RobertaModel").has_value());
  EXPECT_THROW(Model(preset_config("distilbert-base-uncased"), Head::kPreTraining, {}), UserError);
}

}  // namespace
}  // namespace retort::model
