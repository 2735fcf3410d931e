// The results of a step and of a prediction do not depend on micro-batches, gradient accumulation, the number of
// threads, or the other sequences of the batch.
#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "property/tiny_run.h"
#include "retort/kernel/implementation.h"
#include "retort/kernel/token_rows.h"
#include "retort/train/process_setup.h"

namespace retort::property {
namespace {

recipe::FinetuneSquadConfig three_steps() {
  recipe::FinetuneSquadConfig config = tiny::squad_settings("");
  config.training.max_steps = 3;
  config.training.learning_rate = 1e-3;
  config.training.per_device_train_batch_size = 8;
  return config;
}

TEST(Step, DoesNotDependOnMicroBatches) {
  for (const char* kernels : {"fused", "reference"}) {
    recipe::FinetuneSquadConfig whole = three_steps();
    whole.training.kernels = kernels;
    recipe::FinetuneSquadConfig cut = whole;
    cut.training.max_tokens_per_micro_batch = 40;  // fewer than any sequence has: one sequence per micro-batch
    EXPECT_LT(relative_difference(train_tiny(cut), train_tiny(whole)), 1e-5) << kernels;
  }
}

TEST(Step, OfAccumulatedBatchesEqualsThatOfALargeOne) {
  recipe::FinetuneSquadConfig large = three_steps();
  recipe::FinetuneSquadConfig accumulated = large;
  accumulated.training.per_device_train_batch_size = 4;
  accumulated.training.gradient_accumulation_steps = 2;
  EXPECT_LT(relative_difference(train_tiny(accumulated), train_tiny(large)), 1e-6);
}

TEST(Step, WithDropoutDiffersFromOneWithout) {
  const tiny::TemporaryFolder folder;
  recipe::FinetuneSquadConfig with = three_steps(), without = with;
  without.model.model = tiny::copy_model(tiny::bert_folder(), folder / "model");
  tiny::set_config_field(folder / "model", "hidden_dropout_prob", 0.0);
  tiny::set_config_field(folder / "model", "attention_probs_dropout_prob", 0.0);
  EXPECT_GT(relative_difference(train_tiny(with), train_tiny(without)), 1e-4)
      << "dropout is off, so the other tests of this file show less than they should";
}

TEST(Step, WithRecomputedActivationsIsTheSame) {
  recipe::FinetuneSquadConfig kept = three_steps(), recomputed = kept;
  recomputed.training.checkpoint_activations = true;
  EXPECT_EQ(train_tiny(recomputed).parameters, train_tiny(kept).parameters);
}

TEST(Step, IsTheSameForAnyNumberOfThreadsWhenDeterministic) {
  recipe::FinetuneSquadConfig one = three_steps();
  one.training.precision = "fp32", one.training.deterministic = true, one.training.threads = 1;
  recipe::FinetuneSquadConfig two = one;
  two.training.threads = 2;
  const std::string expected = train_tiny(one).parameters;
  EXPECT_EQ(train_tiny(two).parameters, expected);
}

// retort's own loops divide work by rows and add up in one order for any number of threads. Matrix products are
// LibTorch's, which may split sums by the number of threads.
TEST(Step, DoesNotDependOnTheNumberOfThreads) {
  recipe::FinetuneSquadConfig one = three_steps(), two = one;
  two.training.threads = 2;
  const RunResult a = train_tiny(one), b = train_tiny(two);
  const double difference = relative_difference(a, b);
  RecordProperty("relative_difference", std::to_string(difference));
  RecordProperty("bit_equal", a.parameters == b.parameters);
  EXPECT_LT(difference, 1e-6);
}

TEST(Step, IsRepeatableBitForBit) {
  EXPECT_TRUE(train_tiny(three_steps()).parameters == train_tiny(three_steps()).parameters);
}

// The largest difference between a sequence's logits in the batch and alone.
double largest_logit_difference(const fs::path& folder, kernel::Precision precision) {
  const at::NoGradGuard no_grad;
  pretrained::ModelSource source;
  source.model = folder;
  const pretrained::LoadedModel loaded = pretrained::load_model(
      source,
      {.head = model::Head::kQuestionAnswering, .may_initialize_head = true, .model = {.precision = precision}});
  kernel::Ragged together;
  std::vector<std::vector<int32_t>> sequences;
  for (const int32_t length : {5, 64, 1, 17, 120, 33}) {
    std::vector<int32_t>& ids = sequences.emplace_back();
    for (int32_t i = 0; i < length; ++i) ids.push_back(5 + (i * 37 + length * 11) % 90);
    together.append(ids, length / 2);
  }
  const at::Tensor all = loaded.model->forward(kernel::make_token_rows(together)).logits;
  double largest = 0;
  for (size_t b = 0; b < sequences.size(); ++b) {
    kernel::Ragged alone;
    alone.append(sequences[b], static_cast<int64_t>(sequences[b].size()) / 2);
    const at::Tensor own = loaded.model->forward(kernel::make_token_rows(alone)).logits;
    const at::Tensor in_company = all.narrow(0, together.starts[b], own.size(0));
    largest = std::max(largest, (own - in_company).abs().max().item<double>());
  }
  return largest;
}

TEST(Logits, DoNotDependOnTheOtherSequencesOfTheBatch) {
  train::set_up_process(tiny::squad_settings("").training);
  for (const auto implementation : {kernel::Implementation::kFused, kernel::Implementation::kReference}) {
    kernel::set_implementation(implementation);
    for (const fs::path& folder : {tiny::bert_folder(), tiny::distilbert_folder()}) {
      EXPECT_LT(largest_logit_difference(folder, kernel::Precision::kFloat32), 1e-5) << folder;
      // Activations have 8 significant bits, so another rounding changes logits of about 1 by some 2^-8.
      EXPECT_LT(largest_logit_difference(folder, kernel::Precision::kBf16), 0.02) << folder;
    }
  }
  kernel::set_implementation(kernel::Implementation::kFused);
}

}  // namespace
}  // namespace retort::property
