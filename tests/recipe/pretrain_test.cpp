// `retort pretrain`: its pseudo-perplexity, and settings that would train nothing.
#include <gtest/gtest.h>

#include <ATen/ops/linspace.h>
#include <ATen/ops/log_softmax.h>

#include <cmath>

#include "recipe/language_modeling.h"
#include "retort/base/error.h"
#include "retort/data/corpus/token_file.h"
#include "retort/data/corpus/token_rows.h"
#include "retort/model/config_reader.h"
#include "retort/pretrained/model_folder.h"

namespace retort::recipe {
namespace {

// The model predicts the same distribution for every token, so the pseudo-perplexity follows from that distribution
// alone.
TEST(Pretrain, PseudoPerplexityMasksEachTokenOnce) {
  const tiny::TemporaryFolder folder;
  binarize(tiny::binarize_settings(folder.path()));
  const text::Tokenizer tokenizer = text::Tokenizer::load(tiny::bert_folder());
  const auto shape = model::config_from_json(read_json_file(tiny::bert_folder() / "config.json"), "tiny");
  model::Model model(shape, model::Head::kMaskedLm, {});
  const auto& parameters = model.parameters();
  parameters.values().zero_();
  const at::Tensor shares = at::linspace(-2, 3, shape.vocab_size);
  parameters.tensor(*parameters.find("cls.predictions.bias")).copy_(shares);
  fs::create_directory(folder / "model");
  pretrained::save_model_folder(folder / "model", model, tokenizer);
  PretrainConfig config = tiny::pretrain_settings(folder.path(), folder / "out");
  config.model.model = folder / "model";
  config.corpus.pseudo_perplexity_sequences = 3;
  config.training.learning_rate = 0, config.training.max_steps = 1;
  const double found = pretrain(config)["pseudo_perplexity"];

  const at::Tensor logs = at::log_softmax(shares.to(at::kDouble), 0);
  const data::TokenRowSet rows(std::make_shared<const data::TokenFile>(folder / "corpus.tokens"), config.corpus.rows);
  data::Batch batch;
  for (int64_t row = 0; row < 3; ++row) rows.append(row, batch);
  double sum = 0;
  int64_t count = 0;
  for (const int32_t id : batch.tokens.ids) {
    if (id == tokenizer.cls_id() || id == tokenizer.sep_id()) continue;
    sum -= logs[id].item<double>(), ++count;
  }
  EXPECT_NEAR(found, std::exp(sum / static_cast<double>(count)), 1e-5 * found) << count;
}

TEST(Pretrain, RefusesWhatWouldTrainNothing) {
  const tiny::TemporaryFolder folder;
  PretrainConfig config = tiny::pretrain_settings(folder.path(), folder / "out");
  config.corpus.masking.mlm_mask_prop = 0, config.corpus.eval_file.clear();
  EXPECT_EQ(tiny::message_of([&] { pretrain(config); }),
            "`mlm_mask_prop` must be above 0 to predict masked tokens, but is 0; 0.15 is usual");
  config.corpus.masking.mlm_mask_prop = 0.15, config.corpus.pseudo_perplexity_sequences = 2;
  EXPECT_EQ(tiny::message_of([&] { pretrain(config); }),
            "`--eval_file` must be given for `pseudo_perplexity_sequences`, but is missing");
}

}  // namespace
}  // namespace retort::recipe
