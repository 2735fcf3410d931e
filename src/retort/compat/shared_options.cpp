#include "retort/compat/shared_options.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "retort/base/error.h"

namespace retort::compat {

Options idle_options() {
  return {
      nothing("--cache_dir", Takes::kValue, kHubCache),
      as_switch("--no_cuda", "device", "cpu"),
      nothing("--local_rank", Takes::kValue, kProcessor),
      nothing("--verbose_logging", Takes::kNothing, kProgress),
      nothing("--fp16_opt_level", Takes::kValue, kPrecision),
      nothing("--server_ip", Takes::kValue, kNoPython),
      nothing("--server_port", Takes::kValue, kNoPython),
      nothing("--threads", Takes::kValue, "features are made by all threads"),
      nothing("--lang_id", Takes::kValue, kNoLanguages),
  };
}

void set_default_mode(const Translator& translator, Step& step, bool is_large) {
  if (is_large && !translator.is_given("--mode")) step.set("mode", "lazy");
}

Options device_options() {
  return {
      same("--mode").choices({{"eager", "eager"}, {"graph", "graph"}, {"lazy", "lazy"}}),
      nothing("--no_mpirun", Takes::kNothing, "one process does the work of all"),
      nothing("--hpu --use_habana", Takes::kNothing, kProcessor),
      nothing("--hmp", Takes::kNothing, kPrecision),
      same("--hmp_bf16"),
      same("--hmp_fp32"),
      same("--hmp_opt_level").choices({{"O1", "O1"}, {"O2", "O2"}}),
      same_switch("--hmp_verbose"),
      as_switch("--use_lazy_mode", "mode", "lazy"),
      nothing("--use_fused_adam", Takes::kNothing, "everything is fused"),
      nothing("--use_fused_clip_norm", Takes::kNothing, "everything is fused"),
  };
}

void set_op_lists(const Translator& translator, Step& step) {
  for (const char* flag : {"hmp_bf16", "hmp_fp32"}) {
    const std::string option = fmt::format("--{}", flag), file = translator.value(option.c_str());
    if (file.empty() || std::filesystem::exists(file)) continue;
    const std::string name = std::filesystem::path(file).filename().string();
    if (!name.starts_with("ops_bf16_") && !name.starts_with("ops_fp32_")) continue;
    step.set(flag, name.find("distilbert") == name.npos ? "bert" : "distilbert");
  }
}

Options squad_options() {
  return {
      same("--max_seq_length").standard("384"),
      same("--doc_stride").standard("128"),
      same("--max_query_length").standard("64"),
      same("--n_best_size").standard("20"),
      same("--max_answer_length").standard("30"),
      same_switch("--version_2_with_negative"),
      same("--null_score_diff_threshold").standard("0.0"),
  };
}

Options legacy_training_options() {
  return {
      as("--per_gpu_train_batch_size --per_device_train_batch_size", "per_device_train_batch_size").standard("8"),
      as("--per_gpu_eval_batch_size --per_device_eval_batch_size", "per_device_eval_batch_size").standard("8"),
      same("--learning_rate").standard("5e-5"),
      same("--gradient_accumulation_steps").standard("1"),
      same("--weight_decay").standard("0.0"),
      same("--adam_epsilon").standard("1e-8"),
      same("--max_grad_norm").standard("1.0"),
      same("--num_train_epochs").standard("3.0"),
      same("--max_steps").standard("-1"),
      same("--warmup_steps").standard("0"),
      same("--seed").standard("42"),
      same_switch("--overwrite_output_dir"),
      same_switch("--overwrite_cache"),
  };
}

std::string preparation_folder() {
  const char* const folder = std::getenv("BERT_PREP_WORKING_DIR");
  return folder == nullptr ? "data" : folder;
}

std::string published_vocabulary() {
  return preparation_folder() + "/download/google_pretrained_weights/uncased_L-24_H-1024_A-16/vocab.txt";
}

std::string published_instances(int phase) {
  return fmt::format(
      "{}/hdf5_lower_case_1_seq_len_{}_max_pred_{}_masked_lm_prob_0.15_random_seed_12345_dupe_factor_5/wikicorpus_en",
      preparation_folder(), phase == 1 ? 128 : 512, phase == 1 ? 20 : 80);
}

void check_family(const Translator& translator, const char* option) {
  const std::string family = translator.value(option);
  if (family.empty() || family == "bert" || family == "distilbert") return;
  throw UserError("`{}` must be bert or distilbert, but is `{}`; other architectures are not computed here", option,
                  family);
}

void set_squad_files(const Translator& translator, Step& step, bool evaluates) {
  const std::filesystem::path folder = translator.value("--data_dir");
  const char* const version = translator.has("--version_2_with_negative") ? "v2.0" : "v1.1";
  const auto set = [&](const char* option, const char* flag, const char* part) {
    std::string file = translator.value(option);
    if (file.empty() && !folder.empty()) file = fmt::format("{}-{}.json", part, version);
    if (!file.empty()) step.set(flag, (folder / file).string());
  };
  step.drop("data_dir");
  if (has_flag(step.command, "train_file")) set("--train_file", "train_file", "train");
  set("--predict_file", "dev_file", "dev");
  if (!evaluates) step.drop("dev_file");
}

void set_evaluation_while_training(Translator& translator, Step& step) {
  if (!translator.has("--evaluate_during_training")) return;
  step.set("evaluate_during_training", "true");
  step.set("eval_steps", translator.value("--logging_steps"));
  translator.say(
      fmt::format("--evaluate_during_training is --evaluate_during_training --eval_steps {}, as it follows "
                  "--logging_steps",
                  translator.value("--logging_steps")));
}

void divide_batch(Translator& translator, Step& step) {
  const int64_t all = translator.number("--train_batch_size");
  const int64_t batches = std::max<int64_t>(1, translator.number("--gradient_accumulation_steps"));
  if (all % batches != 0)
    throw UserError("`--train_batch_size` must be a multiple of `--gradient_accumulation_steps`, {}, but is {}",
                    batches, all);
  step.set("per_device_train_batch_size", fmt::format("{}", all / batches));
  if (batches > 1)
    translator.say(fmt::format("--train_batch_size {} holds {} batches: --per_device_train_batch_size {}", all, batches,
                               all / batches));
}

}  // namespace retort::compat
