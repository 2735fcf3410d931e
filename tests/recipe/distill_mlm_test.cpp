// `retort distill mlm` from end to end: text -> token files -> a masked language model -> its student.
#include <gtest/gtest.h>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/log_softmax.h>

#include <cmath>

#include "recipe/language_modeling.h"
#include "retort/base/error.h"
#include "retort/data/corpus/token_file.h"
#include "retort/kernel/token_rows.h"
#include "retort/pretrained/model_folder.h"
#include "retort/recipe/extract.h"

namespace retort::recipe {
namespace {

// All stages from text to a student in one test, since each stage needs the output of the one before.
TEST(DistillMlm, AllStagesFromTextToStudent) {
  const tiny::TemporaryFolder folder;
  binarize(tiny::binarize_settings(folder.path()));
  PretrainConfig pretrain_config = tiny::pretrain_settings(folder.path(), folder / "teacher");
  pretrain_config.corpus.pseudo_perplexity_sequences = 2;
  const Json teacher = pretrain(pretrain_config);
  const double uniform = std::log(static_cast<double>(data::TokenFile(folder / "corpus.tokens").vocabulary().size));
  EXPECT_LT(teacher["loss"].get<double>(), uniform - 0.5);
  EXPECT_GT(teacher["pseudo_perplexity"].get<double>(), 1);
  EXPECT_EQ(read_json_file(folder / "teacher/config.json")["architectures"], Json({"BertForMaskedLM"}));

  ExtractConfig cut;
  cut.model.model = folder / "teacher", cut.layers = {0}, cut.output_dir = folder / "student";
  cut.student_type = "distilbert", cut.vocab_transform = true;
  const size_t fresh = extract(cut)["fresh"].size();
  cut.vocab_transform = false, cut.output_dir = folder / "untransformed";
  const size_t fresh_without = extract(cut)["fresh"].size();
  EXPECT_EQ(fresh, 0U);
  EXPECT_EQ(fresh_without, 4U) << "weight and bias of the transform, and of the LayerNorm after it";
  DistillMlmConfig config = tiny::distill_mlm_settings(folder.path(), folder / "student", folder / "distilled");
  config.corpus.eval_file = config.corpus.data_file;
  config.losses.alpha_ce = 5, config.losses.alpha_mlm = 2, config.losses.alpha_cos = 1;
  config.freeze_pos_embs = true;
  const Json student = distill_mlm(config);
  EXPECT_LT(student["loss"].get<double>(), uniform);
  const auto positions = [](const fs::path& path) {
    return tiny::parameter_of(path, "distilbert.embeddings.position_embeddings.weight");
  };
  EXPECT_TRUE(positions(folder / "distilled").equal(positions(folder / "student")));

  // A run that stops after a checkpoint and resumes ends with the weights of an uninterrupted run.
  config.output.output_dir = folder / "stopped";
  config.training.gradient_accumulation_steps = 2;
  config.checkpoint_interval = 7, config.training.max_steps = 8;  // counts batches, two per step
  distill_mlm(config);
  config.output.output_dir = folder / "straight";
  distill_mlm(config);
  fs::remove(folder / "stopped/DONE");
  for (const char* later : {"checkpoint-6", "checkpoint-8"})
    ASSERT_GT(fs::remove_all(folder / "stopped" / later), 0) << later;
  config.output.output_dir = folder / "stopped", config.output.resume = true;
  distill_mlm(config);
  EXPECT_EQ(read_file(folder / "stopped/model.safetensors"), read_file(folder / "straight/model.safetensors"));
}

// Causal labels, without a mask: the loss equals the cross entropy of the next token, computed from the model's logits.
TEST(DistillMlm, NextTokensAreCrossEntropyOfTheFollowingToken) {
  const tiny::TemporaryFolder folder;
  binarize(tiny::binarize_settings(folder.path()));
  const fs::path teacher = tiny::copy_model(tiny::bert_folder(), folder / "teacher");
  for (const char* field : {"hidden_dropout_prob", "attention_probs_dropout_prob"})
    tiny::set_config_field(teacher, field, 0.0);
  const data::TokenFile file(folder / "corpus.tokens");
  DistillMlmConfig config = tiny::distill_mlm_settings(folder.path(), teacher, folder / "out");
  config.losses = {.alpha_ce = 0, .alpha_mlm = 0, .alpha_clm = 1, .mlm = false};
  config.training.max_steps = 1, config.training.learning_rate = 0;
  config.training.per_device_train_batch_size = file.sequence_count();
  config.corpus.rows.max_seq_length = 512;  // no sequence is truncated
  config.corpus.eval_file.clear();
  config.freeze_token_type_embds = true;
  const double trained = distill_mlm(config)["train_loss"];

  const pretrained::LoadedModel loaded = tiny::load(folder / "out");
  const at::NoGradGuard no_grad;
  double sum = 0;
  int64_t count = 0;
  for (int64_t row = 0; row < file.sequence_count(); ++row) {
    std::vector<int32_t> ids;
    file.append_ids(row, 0, file.length(row), ids);
    kernel::Ragged tokens;
    tokens.append(ids, static_cast<int64_t>(ids.size()));
    const at::Tensor logits = loaded.model->forward(kernel::make_token_rows(tokens)).logits.to(at::kDouble);
    const at::Tensor each = at::log_softmax(logits, 1);
    for (size_t t = 0; t + 1 < ids.size(); ++t, ++count)
      sum -= each[static_cast<int64_t>(t)][ids[t + 1]].item<double>();
  }
  EXPECT_NEAR(trained, sum / static_cast<double>(count), 1e-4);
}

TEST(DistillMlm, FrozenTokenTypesDoNotChange) {
  const tiny::TemporaryFolder folder;
  binarize(tiny::binarize_settings(folder.path()));
  fs::copy(tiny::bert_folder(), folder / "teacher", fs::copy_options::recursive);
  DistillMlmConfig config = tiny::distill_mlm_settings(folder.path(), tiny::bert_folder(), folder / "free");
  config.training.max_steps = 2, config.training.weight_decay = 0.1;
  distill_mlm(config);
  config.output.output_dir = folder / "frozen", config.freeze_token_type_embds = true;
  distill_mlm(config);
  const at::Tensor before = tiny::parameter_of(tiny::bert_folder(), "embeddings.token_type_embeddings.weight");
  EXPECT_FALSE(tiny::parameter_of(folder / "free", "bert.embeddings.token_type_embeddings.weight").equal(before));
  EXPECT_TRUE(tiny::parameter_of(folder / "frozen", "bert.embeddings.token_type_embeddings.weight").equal(before));
}

// With few masks many micro-batches have none and add 0 to the count. The loss must not depend on the micro-batches.
TEST(DistillMlm, RestrictedToMaskedTokensDoesNotDependOnMicroBatches) {
  const tiny::TemporaryFolder folder;
  binarize(tiny::binarize_settings(folder.path()));
  fs::copy(tiny::bert_folder(), folder / "teacher", fs::copy_options::recursive);
  DistillMlmConfig config = tiny::distill_mlm_settings(folder.path(), tiny::bert_folder(), folder / "whole");
  config.losses.restrict_ce_to_mask = true, config.losses.alpha_mse = 0.1;
  config.corpus.masking.mlm_mask_prop = 0.02, config.corpus.eval_file.clear();
  config.training.max_steps = 1, config.training.learning_rate = 0;
  const double whole = distill_mlm(config)["train_loss"];
  config.output.output_dir = folder / "cut", config.training.max_tokens_per_micro_batch = 16;
  EXPECT_NEAR(distill_mlm(config)["train_loss"].get<double>(), whole, 1e-5 * whole);
}

TEST(DistillMlm, RefusesIncompatibleSettings) {
  const tiny::TemporaryFolder folder;
  binarize(tiny::binarize_settings(folder.path()));
  fs::copy(tiny::bert_folder(), folder / "teacher", fs::copy_options::recursive);
  const auto message = [&](const auto& change) {
    DistillMlmConfig config = tiny::distill_mlm_settings(folder.path(), tiny::bert_folder(), folder / "out");
    change(config);
    return tiny::message_of([&] { distill_mlm(config); });
  };
  EXPECT_NE(message([](auto& config) { config.losses.alpha_ce = config.losses.alpha_mlm = 0; }).find("`alpha_*`"),
            std::string::npos);
  EXPECT_NE(message([](auto& config) { config.losses.alpha_clm = 1; }).find("`alpha_clm` must be 0"),
            std::string::npos);
  EXPECT_NE(message([](auto& config) {
              config.teacher.teacher = RETORT_FIXTURES "/distilbert_distillation/teacher_mlm";
            }).find("`teacher` must have the student's vocabulary"),
            std::string::npos);
  EXPECT_NE(message([](auto& config) { config.corpus.rows.max_seq_length = 4096; }).find("`max_seq_length` must be"),
            std::string::npos);
  EXPECT_NE(message([](auto& config) {
              config.corpus.data_file = tiny::train_file();
            }).find("train.json` must be a token file, but is not"),
            std::string::npos);
  EXPECT_NE(message([](auto& config) { config.corpus.token_counts = tiny::train_file(); }).find("list of counts"),
            std::string::npos);
  EXPECT_NE(message([](auto& config) { config.corpus.masking.mlm_mask_prop = 0; }).find("above 0 for held-out scores"),
            std::string::npos);
  ExtractConfig padded;
  padded.model.model = tiny::bert_folder(), padded.model.pad_vocabulary = true;
  padded.layers = {0}, padded.output_dir = folder / "padded";
  extract(padded);
  const auto take_padded = [&](DistillMlmConfig& config) { config.teacher.teacher = folder / "padded"; };
  EXPECT_NE(message(take_padded).find("`teacher` must have the student's number of outputs"), std::string::npos);
  EXPECT_EQ(message([&](auto& config) {
              take_padded(config), config.model.pad_vocabulary = true, config.output.output_dir = folder / "both";
              config.training.max_steps = 1;
            }),
            "no error");
  EXPECT_NE(message([](auto& config) { config.model.dropout = 1; }).find("must lie in [0, 1)"), std::string::npos);
  EXPECT_NE(message([](auto& config) { config.model.head_dropout = -0.5; }).find("`head_dropout` must be 0 or more"),
            std::string::npos);
  EXPECT_NE(message([](auto& config) {
              config.teacher.teacher = "preset:bert-tiny", config.losses.alpha_cos = 1;
              config.model.vocab_file = tiny::shared_folder() / "vocab.txt";
            }).find("`alpha_cos` must be 0 for different hidden sizes"),
            std::string::npos);
}

// 500 and 4000 batches are published.
TEST(DistillMlm, IntervalsAreThePublishedOnesUnlessStepsAreGiven) {
  const auto parsed = [](const std::vector<std::string>& more) {
    std::vector<std::string> words{"--model", "S", "--teacher", "T", "--data_file", "D", "--output_dir", "O"};
    words.insert(words.end(), more.begin(), more.end());
    DistillMlmConfig config;
    FieldList list;
    config.fields(list);
    parse_flags(list, words);
    config.after_parsing(list);
    return std::pair(config.log_interval, config.checkpoint_interval);
  };
  EXPECT_EQ(parsed({}), std::pair(int64_t{500}, int64_t{4000}));
  EXPECT_EQ(parsed({"--logging_steps", "3"}), std::pair(int64_t{0}, int64_t{4000}));
  EXPECT_EQ(parsed({"--save_steps", "3", "--logging_steps", "3", "--log_interval", "7"}),
            std::pair(int64_t{7}, int64_t{0}));
}

}  // namespace
}  // namespace retort::recipe
