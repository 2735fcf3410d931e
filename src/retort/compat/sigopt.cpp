// optimizing-distilbert-squad: the plain run, run_squad_w_distillation.py, with its own options, of which most truth
// values are words; and its search, which becomes `retort tune`.
#include "retort/compat/sigopt.h"

#include <filesystem>

#include "retort/base/error.h"
#include "retort/compat/shared_options.h"

namespace retort::compat {

namespace {

// The sizes of a student on the command line, which a pre-trained student does not use.
constexpr const char* kShape[] = {"n_layers", "n_heads",           "dim",          "hidden_dim",
                                  "dropout",  "attention_dropout", "head_dropout", "initializer_range"};

void set_semi_pretrained(Translator& translator, Step& step) {
  if (translator.has("--load_student_pretrained")) {
    for (const char* const flag : kShape) step.drop(flag);
    return translator.say("--load_student_pretrained: sizes and dropout are those of the pre-trained student");
  }
  // Whatever the options say, a pre-trained student has 12 heads of which some are pruned, and its own width.
  if (translator.has("--load_student_semi_pretrained")) {
    for (const auto& [option, flag] :
         {std::pair("--n_heads", "n_heads"), {"--dim", "dim"}, {"--hidden_dim", "hidden_dim"}})
      if (!translator.is_given(option)) step.drop(flag);
    return translator.say(
        "--load_student_semi_pretrained: layers of the pre-trained student, further ones random, and "
        "heads pruned down to --n_heads");
  }
  step.set("from_scratch", "true");
  translator.say("neither --load_student_pretrained nor --load_student_semi_pretrained: random weights");
}

void set_teacher(Translator& translator, Step& step) {
  const std::string type = translator.value("--teacher_type");
  if (type.empty()) {
    for (const char* const flag : {"teacher", "alpha_ce", "alpha_squad", "temperature"}) step.drop(flag);
    return translator.say("without --teacher_type there is no teacher: the labels alone are learned");
  }
  if (type == "distilbert")
    throw UserError("`--teacher_type` must not be distilbert, as the published program wants it, but is");
  check_family(translator, "--teacher_type");
  if (translator.value("--teacher_name_or_path").empty())
    throw UserError("`--teacher_name_or_path` must be given with `--teacher_type {}`, but is missing", type);
}

// Caches of features in a bucket are used where they fit; the published examples name directories without a bucket.
void set_remote_caches(Translator& translator, Step& step) {
  const std::string bucket = translator.value("--cache_s3_bucket");
  std::string sources;
  for (const char* const option : {"--train_cache_s3_directory", "--eval_cache_s3_directory"}) {
    const std::string source = fmt::format("s3://{}/{}", bucket, translator.value(option));
    if (!bucket.empty() && translator.is_given(option) && sources.find(source) == std::string::npos)
      sources += (sources.empty() ? "" : ",") + source;
  }
  if (!sources.empty()) return step.set("cache_sources", sources);
  if (translator.is_given("--cache_s3_bucket") || translator.is_given("--train_cache_s3_directory") ||
      translator.is_given("--eval_cache_s3_directory"))
    translator.say("a cache in a bucket takes --cache_s3_bucket with a value and a directory: features are made here");
}

void translate_sigopt_run(Translator& translator) {
  check_family(translator, "--model_type");
  const bool evaluates = translator.has("--do_eval");
  if (!translator.has("--do_train")) {
    if (!evaluates) throw UserError("`--do_train` or `--do_eval` must be true, but both are false");
    translator.say("--do_train false evaluates the model as it is");
    set_squad_files(translator, translator.add_step("evaluate squad"), true);
    return;
  }
  Step& step = translator.add_step("distill squad");
  set_teacher(translator, step);
  set_semi_pretrained(translator, step);
  set_squad_files(translator, step, evaluates);
  set_remote_caches(translator, step);
  if (evaluates) set_evaluation_while_training(translator, step);
  translator.gather_processes(step, translator.processes());
}

// What run and search have in common.
Options shared_run_options() {
  return joined({{
                     read("--model_type").standard("distilbert"),
                     as("--model_name_or_path", "model").standard("distilbert-base-uncased"),
                     read("--teacher_type"),
                     as("--teacher_name_or_path", "teacher"),
                     same("--output_dir").must(),
                     read("--data_dir"),
                     same("--train_file"),
                     as("--predict_file", "dev_file"),
                     same_truth("--version_2_with_negative").standard("true"),
                     read("--load_student_semi_pretrained", Takes::kTruth).standard("true"),
                     read("--do_train", Takes::kTruth).standard("true"),
                     read("--do_eval", Takes::kTruth).standard("true"),
                     read("--evaluate_during_training", Takes::kTruth).standard("true"),
                     same_truth("--do_lower_case").standard("true"),
                     as("--config_name", "config_file"),
                     as("--tokenizer_name", "vocab_file"),
                     refused("--eval_all_checkpoints", Takes::kNothing,
                             "checkpoints are evaluated one by one, by `retort evaluate squad --model "
                             "OUT/checkpoint-N`"),
                     read("--train_cache_s3_directory"),
                     read("--eval_cache_s3_directory"),
                     read("--cache_s3_bucket", Takes::kOptional),
                     as_switch("--use_bfloat16", "precision", "auto").standard("fp32"),
                     same("--max_seq_length").standard("384"),
                     same("--doc_stride").standard("128"),
                     same("--max_query_length").standard("64"),
                     same("--n_best_size").standard("20"),
                     same("--max_answer_length").standard("30"),
                     same("--null_score_diff_threshold").standard("0.0"),
                 },
                 {
                     same("--gradient_accumulation_steps").standard("1"),
                     same("--max_grad_norm").standard("1.0"),
                     same("--num_train_epochs").standard("3.0"),
                     same("--max_steps").standard("-1"),
                     same("--logging_steps").standard("1000"),
                     same("--save_steps").standard("1000"),
                     same_switch("--overwrite_output_dir"),
                     same_switch("--overwrite_cache"),
                     same("--dim").standard("768"),
                     same("--hidden_dim").standard("3072"),
                 },
                 idle_options()});
}

// What a run is given and a search draws.
Options run_options() {
  return joined({shared_run_options(),
                 {
                     read("--load_student_pretrained", Takes::kNothing),
                     same("--seed").standard("42"),
                     same("--alpha_ce").standard("0.5"),
                     same("--alpha_squad").standard("0.5"),
                     same("--temperature").standard("1.0"),
                     as("--per_compute_train_batch_size", "per_device_train_batch_size").standard("8"),
                     as("--per_compute_eval_batch_size", "per_device_eval_batch_size").standard("8"),
                     same("--learning_rate").standard("5e-5"),
                     same("--weight_decay").standard("0.0"),
                     same("--adam_epsilon").standard("1e-8"),
                     as("--warm_up_steps", "warmup_steps").standard("0"),
                     same("--n_layers").standard("6"),
                     same("--n_heads").standard("12"),
                     same("--pruning_seed").standard("42"),
                     same("--dropout").standard("0.1"),
                     same("--attention_dropout").standard("0.1"),
                     as("--qa_dropout", "head_dropout").standard("0.1"),
                     same("--initializer_range").standard("0.02"),
                 }});
}

constexpr const char* kNoService = "the study is a file of yours, without a service, an account or a token";
constexpr const char* kNoRayTune = "trials are tasks of Ray without Ray Tune";

Options search_options() {
  return joined({shared_run_options(),
                 {
                     refused("--load_student_pretrained", Takes::kNothing,
                             "the search draws the student's layers, heads and dropout"),
                     read("--seed"),
                     read("--experiment_name"),
                     nothing("--project_name", Takes::kValue, kNoService),
                     nothing("--api_token", Takes::kValue, kNoService),
                     read("--use_hpo_default_ranges", Takes::kNothing),
                     read("--sigopt_experiment_id"),
                     read("--sigopt_observation_budget").must(),
                     read("--store_s3", Takes::kNothing),
                     read("--s3_bucket"),
                     read("--parallel"),
                     read("--max_concurrent"),
                     read("--num_cpu"),
                     read("--num_gpu"),
                     read("--ray_address"),
                     nothing("--clean_raytune_output", Takes::kNothing, kNoRayTune),
                     nothing("--raytune_output_directory", Takes::kValue, kNoRayTune),
                 }});
}

void set_store(Translator& translator, Step& step) {
  if (!translator.has("--store_s3")) return;
  const std::string bucket = translator.value("--s3_bucket");
  if (bucket.empty()) throw UserError("`--s3_bucket` must be given with `--store_s3`, but is missing");
  step.set("trials_dir",
           fmt::format("s3://{}/{}", bucket, std::filesystem::path(step.get("output_dir")).filename().string()));
  step.set("keep", "all");
}

void set_search(Translator& translator, Step& step) {
  if (!translator.has("--use_hpo_default_ranges"))
    throw UserError(
        "`--use_hpo_default_ranges` must be given, as the published program wants it, but is missing; `retort tune "
        "--space FILE` takes ranges of yours");
  step.set("space", "distilbert-squad2");
  step.set("trials", translator.value("--sigopt_observation_budget"));
  const std::string name = translator.value("--experiment_name"),
                    continued = translator.value("--sigopt_experiment_id");
  if (!name.empty() || !continued.empty()) step.set("study_name", continued.empty() ? name : continued);
  for (const char* const flag : {"parallel", "max_concurrent", "num_cpu", "num_gpu", "ray_address"})
    if (const std::string value = translator.value(fmt::format("--{}", flag).c_str()); !value.empty())
      step.set(flag, value);
  translator.say("the 17 parameters and their published ranges are configs/tune/distilbert-squad2.json");
}

void translate_sigopt_search(Translator& translator) {
  check_family(translator, "--model_type");
  if (!translator.has("--do_train") || !translator.has("--do_eval"))
    throw UserError("`--do_train` and `--do_eval` must be true in a search, but are not");
  if (translator.value("--teacher_type").empty())
    throw UserError(
        "`--teacher_type` must be given, because the search draws the weight of its soft targets, but is missing");
  Step& step = translator.add_step("distill squad");
  set_teacher(translator, step);
  const bool is_semi_pretrained = translator.has("--load_student_semi_pretrained");
  if (!is_semi_pretrained) step.set("from_scratch", "true");
  for (const auto& [option, flag] : {std::pair("--dim", "dim"), {"--hidden_dim", "hidden_dim"}})
    if (is_semi_pretrained && !translator.is_given(option)) step.drop(flag);
  set_squad_files(translator, step, /*evaluates=*/true);
  set_remote_caches(translator, step);
  set_evaluation_while_training(translator, step);
  step.drop("overwrite_output_dir");  // each trial has a folder of its own
  if (const std::string seed = translator.value("--seed"); !seed.empty()) {
    step.set("seed", seed);
    translator.say("--seed: it seeds the search; the seed of training is that of the space");
  }
  step.command = "tune";
  set_search(translator, step);
  set_store(translator, step);
}

}  // namespace

std::vector<Program> sigopt_programs() {
  return {{.names = {"run_squad_w_distillation.py", "run_squad_w_distillation_cli.py"},
           .whose = "optimizing-distilbert-squad's",
           .options = run_options(),
           .translate = translate_sigopt_run},
          {.names = {"sigopt_optimization_cli.py", "sigopt_ray_optimization_cli.py"},
           .whose = "optimizing-distilbert-squad's",
           .options = search_options(),
           .translate = translate_sigopt_search}};
}

}  // namespace retort::compat
