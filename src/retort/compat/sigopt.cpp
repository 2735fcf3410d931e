// The plain run of optimizing-distilbert-squad: run_squad_w_distillation.py with its own options, most of whose
// switches take a truth value.
#include "retort/compat/sigopt.h"

#include "retort/base/error.h"
#include "retort/compat/shared_options.h"

namespace retort::compat {

namespace {

constexpr const char* kRemoteCache = "features are made in seconds and kept in `--cache_dir`";

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
  if (evaluates) set_evaluation_while_training(translator, step);
  translator.gather_processes(step, translator.processes());
}

Options run_options() {
  return joined(
      {{
           read("--model_type").standard("distilbert"),
           as("--model_name_or_path", "model").standard("distilbert-base-uncased"),
           read("--teacher_type"),
           as("--teacher_name_or_path", "teacher"),
           same("--output_dir").must(),
           read("--data_dir"),
           same("--train_file"),
           as("--predict_file", "dev_file"),
           same_truth("--version_2_with_negative").standard("true"),
           read("--load_student_pretrained", Takes::kNothing),
           read("--load_student_semi_pretrained", Takes::kTruth).standard("true"),
           read("--do_train", Takes::kTruth).standard("true"),
           read("--do_eval", Takes::kTruth).standard("true"),
           read("--evaluate_during_training", Takes::kTruth).standard("true"),
           same_truth("--do_lower_case").standard("true"),
           as("--config_name", "config_file"),
           as("--tokenizer_name", "vocab_file"),
           refused("--eval_all_checkpoints", Takes::kNothing,
                   "checkpoints are evaluated one by one, by `retort evaluate squad --model OUT/checkpoint-N`"),
           nothing("--train_cache_s3_directory", Takes::kValue, kRemoteCache),
           nothing("--eval_cache_s3_directory", Takes::kValue, kRemoteCache),
           nothing("--cache_s3_bucket", Takes::kNothing, kRemoteCache),
           as_switch("--use_bfloat16", "precision", "auto").standard("fp32"),
           same("--max_seq_length").standard("384"),
           same("--doc_stride").standard("128"),
           same("--max_query_length").standard("64"),
           same("--n_best_size").standard("20"),
           same("--max_answer_length").standard("30"),
           same("--null_score_diff_threshold").standard("0.0"),
           same("--alpha_ce").standard("0.5"),
           same("--alpha_squad").standard("0.5"),
           same("--temperature").standard("1.0"),
       },
       {
           as("--per_compute_train_batch_size", "per_device_train_batch_size").standard("8"),
           as("--per_compute_eval_batch_size", "per_device_eval_batch_size").standard("8"),
           same("--learning_rate").standard("5e-5"),
           same("--gradient_accumulation_steps").standard("1"),
           same("--weight_decay").standard("0.0"),
           same("--adam_epsilon").standard("1e-8"),
           same("--max_grad_norm").standard("1.0"),
           same("--num_train_epochs").standard("3.0"),
           same("--max_steps").standard("-1"),
           as("--warm_up_steps", "warmup_steps").standard("0"),
           same("--logging_steps").standard("1000"),
           same("--save_steps").standard("1000"),
           same("--seed").standard("42"),
           same_switch("--overwrite_output_dir"),
           same_switch("--overwrite_cache"),
           same("--n_layers").standard("6"),
           same("--n_heads").standard("12"),
           same("--dim").standard("768"),
           same("--hidden_dim").standard("3072"),
           same("--pruning_seed").standard("42"),
           same("--dropout").standard("0.1"),
           same("--attention_dropout").standard("0.1"),
           as("--qa_dropout", "head_dropout").standard("0.1"),
           same("--initializer_range").standard("0.02"),
       },
       idle_options()});
}

}  // namespace

std::vector<Program> sigopt_programs() {
  return {{.names = {"run_squad_w_distillation.py", "run_squad_w_distillation_cli.py"},
           .whose = "optimizing-distilbert-squad's",
           .options = run_options(),
           .translate = translate_sigopt_run}};
}

}  // namespace retort::compat
